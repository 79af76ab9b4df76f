/** Enrolment: address and one-time code become a key made here and an address certificate (RFC 7030 §4.2). */
import { type Bytes, equal, fromUtf8, utf8 } from '../../src/core/bytes.ts';
import { refused, SsmaxError } from '../../src/core/error.ts';
import { type Certificate, parseCertificate } from '../../src/core/pki/certificate.ts';
import { decodeCertsOnly } from '../../src/core/pki/certs-only.ts';
import { createCsr } from '../../src/core/pki/csr.ts';
import { validatePath } from '../../src/core/pki/path.ts';
import type { HttpAnswer } from '../../src/flow/ports.ts';
import type { Trust } from '../../src/flow/trust.ts';
import { domainOf, normalizeAddress } from '../../src/mail/address.ts';
import { generateWebKey, loadWebPrivateKey, type WebKeyPair } from '../../src/platform/web.ts';
import { organisationOfDomain } from '../../src/wire/directory.ts';
import { fromBase64, toBase64 } from '../../src/wire/json.ts';
import { decodeProblem } from '../../src/wire/problem.ts';
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

/**
 * Enrols and stores the identity. Throws SsmaxError: `enrolment-refused` (address or code wrong, code expired or used),
 * `enrolment-rate-limited`, `too-many-certificates`, `address-invalid`, `organisation-unknown`, `enrolment-answer-invalid`,
 * `not-configured`, and what TrustSource.get throws.
 */
export async function enrol(
  parts: { ports: MemberPorts; identities: Identities; trust: TrustSource }, { address: entered, code }: Enrolment,
): Promise<StoredIdentity> {
  const { ports, identities } = parts;
  const address = normalizeAddress(entered.trim());
  const configuration = await loadConfiguration(ports);
  if (configuration === undefined) throw new SsmaxError('fault', 'not-configured');
  // First what needs no code: a wrong clock or an unreachable server must not use it up.
  const trust = await parts.trust.get();
  const organisation = organisationOfDomain(trust.directory, domainOf(address));
  if (organisation === undefined) throw refused('organisation-unknown', { domain: domainOf(address) });

  const pair = await pendingKey(ports, address);
  const key = await loadWebPrivateKey(ports.native, pair);
  const answer = await ports.http({
    method: 'POST',
    url: `${configuration.organisationUrl}/.well-known/est/simpleenroll`,
    headers: {
      'Authorization': `Basic ${toBase64(utf8(`${address}:${code.replace(/\s+/g, '')}`))}`,
      'Content-Type': 'application/pkcs10',
      'Content-Transfer-Encoding': 'base64',
    },
    body: utf8(toBase64(await createCsr(key, { email: address }))),
  });
  const certificates = readAnswer(answer);
  const authority = [organisation.certificate, ...organisation.formerCertificates].map((der) => parseCertificate(der));
  const certificate = await ownCertificate(certificates, { address, pair, authority, trust, now: ports.clock.now() });
  const identity = { address, pair, certificate: certificate.der, organisation: organisation.certificate, enrolledAt: ports.clock.now() };
  await identities.add(identity);
  await ports.tables.pending.remove(address);
  return identity;
}

/** The same key for the same address until it has a certificate: an answer lost on the way can be asked for again. */
async function pendingKey({ tables }: MemberPorts, address: string): Promise<WebKeyPair> {
  const pending = await tables.pending.get(address);
  if (pending !== undefined) return pending;
  const { pair } = await generateWebKey();
  await tables.pending.put(address, pair);
  return pair;
}

function readAnswer({ status, body }: HttpAnswer): readonly Certificate[] {
  if (status !== 200) throw decodeProblem(status, body);
  try {
    return decodeCertsOnly(fromBase64(fromUtf8(body).replace(/\s+/g, ''))).map((der) => parseCertificate(der));
  } catch (cause) {
    throw refused('enrolment-answer-invalid', { what: 'format' }, cause);
  }
}

/** The certificate in the answer that is ours, checked as every reader of our mail will. */
async function ownCertificate(
  certificates: readonly Certificate[],
  expected: { address: string; pair: WebKeyPair; authority: readonly Certificate[]; trust: Trust; now: Date },
): Promise<Certificate> {
  const { address, pair, authority, trust, now } = expected;
  const own = certificates.find(({ publicKey }) => equal(publicKey, pair.publicKey));
  const [email, ...others] = own?.emails ?? [];
  if (own === undefined || email !== address || others.length > 0) throw refused('enrolment-answer-invalid', { what: 'certificate' });
  try {
    await validatePath({ leaf: own, intermediates: authority, root: trust.root, at: now, role: 'user' });
  } catch (cause) {
    throw refused('enrolment-answer-invalid', { what: cause instanceof SsmaxError ? cause.code : 'path' }, cause);
  }
  return own;
}

/** SHA-256 fingerprint of a root for a person to compare: groups of four. */
export function fingerprint(der: Bytes): string {
  const { sha256 } = parseCertificate(der);
  return [...sha256].map((byte) => byte.toString(16).padStart(2, '0')).join('').toUpperCase().replace(/(.{4})(?=.)/g, '$1 ');
}
