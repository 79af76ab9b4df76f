/** Issuing: one function per kind of certificate. Every one returns what parseCertificate makes of the bytes written. */
import { type Bytes, equal, hex } from '../bytes.ts';
import { contextTag, integer, octetString, rfc5280Time, sequence, tlv } from '../der.ts';
import { SsmaxError, refused } from '../error.ts';
import type { PrivateKey } from '../keys.ts';
import { checkAddress, checkHostName } from './addresses.ts';
import { type Certificate, parseCertificate } from './certificate.ts';
import {
  encodeAltNames, encodeAuthorityKeyIdentifier, encodeBasicConstraints, encodeDistributionPoints, encodeExtendedKeyUsage,
  encodeKeyUsage, encodeSerial, extension, isCrlUrl, type Usage,
} from './extensions.ts';
import { checkLimits, checkNameConstraints, encodeNameConstraints } from './name-constraints.ts';
import { type Subject, encodeName } from './names.ts';
import { type CertificateRole, PKI_OID } from './object-identifiers.ts';
import { PROFILES, ROOT_PATH_LENGTH, ROOT_USAGES, checkProfile, checkRootProfile } from './profile.ts';
import { encodeSpki, keyIdentifier } from './public-key.ts';
import { SIGNATURE_ALGORITHM, sign } from './signed.ts';

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

/** The Authority's self-signed root. Throws as encodeName does. */
export async function issueRoot({ key, subject, validity, random }: RootOrder): Promise<Certificate> {
  const name = encodeName(subject);
  const der = await signCertificate({
    key, issuerName: name, issuerKeyIdentifier: keyIdentifier(key.publicKey), subjectName: name, publicKey: key.publicKey, validity, random,
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
    extension(PKI_OID.nameConstraints, true, encodeNameConstraints({ mailDomains, hostNames, directory: encodeName(directory) })),
    ...crlExtension(order.crlUrls),
  ]);
}

/** An address certificate. Throws `certificate-address`, `certificate-name`, `certificate-name-constraint`. */
export function issueUser(order: UserOrder): Promise<Certificate> {
  const { email, commonName, pseudonymous = false } = order;
  checkAddress(email);
  const subject = { ...organisationOf(order.issuer), commonName, ...(pseudonymous ? { pseudonym: commonName } : {}) };
  return issue(order, 'user', subject, [
    ...leafExtensions('user'), extension(PKI_OID.subjectAltName, false, encodeAltNames([email], [])), ...crlExtension(order.crlUrls),
  ]);
}

/** A server's certificate. Throws `certificate-host-name`, `certificate-name`, `certificate-name-constraint`. */
export function issueServer(order: ServerOrder): Promise<Certificate> {
  const { role, dnsNames } = order;
  dnsNames.forEach(checkHostName);
  // CN holds 64 characters only; a longer host name stands in subjectAltName alone.
  const commonName = dnsNames[0].length <= 64 ? dnsNames[0] : role;
  return issue(order, role, { ...organisationOf(order.issuer), commonName }, [
    ...leafExtensions(role), extension(PKI_OID.subjectAltName, false, encodeAltNames([], dnsNames)), ...crlExtension(order.crlUrls),
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

function authorityExtensions(usages: readonly Usage[], pathLength: number): Bytes[] {
  return [
    extension(PKI_OID.basicConstraints, true, encodeBasicConstraints(pathLength)),
    extension(PKI_OID.keyUsage, true, encodeKeyUsage(usages)),
  ];
}

function leafExtensions(role: CertificateRole): Bytes[] {
  const { usages, extended } = PROFILES[role];
  return [
    extension(PKI_OID.basicConstraints, true, encodeBasicConstraints()),
    extension(PKI_OID.keyUsage, true, encodeKeyUsage(usages)),
    extension(PKI_OID.extendedKeyUsage, false, encodeExtendedKeyUsage(extended)),
  ];
}

function crlExtension(urls: readonly string[] = []): Bytes[] {
  if (!urls.every(isCrlUrl)) throw refused('certificate-crl-url');
  return urls.length === 0 ? [] : [extension(PKI_OID.crlDistributionPoints, false, encodeDistributionPoints(urls))];
}

async function issue(order: Order, role: CertificateRole, subject: Subject, extensions: readonly Bytes[]): Promise<Certificate> {
  const { issuer, publicKey, random } = order;
  const authority = issuer.certificate;
  checkIssuer(issuer, role);
  const certificate = parseCertificate(
    await signCertificate({
      key: issuer.key, issuerName: authority.subjectDer, issuerKeyIdentifier: authority.subjectKeyIdentifier,
      subjectName: encodeName(subject), publicKey, validity: within(order.validity, authority), random, extensions,
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
  readonly issuerName: Bytes;
  readonly issuerKeyIdentifier: Bytes;
  readonly subjectName: Bytes;
  readonly publicKey: Bytes;
  readonly validity: Validity;
  readonly random: Random;
  readonly extensions: readonly Bytes[];
}

async function signCertificate(tbs: Tbs): Promise<Bytes> {
  const { notBefore, notAfter } = tbs.validity;
  if (!(notBefore < notAfter)) throw refused('certificate-validity');
  const extensions = sequence(
    extension(PKI_OID.subjectKeyIdentifier, false, octetString(keyIdentifier(tbs.publicKey))),
    extension(PKI_OID.authorityKeyIdentifier, false, encodeAuthorityKeyIdentifier(tbs.issuerKeyIdentifier)),
    ...tbs.extensions,
  );
  const der = sequence(
    tlv(contextTag(0), integer(2)),
    encodeSerial(randomSerial(tbs.random)),
    SIGNATURE_ALGORITHM,
    tbs.issuerName,
    sequence(rfc5280Time(notBefore), rfc5280Time(notAfter)),
    tbs.subjectName,
    encodeSpki(tbs.publicKey),
    tlv(contextTag(3), extensions),
  );
  return sign(der, tbs.key);
}

/** 16 bytes, 126 of their bits random: always positive and of one length. */
function randomSerial(random: Random): string {
  const bytes = Uint8Array.from(random(16));
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40;
  return hex(bytes);
}
