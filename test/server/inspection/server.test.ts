/** The inspection server over real TLS, with real clamd and real files. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Clamd, startClamd } from '../../../scripts/world/clamd.ts';
import { pathsBelow } from '../../../scripts/world/files.ts';
import { World } from '../../../scripts/world/process.ts';
import { until } from '../../../scripts/world/wait.ts';
import { type Bytes, concat, fromHex, hex, utf8 } from '../../../src/core/bytes.ts';
import { contentDigest, parseAuthEnvelopedData } from '../../../src/core/cms/auth-enveloped-data.ts';
import { parseSignedData } from '../../../src/core/cms/signed-data.ts';
import type { Certificate } from '../../../src/core/pki/certificate.ts';
import { encodePem } from '../../../src/core/pki/pem.ts';
import { checkInspection, runInspection, type RunningInspection } from '../../../src/server/inspection/main.ts';
import { saveKey } from '../../../src/server/shared/keystore.ts';
import { createLogger } from '../../../src/server/shared/log.ts';
import { createPinnedClient, type PinnedClient } from '../../../src/server/shared/pinned-client.ts';
import { toBase64 } from '../../../src/wire/json.ts';
import { decodeVerdict, type Verdict } from '../../../src/wire/verdict.ts';
import { type Deviations, makeOrganisation, type Organisation, type ServerIdentity, submission } from '../../flow/submissions.ts';

const MARKER = 'SSMAX-TEST-VIRUS-77aa';
const CANARY = 'CANARY-5d2e8c41-plaintext';
const HOST = 'inspection.hinode.example';
const passphrase = 'correct horse';

const logLines: string[] = [];
const log = createLogger({ server: 'inspection', level: 'debug', write: (line) => logLines.push(line) });

let world: World;
let clamd: Clamd;
let organisation: Organisation;
let certificate: Certificate;
let gateway: ServerIdentity;
let running: RunningInspection;
let client: PinnedClient;
let directory: string;

const POLICY = `version: 2026-11-22
outbound:
  - check: keywords
    words: [極秘]
inbound:
  - check: malware
`;

function config(changes: Readonly<Record<string, string>> = {}): string {
  const all: Record<string, string> = {
    listen: '127.0.0.1:0', health: '127.0.0.1:0', key: 'inspection.key', certificate: 'inspection.crt', organisation: 'organisation.crt',
    gateways: `["${hex(gateway.certificate.spkiSha256)}"]`, policy: 'policy.yaml', clamd: `{ socket: ${clamd.socket}, timeout: 20 }`, ...changes,
  };
  const file = join(directory, 'inspection.yaml');
  writeFileSync(file, Object.entries(all).map(([key, value]) => `${key}: ${value}\n`).join(''));
  return file;
}

const put = (name: string, text: string): void => writeFileSync(join(directory, name), text);

function clientAs({ pkcs8, certificate: own }: ServerIdentity, pin: Bytes = certificate.spkiSha256, { port } = running): PinnedClient {
  const made = createPinnedClient({
    identity: { key: pkcs8, certificates: [own.der] }, peer: 'inspection server', server: { host: '127.0.0.1', port }, pins: () => [pin],
  });
  world.closing(() => made.close());
  return made;
}

async function post(envelope: Bytes, query = 'leg=1&direction=outbound', from = client): Promise<Bytes> {
  return from.request({
    method: 'POST', path: `/v1/inspections?${query}&form=sealed`, body: envelope, contentType: 'application/octet-stream', headers: { 'ssmax-sender': 'taro@hinode.example' }, deadline: 60_000, maximumAnswer: 65_536,
  });
}

async function verdict(mail: Bytes, query?: string): Promise<Verdict> {
  return decodeVerdict(parseSignedData(await post(await seal(mail), query)).eContent);
}

const seal = (mail: Bytes, deviations?: Deviations): Promise<Bytes> => submission(mail, certificate, organisation.certificate, deviations);

const plain = (text: string): Bytes =>
  utf8(`Subject: s\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n${text}\r\n`);
const attached = (bytes: Uint8Array, times = 1): Bytes =>
  concat(
    utf8('Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nsee file\r\n'),
    ...Array.from({ length: times }, () => [utf8('--b\r\nContent-Type: application/gzip; name="a.gz"\r\nContent-Transfer-Encoding: base64\r\n\r\n'), utf8(`${toBase64(bytes)}\r\n`)]).flat(),
    utf8('--b--\r\n'),
  );

beforeAll(async () => {
  world = await World.open();
  directory = world.directory('inspection');
  clamd = await startClamd(world, { marker: MARKER });
  organisation = await makeOrganisation();
  gateway = await organisation.server('gateway', 'gateway.hinode.example');
  put('organisation.crt', encodePem('CERTIFICATE', organisation.certificate.der));
  put('policy.yaml', POLICY);
  const { pkcs8, certificate: own } = await organisation.server('inspection', HOST);
  certificate = own;
  await saveKey(join(directory, 'inspection.key'), pkcs8, passphrase);
  put('inspection.crt', encodePem('CERTIFICATE', certificate.der));
  running = await runInspection(config(), passphrase, { log });
  client = clientAs(gateway);
});

afterAll(async () => {
  client?.close();
  await running?.close();
  await world?.stop();
});

beforeEach(() => put('policy.yaml', POLICY));

describe('a mail', () => {
  test('that is clean passes, and the verdict is about it', async () => {
    const envelope = await seal(plain(CANARY));
    const answer = decodeVerdict(parseSignedData(await post(envelope)).eContent);
    expect(answer).toMatchObject({ leg: 1, direction: 'outbound', result: 'pass', findings: [], policy: '2026-11-22', organisation: 'NTRJP-2000012345678' });
    expect(answer.contentDigest).toEqual(await contentDigest(parseAuthEnvelopedData(envelope).body));
  });

  test('with a forbidden word is refused going out, and passes coming in', async () => {
    expect(await verdict(plain(`${CANARY} 極秘`))).toMatchObject({ result: 'refuse', findings: [{ code: 'keyword', part: 1 }] });
    expect(await verdict(plain(`${CANARY} 極秘`), 'leg=2&direction=inbound')).toMatchObject({ result: 'pass', leg: 2, direction: 'inbound' });
  });

  test('with malware is refused coming in, packed as it may be', async () => {
    expect(await verdict(plain(`${CANARY} ${MARKER}`), 'leg=2&direction=inbound')).toMatchObject({ result: 'refuse', findings: [{ code: 'malware', part: 1 }] });
    const packed = attached(gzipSync(utf8(`${CANARY} ${MARKER}`)));
    expect(await verdict(packed, 'leg=1&direction=inbound')).toMatchObject({ result: 'refuse', findings: [{ code: 'malware', part: 2 }] });
  });

  test('that could be read in two ways is refused', async () => {
    expect(await verdict(utf8(`Subject: ${CANARY}\r\nSubject: b\r\n\r\n`))).toMatchObject({ result: 'refuse', findings: [{ code: 'mime-ambiguous', part: 0 }] });
  });

  test('of 25 MB passes through', async () => {
    const bytes = new Uint8Array(25_000_000).fill(0x61);
    const big = concat(utf8('Content-Type: application/octet-stream\r\nContent-Transfer-Encoding: binary\r\n\r\n'), bytes);
    expect(await verdict(big, 'leg=2&direction=inbound')).toMatchObject({ result: 'pass' });
  });
});

describe('refused with a code', () => {
  test.each<[string, string, Deviations]>([
    ['another purpose', 'label-mismatch', { label: { purpose: 'transfer' } }],
    ['another target', 'label-mismatch', { label: { targetKey: new Uint8Array(32) } }],
    ['another sealer', 'organisation-changing', { label: { sealer: new Uint8Array(32) } }],
    ['other content', 'content-digest-mismatch', { label: { contentDigest: new Uint8Array(32) } }],
    ['a wrong proof', 'content-invalid', { kemct: (kemct) => ({ ...kemct, f: new Uint8Array(32).fill(1) }) }],
    ['a wrong commitment', 'content-invalid', { otherCek: new Uint8Array(32).fill(1) }],
    ['two recipient infos', 'recipient-info-count', { infos: (info) => [info, fromHex('3000')] }],
  ])('%s', async (_, code, deviations) => {
    await expect(post(await seal(plain(CANARY), deviations))).rejects.toMatchObject({ code });
  });

  test.each(['', 'leg=3&direction=inbound', 'leg=1', 'leg=1&direction=sideways', 'leg=1&direction=inbound&more=1'])('a query such as "%s"', async (query) => {
    await expect(post(await seal(plain('x')), query)).rejects.toMatchObject({ kind: 'refused', code: 'request-invalid' });
  });

  test('another content type, another path, too large a body', async () => {
    const common = { method: 'POST', path: '/v1/inspections?leg=1&direction=outbound&form=sealed', deadline: 60_000, maximumAnswer: 1000 } as const;
    await expect(client.request({ ...common, body: await seal(plain('x')), contentType: 'application/json' })).rejects.toMatchObject({ code: 'request-invalid' });
    await expect(client.request({ ...common, body: await seal(plain('x')), contentType: 'application/octet-stream' })).rejects.toMatchObject({ code: 'address-invalid' });
    await expect(client.request({ ...common, path: '/v1/else', body: utf8('x') })).rejects.toMatchObject({ code: 'not-found' });
    await expect(post(new Uint8Array(64 * 1024 * 1024 + 1))).rejects.toMatchObject({ kind: expect.stringMatching(/refused|unavailable/) as string });
    await expect(post(utf8('no DER at all'))).rejects.toMatchObject({ code: 'der-invalid' });
  });
});

describe('only the gateway', () => {
  test('may call: another server of the same organisation is cut off', async () => {
    const other = clientAs(await organisation.server('gateway', 'gateway.hinode.example'));
    await expect(post(await seal(plain('x')), undefined, other)).rejects.toMatchObject({ kind: 'unavailable' });
    expect(logLines.join('')).toContain('peer-not-pinned');
  });

  test('is answered by the pinned key alone', async () => {
    await expect(post(await seal(plain('x')), undefined, clientAs(gateway, new Uint8Array(32)))).rejects.toMatchObject({ code: 'peer-not-pinned' });
  });
});

async function readiness(port: number): Promise<number> {
  const response = await fetch(`http://127.0.0.1:${port}/readyz`);
  await response.arrayBuffer();
  return response.status;
}

describe('the scanner', () => {
  test('is part of being ready', async () => {
    expect(await readiness(running.healthPort ?? 0)).toBe(200);
    const figures = await (await fetch(`http://127.0.0.1:${running.healthPort ?? 0}/metrics`)).text();
    expect(figures).toMatch(/^ssmax_inspections_total\{direction="outbound",result="refuse"\} \d+$/m);
  });

  test('being away, incoming mail is put off, never passed; outgoing mail goes on', async () => {
    const lonely = await runInspection(config({ clamd: '{ socket: nobody }' }), passphrase, { log });
    try {
      const caller = clientAs(gateway, undefined, lonely);
      await expect(post(await seal(plain('x')), 'leg=2&direction=inbound', caller)).rejects.toMatchObject({ kind: 'unavailable', code: 'scanner-unavailable' });
      expect(decodeVerdict(parseSignedData(await post(await seal(plain('x')), undefined, caller)).eContent).result).toBe('pass');
      expect(await readiness(lonely.healthPort ?? 0)).toBe(503);
    } finally {
      await lonely.close();
    }
  });

  test('must be configured when the policy asks for it', async () => {
    const file = config();
    writeFileSync(file, readFileSync(file, 'utf8').replace(/^clamd:.*\n/m, ''));
    await expect(runInspection(file, passphrase, { log })).rejects.toMatchObject({ code: 'scanner-not-configured' });
  });
});

describe('the bounds of a reading are those of the configuration', () => {
  /** The processes that read mails for the servers of this file. */
  const readers = (): number[] => readdirSync('/proc').filter((name) => /^\d+$/.test(name)).map(Number).filter((pid) => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('reading/child.ts') && readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ')[1] === String(process.pid);
    } catch {
      return false; // it has ended meanwhile
    }
  });
  let before = 0;
  const failed = (): unknown[] => logLines.slice(before).filter((line) => line.includes('"event":"reading-failed"')).map((line) => (JSON.parse(line) as { code: unknown }).code);
  /** Has one server beside the usual one, with these bounds, and its reading process. */
  async function bounded(reading: string, tests: (caller: PinnedClient, its: number, usual: number) => Promise<void>): Promise<void> {
    await verdict(plain('x'));
    const [usual = 0] = readers();
    const server = await runInspection(config({ reading }), passphrase, { log });
    before = logLines.length;
    try {
      const caller = clientAs(gateway, undefined, server);
      await post(await seal(plain('x')), undefined, caller);
      const [its = 0] = readers().filter((pid) => pid !== usual);
      await tests(caller, its, usual);
    } finally {
      await server.close();
    }
  }
  const resultOf = async (answer: Promise<Bytes>): Promise<Verdict> => decodeVerdict(parseSignedData(await answer).eContent);

  test('seconds: of two processes that hang, the one that may take one second is ended, the other one’s mail is read when it goes on', async () => {
    await bounded('{ seconds: 1 }', async (caller, its, usual) => {
      for (const pid of [its, usual]) process.kill(pid, 'SIGSTOP');
      const waiting = verdict(plain('x'));
      try {
        expect(await resultOf(post(await seal(plain('x')), undefined, caller))).toMatchObject({ result: 'refuse', findings: [{ code: 'reading-failed' }] });
        expect(failed()).toEqual(['timeout']);
      } finally {
        process.kill(usual, 'SIGCONT');
      }
      expect(await waiting).toMatchObject({ result: 'pass' });
    });
  });

  test('megabytes: of a mail that takes more than they allow nothing is read; with the usual ones it is', async () => {
    const large = await seal(attached(gzipSync(new Uint8Array(200 * 2 ** 20)), 3));
    await bounded('{ megabytes: 256 }', async (caller) => {
      expect(await resultOf(post(large, undefined, caller))).toMatchObject({ result: 'refuse', findings: [{ code: 'reading-failed' }] });
      expect(failed()).toEqual(['memory']);
      expect(await resultOf(post(large))).not.toMatchObject({ findings: [{ code: 'reading-failed' }] });
      expect(failed()).toEqual(['memory']);
    });
  });
});

describe('starting', () => {
  test('fails with another passphrase', async () => {
    await expect(runInspection(config(), 'wrong', { log })).rejects.toMatchObject({ code: 'passphrase-wrong' });
  });

  test('fails with another organisation’s certificate, another role, another key', async () => {
    put('other.crt', encodePem('CERTIFICATE', (await makeOrganisation()).certificate.der));
    await expect(runInspection(config({ organisation: 'other.crt' }), passphrase, { log })).rejects.toMatchObject({ code: 'certificate-of-another-organisation' });
    put('gateway.crt', encodePem('CERTIFICATE', gateway.certificate.der));
    await expect(runInspection(config({ certificate: 'gateway.crt' }), passphrase, { log })).rejects.toMatchObject({ code: 'certificate-role' });
    put('twin.crt', encodePem('CERTIFICATE', (await organisation.server('inspection', HOST)).certificate.der));
    await expect(runInspection(config({ certificate: 'twin.crt' }), passphrase, { log })).rejects.toMatchObject({ code: 'certificate-key-mismatch' });
  });

  test('fails with the line of what is wrong in the configuration', async () => {
    await expect(runInspection(config({ gateways: '[abc]' }), passphrase, { log })).rejects.toMatchObject({ code: 'config-invalid', params: { line: 6 } });
  });

  test('fails when its certificate is out of force', async () => {
    const clock = { now: () => new Date('2046-01-01T00:00:00Z') };
    await expect(runInspection(config(), passphrase, { log, clock })).rejects.toMatchObject({ code: 'certificate-not-in-force' });
  });
});

test('a changed policy is taken at once, a wrong one not at all', async () => {
  put('policy.yaml', POLICY.replace('2026-11-22', 'next').replace('極秘', '部外秘'));
  running.reloadPolicy();
  expect(await verdict(plain('部外秘'))).toMatchObject({ result: 'refuse', policy: 'next' });
  put('policy.yaml', 'version: 3\n');
  expect(() => checkInspection(config())).toThrow('config-invalid');
  running.reloadPolicy();
  expect(logLines.join('')).toContain('policy-not-reloaded');
  expect(await verdict(plain('極秘'))).toMatchObject({ result: 'pass', policy: 'next' });
  put('policy.yaml', POLICY);
  running.reloadPolicy();
});

test('lines in the log tell digest, direction, result, codes and time', () => {
  const lines = logLines.map((line) => JSON.parse(line) as Record<string, unknown>).filter(({ event }) => event === 'inspected');
  expect(lines).toContainEqual({
    time: expect.any(String) as string, level: 'info', server: 'inspection', event: 'inspected', contentDigest: expect.stringMatching(/^[0-9a-f]{16}$/) as string,
    leg: 1, direction: 'outbound', result: 'refuse', code: 'keyword', milliseconds: expect.any(Number) as number,
  });
});

test('nothing of the content is in a log, in a file or in the scanner’s directory', async () => {
  await until(() => clamd.leftovers().length === 0, { what: 'an empty temporary directory' });
  expect(logLines.join('')).not.toContain(CANARY);
  for (const name of pathsBelow(world.dir)) {
    const path = join(world.dir, name);
    let bytes: Buffer;
    try {
      bytes = readFileSync(path);
    } catch {
      continue; // directories and sockets
    }
    expect(bytes.includes(CANARY), path).toBe(false);
  }
});

test('once closed it takes no more', async () => {
  await running.close();
  const socket = connect(running.port, '127.0.0.1');
  await expect(new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject))).rejects.toMatchObject({ code: 'ECONNREFUSED' });
});
