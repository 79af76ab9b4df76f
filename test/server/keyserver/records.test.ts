import { expect, it } from 'vitest';
import { openDatabase } from '../../../src/server/shared/database.ts';
import { verifyAuditChain } from '../../../src/server/shared/audit-chain.ts';
import { createRecords } from '../../../src/server/keyserver/records.ts';
import { type Store, type Tables, migrations } from '../../../src/server/keyserver/tables.ts';
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
});
