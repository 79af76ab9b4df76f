/** A mail of one mode taken for another, sealed parts stripped, swapped or moved, recipients that leak: all genuinely signed, all refused. */
import { beforeAll, describe, expect, it } from 'vitest';
import { type Bytes, concat, utf8 } from '../../src/core/bytes.ts';
import { encodeSignedAttributes, encodeSignedData, encodeSignerInfo, gatewaySignatureInput, parseSignedData } from '../../src/core/cms/signed-data.ts';
import { sha256 } from '../../src/core/digest.ts';
import { createKeyService } from '../../src/flow/key-service.ts';
import { evidenceOf } from '../../src/flow/evidence.ts';
import { encodeLegContent, mixedContent, type ReadContent, readLegContent } from '../../src/flow/leg-content.ts';
import { type AddressedPart, sealPart, signLegOne } from '../../src/flow/leg-one.ts';
import { type Inspection, relay } from '../../src/flow/relay.ts';
import { newBoundary } from '../../src/flow/seal.ts';
import { verifyLeg } from '../../src/flow/verify-leg.ts';
import { readContent } from '../../src/mail/content.ts';
import { encodeMixed, parseMixed } from '../../src/mail/mixed.ts';
import { type Mode, MODES } from '../../src/wire/leg.ts';
import { native, readSubmission } from '../flow/world.ts';
import { attachment, CANARY, chainOf, mixedMail, readBy, sealMixedFor } from './modes.ts';
import { createScene, HANAKO, holds, JIRO, mail, refusal, type Scene, submit, TARO, YUKI } from './scene.ts';

let scene: Scene;
let addressing: Parameters<typeof sealPart>[2];
beforeAll(async () => {
  scene = await createScene();
  addressing = { recipients: [HANAKO], hidden: [], sender: scene.taro, organisation: scene.hinode.issuer.certificate, signingTime: scene.world.now };
});

async function verify(cms: Bytes): Promise<unknown> {
  return verifyLeg(cms, await scene.world.trust(), scene.world.now, 'now');
}

async function parts(count: number): Promise<AddressedPart[]> {
  const { attachments } = mixedMail('attachments-only', [HANAKO], Array.from({ length: count }, (_, i) => attachment(`${i}.bin`)));
  return Promise.all(attachments.map((one) => sealPart(native, one, addressing)));
}

/** Leg 1 of taro that says what it likes of its mode. */
async function signed(mode: Mode, clear: Bytes, sealed: readonly AddressedPart[]): Promise<Bytes> {
  const content = await mixedContent(newBoundary(native), clear, sealed.map(({ part }) => part));
  return (await signLegOne(mode, content, sealed, addressing)).cms;
}

/** Leg 2 as a gateway would make it that holds even the organisation's key, with another content under the same leg attribute. */
async function resigned(leg2: Bytes, change: (content: ReadContent) => Promise<{ eContent: Bytes }> | { eContent: Bytes }): Promise<Bytes> {
  const { signer, eContentType, eContent, certificates } = parseSignedData(leg2);
  const { eContent: other } = await change(await readLegContent({ eContentType, eContent }));
  const { issuer, gateway } = scene.hinode;
  const signedAttrs = encodeSignedAttributes({ ...signer.attributes, messageDigest: await sha256(other) });
  const signerInfo = encodeSignerInfo(issuer.certificate.subjectKeyIdentifier, signedAttrs, await issuer.key.sign(signedAttrs), {
    spkiHash: gateway.certificate.spkiSha256, signature: await gateway.key.sign(gatewaySignatureInput(signedAttrs)),
  });
  return encodeSignedData({ eContentType, eContent: other, certificates, signerInfo });
}

describe('the mode says what is there', () => {
  it.each([['sign-only', 1], ['attachments-only', 0], ['forward', 1], ['forward', 0]] as const)('%s with %i sealed parts of its own', async (mode, count) => {
    const { clear } = mixedMail('attachments-only', [HANAKO]);
    await expect(verify(await signed(mode, clear, await parts(count)))).rejects.toMatchObject(refusal('mode-mismatch'));
  });

  it('protect-all is no clear part, and a mixed mode no AuthEnvelopedData', async () => {
    const { clear } = mixedMail('sign-only', [HANAKO]);
    await expect(signed('protect-all', clear, []).then(verify)).rejects.toMatchObject({ kind: 'refused' });
  });

  it('the key server asks the same of what the gateway shows it', async () => {
    const leg = await verifyLeg(await sealMixedFor(scene, 'sign-only', [HANAKO], []), await scene.world.trust(), scene.world.now, 'now');
    const { mixed: _, ...evidence } = await evidenceOf(leg);
    await expect(scene.hinode.service.inspect(evidence)).rejects.toMatchObject(refusal('mode-mismatch'));
  });
});

describe('what the message is made of is fixed', () => {
  const changes: [string, (content: ReadContent) => Promise<{ eContent: Bytes }> | { eContent: Bytes }][] = [
    ['a sealed part stripped', ({ recipientInfos, ...content }) => ({ eContent: encodeLegContent({ ...content, parts: content.parts.slice(1) }, recipientInfos.slice(1)) })],
    ['sealed parts in another order', ({ recipientInfos, ...content }) => ({ eContent: encodeLegContent({ ...content, parts: [...content.parts].reverse() }, [...recipientInfos].reverse()) })],
    ['another clear part', ({ recipientInfos, mixed, ...content }) => {
      if (mixed === undefined) throw new Error('not mixed');
      const { clear } = mixedMail('attachments-only', [HANAKO, YUKI]);
      return { eContent: encodeLegContent({ ...content, mixed: { ...mixed, clear } }, recipientInfos) };
    }],
    ['a sealed part of another mail', async ({ recipientInfos, ...content }) => {
      const legs = await chainOf(scene, await sealMixedFor(scene, 'attachments-only', [HANAKO], [attachment('other.bin')]));
      const other = await readLegContent(parseSignedData(legs.leg2));
      return { eContent: encodeLegContent({ ...content, parts: [...other.parts, ...content.parts.slice(1)] }, [...other.recipientInfos, ...recipientInfos.slice(1)]) };
    }],
  ];
  it.each(changes)('%s', async (_, change) => {
    const { leg2 } = await chainOf(scene, await sealMixedFor(scene, 'attachments-only', [HANAKO], [attachment('a.bin'), attachment('b.bin')]));
    await expect(verify(leg2)).resolves.toBeDefined();
    await expect(verify(await resigned(leg2, change))).rejects.toMatchObject(refusal('content-digest-mismatch', { where: 'leg' }));
  });

  it('the gateway can keep no part back from its key server, nor exchange the clear part or two headers', async () => {
    const leg = await verifyLeg(await sealMixedFor(scene, 'attachments-only', [HANAKO], [attachment('a.bin'), attachment('b.bin')]), await scene.world.trust(), scene.world.now, 'now');
    const evidence = await evidenceOf(leg);
    const { mixed, headers } = evidence;
    if (mixed === undefined) throw new Error('not mixed');
    const ask = (change: Partial<typeof evidence>): Promise<unknown> => scene.hinode.service.inspect({ ...evidence, ...change });
    await expect(ask({})).resolves.toHaveLength(2);
    await expect(ask({ headers: headers.slice(1), mixed: { ...mixed, parts: mixed.parts.slice(1) } })).rejects.toMatchObject(refusal('content-digest-mismatch'));
    await expect(ask({ headers: headers.slice(1) })).rejects.toMatchObject(refusal('recipient-info-count'));
    await expect(ask({ mixed: { ...mixed, clear: new Uint8Array(32) } })).rejects.toMatchObject(refusal('content-digest-mismatch'));
    await expect(ask({ headers: [...headers].reverse() })).rejects.toMatchObject(refusal('content-digest-mismatch', { where: 'label' }));
  });

  it('no ciphertext stands there twice', async () => {
    const [part] = await parts(1);
    if (part === undefined) throw new Error('no part');
    const content = await mixedContent(newBoundary(native), mixedMail('attachments-only', [HANAKO]).clear, [part.part, part.part]);
    const twice = [part, { ...part, labelHashes: [] }];
    await expect(verify((await signLegOne('attachments-only', content, twice, addressing)).cms)).rejects.toMatchObject({ kind: 'refused' });
  });

  it('at most sixteen sealed parts, by the sender and by every reader', async () => {
    await expect(sealMixedFor(scene, 'attachments-only', [HANAKO], Array.from({ length: 17 }, (_, i) => attachment(`${i}.bin`)))).rejects.toMatchObject(refusal('too-many-attachments'));
    await expect(verify(await signed('attachments-only', mixedMail('attachments-only', [HANAKO]).clear, await parts(17)))).rejects.toMatchObject(refusal('too-many-attachments'));
  });
});

describe('the mixed entity has one form', () => {
  const mixed = { boundary: `=_${'0'.repeat(32)}`, clear: new Uint8Array(0), sealed: [new Uint8Array([0x30, 0])] };
  const clearOf = (head: string): Bytes => utf8(`${head}Content-Type: text/plain; hp="clear"\r\n\r\nhello\r\n`);
  it.each([
    ['a field more', () => concat(utf8('X-Other: 1\r\n'), encodeMixed({ ...mixed, clear: clearOf('') }))],
    ['another boundary', () => encodeMixed({ ...mixed, boundary: 'simple', clear: clearOf('') })],
  ])('%s', (_, bytes) => {
    expect(() => parseMixed(bytes())).toThrow(/mixed-invalid/);
  });
  it('a clear part that names Bcc, or that says it is encrypted', () => {
    expect(parseMixed(encodeMixed({ ...mixed, clear: clearOf('') })).sealed).toHaveLength(1);
    expect(() => parseMixed(encodeMixed({ ...mixed, clear: clearOf('Bcc: jiro@tsukimi.example\r\n') }))).toThrow(/mixed-invalid .*bcc/);
    expect(() => parseMixed(encodeMixed({ ...mixed, clear: utf8('Content-Type: text/plain; hp="cipher"\r\n\r\nhello\r\n') }))).toThrow(/mixed-invalid .*hp/);
  });
});

describe('policy', () => {
  it.each(MODES.filter((mode) => mode === 'attachments-only' || mode === 'sign-only'))('%s is refused at submission where it is not permitted', async (mode) => {
    const { parts: gateway, serviceParts } = scene.hinode;
    const keyServer = createKeyService({ ...serviceParts, modes: ['protect-all'] });
    const cms = await sealMixedFor(scene, mode, [HANAKO], [attachment()]);
    const arrival = { cms, recipients: [HANAKO], from: TARO, visible: [HANAKO] };
    await expect(relay({ ...gateway, keyServer }, 'submission', arrival)).rejects.toMatchObject(refusal('mode-not-allowed', { mode }));
  });
});

describe('recipients', () => {
  it('of a mixed mail are those of the leg attribute only', async () => {
    const cms = await sealMixedFor(scene, 'sign-only', [HANAKO], []);
    await expect(submit(scene, cms, [JIRO], { visible: [HANAKO] })).rejects.toMatchObject(refusal('recipient-not-in-label'));
  });

  it.each(['sign-only', 'attachments-only'] as const)('%s: the policy counts those of the leg, hidden ones too, whatever the text says', async (mode) => {
    const asked: (readonly string[])[] = [];
    const { inspect } = scene.hinode.parts.inspection;
    const inspection: Inspection = { inspect: async (...given) => { asked.push((await readSubmission(given[0], given[4])).recipients); return inspect(...given); } };
    const cms = await sealMixedFor(scene, mode, [HANAKO], [attachment()], [JIRO]);
    await relay({ ...scene.hinode.parts, inspection }, 'submission', { cms, recipients: [HANAKO, JIRO], from: TARO, visible: [HANAKO] });
    expect(asked).toEqual([[HANAKO, JIRO]]);
  });

  it.each(['sign-only', 'attachments-only'] as const)('%s: no later leg of others names who was addressed by Bcc', async (mode) => {
    const leg1 = await sealMixedFor(scene, mode, [HANAKO, YUKI], [attachment()], [JIRO]);
    const { departures } = await submit(scene, leg1, [HANAKO, YUKI, JIRO], { visible: [HANAKO, YUKI] });
    for (const { recipients, cms } of departures) expect(holds(cms, 'jiro@')).toBe(recipients.includes(JIRO));
  });
});

it('the reader shows the signed copy only, whatever stands beside it in the carrier', async () => {
  const { leg3 } = await chainOf(scene, await sealMixedFor(scene, 'sign-only', [HANAKO], []));
  const raw = Buffer.from(mail(leg3, [HANAKO])).toString('latin1');
  const [notice = ''] = /Content-Transfer-Encoding: base64\r\n\r\n([A-Za-z0-9+/=\r\n]+?)\r\n--/.exec(raw)?.slice(1) ?? [];
  expect(notice).not.toBe('');
  const judgement = await readBy(scene, leg3);
  if (judgement.message === undefined) throw new Error('not opened');
  expect(readContent(judgement.message.entity).text?.trim()).toBe(CANARY);
});
