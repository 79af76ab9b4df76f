/**
 * Recovery without escrow (design §3): old mail is re-encrypted for the same registry person only, while two administrators' window
 * is open. Everything else that somebody may try with what he has is refused, before the organisation's key is used.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Bytes } from '../../src/core/bytes.ts';
import { encodeAuthEnvelopedData, parseAuthEnvelopedData } from '../../src/core/cms/auth-enveloped-data.ts';
import { parseKemRecipientInfo } from '../../src/core/cms/kem-recipient-info.ts';
import { encodeSignedData, parseSignedData } from '../../src/core/cms/signed-data.ts';
import { createKeyService } from '../../src/flow/key-service.ts';
import { judgeMail, type Judgement } from '../../src/flow/open.ts';
import type { Credential } from '../../src/flow/ports.ts';
import { relay } from '../../src/flow/relay.ts';
import { requestRecovery } from '../../src/flow/request-recovery.ts';
import { sealMail } from '../../src/flow/seal.ts';
import { type LegPart, type RecipientInfo, type VerifiedLeg, verifyLeg } from '../../src/flow/verify-leg.ts';
import { verifyAuditChain } from '../../src/server/shared/audit-chain.ts';
import { encodeJson } from '../../src/wire/json.ts';
import { decodeKemct } from '../../src/wire/kemct.ts';
import { decodeLabel } from '../../src/wire/label.ts';
import { native } from '../flow/world.ts';
import { createLifeWorld, type LifeWorld } from '../server/keyserver/life-world.ts';
import { onBothDatabases } from '../server/shared/databases.ts';
import { CANARY, createScene, departure, inner, mail, refusal, type Scene, seal, submit, TARO } from './scene.ts';

const MEI = 'mei@tsukimi.example';
const INFO = 'info@tsukimi.example';
const HOUR = 3_600_000;
let scene: Scene;
let life: LifeWorld;
async function open(location: string): Promise<void> {
  scene = await createScene();
  life = await createLifeWorld(scene.world, scene.tsukimi, location);
  scene.tsukimi.parts = { ...scene.tsukimi.parts, recovery: true, keyServer: createKeyService({ ...scene.tsukimi.serviceParts, recovery: true }) };
}

function later(hours: number): void {
  scene.world.now = new Date(scene.world.now.getTime() + hours * HOUR);
}

/** A mail from taro, as it lies in the mailbox. */
async function delivered(address: string): Promise<Bytes> {
  const leg1 = await seal(scene, [address]);
  const leg2 = departure(await submit(scene, leg1, [address]), address);
  return departure(await relay(scene.tsukimi.parts, 'arriving', { cms: leg2, recipients: [address], from: TARO, visible: [address] }), address);
}

async function recoverWith(cms: Bytes, credential: Credential): Promise<Judgement> {
  const [address = ''] = credential.certificate.emails;
  return judgeMail(mail(cms, [address]), {
    native, credentials: [credential], addresses: [address], trust: await scene.world.trust(), now: scene.world.now,
    recover: async (leg, part) => ({ credential, kemct: await ask(leg, credential, part) }),
  });
}

function ask(leg: VerifiedLeg, credential: Credential, part = onlyPart(leg)): ReturnType<typeof requestRecovery> {
  return requestRecovery({ native, http: life.http, url: 'https://keys.example', now: scene.world.now, credential }, leg, part);
}

function onlyPart({ parts }: VerifiedLeg): LegPart {
  const [only, ...others] = parts;
  if (only === undefined || others.length > 0) throw new Error('not one part');
  return only;
}

async function refusedFor(cms: Bytes, credential: Credential): Promise<unknown> {
  const before = scene.tsukimi.multiplied.count;
  const { state, code, params, content } = await recoverWith(cms, credential);
  expect({ state, code, content }).toEqual({ state: 'cannot-check', code: 'key-missing', content: 'not-opened' });
  expect(scene.tsukimi.multiplied.count).toBe(before);
  return params?.['recovery'];
}

/** mei lost her key after a mail came, and has a new one. */
async function lost(): Promise<{ cms: Bytes; old: Credential; present: Credential }> {
  await life.register(MEI, 'E1');
  const old = await life.enrol(MEI, 'E1');
  const cms = await delivered(MEI);
  later(1);
  await life.revoke(MEI, 'E1');
  return { cms, old, present: await life.enrol(MEI, 'E1') };
}

onBothDatabases('recovery', (fresh) => {
  beforeEach(async () => open(await fresh()));
  afterEach(() => life.close());

  describe('a member who lost her key', () => {
    it('reads her old mail again, while a window is open, and it is on record', async () => {
      const { cms, present } = await lost();
      expect(await refusedFor(cms, present)).toBe('recovery-not-open');
      await life.open(MEI, 'E1');
      const judgement = await recoverWith(cms, present);
      expect(judgement).toMatchObject({ state: 'verified', content: 'opened', message: { recovered: true } });
      expect(new TextDecoder().decode(judgement.message?.entity.body())).toContain(CANARY);
      expect(await life.recovery.list()).toMatchObject([{ address: MEI, reference: 'E1', used: 1 }]);
      const kinds = await life.store.query.selectFrom('audit_entries').select('kind').where('kind', 'like', 'recover%').orderBy('seq').execute();
      expect(kinds.map(({ kind }) => kind)).toEqual(['recovery-opened', 'recovered']);
      expect((await verifyAuditChain(life.store)).fault).toBeUndefined();
      const [notice = ''] = readdirSync(life.notices);
      expect(readFileSync(join(life.notices, notice), 'utf8')).toMatch(/E1 様[\s\S]*メールの復元[\s\S]*If you did not/);
    });

    it('keeps her own sent mail, too', async () => {
      await life.register(MEI, 'E1');
      const old = await life.enrol(MEI, 'E1');
      const sealed = await sealMail(native, { entity: inner([TARO], MEI), recipients: [TARO], hidden: [], sender: old, organisation: scene.tsukimi.issuer.certificate, signingTime: scene.world.now });
      later(1);
      await life.revoke(MEI, 'E1');
      const present = await life.enrol(MEI, 'E1');
      await life.open(MEI, 'E1');
      const read = await judgeMail(mail(sealed.cms, [TARO], MEI), {
        native, credentials: [present], addresses: [MEI], trust: await scene.world.trust(), now: scene.world.now,
        recover: async (leg, part) => ({ credential: present, kemct: await ask(leg, present, part) }),
      });
      expect(read).toMatchObject({ state: 'verified', code: 'own-copy', content: 'opened' });
    });

    it('asks again for the same mail at no cost', async () => {
      const { cms, present } = await lost();
      await life.open(MEI, 'E1', { mails: 1 });
      for (let i = 0; i < 3; i++) expect(await recoverWith(cms, present)).toMatchObject({ state: 'verified' });
      expect(await life.recovery.list()).toMatchObject([{ quota: 1, used: 1 }]);
    });
  });

  describe('what is refused', () => {
    it('more mails than approved', async () => {
      await life.register(MEI, 'E1');
      await life.enrol(MEI, 'E1');
      const [first, second] = [await delivered(MEI), await delivered(MEI)];
      later(1);
      await life.revoke(MEI, 'E1');
      const present = await life.enrol(MEI, 'E1');
      await life.open(MEI, 'E1', { mails: 1 });
      expect(await recoverWith(first, present)).toMatchObject({ state: 'verified' });
      expect(await refusedFor(second, present)).toBe('recovery-quota');
    });

    it('after the window has closed or ended, and for mail that is newer than it', async () => {
      const { cms, present } = await lost();
      await life.open(MEI, 'E1', { hours: 2 });
      later(3);
      expect(await refusedFor(cms, present)).toBe('recovery-not-open');
      await life.open(MEI, 'E1', { hours: 2 });
      await life.recovery.close(MEI, 'E1');
      expect(await refusedFor(cms, present)).toBe('recovery-not-open');
      await life.open(MEI, 'E1');
      later(1);
      const newer = await delivered(MEI);
      await life.revoke(MEI, 'E1');
      const third = await life.enrol(MEI, 'E1');
      expect(await refusedFor(newer, third)).toBe('recovery-not-open');
    });

    it('a new person with the address of one who left', async () => {
      const { cms } = await lost();
      await life.registry.remove(MEI, 'E1');
      await life.register(MEI, 'E2');
      const successor = await life.enrol(MEI, 'E2');
      await life.open(MEI, 'E2');
      expect(await refusedFor(cms, successor)).toBe('recovery-not-yours');
    });

    it('another holder of a shared address, for mail that was not delivered to him', async () => {
      await life.register(INFO, 'E1');
      await life.register(INFO, 'E2');
      await life.enrol(INFO, 'E1');
      const cms = await delivered(INFO);
      later(1);
      const colleague = await life.enrol(INFO, 'E2');
      await life.open(INFO, 'E2');
      expect(await refusedFor(cms, colleague)).toBe('recovery-not-yours');
    });

    it("somebody else's mail, with his own open window", async () => {
      const { cms } = await lost();
      await life.register('eve@tsukimi.example', 'E9');
      const eve = await life.enrol('eve@tsukimi.example', 'E9');
      await life.open('eve@tsukimi.example', 'E9');
      const leg = await verifyLeg(cms, await scene.world.trust(), scene.world.now, 'signing-time');
      await expect(ask(leg, eve)).rejects.toMatchObject(refusal('recovery-not-yours'));
    });

    it('a revoked key, and a request of the thief who has the old one', async () => {
      const { cms, old } = await lost();
      await life.open(MEI, 'E1');
      const leg = await verifyLeg(cms, await scene.world.trust(), scene.world.now, 'signing-time');
      await expect(ask(leg, old)).rejects.toMatchObject(refusal('certificate-revoked'));
    });

    it('a request that is played again later, or altered', async () => {
      const { cms, present } = await lost();
      await life.open(MEI, 'E1');
      await recoverWith(cms, present);
      const { last } = life.asked;
      if (last?.body === undefined) throw new Error('nothing was asked');
      later(1);
      expect(await codeOf(life.http(last))).toBe('clock-wrong');
      const altered = last.body.slice();
      const at = Buffer.from(altered).indexOf('labels');
      altered[at + 20] = (altered[at + 20] ?? 0) ^ 1;
      expect(await codeOf(life.http({ ...last, body: altered }))).toMatch(/invalid|mismatch/);
    });

    it('labels that the leg does not have: another mailbox, another purpose, a deliver label of one’s own', async () => {
      const { cms, present } = await lost();
      await life.open(MEI, 'E1');
      const trust = await scene.world.trust();
      const leg = await verifyLeg(cms, trust, scene.world.now, 'signing-time');
      await life.register('eve@tsukimi.example', 'E9');
      await life.enrol('eve@tsukimi.example', 'E9');
      const other = await verifyLeg(await delivered('eve@tsukimi.example'), await scene.world.trust(), scene.world.now, 'signing-time');
      const swap = (recipients: readonly RecipientInfo[]): VerifiedLeg => ({ ...leg, parts: [{ ...onlyPart(leg), recipients }] });
      const [infos, others] = [onlyPart(leg).recipients, onlyPart(other).recipients];
      // eve's ciphertext under mei's signature.
      await expect(ask(swap([...others.filter(({ label }) => label.purpose === 'recover'), ...infos.filter(({ label }) => label.purpose === 'deliver')]), present))
        .rejects.toMatchObject({ code: 'label-mismatch' });
      // The info for the member's key in place of the one for the organisation's.
      const deliver = infos.filter(({ label }) => label.purpose === 'deliver').map((one) => ({ ...one, label: { ...one.label, purpose: 'recover' as const } }));
      await expect(ask(swap(deliver), present)).rejects.toMatchObject(refusal('recovery-not-yours'));
      // eve's ciphertext with mei's label: its proof does not follow.
      const [mine, hers] = [infos, others].map((recipients) => recipients.find(({ label }) => label.purpose === 'recover'));
      if (mine === undefined || hers === undefined) throw new Error('no recover info');
      const glued = { ...mine, kemct: { ...mine.kemct, c1: hers.kemct.c1, c2: hers.kemct.c2 } };
      await expect(ask(swap([glued, ...infos.filter(({ label }) => label.purpose === 'deliver')]), present)).rejects.toMatchObject({ code: 'kem-invalid' });
    });

    it('a window without notice, for nobody, for too long', async () => {
      await life.register(MEI, 'E1');
      const run = (payload: object): Promise<unknown> => Promise.resolve(life.recovery.action.run(encodeJson(payload)));
      await expect(run({ address: MEI, reference: 'E1', hours: 101, mails: 1 })).rejects.toMatchObject(refusal('recovery-too-long'));
      await expect(run({ address: MEI, reference: 'E1', hours: 1, mails: 101 })).rejects.toMatchObject(refusal('recovery-too-many'));
      await expect(run({ address: MEI, reference: 'E2', hours: 1, mails: 1 })).rejects.toMatchObject(refusal('member-unknown'));
      await expect(run({ address: MEI, reference: 'E1', hours: 1, mails: 1, notify: 'MEI@tsukimi.example' })).rejects.toMatchObject(refusal('recovery-notice-address'));
      expect(await life.recovery.list()).toEqual([]);
    });
  });

  describe('a gateway or key server that was taken over', () => {
    it('a recover info that the gateway takes away is not recovered from, and shows as altered', async () => {
      await life.register(MEI, 'E1');
      await life.enrol(MEI, 'E1');
      const cms = await delivered(MEI);
      const signed = parseSignedData(cms);
      const { recipientInfos, body } = parseAuthEnvelopedData(signed.eContent);
      const left = recipientInfos.filter((der) => decodeLabel(decodeKemct(parseKemRecipientInfo(der).kemct).label).purpose !== 'recover');
      const stripped = encodeSignedData({ eContentType: signed.eContentType, eContent: encodeAuthEnvelopedData(left, body), certificates: signed.certificates, signerInfo: signed.signer.der });
      await expect(verifyLeg(stripped, await scene.world.trust(), scene.world.now, 'signing-time')).rejects.toMatchObject({ code: 'message-digest-mismatch' });
    });

    it('a key server cannot add a recover info where the gateway’s policy has none', async () => {
      await life.register(MEI, 'E1');
      await life.enrol(MEI, 'E1');
      scene.tsukimi.parts = { ...scene.tsukimi.parts, recovery: false };
      await expect(delivered(MEI)).rejects.toMatchObject({ code: 'key-server-answer-invalid', params: { what: 'recover' } });
    });

    it('an ISP’s individuals have none, whatever the configuration says', async () => {
      await life.register(MEI, 'E1');
      await life.enrol(MEI, 'E1');
      Object.assign(scene.tsukimi.entry, { type: 'isp' });
      expect(onlyPart(await readLeg(await delivered(MEI))).recipients.map(({ label }) => label.purpose)).toEqual(['deliver']);
    });
  });

  describe('mail to a member who enrols late', () => {
    it('waits sealed to the organisation, and opens for that member alone', async () => {
      await life.register(MEI, 'E1');
      later(1);
      const cms = await delivered(MEI);
      expect(onlyPart(await readLeg(cms)).recipients.map(({ label }) => label.purpose)).toEqual(['recover']);
      later(1);
      await life.register(MEI, 'E2');
      const newcomer = await life.enrol(MEI, 'E2');
      expect(await refusedFor(cms, newcomer)).toBe('recovery-not-yours');
      const late = await life.enrol(MEI, 'E1');
      expect(await recoverWith(cms, late)).toMatchObject({ state: 'verified', content: 'opened' });
    });

    it('is refused where the organisation has no recovery', async () => {
      await life.register(MEI, 'E1');
      scene.tsukimi.parts = { ...scene.tsukimi.parts, keyServer: scene.tsukimi.service };
      await expect(delivered(MEI)).rejects.toMatchObject(refusal('recipient-not-enrolled'));
    });
  });
});

async function readLeg(cms: Bytes): ReturnType<typeof verifyLeg> {
  return verifyLeg(cms, await scene.world.trust(), scene.world.now, 'signing-time');
}

async function codeOf(answer: ReturnType<LifeWorld['http']>): Promise<string> {
  const { body } = await answer;
  const parsed: unknown = JSON.parse(new TextDecoder().decode(body));
  return typeof parsed === 'object' && parsed !== null && 'code' in parsed ? String(parsed.code) : '';
}
