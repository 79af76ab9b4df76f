/** Enrolment: address and one-time code become a key made here and an address certificate (RFC 7030 §4.2). */
import type { Bytes } from '../../src/core/bytes.ts';
import { SsmaxError } from '../../src/core/error.ts';
import { parseCertificate } from '../../src/core/pki/certificate.ts';
import { enrollingOrganisation, requestCertificate } from '../../src/flow/enrol.ts';
import { normalizeAddress } from '../../src/mail/address.ts';
import { generateWebKey, loadWebPrivateKey, type WebKeyPair } from '../../src/platform/web.ts';
import { loadConfiguration } from './configuration.ts';
import type { Identities } from './identities.ts';
import type { MemberPorts } from './ports.ts';
import type { StoredIdentity } from './records.ts';
import type { TrustSource } from './trust-source.ts';

export interface Enrolment {
  readonly address: string;
  /** The one-time code as it was given; white space does not count. */
  readonly code: string;
}

/** Keys made in this page, or brought into it, that a backup can still be made of or a passphrase put on, by address. Never stored; drop them with the page. */
export type FreshKeys = Map<string, CryptoKey>;

/**
 * Enrols and stores the identity. Throws SsmaxError: `enrolment-refused` (address or code wrong, code expired or used),
 * `enrolment-rate-limited`, `too-many-certificates`, `address-invalid`, `organisation-unknown`, `enrolment-answer-invalid`,
 * `not-configured`, and what TrustSource.get throws.
 */
export async function enrol(
  parts: { ports: MemberPorts; identities: Identities; trust: TrustSource }, { address: entered, code }: Enrolment, fresh: FreshKeys = new Map(),
): Promise<StoredIdentity & { readonly pair: WebKeyPair }> {
  const { ports, identities } = parts;
  const address = normalizeAddress(entered.trim());
  const configuration = await loadConfiguration(ports);
  if (configuration === undefined) throw new SsmaxError('fault', 'not-configured');
  // First what needs no code: a wrong clock or an unreachable server must not use it up.
  const trust = await parts.trust.get();
  const organisation = enrollingOrganisation(address, trust);
  const pair = await pendingKey(ports, address, fresh);
  const key = await loadWebPrivateKey(ports.native, pair);
  const now = ports.clock.now();
  const certificate = await requestCertificate({ http: ports.http, url: configuration.organisationUrl, trust, now, address, code, key });
  const identity = { address, pair, certificate: certificate.der, organisation: organisation.certificate, enrolledAt: now };
  await identities.add(identity);
  await ports.tables.pending.remove(address);
  return identity;
}

/** The same key for the same address until it has a certificate: an answer lost on the way can be asked for again. */
async function pendingKey({ tables }: MemberPorts, address: string, fresh: FreshKeys): Promise<WebKeyPair> {
  const pending = await tables.pending.get(address);
  if (pending !== undefined) return pending;
  const { pair, exportable } = await generateWebKey();
  fresh.set(address, exportable);
  await tables.pending.put(address, pair);
  return pair;
}

/** SHA-256 fingerprint of a root for a person to compare: groups of four. */
export function fingerprint(der: Bytes): string {
  const { sha256 } = parseCertificate(der);
  return [...sha256].map((byte) => byte.toString(16).padStart(2, '0')).join('').toUpperCase().replace(/(.{4})(?=.)/g, '$1 ');
}
