/** A copy of the embedded database while the server runs: whole and consistent, as of one moment (SQLite's VACUUM INTO). */
import { closeSync, openSync } from 'node:fs';
import { sql } from 'kysely';
import { Hono } from 'hono';
import { z } from 'zod';
import { refused } from '../../core/error.ts';
import { decodeJson, encodeJson } from '../../wire/json.ts';
import { type AuditHead, type AuditTables, auditHead } from './audit-chain.ts';
import type { Database } from './database.ts';

/**
 * Writes the copy, mode 600, to a file that must not be there yet. Gives a head of the audit chain that is in it. Throws
 * `backup-of-postgresql`, `file-exists` (refused: also where the file cannot be made).
 */
async function backup<Tables extends AuditTables>(store: Database<Tables>, file: string): Promise<AuditHead> {
  if (store.kind === 'postgresql') throw refused('backup-of-postgresql');
  const head = await auditHead(store);
  try {
    closeSync(openSync(file, 'wx', 0o600));
  } catch {
    throw refused('file-exists', { file });
  }
  await sql`vacuum into ${file}`.execute(store.query);
  return head;
}

const requestSchema = z.strictObject({ file: z.string().startsWith('/').max(4096) });

/** For the administration socket: who may open it may read the database anyway. */
export function backupRoutes<Tables extends AuditTables>(store: Database<Tables>): Hono {
  const app = new Hono();
  app.post('/backup', async (context) => {
    const { file } = decodeJson(requestSchema, new Uint8Array(await context.req.arrayBuffer()));
    return context.body(encodeJson(await backup(store, file)));
  });
  return app;
}
