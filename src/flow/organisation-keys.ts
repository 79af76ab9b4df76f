/**
 * The keys of one organisation over the years (docs/protocol-life.md §3). It has one in use, which stands in the directory as
 * its certificate; keys that went out of use stand there as former ones, and until when they count.
 */
import { type Bytes, equal } from '../core/bytes.ts';
import { refused, SsmaxError } from '../core/error.ts';
import { type Certificate, parseCertificate } from '../core/pki/certificate.ts';
import type { CertificateRole } from '../core/pki/object-identifiers.ts';
import { validatePath } from '../core/pki/path.ts';
import type { Organisation } from '../wire/directory.ts';
import { cacheOf, organisationCrl, requireUnrevoked, type Trust } from './trust.ts';

/** All certificates of an organisation, the one in use first. */
export function certificatesOf({ certificate, formerCertificates }: Pick<Organisation, 'certificate' | 'formerCertificates'>): Certificate[] {
  return [certificate, ...formerCertificates].map((der) => parseCertificate(der));
}

/** A key that went out of use counts for what was done until its end. Else `key-retired`. */
export function requireNotRetired({ retired = [] }: Organisation, role: 'organisation', spki: Bytes, at: Date): void {
  const end = retired.find((one) => one.role === role && equal(one.spki, spki));
  if (end !== undefined && end.until < at) throw refused('key-retired', { until: end.until.toISOString() });
}

/** Whether the directory names this key as a gateway's that was in use at `at`. */
export function isGatewayOf({ gateways, retired = [] }: Organisation, spki: Bytes, at: Date): boolean {
  return gateways.some((one) => equal(one, spki))
    || retired.some(({ role, spki: former, until }) => role === 'gateway' && equal(former, spki) && at <= until);
}

/** The own organisation's entry. Its servers' configurations may name a certificate that has been renewed since. */
export async function ownEntry({ directory }: Trust, own: Certificate): Promise<Organisation> {
  const { organisationId } = own.subject;
  const entry = organisationId === undefined ? undefined : await directory.byId(organisationId);
  if (entry === undefined) throw new SsmaxError('fault', 'organisation-unknown');
  return entry;
}

/** The same, where `own` must be the certificate in use. Throws `organisation-unknown` (fault). */
export async function entryInUse(trust: Trust, own: Certificate): Promise<Organisation> {
  const entry = await ownEntry(trust, own);
  if (!equal(entry.certificate, own.der)) throw new SsmaxError('fault', 'organisation-unknown');
  return entry;
}

/**
 * The own organisation's certificate that is in use now. A renewed certificate and a new key come into use with the directory,
 * for all servers, without a change of their configuration; the root, not only the directory, must have certified it.
 */
export async function certificateInUse(trust: Trust, configured: Certificate, now: Date): Promise<Certificate> {
  const { certificate: der } = await ownEntry(trust, configured);
  if (equal(der, configured.der)) return configured;
  const certificate = parseCertificate(der);
  await validatePath({ leaf: certificate, intermediates: [], root: trust.roots, at: now, role: 'organisation', ...cacheOf(trust) });
  return certificate;
}

/** The own organisation's certificate for this key, in use now or still accepted; undefined if it is none. */
export async function acceptedCertificate(trust: Trust, own: Certificate, spki: Bytes, now: Date): Promise<Certificate | undefined> {
  if (equal(own.spkiSha256, spki)) return own;
  const entry = await ownEntry(trust, own);
  const former = certificatesOf(entry).find(({ spkiSha256 }) => equal(spkiSha256, spki));
  if (former !== undefined) requireNotRetired(entry, 'organisation', spki, now);
  return former;
}

/**
 * Those of a member's certificates that mail can still be sealed to: one of a former key that no longer counts is as if it had
 * expired. Throws `unavailable` where that cannot be told.
 */
export async function stillUsable(certificates: readonly Certificate[], own: Certificate, trust: Trust, now: Date): Promise<Certificate[]> {
  const usable = await Promise.all(certificates.map(async (certificate) => {
    if (equal(certificate.authorityKeyIdentifier, own.subjectKeyIdentifier)) return true;
    return requireIssuedByOwn(certificate, 'user', own, trust, now, 'allowed').then(() => true, (error: unknown) => {
      if (error instanceof SsmaxError && error.kind === 'refused') return false;
      throw error;
    });
  }));
  return certificates.filter((_, i) => usable[i] === true);
}

/**
 * A certificate that the own organisation issued, in force now: by the key in use or by a former one that still counts and that
 * the Authority has not revoked. Throws what a path or revocation check throws, `key-retired`.
 *
 * @param suspended `allowed`: a member who may not send still receives.
 */
export async function requireIssuedByOwn(
  leaf: Certificate, role: CertificateRole, own: Certificate, trust: Trust, now: Date, suspended?: 'allowed',
): Promise<void> {
  const entry = await ownEntry(trust, own);
  const { organisation: issuer } = await validatePath({ leaf, intermediates: certificatesOf(entry), root: trust.roots, at: now, role, ...cacheOf(trust) });
  if (issuer === undefined) throw refused('certificate-untrusted');
  if (!equal(issuer.spkiSha256, own.spkiSha256)) {
    requireNotRetired(entry, 'organisation', issuer.spkiSha256, now);
    await requireUnrevoked({ certificate: issuer, issuer: trust.delegate, crl: trust.authorityCrl, at: now, now });
  }
  const crl = organisationCrl(trust, issuer);
  await requireUnrevoked({ certificate: leaf, issuer, crl, at: now, now, ...(suspended !== undefined && { suspended }) });
}

/**
 * What a suspended organisation signs is a "problem" to its readers for ever, also after the suspension, as it counts from when it was
 * signed. So mail on its way to it waits with who sends it, whose delivery report says so if it lasts; one that is no member any
 * more refuses it. Throws `organisation-suspended` (unavailable) and what a revocation check throws.
 */
export async function requireOwnStanding(organisation: Certificate, trust: Trust, now: Date): Promise<void> {
  await requireUnrevoked({ certificate: organisation, issuer: trust.delegate, crl: trust.authorityCrl, at: now, now }).catch((error: unknown) => {
    if (!(error instanceof SsmaxError) || error.code !== 'certificate-suspended') throw error;
    throw new SsmaxError('unavailable', 'organisation-suspended', {}, { cause: error });
  });
}
