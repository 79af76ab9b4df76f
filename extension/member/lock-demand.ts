/**
 * The organisation wants a passphrase on every key, and a key has none: it was made before. A stored key that is not locked cannot be
 * taken out to be wrapped, so its holder brings it back from its backup, or enrols anew.
 */
import { refused } from '../../src/core/error.ts';
import { lockPolicy } from './key-lock.ts';
import type { SealParts } from './seal.ts';

type Parts = Pick<SealParts, 'ports' | 'identities'>;

/** Addresses whose present key has no passphrase though it must; none where that is not demanded. Throws `configuration-invalid`. */
export async function unprotectedAddresses({ ports, identities }: Parts): Promise<string[]> {
  if (!(await lockPolicy(ports)).required) return [];
  const seen = new Set<string>();
  const current = (await identities.all()).filter(({ address }) => !seen.has(address) && seen.add(address));
  return current.filter(({ pair }) => !('wrapped' in pair)).map(({ address }) => address);
}

/** Throws `key-unprotected`: nothing is signed with such a key. */
export async function requireProtectedKey(parts: Parts, address: string): Promise<void> {
  if ((await unprotectedAddresses(parts)).includes(address)) throw refused('key-unprotected');
}
