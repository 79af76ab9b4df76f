/**
 * X.509 certificates in the SSMAX profile (docs/protocol.md, "Certificates"; RFC 5280 §4): version 3, P-256, ECDSA with
 * SHA-256, DER only. The profile is closed: what it does not write, the reader refuses, except extensions that are not
 * critical. Trust is not decided here but in path.ts.
 */
import { type Bytes, equal } from '../bytes.ts';
import { DerCursor, TAG, contextTag, readDer, readSequence } from '../der.ts';
import { refused } from '../error.ts';
import { checkAddress, checkHostName } from './addresses.ts';
import {
  type AltNames, type Usage, readAltNames, readAuthorityKeyIdentifier, readBasicConstraints, readDistributionPoints,
  readExtendedKeyUsage, readExtensions, readKeyUsage, readSerial,
} from './extensions.ts';
import { malformed, reading } from './failures.ts';
import { type NameConstraints, readNameConstraints } from './name-constraints.ts';
import { type Subject, readName } from './names.ts';
import { type Role, PKI_OID } from './object-identifiers.ts';
import { hash, keyIdentifier, readSpki } from './public-key.ts';
import { type Signed, readSignatureAlgorithm, readSigned } from './signed.ts';

/** Largest certificate read, in bytes. An organisation with 250 domains stays below. */
export const MAX_CERTIFICATE = 16 * 1024;

export interface Certificate extends Signed {
  readonly der: Bytes;
  /** SHA-256 of `der`. */
  readonly sha256: Bytes;
  /** Lower-case hexadecimal of the serial number's DER content. */
  readonly serial: string;
  readonly subject: Subject;
  /** DER Name. */
  readonly subjectDer: Bytes;
  /** DER Name. */
  readonly issuerDer: Bytes;
  readonly notBefore: Date;
  readonly notAfter: Date;
  /** DER SubjectPublicKeyInfo, 91 bytes. */
  readonly spki: Bytes;
  /** SHA-256 of `spki`: what directories and pins name a key by. */
  readonly spkiSha256: Bytes;
  /** 65 bytes uncompressed, on the curve. */
  readonly publicKey: Bytes;
  /** 20 bytes. */
  readonly subjectKeyIdentifier: Bytes;
  /** 20 bytes. */
  readonly authorityKeyIdentifier: Bytes;
  readonly keyUsage: readonly Usage[];
  readonly isCa: boolean;
  readonly pathLength: number | undefined;
  /** rfc822Names of subjectAltName, normalised. */
  readonly emails: readonly string[];
  /** dNSNames of subjectAltName, normalised. */
  readonly dnsNames: readonly string[];
  readonly roles: readonly Role[];
  /** All extended key usages in dotted form; empty if there is no such extension. */
  readonly extendedKeyUsages: readonly string[];
  readonly nameConstraints: NameConstraints | undefined;
  /** Where the CRL may be fetched: http or https URLs. */
  readonly crlUrls: readonly string[];
}

/**
 * Reads one DER certificate. Throws SsmaxError (`refused`): `certificate-too-large`, `certificate-malformed`,
 * `certificate-algorithm`, `certificate-key`, `certificate-name`, `certificate-address`, `certificate-host-name`,
 * `certificate-critical-extension`, `certificate-duplicate-extension`.
 */
export function parseCertificate(der: Uint8Array): Certificate {
  if (der.length > MAX_CERTIFICATE) throw refused('certificate-too-large', { bytes: der.length });
  const own = Uint8Array.from(der); // what is hashed and verified must not change under us
  return reading('certificate-malformed', () => {
    const signed = readDer(own, (cursor) => readSigned(cursor, 'certificate-algorithm'));
    return { der: own, sha256: hash(own), ...signed, ...readDer(signed.tbs, readTbs) };
  });
}

/** Certificates that stand one after the other, at most 16. Throws what parseCertificate throws. */
export function parseCertificates(der: Bytes): Certificate[] {
  return reading('certificate-malformed', () => DerCursor.over(der).list((cursor) => cursor.element(TAG.sequence).full, 16)).map((one) => parseCertificate(one));
}

type Body = Omit<Certificate, 'der' | 'sha256' | keyof Signed>;

function readTbs(cursor: DerCursor): Body {
  return readSequence(cursor, (tbs) => {
    if (readSequence(tbs, (version) => version.small(), contextTag(0)) !== 2) throw malformed('version');
    const serial = readSerial(tbs);
    readSignatureAlgorithm(tbs, 'certificate-algorithm');
    const issuer = readName(tbs);
    const { notBefore, notAfter } = readSequence(tbs, (validity) => ({ notBefore: validity.rfc5280Time(), notAfter: validity.rfc5280Time() }));
    if (notAfter < notBefore) throw malformed('validity');
    const subject = readName(tbs);
    const key = readSpki(tbs);
    const extensions = readSequence(tbs, readCertificateExtensions, contextTag(3));
    if (!equal(extensions.subjectKeyIdentifier, keyIdentifier(key.publicKey))) throw malformed('subject key identifier');
    return {
      serial, subject: subject.subject, subjectDer: subject.der, issuerDer: issuer.der, notBefore, notAfter,
      ...key, spkiSha256: hash(key.spki), ...extensions,
    };
  });
}

/** Which extensions must be critical if present, and which must not (RFC 5280 §4.2.1). */
const CRITICAL: ReadonlyMap<string, boolean> = new Map([
  [PKI_OID.basicConstraints, true],
  [PKI_OID.keyUsage, true],
  [PKI_OID.nameConstraints, true],
  [PKI_OID.subjectKeyIdentifier, false],
  [PKI_OID.authorityKeyIdentifier, false],
]);

type Extensions = Pick<
  Certificate,
  | 'subjectKeyIdentifier' | 'authorityKeyIdentifier' | 'keyUsage' | 'isCa' | 'pathLength' | 'emails' | 'dnsNames' | 'roles'
  | 'extendedKeyUsages' | 'nameConstraints' | 'crlUrls'
>;

function readCertificateExtensions(cursor: DerCursor): Extensions {
  let subjectKeyIdentifier: Bytes | undefined;
  let authorityKeyIdentifier: Bytes | undefined;
  let keyUsage: readonly Usage[] | undefined;
  let basic: ReturnType<typeof readBasicConstraints> | undefined;
  let names: AltNames = { emails: [], dnsNames: [], others: [] };
  let extended: ReturnType<typeof readExtendedKeyUsage> = { usages: [], roles: [] };
  let nameConstraints: NameConstraints | undefined;
  let crlUrls: readonly string[] = [];
  const seen = readExtensions(cursor, {
    [PKI_OID.subjectKeyIdentifier]: (value) => (subjectKeyIdentifier = value.octets(20)),
    [PKI_OID.authorityKeyIdentifier]: (value) => (authorityKeyIdentifier = readAuthorityKeyIdentifier(value)),
    [PKI_OID.keyUsage]: (value) => (keyUsage = readKeyUsage(value)),
    [PKI_OID.basicConstraints]: (value) => (basic = readBasicConstraints(value)),
    [PKI_OID.subjectAltName]: (value) => (names = readAltNames(value)),
    [PKI_OID.extendedKeyUsage]: (value) => (extended = readExtendedKeyUsage(value)),
    [PKI_OID.nameConstraints]: (value) => (nameConstraints = readNameConstraints(value)),
    [PKI_OID.crlDistributionPoints]: (value) => (crlUrls = readDistributionPoints(value)),
  });
  for (const [type, critical] of seen) {
    if ((CRITICAL.get(type) ?? critical) !== critical) throw malformed(`criticality of ${type}`);
  }
  if (subjectKeyIdentifier === undefined || authorityKeyIdentifier === undefined) throw malformed('key identifier is missing');
  if (keyUsage === undefined || basic === undefined) throw malformed('key usage or basic constraints are missing');
  if (names.others.length > 0) throw malformed('subjectAltName of a kind outside the profile');
  names.emails.forEach(checkAddress);
  names.dnsNames.forEach(checkHostName);
  return {
    subjectKeyIdentifier, authorityKeyIdentifier, keyUsage, isCa: basic.ca, pathLength: basic.pathLength,
    emails: names.emails, dnsNames: names.dnsNames, roles: extended.roles, extendedKeyUsages: extended.usages, nameConstraints, crlUrls,
  };
}
