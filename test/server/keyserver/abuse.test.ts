/** A report's whole way in one process: member, own desk, Authority, the sender's desk, case, suspension. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import { parseCrl } from '../../../src/core/pki/crl.ts';
import { generatePrivateKey, loadPrivateKey } from '../../../src/platform/node-crypto.ts';
import { createRegistry } from '../../../src/server/keyserver/registry.ts';
import { storeMetrics } from '../../../src/server/keyserver/store-metrics.ts';
import { native } from '../../flow/world.ts';
import { HANAKO, holds, refusal, TARO } from '../../security/scene.ts';
import { onBothDatabases } from '../shared/databases.ts';
import { COMPLAINT, createDesks, delivered, type Desks } from './desks.ts';

onBothDatabases('a report of abuse', (fresh) => {
  let desks: Desks;
  beforeEach(async () => {
    desks = await createDesks(fresh);
  });
  afterEach(() => desks.close());

  async function reported(complaint = COMPLAINT): Promise<{ mail: Awaited<ReturnType<typeof delivered>>; report: string }> {
    const mail = await delivered(desks);
    const { report, known } = await desks.tsukimi.desk.file({ ...mail, complaint, reporter: HANAKO });
    expect(known).toBe(false);
    await desks.tsukimi.exchange.run();
    await desks.hinode.exchange.run();
    return { mail, report };
  }

  it('becomes a case at the sender’s organisation, without a word about the reporter', async () => {
    const { mail } = await reported({ ...COMPLAINT, category: 'fraud', comment: 'only for our desk' });
    const [found, ...others] = await desks.hinode.cases.list(false);
    expect(others).toEqual([]);
    const figures = await Promise.all(storeMetrics(desks.hinode.store).map(async (metric) => metric.text()));
    expect(figures.join('')).toContain('\nssmax_abuse_cases_open 1\n');
    expect(found).toMatchObject({ state: 'open', sender: TARO, reports: 1, categories: ['fraud'] });
    const shown = await desks.hinode.cases.show(found?.case ?? '');
    expect(shown).toMatchObject({ contentDigest: Buffer.from(mail.contentDigest).toString('hex'), traceable: true });
    expect(shown.complaints).toEqual([{ organisation: desks.tsukimi.organisation.id, category: 'fraud', at: desks.scene.world.now }]);
    const rows = await desks.hinode.store.query.selectFrom('abuse_complaints').selectAll().execute();
    expect(JSON.stringify(rows)).not.toContain('hanako');
    expect(JSON.stringify(rows)).not.toContain('only for our desk');
    expect(await desks.tsukimi.store.query.selectFrom('abuse_reports').select(['state', 'channel']).execute()).toEqual([{ state: 'sent', channel: 'plugin' }]);
  });

  it('tells what the reporter allowed, and only that', async () => {
    await reported({ category: 'other', comment: 'please stop', excerpt: 'Buy now', disclose: { reporter: true, comment: true } });
    const [found] = await desks.hinode.cases.list(false);
    expect((await desks.hinode.cases.show(found?.case ?? '')).complaints[0]).toMatchObject({ reporter: HANAKO, comment: 'please stop', excerpt: 'Buy now' });
  });

  it('passes through the Authority as ciphertext', async () => {
    const mail = await delivered(desks);
    await desks.tsukimi.desk.file({ ...mail, complaint: { ...COMPLAINT, excerpt: 'Buy now' }, reporter: HANAKO });
    await desks.tsukimi.exchange.run();
    const [row] = await desks.authority.store.query.selectFrom('relayed_reports').select('sealed').execute();
    const sealed = row?.sealed ?? new Uint8Array(0);
    expect(sealed.length).toBeGreaterThan(500);
    for (const word of ['hanako', 'taro', 'Buy now']) expect(holds(sealed, word)).toBe(false);
    await desks.hinode.exchange.run();
    expect(await desks.authority.store.query.selectFrom('relayed_reports').select(['sealed', 'taken']).execute()).toEqual([
      { sealed: new Uint8Array(0), taken: desks.scene.world.now.getTime() },
    ]);
  });

  it('collapses: the same member, another member, another organisation', async () => {
    const { mail, report } = await reported();
    expect(await desks.tsukimi.desk.file({ ...mail, complaint: COMPLAINT, reporter: HANAKO })).toEqual({ report, known: true });
    await desks.tsukimi.exchange.run();
    await desks.hinode.exchange.run();
    expect(await desks.hinode.cases.list(true)).toMatchObject([{ reports: 1 }]);
  });

  it('waits while the Authority is out of reach, and is not doubled afterwards', async () => {
    desks.reachable = false;
    const mail = await delivered(desks);
    await desks.tsukimi.desk.file({ ...mail, complaint: COMPLAINT, reporter: HANAKO });
    await desks.tsukimi.exchange.run();
    expect(await desks.tsukimi.desk.due()).toHaveLength(1);
    desks.reachable = true;
    await desks.tsukimi.exchange.run();
    await desks.tsukimi.exchange.run();
    for (let i = 0; i < 2; i++) await desks.hinode.exchange.run();
    expect(await desks.hinode.cases.list(true)).toMatchObject([{ reports: 1 }]);
    expect(await desks.tsukimi.desk.due()).toHaveLength(0);
  });

  it('leads to warning, suspension and back; what is on hold stands in the CRL', async () => {
    await reported();
    const { hinode, scene } = desks;
    const { cases } = hinode;
    const id = (await cases.list(false))[0]?.case ?? '';
    await cases.warn(id, 'first time');
    expect(await cases.list(false)).toMatchObject([{ state: 'warned' }]);
    expect(await cases.suspend(id, 'second time')).toBe(1);
    const held = parseCrl(await hinode.ca.crl()).revoked.get(scene.taro.certificate.serial);
    expect(held).toMatchObject({ reason: 'certificateHold' });
    await expect(cases.close(id, 'unfounded', 'x')).rejects.toMatchObject(refusal('abuse-case-suspended'));
    const key = loadPrivateKey(generatePrivateKey());
    const member = { id: 'member-1', address: TARO, displayName: '山田 太郎', pseudonym: false };
    await expect(hinode.ca.issueUser(member, key.publicKey)).rejects.toMatchObject(refusal('member-suspended'));
    const registry = createRegistry(hinode.store, hinode.ca, ['hinode.example'], (length) => native.random(length), { now: () => scene.world.now });
    expect((await registry.expand(TARO))[0]?.certificates).toHaveLength(1); // he goes on receiving
    await cases.reinstate(id, 'he understood');
    expect(parseCrl(await hinode.ca.crl()).revoked.size).toBe(0);
    await hinode.ca.issueUser(member, key.publicKey);
    await cases.close(id, 'confirmed', 'done');
    expect(await cases.list(false)).toEqual([]);
    expect((await cases.show(id)).steps.map(({ step }) => step)).toEqual(['warned', 'suspended', 'reinstated', 'closed']);
    await expect(cases.warn(id, 'x')).rejects.toMatchObject(refusal('abuse-case-closed'));
    await expect(cases.show('2026-9999')).rejects.toMatchObject(refusal('abuse-case-unknown'));
    const kinds = await hinode.store.query.selectFrom('audit_entries').select('kind').orderBy('seq').execute();
    expect(kinds.map(({ kind }) => kind)).toEqual(expect.arrayContaining(['abuse-reported', 'abuse-warned', 'suspended', 'reinstated', 'abuse-closed']));
  });

  it('about mail inside one organisation opens the case at once', async () => {
    const { scene, hinode } = desks;
    const { seal, submit, departure, mail } = await import('../../security/scene.ts');
    const { deliveryEvidence } = await import('../../../src/flow/report.ts');
    const leg3 = departure(await submit(scene, await seal(scene, ['yuki@hinode.example']), ['yuki@hinode.example']), 'yuki@hinode.example');
    await hinode.desk.file({ ...deliveryEvidence(mail(leg3, ['yuki@hinode.example'])), complaint: COMPLAINT, reporter: 'yuki@hinode.example' });
    expect(await hinode.cases.list(false)).toMatchObject([{ sender: TARO, state: 'open' }]);
    expect(await hinode.desk.due()).toEqual([]);
  });

  it('says so where the evidence was erased', async () => {
    const mail = await delivered(desks);
    await desks.tsukimi.store.query.deleteFrom('evidence').execute();
    await expect(desks.tsukimi.desk.file({ ...mail, complaint: COMPLAINT, reporter: HANAKO })).rejects.toMatchObject(refusal('evidence-erased'));
    const again = await delivered(desks);
    await desks.tsukimi.desk.file({ ...again, complaint: COMPLAINT, reporter: HANAKO });
    await desks.hinode.store.query.deleteFrom('evidence').execute();
    await desks.tsukimi.exchange.run();
    await desks.hinode.exchange.run();
    const [found] = await desks.hinode.cases.list(false);
    expect(await desks.hinode.cases.show(found?.case ?? '')).toMatchObject({ traceable: false, sender: TARO });
    await expect(desks.hinode.cases.suspend(found?.case ?? '', 'x')).rejects.toMatchObject(refusal('evidence-erased'));
  });

  it('is limited: thirty a day and mailbox', async () => {
    const mail = await delivered(desks);
    const at = desks.scene.world.now.getTime();
    for (let i = 0; i < 30; i++) {
      await desks.tsukimi.store.query.insertInto('abuse_reports').values({
        id: crypto.randomUUID(), content_digest: native.random(32), reporter: HANAKO, channel: 'plugin', category: 'abuse', sender: TARO, organisation: 'x', state: 'sent',
        code: null, report: new Uint8Array(0), at,
      }).execute();
    }
    await expect(desks.tsukimi.desk.file({ ...mail, complaint: COMPLAINT, reporter: HANAKO })).rejects.toMatchObject(refusal('rate-limited'));
  });
});
