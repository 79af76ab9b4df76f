/**
 * Pins between the real server processes: each side of every connection refuses another key, be it certified for the very
 * role by the same CA, and says nothing to it: not one byte of a request, not one of an answer.
 */
import { readFileSync } from 'node:fs';
import { connect as connectTcp, createServer as createTcpServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { connect as connectTls, createServer as createTlsServer } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { HINODE, type Hop, type LocalOrganisation, type LocalWorld, PASSPHRASE, startLocalWorld, TSUKIMI } from '../../scripts/world/local-world.ts';
import { World } from '../../scripts/world/process.ts';
import { ssmax } from '../../scripts/world/ssmax.ts';
import { until } from '../../scripts/world/wait.ts';
import { encodePem } from '../../src/core/pki/pem.ts';
import { issueServer } from '../../src/core/pki/issue.ts';
import { createNodeCrypto, generatePrivateKey, loadPrivateKey } from '../../src/platform/node-crypto.ts';
import { readCertificateFile } from '../../src/server/shared/certificate-file.ts';
import { loadKey } from '../../src/server/shared/keystore.ts';
import { Correspondent } from './correspondent.ts';

interface Identity {
  readonly key: string;
  readonly cert: string;
}
type Called = 'keyServer' | 'inspection' | 'authority';

// Real servers on a busy machine: slow is no failure.
vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 });

let world: World;
let local: LocalWorld;
let hinode: LocalOrganisation;
let taro: Correspondent;
const switches = new Map<Called, Switch>();

/** A TCP relay whose far end can be changed. */
interface Switch {
  readonly port: number;
  readonly real: number;
  /** Later connections go there; those that are open are cut. */
  turn(target: number): void;
}

beforeAll(async () => {
  world = await World.open();
  local = await startLocalWorld(world, [HINODE, TSUKIMI], {
    detour: async (organisation, hop, port) => (organisation === 'hinode' && isCalled(hop) ? (await makeSwitch(hop, port)).port : port),
  });
  [hinode] = local.organisations as [LocalOrganisation];
  taro = await Correspondent.enrol(local, hinode, 'taro');
  await Correspondent.enrol(local, hinode, 'yuki');
});
afterAll(async () => {
  await world.stop();
});

describe('a server', () => {
  const request = { keyServer: 'GET /v1/crl', inspection: 'POST /v1/inspections?leg=1&direction=outbound', authority: 'GET /v1/directory/index.cms' } as const;

  it.each(['keyServer', 'inspection', 'authority'] as const)('%s answers the gateway that it knows', async (called) => {
    const answer = await ask(realPort(called), await realGateway(), request[called]);
    expect(answer).toMatch(/^HTTP\/1\.1 /);
  });

  it.each(['keyServer', 'inspection', 'authority'] as const)('%s gives no byte to another gateway of the same organisation', async (called) => {
    expect(await ask(realPort(called), await certified('gateway'), request[called])).toBe('');
  });

  it.each([['keyServer', 'inspection'], ['inspection', 'key-server'], ['authority', 'gateway'], ['authority', 'key-server']] as const)(
    '%s gives no byte to a new key with the role %s', async (called, role) => {
      expect(await ask(realPort(called), await certified(role), request[called])).toBe('');
    });

  it('gives no byte to a known server that may not call it: the inspection server at the key server', async () => {
    expect(await ask(realPort('keyServer'), await realInspection(), request.keyServer)).toBe('');
    expect(await ask(realPort('inspection'), await realInspection(), request.inspection)).toBe('');
  });

  it.each(['keyServer', 'inspection', 'authority'] as const)('%s gives no byte to a caller without certificate', async (called) => {
    expect(await ask(realPort(called), undefined, request[called])).toBe('');
  });
});

describe('a gateway', () => {
  it.each(['keyServer', 'inspection'] as const)('tells nothing to another %s of the same CA: 451, and the mail waits', async (called) => {
    const sealed = await taro.seal({ to: [{ address: 'yuki@hinode.example', displayName: '' }], subject: 'x' });
    const impostor = await startImpostor(called === 'keyServer' ? 'key-server' : 'inspection');
    at(called).turn(impostor.port);
    const replies = await taro.submit(sealed.raw, ['yuki@hinode.example']);
    expect(replies.final.text).toMatch(/^451 4\.7\.1 SSMAX-peer-not-pinned /);
    expect(impostor.connections()).toBeGreaterThan(0);
    expect(impostor.heard()).toBe('');
    at(called).turn(at(called).real);
    expect((await taro.submit(sealed.raw, ['yuki@hinode.example'])).final.text).toMatch(/^250 /);
  });
});

describe('gateway and key server', () => {
  it('tell nothing to another Authority server whose key the same CA certified', async () => {
    const impostor = await startImpostor('gateway');
    const logs = [hinode.servers.gateway.log, hinode.servers.keyServer.log];
    const refusals = (log: string): number => readFileSync(log, 'utf8').split('"event":"trust-fetch-failed","file":"index","error":{"kind":"unavailable","code":"peer-not-pinned"}').length;
    const before = logs.map(refusals);
    at('authority').turn(impostor.port);
    await until(() => logs.every((log, index) => refusals(log) > (before[index] ?? 0)), { what: 'both to refuse', withinMs: 60_000 });
    expect(impostor.heard()).toBe('');
    at('authority').turn(at('authority').real);
    await ssmax(['keyserver', 'refresh', '--state', hinode.state]);
  });
});

function isCalled(hop: Hop): hop is Called {
  return hop === 'keyServer' || hop === 'inspection' || hop === 'authority';
}

async function makeSwitch(hop: Called, real: number): Promise<Switch> {
  const port = await world.ports.take();
  const open = new Set<Socket>();
  let target = real;
  const server = createTcpServer((client) => {
    const far = connectTcp(target, '127.0.0.1');
    for (const [socket, other] of [[client, far], [far, client]] as const) {
      open.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        open.delete(socket);
        other.destroy();
      });
      socket.pipe(other);
    }
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const cut = (): void => {
    for (const socket of open) socket.destroy();
  };
  world.closing(() => new Promise((resolve) => {
    cut();
    server.close(() => { resolve(); });
  }));
  const made: Switch = {
    port, real,
    turn(to) {
      target = to;
      cut();
    },
  };
  switches.set(hop, made);
  return made;
}

function at(called: Called): Switch {
  const found = switches.get(called);
  if (found === undefined) throw new Error(`no switch for ${called}`);
  return found;
}

function realPort(called: Called): number {
  return at(called).real;
}

function file(name: string): string {
  return join(hinode.dir, name);
}

function realGateway(): Promise<Identity> {
  return Promise.resolve({ key: encodePem('PRIVATE KEY', loadKey(file('gateway.key'), PASSPHRASE)), cert: readFileSync(file('gateway.pem'), 'latin1') });
}

function realInspection(): Promise<Identity> {
  return Promise.resolve({ key: encodePem('PRIVATE KEY', loadKey(file('inspection.key'), PASSPHRASE)), cert: readFileSync(file('inspection.pem'), 'latin1') });
}

/** A new key with a genuine certificate of hinode's own CA for that role: what a taken-over key server could make. */
async function certified(role: 'gateway' | 'inspection' | 'key-server'): Promise<Identity> {
  const pkcs8 = generatePrivateKey();
  const certificate = await issueServer({
    publicKey: loadPrivateKey(pkcs8).publicKey, role, dnsNames: [`${role === 'key-server' ? 'keyserver' : role}.hinode.example`],
    issuer: { certificate: readCertificateFile(file('organisation.pem')), key: loadPrivateKey(loadKey(file('organisation.key'), PASSPHRASE)) },
    validity: { notBefore: new Date(Date.now() - 60_000), notAfter: new Date(Date.now() + 86_400_000) }, random: (length) => createNodeCrypto().random(length),
  });
  return { key: encodePem('PRIVATE KEY', pkcs8), cert: encodePem('CERTIFICATE', certificate.der) };
}

/** Sends a whole request; gives all that comes until the connection is closed, at either end. */
function ask(port: number, identity: Identity | undefined, request: string): Promise<string> {
  return new Promise((resolve) => {
    let answer = '';
    const socket = connectTls({ host: '127.0.0.1', port, minVersion: 'TLSv1.3', rejectUnauthorized: false, ...identity }, () => {
      socket.write(`${request} HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`);
    });
    socket.on('data', (chunk: Buffer) => { answer += chunk.toString('latin1'); });
    socket.on('error', () => undefined);
    socket.once('close', () => { resolve(answer); });
  });
}

/** A server that takes any caller and keeps every byte that it is told. */
async function startImpostor(role: 'gateway' | 'inspection' | 'key-server'): Promise<{ readonly port: number; connections(): number; heard(): string }> {
  let connections = 0;
  let heard = '';
  const server = createTlsServer({ ...await certified(role), minVersion: 'TLSv1.3', requestCert: true, rejectUnauthorized: false }, (socket) => {
    socket.on('data', (chunk: Buffer) => { heard += chunk.toString('latin1'); });
    socket.on('error', () => undefined);
  });
  // Of TCP: the caller may have hung up before the handshake is over at this end.
  server.on('connection', () => { connections++; });
  const port = await world.ports.take();
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  world.closing(() => new Promise<void>((resolve) => { server.close(() => { resolve(); }); }));
  return { port, connections: () => connections, heard: () => heard };
}
