/** Mail from outside SSMAX at a gateway: what it finds out, and that nobody else can say it (docs/protocol.md §11.1). */
import { execFileSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { dkimSign } from 'mailauth';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type NameServer, startNameServer } from '../../../scripts/world/dns.ts';
import { type Bytes, utf8 } from '../../../src/core/bytes.ts';
import { type Judgement, judgeMail } from '../../../src/flow/open.ts';
import { REPORT_FIELD, signOutsideReport } from '../../../src/flow/outside-report.ts';
import type { Credential } from '../../../src/flow/ports.ts';
import { mailBytes } from '../../../src/mail/carrier.ts';
import { parseMime } from '../../../src/mail/mime.ts';
import { mailDigest } from '../../../src/mail/outside-digest.ts';
import { createOutsideDesk } from '../../../src/server/gateway/outside.ts';
import { toBase64 } from '../../../src/wire/json.ts';
import { createScene, HANAKO, type Scene, TARO } from '../../security/scene.ts';
import { native } from '../../flow/world.ts';

const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const CLIENT = { address: '192.0.2.1', helo: 'mail.outside.example' };

let scene: Scene;
let dns: NameServer;
let directory: string;

beforeAll(async () => {
  scene = await createScene();
  dns = await startNameServer();
  const key = publicKey.export({ type: 'spki', format: 'der' }).toString('base64');
  for (const domain of ['outside.example', 'bad.example']) {
    dns.texts.set(`s._domainkey.${domain}`, `v=DKIM1; k=rsa; p=${key}`);
    dns.texts.set(`_dmarc.${domain}`, 'v=DMARC1; p=reject');
    dns.texts.set(domain, 'v=spf1 ip4:192.0.2.1 -all');
  }
  directory = mkdtempSync(join(tmpdir(), 'ssmax-outside-'));
  const openssl = (...args: string[]): void => { execFileSync('openssl', args, { cwd: directory, stdio: 'ignore' }); };
  for (const ca of ['ca', 'other']) openssl('req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', `${ca}.key`, '-out', `${ca}.pem`, '-days', '2', '-subj', `/O=${ca}/CN=${ca}`);
  openssl('req', '-newkey', 'rsa:2048', '-nodes', '-keyout', 'bob.key', '-out', 'bob.csr', '-subj', '/CN=Bob');
  writeFileSync(join(directory, 'ext'), 'subjectAltName=email:bob@outside.example\nextendedKeyUsage=emailProtection\n');
  openssl('x509', '-req', '-in', 'bob.csr', '-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-out', 'bob.pem', '-days', '2', '-extfile', 'ext');
});
afterAll(() => {
  dns.close();
  rmSync(directory, { recursive: true });
});

function mail(from = 'bob@outside.example', extra = ''): Bytes {
  return utf8(`${extra}From: ${from}\r\nTo: hanako@tsukimi.example\r\nSubject: hi\r\nDate: Sun, 22 Nov 2026 03:00:00 +0000\r\nMessage-ID: <1@outside.example>\r\n\r\nhello\r\n`);
}

async function dkim(raw: Bytes, domain = 'outside.example'): Promise<Bytes> {
  const key = { signingDomain: domain, selector: 's', privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string };
  const { signatures } = await dkimSign(Buffer.from(raw), {
    canonicalization: 'relaxed/relaxed', ...key, signatureData: [key],
  });
  return utf8(`${signatures}${new TextDecoder().decode(raw)}`);
}

type Config = Parameters<typeof createOutsideDesk>[0]['config'];

async function pass(raw: Bytes, { from = 'bob@outside.example', client = CLIENT, config = {}, gateway = scene.tsukimi.gateway }: { from?: string; client?: typeof CLIENT; config?: Partial<Config>; gateway?: Credential } = {}): Promise<Bytes> {
  const desk = createOutsideDesk({
    config: { authentication: { by: 'gateway', dns: [{ host: '127.0.0.1', port: dns.port }] }, ...config }, credential: gateway, organisation: scene.tsukimi.id, clock: { now: () => scene.world.now },
  });
  return mailBytes(await desk.mark({ from, recipients: [HANAKO], client }, parseMime(raw, 'outer'), raw));
}

async function judge(raw: Bytes, address = HANAKO): Promise<Judgement> {
  return judgeMail(raw, { native, credentials: [], addresses: [address], trust: await scene.world.trust(), now: scene.world.now });
}

const fields = (raw: Bytes, name: string): string[] => parseMime(raw, 'outer').headers.all(name);

describe('SPF, DKIM and DMARC', () => {
  it('are found out, reported under the gateway\'s signature, and put into words that filters read', async () => {
    const passed = await pass(await dkim(mail()));
    expect(await judge(passed)).toMatchObject({
      state: 'outside', code: 'outside',
      report: { by: 'gateway', spf: { result: 'pass', domain: 'outside.example' }, dkim: [{ result: 'pass', domain: 'outside.example' }], dmarc: { result: 'pass', domain: 'outside.example' }, names: { en: 'Tsukimi Works' } },
    });
    expect(fields(passed, 'Authentication-Results')).toEqual(['gateway.tsukimi.example; spf=pass smtp.mailfrom=outside.example; dkim=pass header.d=outside.example; dmarc=pass header.from=outside.example']);
    expect(fields(passed, 'X-SSMAX-Outside')).toEqual(['1']);
  });

  it('a signature of another domain than From\'s confirms nothing', async () => {
    const passed = await pass(await dkim(mail('bob@outside.example'), 'bad.example'), { from: 'x@bad.example' });
    expect(await judge(passed)).toMatchObject({ report: { dkim: [{ result: 'pass', domain: 'bad.example' }], spf: { result: 'pass' }, dmarc: { result: 'fail', domain: 'outside.example' } } });
  });

  it('an altered mail, and one from elsewhere', async () => {
    const altered = utf8(new TextDecoder().decode(await dkim(mail())).replace('hello', 'hullo'));
    expect(await judge(await pass(altered, { client: { address: '198.51.100.7', helo: 'x' } }))).toMatchObject({ report: { dkim: [{ result: /neutral|fail/ }], spf: { result: 'fail' }, dmarc: { result: 'fail' } } });
  });

  it('of a domain that publishes nothing are none, and its mail passes', async () => {
    const { report } = await judge(await pass(mail('bob@silent.example'), { from: 'bob@silent.example' }));
    expect(report).toMatchObject({ by: 'gateway', spf: { result: 'none' }, dmarc: { result: 'none' } });
  });

  it('of two authors nothing is said', async () => {
    const { report } = await judge(await pass(mail('bob@outside.example', 'From: ceo@outside.example\r\n')));
    expect(report).toMatchObject({ dkim: [] });
    expect(report?.dmarc).toBeUndefined();
  });
});

describe('a mail server before the gateway', () => {
  const upstream = (addresses: string[]): Partial<Config> => ({ authentication: { by: 'upstream', name: 'mx.provider.example', addresses } });
  const field = 'Authentication-Results: mx.provider.example; spf=pass smtp.mailfrom=bob@outside.example;\r\n dmarc=pass (p=reject; \\) x) header.from=outside.example\r\n';
  const forged = 'Authentication-Results: mx.provider.example; dmarc=pass header.from=bank.example\r\n';

  it('is believed by its topmost field, which stays; no other does', async () => {
    const passed = await pass(mail(undefined, `${field}${forged}Authentication-Results: else.example; dmarc=pass header.from=x.example\r\n`), { config: upstream(['192.0.2.1']) });
    expect((await judge(passed)).report).toMatchObject({ by: 'upstream', dmarc: { result: 'pass', domain: 'outside.example' } });
    expect(fields(passed, 'Authentication-Results')).toHaveLength(1);
  });

  it('is not believed from another address', async () => {
    const passed = await pass(mail(undefined, forged), { config: upstream(['192.0.2.99']) });
    expect((await judge(passed)).report).toMatchObject({ by: 'nobody', dkim: [] });
    expect(fields(passed, 'Authentication-Results')).toEqual([]);
  });
});

describe('forged', () => {
  it('fields of ours and Authentication-Results are taken out', async () => {
    const passed = await pass(mail(undefined, 'Authentication-Results: gateway.tsukimi.example; dmarc=pass header.from=bank.example\r\nX-SSMAX-Outside-Report: x\r\nX-SSMAX-Content: 00\r\n'));
    expect(fields(passed, 'Authentication-Results')[0]).not.toContain('bank.example');
    expect([fields(passed, REPORT_FIELD).length, fields(passed, 'X-SSMAX-Content').length]).toEqual([1, 0]);
  });

  it('a report moved to another mail, to a mail with another author, or read by another organisation\'s member is none', async () => {
    const passed = await pass(await dkim(mail()));
    const text = new TextDecoder().decode(passed);
    for (const [changed, detail] of [[text.replace('hello', 'hullo'), 'outside-report-invalid'], [text.replace('From: bob@', 'From: eve@'), 'outside-report-invalid'], [text.replace(/^X-SSMAX-Outside-Report: .*\r\n(?: .*\r\n)*/m, (field) => field + field), 'outside-report-invalid']] as const) {
      const judgement = await judge(utf8(changed));
      expect([judgement.state, judgement.report, judgement.detail]).toEqual(['outside', undefined, detail]);
    }
    expect(await judge(passed, TARO)).toMatchObject({ state: 'outside', detail: 'outside-report-invalid' });
  });

  it('a report by a key that the directory does not list is none: another organisation\'s gateway, a member', async () => {
    for (const [signer, detail] of [[scene.hinode.gateway, 'gateway-unknown'], [scene.hanako, 'gateway-unknown']] as const) {
      const raw = mail();
      const der = await signOutsideReport({ version: 1, organisation: scene.tsukimi.id, mail: await mailDigest(raw), time: scene.world.now, by: 'gateway', dkim: [], dmarc: { result: 'pass', domain: 'outside.example' } }, signer);
      const judgement = await judge(utf8(`${REPORT_FIELD}: ${toBase64(der)}\r\n${new TextDecoder().decode(raw)}`));
      expect([judgement.state, judgement.report, judgement.detail]).toEqual(['outside', undefined, detail]);
    }
  });

  it('what servers add on the way and other line ends change nothing', async () => {
    const text = new TextDecoder().decode(await pass(await dkim(mail())));
    const delivered = `Return-Path: <bob@outside.example>\r\nReceived: from x\r\n${text}`.replaceAll('\r\n', '\n');
    expect((await judge(utf8(delivered))).report).toMatchObject({ dmarc: { result: 'pass' } });
  });
});

describe('a plain S/MIME signature', () => {
  function signed(from = 'bob@outside.example'): Bytes {
    writeFileSync(join(directory, 'text'), 'Content-Type: text/plain\r\n\r\nhello\r\n');
    execFileSync('openssl', ['cms', '-sign', '-in', 'text', '-signer', 'bob.pem', '-inkey', 'bob.key', '-md', 'sha256', '-crlfeol', '-out', 'signed.eml'], { cwd: directory, stdio: 'ignore' });
    return utf8(`From: ${from}\r\nTo: hanako@tsukimi.example\r\nSubject: x\r\n${readFileSync(join(directory, 'signed.eml'), 'latin1')}`);
  }
  const smime = async (raw: Bytes, smimeTrust?: string): Promise<unknown> =>
    (await judge(await pass(raw, { config: { authentication: { by: 'nobody' }, ...(smimeTrust !== undefined && { smimeTrust: join(directory, smimeTrust) }) } }))).report?.smime;

  it('is verified: signer, From, chain', async () => {
    expect(await smime(signed(), 'ca.pem')).toEqual({ result: 'valid', signer: { name: 'Bob', addresses: ['bob@outside.example'], issuer: 'ca' }, fromMatches: true, revocation: 'not-checked' });
  });
  it('by nobody whom the organisation trusts, or with another From', async () => {
    expect(await smime(signed(), 'other.pem')).toMatchObject({ result: 'untrusted', fromMatches: true });
    expect(await smime(signed())).toMatchObject({ result: 'untrusted' });
    expect(await smime(signed('eve@outside.example'), 'ca.pem')).toMatchObject({ result: 'valid', fromMatches: false });
  });
  it('over another text is invalid, and the mail is never more than outside', async () => {
    const altered = utf8(new TextDecoder('latin1').decode(signed()).replace('\r\nhello', '\r\nhullo'));
    expect(await smime(altered, 'ca.pem')).toMatchObject({ result: 'invalid' });
    expect(await judge(await pass(signed(), { config: { authentication: { by: 'nobody' }, smimeTrust: join(directory, 'ca.pem') } }))).toMatchObject({ state: 'outside' });
  });
  it('with a third part beside it is not taken for one', async () => {
    const text = new TextDecoder('latin1').decode(signed());
    const boundary = /boundary="([^"]+)"/.exec(text)?.[1] ?? '';
    const third = text.replace(`--${boundary}\r\n`, `--${boundary}\r\nContent-Type: text/html\r\n\r\n<p>shown</p>\r\n--${boundary}\r\n`);
    expect(await smime(utf8(third), 'ca.pem')).toMatchObject({ result: 'invalid' });
  });
});
