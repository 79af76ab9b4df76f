/**
 * An insider: a member with his own certificate who has another's sealed mail in hand (a leg 1 from a mail store, a backup,
 * a wire), and wants the key server to re-encrypt it to him.
 */
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Bytes, compare } from '../../src/core/bytes.ts';
import { encodeAuthEnvelopedData, parseAuthEnvelopedData } from '../../src/core/cms/auth-enveloped-data.ts';
import { encodeSignedAttributes, encodeSignedData, encodeSignerInfo, parseSignedData } from '../../src/core/cms/signed-data.ts';
import { encodeKemRecipientInfo, parseKemRecipientInfo } from '../../src/core/cms/kem-recipient-info.ts';
import { sha256 } from '../../src/core/digest.ts';
import { relay } from '../../src/flow/relay.ts';
import { decodeKemct, encodeKemct, encodeKemHeader } from '../../src/wire/kemct.ts';
import { decodeLabel, encodeLabel, type Label } from '../../src/wire/label.ts';
import { decodeLeg, encodeLeg, type Leg } from '../../src/wire/leg.ts';
import { createScene, HANAKO, KEN, mail, read, refusal, type Scene, seal } from './scene.ts';

let scene: Scene;
let stolen: Bytes;
beforeAll(async () => {
  scene = await createScene();
  stolen = await seal(scene, [HANAKO]);
});
beforeEach(() => {
  scene.hinode.multiplied.count = 0;
});

/** ken's own leg 1 around taro's ciphertext: C1, C2, proof and wrapped key as they were, labels as ken likes. */
async function resent(label: (label: Label) => Label, leg: Partial<Leg> = {}): Promise<Bytes> {
  const { key, certificate } = scene.ken;
  const { eContent, eContentType, signer } = parseSignedData(stolen);
  const { recipientInfos, body } = parseAuthEnvelopedData(eContent);
  const infos = recipientInfos.map((der) => {
    const info = parseKemRecipientInfo(der);
    const kemct = decodeKemct(info.kemct);
    return { info, kemct: { ...kemct, label: encodeLabel(label(decodeLabel(kemct.label))) } };
  });
  const rewritten = encodeAuthEnvelopedData(infos.map(({ info, kemct }) => encodeKemRecipientInfo({ ...info, kemct: encodeKemct(kemct) })), body);
  const before = decodeLeg(signer.attributes.leg ?? new Uint8Array(0));
  const labelHashes = (await Promise.all(infos.map(({ kemct }) => sha256(kemct.label)))).sort(compare);
  const signedAttrs = encodeSignedAttributes({
    contentType: eContentType, messageDigest: await sha256(rewritten), signingTime: scene.world.now, certificateHash: certificate.sha256,
    leg: encodeLeg({ ...before, labelHashes, sender: { address: KEN, displayName: '高橋 健', pseudonym: false }, ...leg }),
  });
  const signerInfo = encodeSignerInfo(certificate.subjectKeyIdentifier, signedAttrs, await key.sign(signedAttrs));
  return encodeSignedData({ eContentType, eContent: rewritten, certificates: [certificate.der], signerInfo });
}

function submit(cms: Bytes, to: string): Promise<unknown> {
  return relay(scene.hinode.parts, 'submission', { cms, recipients: [to], from: KEN, visible: [to] });
}

/** As a gateway that is in league with him would: straight to the key server. */
function ask(cms: Bytes): Promise<unknown> {
  const { signer, certificates, eContent } = parseSignedData(cms);
  for (const der of parseAuthEnvelopedData(eContent).recipientInfos) {
    const { c2: _, ...header } = decodeKemct(parseKemRecipientInfo(der).kemct);
    if (decodeLabel(header.label).purpose === 'seal') {
      return scene.hinode.service.inspect({ signerInfo: signer.der, certificates: [...certificates], headers: [encodeKemHeader(header)] });
    }
  }
  throw new Error('no seal');
}

describe("another's ciphertext under one's own name", () => {
  const mine = (label: Label): Label => ({ ...label, sealer: scene.ken.certificate.sha256, recipients: [KEN] });

  it('with the label as it was: the sealer is somebody else', async () => {
    const cms = await resent((same) => same);
    await expect(submit(cms, HANAKO)).rejects.toMatchObject(refusal('label-mismatch', { what: 'sealer' }));
    await expect(ask(cms)).rejects.toMatchObject(refusal('label-mismatch', { what: 'sealer' }));
  });

  it('with a label of his own: the proof was made for another', async () => {
    const cms = await resent(mine, { recipients: [KEN] });
    await expect(ask(cms)).rejects.toMatchObject(refusal('kem-invalid'));
  });

  it('with other recipients in his leg than in the label', async () => {
    const cms = await resent((label) => ({ ...label, sealer: scene.ken.certificate.sha256 }), { recipients: [KEN] });
    await expect(ask(cms)).rejects.toMatchObject(refusal('label-mismatch', { what: 'recipients' }));
  });

  it("and as taro's own Sent copy in his own mailbox, it stays closed", async () => {
    expect(await read(scene, mail(stolen, [HANAKO]), scene.ken, KEN)).toMatchObject({ state: 'problem', code: 'not-addressed', content: 'not-opened' });
  });

  it('no attempt made the key server multiply', async () => {
    for (const cms of [await resent((same) => same), await resent(mine, { recipients: [KEN] })]) await ask(cms).catch(() => undefined);
    expect(scene.hinode.multiplied.count).toBe(0);
  });
});
