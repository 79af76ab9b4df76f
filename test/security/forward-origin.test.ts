/** A forwarder, or a gateway on his way, who attaches a false origin, leaves one out, or forwards what is not his. */
import { beforeAll, describe, expect, it, vi } from 'vitest';
import type { Bytes } from '../../src/core/bytes.ts';
import { parseSignedData } from '../../src/core/cms/signed-data.ts';
import { encapsulate } from '../../src/core/elgamal/index.ts';
import { type ReadContent, readLegContent, mixedContent, type SealedPart } from '../../src/flow/leg-content.ts';
import { addressPart, signLegOne } from '../../src/flow/leg-one.ts';
import type { Credential } from '../../src/flow/ports.ts';
import { relay } from '../../src/flow/relay.ts';
import { newBoundary, sealMail } from '../../src/flow/seal.ts';
import { verifyLeg } from '../../src/flow/verify-leg.ts';
import type { Mode } from '../../src/wire/leg.ts';
import { decodeSealedPart, encodeSealedPart, type Origin } from '../../src/wire/sealed-part.ts';
import { native } from '../flow/world.ts';
import { attachment, chainOf, forwardLeg, forwardTo, mixedMail, organisationOf, readBy, sealMixedFor, type ThreeLegs } from './modes.ts';
import { createScene, departure, HANAKO, inner, JIRO, KEN, refusal, type Scene, SUZU, TARO, YUKI } from './scene.ts';

let scene: Scene;
let original: ThreeLegs;
let other: ThreeLegs;
let forwarded: ThreeLegs;
beforeAll(async () => {
  scene = await createScene();
  original = await chainOf(scene, await sealMixedFor(scene, 'protect-all', [HANAKO], []));
  other = await chainOf(scene, await sealMixedFor(scene, 'attachments-only', [HANAKO], [attachment()]));
  forwarded = await forwardTo(scene, { cms: original.leg3, to: [SUZU] });
});

async function verify(cms: Bytes): Promise<unknown> {
  return verifyLeg(cms, await scene.world.trust(), scene.world.now, 'now');
}

async function contentOf(cms: Bytes): Promise<ReadContent> {
  return readLegContent(parseSignedData(cms));
}

async function partOf(cms: Bytes): Promise<SealedPart> {
  const [part] = (await contentOf(cms)).parts;
  if (part === undefined) throw new Error('no part');
  return part;
}

async function originOf(cms: Bytes): Promise<Origin> {
  const { signer, certificates } = parseSignedData(cms);
  const { mixed } = await contentOf(cms);
  return { signerInfo: signer.der, certificates, ...(mixed !== undefined && { mixed: mixed.digests }) };
}

/** Leg 1 in which `sender` forwards any ciphertext with any origins: labels, proofs and signature are genuine, the rest is his. */
async function claim(
  sender: Credential, body: Pick<SealedPart, 'body' | 'digest'>, origins: readonly Origin[], { mode = 'forward', purpose = 'forward' }: { mode?: Mode; purpose?: 'seal' | 'forward' } = {},
): Promise<Bytes> {
  const [address = ''] = sender.certificate.emails;
  const addressing = { recipients: [SUZU], hidden: [], sender, organisation: organisationOf(scene, address).issuer.certificate, signingTime: scene.world.now };
  const sealed = await addressPart({ body: body.body, digest: body.digest, origins }, addressing, purpose, async (target, labelHash) => {
    const { secret: _, ...kem } = await encapsulate(native, target.publicKey, labelHash);
    return { kem, encryptedKey: native.random(40) };
  });
  const content = await mixedContent(newBoundary(native), mixedMail('forward', [SUZU], [], address).clear, [sealed.part]);
  return (await signLegOne(mode, content, [sealed], addressing)).cms;
}

describe('an origin is refused', () => {
  it('but for the deviation it would not be', async () => {
    await expect(verify(await claim(scene.hanako, await partOf(original.leg3), [await originOf(original.leg3)]))).resolves.toBeDefined();
  });

  it('of another content', async () => {
    const part = await partOf(other.leg3);
    await expect(verify(await claim(scene.hanako, part, [await originOf(original.leg3)]))).rejects.toMatchObject(refusal('origin-mismatch', { what: 'content' }));
  });

  it('of a mixed mail that did not have this part, or whose digests are not its own', async () => {
    const part = await partOf(original.leg3);
    const origin = await originOf(other.leg3);
    await expect(verify(await claim(scene.hanako, part, [origin]))).rejects.toMatchObject(refusal('origin-mismatch', { what: 'part' }));
    const invented = { ...origin, mixed: { clear: new Uint8Array(32), parts: [part.digest] } };
    await expect(verify(await claim(scene.hanako, part, [invented]))).rejects.toMatchObject(refusal('origin-mismatch', { what: 'content' }));
  });

  it('of what was delivered to somebody else', async () => {
    const part = await partOf(original.leg3);
    await expect(verify(await claim(scene.jiro, part, [await originOf(original.leg3)]))).rejects.toMatchObject(refusal('origin-mismatch', { what: 'forwarder' }));
  });

  it('of a leg on its way, or of leg 1', async () => {
    const part = await partOf(original.leg3);
    for (const cms of [original.leg2, original.leg1]) {
      await expect(verify(await claim(scene.hanako, part, [await originOf(cms)]))).rejects.toMatchObject(refusal('origin-invalid', { what: 'delivery' }));
    }
  });

  it('of leg 1 of a colleague: his certificate stays inside, and nobody has delivered it', async () => {
    const leg1 = await sealMixedFor(scene, 'protect-all', [YUKI], []);
    await expect(verify(await claim(scene.yuki, await partOf(leg1), [await originOf(leg1)]))).rejects.toMatchObject(refusal('origin-invalid', { what: 'delivery' }));
  });

  it('whose mode does not go with its digests', async () => {
    const { mixed: _, ...bare } = await originOf(other.leg3);
    await expect(verify(await claim(scene.hanako, await partOf(other.leg3), [bare]))).rejects.toMatchObject(refusal('origin-invalid', { what: 'mode' }));
  });

  it('of a mail that came by Bcc, and the forwarder is told before', async () => {
    const leg1 = await sealMixedFor(scene, 'protect-all', [JIRO], [], [HANAKO]);
    const hidden = await hiddenChain(leg1);
    await expect(forwardLeg(scene, { cms: hidden.leg3, to: [SUZU] })).rejects.toMatchObject(refusal('not-forwardable', { what: 'hidden' }));
    await expect(verify(await claim(scene.hanako, await partOf(hidden.leg3), [await originOf(hidden.leg3)]))).rejects.toMatchObject(refusal('origin-invalid', { what: 'hidden' }));
  });

  it('whose signature is not genuine', async () => {
    const origin = await originOf(original.leg3);
    const signerInfo = origin.signerInfo.slice();
    signerInfo[signerInfo.length - 200] = (signerInfo[signerInfo.length - 200] ?? 0) ^ 1;
    await expect(verify(await claim(scene.hanako, await partOf(original.leg3), [{ ...origin, signerInfo }]))).rejects.toMatchObject({ kind: 'refused' });
  });
});

describe('nobody before him is left out', () => {
  it('by taking the writer off: what he got counted with its origins', async () => {
    const part = await partOf(forwarded.leg3);
    const last = await originOf(forwarded.leg3);
    await expect(verify(await claim(scene.suzu, part, [...part.origins, last]))).resolves.toBeDefined();
    await expect(verify(await claim(scene.suzu, part, [last]))).rejects.toMatchObject(refusal('origin-mismatch', { what: 'part' }));
  });

  it('by taking himself for the one who got it first', async () => {
    const part = await partOf(forwarded.leg3);
    await expect(verify(await claim(scene.suzu, part, part.origins))).rejects.toMatchObject(refusal('origin-mismatch', { what: 'forwarder' }));
  });

  it('nor more than eight times', () => {
    const origin = { signerInfo: new Uint8Array([0x30, 0]), certificates: [] };
    const of = (count: number): Bytes => encodeSealedPart({ origins: Array.from({ length: count }, () => origin), envelope: new Uint8Array([0x30, 0]) });
    expect(decodeSealedPart(of(8)).origins).toHaveLength(8);
    expect(() => decodeSealedPart(of(9))).toThrow(/der-invalid/);
  });
});

describe('purposes', () => {
  it('a forwarded part is none that was sealed, and the other way round', async () => {
    const part = await partOf(original.leg3);
    await expect(verify(await claim(scene.hanako, part, [await originOf(original.leg3)], { purpose: 'seal' }))).rejects.toMatchObject(refusal('recipient-info-purpose'));
    await expect(verify(await claim(scene.hanako, part, [], { mode: 'attachments-only', purpose: 'forward' }))).rejects.toMatchObject(refusal('recipient-info-purpose'));
  });
});

describe('the forwarder', () => {
  it('never has plaintext, nor the key of the content', async () => {
    const decrypt = vi.spyOn(crypto.subtle, 'decrypt');
    const unwrap = vi.spyOn(crypto.subtle, 'unwrapKey');
    await forwardLeg(scene, { cms: original.leg3, to: [SUZU] });
    expect(decrypt).not.toHaveBeenCalled();
    expect(unwrap).not.toHaveBeenCalled();
    vi.restoreAllMocks();
  });

  it.each([['his own copy of what he sent', 'leg1', 'not-delivered'], ['a leg on its way', 'leg2', 'not-delivered']] as const)('cannot forward %s', async (_, leg, what) => {
    await expect(forwardLeg(scene, { cms: original[leg], to: [SUZU] })).rejects.toMatchObject(refusal('not-forwardable', { what }));
  });

  it('cannot forward a mail in which nothing is sealed, nor a part that is not there', async () => {
    const { leg3 } = await chainOf(scene, await sealMixedFor(scene, 'sign-only', [HANAKO], []));
    await expect(forwardLeg(scene, { cms: leg3, to: [SUZU] })).rejects.toMatchObject(refusal('not-forwardable', { what: 'nothing-sealed' }));
    await expect(forwardLeg(scene, { cms: original.leg3, to: [SUZU], parts: [1] })).rejects.toMatchObject(refusal('not-forwardable', { what: 'part' }));
  });
});

it('a forwarded mail whose inner From is not its writer is no mail of his', async () => {
  const { cms } = await sealMail(native, {
    entity: inner([HANAKO], KEN), recipients: [HANAKO], hidden: [], sender: scene.taro, organisation: scene.hinode.issuer.certificate, signingTime: scene.world.now,
  });
  const { leg3 } = await chainOf(scene, cms);
  const { leg3: last } = await forwardTo(scene, { cms: leg3, to: [SUZU] });
  expect(await readBy(scene, last, 'suzu', [SUZU])).toMatchObject({ state: 'problem', code: 'impersonation', detail: 'from-mismatch' });
});

/** The hidden recipient's copy: he stands in no field. */
async function hiddenChain(leg1: Bytes): Promise<ThreeLegs> {
  const arrival = { recipients: [HANAKO], from: TARO, visible: [JIRO] };
  const leg2 = departure(await relay(scene.hinode.parts, 'submission', { ...arrival, cms: leg1 }), HANAKO);
  return { leg1, leg2, leg3: departure(await relay(scene.tsukimi.parts, 'arriving', { ...arrival, cms: leg2 }), HANAKO) };
}
