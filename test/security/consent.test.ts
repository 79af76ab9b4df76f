/**
 * Attacks on the consent of individuals (design §2): forging one, using an old one, having mail inspected without one, and
 * passing mail uninspected where everything must be inspected.
 */
import { beforeEach, describe, expect, it } from 'vitest';
import type { Bytes } from '../../src/core/bytes.ts';
import { OID } from '../../src/core/oids.ts';
import { parseCertificate } from '../../src/core/pki/certificate.ts';
import { issueUser } from '../../src/core/pki/issue.ts';
import { createKeyService } from '../../src/flow/key-service.ts';
import { type KeyServer, relay, type Relayed } from '../../src/flow/relay.ts';
import { sealMail } from '../../src/flow/seal.ts';
import { verifyConsent } from '../../src/flow/individuals.ts';
import { generatePrivateKey, loadPrivateKey } from '../../src/platform/node-crypto.ts';
import { consentClass } from '../../src/server/gateway/consent-class.ts';
import { consent, signStatement, statementOf } from '../flow/isp.ts';
import { native, NOW, signVerdict, type TestOrganisation } from '../flow/world.ts';
import { craft, type Crafted } from './craft.ts';
import { createScene, HANAKO, inner, refusal, type Scene, submit, TARO, YUKI } from './scene.ts';

let scene: Scene;
let hinode: TestOrganisation;
let leg: Crafted;

/** Hinode is an ISP here; tsukimi and kasumi are organisations. */
beforeEach(async () => {
  scene = await createScene();
  hinode = scene.hinode;
  (hinode.entry as { type: string }).type = 'isp';
  leg = await craft(scene, 1);
});

const lying = (lie: (honest: KeyServer) => Partial<KeyServer>): Promise<Relayed> =>
  relay({ ...hinode.parts, keyServer: { ...hinode.service, ...lie(hinode.service) } }, 'submission', { cms: leg.cms, recipients: [HANAKO], from: TARO, visible: [HANAKO] });

describe('a statement', () => {
  it('outlives a renewal of the organisation\'s certificate, and its change to another key', async () => {
    const der = await signStatement(statementOf(hinode, scene.taro), scene.taro);
    for (const key of [undefined, loadPrivateKey(generatePrivateKey())]) {
      const own = { id: hinode.id, certificate: await scene.world.certifyAnew(hinode, key) };
      expect(await verifyConsent(der, own, await scene.world.trust(), NOW)).toMatchObject({ address: TARO });
    }
    // The key that issued the member's certificate was stolen before.
    scene.world.revoked.push({ serial: hinode.issuer.certificate.serial, date: NOW, reason: 'keyCompromise', invalidityDate: new Date(NOW.getTime() - 60_000) });
    const own = { id: hinode.id, certificate: parseCertificate(hinode.entry.certificate) };
    await expect(verifyConsent(der, own, await scene.world.trust(), NOW)).rejects.toMatchObject(refusal('certificate-revoked'));
  });

  it('is asked for at RCPT too when the configured certificate was renewed: those who differ never share a transaction', async () => {
    await scene.world.certifyAnew(hinode);
    expect(await consentClass({ ...hinode.parts, keyServer: { ...hinode.service, consents: () => Promise.resolve([]) } }, YUKI)).toBe('not-inspected');
  });
});

describe('a gateway that was taken over', () => {
  it('gets nothing for inspection from an ISP\'s key server where nobody consented, and an alert is kept', async () => {
    const before = hinode.multiplied.count;
    await expect(hinode.service.inspect(leg.evidence)).rejects.toMatchObject(refusal('inspection-not-consented'));
    await expect(hinode.service.inspect(leg.evidence, [HANAKO])).rejects.toMatchObject(refusal('inspection-not-consented'));
    expect([hinode.multiplied.count, hinode.alerts]).toEqual([before, ['inspection-not-consented', 'inspection-not-consented']]);
  });

  it('does not borrow the consent of somebody whom the mail is not for', async () => {
    await consent(hinode, scene.yuki, { inbound: true });
    await expect(hinode.service.inspect(leg.evidence, [YUKI])).rejects.toMatchObject(refusal('recipient-not-in-label'));
  });

  it('cannot leave inspection out where the sender consented', async () => {
    await consent(hinode, scene.taro, { outbound: true });
    await expect(hinode.service.transfer({ evidence: leg.evidence, verdicts: [], splits: [{ recipients: [HANAKO] }] })).rejects.toMatchObject({ kind: 'unavailable', code: 'consent-changed' });
  });

  it('cannot leave inspection out at an organisation', async () => {
    (hinode.entry as { type: string }).type = 'organisation';
    await expect(hinode.service.transfer({ evidence: leg.evidence, verdicts: [], splits: [{ recipients: [HANAKO] }] })).rejects.toMatchObject(refusal('verdict-missing'));
  });

  it('gets a verdict over other content nowhere', async () => {
    await consent(hinode, scene.taro, { outbound: true });
    const verdicts = [await signVerdict(hinode, { contentDigest: native.random(32) })];
    await expect(hinode.service.transfer({ evidence: leg.evidence, verdicts, splits: [{ recipients: [HANAKO] }] })).rejects.toMatchObject(refusal('verdict-invalid'));
  });
});

describe('a key server that was taken over cannot have an individual\'s mail inspected:', () => {
  const claims = (statements: readonly Bytes[], direction: 'outbound' | 'inbound' = 'outbound') => () =>
    ({ consents: () => Promise.resolve([{ direction, address: TARO, statements: [...statements] }]) });
  const refuses = (lie: Promise<Relayed>): Promise<void> => expect(lie).rejects.toMatchObject({ kind: 'refused', code: 'key-server-answer-invalid' });

  it('no statement', async () => {
    await refuses(lying(claims([])));
  });
  it('a statement by another member', async () => {
    await refuses(lying(claims([await signStatement(statementOf(hinode, scene.yuki), scene.yuki)])));
  });
  it('a statement in his name by another member\'s key', async () => {
    await refuses(lying(claims([await signStatement(statementOf(hinode, scene.taro), scene.yuki)])));
  });
  it('a statement for the other direction', async () => {
    await refuses(lying(claims([await signStatement(statementOf(hinode, scene.taro, { outbound: false }), scene.taro)])));
  });
  it('a statement to another organisation', async () => {
    await refuses(lying(claims([await signStatement(statementOf(scene.tsukimi, scene.taro), scene.taro)])));
  });
  it('a statement by the organisation itself', async () => {
    await refuses(lying(claims([await signStatement(statementOf(hinode, scene.taro), hinode.issuer)])));
  });
  it('a statement under another type of signed object', async () => {
    await refuses(lying(claims([await signStatement(statementOf(hinode, scene.taro), scene.taro, OID.organisationAnswer)])));
  });
  it('a statement made with a key that was lost before', async () => {
    hinode.revoked.push({ serial: scene.taro.certificate.serial, date: new Date(NOW.getTime() - 1000), reason: 'keyCompromise' });
    const der = await signStatement(statementOf(hinode, scene.taro), scene.taro);
    await expect(verifyConsent(der, { id: hinode.id, certificate: hinode.issuer.certificate }, await scene.world.trust(), NOW)).rejects.toMatchObject(refusal('certificate-revoked'));
  });
  it('a statement from the future', async () => {
    await refuses(lying(claims([await signStatement(statementOf(hinode, scene.taro, { time: new Date(NOW.getTime() + 11 * 60_000) }), scene.taro)])));
  });
  it('a key that another organisation certified', async () => {
    const key = loadPrivateKey(generatePrivateKey());
    const certificate = await issueUser({
      publicKey: key.publicKey, issuer: scene.kasumi.issuer, random: (length) => native.random(length), email: 'taro@kasumi.example', commonName: 'x',
      validity: { notBefore: new Date(NOW.getTime() - 1000), notAfter: new Date(NOW.getTime() + 1000_000) },
    });
    await refuses(lying(claims([await signStatement(statementOf(hinode, scene.taro), { key, certificate })])));
  });
});

describe('only whom the Authority entered as an ISP may let mail pass uninspected:', () => {
  it('an organisation whose servers both claim it is refused by the next one', async () => {
    // Hinode's key server and gateway are both taken over: they believe a directory in which it is an ISP.
    const { cms } = await sealMail(native, {
      entity: inner([HANAKO]), recipients: [HANAKO], hidden: [], sender: scene.taro, organisation: hinode.issuer.certificate, signingTime: NOW,
    });
    const [leg2] = (await submit(scene, cms, [HANAKO])).departures;
    const receive = (): Promise<Relayed> =>
      relay(scene.tsukimi.parts, 'arriving', { cms: leg2?.cms ?? new Uint8Array(), recipients: [HANAKO], from: TARO, visible: [HANAKO] });
    expect((await receive()).departures).toHaveLength(1);
    (hinode.entry as { type: string }).type = 'organisation';
    await expect(receive()).rejects.toMatchObject(refusal('inspection-missing'));
  });

  it('by its key server too', async () => {
    (hinode.entry as { type: string }).type = 'organisation';
    const arriving = await craft(scene, 2, { leg: (same) => ({
      ...same, attestations: same.attestations.map((one) => ({ ...one, inspections: [{ direction: 'outbound', result: 'not-inspected', policy: 'no-consent', codes: [] }] })),
    }) });
    await expect(createKeyService(scene.tsukimi.serviceParts).inspect(arriving.evidence)).rejects.toMatchObject(refusal('inspection-missing'));
  });

  it.each([['none', []], ['the wrong direction', ['inbound']], ['twice the same', ['outbound', 'outbound']]] as const)('and says so of every direction: %s', async (_, directions) => {
    const arriving = await craft(scene, 2, { leg: (same) => ({
      ...same, attestations: same.attestations.map((one) => ({ ...one, inspections: directions.map((direction) => ({ direction, result: 'passed' as const, policy: 'x', codes: [] })) })),
    }) });
    await expect(scene.tsukimi.service.inspect(arriving.evidence)).rejects.toMatchObject(refusal('leg-invalid', { what: 'inspections' }));
  });
});
