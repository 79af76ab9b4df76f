/** What the command line asks about a server's audit chain (`ssmax audit …`). */
import { Hono } from 'hono';
import { z } from 'zod';
import { bytesField, decodeJson, encodeJson } from '../../wire/json.ts';
import { type AuditTables, auditHead, verifyAuditChain } from './audit-chain.ts';
import type { Database } from './database.ts';

const headSchema = z.strictObject({ seq: z.int().min(0), hash: bytesField({ length: 32 }) });
const verifySchema = z.strictObject({ heads: z.array(headSchema).max(10_000) });

export function auditRoutes<Tables extends AuditTables>(store: Database<Tables>): Hono {
  const app = new Hono();
  app.get('/audit/head', async (context) => context.body(encodeJson(await auditHead(store))));
  app.post('/audit/verify', async (context) => {
    const { heads } = decodeJson(verifySchema, new Uint8Array(await context.req.arrayBuffer()));
    return context.body(encodeJson(await verifyAuditChain(store, heads)));
  });
  return app;
}
