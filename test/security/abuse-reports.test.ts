/** Reports of abuse that are not what they say: of a mail never sent, in another's name, again, by another organisation, on their way while keys change. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Bytes } from '../../src/core/bytes.ts';
import { parseCertificate } from '../../src/core/pki/certificate.ts';
import { deliveryEvidence, sealReport } from '../../src/flow/report.ts';
import { createAbuseDesk } from '../../src/server/keyserver/abuse-desk.ts';
import { generatePrivateKey, loadOrganisationKey } from '../../src/platform/node-crypto.ts';
import type { OrganisationReport } from '../../src/wire/report.ts';
import { createWorld, native } from '../flow/world.ts';
import { COMPLAINT, createDesks, delivered, type Desks, type TestDesk } from '../server/keyserver/desks.ts';
import { craft } from './craft.ts';
import { chain, departure, flip, HANAKO, JIRO, mail, refusal, seal, submit, TARO, YUKI } from './scene.ts';

let directory: string;
let desks: Desks;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'ssmax-reports-'));
  let number = 0;
  desks = await createDesks(() => Promise.resolve(join(directory, `${++number}.sqlite`)));
});
afterEach(async () => {
  await desks.close();
  rmSync(directory, { recursive: true, force: true });
});

const refusals = async ({ store }: TestDesk): Promise<string[]> => (await store.query.selectFrom('abuse_refusals').select('code').execute()).map(({ code }) => code);

/** A report of tsukimi to hinode as the Authority would hand it on; `leg` is a leg 2. */
async function report(leg: Bytes, contentDigest: Bytes, fields: Partial<OrganisationReport> = {}): Promise<OrganisationReport> {
  const { scene, hinode, tsukimi } = desks;
  return { version: 1, id: crypto.randomUUID(), from: tsukimi.organisation.id, to: hinode.organisation.id, time: scene.world.now, contentDigest, leg, category: 'abuse', ...fields };
}

async function sealed(value: OrganisationReport, from: TestDesk = desks.tsukimi): Promise<Bytes> {
  const signer = { key: from.organisation.serviceParts.key, certificate: from.organisation.issuer.certificate };
  return sealReport(native, value, signer, desks.scene.hinode.entry, await desks.scene.world.trust(), desks.scene.world.now);
}

/** The signature of the leg 2 that a mail of taro had. */
async function legTwo(): Promise<{ leg: Bytes; contentDigest: Bytes }> {
  const { leg2 } = await chain(desks.scene);
  const { evidence, contentDigest } = deliveryEvidence(mail(leg2, [HANAKO]));
  return { leg: evidence.signerInfo, contentDigest };
}

/** hinode takes it without a word to the reporter's organisation; nothing comes of it but a count. */
async function comesToNothing(der: Bytes, code: string, from = desks.tsukimi.organisation.id): Promise<void> {
  const before = await desks.hinode.cases.list(true);
  await desks.hinode.desk.take(from, der);
  expect(await desks.hinode.cases.list(true)).toEqual(before);
  expect(await refusals(desks.hinode)).toContain(code);
}

it('a member cannot report what was not delivered to him, what he altered, or what nobody signed', async () => {
  const { tsukimi, scene } = desks;
  const { evidence, contentDigest } = await delivered(desks);
  const file = (changes: object, reporter = HANAKO) => tsukimi.desk.file({ evidence, contentDigest, complaint: COMPLAINT, reporter, ...changes });
  await expect(file({}, JIRO)).rejects.toMatchObject(refusal('report-not-recipient'));
  await expect(file({ contentDigest: native.random(32) })).rejects.toMatchObject(refusal('report-evidence', { what: 'content' }));
  await expect(file({ evidence: { ...evidence, signerInfo: flip(evidence.signerInfo, evidence.signerInfo.length - 4) } })).rejects.toMatchObject({ kind: 'refused' });
  // A leg 3 with all that belongs to it, signed by a member.
  const forged = await craft(scene, 3, { signer: scene.jiro });
  await expect(file(deliveryEvidence(mail(forged.cms, [HANAKO])))).rejects.toMatchObject({ kind: 'refused' });
  // Another organisation's leg 3 is not the own one's word.
  const inside = departure(await submit(scene, await seal(scene, [YUKI]), [YUKI]), YUKI);
  await expect(file(deliveryEvidence(mail(inside, [YUKI])), YUKI)).rejects.toMatchObject(refusal('report-evidence', { what: 'leg' }));
  expect(await tsukimi.store.query.selectFrom('abuse_reports').select('id').execute()).toEqual([]);
});

it('an organisation cannot report a mail that was never sent, nor one that was sent to another', async () => {
  const { leg, contentDigest } = await legTwo();
  await comesToNothing(await sealed(await report(leg, native.random(32))), 'report-evidence');
  const { kasumi } = desks.scene;
  const third = { ...desks.tsukimi, organisation: kasumi };
  await comesToNothing(await sealed(await report(leg, contentDigest, { from: kasumi.id }), third), 'report-evidence', kasumi.id);
  const forged = await craft(desks.scene, 2, { signer: desks.scene.tsukimi.issuer });
  const evidence = deliveryEvidence(mail(forged.cms, [HANAKO]));
  await comesToNothing(await sealed(await report(evidence.evidence.signerInfo, evidence.contentDigest)), 'signer-certificate-missing');
});

it('an organisation cannot report in another\'s name, nor a report again, nor an old one', async () => {
  const { leg, contentDigest } = await legTwo();
  const { kasumi } = desks.scene;
  const genuine = await report(leg, contentDigest);
  // Sealed by kasumi, which says that it is tsukimi; and tsukimi's, handed on as kasumi's.
  await comesToNothing(await sealed(genuine, { ...desks.tsukimi, organisation: kasumi }), 'label-mismatch');
  await comesToNothing(await sealed(genuine), 'label-mismatch', kasumi.id);
  await comesToNothing(await sealed(await report(leg, contentDigest, { to: kasumi.id })), 'report-invalid');
  await comesToNothing(await sealed(await report(leg, contentDigest, { time: new Date(desks.scene.world.now.getTime() - 15 * 86_400_000) })), 'report-stale');
  await desks.hinode.desk.take(desks.tsukimi.organisation.id, await sealed(genuine));
  expect(await desks.hinode.cases.list(true)).toMatchObject([{ sender: TARO, reports: 1 }]);
  await comesToNothing(await sealed(genuine), 'report-replayed');
});

it('a report that was on its way while either organisation changed its key is not lost', async () => {
  const { scene, hinode } = desks;
  const { leg, contentDigest } = await legTwo();
  const der = await sealed(await report(leg, contentDigest));
  const key = loadOrganisationKey(generatePrivateKey());
  const certificate = await scene.world.certifyAnew(scene.hinode, key);
  await scene.world.certifyAnew(scene.tsukimi, loadOrganisationKey(generatePrivateKey()));
  const former = { key: scene.hinode.serviceParts.key, certificate: parseCertificate(scene.hinode.issuer.certificate.der) };
  const desk = createAbuseDesk({
    store: hinode.store, native, cases: hinode.cases, trust: () => scene.world.trust(), clock: { now: () => scene.world.now },
    organisation: { key, certificate, id: hinode.organisation.id, keys: [{ key, certificate }, former] },
  });
  await desk.take(desks.tsukimi.organisation.id, der);
  expect(await refusals(hinode)).toEqual([]);
  expect(await hinode.cases.list(true)).toMatchObject([{ sender: TARO, reports: 1 }]);
});

it('one report that cannot be taken now keeps no other away', async () => {
  const { hinode, tsukimi } = desks;
  for (let i = 0; i < 2; i++) await tsukimi.desk.file({ ...await delivered(desks), complaint: COMPLAINT, reporter: HANAKO });
  await tsukimi.exchange.run();
  const { take } = hinode.desk;
  let asked = 0;
  Object.assign(hinode.desk, { take: (...given: Parameters<typeof take>) => (++asked === 1 ? Promise.reject(new Error('planted')) : take(...given)) });
  await hinode.exchange.run();
  expect(await hinode.cases.list(true)).toHaveLength(1);
  await hinode.exchange.run();
  expect(await hinode.cases.list(true)).toHaveLength(2);
});

it('is sealed to no key that the Authority\'s delegate alone put in the place of an organisation\'s, and waits until the root\'s word is there', async () => {
  const { tsukimi, scene } = desks;
  await tsukimi.desk.file({ ...await delivered(desks), complaint: COMPLAINT, reporter: HANAKO });
  const { certificate } = scene.hinode.entry;
  const elsewhere = await createWorld();
  const { entry: made } = await elsewhere.addOrganisation('hinode.example', { ja: 'x', en: 'x' }); // the same identifier, another root
  for (const other of [made.certificate, scene.kasumi.entry.certificate]) {
    scene.hinode.entry.certificate = other;
    expect(await tsukimi.desk.due()).toEqual([]);
  }
  scene.hinode.entry.certificate = certificate;
  scene.world.revoked.push({ serial: scene.hinode.issuer.certificate.serial, date: scene.world.now, reason: 'certificateHold' });
  expect(await tsukimi.desk.due()).toHaveLength(1);
});
