/** Importing members, on both databases. */
import { expect, it } from 'vitest';
import { concat, utf8 } from '../../../src/core/bytes.ts';
import { generatePrivateKey, loadPrivateKey } from '../../../src/platform/node-crypto.ts';
import { type Ca, createCa } from '../../../src/server/keyserver/ca.ts';
import { importMembers, type ImportOrder } from '../../../src/server/keyserver/member-import.ts';
import { createRegistry, type Registry } from '../../../src/server/keyserver/registry.ts';
import { migrations, type Store, type Tables } from '../../../src/server/keyserver/tables.ts';
import { openDatabase } from '../../../src/server/shared/database.ts';
import { createWorld, native, NOW } from '../../flow/world.ts';
import { onBothDatabases } from '../shared/databases.ts';

const HEADER = '職員番号,氏名,仮名,メールアドレス,別名,本人確認,種別';
const table = (...lines: string[]) => utf8([HEADER, ...lines].join('\r\n'));
const TARO = '1001,山田 太郎,,taro@hinode.example,yamada@hinode.example,HR-1,';
const YUKI = '1002,鈴木 雪,,yuki@hinode.example,,HR-2,';
const INFO = ['1001,市民課,,info@hinode.example,,HR-1,', '1002,市民課,,info@hinode.example,,HR-2,'];

onBothDatabases('an import', (fresh) => {
  let store: Store;
  let ca: Ca;
  let registry: Registry;
  const clock = { now: () => NOW };

  const open = async (): Promise<void> => {
    store = await openDatabase<Tables>(await fresh(), migrations);
    const { issuer } = await (await createWorld()).addOrganisation('hinode.example', { ja: '日之出市役所', en: 'Hinode City Office' });
    const random = (length: number) => native.random(length);
    ca = createCa(store, issuer, random, clock);
    registry = createRegistry(store, ca, ['hinode.example'], random, clock);
  };
  const run = (file: ImportOrder['file'], more: Partial<ImportOrder> = {}) => importMembers(store, ca, ['hinode.example'], clock, { file, dryRun: false, ...more });
  const state = async () => JSON.stringify([
    await store.query.selectFrom('members').selectAll().orderBy('address').orderBy('reference').execute(), await registry.aliases(),
    (await store.query.selectFrom('audit_entries').select('seq').execute()).length,
  ]);

  it('takes in all of a table, and the same again changes nothing', async () => {
    await open();
    const file = concat(new Uint8Array([0xef, 0xbb, 0xbf]), table(TARO, YUKI, ...INFO, '1003,田中 健,住民相談窓口 07,soudan07@hinode.example,,HR-3,', '1002,請求,,billing@hinode.example,,,サービス'));
    const before = await state();
    expect(await run(file, { dryRun: true })).toMatchObject({ applied: false, errors: [], added: { length: 6 } });
    expect(await state()).toBe(before);
    expect(await run(file)).toMatchObject({ applied: true, rows: 6, added: { length: 6 }, changed: [], unchanged: 0, missing: [] });
    const after = await state();
    expect(await run(file)).toMatchObject({ applied: true, added: [], changed: [], unchanged: 6, missing: [] });
    expect(await state()).toBe(after);
    expect((await registry.list()).map(({ address, displayName, pseudonym, kind }) => [address, displayName, pseudonym, kind])).toEqual([
      ['billing@hinode.example', '請求', false, 'service'], ['info@hinode.example', '市民課', false, 'person'], ['info@hinode.example', '市民課', false, 'person'],
      ['soudan07@hinode.example', '住民相談窓口 07', true, 'person'], ['taro@hinode.example', '山田 太郎', false, 'person'], ['yuki@hinode.example', '鈴木 雪', false, 'person'],
    ]);
    await store.close();
  });

  it('takes in nothing of a table with an error, and names each', async () => {
    await open();
    await run(table(TARO));
    await registry.addToList({ address: 'all@hinode.example', name: 'All', members: [] });
    const before = await state();
    const report = await run(table(YUKI, '1003,a,,a@elsewhere.example,b@elsewhere.example,HR,', '1004,a,,b@hinode.example,taro@hinode.example,HR,', '1005,a,,all@hinode.example,,HR,', '1006,a,,yamada@hinode.example,,HR,', '1007,a,,c@hinode.example,yamada@hinode.example,HR,'), { leavers: 1 });
    expect(report).toMatchObject({ applied: false, missing: [] });
    expect(report.errors.map(({ line, code, params }) => [line, code, params['address']])).toEqual([
      [3, 'address-not-ours', 'a@elsewhere.example'], [3, 'address-not-ours', 'b@elsewhere.example'], [4, 'address-taken', 'taro@hinode.example'],
      [5, 'address-taken', 'all@hinode.example'], [6, 'address-taken', 'yamada@hinode.example'], [7, 'address-taken', 'yamada@hinode.example'],
    ]);
    expect(await state()).toBe(before);
    const many = Array.from({ length: 9 }, (_, index) => `${index},a,,info@hinode.example,,HR,`);
    expect((await run(table(...many))).errors).toMatchObject([{ line: 10, code: 'too-many-holders' }]);
    expect(await state()).toBe(before);
    await store.close();
  });

  it('shows updates and leavers, and lets leave exactly as many as were named', async () => {
    await open();
    await run(table(TARO, YUKI));
    const { code } = await registry.newCode('taro@hinode.example');
    const { publicKey } = loadPrivateKey(generatePrivateKey());
    await registry.enrol('taro@hinode.example', code, publicKey);
    const next = table('1002,佐藤 雪,,yuki@hinode.example,suzuki@hinode.example,HR-9,');
    const expected = {
      added: [], unchanged: 0, missing: [{ address: 'taro@hinode.example', reference: '1001' }],
      changed: [{ line: 2, address: 'yuki@hinode.example', reference: '1002', changes: ['name: 鈴木 雪 → 佐藤 雪', 'identity check: HR-2 → HR-9', 'aliases: - → suzuki@hinode.example'] }],
    };
    expect(await run(next, { dryRun: true })).toMatchObject(expected);
    expect(await run(next)).toMatchObject({ ...expected, applied: true, revoked: 0 });
    expect((await registry.list()).filter(({ left }) => left !== undefined)).toEqual([]);
    await expect(run(next, { leavers: 2 })).rejects.toThrow(expect.objectContaining({ code: 'leavers-differ', params: { given: 2, found: 1 } }) as Error);
    expect(await run(next, { leavers: 1 })).toMatchObject({ applied: true, revoked: 1, unchanged: 1 });
    expect((await registry.list()).filter(({ left }) => left !== undefined)).toMatchObject([{ address: 'taro@hinode.example' }]);
    expect(await registry.aliases()).toEqual([{ address: 'suzuki@hinode.example', mailbox: 'yuki@hinode.example' }]);
    expect(await run(table(TARO, '1002,佐藤 雪,,yuki@hinode.example,,HR-9,'))).toMatchObject({ added: { length: 1 }, changed: [{ changes: ['aliases: suzuki@hinode.example → -'] }] });
    expect((await registry.list()).every(({ left }) => left === undefined)).toBe(true);
    await store.close();
  });

  it('keeps a mailbox that changes hands on its lists', async () => {
    await open();
    await run(table(...INFO));
    await registry.addToList({ address: 'all@hinode.example', name: 'All', members: ['info@hinode.example'] });
    await run(table('1009,市民課,,info@hinode.example,,HR-9,'), { leavers: 2 });
    expect((await registry.lists())[0]?.members).toHaveLength(1);
    await store.close();
  });

  it('does not tell who stands behind a pseudonym', async () => {
    await open();
    await run(table('1003,田中 健,住民相談窓口 07,soudan07@hinode.example,,HR-3,'));
    const report = await run(table('1003,高橋 芽衣,住民相談窓口 07,soudan07@hinode.example,,HR-3,'));
    expect(report.changed).toMatchObject([{ changes: ['person behind the pseudonym'] }]);
    expect(JSON.stringify(report)).not.toMatch(/田中|高橋/);
    await store.close();
  });
});
