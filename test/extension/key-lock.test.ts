import { beforeEach, describe, expect, it, vi } from 'vitest';
import { importBackup, writeBackup } from '../../extension/member/backup.ts';
import { enrol, type FreshKeys, lockFreshKey } from '../../extension/member/enrol.ts';
import { KeyLock, lockPolicy } from '../../extension/member/key-lock.ts';
import { searchChoice } from '../../extension/member/search-choice.ts';
import { utf8 } from '../../src/core/bytes.ts';
import { verifyEcdsa } from '../../src/core/ecdsa.ts';
import { type LockedKey, lockWebKey, unlockWebKey } from '../../src/platform/web.ts';
import { codeOf, createWorld } from '../flow/world.ts';
import { createTestMember, type TestMember } from './member-world.ts';

const TARO = 'taro@hinode.example';
const PASSPHRASE = '月夜に 三羽の 兎';

let member: TestMember;
let locked: LockedKey;

const code = async (work: Promise<unknown>): Promise<string> => work.then(() => 'none', codeOf);

beforeEach(async () => {
  const chain = await createWorld();
  member = createTestMember(chain, await chain.addOrganisation('hinode.example', { ja: '日之出市役所', en: 'Hinode City Office' }));
  const fresh: FreshKeys = new Map();
  const identity = await enrol(member, { address: TARO, code: 'ABCD-1234' }, fresh);
  locked = await lockWebKey(fresh.get(TARO)!.exportable, identity.pair.publicKey, PASSPHRASE);
  await member.identities.add({ ...identity, pair: locked });
});

describe('a key under a passphrase', () => {
  it('rests wrapped, under 600,000 iterations, with no CryptoKey beside it', async () => {
    const [stored] = await member.identities.all();
    expect(Object.values(stored?.pair ?? {}).some((value) => value instanceof CryptoKey)).toBe(false);
    expect(locked.iterations).toBeGreaterThanOrEqual(600_000);
    expect(locked.salt).toHaveLength(16);
  });

  it('opens by its passphrase alone, in either normal form, and not once it was changed', async () => {
    expect(await code(unlockWebKey(locked, '月夜に 三羽の 狐'))).toBe('key-passphrase');
    expect(await code(unlockWebKey({ ...locked, publicKey: locked.publicKey.map((byte, i) => (i === 64 ? byte ^ 1 : byte)) }, PASSPHRASE))).toBe('key-passphrase');
    const pair = await unlockWebKey(locked, PASSPHRASE.normalize('NFD'));
    expect([pair.ecdh.extractable, pair.ecdsa.extractable]).toEqual([false, false]);
  });

  it('signs and decrypts only while it is unlocked', async () => {
    const signer = await member.identities.signer(TARO);
    if (signer === undefined) throw new Error();
    expect(await code(signer.key.sign(utf8('x')))).toBe('key-locked');
    expect(await code(signer.key.sharedX(locked.publicKey))).toBe('key-locked');
    expect(await member.identities.waiting()).toBe(true);
    expect(await code(member.identities.unlock('falsch', 15))).toBe('key-passphrase');
    await member.identities.unlock(PASSPHRASE, 15);
    expect(await member.identities.waiting()).toBe(false);
    expect(await verifyEcdsa(locked.publicKey, utf8('x'), await signer.key.sign(utf8('x')))).toBe(true);
  });

  it('locks after a while without use, and lets the program rest', async () => {
    let kept = 0;
    const lock = new KeyLock(member.ports.native, () => {
      kept++;
      return () => { kept--; };
    }, () => 0);
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      await lock.unlock([locked], PASSPHRASE, 15);
      expect([lock.isOpen(locked), kept]).toEqual([true, 1]);
      await lock.key(locked).sign(utf8('x')); // the while begins anew
      vi.advanceTimersByTime(14 * 60_000);
      await lock.key(locked).sign(utf8('x'));
      vi.advanceTimersByTime(14 * 60_000);
      expect(lock.isOpen(locked)).toBe(true);
      vi.advanceTimersByTime(60_000);
      expect([lock.isOpen(locked), kept]).toEqual([false, 0]);
    } finally {
      vi.useRealTimers();
    }
    expect(await code(lock.key(locked).sign(utf8('x')))).toBe('key-locked');
  });

  it.each([['after the computer slept', 60_000, false], ['a moment before', 59_999, true], ['with a clock put back', -3_600_000, false]])('goes by the clock, not by a timer that stands still in standby: %s', async (_, by, open) => {
    let now = Date.UTC(2026, 0, 1);
    let kept = 0;
    const lock = new KeyLock(member.ports.native, () => { kept++; return () => { kept--; }; }, () => now);
    await lock.unlock([locked], PASSPHRASE, 1);
    now += by;
    const signed = await code(lock.key(locked).sign(utf8('x')));
    expect([signed, lock.isOpen(locked), kept]).toEqual(open ? ['none', true, 1] : ['key-locked', false, 0]);
    lock.lock();
  });

  it('goes with no search index', async () => {
    await member.ports.tables.preferences.put('search', { search: true });
    expect(await searchChoice(member.ports)).toMatchObject({ on: false, locked: true });
  });

  it('where it is demanded, no key is kept without one: who closes the page has none, new or from a backup', async () => {
    const chain = await createWorld();
    const hinode = await chain.addOrganisation('hinode.example', { ja: '日之出市役所', en: 'Hinode City Office' });
    const strict = createTestMember(chain, hinode);
    const { managed } = strict.ports;
    Object.assign(strict.ports, { managed: async () => ({ ...(await managed() as object), lockKeys: true }) });
    const kept = async (): Promise<number> => (await strict.identities.all()).length + (await strict.ports.tables.pending.all()).length;
    const fresh: FreshKeys = new Map();
    strict.server.code = 'OTHER';
    expect(await code(enrol(strict, { address: TARO, code: 'ABCD-1234' }, fresh))).toBe('enrolment-refused');
    expect(await kept()).toBe(0);
    const { publicKey } = fresh.get(TARO)!.pair;
    strict.server.code = 'ABCD-1234';
    const identity = await enrol(strict, { address: TARO, code: 'ABCD-1234' }, fresh);
    expect(identity.pair.publicKey).toEqual(publicKey); // asked again in the same page: the same key
    expect(await kept()).toBe(0);
    expect(await strict.identities.signer(TARO)).toBeUndefined();
    await lockFreshKey(strict.identities, TARO, PASSPHRASE, fresh);
    expect((await strict.identities.all()).map(({ pair }) => 'wrapped' in pair)).toEqual([true]);
    expect(await code(lockFreshKey(strict.identities, TARO, PASSPHRASE, new Map()))).toBe('backup-too-late');

    const file = await writeBackup(strict.ports, identity, fresh.get(TARO)!.exportable, PASSPHRASE);
    const other = createTestMember(chain, hinode);
    Object.assign(other.ports, { managed: strict.ports.managed });
    const brought: FreshKeys = new Map();
    await importBackup(other, file, PASSPHRASE, brought);
    expect(await other.identities.all()).toEqual([]);
    await lockFreshKey(other.identities, TARO, PASSPHRASE, brought);
    expect(await code((await other.identities.signer(TARO))!.key.sign(utf8('x')))).toBe('key-locked');
  });

  it('where the member wants one, nothing is kept before it is there either', async () => {
    const chain = await createWorld();
    const free = createTestMember(chain, await chain.addOrganisation('hinode.example', { ja: '日之出市役所', en: 'Hinode City Office' }));
    const fresh: FreshKeys = new Map();
    await enrol(free, { address: TARO, code: 'ABCD-1234', lock: true }, fresh);
    expect((await free.identities.all()).length + (await free.ports.tables.pending.all()).length).toBe(0);
    await lockFreshKey(free.identities, TARO, PASSPHRASE, fresh);
    expect((await free.identities.all()).map(({ pair }) => 'wrapped' in pair)).toEqual([true]);
  });

  it('is demanded by the organisation, or not', async () => {
    expect(await lockPolicy({ managed: () => Promise.resolve(undefined) })).toEqual({ required: false, after: 15 });
    expect(await lockPolicy({ managed: () => Promise.resolve({ lockKeys: true, lockAfter: 5 }) })).toEqual({ required: true, after: 5 });
    expect(await code(lockPolicy({ managed: () => Promise.resolve({ lockAfter: 0 }) }))).toBe('configuration-invalid');
  });
});
