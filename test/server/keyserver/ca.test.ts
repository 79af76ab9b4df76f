/** The private CA: whatever it certifies stands in the audit chain. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import { z } from 'zod';
import { generatePrivateKey, loadPrivateKey } from '../../../src/platform/node-crypto.ts';
import { createCa } from '../../../src/server/keyserver/ca.ts';
import { migrations, type Store, type Tables } from '../../../src/server/keyserver/tables.ts';
import { verifyAuditChain } from '../../../src/server/shared/audit-chain.ts';
import { openDatabase } from '../../../src/server/shared/database.ts';
import { createWorld, native, NOW } from '../../flow/world.ts';
import { onBothDatabases } from '../shared/databases.ts';

onBothDatabases('the private CA', (fresh) => {
  let store: Store;
  beforeEach(async () => {
    store = await openDatabase<Tables>(await fresh(), migrations);
  });
  afterEach(() => store.close());

  it("chains every certificate, users' and servers'", async () => {
    const organisation = await (await createWorld()).addOrganisation('hinode.example', { ja: '日之出市役所', en: 'Hinode City Office' });
    const ca = createCa(store, organisation.issuer, (length) => native.random(length), { now: () => NOW });
    const { publicKey } = loadPrivateKey(generatePrivateKey());
    const user = await ca.issueUser({ id: 'member-1', address: 'taro@hinode.example', displayName: '山田 太郎', pseudonym: false }, publicKey);
    const server = await ca.issueServer('gateway', 'gateway.hinode.example', publicKey);
    const rows = await store.query.selectFrom('audit_entries').innerJoin('audit_details', 'audit_details.seq', 'audit_entries.seq')
      .select(['kind', 'details']).orderBy('audit_entries.seq').execute();
    const details = rows.map(({ kind, details: text }) => [kind, z.record(z.string(), z.unknown()).parse(JSON.parse(text))]);
    expect(details).toEqual([
      ['certified', { role: 'user', serial: user.serial, member: 'member-1' }],
      ['certified', { role: 'gateway', serial: server.serial, member: null }],
    ]);
    expect((await verifyAuditChain(store)).fault).toBeUndefined();
  });
});
