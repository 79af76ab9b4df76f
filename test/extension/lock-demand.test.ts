import { expect, it, vi } from 'vitest';
import { demandPassphrase, offerEnrolment, offerToAddress } from '../../extension/thunderbird/demanding.ts';
import { enrol, type FreshKeys } from '../../extension/member/enrol.ts';
import { requireProtectedKey, unprotectedAddresses } from '../../extension/member/lock-demand.ts';
import { lockWebKey } from '../../src/platform/web.ts';
import { codeOf, createWorld } from '../flow/world.ts';
import { thunderbird } from './fake-thunderbird.ts';
import { createTestMember } from './member-world.ts';

vi.mock('webextension-polyfill', async () => ({ default: (await import('./fake-thunderbird.ts')).thunderbird.api }));

const TARO = 'taro@hinode.example';

it('the enrolment page comes again at each start while there is an account and nobody is enrolled', async () => {
  const chain = await createWorld();
  const member = createTestMember(chain, await chain.addOrganisation('hinode.example', { ja: '日之出市役所', en: 'Hinode City Office' }));
  let accounts: object[] = [];
  thunderbird.reset();
  thunderbird.stub('accounts.list', () => Promise.resolve(accounts));
  thunderbird.stub('runtime.getURL', (path: string) => path);
  thunderbird.stub('tabs.query', () => Promise.resolve([]));
  thunderbird.stub('tabs.create', () => Promise.resolve({}));
  const opened = async (): Promise<number> => {
    await offerEnrolment(member);
    return thunderbird.calls.filter(({ name }) => name === 'tabs.create').length;
  };
  expect(await opened()).toBe(0);
  accounts = [{ identities: [{ email: TARO }] }];
  expect([await opened(), await opened()]).toEqual([1, 2]);
  await enrol(member, { address: TARO, code: 'ABCD-1234' });
  expect(await opened()).toBe(2);
});

it('an address that comes later is offered enrolment at once, where its mail is to be sealed', async () => {
  const chain = await createWorld();
  const hinode = await chain.addOrganisation('hinode.example', { ja: '日之出市役所', en: 'Hinode City Office' });
  await chain.addOrganisation('tsukimi.example', { ja: '月見製作所', en: 'Tsukimi Works' });
  const member = createTestMember(chain, hinode);
  thunderbird.reset();
  thunderbird.stub('runtime.getURL', (path: string) => path);
  thunderbird.stub('tabs.query', () => Promise.resolve([]));
  thunderbird.stub('tabs.create', () => Promise.resolve({}));
  const offered = async (email?: string): Promise<boolean> => {
    const before = thunderbird.calls.filter(({ name }) => name === 'tabs.create').length;
    await offerToAddress(member, email);
    return thunderbird.calls.filter(({ name }) => name === 'tabs.create').length > before;
  };
  expect([await offered(), await offered(''), await offered(TARO)]).toEqual([false, false, true]);
  await enrol(member, { address: TARO, code: 'ABCD-1234' });
  expect([await offered('Taro@Hinode.example'), await offered('desk@hinode.example'), await offered('me@tsukimi.example'), await offered('taro@private.example')]).toEqual([false, true, true, false]);
  const bare = createTestMember(chain, hinode);
  Object.assign(bare.ports, { managed: () => Promise.resolve(undefined) });
  await offerToAddress(bare, TARO);
  expect(thunderbird.calls.filter(({ name }) => name === 'tabs.create')).toHaveLength(3);
});

it('a policy that comes later than a key stops sending until the key has a passphrase', async () => {
  const chain = await createWorld();
  const member = createTestMember(chain, await chain.addOrganisation('hinode.example', { ja: '日之出市役所', en: 'Hinode City Office' }));
  const fresh: FreshKeys = new Map();
  const identity = await enrol(member, { address: TARO, code: 'ABCD-1234' }, fresh);
  expect(await unprotectedAddresses(member)).toEqual([]);
  await requireProtectedKey(member, TARO);
  const { managed } = member.ports;
  Object.assign(member.ports, { managed: async () => ({ ...(await managed() as object), lockKeys: true }) });
  expect(await unprotectedAddresses(member)).toEqual([TARO]);
  await expect(requireProtectedKey(member, TARO).catch((error: unknown) => { throw new Error(codeOf(error)); })).rejects.toThrow('key-unprotected');
  // Told once, however often the event page starts: each start would take the keyboard away.
  thunderbird.reset();
  const session: Record<string, unknown> = {};
  thunderbird.stub('storage.session.get', () => Promise.resolve({ ...session }));
  thunderbird.stub('storage.session.set', (values: object) => Promise.resolve(void Object.assign(session, values)));
  thunderbird.stub('runtime.getURL', (path: string) => path);
  thunderbird.stub('tabs.query', () => Promise.resolve([]));
  thunderbird.stub('tabs.create', () => Promise.resolve({}));
  await demandPassphrase(member);
  await demandPassphrase(member);
  expect(thunderbird.calls.filter(({ name }) => name === 'tabs.create')).toHaveLength(1);
  const key = fresh.get(TARO)?.exportable;
  if (key === undefined) throw new Error('no key');
  await member.identities.add({ ...identity, pair: await lockWebKey(key, identity.pair.publicKey, '月夜に 三羽の 兎') });
  expect(await unprotectedAddresses(member)).toEqual([]);
});
