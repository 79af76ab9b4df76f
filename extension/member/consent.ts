/** Whether a provider may inspect an individual's mail: what holds, and saying otherwise (docs/protocol.md §9.4). */
import { SsmaxError } from '../../src/core/error.ts';
import { type Consent, type ConsentParts, isIndividual, readConsent, stateConsent } from '../../src/flow/consent.ts';
import { loadConfiguration } from './configuration.ts';
import type { SealParts } from './seal.ts';

/** The member's addresses for which there is something to consent to: those at an ISP. */
export async function individualAddresses({ identities, trust }: SealParts): Promise<readonly string[]> {
  const all = await identities.all();
  if (all.length === 0) return [];
  const known = await trust.get();
  const addresses = [...new Set(all.map(({ address }) => address))];
  const individual = await Promise.all(addresses.map((address) => isIndividual(address, known)));
  return addresses.filter((_, i) => individual[i]);
}

/** What holds for an address. Throws what readConsent throws, `not-configured`. */
export async function consentOf(parts: SealParts, address: string): Promise<Consent> {
  return readConsent(await partsFor(parts, address));
}

/** Says what may be inspected from now on. Throws what stateConsent throws, `not-configured`. */
export async function changeConsent(parts: SealParts, address: string, wanted: Partial<Consent>): Promise<Consent> {
  return stateConsent(await partsFor(parts, address), wanted);
}

async function partsFor({ ports, identities, trust }: SealParts, address: string): Promise<ConsentParts> {
  const credential = await identities.signer(address);
  const configuration = await loadConfiguration(ports);
  if (credential === undefined || configuration === undefined) throw new SsmaxError('fault', 'not-configured');
  return {
    http: ports.http, url: configuration.organisationUrl, credential, trust: await trust.get(), clock: ports.clock, random: (length) => ports.native.random(length),
  };
}
