/** The inspection server's HTTP interface for its gateway (docs/protocol.md §8), behind pinned mutual TLS. */
import { Hono } from 'hono';
import { z } from 'zod';
import { hex } from '../../core/bytes.ts';
import { refused } from '../../core/error.ts';
import { inspect, type Inspected, type InspectionParts } from '../../flow/inspect.ts';
import { byNewestDirectory, type NewestDirectory } from '../../flow/newest-directory.ts';
import { SUBMISSION_FORMS } from '../../flow/open-submission.ts';
import { normalizeAddress } from '../../mail/address.ts';
import { DIRECTIONS } from '../../wire/leg.ts';
import type { Counter } from '../shared/metrics.ts';
import type { Logger } from '../shared/log.ts';
import type { HeldStore } from './held-mails.ts';
import { heldGatewayRoutes } from './held-routes.ts';
import type { Slots } from './slots.ts';

/** Largest submission in bytes. */
export const MAX_SUBMISSION = 64 * 1024 * 1024;

const querySchema = z.strictObject({
  leg: z.enum(['1', '2']).transform((leg) => (leg === '1' ? 1 : 2)),
  direction: z.enum(DIRECTIONS),
  form: z.enum(SUBMISSION_FORMS),
});

const DER = 'application/octet-stream';
/** Hexadecimal digits of the contentDigest in log lines: enough to find the mail's evidence by. */
const DIGEST_PREFIX = 16;

interface Parts {
  readonly parts: InspectionParts;
  readonly slots: Slots;
  readonly inspections: Counter;
  readonly log: Logger;
  /** Without it, no policy holds mail. */
  readonly held?: HeldStore;
  /** Without it, the configured certificate of the organisation alone counts. */
  readonly directory?: NewestDirectory;
}

/**
 * `POST /v1/inspections?leg=1|2&direction=outbound|inbound&form=sealed|mixed`, `SSMAX-Sender: address`: a leg's content for this server's key in,
 * DER SignedData over the verdict out.
 * Refused: `request-invalid`, and what `inspect` refuses.
 */
export function inspectionRoutes({ parts, slots, inspections, log, held, directory }: Parts): Hono {
  const app = new Hono();
  if (held !== undefined) heldGatewayRoutes(app, held);
  app.post('/v1/inspections', async (context) => {
    const query = querySchema.safeParse(context.req.query());
    if (!query.success) throw refused('request-invalid', { what: 'query' });
    if (context.req.header('content-type') !== DER) throw refused('request-invalid', { what: 'content type' });
    const sender = normalizeAddress(context.req.header('ssmax-sender') ?? '');
    // The body is read when its turn has come: those who wait keep it in the network.
    const der = await slots.run(async () => {
      const started = performance.now();
      const submission = new Uint8Array(await context.req.arrayBuffer());
      const run = (): Promise<Inspected> => inspect(parts, { submission, ...query.data, sender });
      const inspected = await (directory === undefined ? run() : byNewestDirectory(directory, run));
      report(inspected, performance.now() - started);
      return inspected.der;
    });
    return context.body(der, 200, { 'content-type': DER, 'cache-control': 'no-store' });
  });
  return app;

  function report({ verdict: { contentDigest, leg, direction, result, findings } }: Inspected, milliseconds: number): void {
    inspections.add({ direction, result });
    log.info('inspected', {
      contentDigest: hex(contentDigest).slice(0, DIGEST_PREFIX), leg, direction, result,
      ...(findings.length > 0 && { code: [...new Set(findings.map(({ code }) => code))].join(',') }),
      milliseconds: Math.round(milliseconds),
    });
  }
}
