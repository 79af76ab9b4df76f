/** The key service for whichever key of the organisation is in use (docs/protocol-life.md §3). */
import { createKeyService, type KeyService, type KeyServiceParts } from '../../flow/key-service.ts';
import type { OwnKey, OwnKeys } from './own-keys.ts';

/** `trust` of the parts has `keys` follow the directory before it answers. */
export function createRotatingKeyService(parts: Omit<KeyServiceParts, 'key' | 'certificate' | 'formerKeys'>, keys: OwnKeys): KeyService {
  const made = new WeakMap<OwnKey, KeyService>();

  async function current(): Promise<KeyService> {
    await parts.trust();
    const { inUse, all } = keys;
    const service = made.get(inUse) ?? createKeyService({ ...parts, ...inUse, formerKeys: all.map(({ key }) => key) });
    made.set(inUse, service);
    return service;
  }

  return {
    inspect: async (...request) => (await current()).inspect(...request),
    consents: async (request) => (await current()).consents(request),
    transfer: async (request) => (await current()).transfer(request),
    deliver: async (request) => (await current()).deliver(request),
    sign: async (request) => (await current()).sign(request),
    signOutside: async (request) => (await current()).signOutside(request),
  };
}
