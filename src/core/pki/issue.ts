/** Issuing: one function per kind of certificate. Every one returns what parseCertificate makes of the bytes written. */
import { Integer } from 'asn1js';
import { Certificate as CertificateToSign, type Extension } from 'pkijs';
import { type Bytes, equal } from '../bytes.ts';
import { SsmaxError, refused } from '../error.ts';
import type { PrivateKey } from '../keys.ts';
import { checkAddress, checkHostName } from './addresses.ts';
import { type Certificate, parseCertificate } from './certificate.ts';
import {
  altNamesExtension, authorityKeyIdentifierExtension, basicConstraintsExtension, distributionPointsExtension, extendedKeyUsageExtension,
  keyUsageExtension, nameConstraintsExtension, nameOfDer, signatureAlgorithm, subjectKeyIdentifierExtension, toBeSigned, toName, toPublicKeyInfo, toTime,
} from './encode.ts';
import { type Usage, isCrlUrl } from './extensions.ts';
import { checkLimits, checkNameConstraints } from './name-constraints.ts';
import type { Subject } from './names.ts';
import type { CertificateRole } from './object-identifiers.ts';
import { PROFILES, ROOT_PATH_LENGTH, ROOT_USAGES, checkProfile, checkRootProfile } from './profile.ts';
import { keyIdentifier } from './public-key.ts';
import { sign } from './signed.ts';

/** Cryptographically strong random bytes, as in NativeCrypto. */
export type Random = (length: number) => Bytes;

export interface Validity {
  readonly notBefore: Date;
  readonly notAfter: Date;
}

/** Who signs: a certificate and its key. */
export interface Issuer {
  readonly certificate: Certificate;
  readonly key: PrivateKey;
}

interface Order {
  /** The subject's key, 65 bytes; its possession has been proven to the caller. */
  readonly publicKey: Bytes;
  readonly issuer: Issuer;
  /** Cut to the issuer's own validity. */
  readonly validity: Validity;
  readonly random: Random;
}

export interface RootOrder {
  readonly key: PrivateKey;
  /** `organisation` is the Authority's name. */
  readonly subject: Subject & { readonly commonName: string };
  readonly validity: Validity;
  readonly random: Random;
}

export interface OrganisationOrder extends Order {
  /** Legal name, at most 64 characters; stands as CN and O. */
  readonly name: string;
  /** `NTRJP-` and the corporate number, or another identifier of ETSI EN 319 412-1 §5.1.4. */
  readonly organisationId: string;
  /** ISO 3166-1 alpha-2. */
  readonly country: string;
  /** Normalised; each stands for its addresses only, not for those of its subdomains. */
  readonly mailDomains: readonly string[];
  /** Normalised; each stands for itself and all below it. */
  readonly hostNames: readonly string[];
  readonly crlUrls?: readonly string[];
}

export interface UserOrder extends Order {
  /** Normalised address. */
  readonly email: string;
  /** Name to show, or the pseudonym. */
  readonly commonName: string;
  /** The name is a pseudonym, and the certificate says so. */
  readonly pseudonymous?: boolean;
  readonly crlUrls?: readonly string[];
}

export interface ServerOrder extends Order {
  readonly role: 'gateway' | 'inspection' | 'key-server';
  /** Normalised; the first stands as CN too. */
  readonly dnsNames: readonly [string, ...string[]];
  readonly crlUrls?: readonly string[];
}

/** The Authority's self-signed root. Throws `certificate-name`. */
export async function issueRoot({ key, subject, validity, random }: RootOrder): Promise<Certificate> {
  const name = toName(subject);
  const der = await signCertificate({
    key, issuer: name, issuerKeyIdentifier: keyIdentifier(key.publicKey), subject: name, publicKey: key.publicKey, validity, random,
    extensions: authorityExtensions(ROOT_USAGES, ROOT_PATH_LENGTH),
  });
  const certificate = parseCertificate(der);
  checkRootProfile(certificate);
  return certificate;
}

/** The Authority's delegate: it signs directory and CRLs in the root's name while the root is offline. */
export function issueDelegate(order: Order): Promise<Certificate> {
  return issue(order, 'delegate', order.issuer.certificate.subject, leafExtensions('delegate'));
}

/** An organisation as a CA limited to its own names. Throws `certificate-name`, `certificate-name-constraint`. */
export function issueOrganisation(order: OrganisationOrder): Promise<Certificate> {
  const { name, organisationId, country, mailDomains, hostNames } = order;
  checkLimits(mailDomains, hostNames);
  const directory = { country, organisation: name, organisationId };
  return issue(order, 'organisation', { ...directory, commonName: name }, [
    ...authorityExtensions(PROFILES.organisation.usages, 0),
    nameConstraintsExtension({ mailDomains, hostNames, directory }),
    ...crlExtension(order.crlUrls),
  ]);
}

/** An address certificate. Throws `certificate-address`, `certificate-name`, `certificate-name-constraint`. */
export function issueUser(order: UserOrder): Promise<Certificate> {
  const { email, commonName, pseudonymous = false } = order;
  checkAddress(email);
  const subject = { ...organisationOf(order.issuer), commonName, ...(pseudonymous ? { pseudonym: commonName } : {}) };
  return issue(order, 'user', subject, [
    ...leafExtensions('user'), altNamesExtension([email], []), ...crlExtension(order.crlUrls),
  ]);
}

/**
 * The certificate by which mail from one address is signed for readers outside SSMAX: it names the organisation, never the
 * member. Throws `certificate-address`, `certificate-name-constraint`.
 */
export function issueMailSigner(order: Order & Pick<UserOrder, 'email' | 'crlUrls'>): Promise<Certificate> {
  checkAddress(order.email);
  const names = organisationOf(order.issuer);
  const { commonName = order.email } = order.issuer.certificate.subject;
  return issue(order, 'mail-signer', { ...names, commonName }, [
    ...leafExtensions('mail-signer'), altNamesExtension([order.email], []), ...crlExtension(order.crlUrls),
  ]);
}

/** A server's certificate. Throws `certificate-host-name`, `certificate-name`, `certificate-name-constraint`. */
export function issueServer(order: ServerOrder): Promise<Certificate> {
  const { role, dnsNames } = order;
  dnsNames.forEach(checkHostName);
  // CN holds 64 characters only; a longer host name stands in subjectAltName alone.
  const commonName = dnsNames[0].length <= 64 ? dnsNames[0] : role;
  return issue(order, role, { ...organisationOf(order.issuer), commonName }, [
    ...leafExtensions(role), altNamesExtension([], dnsNames), ...crlExtension(order.crlUrls),
  ]);
}

/** The names that the organisation's directory constraint asks every subject to begin with. */
function organisationOf({ certificate: { subject } }: Issuer): Subject {
  const { country, organisation, organisationId } = subject;
  return {
    ...(country === undefined ? {} : { country }),
    ...(organisation === undefined ? {} : { organisation }),
    ...(organisationId === undefined ? {} : { organisationId }),
  };
}

function authorityExtensions(usages: readonly Usage[], pathLength: number): Extension[] {
  return [basicConstraintsExtension(pathLength), keyUsageExtension(usages)];
}

function leafExtensions(role: CertificateRole): Extension[] {
  const { usages, extended } = PROFILES[role];
  return [basicConstraintsExtension(), keyUsageExtension(usages), extendedKeyUsageExtension(extended)];
}

function crlExtension(urls: readonly string[] = []): Extension[] {
  if (!urls.every(isCrlUrl)) throw refused('certificate-crl-url');
  return urls.length === 0 ? [] : [distributionPointsExtension(urls)];
}

async function issue(order: Order, role: CertificateRole, subject: Subject, extensions: readonly Extension[]): Promise<Certificate> {
  const { issuer, publicKey, random } = order;
  const authority = issuer.certificate;
  checkIssuer(issuer, role);
  const certificate = parseCertificate(
    await signCertificate({
      key: issuer.key, issuer: nameOfDer(authority.subjectDer), issuerKeyIdentifier: authority.subjectKeyIdentifier,
      subject: toName(subject), publicKey, validity: within(order.validity, authority), random, extensions,
    }),
  );
  // Nothing leaves this function that a verifier would refuse.
  checkProfile(certificate, role);
  if (authority.nameConstraints !== undefined) checkNameConstraints(certificate, authority.nameConstraints);
  return certificate;
}

/** Throws `issuer-key-mismatch` (fault), `certificate-role` or `certificate-profile`. */
function checkIssuer({ certificate, key }: Issuer, role: CertificateRole): void {
  if (!equal(certificate.publicKey, key.publicKey)) throw new SsmaxError('fault', 'issuer-key-mismatch');
  if (PROFILES[role].issuer === 'root') checkRootProfile(certificate);
  else checkProfile(certificate, 'organisation');
}

function within(validity: Validity, issuer: Validity): Validity {
  return {
    notBefore: validity.notBefore < issuer.notBefore ? issuer.notBefore : validity.notBefore,
    notAfter: validity.notAfter > issuer.notAfter ? issuer.notAfter : validity.notAfter,
  };
}

interface Tbs {
  readonly key: PrivateKey;
  readonly issuer: CertificateToSign['issuer'];
  readonly issuerKeyIdentifier: Bytes;
  readonly subject: CertificateToSign['subject'];
  readonly publicKey: Bytes;
  readonly validity: Validity;
  readonly random: Random;
  readonly extensions: readonly Extension[];
}

async function signCertificate({ key, issuer, issuerKeyIdentifier, subject, publicKey, validity, random, extensions }: Tbs): Promise<Bytes> {
  if (!(validity.notBefore < validity.notAfter)) throw refused('certificate-validity');
  const certificate = new CertificateToSign({
    version: 2,
    serialNumber: new Integer({ valueHex: randomSerial(random) }),
    signature: signatureAlgorithm(),
    issuer,
    notBefore: toTime(validity.notBefore),
    notAfter: toTime(validity.notAfter),
    subject,
    subjectPublicKeyInfo: toPublicKeyInfo(publicKey),
    extensions: [subjectKeyIdentifierExtension(keyIdentifier(publicKey)), authorityKeyIdentifierExtension(issuerKeyIdentifier), ...extensions],
  });
  return sign(toBeSigned(certificate), key);
}

/** 16 bytes, 126 of their bits random: always positive and of one length. */
function randomSerial(random: Random): Bytes {
  const bytes = Uint8Array.from(random(16));
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40;
  return bytes;
}
