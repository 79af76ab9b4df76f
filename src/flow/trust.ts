/** What every verification rests on: the Authority's root, its signed directory and its CRL (docs/protocol.md §9). */
import { type Bytes, equal, hex } from '../core/bytes.ts';
import { parseSignedData, verifySignedObject } from '../core/cms/signed-data.ts';
import { refused, SsmaxError } from '../core/error.ts';
import { OID } from '../core/oids.ts';
import { type Certificate, parseCertificate } from '../core/pki/certificate.ts';
import { checkRevocation, createCrlReader, type Crl, type CrlReader, splitCrls } from '../core/pki/crl.ts';
import { validatePath } from '../core/pki/path.ts';
import { createSignatureCache, isSignedBy, type SignatureCache } from '../core/pki/signed.ts';
import { domainOf } from '../mail/address.ts';
import { decodeDirectory, type Directory, type Organisation, organisationOfDomain } from '../wire/directory.ts';

export interface Trust {
  readonly root: Certificate;
  /** The Authority's delegate: signs directory and CRL, under the root's name. */
  readonly delegate: Certificate;
  readonly directory: Directory;
  /** The Authority's CRL: organisations. */
  readonly authorityCrl: Crl;
  /** Organisations' own CRLs (users and servers), as far as they are at hand. */
  readonly organisationCrls: readonly Crl[];
  readonly signatures?: SignatureCache;
}

export interface TrustMaterial {
  /** DER certificate of the Authority's root: pinned, never taken from the network. */
  readonly root: Bytes;
  /** DER SignedData of type id-ssmax-directory. */
  readonly directory: Bytes;
  /** DER CRLs, one or several in each: the Authority's and any organisation's. */
  readonly crls: readonly Bytes[];
}

/** What whoever loads trust material again and again need not find out again. */
export interface TrustCache {
  readonly signatures: SignatureCache;
  readonly readCrl: CrlReader;
}

export function createTrustCache(): TrustCache {
  return { signatures: createSignatureCache(), readCrl: createCrlReader() };
}

/** Clocks of the directory's reader and writer may differ by this much; milliseconds. */
const SKEW = 10 * 60_000;

/**
 * Verifies and assembles trust material for use at `now`. A directory that is not the Authority's throws `refused`; one
 * that is out of date, or no usable Authority CRL, throws `unavailable` (`directory-stale`, `crl-missing`, `crl-stale`).
 */
export async function loadTrust(material: TrustMaterial, now: Date, cache?: TrustCache): Promise<Trust> {
  const signatures = cache?.signatures;
  const root = parseCertificate(material.root);
  const { directory, delegate } = await verifyDirectory(material.directory, root, now, signatures);
  const readCrl = cache?.readCrl ?? createCrlReader();
  const crls = await Promise.all(material.crls.flatMap(splitCrls).map((der) => readCrl(der)));
  const authorityCrl = newestCrl(crls.filter((crl) => equal(crl.issuerDer, root.subjectDer)));
  if (authorityCrl === undefined) throw new SsmaxError('unavailable', 'crl-missing', { issuer: root.subject.commonName ?? '' });
  // signature and freshness of the CRL are checked on the delegate itself, before any certificate is looked up in it
  await requireUnrevoked({ certificate: delegate, issuer: delegate, crl: authorityCrl, at: now, now });
  const organisationCrls = crls.filter((crl) => !equal(crl.issuerDer, root.subjectDer));
  return { root, delegate, directory, authorityCrl, organisationCrls, ...(signatures !== undefined && { signatures }) };
}

function newestCrl(crls: readonly Crl[]): Crl | undefined {
  return crls.reduce<Crl | undefined>((best, crl) => (best === undefined || crl.number > best.number ? crl : best), undefined);
}

async function verifyDirectory(
  der: Bytes, root: Certificate, now: Date, signatures: SignatureCache | undefined,
): Promise<{ directory: Directory; delegate: Certificate }> {
  const signed = parseSignedData(der);
  // the root may be carried too, and a SET's order says nothing
  const delegate = signed.certificates.map((one) => parseCertificate(one))
    .find((one) => equal(one.subjectKeyIdentifier, signed.signer.subjectKeyIdentifier));
  if (delegate === undefined) throw refused('directory-invalid', { what: 'certificate' });
  await validatePath({ leaf: delegate, intermediates: [], root, at: now, role: 'delegate', ...(signatures && { cache: signatures }) });
  await verifySignedObject(signed, { contentType: OID.directory, certificate: delegate.der, publicKey: delegate.publicKey });
  const directory = decodeDirectory(signed.eContent);
  if (directory.issued.getTime() > now.getTime() + SKEW) throw new SsmaxError('unavailable', 'clock-wrong');
  if (directory.nextUpdate < now) throw new SsmaxError('unavailable', 'directory-stale');
  return { directory, delegate };
}

/** How new trust material is: what whoever keeps some remembers of it. */
export interface TrustMarks {
  /** When the directory was issued. */
  readonly issued: Date;
  /** CRL numbers, by hexadecimal DER Name and key identifier of the issuer. */
  readonly crls: ReadonlyMap<string, bigint>;
}

export function trustMarks({ directory, authorityCrl, organisationCrls }: Trust): TrustMarks {
  const crls = new Map<string, bigint>();
  const keep = (name: string, number: bigint): void => {
    const known = crls.get(name);
    if (known === undefined || known < number) crls.set(name, number);
  };
  keep(hex(authorityCrl.issuerDer), authorityCrl.number); // delegates change, the series goes on
  for (const { issuerDer, authorityKeyIdentifier, number } of organisationCrls) keep(`${hex(issuerDer)}<${hex(authorityKeyIdentifier)}`, number);
  return { issued: directory.issued, crls };
}

/**
 * Whether newly fetched material may follow what was `known`: neither the directory nor any CRL goes back, however fresh it
 * still is, and no CRL that nobody signed blocks later ones by a high number. Throws `unavailable` `trust-rollback` or
 * `crl-signature`.
 */
export async function requireSuccessor(next: Trust, known: TrustMarks | undefined): Promise<void> {
  for (const crl of next.organisationCrls) {
    const issuer = organisationByName(next.directory, crl);
    if (issuer === undefined || !(await isSignedBy(crl, issuer.publicKey, `${hex(crl.sha256)}<${hex(issuer.spkiSha256)}`, next.signatures))) {
      throw new SsmaxError('unavailable', 'crl-signature');
    }
  }
  if (known === undefined) return;
  const { issued, crls } = trustMarks(next);
  if (issued < known.issued) throw new SsmaxError('unavailable', 'trust-rollback', { what: 'directory' });
  for (const [issuer, number] of crls) {
    if (number < (known.crls.get(issuer) ?? 0n)) throw new SsmaxError('unavailable', 'trust-rollback', { what: 'CRL' });
  }
}

function organisationByName(directory: Directory, crl: Crl): Certificate | undefined {
  for (const { certificate, formerCertificates } of directory.organisations) {
    for (const der of [certificate, ...formerCertificates]) {
      const parsed = parseCertificate(der);
      if (equal(parsed.subjectDer, crl.issuerDer) && equal(parsed.subjectKeyIdentifier, crl.authorityKeyIdentifier)) return parsed;
    }
  }
  return undefined;
}

/** The organisation that this certificate (current or former) belongs to; throws `organisation-unknown`. */
export function organisationOfCertificate(directory: Directory, certificate: Bytes): Organisation {
  const found = directory.organisations.find((organisation) =>
    [organisation.certificate, ...organisation.formerCertificates].some((der) => equal(der, certificate)));
  if (found === undefined) throw refused('organisation-unknown');
  return found;
}

/**
 * Checks that a certificate was in force at `at`: not revoked by then, nor later with an invalidity date before it
 * (RFC 5280 §5.3.2). `now` decides whether the CRL is fresh. Throws `certificate-revoked`, `certificate-suspended` (on hold, which
 * may end), or `unavailable` where the CRL cannot tell.
 *
 * @param suspended `allowed`: a member who may not send still receives.
 */
export async function requireUnrevoked(
  input: { certificate: Certificate; issuer: Certificate; crl: Crl | undefined; at: Date; now: Date; suspended?: 'allowed' },
): Promise<void> {
  if (input.crl === undefined) throw new SsmaxError('unavailable', 'crl-missing', { issuer: input.issuer.subject.commonName ?? '' });
  const status = await checkRevocation({ certificate: input.certificate, issuer: input.issuer, crl: input.crl, at: input.now });
  if (status.status === 'good') return;
  const since = status.invalidityDate !== undefined && status.invalidityDate < status.date ? status.invalidityDate : status.date;
  if (since > input.at) return;
  if (status.reason !== 'certificateHold') throw refused('certificate-revoked', { date: since.toISOString() });
  if (input.suspended !== 'allowed') throw refused('certificate-suspended', { date: since.toISOString() });
}

/**
 * The organisation that `recipients` of one leg 2 belong to, as its certificate: certified by the root for every one of
 * their domains and in force. Gateway and key server each look it up themselves. Throws `split-mixed`,
 * `recipient-outside`, `split-own-organisation`, and what a path or revocation check throws.
 */
export async function transferTarget(recipients: readonly string[], own: Certificate, trust: Trust, now: Date): Promise<Certificate> {
  const organisations = new Set(recipients.map((address) => organisationOfDomain(trust.directory, domainOf(address))));
  const [organisation, ...others] = organisations;
  if (others.length > 0) throw refused('split-mixed');
  if (organisation === undefined) throw refused('recipient-outside', { recipient: recipients[0] ?? '' });
  if (equal(organisation.certificate, own.der)) throw refused('split-own-organisation');
  const target = parseCertificate(organisation.certificate);
  await validatePath({ leaf: target, intermediates: [], root: trust.root, at: now, role: 'organisation', ...cacheOf(trust) });
  await requireUnrevoked({ certificate: target, issuer: trust.delegate, crl: trust.authorityCrl, at: now, now });
  for (const address of recipients) requireCertifiedFor(target, domainOf(address));
  return target;
}

/** The root, not only the directory, must have certified an organisation for a domain; else `certificate-name-constraint`. */
export function requireCertifiedFor(organisation: Certificate, domain: string): void {
  if (organisation.nameConstraints?.mailDomains.includes(domain) !== true) throw refused('certificate-name-constraint', { name: domain });
}

export function cacheOf(trust: Trust): { cache?: SignatureCache } {
  return trust.signatures === undefined ? {} : { cache: trust.signatures };
}

/** The newest CRL at hand that this organisation's key issued: each of its keys has a list of its own. */
export function organisationCrl(trust: Trust, issuer: Certificate): Crl | undefined {
  return newestCrl(trust.organisationCrls.filter((crl) =>
    equal(crl.issuerDer, issuer.subjectDer) && equal(crl.authorityKeyIdentifier, issuer.subjectKeyIdentifier)));
}
