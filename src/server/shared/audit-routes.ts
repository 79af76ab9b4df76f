/** What the command line asks about a server's audit chain (`ssmax audit …`). */
import { Hono } from 'hono';
import { z } from 'zod';
import { SsmaxError } from '../../core/error.ts';
import { bytesField, decodeJson, encodeJson } from '../../wire/json.ts';
import { type AuditTables, auditHead, type KeptHead, verifyAuditChain } from './audit-chain.ts';
import type { Database } from './database.ts';

const headSchema = z.strictObject({ seq: z.int().min(0), hash: bytesField({ length: 32 }) });
const verifySchema = z.strictObject({
  heads: z.array(headSchema).max(10_000),
  /** Compare with the heads that the Authority keeps, too. */
  authority: z.boolean().default(false),
});

/** @param anchored the heads that the Authority keeps of this server's chain; absent where nobody keeps any */
export function auditRoutes<Tables extends AuditTables>(store: Database<Tables>, anchored?: () => Promise<readonly KeptHead[]>): Hono {
  const app = new Hono();
  app.get('/audit/head', async (context) => context.body(encodeJson(await auditHead(store))));
  app.post('/audit/verify', async (context) => {
    const { heads, authority } = decodeJson(verifySchema, new Uint8Array(await context.req.arrayBuffer()));
    const kept = authority && anchored !== undefined ? await anchored().catch(reasonOf) : undefined;
    const anchors = typeof kept === 'string' ? [] : kept ?? [];
    const report = await verifyAuditChain(store, [...heads, ...anchors]);
    return context.body(encodeJson({ ...report, ...(typeof kept === 'string' ? { unanchored: kept } : kept !== undefined && { anchored: anchors.length }) }));
  });
  return app;
}

/** That the Authority is out of reach keeps nobody from looking at the chain itself. */
function reasonOf(error: unknown): string {
  if (error instanceof SsmaxError && error.kind === 'unavailable') return error.code;
  throw error;
}
