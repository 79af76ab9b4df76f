/**
 * A gateway taken over (design §1): it has the gateway's own key, certificate and pinned connection, and every mail that
 * passes. It can drop, delay or garble; it cannot read, redirect or forge. What it sends to the key server here is what an
 * attacker would; each answer must be a refusal, before any multiplication with the organisation's key.
 */
import { p256 } from '@noble/curves/nist.js';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Bytes } from '../../src/core/bytes.ts';
import {
  decodeSignerInfo, encodeSignedAttributes, encodeSignedData, encodeSignerInfo, gatewaySignatureInput, parseSignedData,
} from '../../src/core/cms/signed-data.ts';
import { parseAuthEnvelopedData } from '../../src/core/cms/auth-enveloped-data.ts';
import { parseKemRecipientInfo } from '../../src/core/cms/kem-recipient-info.ts';
import type { KeyService } from '../../src/flow/key-service.ts';
import { verifyLeg } from '../../src/flow/verify-leg.ts';
import { decodeKemct, decodeKemHeader, encodeKemHeader } from '../../src/wire/kemct.ts';
import { decodeLabel, encodeLabel } from '../../src/wire/label.ts';
import { decodeLeg } from '../../src/wire/leg.ts';
import type { Evidence } from '../../src/wire/relay.ts';
import { native, signVerdict } from '../flow/world.ts';
import { arrive, chain, createScene, departure, HANAKO, holds, JIRO, KEN, mail, read, refusal, type Scene, seal, submit, SUZU, YUKI } from './scene.ts';
import { headerOf } from './craft.ts';

let scene: Scene;
let service: KeyService;
/** A mail of taro to hanako and yuki, Bcc jiro, as the gateway has it. */
let evidence: Evidence;
let digest: Bytes;

/** Evidence of a leg 1 or 2, whatever it is. */
function evidenceOf(cms: Bytes, purpose: 'seal' | 'transfer'): Evidence {
  const { signer, certificates, eContent } = parseSignedData(cms);
  for (const der of parseAuthEnvelopedData(eContent).recipientInfos) {
    const { c1, u, w, v, f, label } = decodeKemct(parseKemRecipientInfo(der).kemct);
    if (decodeLabel(label).purpose === purpose) return { signerInfo: signer.der, certificates: [...certificates], headers: [encodeKemHeader({ c1, u, w, v, f, label })] };
  }
  throw new Error('no such recipient info');
}

beforeAll(async () => {
  scene = await createScene();
  ({ service } = scene.hinode);
  const cms = await seal(scene, [HANAKO, YUKI], [JIRO]);
  evidence = evidenceOf(cms, 'seal');
  digest = decodeLeg(parseSignedData(cms).signer.attributes.leg ?? new Uint8Array(0)).contentDigest;
});
beforeEach(() => {
  scene.hinode.multiplied.count = 0;
});

async function verdicts(fields: Partial<Parameters<typeof signVerdict>[1]> = {}): Promise<Bytes[]> {
  return Promise.all((['outbound', 'inbound'] as const).map((direction) => signVerdict(scene.hinode, { contentDigest: digest, direction, ...fields }, [HANAKO, YUKI, JIRO])));
}

async function refuses(answer: Promise<unknown>, code: string): Promise<void> {
  await expect(answer).rejects.toMatchObject(refusal(code));
  expect(scene.hinode.multiplied.count).toBe(0);
}

describe('what it tries is seen', () => {
  it('as an alert in the audit chain', async () => {
    for (const [answer, code] of [
      [service.transfer({ evidence, verdicts: await verdicts(), splits: [{ recipients: [SUZU] }] }), 'recipient-not-in-label'],
      [service.transfer({ evidence, verdicts: [], splits: [{ recipients: [HANAKO] }] }), 'verdict-missing'],
    ] as const) {
      scene.hinode.alerts.splice(0);
      await refuses(answer, code);
      expect(scene.hinode.alerts).toEqual([code]);
    }
  });
});

describe('it cannot redirect', () => {
  it('to somebody whom the sender did not name', async () => {
    await refuses(service.transfer({ evidence, verdicts: await verdicts(), splits: [{ recipients: [SUZU] }] }), 'recipient-not-in-label');
    await refuses(service.deliver({ evidence, verdicts: await verdicts(), splits: [{ recipients: [KEN] }] }), 'recipient-not-in-label');
  });

  it('to a key of its own: the key server looks every target up itself and takes none from the request', async () => {
    const request = { evidence, verdicts: await verdicts(), splits: [{ recipients: [HANAKO], targets: [{ certificate: scene.hinode.gateway.certificate.der }] }] };
    const [delivery] = await service.transfer(request);
    expect(delivery?.targets.map(({ certificate }) => certificate)).toEqual([scene.tsukimi.issuer.certificate.der]);
  });

  it('by a label of its own making: the leg names its labels', async () => {
    const { certificate } = scene.hinode.gateway;
    const label = encodeLabel({ purpose: 'seal', targetKey: scene.hinode.issuer.certificate.spkiSha256, sealer: certificate.sha256, contentDigest: digest, recipients: [SUZU] });
    const header = encodeKemHeader({ ...decodeKemHeader(headerOf(evidence)), label });
    await refuses(service.inspect({ ...evidence, headers: [header] }), 'label-mismatch');
  });

  it('by signing leg 1 anew with its own key', async () => {
    const { key, certificate } = scene.hinode.gateway;
    const { attributes } = decodeSignerInfo(evidence.signerInfo);
    const signedAttrs = encodeSignedAttributes({ ...attributes, certificateHash: certificate.sha256 });
    const signerInfo = encodeSignerInfo(certificate.subjectKeyIdentifier, signedAttrs, await key.sign(signedAttrs));
    await refuses(service.inspect({ ...evidence, signerInfo, certificates: [certificate.der] }), 'certificate-role');
  });

  it('Bcc recipients into the open: a hidden one never shares a leg', async () => {
    await refuses(service.transfer({ evidence, verdicts: await verdicts(), splits: [{ recipients: [HANAKO, JIRO] }] }), 'split-bcc');
  });

  it('mail that arrived for its own organisation to another one', async () => {
    const { leg2 } = await chain(scene);
    scene.hinode.multiplied.count = 0;
    const request = { evidence: evidenceOf(leg2, 'transfer'), verdicts: [], splits: [{ recipients: [HANAKO] }] };
    await refuses(scene.tsukimi.service.transfer(request), 'leg-not-for-us');
  });
});

describe('it cannot have uninspected or refused mail signed', () => {
  const sign = (given: Bytes[]): Promise<unknown> =>
    service.sign({ evidence, verdicts: given, purpose: 'transfer', splits: [{ recipients: [HANAKO], messageDigest: native.random(32) }] });
  it('no verdict', () => refuses(sign([]), 'verdict-missing'));
  it("another mail's verdict", async () => refuses(sign(await verdicts({ contentDigest: native.random(32) })), 'verdict-invalid'));
  it('a verdict that refuses', async () => refuses(sign(await verdicts({ result: 'refuse' })), 'verdict-refused'));
  it('an old verdict', async () => refuses(sign(await verdicts({ time: new Date(scene.world.now.getTime() - 2 * 3_600_000) })), 'verdict-stale'));
  it('a verdict for the other leg', async () => refuses(sign(await verdicts({ leg: 2 })), 'verdict-invalid'));
  it('a split that it never asked for', async () => {
    const splits = [{ recipients: [YUKI], mailbox: KEN, messageDigest: native.random(32) }];
    await expect(service.sign({ evidence, verdicts: await verdicts(), purpose: 'deliver', splits })).rejects.toMatchObject(refusal('split-unknown'));
  });
});

describe('it cannot forge', () => {
  it('a leg: what the key server signs says what it verified, whatever the gateway would like', async () => {
    const messageDigest = native.random(32);
    const [answer] = await service.sign({ evidence, verdicts: await verdicts(), purpose: 'transfer', splits: [{ recipients: [HANAKO], messageDigest }] });
    if (answer === undefined) throw new Error('no answer');
    expect(holds(answer.signedAttrs, messageDigest)).toBe(true);
    expect(holds(answer.signedAttrs, digest)).toBe(true);
    expect(holds(answer.signedAttrs, 'taro@hinode.example')).toBe(true);
  });

  it('a leg over other content with a genuine signature: readers recompute the digest', async () => {
    const good = await chain(scene);
    const other = await chain(scene);
    const [a, b] = [parseSignedData(good.leg3), parseSignedData(other.leg3)];
    const spliced = encodeSignedData({ eContentType: a.eContentType, eContent: b.eContent, certificates: a.certificates, signerInfo: a.signer.der });
    await expect(verifyLeg(spliced, await scene.world.trust(), scene.world.now, 'now')).rejects.toMatchObject(refusal('message-digest-mismatch'));
  });

  it('an organisation’s signature: it has only its own key', async () => {
    const { leg3 } = await chain(scene);
    const { eContent, eContentType, signer, certificates } = parseSignedData(leg3);
    const { key, certificate } = scene.tsukimi.gateway;
    const signedAttrs = encodeSignedAttributes(signer.attributes);
    const gateway = { spkiHash: certificate.spkiSha256, signature: await key.sign(gatewaySignatureInput(signedAttrs)) };
    const signerInfo = encodeSignerInfo(signer.subjectKeyIdentifier, signedAttrs, await key.sign(signedAttrs), gateway);
    const forged = encodeSignedData({ eContentType, eContent, certificates, signerInfo });
    expect(await read(scene, mail(forged, [HANAKO]), scene.hanako, HANAKO)).toMatchObject({ state: 'problem', code: 'altered' });
  });

  it('plain mail "from" an own domain: it drops the signature, the reader calls it impersonation', async () => {
    const plain = new TextEncoder().encode(`From: taro@hinode.example\r\nTo: ${HANAKO}\r\nSubject: x\r\n\r\nhello\r\n`);
    expect(await read(scene, Uint8Array.from(plain), scene.hanako, HANAKO)).toMatchObject({ state: 'problem', code: 'impersonation' });
  });

  it("a leg 2 delivered as it is: that is no mail for the reader's eyes", async () => {
    const { leg2 } = await chain(scene);
    expect(await read(scene, mail(leg2, [HANAKO]), scene.hanako, HANAKO)).toMatchObject({ state: 'problem', code: 'wrong-leg' });
  });
});

describe('it cannot read', () => {
  it('no answer tells a·C1, from which it could open the mail', async () => {
    const header = decodeKemHeader(headerOf(evidence));
    const secret = await scene.hinode.issuer.key.sharedX(header.c1); // the x of a·C1
    const answers = [
      ...(await service.inspect(evidence)),
      ...(await service.transfer({ evidence, verdicts: await verdicts(), splits: [{ recipients: [HANAKO] }] })).flatMap(({ targets }) => targets),
      ...(await service.deliver({ evidence, verdicts: await verdicts(), splits: [{ recipients: [YUKI] }] })).flatMap(({ targets }) => targets),
    ];
    expect(answers).toHaveLength(3);
    for (const { c1, d, u, w, v, proof } of answers) {
      for (const point of [c1, d, u, w, v, proof.t1, proof.t2, proof.t3]) {
        expect(point.subarray(1, 33)).not.toEqual(secret);
      }
    }
  });

  it('D of two answers for one C1 differ by fresh r′: their difference is no known point', async () => {
    const [[a], [b]] = [await service.inspect(evidence), await service.inspect(evidence)];
    expect(a?.d).not.toEqual(b?.d);
    expect(a?.c1).not.toEqual(b?.c1);
  });

  it('another mail: a blinded C1 + sG has no proof', async () => {
    const header = decodeKemHeader(headerOf(evidence));
    const s = await native.ephemeral(new Uint8Array(0));
    const sum = p256.Point.fromBytes(header.c1).add(p256.Point.fromBytes(s.publicKey));
    const blinded = new Uint8Array(sum.toBytes(false));
    await refuses(service.inspect({ ...evidence, headers: [encodeKemHeader({ ...header, c1: blinded })] }), 'kem-invalid');
  });
});

describe('what it can do', () => {
  it('drop a recipient: nobody else gets anything for it', async () => {
    const [only, ...others] = await service.transfer({ evidence, verdicts: await verdicts(), splits: [{ recipients: [JIRO] }] });
    expect(only?.recipients).toEqual([JIRO]);
    expect(others).toEqual([]);
  });
  it('garble: the reader notices', async () => {
    const relayed = await submit(scene, await seal(scene, [HANAKO]), [HANAKO]);
    const leg3 = departure(await arrive(scene, departure(relayed, HANAKO), [HANAKO]), HANAKO);
    leg3[leg3.length - 200] = (leg3[leg3.length - 200] ?? 0) ^ 0x40;
    expect((await read(scene, mail(leg3, [HANAKO]), scene.hanako, HANAKO)).state).toBe('problem');
  });
});
