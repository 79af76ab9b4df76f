/** What `ssmax doctor` says of the servers' own files: each thing that can be wrong with keys, certificates, pins, clamd, database is made wrong once. */
import { execFileSync, spawn } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import { type AddressInfo, createServer as createNetServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Finding } from '../../../src/cli/doctor/finding.ts';
import { checkAuthority, checkGateway, checkInspectionServer, checkKeyServer } from '../../../src/cli/doctor/servers.ts';
import { type Bytes, hex } from '../../../src/core/bytes.ts';
import type { Certificate } from '../../../src/core/pki/certificate.ts';
import { encodePem } from '../../../src/core/pki/pem.ts';
import { issueServer } from '../../../src/core/pki/issue.ts';
import { generatePrivateKey, loadPrivateKey } from '../../../src/platform/node-crypto.ts';
import { saveKey } from '../../../src/server/shared/keystore.ts';
import { startPinnedServer } from '../../../src/server/shared/pinned-server.ts';
import { createScene, flip, type Scene } from '../../security/scene.ts';
import { createWorld, native, NOW } from '../../flow/world.ts';
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

  it('a file system that is nearly full', async (test) => {
    // A file system of 1 MiB, which only this process sees: the directory is looked at through its eyes.
    const full = spawn('unshare', ['--user', '--map-root-user', '--mount', 'sh', '-c', `mount -t tmpfs -o size=1m,mode=700 tmpfs '${at('state')}' && echo mounted && read end`], { stdio: ['pipe', 'pipe', 'ignore'] });
    try {
      const mounted = await new Promise<boolean>((resolve) => {
        full.once('error', () => resolve(false));
        full.once('exit', () => resolve(false));
        full.stdout.once('data', () => resolve(true));
      });
      test.skip(!mounted, 'this machine gives nobody a file system of his own');
      const state = `/proc/${full.pid}/root${at('state')}`;
      const found = await checkGateway(gateway({ state }), NOW, undefined);
      expect(found.find(({ code }) => code === 'disk-full')).toMatchObject({ level: 'error', sentence: `${state}: 1 MiB are free`, remedy: expect.stringContaining('make room') as string });
      expect(codes(await checkKeyServer(keyServer({ database: `${state}/keyserver.sqlite` }), NOW, {}))).toContain('disk-full');
    } finally {
      full.stdin.end('\n');
    }
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

describe('fetched trust', () => {
  /** What a server of hinode.example would have fetched now. */
  async function fetched(state = 'state'): Promise<void> {
    const { directory: published, crls: [authorityCrl, organisationCrl] } = await scene.world.material();
    mkdirSync(at(`${state}/trust/files`), { recursive: true });
    for (const [name, bytes] of [['index', published.index], ['authority', authorityCrl], ['organisation', organisationCrl]] as const) writeFileSync(at(`${state}/trust/${name}.der`), bytes ?? '');
    for (const [name, bytes] of scene.world.published) if (name.startsWith('files/')) writeFileSync(at(`${state}/trust/${name}`), bytes);
  }
  const found = async (config = gateway(), now = NOW): Promise<Finding[]> => (await checkGateway(config, now, undefined)).filter(({ code }) => code !== 'peer-unreachable');
  const DAY = 86_400_000;
  const flipLast = (bytes: Bytes): Bytes => flip(bytes, bytes.length - 3);

  it('that is good: nothing, also while two roots are pinned', async () => {
    await fetched();
    expect(await found()).toEqual([]);
    const other = await createWorld();
    writeFileSync(at('root.pem'), [other.root, scene.world.root, scene.world.delegate.certificate].map(({ der }) => encodePem('CERTIFICATE', der)).join(''));
    expect(await found()).toEqual([]);
  });

  it.each<[string, () => void | Promise<void>, number, string]>([
    ['that is a day old', () => undefined, 1.1 * DAY, 'directory-stale'],
    ['without the Authority’s list', () => rmSync(at('state/trust/authority.der')), 0, 'unreadable'],
    ['with a list of another organisation in its place', () => writeFileSync(at('state/trust/authority.der'), readFileSync(at('state/trust/organisation.der'))), 0, 'crl-missing'],
    ['that somebody changed', () => writeFileSync(at('state/trust/index.der'), flipLast(new Uint8Array(readFileSync(at('state/trust/index.der'))))), 0, 'signature-invalid'],
  ])('%s is named, and where to look', async (_, spoil, after, reason) => {
    await fetched();
    await spoil();
    const stale = await found(gateway(), new Date(NOW.getTime() + after));
    expect(stale).toMatchObject([{ code: 'trust-stale', level: 'error', sentence: expect.stringContaining(`(${reason})`) as string, remedy: expect.stringContaining('trust-fetch-failed') as string }]);
  });

  it('of an organisation whose own list was not fetched for a day', async () => {
    await fetched();
    const old = readFileSync(at('state/trust/organisation.der'));
    scene.world.now = new Date(NOW.getTime() + 2 * DAY);
    await fetched();
    writeFileSync(at('state/trust/organisation.der'), old);
    const { now } = scene.world;
    scene.world.now = NOW;
    expect(await found(gateway(), now)).toMatchObject([{ code: 'trust-stale', sentence: expect.stringContaining('(crl-stale)') as string }]);
  });

  it('from a mirror that is not one, that is behind', async () => {
    execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-subj', '/CN=mirror', '-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', at('web.key'), '-out', at('web.pem')], { stdio: 'ignore' });
    const { directory: published, crls: [list] } = await scene.world.material();
    const served = new Map([...scene.world.published, ['index.cms', published.index], ['authority.crl', list]].map(([name, bytes]) => [`/ssmax/${String(name)}`, bytes]));
    const web = createServer({ key: readFileSync(at('web.key')), cert: readFileSync(at('web.pem')) }, ({ url = '' }, response) => {
      const bytes = served.get(url);
      response.writeHead(bytes === undefined ? 404 : 200).end(bytes);
    });
    await new Promise<void>((resolve) => web.listen(0, '127.0.0.1', resolve));
    await fetched();
    const url = `https://127.0.0.1:${(web.address() as AddressInfo).port}`;
    const mirror = (path: string): string => gateway({ authority: { ...peer(), mirror: { url: `${url}${path}`, tlsCa: 'web.pem' } } });
    expect(await found(mirror('/ssmax'))).toEqual([]);
    expect(await found(mirror('/ssmax'), new Date(NOW.getTime() + 3 * 3_600_000))).toMatchObject([{ code: 'mirror-behind', level: 'warning', sentence: expect.stringContaining(url) as string }]);
    expect(await found(mirror('/elsewhere'))).toMatchObject([{ code: 'mirror-unusable', level: 'warning', sentence: expect.stringContaining('(answer-invalid)') as string }]);
    web.close();
    web.closeAllConnections();
  });

  it('in which the own key is not listed: a gateway’s, an inspection server’s', async () => {
    await fetched();
    await fetched('inspection-state');
    for (const role of ['gateway', 'inspection'] as const) {
      const { publicKey } = loadPrivateKey(generatePrivateKey());
      const certificate = await issueServer({
        publicKey, issuer: scene.hinode.issuer, validity: { notBefore: NOW, notAfter: SOON }, random: (length) => native.random(length), role, dnsNames: [`${role}.hinode.example`],
      });
      pem(`${role}.pem`, certificate);
      const all = role === 'gateway' ? await found() : await checkInspectionServer(inspection({ state: 'inspection-state', trust: { root: 'root.pem', server: 'https://keys.hinode.example' } }), NOW, undefined);
      expect(all).toMatchObject([{ code: 'spki-not-in-directory', level: 'error', sentence: expect.stringContaining(hex(certificate.spkiSha256)) as string, remedy: expect.stringContaining(`--${role}-spki`) as string }]);
    }
  });

  it('that lists the domain as always signed, while it is only observed here', async () => {
    await fetched();
    const stages = (stage: string): string => {
      writeFileSync(at('stages.yaml'), `domains:\n  hinode.example: ${stage}\n`);
      return gateway({ stages: 'stages.yaml' });
    };
    expect(await found(stages('protect'))).toEqual([]);
    expect(await found(stages('observe'))).toMatchObject([{ code: 'stage-behind-directory', level: 'error', sentence: expect.stringContaining('hinode.example') as string, remedy: expect.stringContaining('set the stage protect') as string }]);
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
