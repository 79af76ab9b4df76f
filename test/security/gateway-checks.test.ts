/** What a gateway lets in (docs/protocol.md §11 item 2), and mail without a seal. */
import { stripMark } from '../../src/mail/carrier.ts';
import { beforeAll, describe, expect, it } from 'vitest';
import { type Bytes, utf8 } from '../../src/core/bytes.ts';
import { type Arrival, type GatewayParts, relay } from '../../src/flow/relay.ts';
import { handle, type HandlerParts, type ListenerName } from '../../src/server/gateway/handle.ts';
import type { Copy } from '../../src/server/gateway/reinject.ts';
import type { TestOrganisation } from '../flow/world.ts';
import { craft } from './craft.ts';
import { REPORT } from './delivery-report.ts';
import { allowOutside, MIKA, sealOutside } from './outside.ts';
import { arrive, chain, createScene, HANAKO, JIRO, KEN, mail, refusal, type Scene, seal, SUZU, TARO, YUKI } from './scene.ts';

let scene: Scene;
beforeAll(async () => {
  scene = await createScene();
});

/** A gateway that must decide by itself: any call of its key server is an error. */
function alone(organisation: TestOrganisation): GatewayParts {
  const keyServer = new Proxy(organisation.parts.keyServer, { get: () => () => Promise.reject(new Error('the key server was asked')) });
  return { ...organisation.parts, keyServer };
}

const submitAlone = (cms: Bytes, to: readonly string[], change: Partial<Arrival> = {}): Promise<unknown> =>
  relay(alone(scene.hinode), 'submission', { cms, recipients: to, from: TARO, visible: to, ...change });

describe('submission takes', () => {
  it('leg 1 only', async () => {
    const { leg2, leg3 } = await chain(scene);
    for (const cms of [leg2, leg3]) {
      const answer = relay(scene.tsukimi.parts, 'submission', { cms, recipients: [HANAKO], from: TARO, visible: [HANAKO] });
      await expect(answer).rejects.toMatchObject(refusal('leg-not-for-us'));
    }
  });
  it('members of its own organisation only', async () => {
    const cms = await seal(scene, [HANAKO]);
    const answer = relay(scene.tsukimi.parts, 'submission', { cms, recipients: [HANAKO], from: TARO, visible: [HANAKO] });
    await expect(answer).rejects.toMatchObject(refusal('leg-not-for-us'));
  });
  it('the certified From only', async () => {
    await expect(submitAlone(await seal(scene, [HANAKO]), [HANAKO], { from: KEN })).rejects.toMatchObject(refusal('from-mismatch'));
  });
  it('recipients of the label only', async () => {
    await expect(submitAlone(await seal(scene, [HANAKO]), [HANAKO, JIRO])).rejects.toMatchObject(refusal('recipient-not-in-label', { recipient: JIRO }));
  });
  it('recipients at certified organisations only', async () => {
    const cms = await seal(scene, ['x@outside.example']);
    await expect(submitAlone(cms, ['x@outside.example'])).rejects.toMatchObject(refusal('recipient-outside'));
  });
  it('what was sealed within five days', async () => {
    const { cms: old } = await craft(scene, 1, { signingTime: new Date(scene.world.now.getTime() - 5 * 86_400_000 - 1000) });
    await expect(submitAlone(old, [HANAKO])).rejects.toMatchObject(refusal('sealed-too-long-ago'));
  });
});

describe('an organisation that the Authority', () => {
  const on = async (reason: 'certificateHold' | 'cessationOfOperation'): Promise<unknown> => {
    const { leg2 } = await chain(scene);
    scene.world.revoked.push({ serial: scene.tsukimi.issuer.certificate.serial, date: scene.world.now, reason });
    try {
      return await relay(alone(scene.tsukimi), 'arriving', { cms: leg2, recipients: [HANAKO], from: TARO, visible: [HANAKO] });
    } finally {
      scene.world.revoked.pop();
    }
  };
  it('suspended puts off what is on its way to it: a leg 3 would be a problem to its reader', async () => {
    await expect(on('certificateHold')).rejects.toMatchObject({ kind: 'unavailable', code: 'organisation-suspended' });
  });
  it('revoked for good refuses it', async () => {
    await expect(on('cessationOfOperation')).rejects.toMatchObject(refusal('certificate-revoked'));
  });
});

describe('arriving takes', () => {
  const at = (cms: Bytes, change: Partial<Arrival> = {}): Promise<unknown> => arrive(scene, cms, [HANAKO], change);
  it('leg 2 only', async () => {
    const { leg1, leg3 } = await chain(scene);
    for (const cms of [leg1, leg3]) await expect(at(cms)).rejects.toMatchObject(refusal('leg-not-for-us'));
  });
  it('leg 2 for this organisation only', async () => {
    const { leg2 } = await chain(scene);
    const answer = relay(scene.kasumi.parts, 'arriving', { cms: leg2, recipients: [HANAKO], from: TARO, visible: [HANAKO] });
    await expect(answer).rejects.toMatchObject(refusal('leg-not-for-us'));
  });
  it('no leg 2 of its own', async () => {
    const { cms } = await craft(scene, 2, { recipients: [YUKI], targets: [{ purpose: 'transfer', certificate: scene.hinode.issuer.certificate }] });
    const answer = relay(alone(scene.hinode), 'arriving', { cms, recipients: [YUKI], from: TARO, visible: [YUKI] });
    await expect(answer).rejects.toMatchObject(refusal('leg-not-for-us'));
  });
  it('recipients of this organisation only', async () => {
    const { cms } = await craft(scene, 2, { recipients: [HANAKO, SUZU] });
    await expect(arrive(scene, cms, [SUZU])).rejects.toMatchObject(refusal('recipient-not-ours'));
  });
  it('what the inspection lets pass', async () => {
    const { leg2 } = await chain(scene);
    scene.tsukimi.verdict = { result: 'refuse', findings: [{ code: 'malware', part: 2 }] };
    await expect(at(leg2)).rejects.toMatchObject(refusal('malware', { direction: 'inbound', part: 2 }));
    scene.tsukimi.verdict = { result: 'pass', findings: [] };
    await at(leg2);
  });
});

describe('mail without a seal', () => {
  const queued: Copy[] = [];
  async function take(listener: ListenerName, from: string, lines: readonly string[]): Promise<unknown> {
    queued.length = 0;
    const parts: HandlerParts = {
      ...scene.tsukimi.parts,
      reinject: async (copies) => { queued.push(...copies); },
      outside: { mark: async (_envelope, _outer, raw) => stripMark(raw) }, report: () => Promise.resolve(), reportRefusal: () => Promise.resolve(), stages: () => ({ domains: {}, groups: {} }),
    };
    const raw = utf8([...lines, '', 'hello', ''].join('\r\n'));
    return handle(parts, listener, { from, recipients: [HANAKO] }, raw);
  }

  it('is never submitted', async () => {
    await expect(take('submission', TARO, [`From: ${TARO}`])).rejects.toMatchObject(refusal('not-protected'));
  });
  // What mail programs send without asking add-ons (docs/quirks-thunderbird.md).
  it.each([
    ['a read receipt', TARO, [`From: ${TARO}`, 'MIME-Version: 1.0', 'Content-Type: multipart/report; report-type=disposition-notification; boundary=b']],
    ['a read receipt without a sender', '', [`From: ${TARO}`, 'MIME-Version: 1.0', 'Content-Type: multipart/report; report-type=disposition-notification; boundary=b']],
    ['an answer to an invitation', TARO, [`From: ${TARO}`, 'MIME-Version: 1.0', 'Content-Type: text/calendar; method=REPLY']],
    ['what a filter forwards', TARO, [`From: ${TARO}`, 'MIME-Version: 1.0', 'Content-Type: message/rfc822']],
  ])('is never submitted: %s', async (_, from, lines) => {
    await expect(take('submission', from, lines)).rejects.toMatchObject(refusal('not-protected'));
    expect(queued).toEqual([]);
  });
  it('passes from outside', async () => {
    await take('arriving', 'x@outside.example', ['From: x@outside.example']);
    expect(queued).toHaveLength(1);
  });
  it.each([
    ['From', 'x@outside.example', [`From: ${TARO}`]],
    ['a display name', 'x@outside.example', [`From: "${TARO}" <x@outside.example>`]],
    ['one of two From fields', 'x@outside.example', ['From: x@outside.example', `From: ${TARO}`]],
    ['one of two addresses', 'x@outside.example', [`From: x@outside.example, ${TARO}`]],
    ['a comment', 'x@outside.example', [`From: x@outside.example (${TARO})`]],
    ['an encoded word', 'x@outside.example', ['From: =?utf-8?q?taro=40hinode=2Eexample?= <x@outside.example>']],
    ['Sender', 'x@outside.example', ['From: x@outside.example', `Sender: ${TARO}`]],
    ['MAIL FROM', TARO, ['From: x@outside.example']],
    ['its own domain', 'x@outside.example', [`From: ${HANAKO}`]],
  ])('is refused when %s claims a domain that always signs', async (_, from, lines) => {
    await expect(take('arriving', from, lines)).rejects.toMatchObject(refusal('impersonation'));
    expect(queued).toEqual([]);
  });

  it("a mail server's delivery report passes", async () => {
    await take('arriving', '', ['From: Mail Delivery System <MAILER-DAEMON@hinode.example>', ...REPORT]);
    expect(queued).toHaveLength(1);
  });
  it('and loses what others claim of it: fields of ours, and results of checks', async () => {
    await take('arriving', '', ['Authentication-Results: gateway.tsukimi.example; dmarc=pass header.from=bank.example', 'X-SSMAX-Outside-Report: x', 'From: MAILER-DAEMON@hinode.example', ...REPORT]);
    const [passed] = queued;
    const head = new TextDecoder().decode(passed?.mail().head);
    expect(head).toContain('MAILER-DAEMON');
    expect(head).not.toMatch(/Authentication-Results|X-SSMAX/i);
  });
  it.each([
    ['in the name of a person', '', [`From: ${TARO}`, ...REPORT]],
    ['under the name of a person', '', ['From: "Yamada Taro (president)" <mailer-daemon@hinode.example>', ...REPORT]],
    ['without a word on any mail', '', ['From: MAILER-DAEMON@hinode.example', ...REPORT.slice(0, 7), '--b--']],
    ['with a second From', '', ['From: MAILER-DAEMON@hinode.example', `From: ${TARO}`, ...REPORT]],
    ['with a sender', 'x@outside.example', ['From: MAILER-DAEMON@hinode.example', ...REPORT]],
    ['of another type', '', ['From: MAILER-DAEMON@hinode.example', 'Content-Type: text/html']],
    ['of another type with that parameter', '', ['From: MAILER-DAEMON@hinode.example', ...REPORT.map((line) => line.replace('multipart/report', 'multipart/mixed'))]],
    ['of another report type', '', ['From: MAILER-DAEMON@hinode.example', ...REPORT.map((line) => line.replace('report-type=delivery-status', 'report-type=x'))]],
  ])('but not %s', async (_, from, lines) => {
    await expect(take('arriving', from, lines)).rejects.toMatchObject(refusal('impersonation'));
  });

  it('a carrier of the wrong leg is refused, not passed on as an attachment', async () => {
    const parts: HandlerParts = { ...scene.tsukimi.parts, reinject: async (copies) => { queued.push(...copies); }, outside: { mark: async (_envelope, _outer, raw) => stripMark(raw) }, report: () => Promise.resolve(), reportRefusal: () => Promise.resolve(), stages: () => ({ domains: {}, groups: {} }) };
    queued.length = 0;
    const { leg3 } = await chain(scene);
    await expect(handle(parts, 'arriving', { from: TARO, recipients: [HANAKO] }, mail(leg3, [HANAKO]))).rejects.toMatchObject(refusal('leg-not-for-us'));
    expect(queued).toEqual([]);
  });
});

describe('mail to readers outside', () => {
  it('goes only with the header that was signed: they look at nothing else', async () => {
    allowOutside(scene.hinode, ['outside.example']);
    const queued: Copy[] = [];
    const parts: HandlerParts = { ...scene.hinode.parts, reinject: async (copies) => { queued.push(...copies); }, outside: { mark: async (_envelope, _outer, raw) => stripMark(raw) }, report: () => Promise.resolve(), reportRefusal: () => Promise.resolve(), stages: () => ({ domains: {}, groups: {} }) };
    const send = async (subject: string): Promise<unknown> =>
      handle(parts, 'submission', { from: TARO, recipients: [MIKA] }, mail(await sealOutside(scene, [MIKA]), [MIKA], TARO, subject));
    await expect(send('Pay at once')).rejects.toMatchObject(refusal('headers-differ', { field: 'subject' }));
    expect(queued).toEqual([]);
    await send('Estimate');
    expect(queued).toHaveLength(1);
  });
});
