/** What `ssmax doctor` says of the servers' own files: each thing that can be wrong with keys, certificates, pins, clamd, database is made wrong once. */
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer as createNetServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Finding } from '../../../src/cli/doctor/finding.ts';
import { checkAuthority, checkGateway, checkInspectionServer, checkKeyServer } from '../../../src/cli/doctor/servers.ts';
import { hex } from '../../../src/core/bytes.ts';
import type { Certificate } from '../../../src/core/pki/certificate.ts';
import { encodePem } from '../../../src/core/pki/pem.ts';
import { generatePrivateKey } from '../../../src/platform/node-crypto.ts';
import { saveKey } from '../../../src/server/shared/keystore.ts';
import { startPinnedServer } from '../../../src/server/shared/pinned-server.ts';
import { createScene, type Scene } from '../../security/scene.ts';
import { NOW } from '../../flow/world.ts';
import { makeOrganisation } from '../../flow/submissions.ts';

let scene: Scene;
let key: string;
let directory: string;
const at = (name: string): string => join(directory, name);
const codes = (found: readonly Finding[]): string[] => [...new Set(found.map(({ code }) => code))].sort();
const yaml = (name: string, value: object): string => {
  writeFileSync(at(name), JSON.stringify(value));
  return at(name);
};
const pem = (name: string, { der }: Certificate): void => writeFileSync(at(name), encodePem('CERTIFICATE', der));

beforeAll(async () => {
  scene = await createScene();
  const kept = mkdtempSync(join(tmpdir(), 'ssmax-doctor-key-'));
  key = join(kept, 'key');
  await saveKey(key, generatePrivateKey(), 'pass');
});
afterAll(() => rmSync(join(key, '..'), { recursive: true, force: true }));
beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'ssmax-doctor-'));
  mkdirSync(at('state'), { mode: 0o700 });
  for (const name of ['gateway.key', 'inspection.key', 'organisation.key', 'tls.key', 'delegate.key']) {
    const { readFileSync } = await import('node:fs');
    writeFileSync(at(name), readFileSync(key), { mode: 0o600 });
  }
  writeFileSync(at('web.key'), 'x', { mode: 0o600 });
  writeFileSync(at('web.pem'), 'x');
  pem('root.pem', scene.world.root);
  pem('organisation.pem', scene.hinode.issuer.certificate);
  pem('gateway.pem', scene.hinode.gateway.certificate);
  pem('inspection.pem', scene.hinode.inspection.certificate);
  pem('delegate.pem', scene.world.delegate.certificate);
  writeFileSync(at('policy.yaml'), 'version: "1"\noutbound: []\ninbound: []\n');
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const PIN = '00'.repeat(32);
/** Nothing listens at the first port. */
const peer = (address = '127.0.0.1:1', spki = PIN) => ({ address, spki });
const gateway = (changes: object = {}): string => yaml('gateway.yaml', {
  state: 'state', key: 'gateway.key', certificate: 'gateway.pem', organisation: 'organisation.pem', root: 'root.pem', listen: { submission: '127.0.0.1:10023', arriving: '127.0.0.1:10024' },
  queue: '127.0.0.1:10025', authority: peer(), keyServer: peer(), inspection: peer(), ...changes,
});
const keyServer = (changes: object = {}): string => yaml('keyserver.yaml', {
  state: 'state', database: 'state/keyserver.sqlite', key: 'organisation.key', certificate: 'organisation.pem', tlsKey: 'tls.key', hostName: 'keyserver.hinode.example', root: 'root.pem',
  domains: ['hinode.example'], listen: '127.0.0.1:8444', authority: peer(), gateways: [PIN], plugin: { listen: '127.0.0.1:8443', certificate: 'web.pem', key: 'web.key' }, ...changes,
});
const inspection = (changes: object = {}): string => yaml('inspection.yaml', {
  listen: '127.0.0.1:8445', key: 'inspection.key', certificate: 'inspection.pem', organisation: 'organisation.pem', gateways: [PIN], policy: 'policy.yaml', ...changes,
});
const authority = (changes: object = {}): string => yaml('authority.yaml', {
  state: 'state', database: 'state/authority.sqlite', root: 'root.pem', delegateKey: 'delegate.key', delegateCertificate: 'delegate.pem', listen: '127.0.0.1:8446', ...changes,
});
const LATER = new Date(NOW.getTime() + 2 * 365 * 86_400_000);
const SOON = new Date(NOW.getTime() + 350 * 86_400_000);

describe('keys and other files', () => {
  it.each([
    ['not there', () => rmSync(at('gateway.key')), 'file-missing'],
    ['open to others', () => chmodSync(at('gateway.key'), 0o640), 'file-open-to-others'],
    ['not encrypted', () => writeFileSync(at('gateway.key'), '-----BEGIN PRIVATE KEY-----\n', { mode: 0o600 }), 'file-not-private'],
  ])('a gateway’s key that is %s', async (_, spoil, code) => {
    const before = codes(await checkGateway(gateway(), NOW, undefined));
    expect(before).toEqual(['directory-never-fetched', 'peer-unreachable']);
    spoil();
    expect(codes(await checkGateway(gateway(), NOW, undefined))).toEqual([...before, code].sort());
  });

  it('a state directory that is not there; a web server’s key, a database that others may read', async () => {
    rmSync(at('state'), { recursive: true });
    expect(codes(await checkGateway(gateway(), NOW, undefined))).toContain('state-not-writable');
    mkdirSync(at('state'), { mode: 0o700 });
    expect(codes(await checkKeyServer(keyServer(), NOW, {}))).toEqual(['directory-never-fetched', 'peer-unreachable', 'server-not-running']);
    chmodSync(at('web.key'), 0o644);
    writeFileSync(at('state/keyserver.sqlite'), '', { mode: 0o644 });
    rmSync(at('web.pem'));
    const found = await checkKeyServer(keyServer(), NOW, {});
    expect(found.filter(({ code }) => code === 'file-open-to-others').map(({ sentence }) => sentence.split(' ')[0])).toEqual([at('web.key'), at('state/keyserver.sqlite')]);
    expect(codes(found)).toContain('file-missing');
  });

  it('the Authority’s delegate key and certificate', async () => {
    expect(codes(await checkAuthority(authority(), NOW, {}))).toEqual(['server-not-running']);
    chmodSync(at('delegate.key'), 0o604);
    rmSync(at('delegate.pem'));
    expect(codes(await checkAuthority(authority(), NOW, {}))).toEqual(['file-missing', 'file-open-to-others', 'server-not-running']);
  });
});

describe('certificates', () => {
  it('that end soon, or have ended', async () => {
    expect(codes(await checkInspectionServer(inspection(), NOW, undefined))).toEqual([]);
    expect(codes(await checkInspectionServer(inspection(), SOON, undefined))).toEqual(['certificate-expires']);
    expect(codes(await checkInspectionServer(inspection(), LATER, undefined))).toEqual(['certificate-expired']);
    expect(codes(await checkAuthority(authority(), LATER, {}))).toContain('certificate-expired');
  });

  it('of another organisation, or under another root', async () => {
    pem('inspection.pem', scene.tsukimi.inspection.certificate);
    expect(codes(await checkInspectionServer(inspection(), NOW, undefined))).toEqual(['certificate-other-key']);
    pem('gateway.pem', scene.tsukimi.gateway.certificate);
    pem('root.pem', (await makeOrganisation()).certificate);
    expect(codes(await checkGateway(gateway(), NOW, undefined))).toEqual(['certificate-not-certified', 'certificate-other-key', 'directory-never-fetched', 'peer-unreachable']);
  });
});

describe('addresses and pins', () => {
  it('a listener that others reach, a name that does not resolve, nobody pinned', async () => {
    expect(codes(await checkGateway(gateway({ listen: { submission: '0.0.0.0:10023', arriving: '127.0.0.1:10024' } }), NOW, undefined))).toContain('listens-openly');
    expect(codes(await checkGateway(gateway({ authority: peer('nowhere.invalid:8446') }), NOW, undefined))).toContain('name-unresolved');
    expect(codes(await checkInspectionServer(inspection({ gateways: [] }), NOW, undefined))).toEqual(['gateways-not-pinned']);
  });

  it('a server that shows another key than the pinned one', async () => {
    const organisation = await makeOrganisation();
    const other = await organisation.server('inspection', 'inspection.hinode.example');
    const { Hono } = await import('hono');
    const { createLogger } = await import('../../../src/server/shared/log.ts');
    const server = await startPinnedServer({
      identity: { key: other.pkcs8, certificates: [other.certificate.der] }, listen: { host: '127.0.0.1', port: 0 }, peers: { gateway: { pins: () => [], app: new Hono() } },
      maximumBody: 1024, log: createLogger({ server: 'inspection', level: 'error' }),
    });
    const here = `127.0.0.1:${server.port}`;
    expect(codes(await checkGateway(gateway({ inspection: peer(here) }), NOW, undefined))).toEqual(['directory-never-fetched', 'peer-unreachable', 'pin-differs']);
    const found = await checkGateway(gateway({ inspection: peer(here, hex(other.certificate.spkiSha256)) }), NOW, undefined);
    expect(codes(found)).toEqual(['directory-never-fetched', 'peer-unreachable']);
    await server.close();
  });
});

describe('clamd and database', () => {
  let clamd: Server | undefined;
  afterEach(() => void clamd?.close());

  it('clamd that does not answer; limits that would let something pass', async () => {
    const config = inspection({ clamd: { socket: 'clamd.sock' } });
    expect(codes(await checkInspectionServer(config, NOW, undefined))).toEqual(['clamd-unreachable']);
    clamd = createNetServer((socket) => void socket.once('data', () => socket.end('PONG\0')));
    await new Promise<void>((resolve) => clamd?.listen(at('clamd.sock'), resolve));
    expect(codes(await checkInspectionServer(config, NOW, undefined))).toEqual([]);
    expect(codes(await checkInspectionServer(config, NOW, at('clamd.conf')))).toEqual(['file-missing']);
    for (const [text, expected] of [
      ['StreamMaxLength 64M\nAlertExceedsMax yes\n', []], ['AlertExceedsMax yes\n', []], ['StreamMaxLength 25M\nAlertExceedsMax yes\n', ['clamd-stream-limit']],
      ['StreamMaxLength 1G\n', ['clamd-exceeds-silent']], ['StreamMaxLength 65535K\n#AlertExceedsMax yes\n', ['clamd-exceeds-silent', 'clamd-stream-limit']],
    ] as const) {
      writeFileSync(at('clamd.conf'), text);
      expect(codes(await checkInspectionServer(config, NOW, at('clamd.conf'))), text).toEqual(expected);
    }
  });

  it('PostgreSQL that cannot be opened', async () => {
    const database = `postgresql:///ssmax?host=${encodeURIComponent(directory)}&user=nobody`;
    expect(codes(await checkAuthority(authority({ database }), NOW, {}))).toEqual(['database-unusable', 'server-not-running']);
    const found = await checkAuthority(authority(), NOW, { DATABASE_URL: database });
    expect(codes(found)).toEqual(['database-unusable', 'server-not-running']);
  });
});
