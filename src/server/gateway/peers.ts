/** The gateway's calls to its key server and inspection server (docs/protocol.md §8, §10). */
import type { z } from 'zod';
import type { Bytes } from '../../core/bytes.ts';
import type { Inspection, KeyServer } from '../../flow/relay.ts';
import { decodeJson, encodeJson } from '../../wire/json.ts';
import { consentsAnswerSchema, inspectAnswerSchema, reencryptAnswerSchema, signAnswerSchema, signOutsideAnswerSchema } from '../../wire/relay.ts';
import { mailReportAnswerSchema } from '../../wire/report.ts';
import type { PinnedClient } from '../shared/pinned-client.ts';
import type { HandlerParts } from './handle.ts';

/** Postfix waits `smtpd_proxy_timeout` (300 s) for us: all calls of one mail must stay well below. */
const CALL_DEADLINE = 30_000;
const INSPECTION_DEADLINE = 120_000;
const MAXIMUM_ANSWER = 32 * 1024 * 1024;

export interface KeyServerPeer extends KeyServer {
  readonly reportRefusal: HandlerParts['reportRefusal'];
  readonly report: HandlerParts['report'];
  /** The organisation's CRL, DER. */
  crl(): Promise<Bytes>;
}

export function keyServerPeer(client: PinnedClient): KeyServerPeer {
  async function call<T>(path: string, request: unknown, schema: z.ZodType<T>): Promise<T> {
    const body = await client.request({ method: 'POST', path, body: encodeJson(request), deadline: CALL_DEADLINE, maximumAnswer: MAXIMUM_ANSWER });
    return decodeJson(schema, body);
  }
  return {
    inspect: async (evidence, recipients) => (await call('/v1/inspect', { evidence, recipients }, inspectAnswerSchema)).targets,
    consents: async (request) => (await call('/v1/consents', request, consentsAnswerSchema)).consents,
    transfer: async (request) => (await call('/v1/transfer', request, reencryptAnswerSchema)).deliveries,
    deliver: async (request) => (await call('/v1/deliver', request, reencryptAnswerSchema)).deliveries,
    sign: async (request) => (await call('/v1/sign', request, signAnswerSchema)).signatures,
    signOutside: (request) => call('/v1/sign-outside', request, signOutsideAnswerSchema),
    reportRefusal: async (refusal) => {
      await client.request({ method: 'POST', path: '/v1/refusals', body: encodeJson(refusal), deadline: CALL_DEADLINE, maximumAnswer: 1024 });
    },
    report: async (report) => { await call('/v1/reports', report, mailReportAnswerSchema); },
    crl: () => client.request({ method: 'GET', path: '/v1/crl', deadline: CALL_DEADLINE, maximumAnswer: MAXIMUM_ANSWER }),
  };
}

/**
 * `clientFor`: a client of the copies that have this key, or of any (undefined). While a key is being replaced, what was sealed to
 * one is of no use to a server with the other.
 */
export function inspectionPeer(clientFor: (server: Bytes | undefined) => PinnedClient): Inspection {
  return {
    inspect: (content, leg, direction, sender, form, server) => clientFor(server).request({
      method: 'POST', path: `/v1/inspections?leg=${leg}&direction=${direction}&form=${form}`, headers: { 'ssmax-sender': sender }, body: content,
      contentType: 'application/octet-stream',
      deadline: INSPECTION_DEADLINE, maximumAnswer: 65_536,
    }),
  };
}
