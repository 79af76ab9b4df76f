/** Several copies of the key server on one database: what one does the others see, nothing is done twice, the chain has no gap. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import { equal } from '../../../src/core/bytes.ts';
import { generatePrivateKey, loadPrivateKey } from '../../../src/platform/node-crypto.ts';
import { createCa } from '../../../src/server/keyserver/ca.ts';
import { createRecords } from '../../../src/server/keyserver/records.ts';
import { createRegistry } from '../../../src/server/keyserver/registry.ts';
import { migrations, type Store, type Tables } from '../../../src/server/keyserver/tables.ts';
import { auditHead, verifyAuditChain } from '../../../src/server/shared/audit-chain.ts';
import { openDatabase } from '../../../src/server/shared/database.ts';
import { createWorld, native, NOW } from '../../flow/world.ts';
import { onPostgres } from '../shared/databases.ts';

const COPIES = 3;

onPostgres('copies of the key server', (fresh) => {
  let stores: Store[];
  const clock = { now: () => NOW };
  beforeEach(async () => {
    const location = await fresh();
    stores = [];
    // All at once, as copies start: one of them makes the tables.
    stores = await Promise.all(Array.from({ length: COPIES }, () => openDatabase<Tables>(location, migrations)));
  });
  afterEach(async () => {
    for (const store of stores) await store.close();
  });

  it('write one audit chain, without gap or fork, and give none of it up', async () => {
    const records = stores.map((store) => createRecords(store, clock));
    const evidence = (): Parameters<typeof records[0]['evidence']>[0] => ({
      contentDigest: native.random(32), leg: 1, signerInfo: native.random(8), certificateHash: native.random(32),
    });
    await Promise.all(Array.from({ length: 40 }, () => records.map((one) => one.evidence(evidence()))).flat());
    for (const store of stores) {
      expect((await auditHead(store)).seq).toBe(40 * COPIES);
      expect((await verifyAuditChain(store)).fault).toBeUndefined();
    }
  });

  it('agree on the label that a ciphertext first came with', async () => {
    const c1 = native.random(65);
    const labels = Array.from({ length: 30 }, () => native.random(32));
    const answers = await Promise.all(labels.map((label, index) => createRecords(stores[index % COPIES] as Store, clock).record(c1, label)));
    expect(answers.every((answer) => equal(answer, answers[0] ?? new Uint8Array()))).toBe(true);
  });

  it('take a one-time code once', async () => {
    const { issuer } = await (await createWorld()).addOrganisation('hinode.example', { ja: '日之出市役所', en: 'Hinode City Office' });
    const random = (length: number) => native.random(length);
    const registries = stores.map((store) => createRegistry(store, createCa(store, issuer, random, clock), ['hinode.example'], random, clock));
    const [first] = registries;
    if (first === undefined) throw new Error('no copy');
    await first.add({ address: 'taro@hinode.example', reference: 'E1001', displayName: '山田 太郎', pseudonym: false, identityCheck: 'HR-1' });
    const { code } = await first.newCode('taro@hinode.example');
    const keys = registries.map(() => loadPrivateKey(generatePrivateKey()).publicKey);
    const enrolled = await Promise.allSettled(registries.map((registry, index) => registry.enrol('taro@hinode.example', code, keys[index] ?? new Uint8Array())));
    expect(enrolled.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(await stores[0]?.query.selectFrom('certificates').select('serial').execute()).toHaveLength(1);
  });

  it('publish revocation lists whose numbers never repeat', async () => {
    const { issuer } = await (await createWorld()).addOrganisation('hinode.example', { ja: '日之出市役所', en: 'Hinode City Office' });
    const authorities = stores.map((store) => createCa(store, issuer, (length) => native.random(length), clock));
    await Promise.all(authorities.flatMap((ca) => [ca.publishCrl(), ca.publishCrl()]));
    const [row] = await stores[0]?.query.selectFrom('issuer_crls').select('number').execute() ?? [];
    expect(row?.number).toBe(Math.floor(NOW.getTime() / 1000) + 2 * COPIES - 1);
  });
});
