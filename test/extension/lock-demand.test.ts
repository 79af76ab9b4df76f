import { expect, it } from 'vitest';
import { enrol, type FreshKeys } from '../../extension/member/enrol.ts';
import { requireProtectedKey, unprotectedAddresses } from '../../extension/member/lock-demand.ts';
import { lockWebKey } from '../../src/platform/web.ts';
import { codeOf, createWorld } from '../flow/world.ts';
import { createTestMember } from './member-world.ts';

const TARO = 'taro@hinode.example';

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
  const key = fresh.get(TARO)?.exportable;
  if (key === undefined) throw new Error('no key');
  await member.identities.add({ ...identity, pair: await lockWebKey(key, identity.pair.publicKey, '月夜に 三羽の 兎') });
  expect(await unprotectedAddresses(member)).toEqual([]);
});
