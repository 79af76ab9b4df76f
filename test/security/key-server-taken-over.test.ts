/**
 * A key server taken over (design §1): it holds the organisation's key, is its CA and answers its gateway as it likes. It
 * cannot read, as it never gets C2 or content; it cannot forge a leg alone, as readers want the gateway's signature by a key
 * that the Authority lists; and what it answers the gateway believes only where it proves it.
 */
import { beforeAll, describe, expect, it } from 'vitest';
import type { Bytes } from '../../src/core/bytes.ts';
import { decodeSignedAttributes, encodeSignedAttributes, type SignedAttributes } from '../../src/core/cms/signed-data.ts';
import { sha256 } from '../../src/core/digest.ts';
import { reencrypt } from '../../src/core/elgamal/index.ts';
import { type Certificate, parseCertificate } from '../../src/core/pki/certificate.ts';
import { issueServer, issueUser } from '../../src/core/pki/issue.ts';
import type { Credential } from '../../src/flow/ports.ts';
import { type KeyServer, relay } from '../../src/flow/relay.ts';
import { verifyLeg } from '../../src/flow/verify-leg.ts';
import { generatePrivateKey, loadOrganisationKey, loadPrivateKey } from '../../src/platform/node-crypto.ts';
import { decodeKemHeader } from '../../src/wire/kemct.ts';
import { decodeLabel, encodeLabel } from '../../src/wire/label.ts';
import { decodeLeg, encodeLeg, type Leg } from '../../src/wire/leg.ts';
import type { Delivery, Evidence, Reencrypted } from '../../src/wire/relay.ts';
import { native, NOW } from '../flow/world.ts';
import { craft, headerOf } from './craft.ts';
import { sealMixedFor } from './modes.ts';
import { createScene, HANAKO, JIRO, KEN, mail, read, refusal, type Scene, seal, SUZU, TARO, YUKI } from './scene.ts';

let scene: Scene;
const invalid = (what: string): object => refusal('key-server-answer-invalid', { what });
const random = (length: number): Bytes => native.random(length);
const validity = { notBefore: new Date(NOW.getTime() - 86_400_000), notAfter: new Date(NOW.getTime() + 86_400_000) };

beforeAll(async () => {
  scene = await createScene();
});

/** taro's mail to these, relayed by an honest gateway whose key server answers through `lies`. */
async function submitWith(lies: (honest: KeyServer) => Partial<KeyServer>, to: readonly string[] = [HANAKO]): Promise<unknown> {
  const { parts } = scene.hinode;
  const cms = await seal(scene, to);
  return relay({ ...parts, keyServer: { ...parts.keyServer, ...lies(parts.keyServer) } }, 'submission', { cms, recipients: to, from: TARO, visible: to });
}

/** A re-encryption that the key server really can make and prove, for whomever it likes. */
async function reencryptFor(evidence: Evidence, certificate: Certificate, label: Bytes): Promise<Reencrypted> {
  const { c1, label: old } = decodeKemHeader(headerOf(evidence));
  const key = scene.hinode.serviceParts.key;
  const [answer] = await reencrypt(native, key, c1, await sha256(old), [{ publicKey: certificate.publicKey, labelDigest: await sha256(label) }]);
  if (answer === undefined) throw new Error('no answer');
  const { c1prime, ...rest } = answer;
  return { certificate: certificate.der, label, c1: c1prime, ...rest };
}

function transferLie(change: (delivery: Delivery, evidence: Evidence) => Promise<Delivery[]>): (honest: KeyServer) => Partial<KeyServer> {
  return (honest) => ({
    transfer: async (request) => (await Promise.all((await honest.transfer(request)).map((one) => change(one, request.evidence)))).flat(),
  });
}

describe('its gateway refuses', () => {
  it('a target with another key: the gateway takes B from the directory', async () => {
    const lie = transferLie(async (delivery, evidence) => [{
      ...delivery, targets: await Promise.all(delivery.targets.map(({ label }) => reencryptFor(evidence, scene.ken.certificate, label))),
    }]);
    await expect(submitWith(lie)).rejects.toMatchObject(refusal('kem-invalid'));
  });

  it('another label with its own proof', async () => {
    const lie = transferLie(async (delivery, evidence) => [{
      ...delivery,
      targets: await Promise.all(delivery.targets.map(({ label }) =>
        reencryptFor(evidence, scene.kasumi.issuer.certificate, encodeLabel({ ...decodeLabel(label), recipients: [SUZU] })))),
    }]);
    await expect(submitWith(lie)).rejects.toMatchObject(invalid('label'));
  });

  it('a D that is not what it proves', async () => {
    const lie = transferLie(async (delivery) => [{ ...delivery, targets: delivery.targets.map((one) => ({ ...one, d: one.c1 })) }]);
    await expect(submitWith(lie)).rejects.toMatchObject(refusal('kem-invalid'));
  });

  it('a message that the gateway did not ask for: a copy for somebody at another organisation', async () => {
    for (const beside of [true, false]) {
      const lie = transferLie(async (delivery, evidence) => {
        const { certificate } = scene.kasumi.issuer;
        const label = { ...decodeLabel(delivery.targets[0]?.label ?? new Uint8Array(0)), targetKey: certificate.spkiSha256, recipients: [SUZU] };
        const foreign = { recipients: [SUZU], targets: [await reencryptFor(evidence, certificate, encodeLabel(label))] };
        return beside ? [delivery, foreign] : [foreign];
      });
      await expect(submitWith(lie)).rejects.toMatchObject(invalid('recipients'));
    }
  });

  it('the same organisation but another mailbox', async () => {
    const lie = transferLie(async (delivery, evidence) => {
      const { certificate } = scene.tsukimi.issuer;
      const label = { ...decodeLabel(delivery.targets[0]?.label ?? new Uint8Array(0)), recipients: [JIRO] };
      return [{ ...delivery, mailbox: JIRO, targets: [await reencryptFor(evidence, certificate, encodeLabel(label))] }];
    });
    await expect(submitWith(lie)).rejects.toMatchObject(invalid('mailbox'));
    const own = transferLie((delivery) => Promise.resolve([{ ...delivery, mailbox: YUKI }]));
    await expect(submitWith(own)).rejects.toMatchObject(invalid('mailbox'));
  });

  it('one recipient left out', async () => {
    const lie = (honest: KeyServer): Partial<KeyServer> => ({ transfer: async (request) => (await honest.transfer(request)).slice(1) });
    await expect(submitWith(lie, [HANAKO, SUZU])).rejects.toMatchObject(invalid('recipients'));
  });

  it('one message twice', async () => {
    await expect(submitWith(transferLie(async (one) => [one, one]))).rejects.toMatchObject(invalid('recipients'));
  });

  it("a delivery to a mailbox with somebody else's certificate", async () => {
    const lie = (honest: KeyServer): Partial<KeyServer> => ({
      deliver: async (request) => (await honest.deliver(request)).map((one) => ({ ...one, mailbox: KEN })),
    });
    await expect(submitWith(lie, [YUKI])).rejects.toMatchObject(invalid('mailbox'));
  });

  it('a delivery to a mailbox elsewhere, of a mail that names no certificate: signed only, or kept for who has none yet', async () => {
    const elsewhere = (honest: KeyServer): Partial<KeyServer> => ({
      deliver: async (request) => (await honest.deliver(request)).map((one) => ({ ...one, mailbox: SUZU, targets: [] })),
    });
    const { parts } = scene.hinode;
    const cms = await sealMixedFor(scene, 'sign-only', [YUKI], []);
    const lied = relay({ ...parts, keyServer: { ...parts.keyServer, ...elsewhere(parts.keyServer) } }, 'submission', { cms, recipients: [YUKI], from: TARO, visible: [YUKI] });
    await expect(lied).rejects.toMatchObject(invalid('mailbox'));
    await expect(submitWith(elsewhere, [YUKI])).rejects.toMatchObject(invalid('mailbox'));
  });

  it('a delivery to a certificate of no user', async () => {
    const lie = (honest: KeyServer): Partial<KeyServer> => ({
      deliver: async (request) => (await honest.deliver(request)).map((one) => ({
        ...one, targets: one.targets.map((target) => ({ ...target, certificate: scene.hinode.gateway.certificate.der })),
      })),
    });
    await expect(submitWith(lie, [YUKI])).rejects.toMatchObject(refusal('certificate-role'));
  });

  it('an inspection server that the Authority does not list, though the own CA certified it', async () => {
    const key = loadPrivateKey(generatePrivateKey());
    const certificate = await issueServer({
      publicKey: key.publicKey, issuer: scene.hinode.issuer, validity, random, role: 'inspection', dnsNames: ['inspection.hinode.example'],
    });
    const lie = (): Partial<KeyServer> => ({
      inspect: async (evidence) => [await reencryptFor(evidence, certificate, encodeLabel({
        ...decodeLabel(decodeKemHeader(headerOf(evidence)).label), purpose: 'inspect', targetKey: certificate.spkiSha256, sealer: scene.hinode.issuer.certificate.sha256,
      }))],
    });
    await expect(submitWith(lie)).rejects.toMatchObject(refusal('inspection-unknown'));
  });

  it('its own user certificate in place of the inspection server', async () => {
    const lie = (honest: KeyServer): Partial<KeyServer> => ({
      inspect: async (evidence, recipients) => (await honest.inspect(evidence, recipients)).map((answer) => ({ ...answer, certificate: scene.ken.certificate.der })),
    });
    await expect(submitWith(lie)).rejects.toMatchObject(refusal('certificate-role'));
  });
});

describe('its gateway countersigns nothing that says otherwise than it would itself:', () => {
  /** Signed attributes changed and genuinely signed anew by the organisation's key. */
  function signLie(change: (attributes: SignedAttributes, leg: Leg) => SignedAttributes): (honest: KeyServer) => Partial<KeyServer> {
    return (honest) => ({
      sign: async (request) => Promise.all((await honest.sign(request)).map(async ({ signedAttrs }) => {
        const attributes = decodeSignedAttributes(signedAttrs);
        const changed = encodeSignedAttributes(change(attributes, decodeLeg(attributes.leg ?? new Uint8Array(0))));
        return { signedAttrs: changed, signature: await scene.hinode.issuer.key.sign(changed) };
      })),
    });
  }
  const legLies: [string, (leg: Leg) => Partial<Leg>][] = [
    ['leg', () => ({ leg: 3 })],
    ['purpose', () => ({ purpose: 'deliver' })],
    ['mode', () => ({ mode: 'sign-only' })],
    ['label hashes', () => ({ labelHashes: [random(32)] })],
    ['content digest', () => ({ contentDigest: random(32) })],
    ['sender', ({ sender }) => ({ sender: { ...sender, address: KEN } })],
    ['display name', ({ sender }) => ({ sender: { ...sender, displayName: '市長' } })],
    ['pseudonym', ({ sender }) => ({ sender: { ...sender, pseudonym: true } })],
    ['recipients', () => ({ recipients: [JIRO] })],
    ['hidden', ({ recipients }) => ({ hidden: recipients })],
    ['addressedAs', () => ({ addressedAs: 'all@tsukimi.example' })],
    ['previous', () => ({ previous: random(32) })],
    ['attesting organisation', ({ attestations }) => ({ attestations: attestations.map((one) => ({ ...one, organisation: scene.kasumi.id })) })],
    ['inspection', ({ attestations }) => ({ attestations: attestations.map((one) => ({ ...one, inspections: [] })) })],
    ['result of the inspection', ({ attestations }) => ({
      attestations: attestations.map((one) => ({ ...one, inspections: one.inspections.map((was) => ({ ...was, result: 'tagged' as const, codes: ['keyword'] })) })),
    })],
  ];
  it.each(legLies)('%s', async (_, change) => {
    await expect(submitWith(signLie((attributes, leg) => ({ ...attributes, leg: encodeLeg({ ...leg, ...change(leg) }) }))))
      .rejects.toMatchObject(invalid('signed attributes'));
  });

  const lies: [string, string, (attributes: SignedAttributes) => Partial<SignedAttributes>][] = [
    ['message digest', 'signed attributes', () => ({ messageDigest: random(32) })],
    ['certificate hash', 'signed attributes', () => ({ certificateHash: random(32) })],
    ['content type', 'signed attributes', () => ({ contentType: '1.2.840.113549.1.7.1' })],
    ['an old time', 'signing time', ({ signingTime }) => ({ signingTime: new Date(signingTime.getTime() - 11 * 60_000) })],
    ['a time to come', 'signing time', ({ signingTime }) => ({ signingTime: new Date(signingTime.getTime() + 11 * 60_000) })],
  ];
  it.each(lies)('%s', async (_, what, change) => {
    await expect(submitWith(signLie((attributes) => ({ ...attributes, ...change(attributes) })))).rejects.toMatchObject(invalid(what));
  });

  it('with a signature by another key', async () => {
    const lie = (honest: KeyServer): Partial<KeyServer> => ({
      sign: async (request) => Promise.all((await honest.sign(request)).map(async ({ signedAttrs }) =>
        ({ signedAttrs, signature: await scene.kasumi.issuer.key.sign(signedAttrs) }))),
    });
    await expect(submitWith(lie)).rejects.toMatchObject(invalid('signature'));
  });

  it('fewer signatures than messages, or more', async () => {
    for (const change of [<T>(all: T[]): T[] => all.slice(1), <T>(all: T[]): T[] => [...all, ...all]]) {
      const lie = (honest: KeyServer): Partial<KeyServer> => ({ sign: async (request) => change(await honest.sign(request)) });
      await expect(submitWith(lie)).rejects.toMatchObject(invalid('signatures'));
    }
  });
});

describe('it cannot forge a leg alone', () => {
  /** What it can make itself: the organisation's signature, and a "gateway" certified by its own CA. */
  async function ownGateway(): Promise<Credential> {
    const key = loadPrivateKey(generatePrivateKey());
    const certificate = await issueServer({
      publicKey: key.publicKey, issuer: scene.tsukimi.issuer, validity, random, role: 'gateway', dnsNames: ['gateway.tsukimi.example'],
    });
    return { key, certificate };
  }

  it.each([2, 3] as const)("leg %i without the gateway's signature is not verified", async (leg) => {
    const { cms } = await craft(scene, leg, { gateway: null });
    await expect(verifyLeg(cms, await scene.world.trust(), scene.world.now, 'now')).rejects.toMatchObject(refusal('gateway-signature-missing'));
  });

  it('leg 3 signed by a gateway of its own making is impersonation to the reader', async () => {
    const { cms } = await craft(scene, 3, { gateway: await ownGateway() });
    expect(await read(scene, mail(cms, [HANAKO]), scene.hanako, HANAKO)).toMatchObject({ state: 'problem', code: 'impersonation', detail: 'gateway-unknown' });
  });

  it('leg 3 that names the true gateway but is signed by another key', async () => {
    const { spkiSha256, der } = scene.tsukimi.gateway.certificate;
    const gateway = await ownGateway();
    const { cms } = await craft(scene, 3, { gateway, gatewayHash: spkiSha256, certificates: [scene.tsukimi.issuer.certificate.der, der] });
    expect(await read(scene, mail(cms, [HANAKO]), scene.hanako, HANAKO)).toMatchObject({ state: 'problem', detail: 'gateway-signature-invalid' });
  });

  it("the gateway's signature of an older mail does not fit another one", async () => {
    const old = await craft(scene, 3);
    const { cms } = await craft(scene, 3, { countersigned: old.signedAttrs });
    expect((await read(scene, mail(cms, [HANAKO]), scene.hanako, HANAKO)).state).toBe('problem');
  });

  it("it can certify a false member, but even that member's mail needs the gateway", async () => {
    const key = loadPrivateKey(generatePrivateKey());
    const certificate = await issueUser({
      publicKey: key.publicKey, issuer: scene.hinode.issuer, validity, random, email: TARO, commonName: '山田 太郎', pseudonymous: false,
    });
    const { cms } = await craft(scene, 1, { signer: { key, certificate }, targets: [
      { purpose: 'seal', certificate: scene.hinode.issuer.certificate }, { purpose: 'self', certificate },
    ] });
    expect(await read(scene, mail(cms, [HANAKO]), scene.hanako, HANAKO)).toMatchObject({ state: 'problem', code: 'not-addressed' });
  });

  it("another organisation's domain: neither certificate nor directory lets it", async () => {
    const { cms } = await craft(scene, 2, { leg: (leg) => ({ ...leg, sender: { ...leg.sender, address: SUZU } }) });
    await expect(verifyLeg(cms, await scene.world.trust(), scene.world.now, 'now')).rejects.toMatchObject(refusal('sender-not-of-organisation'));
  });
});

describe('it cannot read', () => {
  it('an answer under another organisation key is no answer: A is fixed by the certificate', async () => {
    const key = loadOrganisationKey(generatePrivateKey());
    const lie = transferLie(async (delivery, evidence) => {
      const { c1, label: old } = decodeKemHeader(headerOf(evidence));
      return [{
        ...delivery,
        targets: await Promise.all(delivery.targets.map(async ({ certificate, label }) => {
          const { publicKey } = parseCertificate(certificate);
          const [answer] = await reencrypt(native, key, c1, await sha256(old), [{ publicKey, labelDigest: await sha256(label) }]);
          if (answer === undefined) throw new Error('no answer');
          const { c1prime, ...rest } = answer;
          return { certificate, label, c1: c1prime, ...rest };
        })),
      }];
    });
    await expect(submitWith(lie)).rejects.toMatchObject(refusal('kem-invalid'));
  });
});
