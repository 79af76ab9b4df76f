import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Hono } from 'hono';
import { afterAll, describe, expect, it } from 'vitest';
import { fromUtf8 } from '../../../src/core/bytes.ts';
import { refused } from '../../../src/core/error.ts';
import { createAdminClient, startAdminSocket } from '../../../src/server/shared/admin-socket.ts';
import { createLogger } from '../../../src/server/shared/log.ts';

const root = mkdtempSync(join(tmpdir(), 'ssmax-admin-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const app = new Hono();
app.get('/name', (context) => context.text('keyserver'));
app.post('/echo', async (context) => context.json(await context.req.json()));
app.get('/no', () => {
  throw refused('member-unknown', { address: 'a@hinode.example' });
});
const options = { app, maximumBody: 1000, log: createLogger({ server: 'x', level: 'error', write: () => undefined }) };
let sockets = 0;
const fresh = (): string => join(root, `${++sockets}`, 'admin.sock');

describe('the administration socket', () => {
  it('answers the command line', async () => {
    const path = fresh();
    const server = await startAdminSocket(path, options);
    const client = createAdminClient(path);
    expect(fromUtf8(await client.get('/name'))).toBe('keyserver');
    expect(JSON.parse(fromUtf8(await client.post('/echo', { at: new Date(0), der: new Uint8Array([1]) })))).toEqual({ at: '1970-01-01T00:00:00.000Z', der: 'AQ==' });
    await expect(client.get('/no')).rejects.toMatchObject({ kind: 'refused', code: 'member-unknown', params: { address: 'a@hinode.example' } });
    await expect(client.get('/nowhere')).rejects.toMatchObject({ code: 'not-found' });
    client.close();
    await server.close();
  });

  it('is open to its owner only', async () => {
    const path = fresh();
    const server = await startAdminSocket(path, options);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(statSync(dirname(path)).mode & 0o777).toBe(0o700);
    await server.close();
  });

  it('refuses a second server, and replaces what a killed one left', async () => {
    const path = fresh();
    const server = await startAdminSocket(path, options);
    await expect(startAdminSocket(path, options)).rejects.toMatchObject({ code: 'server-already-running' });
    await server.close();
    writeFileSync(path, '');
    await (await startAdminSocket(path, options)).close();
  });

  it('says when no server runs or it ends in its answer, and when the path is too long for a socket', async () => {
    await expect(createAdminClient(join(root, 'none.sock')).get('/')).rejects.toMatchObject({ kind: 'unavailable', code: 'server-not-running' });
    const path = join(root, 'killed.sock');
    const killed = createServer((socket) => {
      socket.end('HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{"held":');
    });
    await new Promise<void>((resolve) => { killed.listen(path, resolve); });
    await expect(createAdminClient(path).get('/')).rejects.toMatchObject({ kind: 'unavailable', code: 'server-not-running' });
    killed.close();
    expect(() => createAdminClient(`/${'x'.repeat(120)}`)).toThrow(expect.objectContaining({ code: 'socket-path-too-long' }) as Error);
  });
});
