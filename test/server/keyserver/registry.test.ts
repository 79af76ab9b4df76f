/** Members, codes, aliases and lists, on both databases. */
import { expect, it } from 'vitest';
import { generatePrivateKey, loadPrivateKey } from '../../../src/platform/node-crypto.ts';
import { createCa } from '../../../src/server/keyserver/ca.ts';
import { createRegistry, type NewMember, type Registry } from '../../../src/server/keyserver/registry.ts';
import { migrations, type Store, type Tables } from '../../../src/server/keyserver/tables.ts';
import { openDatabase } from '../../../src/server/shared/database.ts';
import { createWorld, native, NOW } from '../../flow/world.ts';
import { onBothDatabases } from '../shared/databases.ts';

const member = (user: string, reference: string, more: Partial<NewMember> = {}): NewMember => ({
  address: `${user}@hinode.example`, reference, displayName: user, pseudonym: false, identityCheck: `HR-${reference}`, ...more,
});
const publicKey = () => loadPrivateKey(generatePrivateKey()).publicKey;
const refusedWith = (code: string) => expect.objectContaining({ code }) as Error;

onBothDatabases('the registry', (fresh) => {
  let now: Date;
  let store: Store;
  let registry: Registry;

  const open = async (): Promise<void> => {
    now = NOW;
    store = await openDatabase<Tables>(await fresh(), migrations);
    const { issuer } = await (await createWorld()).addOrganisation('hinode.example', { ja: '日之出市役所', en: 'Hinode City Office' });
    const random = (length: number) => native.random(length);
    const clock = { now: () => now };
    const ca = createCa(store, issuer, random, clock);
    await ca.publishCrl();
    registry = createRegistry(store, ca, ['hinode.example'], random, clock);
  };
  const later = (minutes: number): void => { now = new Date(now.getTime() + minutes * 60_000); };
  const enrol = async (user: string, reference?: string) => {
    const address = `${user}@hinode.example`;
    return registry.enrol(address, (await registry.newCode(address, reference)).code, publicKey());
  };

  it('has several holders of one address, each traceable, each revoked alone', async () => {
    await open();
    const [first, second] = [await registry.add(member('info', 'E1')), await registry.add(member('info', 'E2'))];
    await expect(registry.newCode('info@hinode.example')).rejects.toThrow(refusedWith('member-ambiguous'));
    const [one, two] = [await enrol('info', 'E1'), await enrol('info', 'E2')];
    const whose = await store.query.selectFrom('certificates').select(['serial', 'member']).where('role', '=', 'user').execute();
    expect(new Map(whose.map(({ serial, member: id }) => [serial, id]))).toEqual(new Map([[one.serial, first.id], [two.serial, second.id]]));
    expect((await registry.expand('info@hinode.example'))[0]?.certificates).toHaveLength(2);
    expect(await registry.revokeAddress('info@hinode.example', 'keyCompromise', undefined, 'E1')).toBe(1);
    expect((await registry.expand('info@hinode.example'))[0]?.certificates).toEqual([two.der]);
    await store.close();
  });

  it('gives one address eight certificates and no more, though they are asked for at once', async () => {
    await open();
    await registry.add(member('desk', 'E1'));
    const codes: string[] = [];
    for (let n = 0; n < 8; n++) await registry.add(member('info', `E${n}`));
    await expect(registry.add(member('info', 'E8'))).rejects.toThrow(refusedWith('too-many-holders'));
    for (let n = 0; n < 8; n++) codes.push((await registry.newCode('info@hinode.example', `E${n}`)).code);
    await Promise.all(codes.map((code) => registry.enrol('info@hinode.example', code, publicKey())));
    await expect(enrol('info', 'E3')).rejects.toThrow(refusedWith('too-many-certificates'));
    expect((await registry.expand('info@hinode.example'))[0]?.certificates).toHaveLength(8);
    await store.close();
  });

  it('takes a code once, in any spelling, until it expires, is replaced or withdrawn', async () => {
    await open();
    await registry.add(member('taro', 'E1'));
    const address = 'taro@hinode.example';
    const old = await registry.newCode(address);
    const code = await registry.newCode(address);
    await expect(registry.enrol(address, old.code, publicKey())).rejects.toThrow(refusedWith('enrolment-refused'));
    const wide = code.code.toLowerCase().replace(/[a-z0-9]/g, (c) => String.fromCodePoint((c.codePointAt(0) ?? 0) + 0xfee0)).replaceAll('-', 'ー');
    const key = publicKey();
    const certificate = await registry.enrol(address, wide, key);
    expect((await registry.enrol(address, code.code, key)).der).toEqual(certificate.der); // the answer had been lost
    await expect(registry.enrol(address, code.code, publicKey())).rejects.toThrow(refusedWith('enrolment-refused'));
    expect(await registry.openCodes()).toEqual([]);

    const expired = await registry.newCode(address, undefined, 2);
    expect(await registry.openCodes()).toMatchObject([{ address, reference: 'E1', name: 'taro', issued: now, expires: expired.expires }]);
    later(2 * 1440 + 1);
    expect(await registry.openCodes()).toEqual([]);
    await expect(registry.enrol(address, expired.code, publicKey())).rejects.toThrow(refusedWith('enrolment-refused'));

    const withdrawn = await registry.newCode(address);
    expect(await registry.withdrawCodes(address)).toBe(1);
    await expect(registry.enrol(address, withdrawn.code, publicKey())).rejects.toThrow(refusedWith('enrolment-refused'));
    await store.close();
  });

  it('bounds wrong codes by address, and what it remembers of them', async () => {
    await open();
    await registry.add(member('taro', 'E1'));
    const { code } = await registry.newCode('taro@hinode.example');
    for (let n = 0; n < 10; n++) await expect(registry.enrol('taro@hinode.example', 'WRONG', publicKey())).rejects.toThrow(refusedWith('enrolment-refused'));
    await expect(registry.enrol('taro@hinode.example', code, publicKey())).rejects.toThrow(refusedWith('enrolment-rate-limited'));
    later(11);
    await registry.enrol('taro@hinode.example', code, publicKey());
    for (let n = 0; n < 40; n++) await expect(registry.enrol(`x${n % 2}@hinode.example`, 'WRONG', publicKey())).rejects.toThrow();
    const rows = await store.query.selectFrom('enrolment_attempts').selectAll().execute();
    expect(rows.length).toBeLessThanOrEqual(3);
    expect(rows.every(({ bucket }) => bucket >= 0 && bucket < 65_536)).toBe(true);
    await store.close();
  });

  it('makes codes for all who need one: not for the enrolled, services and those who left', async () => {
    await open();
    for (const [user, reference] of [['taro', 'E1'], ['yuki', 'E2'], ['ken', 'E3']] as const) await registry.add(member(user, reference));
    await registry.add(member('soudan07', 'E4', { displayName: '住民相談窓口 07', pseudonym: true, person: '田中 健' }));
    await registry.add(member('billing', 'E5', { kind: 'service', identityCheck: '' }));
    await enrol('taro');
    await registry.remove('ken@hinode.example');
    const codes = await registry.newCodes({ reissue: false });
    expect(codes.map(({ address, name }) => [address, name])).toEqual([['soudan07@hinode.example', '田中 健'], ['yuki@hinode.example', 'yuki']]);
    expect(await registry.newCodes({ reissue: false })).toEqual([]);
    const again = await registry.newCodes({ reissue: true, days: 30 });
    expect(again).toHaveLength(2);
    await expect(registry.enrol('yuki@hinode.example', codes[1]?.code ?? '', publicKey())).rejects.toThrow(refusedWith('enrolment-refused'));
    const certificate = await registry.enrol('soudan07@hinode.example', again[0]?.code ?? '', publicKey());
    expect(certificate.subject).toMatchObject({ commonName: '住民相談窓口 07', pseudonym: '住民相談窓口 07' });
    expect(Buffer.from(certificate.der).includes('田中')).toBe(false);
    expect(JSON.stringify(await registry.list())).not.toContain('田中');
    await store.close();
  });

  it('lets a member leave and come back, and keeps the entry', async () => {
    await open();
    const { id } = await registry.add(member('taro', 'E1'));
    await registry.addAlias('yamada@hinode.example', 'taro@hinode.example');
    await registry.addToList({ address: 'all@hinode.example', name: 'All', members: ['taro@hinode.example'] });
    await enrol('taro');
    await registry.newCode('taro@hinode.example');
    expect(await registry.remove('taro@hinode.example')).toEqual({ revoked: 1 });
    expect(await registry.expand('taro@hinode.example')).toEqual([]);
    expect(await registry.openCodes()).toEqual([]);
    expect(await registry.aliases()).toEqual([]);
    expect((await registry.lists())[0]?.members).toEqual([]);
    expect(await registry.list()).toMatchObject([{ id, left: now, certificates: 0 }]);
    await expect(registry.newCode('taro@hinode.example')).rejects.toThrow(refusedWith('member-unknown'));
    expect(await registry.add(member('taro', 'E1'))).toEqual({ id, address: 'taro@hinode.example' });
    await enrol('taro');
    await expect(registry.add(member('taro', 'E1'))).rejects.toThrow(refusedWith('member-exists'));
    await store.close();
  });

  it('delivers to aliases and to lists, if the sender may post', async () => {
    await open();
    for (const [user, reference] of [['taro', 'E1'], ['yuki', 'E2'], ['ken', 'E3']] as const) await registry.add(member(user, reference));
    const mailboxes = async (user: string, sender?: string) => (await registry.expand(`${user}@hinode.example`, sender)).map(({ mailbox }) => mailbox);
    await registry.addAlias('Yamada@Hinode.example', 'taro@hinode.example');
    const all = { address: 'all@hinode.example', name: '全職員', members: ['taro@hinode.example', 'yuki@hinode.example', 'ken@hinode.example'] };
    await registry.addToList(all);
    expect(await registry.expand('all@hinode.example', 'taro@hinode.example')).toEqual(['ken', 'taro', 'yuki'].map((user) => ({ mailbox: `${user}@hinode.example`, certificates: [], list: { name: '全職員' } })));
    await enrol('taro');
    await enrol('yuki');
    expect(await mailboxes('yamada')).toEqual(['taro@hinode.example']);
    expect((await registry.expand('all@hinode.example', 'ken@hinode.example')).filter(({ certificates }) => certificates.length > 0).map(({ mailbox }) => mailbox)).toEqual(['taro@hinode.example', 'yuki@hinode.example']);
    await expect(mailboxes('all', 'x@tsukimi.example')).rejects.toThrow(refusedWith('list-post-refused'));
    await expect(registry.addToList({ address: all.address, posting: 'anyone', members: [] })).rejects.toThrow(refusedWith('list-owner-missing'));
    await expect(registry.addToList({ address: all.address, owner: 'nobody@hinode.example', members: [] })).rejects.toThrow(refusedWith('member-unknown'));
    await registry.addToList({ address: all.address, posting: 'anyone', owner: 'Ken@hinode.example', members: [] });
    expect(await registry.expand('all@hinode.example', 'x@tsukimi.example')).toMatchObject(Array.from({ length: 3 }, () => ({ list: { name: '全職員', owner: 'ken@hinode.example' } })));
    await registry.removeFromList(all.address, ['ken@hinode.example']);
    await registry.addToList({ address: all.address, posting: 'members', members: [] });
    await expect(mailboxes('all', 'ken@hinode.example')).rejects.toThrow(refusedWith('list-post-refused'));
    expect(await registry.lists()).toEqual([{ address: all.address, name: '全職員', posting: 'members', owner: 'ken@hinode.example', members: [
      { mailbox: 'taro@hinode.example', enrolled: true }, { mailbox: 'yuki@hinode.example', enrolled: true },
    ] }]);
    await registry.removeFromList(all.address, 'whole list');
    expect(await registry.lists()).toEqual([]);
    await registry.removeAlias('yamada@hinode.example');
    expect(await mailboxes('yamada')).toEqual([]);
    await store.close();
  });

  it('keeps addresses of members, aliases and lists apart', async () => {
    await open();
    await registry.add(member('taro', 'E1'));
    await registry.addAlias('yamada@hinode.example', 'taro@hinode.example');
    await registry.addToList({ address: 'all@hinode.example', name: 'All', members: [] });
    const refusals: readonly (readonly [() => Promise<unknown>, string])[] = [
      [() => registry.add(member('yamada', 'E2')), 'address-taken'],
      [() => registry.add(member('all', 'E2')), 'address-taken'],
      [() => registry.addAlias('taro@hinode.example', 'taro@hinode.example'), 'address-taken'],
      [() => registry.addAlias('all@hinode.example', 'taro@hinode.example'), 'address-taken'],
      [() => registry.addToList({ address: 'yamada@hinode.example', name: 'x', members: [] }), 'address-taken'],
      [() => registry.addAlias('y@elsewhere.example', 'taro@hinode.example'), 'address-not-ours'],
      [() => registry.addAlias('y@hinode.example', 'nobody@hinode.example'), 'member-unknown'],
      [() => registry.addToList({ address: 'new@hinode.example', members: [] }), 'list-name-missing'],
      [() => registry.addToList({ address: 'all@hinode.example', members: ['hanako@tsukimi.example'] }), 'list-member-outside'],
      [() => registry.addToList({ address: 'all@hinode.example', members: ['nobody@hinode.example'] }), 'member-unknown'],
      [() => registry.removeFromList('new@hinode.example', 'whole list'), 'list-unknown'],
      [() => registry.removeFromList('all@hinode.example', ['taro@hinode.example']), 'list-member-unknown'],
      [() => registry.removeAlias('new@hinode.example'), 'alias-unknown'],
      [() => registry.add(member('x', '1234-5678-9018')), 'national-number'],
      [() => registry.add(member('x', 'E9', { displayName: '山田１２３４５６７８９０１８' })), 'national-number'],
      [() => registry.add(member('x', 'E9', { person: '123456789018' })), 'national-number'],
      [() => registry.add(member('123456789018', 'E9')), 'national-number'],
      [() => registry.add(member('x', 'E9', { displayName: 'a\u202eb' })), 'certificate-name'],
    ];
    for (const [attempt, code] of refusals) await expect(attempt()).rejects.toThrow(refusedWith(code));
    expect(await registry.list()).toHaveLength(1);
    await store.close();
  });
});
