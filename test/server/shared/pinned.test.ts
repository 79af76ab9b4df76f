import { createServer as createTcpServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { connect } from 'node:tls';
import type { HttpBindings } from '@hono/node-server';
import { Hono } from 'hono';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { fromUtf8, utf8 } from '../../../src/core/bytes.ts';
import type { Bytes } from '../../../src/core/bytes.ts';
import { SsmaxError, refused } from '../../../src/core/error.ts';
import { Counter } from '../../../src/server/shared/metrics.ts';
import { createLogger } from '../../../src/server/shared/log.ts';
import { createPinnedClient } from '../../../src/server/shared/pinned-client.ts';
import type { PinnedClient, PinnedRequest } from '../../../src/server/shared/pinned-client.ts';
import { startPinnedServer, tlsMaterial } from '../../../src/server/shared/pinned-server.ts';
import type { TlsIdentity } from '../../../src/server/shared/pinned-server.ts';
import type { RunningServer } from '../../../src/server/shared/http-shell.ts';
import { testOrganisation, testServer } from './identities.ts';

type Identity = TlsIdentity & { pin: Bytes };

let keyServer: Identity;
let gateway: Identity;
let inspection: Identity;
let sibling: Identity;
let expired: Identity;
let server: RunningServer;
let requests: string[] = [];
let lines: string[] = [];
let gatewayPins: Bytes[];
const counter = new Counter('ssmax_requests_total', 'Requests answered.');
const clients: PinnedClient[] = [];

function gatewayApp(): Hono {
  const app = new Hono();
  app.use(async (context, next) => {
    requests.push(context.req.path);
    await next();
  });
  app.post('/v1/echo', async (context) => context.body(await context.req.arrayBuffer()));
  app.post('/v1/length', async (context) => context.text(String((await context.req.arrayBuffer()).byteLength)));
  app.get('/v1/cut-once', (context) => {
    if (requests.filter((path) => path === '/v1/cut-once').length === 1) (context.env as HttpBindings).incoming.socket.destroy();
    return context.text('done');
  });
  app.get('/v1/refuse', () => {
    throw refused('label-proof-invalid', { leg: 1 });
  });
  app.get('/v1/later', () => {
    throw new SsmaxError('unavailable', 'crl-stale');
  });
  app.get('/v1/fault', () => {
    throw new Error('secret detail');
  });
  app.get('/v1/slow', () => new Promise<Response>(() => undefined));
  app.get('/v1/large', (context) => context.body(new Uint8Array(100_000)));
  return app;
}

beforeAll(async () => {
  const organisation = await testOrganisation();
  keyServer = await testServer(organisation, 'key-server');
  gateway = await testServer(organisation, 'gateway');
  inspection = await testServer(organisation, 'inspection');
  sibling = await testServer(organisation, 'gateway');
  expired = await testServer(organisation, 'gateway', true);
  gatewayPins = [gateway.pin, expired.pin];
  const inspectionApp = new Hono().get('/v1/whoami', (context) => context.text('inspection'));
  server = await startPinnedServer({
    identity: keyServer,
    listen: { host: '127.0.0.1', port: 0 },
    peers: { gateway: { pins: () => gatewayPins, app: gatewayApp() }, inspection: { pins: () => [inspection.pin], app: inspectionApp } },
    maximumBody: 50_000,
    requests: counter,
    log: createLogger({ server: 'keyserver', level: 'info', write: (line) => lines.push(line) }),
  });
});

afterEach(() => {
  for (const client of clients.splice(0)) client.close();
  requests = [];
  lines = [];
});
afterAll(() => server.close());

function clientOf(identity: TlsIdentity, pins: readonly Bytes[] = [keyServer.pin], port = server.port): PinnedClient {
  const client = createPinnedClient({ identity, peer: 'key server', server: { host: '127.0.0.1', port }, pins: () => pins });
  clients.push(client);
  return client;
}

const limits = { deadline: 5_000, maximumAnswer: 60_000 };
const echo = (body: PinnedRequest['body']): PinnedRequest => ({ method: 'POST', path: '/v1/echo', ...(body === undefined ? {} : { body }), ...limits });
const get = (path: string): PinnedRequest => ({ method: 'GET', path, ...limits });

describe('pinned TLS', () => {
  it('lets the pinned peer call, again and again over one connection', async () => {
    const client = clientOf(gateway);
    for (const text of ['一', '二', '三']) expect(fromUtf8(await client.request(echo(utf8(text))))).toBe(text);
  });

  it('gives each role its own routes', async () => {
    expect(fromUtf8(await clientOf(inspection).request(get('/v1/whoami')))).toBe('inspection');
    await expect(clientOf(inspection).request(echo(utf8('x')))).rejects.toMatchObject({ kind: 'refused', code: 'not-found' });
    await expect(clientOf(gateway).request(get('/v1/whoami'))).rejects.toMatchObject({ kind: 'refused', code: 'not-found' });
  });

  it('refuses another key under the same CA before it reads a request', async () => {
    await expect(clientOf(sibling).request(echo(utf8('x')))).rejects.toMatchObject({ kind: 'unavailable', code: 'peer-unreachable' });
    expect(requests).toEqual([]);
    expect(lines.join('')).toContain('peer-not-pinned');
  });

  it('looks at the key that was proven, not at certificates sent along', async () => {
    const decorated = { key: sibling.key, certificates: [...sibling.certificates.slice(0, 1), ...gateway.certificates] };
    await expect(clientOf(decorated).request(echo(utf8('x')))).rejects.toMatchObject({ code: 'peer-unreachable' });
    expect(requests).toEqual([]);
  });

  it('refuses a pinned key whose certificate has run out', async () => {
    await expect(clientOf(expired).request(echo(utf8('x')))).rejects.toMatchObject({ code: 'peer-unreachable' });
    expect(requests).toEqual([]);
  });

  it('refuses a client without a certificate', async () => {
    const socket = connect({ host: '127.0.0.1', port: server.port, rejectUnauthorized: false });
    socket.on('error', () => undefined);
    socket.write('POST /v1/echo HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n');
    let answer = '';
    socket.on('data', (chunk: Buffer) => (answer += chunk.toString()));
    await new Promise((resolve) => socket.once('close', resolve));
    expect(answer).toBe('');
    expect(requests).toEqual([]);
  });

  it('speaks TLS 1.3 only', async () => {
    const socket = connect({ host: '127.0.0.1', port: server.port, rejectUnauthorized: false, maxVersion: 'TLSv1.2', ...tlsMaterial(gateway) });
    const error = await new Promise<NodeJS.ErrnoException>((resolve) => socket.once('error', resolve));
    expect(error.code).toMatch(/PROTOCOL_VERSION/);
  });

  it('withdraws a pin from connections that live', async () => {
    const client = clientOf(gateway);
    await client.request(echo(utf8('x')));
    gatewayPins = [];
    try {
      await expect(client.request(echo(utf8('x')))).rejects.toMatchObject({ code: 'peer-unreachable' });
    } finally {
      gatewayPins = [gateway.pin, expired.pin];
    }
  });

  it('keeps the client from writing to a server with another key under the same CA', async () => {
    const impostor = await startPinnedServer({
      identity: sibling, listen: { host: '127.0.0.1', port: 0 }, peers: { gateway: { pins: () => [gateway.pin], app: gatewayApp() } }, maximumBody: 1000,
      log: createLogger({ server: 'x', level: 'error', write: () => undefined }),
    });
    await expect(clientOf(gateway, [keyServer.pin], impostor.port).request(echo(utf8('x')))).rejects.toMatchObject({ kind: 'unavailable', code: 'peer-not-pinned', params: { peer: 'key server' } });
    expect(requests).toEqual([]);
    await impostor.close();
  });
});

describe('calls between servers', () => {
  it('carry errors as codes, and nothing of a fault', async () => {
    const client = clientOf(gateway);
    await expect(client.request(get('/v1/refuse'))).rejects.toMatchObject({ kind: 'refused', code: 'label-proof-invalid', params: { leg: 1 } });
    await expect(client.request(get('/v1/later'))).rejects.toMatchObject({ kind: 'unavailable', code: 'crl-stale' });
    await expect(client.request(get('/v1/fault'))).rejects.toMatchObject({ kind: 'fault', code: 'internal', params: {} });
    expect(lines.join('')).not.toContain('secret detail');
  });

  it('log the route, the peer and the status', async () => {
    await clientOf(gateway).request(echo(utf8('x')));
    const line = lines.map((text) => JSON.parse(text) as Record<string, unknown>).find(({ event }) => event === 'request');
    expect(line).toMatchObject({ peer: 'gateway', method: 'POST', route: '/v1/echo', status: 200 });
    expect(counter.text()).toMatch(/^ssmax_requests_total\{peer="gateway",route="\/v1\/echo",status="200"\} \d+$/m);
  });

  it('refuse a body that is too large, by its declared length or by counting', async () => {
    const large = new Uint8Array(50_001);
    await expect(clientOf(gateway).request(echo(large))).rejects.toMatchObject({ code: 'body-too-large' });
    async function* pieces(): AsyncGenerator<Uint8Array> {
      for (let i = 0; i < 60; i++) yield new Uint8Array(1000);
    }
    await expect(clientOf(gateway).request(echo(pieces()))).rejects.toMatchObject({ code: 'body-too-large' });
  });

  it('stream a body', async () => {
    async function* pieces(): AsyncGenerator<Uint8Array> {
      for (let i = 0; i < 40; i++) yield new Uint8Array(1000);
    }
    expect(fromUtf8(await clientOf(gateway).request({ ...echo(pieces()), path: '/v1/length' }))).toBe('40000');
  });

  it('are repeated when the server had just closed a kept connection', async () => {
    const client = clientOf(gateway);
    await client.request(echo(utf8('x')));
    expect(fromUtf8(await client.request(get('/v1/cut-once')))).toBe('done');
    await expect(clientOf(gateway).request(get('/v1/cut-once'))).resolves.toBeDefined();
  });

  it('end with their deadline and with too large an answer', async () => {
    await expect(clientOf(gateway).request({ ...get('/v1/slow'), deadline: 100 })).rejects.toMatchObject({ kind: 'unavailable', code: 'peer-timeout' });
    await expect(clientOf(gateway).request(get('/v1/large'))).rejects.toMatchObject({ kind: 'unavailable', code: 'answer-too-large' });
  });

  it('say when nobody listens, and when the other side is no TLS server', async () => {
    await expect(clientOf(gateway, [keyServer.pin], 1).request(get('/'))).rejects.toMatchObject({ code: 'peer-unreachable', params: { reason: 'ECONNREFUSED' } });
    const silent = createTcpServer((socket) => socket.end('hello\r\n')).listen(0, '127.0.0.1');
    await new Promise((resolve) => silent.once('listening', resolve));
    await expect(clientOf(gateway, [keyServer.pin], (silent.address() as AddressInfo).port).request(get('/'))).rejects.toMatchObject({ kind: 'unavailable' });
    silent.close();
  });
});
