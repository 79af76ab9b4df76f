/** Enrolment: address and one-time code become a key made here and an address certificate (RFC 7030 §4.2). */
import type { Bytes } from '../../src/core/bytes.ts';
import { refused, SsmaxError } from '../../src/core/error.ts';
import { parseCertificate } from '../../src/core/pki/certificate.ts';
import { enrollingOrganisation, requestCertificate } from '../../src/flow/enrol.ts';
import { normalizeAddress } from '../../src/mail/address.ts';
import { generateWebKey, loadWebPrivateKey, lockWebKey, type WebKeyPair } from '../../src/platform/web.ts';
import { loadConfiguration } from './configuration.ts';
import type { Identities } from './identities.ts';
import { lockPolicy } from './key-lock.ts';
import type { MemberPorts } from './ports.ts';
import type { StoredIdentity } from './records.ts';
import type { TrustSource } from './trust-source.ts';

export interface Enrolment {
  readonly address: string;
  /** The one-time code as it was given; white space does not count. */
  readonly code: string;
  /** The member wants the key under a passphrase; the organisation may want it anyway. */
  readonly lock?: boolean;
}

/** A key made in this page, or brought into it, that a backup can still be made of or a passphrase put on. */
export interface FreshKey {
  readonly exportable: CryptoKey;
  readonly pair: WebKeyPair;
  /** Of a key that must not be kept without a passphrase: it is stored once it has one (lockFreshKey). */
  readonly unstored?: StoredIdentity;
}

/** By address. Never stored; drop them with the page. */
export type FreshKeys = Map<string, FreshKey>;

/**
 * Enrols and stores the identity, unless its key is to have a passphrase first. Throws SsmaxError: `enrolment-refused` (address or code wrong, code expired or used),
 * `enrolment-rate-limited`, `too-many-certificates`, `address-invalid`, `organisation-unknown`, `enrolment-answer-invalid`,
 * `not-configured`, and what TrustSource.get throws.
 */
export async function enrol(
  parts: { ports: MemberPorts; identities: Identities; trust: TrustSource }, { address: entered, code, lock = false }: Enrolment, fresh: FreshKeys = new Map(),
): Promise<StoredIdentity & { readonly pair: WebKeyPair }> {
  const { ports } = parts;
  const address = normalizeAddress(entered.trim());
  const configuration = await loadConfiguration(ports);
  if (configuration === undefined) throw new SsmaxError('fault', 'not-configured');
  // First what needs no code: a wrong clock or an unreachable server must not use it up.
  const trust = await parts.trust.get();
  const organisation = await enrollingOrganisation(address, trust);
  const unstored = lock || (await lockPolicy(ports)).required;
  const pair = await pendingKey(ports, address, fresh, unstored);
  const key = await loadWebPrivateKey(ports.native, pair);
  const now = ports.clock.now();
  const certificate = await requestCertificate({ http: ports.http, url: configuration.organisationUrl, trust, now, address, code, key });
  const identity = { address, pair, certificate: certificate.der, organisation: organisation.certificate, enrolledAt: now };
  await keep(parts, identity, fresh, lock);
  await ports.tables.pending.remove(address);
  return identity;
}

/** Stores an identity whose key is fresh; where its key may not rest without a passphrase, only once it has one: whoever closes the page before has none. */
export async function keep({ ports, identities }: { ports: MemberPorts; identities: Identities }, identity: StoredIdentity, fresh: FreshKeys, lock: boolean): Promise<void> {
  const key = fresh.get(identity.address);
  if (!lock && !(await lockPolicy(ports)).required) await identities.add(identity);
  else if (key !== undefined) fresh.set(identity.address, { ...key, unstored: identity });
}

/** Puts a passphrase on a fresh key, and stores its identity so. Throws `backup-too-late` where it is not fresh any more. */
export async function lockFreshKey(identities: Identities, address: string, passphrase: string, fresh: FreshKeys): Promise<void> {
  const key = fresh.get(address);
  const identity = key?.unstored ?? (await identities.all()).find((one) => one.address === address);
  if (key === undefined || identity === undefined) throw refused('backup-too-late');
  await identities.add({ ...identity, pair: await lockWebKey(key.exportable, key.pair.publicKey, passphrase) });
}

/**
 * The same key for the same address until it has a certificate: an answer lost on the way can be asked for again. One that must
 * not rest without a passphrase waits in this page alone.
 */
async function pendingKey({ tables }: MemberPorts, address: string, fresh: FreshKeys, unstored: boolean): Promise<WebKeyPair> {
  const pending = unstored ? fresh.get(address)?.pair : await tables.pending.get(address);
  if (pending !== undefined) return pending;
  const made = await generateWebKey();
  fresh.set(address, made);
  if (!unstored) await tables.pending.put(address, made.pair);
  return made.pair;
}

/** SHA-256 fingerprint of a certificate for a person to compare: groups of four. */
export function fingerprint(der: Bytes): string {
  const { sha256 } = parseCertificate(der);
  return [...sha256].map((byte) => byte.toString(16).padStart(2, '0')).join('').toUpperCase().replace(/(.{4})(?=.)/g, '$1 ');
}
