/** What every verification rests on: the Authority's root, its signed directory and its CRL (docs/protocol.md §9). */
import { type Bytes, equal, hex } from '../core/bytes.ts';
import { refused, SsmaxError } from '../core/error.ts';
import { type Certificate, parseCertificate, parseCertificates } from '../core/pki/certificate.ts';
import { checkRevocation, createCrlReader, type Crl, type CrlReader, splitCrls } from '../core/pki/crl.ts';
import { validatePath } from '../core/pki/path.ts';
import { createSignatureCache, isSignedBy, type SignatureCache } from '../core/pki/signed.ts';
import { sha256 } from '../core/digest.ts';
import { domainOf } from '../mail/address.ts';
import type { Organisation } from '../wire/directory.ts';
import type { DirectoryIndex } from '../wire/directory-index.ts';
import { Directory, type DirectorySource, verifyIndex } from './directory-files.ts';

export interface Trust {
  /** The Authority's roots that are pinned: one, or two while it changes. */
  readonly roots: readonly Certificate[];
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
  /** What is pinned and never taken from the network, as parsePins reads it. */
  readonly root: Bytes;
  readonly directory: DirectorySource;
  /** DER CRLs, one or several in each: the Authority's and any organisation's. */
  readonly crls: readonly Bytes[];
}

/** What whoever loads trust material again and again need not find out again. */
export interface TrustCache {
  readonly signatures: SignatureCache;
  readonly readCrl: CrlReader;
  /** Directories by the SHA-256 of their index, with what was looked up in them: the one in use and the next. */
  readonly directories: Map<string, Directory>;
}

export function createTrustCache(): TrustCache {
  return { signatures: createSignatureCache(), readCrl: createCrlReader(), directories: new Map() };
}

export interface Pins {
  readonly roots: readonly Certificate[];
  /** No delegate is believed that the root certified earlier than the one that is pinned. */
  readonly delegateSince: Date;
}

/**
 * Pins: DER certificates, one after the other. The Authority's root; a second one while it changes to another key, of the same name;
 * and the newest delegate that was known when the pins were made, for whom nothing was ever fetched. Throws `certificate-malformed`,
 * `certificate-role` where there is no root.
 */
export function parsePins(der: Bytes): Pins {
  const all = parseCertificates(der);
  const delegates = all.filter(({ roles }) => roles.includes('delegate'));
  const roots = all.filter((one) => !delegates.includes(one));
  const [first] = roots;
  if (first === undefined || roots.some((one) => !equal(one.subjectDer, first.subjectDer))) throw refused('certificate-role', { expected: 'root', found: 'other' });
  return { roots, delegateSince: new Date(Math.max(0, ...delegates.map(({ notBefore }) => notBefore.getTime()))) };
}

/**
 * Verifies and assembles trust material for use at `now`. A directory that is not the Authority's throws `refused`; one
 * that is out of date, or no usable Authority CRL, throws `unavailable` (`directory-stale`, `crl-missing`, `crl-stale`), and so does
 * one by a delegate older than the pinned one (`trust-rollback`).
 */
export function loadTrust(material: TrustMaterial, now: Date, cache?: TrustCache): Promise<Trust> {
  return assemble(material, now, cache);
}

/** How new kept copies are, be they out of date by now: they are what must not be gone back behind. Throws as loadTrust, but for their time. */
export async function marksOfCopies(material: TrustMaterial, cache?: TrustCache): Promise<TrustMarks> {
  const trust = await assemble(material, undefined, cache);
  // Who signed it was found out before it was kept. Where that organisation's entry cannot be had now its mark counts all the same:
  // else whoever keeps the entry away could play back a list from before a revocation.
  const signed = await Promise.all(trust.organisationCrls.map((crl) => isByOrganisation(crl, trust).catch(() => true)));
  return trustMarks({ ...trust, organisationCrls: trust.organisationCrls.filter((_, i) => signed[i] === true) });
}

/** Without `now`: whoever signed it, whenever that was. */
async function assemble(material: TrustMaterial, now: Date | undefined, cache: TrustCache | undefined): Promise<Trust> {
  const signatures = cache?.signatures;
  const { roots, delegateSince } = parsePins(material.root);
  const { index, delegate } = await verifyIndex(material.directory.index, roots, now, signatures);
  if (delegate.notBefore < delegateSince) throw new SsmaxError('unavailable', 'trust-rollback', { what: 'delegate' });
  const readCrl = cache?.readCrl ?? createCrlReader();
  const crls = await Promise.all(material.crls.flatMap(splitCrls).map((der) => readCrl(der)));
  const authorityCrl = newestCrl(crls.filter((crl) => equal(crl.issuerDer, delegate.subjectDer)));
  if (authorityCrl === undefined) throw new SsmaxError('unavailable', 'crl-missing', { issuer: delegate.subject.commonName ?? '' });
  // signature and freshness of the CRL are checked on the delegate itself, before any certificate is looked up in it
  if (now !== undefined) await requireUnrevoked({ certificate: delegate, issuer: delegate, crl: authorityCrl, at: now, now });
  else if (!(await isSignedBy(authorityCrl, delegate.publicKey, `${hex(authorityCrl.sha256)}<${hex(delegate.spkiSha256)}`, signatures))) throw new SsmaxError('unavailable', 'crl-signature');
  const organisationCrls = crls.filter((crl) => !equal(crl.issuerDer, delegate.subjectDer));
  const directory = await directoryOf(material.directory, index, cache);
  return { roots, delegate, directory, authorityCrl, organisationCrls, ...(signatures !== undefined && { signatures }) };
}

function newestCrl(crls: readonly Crl[]): Crl | undefined {
  return crls.reduce<Crl | undefined>((best, crl) => (best === undefined || crl.number > best.number ? crl : best), undefined);
}

/** The same object for the same index: what was looked up in it is not fetched again. */
async function directoryOf(source: DirectorySource, index: DirectoryIndex, cache: TrustCache | undefined): Promise<Directory> {
  const made = (): Directory => new Directory(index, (name) => source.file(name));
  if (cache === undefined) return made();
  const name = hex(await sha256(source.index));
  const directory = cache.directories.get(name) ?? made();
  cache.directories.delete(name);
  cache.directories.set(name, directory);
  for (const oldest of cache.directories.keys()) if (cache.directories.size > 2) cache.directories.delete(oldest);
  return directory;
}

/** How new trust material is: what whoever keeps some remembers of it. */
export interface TrustMarks {
  /** When the directory was issued. */
  readonly issued: Date;
  /** When the root certified the delegate that signed it; absent in what former versions kept. */
  readonly delegate?: Date;
  /** CRL numbers, by hexadecimal DER Name and key identifier of the issuer. */
  readonly crls: ReadonlyMap<string, bigint>;
}

export function trustMarks({ directory, delegate, authorityCrl, organisationCrls }: Trust): TrustMarks {
  const crls = new Map<string, bigint>();
  const keep = (name: string, number: bigint): void => {
    const known = crls.get(name);
    if (known === undefined || known < number) crls.set(name, number);
  };
  keep(hex(authorityCrl.issuerDer), authorityCrl.number); // delegates change, the series goes on
  for (const { issuerDer, authorityKeyIdentifier, number } of organisationCrls) keep(`${hex(issuerDer)}<${hex(authorityKeyIdentifier)}`, number);
  return { issued: directory.issued, delegate: delegate.notBefore, crls };
}

/** The newer of both in everything: whoever fetches beside another does not set him back. */
export function laterMarks(one: TrustMarks, other: TrustMarks | undefined): TrustMarks {
  if (other === undefined) return one;
  const crls = new Map(other.crls);
  for (const [issuer, number] of one.crls) if (number > (crls.get(issuer) ?? -1n)) crls.set(issuer, number);
  const delegate = latest(one.delegate, other.delegate);
  return { issued: latest(one.issued, other.issued), ...(delegate !== undefined && { delegate }), crls };
}

function latest<T extends Date | undefined>(one: T, other: T): T {
  return one === undefined || (other !== undefined && other > one) ? other : one;
}

/**
 * Whether newly fetched material may follow what was `known`: neither the directory nor any CRL goes back, however fresh it
 * still is, nor the delegate to a former one, whose key may be why there is another; and no CRL that nobody signed blocks later ones by a high number. Throws `unavailable` `trust-rollback` or
 * `crl-signature`.
 */
export async function requireSuccessor(next: Trust, known: TrustMarks | undefined): Promise<void> {
  for (const crl of next.organisationCrls) {
    if (!(await isByOrganisation(crl, next))) throw new SsmaxError('unavailable', 'crl-signature');
  }
  if (known === undefined) return;
  const { issued, crls } = trustMarks(next);
  // Only the root can certify a later delegate: whoever has a former one's key, and dates what he signs ahead, cannot.
  if (known.delegate !== undefined && next.delegate.notBefore < known.delegate) throw new SsmaxError('unavailable', 'trust-rollback', { what: 'delegate' });
  if (issued < known.issued) throw new SsmaxError('unavailable', 'trust-rollback', { what: 'directory' });
  for (const [issuer, number] of crls) {
    if (number < (known.crls.get(issuer) ?? 0n)) throw new SsmaxError('unavailable', 'trust-rollback', { what: 'CRL' });
  }
}

/** Whether a certificate of the directory signed this list. */
async function isByOrganisation(crl: Crl, { directory, signatures }: Trust): Promise<boolean> {
  const issuer = await organisationByName(directory, crl);
  return issuer !== undefined && isSignedBy(crl, issuer.publicKey, `${hex(crl.sha256)}<${hex(issuer.spkiSha256)}`, signatures);
}

async function organisationByName(directory: Directory, { issuer, issuerDer, authorityKeyIdentifier }: Crl): Promise<Certificate | undefined> {
  const organisation = issuer.organisationId === undefined ? undefined : await directory.byId(issuer.organisationId);
  if (organisation === undefined) return undefined;
  return [organisation.certificate, ...organisation.formerCertificates].map((der) => parseCertificate(der))
    .find(({ subjectDer, subjectKeyIdentifier }) => equal(subjectDer, issuerDer) && equal(subjectKeyIdentifier, authorityKeyIdentifier));
}

/** The organisation that this certificate (current or former) belongs to, by the identifier in it; throws `organisation-unknown`. */
export async function organisationOfCertificate(directory: Directory, { der, subject }: Certificate): Promise<Organisation> {
  const found = subject.organisationId === undefined ? undefined : await directory.byId(subject.organisationId);
  if (found === undefined || ![found.certificate, ...found.formerCertificates].some((one) => equal(one, der))) throw refused('organisation-unknown');
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
  const found = await Promise.all(recipients.map((address) => trust.directory.byDomain(domainOf(address))));
  const [organisation] = found;
  if (found.some((one) => one?.id !== organisation?.id)) throw refused('split-mixed');
  if (organisation === undefined) throw refused('recipient-outside', { recipient: recipients[0] ?? '' });
  if (equal(organisation.certificate, own.der)) throw refused('split-own-organisation');
  const target = parseCertificate(organisation.certificate);
  await validatePath({ leaf: target, intermediates: [], root: trust.roots, at: now, role: 'organisation', ...cacheOf(trust) });
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
