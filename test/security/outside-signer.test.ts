/**
 * Mail outside SSMAX is the one thing that the organisation signs for the whole world (docs/protocol.md §11.2). A gateway taken over
 * asks for a signature over something else; a key server taken over answers with something else.
 */
import { beforeEach, describe, expect, it } from 'vitest';
import type { Bytes } from '../../src/core/bytes.ts';
import { utf8 } from '../../src/core/bytes.ts';
import { decodeSignedAttributes, parseSignedData } from '../../src/core/cms/signed-data.ts';
import { sha256 } from '../../src/core/digest.ts';
import { parseCertificate } from '../../src/core/pki/certificate.ts';
import { issueMailSigner } from '../../src/core/pki/issue.ts';
import { validatePath } from '../../src/core/pki/path.ts';
import { evidenceOf } from '../../src/flow/evidence.ts';
import { createKeyService } from '../../src/flow/key-service.ts';
import { outsideAttributes } from '../../src/flow/outside-signature.ts';
import type { OutsideSigner } from '../../src/flow/ports.ts';
import { verifyLeg } from '../../src/flow/verify-leg.ts';
import type { Evidence, OutsideSignature } from '../../src/wire/relay.ts';
import { native, NOW, signVerdict } from '../flow/world.ts';
import { sealMixedFor } from './modes.ts';
import { allowOutside, MIKA, sealOutside } from './outside.ts';
import { createScene, HANAKO, refusal, type Scene, seal, submit, TARO, YUKI } from './scene.ts';

let scene: Scene;
let outside: OutsideSigner;

beforeEach(async () => {
  scene = await createScene();
  outside = allowOutside(scene.hinode, ['outside.example']);
});

async function evidence(cms: Bytes): Promise<Evidence> {
  return evidenceOf(await verifyLeg(cms, await scene.world.trust(), scene.world.now, 'now'));
}

function verdict(contentDigest: Bytes, fields: Partial<Parameters<typeof signVerdict>[1]> = {}): Promise<Bytes> {
  return signVerdict(scene.hinode, { contentDigest, ...fields }, [MIKA]);
}

/** A genuine mail outside: what the gateway has of it. */
async function genuine(): Promise<{ evidence: Evidence; verdict: Bytes; digest: Bytes; clear: Bytes }> {
  const leg = await verifyLeg(await sealOutside(scene, [MIKA]), await scene.world.trust(), scene.world.now, 'now');
  const of = await evidenceOf(leg);
  return { evidence: of, verdict: await verdict(leg.contentDigest), digest: leg.contentDigest, clear: leg.content.mixed?.digests.clear ?? new Uint8Array(0) };
}

describe('a gateway taken over gets no signature', () => {
  it('without a verdict, by one that refuses, or by one of another mail or sender', async () => {
    const { evidence: of, digest } = await genuine();
    const ask = (...verdicts: Bytes[]): Promise<unknown> => scene.hinode.service.signOutside({ evidence: of, verdicts });
    await expect(ask()).rejects.toMatchObject(refusal('verdict-missing'));
    await expect(ask(await verdict(await sha256(utf8('x'))))).rejects.toMatchObject(refusal('verdict-invalid', { what: 'content' }));
    await expect(ask(await verdict(digest, { sender: YUKI }))).rejects.toMatchObject(refusal('verdict-invalid', { what: 'sender' }));
    await expect(ask(await signVerdict(scene.hinode, { contentDigest: digest }, [HANAKO]))).rejects.toMatchObject(refusal('verdict-invalid', { what: 'recipients' }));
    await expect(ask(await verdict(digest, { direction: 'inbound' }))).rejects.toMatchObject(refusal('verdict-missing'));
    await expect(ask(await verdict(digest, { result: 'refuse', findings: [{ code: 'keyword', part: 0 }] }))).rejects.toMatchObject(refusal('verdict-refused'));
    expect(scene.hinode.alerts).toEqual(['verdict-missing', 'verdict-invalid', 'verdict-invalid', 'verdict-invalid', 'verdict-missing', 'verdict-refused']);
  });

  it('over anything but what the sender signed', async () => {
    const { evidence: of, verdict: passed } = await genuine();
    const clear = await sha256(utf8('From: taro@hinode.example\r\n\r\nPay me.'));
    await expect(scene.hinode.service.signOutside({ evidence: { ...of, mixed: { clear, parts: [] } }, verdicts: [passed] })).rejects.toMatchObject(refusal('content-digest-mismatch'));
    const { signedAttrs, certificate } = await scene.hinode.service.signOutside({ evidence: of, verdicts: [passed] });
    expect(decodeSignedAttributes(signedAttrs).messageDigest).toEqual(of.mixed?.clear);
    expect(parseCertificate(certificate).emails).toEqual([TARO]);
  });

  it('over mail that is encrypted, or for people inside', async () => {
    for (const cms of [await seal(scene, [HANAKO]), await sealMixedFor(scene, 'attachments-only', [HANAKO], [{ name: 'a', type: 'text/plain', bytes: utf8('x') }])]) {
      scene.hinode.alerts.length = 0;
      allowEverything();
      const of = await evidence(cms);
      await expect(scene.hinode.service.signOutside({ evidence: of, verdicts: [] })).rejects.toMatchObject(refusal('not-for-outside'));
      expect(scene.hinode.alerts).toEqual(['not-for-outside']);
    }
    allowEverything();
    await expect(scene.hinode.service.signOutside({ evidence: await evidence(await sealOutside(scene, [HANAKO])), verdicts: [] })).rejects.toMatchObject(refusal('not-for-outside'));
    await expect(scene.hinode.service.signOutside({ evidence: await evidence(await sealOutside(scene, [HANAKO, MIKA])), verdicts: [] })).rejects.toMatchObject(refusal('recipients-mixed'));
  });

  it('to a domain that the policy does not have, or for a member who was revoked', async () => {
    await expect(scene.hinode.service.signOutside({ evidence: await evidence(await sealOutside(scene, ['x@else.example'])), verdicts: [] })).rejects.toMatchObject(refusal('recipients-outside'));
    const { evidence: of, verdict: passed } = await genuine();
    scene.hinode.revoked.push({ serial: scene.taro.certificate.serial, date: new Date(NOW.getTime() - 1000), reason: 'keyCompromise' });
    await expect(scene.hinode.service.signOutside({ evidence: of, verdicts: [passed] })).rejects.toMatchObject(refusal('certificate-revoked'));
  });

  function allowEverything(): void {
    const { serviceParts } = scene.hinode;
    scene.hinode.service = createKeyService({ ...serviceParts, outside });
  }
});

describe('a key server taken over gets nothing of its own past the gateway', () => {
  async function lies(lie: (answer: OutsideSignature) => Promise<OutsideSignature> | OutsideSignature): Promise<unknown> {
    const cms = await sealOutside(scene, [MIKA]);
    const { service: keyServer } = scene.hinode;
    scene.hinode.parts = { ...scene.hinode.parts, keyServer: { ...keyServer, signOutside: async (request) => lie(await keyServer.signOutside(request)) } };
    return submit(scene, cms, [MIKA]);
  }
  const invalid = (what: string): object => refusal('key-server-answer-invalid', { what });
  const signedBy = async ({ key, certificate }: typeof scene.taro, messageDigest: Bytes): Promise<OutsideSignature> => {
    const signedAttrs = outsideAttributes({ messageDigest, signingTime: NOW, certificate });
    return { signedAttrs, signature: await key.sign(signedAttrs), certificate: certificate.der };
  };
  const digestOf = ({ signedAttrs }: OutsideSignature): Bytes => decodeSignedAttributes(signedAttrs).messageDigest;

  it('no signature over another text, none that does not hold', async () => {
    await expect(lies(async () => signedBy(await outside.credentialFor(TARO), await sha256(utf8('x'))))).rejects.toMatchObject(invalid('signed attributes'));
    await expect(lies((answer) => ({ ...answer, signature: answer.signature.map((byte, i) => (i === 40 ? byte ^ 1 : byte)) }))).rejects.toMatchObject(invalid('signature'));
  });

  it('no other time than that at which the sender signed', async () => {
    await expect(lies(async (answer) => {
      const { key, certificate } = await outside.credentialFor(TARO);
      const signedAttrs = outsideAttributes({ messageDigest: digestOf(answer), signingTime: new Date(NOW.getTime() + 1000), certificate });
      return { signedAttrs, signature: await key.sign(signedAttrs), certificate: certificate.der };
    })).rejects.toMatchObject(invalid('signed attributes'));
  });

  it('no certificate of another address, none of a member, none that names one, none revoked', async () => {
    await expect(lies(async (answer) => signedBy(await outside.credentialFor(YUKI), digestOf(answer)))).rejects.toMatchObject(invalid('address'));
    await expect(lies((answer) => signedBy(scene.taro, digestOf(answer)))).rejects.toMatchObject(refusal('certificate-role'));
    const naming = await issueMailSigner({
      publicKey: scene.taro.key.publicKey, issuer: scene.hinode.issuer, email: TARO, random: (length) => native.random(length),
      validity: { notBefore: new Date(NOW.getTime() - 1000), notAfter: new Date(NOW.getTime() + 86_400_000) },
    });
    await expect(lies((answer) => signedBy({ key: scene.taro.key, certificate: naming }, digestOf(answer)))).rejects.toMatchObject(invalid('subject'));
    const { certificate } = await outside.credentialFor(TARO);
    scene.hinode.revoked.push({ serial: certificate.serial, date: new Date(NOW.getTime() - 1000), reason: 'keyCompromise' });
    await expect(lies((answer) => answer)).rejects.toMatchObject(refusal('certificate-revoked'));
  });
});

describe('the mail signer', () => {
  it('speaks for nobody inside: its certificate is no user’s, no gateway’s', async () => {
    const { certificate } = await outside.credentialFor(TARO);
    for (const role of ['user', 'gateway', 'inspection', 'organisation'] as const) {
      const path = { leaf: certificate, intermediates: [scene.hinode.issuer.certificate], root: scene.world.root, at: NOW, role };
      await expect(validatePath(path)).rejects.toMatchObject(refusal('certificate-role'));
    }
  });

  it('is certified for its organisation’s own domains only', async () => {
    await expect(outside.credentialFor('x@tsukimi.example')).rejects.toMatchObject(refusal('certificate-name-constraint'));
  });

  it('signs nothing that can be read as a leg: it has no leg attribute', async () => {
    const { departures: [only] } = await submit(scene, await sealOutside(scene, [MIKA]), [MIKA]);
    expect(() => parseSignedData(only?.cms ?? new Uint8Array(0))).toThrow('signed-data-invalid');
  });
});
