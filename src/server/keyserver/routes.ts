/** The key server's HTTP interface for its gateway (docs/protocol.md §10), behind pinned mutual TLS. */
import { Hono } from 'hono';
import type { z } from 'zod';
import type { KeyService } from '../../flow/key-service.ts';
import { decodeJson, encodeJson } from '../../wire/json.ts';
import { consentsRequestSchema, inspectRequestSchema, reencryptRequestSchema, refusalSchema, signOutsideRequestSchema, signRequestSchema } from '../../wire/relay.ts';
import { mailReportSchema } from '../../wire/report.ts';
import type { AbuseDesk } from './abuse-desk.ts';
import type { Ca } from './ca.ts';
import type { KeyServerRecords } from './records.ts';

interface Parts {
  readonly service: KeyService;
  readonly ca: Ca;
  readonly records: KeyServerRecords;
  readonly desk: AbuseDesk;
}

export function gatewayRoutes({ service, ca, records, desk }: Parts): Hono {
  const app = new Hono();
  const call = <T>(path: string, schema: z.ZodType<T>, answer: (request: T) => Promise<unknown>): void => {
    app.post(path, async (context) => {
      const request = decodeJson(schema, new Uint8Array(await context.req.arrayBuffer()));
      return context.body(encodeJson(await answer(request)), 200, { 'content-type': 'application/json' });
    });
  };
  call('/v1/inspect', inspectRequestSchema, async ({ evidence, recipients }) => ({ targets: await service.inspect(evidence, recipients) }));
  call('/v1/consents', consentsRequestSchema, async (request) => ({ consents: await service.consents(request) }));
  call('/v1/transfer', reencryptRequestSchema, async (request) => ({ deliveries: await service.transfer(request) }));
  call('/v1/deliver', reencryptRequestSchema, async (request) => ({ deliveries: await service.deliver(request) }));
  call('/v1/sign', signRequestSchema, async (request) => ({ signatures: await service.sign(request), certificate: ca.certificate.der }));
  call('/v1/sign-outside', signOutsideRequestSchema, (request) => service.signOutside(request));
  call('/v1/refusals', refusalSchema, async (refusal) => {
    await records.refuse(refusal);
    return {};
  });
  call('/v1/reports', mailReportSchema, ({ contentDigest, evidence, category, comment }) => desk.file({
    contentDigest, evidence, reporter: undefined,
    complaint: { category, disclose: { reporter: false, comment: false }, ...(comment !== undefined && { comment }) },
  }));
  app.get('/v1/crl', async (context) => context.body(await ca.crl(), 200, { 'content-type': 'application/pkix-crl' }));
  return app;
}
