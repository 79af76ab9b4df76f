/** `ssmax admin` and `ssmax approve` against the routes of a running key server, over its socket. */
import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { main } from '../../src/cli/main.ts';
import { requestApproval } from '../../src/cli/approvals.ts';
import { approvalRoutes } from '../../src/server/keyserver/approval-routes.ts';
import { approvalAction, createApprovals } from '../../src/server/keyserver/approvals.ts';
import { migrations, type Store, type Tables } from '../../src/server/keyserver/tables.ts';
import { ADMIN_SOCKET, startAdminSocket } from '../../src/server/shared/admin-socket.ts';
import { openDatabase } from '../../src/server/shared/database.ts';
import type { RunningServer } from '../../src/server/shared/http-shell.ts';
import { createLogger } from '../../src/server/shared/log.ts';

let dir: string;
let store: Store;
let server: RunningServer;
let shown = '';
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'ssmax-approve-'));
  store = await openDatabase<Tables>(join(dir, 'store.sqlite'), migrations);
  const actions = { trace: approvalAction(z.strictObject({ mail: z.string() }), () => Promise.resolve({ reference: 'E1001' })) };
  const approvals = createApprovals({ store, organisation: 'NTRJP-1', clock: { now: () => new Date() }, actions });
  const log = createLogger({ server: 'x', level: 'error', write: () => undefined });
  server = await startAdminSocket(join(dir, ADMIN_SOCKET), { app: approvalRoutes(approvals), maximumBody: 100_000, log });
  const keep = (text: string | Uint8Array): boolean => {
    shown += text.toString();
    return true;
  };
  vi.spyOn(process.stdout, 'write').mockImplementation(keep);
  vi.spyOn(process.stderr, 'write').mockImplementation(keep);
});
afterAll(async () => {
  vi.restoreAllMocks();
  await server.close();
  await store.close();
  rmSync(dir, { recursive: true, force: true });
});

async function withPassphrase<T>(run: (descriptor: number) => Promise<T>): Promise<T> {
  writeFileSync(join(dir, 'passphrase'), 'her own\n', { mode: 0o600 });
  const descriptor = openSync(join(dir, 'passphrase'), 'r');
  try {
    return await run(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

async function ssmax(...words: string[]): Promise<string> {
  shown = '';
  const code = await withPassphrase((descriptor) => main(words.map((word) => (word === 'FD' ? String(descriptor) : word))));
  return `${code} ${shown}`;
}

it('makes two administrators, who approve a third and a trace', { timeout: 60_000 }, async () => {
  const key = (name: string): string => join(dir, `${name}.key`);
  for (const name of ['alice', 'bob', 'carol']) {
    await ssmax('admin', 'init', '--name', name, '--key', key(name), '--csr', join(dir, `${name}.csr`), '--passphrase-fd', 'FD');
  }
  expect(await ssmax('admin', 'add', '--state', dir, '--csr', join(dir, 'alice.csr'))).toBe('0 alice is an administrator\n');
  expect(await ssmax('admin', 'add', '--state', dir, '--csr', join(dir, 'bob.csr'))).toBe('0 bob is an administrator\n');
  const third = await ssmax('admin', 'add', '--state', dir, '--csr', join(dir, 'carol.csr'));
  const id = /ssmax approve ([0-9a-f-]{36})/.exec(third)?.[1] ?? '';
  expect(await ssmax('approve', id, '--state', dir, '--admin-key', key('carol'), '--passphrase-fd', 'FD')).toContain('administrator-unknown');
  expect(await ssmax('approve', id, '--state', dir, '--admin-key', key('alice'), '--passphrase-fd', 'FD')).toContain('waits for another administrator');
  expect(await ssmax('approve', id, '--state', dir, '--admin-key', key('bob'), '--passphrase-fd', 'FD')).toContain('done: {"added":"carol"}');
  expect(await ssmax('admin', 'list', '--state', dir)).toMatch(/^0 alice {2}[0-9a-f]{16} {2}since .*\nbob .*\ncarol .*\n$/);

  shown = '';
  await withPassphrase((passphraseFd) => requestApproval('trace', { mail: 'abc' }, { state: dir, adminKey: key('carol'), passphraseFd }));
  const trace = /^([0-9a-f-]{36}) waits/.exec(shown)?.[1] ?? '';
  expect(await ssmax('approve', '--state', dir)).toContain(`${trace}  trace  {"mail":"abc"}  signed by carol; until `);
  expect(await ssmax('approve', trace, '--state', dir, '--admin-key', key('alice'), '--passphrase-fd', 'FD')).toContain('done: {"reference":"E1001"}');
  expect(await ssmax('approve', trace, '--state', dir)).toContain('approval-unknown');
});
