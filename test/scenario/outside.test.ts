/** Mail between SSMAX and the rest of the world: real Postfix on both sides, a mail server without SSMAX outside, OpenSSL as the reader. */
import { execFile, execFileSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { dkimSign } from 'mailauth';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type NameServer, startNameServer } from '../../scripts/world/dns.ts';
import { MailStore } from '../../scripts/world/imap.ts';
import { HINODE, type LocalOrganisation, type LocalWorld, PASSPHRASE, startLocalWorld } from '../../scripts/world/local-world.ts';
import { startPostfix } from '../../scripts/world/postfix.ts';
import { World } from '../../scripts/world/process.ts';
import { submit } from '../../scripts/world/smtp.ts';
import { runSsmax, ssmax } from '../../scripts/world/ssmax.ts';
import { until } from '../../scripts/world/wait.ts';
import { type Bytes, hex, utf8 } from '../../src/core/bytes.ts';
import { encodePem } from '../../src/core/pki/pem.ts';
import type { Judgement } from '../../src/flow/open.ts';
import { parseMime } from '../../src/mail/mime.ts';
import { generatePrivateKey } from '../../src/platform/node-crypto.ts';
import { saveKey } from '../../src/server/shared/keystore.ts';
import { Correspondent } from './correspondent.ts';

vi.setConfig({ testTimeout: 240_000, hookTimeout: 300_000 });

const MIKA = 'mika@outside.example';
const run = promisify(execFile);
const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });

let world: World;
let dns: NameServer;
let local: LocalWorld;
let hinode: LocalOrganisation;
let taro: Correspondent;
let files: string;

beforeAll(async () => {
  world = await World.open();
  dns = await startNameServer();
  dns.texts.set('s._domainkey.outside.example', `v=DKIM1; k=rsa; p=${publicKey.export({ type: 'spki', format: 'der' }).toString('base64')}`);
  dns.texts.set('_dmarc.outside.example', 'v=DMARC1; p=reject');
  dns.texts.set('outside.example', 'v=spf1 ip4:127.0.0.1 -all');
  files = world.directory('files');
  makeSmimeCa();
  writeFileSync(join(files, 'stages.yaml'), 'domains: {}\n');
  local = await startLocalWorld(world, [{ ...HINODE, signedOnly: ['outside.example'] }], {
    outside: { domain: 'outside.example', users: ['mika'] },
    gateway: { stages: join(files, 'stages.yaml'), outside: { authentication: { by: 'gateway', dns: [`127.0.0.1:${dns.port}`] }, smimeTrust: join(files, 'trust.pem') } },
  });
  [hinode] = local.organisations as [LocalOrganisation];
  const pkcs8 = generatePrivateKey();
  taro = await Correspondent.enrol(local, hinode, 'taro', pkcs8);
  await saveKey(join(files, 'taro.key'), pkcs8, PASSPHRASE);
  writeFileSync(join(files, 'taro.pem'), encodePem('CERTIFICATE', taro.credential.certificate.der));
  writeFileSync(join(files, 'web-ca.pem'), local.webCa);
  await ssmax(['trust', 'fetch', '--server', hinode.pluginUrl, '--tls-ca', join(files, 'web-ca.pem'), '--root', join(local.authority.dir, 'root.pem'), '--out', join(files, 'trust')]);
});
afterAll(async () => {
  dns.close();
  await world.stop();
});

/** A private S/MIME authority with two people, one of whom it revoked, and its CRL. */
function makeSmimeCa(): void {
  const openssl = (...args: string[]): void => { execFileSync('openssl', args, { cwd: files, stdio: 'pipe' }); };
  openssl('req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', 'ca.key', '-out', 'ca.pem', '-days', '2', '-subj', '/O=Outside CA/CN=Outside CA');
  writeFileSync(join(files, 'ext'), `subjectAltName=email:${MIKA}\nextendedKeyUsage=emailProtection\n`);
  for (const name of ['good', 'gone']) {
    openssl('req', '-newkey', 'rsa:2048', '-nodes', '-keyout', `${name}.key`, '-out', `${name}.csr`, '-subj', `/CN=${name}`);
    openssl('x509', '-req', '-in', `${name}.csr`, '-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-out', `${name}.pem`, '-days', '2', '-extfile', 'ext');
  }
  writeFileSync(join(files, 'index.txt'), '');
  writeFileSync(join(files, 'ca.cnf'), '[ca]\ndefault_ca=d\n[d]\ndatabase=index.txt\ndefault_md=sha256\ndefault_crl_days=1\n');
  openssl('ca', '-config', 'ca.cnf', '-cert', 'ca.pem', '-keyfile', 'ca.key', '-revoke', 'gone.pem');
  openssl('ca', '-config', 'ca.cnf', '-cert', 'ca.pem', '-keyfile', 'ca.key', '-gencrl', '-out', 'crl.pem');
  writeFileSync(join(files, 'trust.pem'), readFileSync(join(files, 'ca.pem'), 'utf8') + readFileSync(join(files, 'crl.pem'), 'utf8'));
}

function written(to: string, body: string, bcc = ''): string {
  return `From: ${taro.address}\r\nTo: ${to}\r\n${bcc}Subject: Notice\r\nDate: ${new Date().toUTCString().replace('GMT', '+0000')}\r\nMessage-ID: <${crypto.randomUUID()}@hinode.example>\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n${body}\r\n`;
}

/** What `ssmax seal` makes of a mail, in a pipe as a script would. */
async function seal(mail: string, ...options: string[]): Promise<Bytes> {
  const { code, stdout, stderr } = await runSsmax(
    ['seal', '--key', join(files, 'taro.key'), '--certificate', join(files, 'taro.pem'), '--trust', join(files, 'trust'), ...options], { passphrase: PASSPHRASE, input: utf8(mail) },
  );
  if (code !== 0) throw new Error(stderr);
  return new Uint8Array(stdout);
}

function inbox(): MailStore {
  return new MailStore(local.dovecot.ports.imap, local.account(MIKA));
}

async function received(): Promise<Bytes> {
  const [message] = await inbox().waitFor(1);
  await inbox().delete();
  return message?.raw ?? new Uint8Array(0);
}

/** Verifies as a reader with nothing but the Authority's root. */
async function openssl(raw: Bytes): Promise<string> {
  writeFileSync(join(files, 'received.eml'), raw);
  const { stdout } = await run('openssl', [
    'cms', '-verify', '-in', 'received.eml', '-CAfile', join(local.authority.dir, 'root.pem'), '-no-CApath', '-no-CAstore', '-purpose', 'smimesign', '-x509_strict', '-signer', 'signer.pem',
  ], { cwd: files });
  return stdout;
}

describe('to outside', () => {
  it('goes signed only: OpenSSL finds it genuine by the Authority’s root, and ssmax verify says so', async () => {
    const raw = await seal(written(MIKA, '本日の説明会は中止です。', 'Bcc: kei@outside.example\r\n'), '--outside-signed-only');
    expect((await taro.submit(raw, [MIKA])).final.text).toMatch(/^250 /);
    const mail = await received();
    const text = Buffer.from(mail).toString('latin1');
    expect(text).not.toMatch(/^X-SSMAX: /m);
    expect(text).not.toMatch(/kei@/);
    expect(await openssl(mail)).toContain(Buffer.from('本日の説明会は中止です。').toString('base64').slice(0, 20));
    const { stdout: names } = await run('openssl', ['x509', '-in', 'signer.pem', '-noout', '-subject', '-ext', 'subjectAltName', '-nameopt', 'utf8'], { cwd: files });
    expect(names).toMatch(/日之出市役所[\s\S]*email:taro@hinode\.example/);
    // Nothing of the member's own certificate left the organisation.
    const { certificate } = taro.credential;
    for (const secret of [certificate.der, certificate.sha256, certificate.spkiSha256]) {
      expect(Buffer.from(parseMime(mail, 'outer').children[1]?.body() ?? []).includes(Buffer.from(secret))).toBe(false);
      expect(text.toLowerCase()).not.toContain(hex(secret));
    }
    const verified = await runSsmax(['verify', '--trust', join(files, 'trust'), '--smime-trust', join(local.authority.dir, 'root.pem'), join(files, 'received.eml')]);
    expect(verified.stdout.toString()).toMatch(/S\/MIME.*valid/i);
    const signedSubject = text.lastIndexOf('Subject: Notice');
    const changedMail = Buffer.from(`${text.slice(0, signedSubject)}Subject: Refund${text.slice(signedSubject + 'Subject: Notice'.length)}`, 'latin1');
    writeFileSync(join(files, 'changed.eml'), changedMail);
    await expect(openssl(new Uint8Array(changedMail))).rejects.toThrow(/verif/i);
    const changed = await runSsmax(['verify', '--trust', join(files, 'trust'), '--smime-trust', join(local.authority.dir, 'root.pem'), join(files, 'changed.eml')]);
    expect(changed.stdout.toString()).toMatch(/S\/MIME.*invalid/i);
  });

  it('is trusted for the organisation’s own domain only: its key cannot speak for another', async () => {
    const sh = (...args: string[]): Promise<unknown> => run('openssl', args, { cwd: files });
    await sh('pkey', '-in', join(hinode.dir, 'organisation.key'), '-passin', `pass:${PASSPHRASE}`, '-out', 'organisation.plain');
    writeFileSync(join(files, 'false.ext'), 'subjectAltName=email:ceo@tsukimi.example\nextendedKeyUsage=emailProtection\nkeyUsage=digitalSignature\nbasicConstraints=critical,CA:FALSE\nauthorityKeyIdentifier=keyid\n');
    await sh('req', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', 'false.key', '-out', 'false.csr', '-utf8', '-subj', `/C=JP/O=${HINODE.names.ja}/2.5.4.97=${HINODE.id}/CN=x`);
    await sh('x509', '-req', '-in', 'false.csr', '-CA', join(hinode.dir, 'organisation.pem'), '-CAkey', 'organisation.plain', '-set_serial', '7', '-out', 'false.pem', '-days', '2', '-extfile', 'false.ext');
    writeFileSync(join(files, 'false.txt'), 'Content-Type: text/plain\r\n\r\nhello\r\n');
    await sh('cms', '-sign', '-in', 'false.txt', '-signer', 'false.pem', '-inkey', 'false.key', '-certfile', join(hinode.dir, 'organisation.pem'), '-md', 'sha256', '-out', 'false.eml');
    await expect(openssl(new Uint8Array(readFileSync(join(files, 'false.eml'))))).rejects.toThrow(/permitted subtree violation/);
  });

  it('is inspected, refused to domains that the policy does not have, and never mixed with people inside', async () => {
    const send = async (raw: Bytes, to: string[]): Promise<string> => (await taro.submit(raw, to)).final.text;
    expect(await send(await seal(written(MIKA, 'これは社外秘です'), '--outside-signed-only'), [MIKA])).toMatch(/^550 5\.7\.1 SSMAX-keyword /);
    // Postfix here knows no way to that domain; the gateway is asked itself.
    const elsewhere = await seal(written('x@else.example', 'a'), '--outside-signed-only');
    const { final } = await submit({ port: hinode.ports.gateway.submission, envelope: { from: taro.address, to: ['x@else.example'] }, raw: elsewhere });
    expect(final.text).toMatch(/^550 5\.7\.1 SSMAX-recipients-outside /);
    await expect(seal(written(`${MIKA}, yuki@hinode.example`, 'a'), '--outside-signed-only')).rejects.toThrow(/recipients-mixed/);
    await expect(seal(written(MIKA, 'a'))).rejects.toThrow(/recipients-outside/);
    // Readers outside see the outer header: it says what was signed.
    const other = utf8(new TextDecoder().decode(await seal(written(MIKA, 'a'), '--outside-signed-only')).replace('Subject: Notice', 'Subject: Refund'));
    expect(await send(other, [MIKA])).toMatch(/^550 5\.7\.1 SSMAX-headers-differ /);
    expect(await ssmax(['audit', 'verify', '--state', hinode.state])).toMatch(/^good: /);
  });
});

describe('from outside', () => {
  async function send(raw: Bytes): Promise<Judgement & { raw: Bytes }> {
    const port = local.outside?.ports.submission ?? 0;
    expect((await submit({ port, account: local.account(MIKA), envelope: { from: MIKA, to: [taro.address] }, raw })).final.text).toMatch(/^250 /);
    const [message] = await taro.receive(1);
    await taro.mailbox().delete();
    const delivered = message?.raw ?? new Uint8Array(0);
    return { ...await taro.judge(delivered), raw: delivered };
  }
  const plain = (extra = ''): Bytes => utf8(`${extra}From: ${MIKA}\r\nTo: ${taro.address}\r\nSubject: hi\r\nDate: Sun, 22 Nov 2026 03:00:00 +0000\r\nMessage-ID: <${crypto.randomUUID()}@outside.example>\r\n\r\nhello\r\n`);

  it('passes, marked with what SPF, DKIM and DMARC say; a forged Authentication-Results is taken out', async () => {
    const raw = plain('Authentication-Results: gateway.hinode.example; dmarc=pass header.from=bank.example\r\n');
    const key = { signingDomain: 'outside.example', selector: 's', privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string };
    const { signatures } = await dkimSign(Buffer.from(raw), { canonicalization: 'relaxed/relaxed', ...key, signatureData: [key] });
    const judgement = await send(utf8(`${signatures}${new TextDecoder().decode(raw)}`));
    expect(judgement).toMatchObject({
      state: 'outside', report: { by: 'gateway', spf: { result: 'pass' }, dkim: [{ result: 'pass', domain: 'outside.example' }], dmarc: { result: 'pass', domain: 'outside.example' } },
    });
    expect(Buffer.from(judgement.raw).toString()).not.toContain('bank.example');
  });

  it('an S/MIME signature is verified, by the authority’s CRL too', async () => {
    const signed = async (name: string): Promise<unknown> => {
      writeFileSync(join(files, 'text'), 'Content-Type: text/plain\r\n\r\nhello\r\n');
      await run('openssl', ['cms', '-sign', '-in', 'text', '-signer', `${name}.pem`, '-inkey', `${name}.key`, '-md', 'sha256', '-crlfeol', '-out', `${name}.eml`], { cwd: files });
      const head = `From: ${MIKA}\r\nTo: ${taro.address}\r\nSubject: x\r\nDate: Sun, 22 Nov 2026 03:00:00 +0000\r\nMessage-ID: <${crypto.randomUUID()}@outside.example>\r\n`;
      const { state, report } = await send(utf8(`${head}${readFileSync(join(files, `${name}.eml`), 'latin1').replace(/\r?\n/g, '\r\n')}`));
      expect(state).toBe('outside');
      return report?.smime;
    };
    expect(await signed('good')).toMatchObject({ result: 'valid', fromMatches: true, revocation: 'good', signer: { name: 'good', issuer: 'Outside CA' } });
    expect(await signed('gone')).toMatchObject({ result: 'valid', revocation: 'revoked' });
  });
});

/** A provider takes hinode's mail from the Internet, looks at it, and hands it on from an address of its own. */
describe('from outside, behind a mail server that is trusted to look at it', () => {
  const NAME = 'mx.provider.example';
  let provider: number;
  beforeAll(async () => {
    // On top of all that came with the mail.
    writeFileSync(join(files, 'looks-at-mail'), `/^Received: .*by mail\\.provider\\.example/ PREPEND Authentication-Results: ${NAME};\n  spf=softfail smtp.mailfrom=outside.example; dkim=pass header.d=newsletter.example; dmarc=fail header.from=outside.example\n`);
    const ports = { arriving: await world.ports.take(), submission: await world.ports.take(), reinjection: await world.ports.take() };
    await startPostfix(world, {
      name: 'provider', domain: 'provider.example', mailboxes: [], ports, lmtpPort: local.dovecot.ports.lmtp, routes: new Map([['hinode.example', hinode.ports.postfix.arriving]]), authSocket: local.dovecot.authSocket,
      parameters: { relay_domains: 'hinode.example', smtp_bind_address: '127.0.0.2', header_checks: `regexp:${join(files, 'looks-at-mail')}` },
    });
    provider = ports.arriving;
    const file = join(hinode.dir, 'gateway.yaml');
    const config = JSON.parse(readFileSync(file, 'utf8')) as { outside: object };
    writeFileSync(file, JSON.stringify({ ...config, outside: { ...config.outside, authentication: { by: 'upstream', name: NAME, addresses: ['127.0.0.2'] } } }));
    await hinode.servers.gateway.stop();
    await hinode.restart('gateway');
  });

  const forged = [NAME, 'gateway.hinode.example', 'else.example'].map((name) => `Authentication-Results: ${name}; spf=pass smtp.mailfrom=bank.example; dmarc=pass header.from=bank.example\r\n`).join('');
  async function send(port: number): Promise<{ report: Judgement['report']; fields: string[]; text: string }> {
    const raw = utf8(`${forged}From: ${MIKA}\r\nTo: ${taro.address}\r\nSubject: hi\r\nDate: Sun, 22 Nov 2026 03:00:00 +0000\r\nMessage-ID: <${crypto.randomUUID()}@outside.example>\r\n\r\nhello\r\n`);
    expect((await submit({ port, envelope: { from: MIKA, to: [taro.address] }, raw })).final.text).toMatch(/^250 /);
    const [message] = await taro.receive(1);
    await taro.mailbox().delete();
    const delivered = message?.raw ?? new Uint8Array(0);
    const { state, report } = await taro.judge(delivered);
    expect(state).toBe('outside');
    return { report, fields: parseMime(delivered, 'outer').headers.all('Authentication-Results'), text: Buffer.from(delivered).toString('latin1') };
  }

  it('what it found is taken over, though this gateway would find something else; others’ fields and those forged in its name go', async () => {
    const { report, fields, text } = await send(provider);
    expect(text).toMatch(/by mail\.provider\.example/);
    expect(report).toMatchObject({
      by: 'upstream', spf: { result: 'softfail', domain: 'outside.example' }, dkim: [{ result: 'pass', domain: 'newsletter.example' }], dmarc: { result: 'fail', domain: 'outside.example' },
    });
    expect(fields).toEqual([expect.stringMatching(/^mx\.provider\.example;\s+spf=softfail/)]);
    expect(text).not.toContain('bank.example');
  });

  it('its name in mail from anywhere else is believed by nobody and taken out', async () => {
    const { report, fields, text } = await send(hinode.ports.postfix.arriving);
    expect(report).toMatchObject({ by: 'nobody', dkim: [] });
    expect([report?.spf, report?.dmarc, fields]).toEqual([undefined, undefined, []]);
    expect(text).not.toContain('bank.example');
  });
});

describe('the stages of the introduction, each taken back', () => {
  const YUKI = 'yuki@hinode.example';
  const plain = (from: string, to: string): Bytes => utf8(`From: ${from}\r\nTo: ${to}\r\nSubject: hi\r\nDate: ${new Date().toUTCString().replace('GMT', '+0000')}\r\nMessage-ID: <${crypto.randomUUID()}@example>\r\n\r\nhello\r\n`);
  /** Without SSMAX, as an unequipped mail program sends it. */
  const leave = async (from: string): Promise<string> => (await submit({
    port: hinode.ports.postfix.submission, account: local.account(from), envelope: { from, to: [MIKA] }, raw: plain(from, MIKA),
  })).final.text;
  /** As any server of the Internet may hand it in. */
  const claim = async (): Promise<string> => (await submit({
    port: hinode.ports.postfix.arriving, envelope: { from: MIKA, to: [taro.address] }, raw: plain(YUKI, taro.address),
  })).final.text;
  const stage = async (...words: string[]): Promise<string> => ssmax(['stage', ...words, '--config', join(hinode.dir, 'gateway.yaml')]);
  /** The gateway follows its file. */
  const becomes = (answer: () => Promise<string>, wanted: RegExp): Promise<string> => until(async () => {
    const text = await answer();
    return wanted.test(text) ? text : undefined;
  }, { what: String(wanted), withinMs: 60_000, everyMs: 500 });

  it('observe lets unprotected mail out, marked; a group is strict before its domain', async () => {
    expect(await leave(YUKI)).toMatch(/^550 5\.7\.1 SSMAX-not-protected /);
    await stage('set', 'hinode.example', 'observe');
    await becomes(() => leave(YUKI), /^250 /);
    expect(Buffer.from(await received()).toString()).toContain('X-SSMAX-Stage: observe');
    writeFileSync(join(files, 'pilot.txt'), `${taro.address}\n`);
    expect(await stage('set', 'pilot', 'protect', '--members', join(files, 'pilot.txt'))).toMatch(/protect +pilot/);
    await becomes(() => leave(taro.address), /^550 5\.7\.1 SSMAX-not-protected /);
    expect(await leave(YUKI)).toMatch(/^250 /);
    await inbox().delete();
    await stage('remove', 'pilot');
    await becomes(() => leave(taro.address), /^250 /);
    await stage('set', 'hinode.example', 'protect');
    await becomes(() => leave(YUKI), /^550 5\.7\.1 SSMAX-not-protected /);
    await inbox().delete();
  });

  it('alwaysSigned, published by the Authority or set here alone, refuses mail in the organisation’s name', async () => {
    const publish = async (...domains: string[]): Promise<string> => ssmax(['authority', 'always-signed', HINODE.id, ...domains.flatMap((domain) => ['--domain', domain]), '--state', local.authority.state]);
    expect(await claim()).toMatch(/^550 5\.7\.1 SSMAX-impersonation /); // the world's directory says so from the start
    await publish();
    await becomes(claim, /^250 /);
    await stage('set', 'hinode.example', 'alwaysSigned');
    await becomes(claim, /^550 5\.7\.1 SSMAX-impersonation /);
    await stage('set', 'hinode.example', 'protect');
    await becomes(claim, /^250 /);
    await publish('hinode.example');
    await becomes(claim, /^550 5\.7\.1 SSMAX-impersonation /);
    await taro.mailbox().delete();
  });
});
