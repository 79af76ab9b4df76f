/** The key service for whichever key of the organisation is in use (docs/protocol-life.md §3). */
import { createKeyService, type KeyService, type KeyServiceParts } from '../../flow/key-service.ts';
import { byNewestDirectory, type NewestDirectory } from '../../flow/newest-directory.ts';
import type { OwnKey, OwnKeys } from './own-keys.ts';

/** `trust` of the parts has `keys` follow the directory before it answers. */
export function createRotatingKeyService(parts: Omit<KeyServiceParts, 'key' | 'certificate' | 'formerKeys'> & NewestDirectory, keys: OwnKeys): KeyService {
  const made = new WeakMap<OwnKey, KeyService>();

  async function current(): Promise<KeyService> {
    await parts.trust();
    const { inUse, all } = keys;
    const service = made.get(inUse) ?? createKeyService({ ...parts, ...inUse, formerKeys: all.map(({ key }) => key) });
    made.set(inUse, service);
    return service;
  }

  const answer = <T>(ask: (service: KeyService) => Promise<T>): Promise<T> => byNewestDirectory(parts, async () => ask(await current()));

  return {
    inspect: (...request) => answer((service) => service.inspect(...request)),
    consents: (request) => answer((service) => service.consents(request)),
    transfer: (request) => answer((service) => service.transfer(request)),
    deliver: (request) => answer((service) => service.deliver(request)),
    sign: (request) => answer((service) => service.sign(request)),
    signOutside: (request) => answer((service) => service.signOutside(request)),
  };
}
