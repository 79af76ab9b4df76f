import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { main } from '../../src/cli/main.ts';
import { ADMIN_SOCKET, startAdminSocket } from '../../src/server/shared/admin-socket.ts';
import { type AuditTables, appendAudit, auditMigrations } from '../../src/server/shared/audit-chain.ts';
import { auditRoutes } from '../../src/server/shared/audit-routes.ts';
import { type Database, openDatabase } from '../../src/server/shared/database.ts';
import type { RunningServer } from '../../src/server/shared/http-shell.ts';
import { createLogger } from '../../src/server/shared/log.ts';

let state: string;
let store: Database<AuditTables>;
let server: RunningServer;
let shown: string;

beforeEach(async () => {
  state = mkdtempSync(join(tmpdir(), 'ssmax-audit-'));
  store = await openDatabase<AuditTables>(join(state, 'store.sqlite'), auditMigrations);
  const log = createLogger({ server: 'x', level: 'error', write: () => undefined });
  server = await startAdminSocket(join(state, ADMIN_SOCKET), { app: auditRoutes(store), maximumBody: 100_000, log });
  for (const leg of [1, 2, 3]) await appendAudit(store, new Date(leg), 'sign', { leg });
  shown = '';
  const keep = (text: string | Uint8Array): boolean => {
    shown += text.toString();
    return true;
  };
  vi.spyOn(process.stdout, 'write').mockImplementation(keep);
  vi.spyOn(process.stderr, 'write').mockImplementation(keep);
});

afterEach(async () => {
  vi.restoreAllMocks();
  process.exitCode = undefined;
  await server.close();
  await store.close();
  rmSync(state, { recursive: true, force: true });
});

async function ssmax(...words: string[]): Promise<{ code: number; shown: string }> {
  shown = '';
  const code = await main(words);
  const set = typeof process.exitCode === 'number' ? process.exitCode : 0;
  process.exitCode = undefined;
  return { code: code === 0 ? set : code, shown };
}

describe('ssmax audit', () => {
  it('gives a head and finds the chain good, with that head too', async () => {
    const head = await ssmax('audit', 'head', '--state', state);
    expect(head).toMatchObject({ code: 0, shown: expect.stringMatching(/^3:[0-9a-f]{64}\n$/) as string });
    const good = { code: 0, shown: `good: ${head.shown}` };
    expect(await ssmax('audit', 'verify', '--state', state)).toEqual(good);
    expect(await ssmax('audit', 'verify', '--state', state, '--head', head.shown.trim())).toEqual(good);
  });

  it('exits 1 and names the first entry that is not as it was', async () => {
    await store.query.updateTable('audit_entries').set({ kind: 'x' }).where('seq', '=', 2).execute();
    expect(await ssmax('audit', 'verify', '--state', state)).toMatchObject({ code: 1, shown: expect.stringMatching(/^broken at entry 2: hash; good up to 1:[0-9a-f]{64}\n$/) as string });
  });

  it('exits 1 when the end was cut off behind a kept head', async () => {
    const { shown: head } = await ssmax('audit', 'head', '--state', state);
    await store.query.deleteFrom('audit_entries').where('seq', '=', 3).execute();
    await store.query.deleteFrom('audit_details').where('seq', '=', 3).execute();
    expect(await ssmax('audit', 'verify', '--state', state)).toMatchObject({ code: 0 });
    expect(await ssmax('audit', 'verify', '--state', state, '--head', head.trim())).toMatchObject({ code: 1, shown: expect.stringContaining('broken at entry 3: head') as string });
  });

  it('exits 2 on a head that is none', async () => {
    expect(await ssmax('audit', 'verify', '--state', state, '--head', 'x')).toMatchObject({ code: 2 });
  });
});
