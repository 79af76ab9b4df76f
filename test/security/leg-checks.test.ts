/** Every check of docs/protocol.md §7, each by a leg that is honest and genuinely signed but for this one thing. */
import { beforeAll, describe, expect, it } from 'vitest';
import { OID } from '../../src/core/oids.ts';
import { issueUser } from '../../src/core/pki/issue.ts';
import { verifyLeg } from '../../src/flow/verify-leg.ts';
import { MODES } from '../../src/wire/leg.ts';
import { native } from '../flow/world.ts';
import { craft, type Tweak } from './craft.ts';
import { createScene, HANAKO, JIRO, KEN, refusal, type Scene } from './scene.ts';

let scene: Scene;
/** The same names with other keys: a world that the root did not certify. */
let impostors: Scene;

beforeAll(async () => {
  [scene, impostors] = await Promise.all([createScene(), createScene()]);
});

type Case = [name: string, leg: 1 | 2 | 3, tweak: () => Tweak, code: string, params?: Record<string, string | number>];

async function verify(leg: 1 | 2 | 3, tweak: Tweak = {}): Promise<unknown> {
  const { cms } = await craft(scene, leg, tweak);
  return verifyLeg(cms, await scene.world.trust(), scene.world.now, 'now');
}

const other = (): ReturnType<typeof native.random> => native.random(32);
const inspected = { direction: 'outbound', result: 'passed', policy: 'p', codes: [] } as const;

describe('an honest leg', () => {
  it.each([1, 2, 3] as const)('%i passes', async (leg) => {
    expect(await verify(leg)).toMatchObject({ leg: { leg } });
  });
});

const cases: Case[] = [
  ['eContentType', 1, () => ({ eContentType: OID.data }), 'content-type-mismatch'],
  ['contentDigest of the leg attribute', 1, () => ({ leg: (leg) => ({ ...leg, contentDigest: other() }) }), 'content-digest-mismatch', { where: 'leg' }],
  ['contentDigest of ukm', 1, () => ({ info: (info) => ({ ...info, ukm: other() }) }), 'content-digest-mismatch', { where: 'ukm' }],
  ['contentDigest of a label', 1, () => ({ label: (label) => ({ ...label, contentDigest: other() }) }), 'content-digest-mismatch', { where: 'label' }],
  ['leg attribute present', 1, () => ({ attributes: ({ leg: _, ...rest }) => rest }), 'leg-missing'],
  ...MODES.slice(1).map((mode): Case => [`mode ${mode}`, 1, () => ({ leg: (leg) => ({ ...leg, mode }) }), 'content-type-mismatch']),
  ['purpose of the leg', 1, () => ({ leg: (leg) => ({ ...leg, purpose: 'transfer' }) }), 'leg-invalid', { what: 'purpose' }],
  ['hidden among the recipients', 1, () => ({ hidden: [JIRO] }), 'leg-invalid', { what: 'hidden' }],
  ['display name without bidirectional control', 1, () => ({ leg: (leg) => ({ ...leg, sender: { ...leg.sender, displayName: 'a\u202eb' } }) }), 'text-invalid'],
  ['codes in kebab case', 2, () => ({ leg: (leg) => ({ ...leg, attestations: leg.attestations.map((one) => ({ ...one, inspections: [{ ...inspected, codes: ['the secret is 42'] }] })) }) }), 'text-invalid'],
  ['signer certificate carried', 1, () => ({ certificates: [scene.hanako.certificate.der] }), 'signer-certificate-missing'],
  ['content type attribute', 1, () => ({ attributes: (all) => ({ ...all, contentType: OID.data }) }), 'content-type-mismatch'],
  ['certificate hash', 1, () => ({ attributes: (all) => ({ ...all, certificateHash: other() }) }), 'signer-certificate-mismatch'],
  ['message digest', 1, () => ({ attributes: (all) => ({ ...all, messageDigest: other() }) }), 'message-digest-mismatch'],
  ['signature', 1, () => ({ signature: () => native.random(64) }), 'signature-invalid'],
  ['path to the pinned root', 1, () => ({ signer: impostors.taro }), 'certificate-untrusted'],
  ['role of the user', 1, () => ({ signer: scene.hinode.gateway }), 'certificate-role'],
  ['role of the organisation', 2, () => ({ signer: scene.taro }), 'organisation-unknown'],
  ['organisation in the directory', 2, () => ({ signer: impostors.hinode.issuer }), 'organisation-unknown'],
  ['sender address of the certificate', 1, () => ({ leg: (leg) => ({ ...leg, sender: { ...leg.sender, address: KEN } }) }), 'sender-mismatch'],
  ['sender name of the certificate', 1, () => ({ leg: (leg) => ({ ...leg, sender: { ...leg.sender, displayName: '市長' } }) }), 'sender-mismatch'],
  ['pseudonym mark of the certificate', 1, () => ({ leg: (leg) => ({ ...leg, sender: { ...leg.sender, pseudonym: true } }) }), 'sender-mismatch'],
  ['no attestation on leg 1', 1, () => ({ leg: (leg) => ({ ...leg, attestations: [{ organisation: scene.hinode.id, leg: 2, signedAt: scene.world.now, inspections: [] }] }) }), 'leg-invalid', { what: 'leg 1' }],
  ['no previous on leg 1', 1, () => ({ leg: (leg) => ({ ...leg, previous: other() }) }), 'leg-invalid', { what: 'leg 1' }],
  ['no addressedAs on leg 1', 1, () => ({ leg: (leg) => ({ ...leg, addressedAs: HANAKO }) }), 'leg-invalid', { what: 'leg 1' }],
  ['no unsigned attribute on leg 1', 1, () => ({ gateway: scene.hinode.gateway }), 'signer-info-invalid', { what: 'unsigned attribute' }],
  ['previous on leg 2', 2, () => ({ leg: ({ previous: _, ...leg }) => leg }), 'leg-invalid', { what: 'previous' }],
  ['attestation by the signer', 2, () => ({ leg: (leg) => ({ ...leg, attestations: leg.attestations.map((one) => ({ ...one, organisation: scene.kasumi.id })) }) }), 'leg-invalid', { what: 'attestations' }],
  ['attestation for this leg', 2, () => ({ leg: (leg) => ({ ...leg, attestations: leg.attestations.map((one) => ({ ...one, leg: 3 as const })) }) }), 'leg-invalid', { what: 'attestations' }],
  ['attestations on leg 2', 2, () => ({ leg: (leg) => ({ ...leg, attestations: [] }) }), 'leg-invalid', { what: 'attestations' }],
  ['attesting organisations in the directory', 3, () => ({ leg: (leg) => ({ ...leg, attestations: leg.attestations.map((one) => (one.leg === 2 ? { ...one, organisation: 'nobody' } : one)) }) }), 'organisation-unknown'],
  ['sender of the signing organisation on leg 2', 2, () => ({ leg: (leg) => ({ ...leg, sender: { ...leg.sender, address: 'boss@kasumi.example' } }) }), 'sender-not-of-organisation'],
  ['sender of the first attesting organisation on leg 3', 3, () => ({ leg: (leg) => ({ ...leg, sender: { ...leg.sender, address: HANAKO } }) }), 'sender-not-of-organisation'],
  ["gateway's signature present", 2, () => ({ gateway: null }), 'gateway-signature-missing'],
  ["gateway's key in the directory", 2, () => ({ gateway: scene.tsukimi.gateway }), 'gateway-unknown'],
  ["gateway's certificate carried", 2, () => ({ certificates: [scene.hinode.issuer.certificate.der] }), 'gateway-certificate-missing'],
  ["gateway's signature over these attributes", 2, () => ({ countersigned: other() }), 'gateway-signature-invalid'],
  ['label hashes', 1, () => ({ leg: (leg) => ({ ...leg, labelHashes: [...leg.labelHashes.slice(1), other()] }) }), 'label-mismatch', { what: 'label hash' }],
  ['number of label hashes', 1, () => ({ leg: (leg) => ({ ...leg, labelHashes: [...leg.labelHashes, new Uint8Array(32).fill(0xff)] }) }), 'label-mismatch', { what: 'label hash' }],
  ['sealer of a label', 1, () => ({ label: (label) => ({ ...label, sealer: other() }) }), 'label-mismatch', { what: 'sealer' }],
  ['recipients of a label', 1, () => ({ label: (label) => ({ ...label, recipients: [JIRO] }) }), 'label-mismatch', { what: 'recipients' }],
  ['target of seal', 1, () => ({ targets: [{ purpose: 'seal', certificate: scene.tsukimi.issuer.certificate }, { purpose: 'self', certificate: scene.taro.certificate }] }), 'label-mismatch', { what: 'target' }],
  ['target of self', 1, () => ({ targets: [{ purpose: 'seal', certificate: scene.hinode.issuer.certificate }, { purpose: 'self', certificate: scene.ken.certificate }] }), 'label-mismatch', { what: 'target' }],
  ['target of recover', 3, () => ({ targets: [{ purpose: 'deliver', certificate: scene.hanako.certificate }, { purpose: 'recover', certificate: scene.hinode.issuer.certificate }] }), 'label-mismatch', { what: 'target' }],
  ['leg 1 without a self info', 1, () => ({ targets: [{ purpose: 'seal', certificate: scene.hinode.issuer.certificate }] }), 'recipient-info-count'],
  ['leg 1 without a seal info', 1, () => ({ targets: [{ purpose: 'self', certificate: scene.taro.certificate }] }), 'recipient-info-count'],
  ['leg 1 with an info for somebody else', 1, () => ({ targets: [{ purpose: 'seal', certificate: scene.hinode.issuer.certificate }, { purpose: 'self', certificate: scene.taro.certificate }, { purpose: 'deliver', certificate: scene.hanako.certificate }] }), 'recipient-info-purpose'],
  ["leg 2 that still has the sender's info", 2, () => ({ targets: [{ purpose: 'transfer', certificate: scene.tsukimi.issuer.certificate }, { purpose: 'self', certificate: scene.taro.certificate }] }), 'recipient-info-purpose'],
  ['leg 2 for two organisations', 2, () => ({ targets: [{ purpose: 'transfer', certificate: scene.tsukimi.issuer.certificate }, { purpose: 'transfer', certificate: scene.kasumi.issuer.certificate }] }), 'recipient-info-count'],
  ['leg 3 for nine devices', 3, () => ({ targets: Array.from({ length: 9 }, () => ({ purpose: 'deliver' as const, certificate: scene.hanako.certificate })), label: (label) => ({ ...label, targetKey: other() }) }), 'recipient-info-count'],
  ['leg 3 with two recover infos', 3, () => ({ targets: [{ purpose: 'deliver', certificate: scene.hanako.certificate }, { purpose: 'recover', certificate: scene.tsukimi.issuer.certificate }, { purpose: 'recover', certificate: scene.hinode.issuer.certificate }] }), 'recipient-info-count'],
];

describe('a leg is refused that departs in', () => {
  it.each(cases)('%s (leg %i)', async (_, leg, tweak, code, params) => {
    await expect(verify(leg, tweak())).rejects.toMatchObject(refusal(code, params));
  });

  it('name constraints: a domain that the directory lists but the root did not certify', async () => {
    scene.hinode.entry.domains.push('ministry.example');
    try {
      const tweak: Tweak = { leg: (leg) => ({ ...leg, sender: { ...leg.sender, address: 'minister@ministry.example' } }) };
      await expect(verify(2, tweak)).rejects.toMatchObject(refusal('certificate-name-constraint', { name: 'ministry.example' }));
    } finally {
      scene.hinode.entry.domains.pop();
    }
  });

  it('validity: an expired certificate', async () => {
    const { key } = scene.taro;
    const day = (n: number): Date => new Date(scene.world.now.getTime() + n * 86_400_000);
    const certificate = await issueUser({
      publicKey: key.publicKey, issuer: scene.hinode.issuer, validity: { notBefore: day(-30), notAfter: day(-1) },
      random: (length) => native.random(length), email: 'taro@hinode.example', commonName: '山田 太郎', pseudonymous: false,
    });
    await expect(verify(1, { signer: { key, certificate } })).rejects.toMatchObject(refusal('certificate-expired'));
  });

  it("revocation: a user's and an organisation's certificate", async () => {
    const { hinode, taro, world } = scene;
    hinode.revoked.push({ serial: taro.certificate.serial, date: new Date(world.now.getTime() - 1000), reason: 'keyCompromise' });
    await expect(verify(1)).rejects.toMatchObject(refusal('certificate-revoked'));
    hinode.revoked.pop();
    world.revoked.push({ serial: hinode.issuer.certificate.serial, date: new Date(world.now.getTime() - 1000), reason: 'keyCompromise' });
    await expect(verify(1)).rejects.toMatchObject(refusal('certificate-revoked'));
    await expect(verify(2)).rejects.toMatchObject(refusal('certificate-revoked'));
    world.revoked.pop();
  });
});
