import { expect, it } from 'vitest';
import { openDatabase } from '../../../src/server/shared/database.ts';
import { verifyAuditChain } from '../../../src/server/shared/audit-chain.ts';
import { createRecords } from '../../../src/server/keyserver/records.ts';
import { type Store, type Tables, migrations } from '../../../src/server/keyserver/tables.ts';
import { hex } from '../../../src/core/bytes.ts';
import type { Certificate } from '../../../src/core/pki/certificate.ts';
import { erasureAction } from '../../../src/server/keyserver/erasure.ts';
import { encodeJson } from '../../../src/wire/json.ts';
import { NOW } from '../../flow/world.ts';
import { createScene, KEN, TARO } from '../../security/scene.ts';
import { onBothDatabases } from '../shared/databases.ts';

const evidence = (number: number, leg = 1) => ({
  contentDigest: new Uint8Array(32).fill(number), leg, signerInfo: new Uint8Array([number]), certificateHash: new Uint8Array(32),
});

onBothDatabases('the key server’s records', (fresh) => {
  let now = new Date(0);
  const open = async (): Promise<{ store: Store; records: ReturnType<typeof createRecords> }> => {
    const store = await openDatabase<Tables>(await fresh(), migrations);
    return { store, records: createRecords(store, { now: () => now }) };
  };
  const count = async (store: Store, table: 'evidence' | 'audit_entries' | 'audit_details'): Promise<number> =>
    (await store.query.selectFrom(table).select((b) => b.fn.countAll<number>().as('n')).executeTakeFirstOrThrow()).n;

  it('keep the first label of a C1 for ever', async () => {
    const { store, records } = await open();
    const [c1, first, second] = [new Uint8Array([4]), new Uint8Array([1]), new Uint8Array([2])];
    expect(await records.record(c1, first)).toEqual(first);
    expect(await records.record(c1, first)).toEqual(first);
    expect(await records.record(c1, second)).toEqual(first);
    await store.close();
  });

  it('keep evidence once, and its entry in the audit chain', async () => {
    const { store, records } = await open();
    await records.evidence(evidence(1));
    await records.evidence(evidence(1));
    await records.evidence({ ...evidence(2), contentDigest: evidence(1).contentDigest });
    expect(await count(store, 'evidence')).toBe(2);
    expect(await count(store, 'audit_entries')).toBe(3);
    await store.close();
  });

  it('keep no evidence when its entry cannot be written', async () => {
    const { store, records } = await open();
    await store.query.schema.dropTable('audit_details').execute();
    await expect(records.evidence(evidence(1))).rejects.toThrow();
    expect(await count(store, 'evidence')).toBe(0);
    await store.close();
  });

  it('erase what is older than its retention, and leave the chain whole', async () => {
    const { store, records } = await open();
    now = new Date(1_000);
    await records.evidence(evidence(1));
    now = new Date(2_000);
    await records.evidence(evidence(2));
    await records.erase(new Date(2_000));
    expect(await count(store, 'evidence')).toBe(1);
    expect(await count(store, 'audit_details')).toBe(1);
    expect(await verifyAuditChain(store)).not.toHaveProperty('fault');
    await store.close();
  });

  it('tell a refusal to its sender only', async () => {
    const { store, records } = await open();
    const [{ contentDigest }, sender] = [evidence(1), 'taro@hinode.example'];
    await records.refuse({ contentDigest, sender, code: 'keyword', params: { rule: 2 } });
    expect(await records.refusal(contentDigest, sender)).toEqual({ code: 'keyword', params: { rule: 2 } });
    expect(await records.refusal(contentDigest, 'ken@hinode.example')).toBeUndefined();
    await store.close();
  });

  it('erase what one former member sent, and leave the chain whole', async () => {
    const { store, records } = await open();
    now = NOW;
    const { hinode, taro, ken } = await createScene();
    const member = async (address: string, certificate: Certificate, left: number | null): Promise<string> => {
      const id = crypto.randomUUID();
      await store.query.insertInto('members').values({ id, address, reference: address, display_name: 'x', pseudonym: 0, identity_check: 'HR', person: null, kind: 'person', created: 0, left_at: left }).execute();
      await store.query.insertInto('certificates').values({
        serial: certificate.serial, der: certificate.der, role: 'user', member: id, address, spki_hash: certificate.spkiSha256,
        not_after: certificate.notAfter.getTime(), revoked: null, reason: null, invalid_since: null,
      }).execute();
      return id;
    };
    await member(TARO, taro.certificate, now.getTime());
    const kenId = await member(KEN, ken.certificate, null);
    for (const [number, { certificate }] of [[1, taro], [2, taro], [3, ken]] as const) await records.evidence({ ...evidence(number), certificateHash: certificate.sha256 });
    await records.evidence({ ...evidence(1), certificateHash: taro.certificate.sha256 }); // the same again: two entries
    await records.evidence({ ...evidence(4, 2), certificateHash: hinode.issuer.certificate.sha256 });
    await records.alert('label-mismatch', evidence(1).contentDigest);
    await records.alert('label-mismatch', evidence(3).contentDigest);
    for (const sender of [TARO, KEN]) await records.refuse({ contentDigest: evidence(sender === TARO ? 1 : 3).contentDigest, sender, code: 'keyword', params: {} });
    const erase = (address: string): Promise<unknown> => erasureAction(store, { now: () => now }).run(encodeJson({ address, reason: 'asked for' }));
    await expect(erase(KEN)).rejects.toMatchObject({ code: 'member-not-left' });
    await expect(erase('nobody@hinode.example')).rejects.toMatchObject({ code: 'member-unknown' });
    const before = await count(store, 'audit_entries');
    expect(await erase(TARO)).toEqual({ address: TARO, mails: 2 });
    expect((await store.query.selectFrom('evidence').select('content_digest').execute()).map(({ content_digest: [first] }) => first).sort()).toEqual([3, 4]);
    expect(await count(store, 'audit_entries')).toBe(before + 1);
    const told = (await store.query.selectFrom('audit_details').select('details').execute()).map(({ details }) => details).join();
    for (const number of [1, 2]) expect(told).not.toContain(hex(evidence(number).contentDigest));
    expect(told).toContain(hex(evidence(3).contentDigest));
    expect([await records.refusal(evidence(1).contentDigest, TARO), await records.refusal(evidence(3).contentDigest, KEN)]).toMatchObject([undefined, { code: 'keyword' }]);
    expect(await verifyAuditChain(store)).not.toHaveProperty('fault');
    expect(await erase(TARO)).toEqual({ address: TARO, mails: 0 });
    // A case that is open needs its evidence.
    await store.query.updateTable('members').set({ left_at: now.getTime() }).where('id', '=', kenId).execute();
    await store.query.insertInto('abuse_cases').values({
      id: crypto.randomUUID(), leg_hash: evidence(3).contentDigest, content_digest: evidence(3).contentDigest, sender: KEN, sent: 0, state: 'open', outcome: null, member: kenId, opened: 0, changed: 0,
    }).execute();
    await expect(erase(KEN)).rejects.toMatchObject({ code: 'evidence-in-use' });
    await store.close();
  });
});
