import { createHash } from 'node:crypto';
import { sql } from 'kysely';
import type { RawBuilder } from 'kysely';
import { expect, it } from 'vitest';
import { openDatabase } from '../../../src/server/shared/database.ts';
import type { Database } from '../../../src/server/shared/database.ts';
import { appendAudit, appendAuditIn, auditHead, auditMigrations, eraseAuditDetails, verifyAuditChain } from '../../../src/server/shared/audit-chain.ts';
import type { AuditTables } from '../../../src/server/shared/audit-chain.ts';
import { onBothDatabases } from './databases.ts';

const day = (number: number): Date => new Date(Date.UTC(2026, 0, number));

onBothDatabases('the audit chain', (fresh) => {
  const open = async (): Promise<Database<AuditTables>> => openDatabase<AuditTables>(await fresh(), auditMigrations);

  /** Five entries, one a day. */
  async function filled(): Promise<Database<AuditTables>> {
    const store = await open();
    for (let number = 1; number <= 5; number++) await appendAudit(store, day(number), 'sign', { contentDigest: `digest ${number}`, leg: 1 });
    return store;
  }

  it('is good when untouched, and empty at first', async () => {
    const store = await open();
    expect(await verifyAuditChain(store)).toEqual({ head: { seq: 0, hash: new Uint8Array(32) } });
    const head = await appendAudit(store, day(1), 'sign', {});
    expect(head.seq).toBe(1);
    expect(await auditHead(store)).toEqual(head);
    expect(await verifyAuditChain(store, [head])).toEqual({ head });
    await store.close();
  });

  it('hashes exactly what docs/protocol-audit.md says', async () => {
    const store = await open();
    const { hash } = await appendAudit(store, new Date(1), 'sign', { leg: 2 });
    const { salt, details } = await store.query.selectFrom('audit_details').select(['salt', 'details']).executeTakeFirstOrThrow();
    expect(details).toBe('{"leg":2}');
    const lp = (part: string | Uint8Array): Buffer => {
      const bytes = Buffer.from(part);
      const length = Buffer.alloc(4);
      length.writeUInt32BE(bytes.length);
      return Buffer.concat([length, bytes]);
    };
    const sha256 = (...parts: Buffer[]): Buffer => createHash('sha256').update(Buffer.concat(parts)).digest();
    const one = Buffer.from('0000000000000001', 'hex');
    const detailsHash = sha256(lp('SSMAX-v1/audit-details'), lp(salt), lp(details));
    expect(Buffer.from(hash)).toEqual(sha256(lp('SSMAX-v1/audit'), lp(one), lp(one), lp('sign'), lp(detailsHash), lp(Buffer.alloc(32))));
    await store.close();
  });

  it.each<readonly [what: string, tamper: RawBuilder<unknown>, seq: number, problem: string]>([
    ['a removed entry', sql`delete from audit_entries where seq = 3`, 3, 'missing'],
    ['a removed first entry', sql`delete from audit_entries where seq = 1`, 1, 'missing'],
    ['a changed time', sql`update audit_entries set time = time + 1 where seq = 2`, 2, 'hash'],
    ['a changed kind', sql`update audit_entries set kind = 'trace' where seq = 4`, 4, 'hash'],
    ['changed details', sql`update audit_details set details = '{}' where seq = 2`, 2, 'details'],
    ['an inserted entry', sql`insert into audit_entries select 6, time, kind, details_hash, details_hash, hash from audit_entries where seq = 1`, 6, 'link'],
    ['entries in another order', sql`update audit_entries set seq = case seq when 2 then 103 else 102 end where seq in (2, 3)`, 2, 'missing'],
  ])('shows %s', async (_, tamper, seq, problem) => {
    const store = await filled();
    await tamper.execute(store.query);
    expect((await verifyAuditChain(store)).fault).toEqual({ seq, problem });
    await store.close();
  });

  it('shows swapped entries', async () => {
    const store = await filled();
    for (const [from, to] of [[2, 100], [3, 2], [100, 3]]) await sql`update audit_entries set seq = ${to} where seq = ${from}`.execute(store.query);
    expect((await verifyAuditChain(store)).fault).toEqual({ seq: 2, problem: 'link' });
    await store.close();
  });

  it('shows a cut-off end, and a chain written anew, to who kept a head', async () => {
    const store = await filled();
    const kept = await auditHead(store);
    await store.query.deleteFrom('audit_entries').where('seq', '>', 3).execute();
    expect((await verifyAuditChain(store)).fault).toEqual({ seq: 4, problem: 'missing' });
    await store.query.deleteFrom('audit_details').where('seq', '>', 3).execute();
    expect(await verifyAuditChain(store)).not.toHaveProperty('fault');
    expect((await verifyAuditChain(store, [kept])).fault).toEqual({ seq: 4, problem: 'head' });
    for (const number of [4, 5]) await appendAudit(store, day(number), 'sign', { forged: number });
    expect((await verifyAuditChain(store, [kept])).fault).toEqual({ seq: 5, problem: 'head' });
    await store.close();
  });

  it('stays good when details are erased', async () => {
    const store = await filled();
    expect(await eraseAuditDetails(store, day(4))).toBe(3);
    expect(await store.query.selectFrom('audit_details').select('seq').orderBy('seq').execute()).toEqual([{ seq: 4 }, { seq: 5 }]);
    expect(await verifyAuditChain(store)).not.toHaveProperty('fault');
    await store.close();
  });

  it('is undone with the transaction that it is part of', async () => {
    const store = await filled();
    const failed = store.transaction(async (tx) => {
      await appendAuditIn(tx, day(6), 'sign', {});
      throw new Error('planted');
    });
    await expect(failed).rejects.toThrow('planted');
    expect((await auditHead(store)).seq).toBe(5);
    await store.close();
  });

  it('takes concurrent appends one after the other', async () => {
    const location = await fresh();
    const first = await openDatabase<AuditTables>(location, auditMigrations);
    // PostgreSQL lets a second copy of the server work on the same chain.
    const second = first.kind === 'postgresql' ? await openDatabase<AuditTables>(location, auditMigrations) : undefined;
    const stores = second === undefined ? [first] : [first, second];
    await Promise.all(stores.flatMap((store) => Array.from({ length: 20 }, (_, i) => appendAudit(store, day(i + 1), 'sign', { i }))));
    expect(await verifyAuditChain(first)).toMatchObject({ head: { seq: 20 * stores.length } });
    expect(await verifyAuditChain(first)).not.toHaveProperty('fault');
    for (const store of stores) await store.close();
  });
});
