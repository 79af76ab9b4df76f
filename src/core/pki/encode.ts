/**
 * Writing structures with PKI.js and asn1js, the only place that knows them beside the functions that make certificates,
 * CRLs and requests. What they write is DER if it is asked for in the right way: sets are not sorted by them, so each set
 * here has one element or is sorted by the caller. Reading is not theirs (docs/decisions/0003).
 */
import * as asn1js from 'asn1js';
import {
  AlgorithmIdentifier, Attribute, AttributeTypeAndValue, AuthorityKeyIdentifier, BasicConstraints, CertificationRequest, CRLDistributionPoints,
  DistributionPoint, ExtKeyUsage, Extension, Extensions, GeneralName, GeneralNames, GeneralSubtree, NameConstraints, PublicKeyInfo, RelativeDistinguishedNames, Time, TimeType,
} from 'pkijs';
import type { Bytes } from '../bytes.ts';
import { isUtcTimeYear } from '../der.ts';
import { SsmaxError, refused } from '../error.ts';
import { OID } from '../oids.ts';
import { type Usage, keyUsageBits } from './extensions.ts';
import { ALL_IPV4, ALL_IPV6, NOBODY } from './name-constraints.ts';
import { type Subject, nameAttributes } from './names.ts';
import { PKI_OID } from './object-identifiers.ts';
import { encodeSpki } from './public-key.ts';

/** Any value of asn1js that is written, not a mere schema. */
type Block = asn1js.BaseBlock;

export function toDer(block: Block): Bytes {
  return new Uint8Array(block.toBER());
}

/** PKI.js's Certificate, CertificateRevocationList or CertificationRequest: SEQUENCE {tbs, algorithm, signature}. */
interface Signable {
  toSchema(encode: true): asn1js.Sequence;
}

/** DER of the part that is to be signed. */
export function toBeSigned(structure: Signable): Bytes {
  const [tbs] = structure.toSchema(true).valueBlock.value;
  if (tbs === undefined) throw new SsmaxError('fault', 'nothing-to-sign');
  return toDer(tbs);
}

/** ecdsa-with-SHA256, parameters absent. */
export function signatureAlgorithm(): AlgorithmIdentifier {
  return new AlgorithmIdentifier({ algorithmId: OID.ecdsaWithSha256 });
}

/** A Name of one RDN for each attribute. Throws `certificate-name`. */
export function toName(subject: Subject): RelativeDistinguishedNames {
  const rdns = nameAttributes(subject).map(({ field, type, text }) => {
    const value = field === 'country' ? new asn1js.PrintableString({ value: text }) : new asn1js.Utf8String({ value: text });
    return new asn1js.Set({ value: [new AttributeTypeAndValue({ type, value }).toSchema()] });
  });
  // From its own list of attributes PKI.js would write one RDN that holds them all.
  return nameOfDer(toDer(new asn1js.Sequence({ value: rdns })));
}

/** A Name that is written as it stands in another certificate. */
export function nameOfDer(der: Bytes): RelativeDistinguishedNames {
  return RelativeDistinguishedNames.fromBER(der);
}

/** Throws `certificate-key` if the 65 bytes are no point of P-256. */
export function toPublicKeyInfo(publicKey: Bytes): PublicKeyInfo {
  return PublicKeyInfo.fromBER(encodeSpki(publicKey));
}

/** To the second; UTCTime until 2049, GeneralizedTime from then on (RFC 5280 §4.1.2.5). */
export function toTime(date: Date): Time {
  return new Time({ type: isUtcTimeYear(date.getUTCFullYear()) ? TimeType.UTCTime : TimeType.GeneralizedTime, value: wholeSeconds(date) });
}

/** RFC 5280 §4.1.2.5.2: no fractional seconds. asn1js would write them. */
function wholeSeconds(date: Date): Date {
  return new Date(Math.floor(date.getTime() / 1000) * 1000);
}

function extension(type: string, critical: boolean, value: Block): Extension {
  return new Extension({ extnID: type, critical, extnValue: value.toBER() });
}

export function subjectKeyIdentifierExtension(keyIdentifier: Bytes): Extension {
  return extension(PKI_OID.subjectKeyIdentifier, false, new asn1js.OctetString({ valueHex: keyIdentifier }));
}

export function authorityKeyIdentifierExtension(keyIdentifier: Bytes): Extension {
  const value = new AuthorityKeyIdentifier({ keyIdentifier: new asn1js.OctetString({ valueHex: keyIdentifier }) });
  return extension(PKI_OID.authorityKeyIdentifier, false, value.toSchema());
}

/** `pathLength` only for a CA. */
export function basicConstraintsExtension(pathLength?: number): Extension {
  const value = pathLength === undefined ? new BasicConstraints() : new BasicConstraints({ cA: true, pathLenConstraint: pathLength });
  return extension(PKI_OID.basicConstraints, true, value.toSchema());
}

export function keyUsageExtension(usages: readonly Usage[]): Extension {
  const { byte, unused } = keyUsageBits(usages);
  return extension(PKI_OID.keyUsage, true, new asn1js.BitString({ valueHex: Uint8Array.of(byte), unusedBits: unused }));
}

export function extendedKeyUsageExtension(usages: readonly string[]): Extension {
  return extension(PKI_OID.extendedKeyUsage, false, new ExtKeyUsage({ keyPurposes: [...usages] }).toSchema());
}

/** Tags of GeneralName (RFC 5280 §4.2.1.6). */
const KIND = { rfc822Name: 1, dNSName: 2, directoryName: 4, uniformResourceIdentifier: 6, iPAddress: 7 } as const;

/** A name of characters; throws `certificate-name` for what is not printable ASCII, which asn1js would cut to bytes. */
function textName(kind: 'rfc822Name' | 'dNSName' | 'uniformResourceIdentifier', text: string): GeneralName {
  if (!/^[\x21-\x7e]+$/.test(text)) throw refused('certificate-name', { field: kind });
  return new GeneralName({ type: KIND[kind], value: text });
}

export function altNamesExtension(emails: readonly string[], dnsNames: readonly string[]): Extension {
  const names = [...emails.map((email) => textName('rfc822Name', email)), ...dnsNames.map((name) => textName('dNSName', name))];
  return extension(PKI_OID.subjectAltName, false, new GeneralNames({ names }).toSchema());
}

/** One point that lists `urls` as full names. */
export function distributionPointsExtension(urls: readonly string[]): Extension {
  const point = new DistributionPoint({ distributionPoint: urls.map((url) => textName('uniformResourceIdentifier', url)) });
  return extension(PKI_OID.crlDistributionPoints, false, new CRLDistributionPoints({ distributionPoints: [point] }).toSchema());
}

export interface Limits {
  readonly mailDomains: readonly string[];
  readonly hostNames: readonly string[];
  /** With which every subject must begin. */
  readonly directory: Subject;
}

/** The form that name-constraints.ts reads. */
export function nameConstraintsExtension({ mailDomains, hostNames, directory }: Limits): Extension {
  const permitted = [
    ...mailDomains.map((domain) => textName('rfc822Name', domain)),
    ...(hostNames.length > 0 ? hostNames : [NOBODY]).map((name) => textName('dNSName', name)),
    new GeneralName({ type: KIND.directoryName, value: toName(directory) }),
    textName('uniformResourceIdentifier', NOBODY),
  ];
  const excluded = [ALL_IPV4, ALL_IPV6].map((all) => new GeneralName({ type: KIND.iPAddress, value: new asn1js.OctetString({ valueHex: all }) }));
  const subtrees = (bases: readonly GeneralName[]): GeneralSubtree[] => bases.map((base) => new GeneralSubtree({ base }));
  const value = new NameConstraints({ permittedSubtrees: subtrees(permitted), excludedSubtrees: subtrees(excluded) });
  return extension(PKI_OID.nameConstraints, true, value.toSchema());
}

/** DER CertificationRequestInfo (RFC 2986 §4.1) that wishes for these names. Throws `certificate-name`. */
export function requestToBeSigned(publicKey: Bytes, subject: Subject, emails: readonly string[], dnsNames: readonly string[]): Bytes {
  const wishes = emails.length + dnsNames.length === 0 ? [] : [new Extensions({ extensions: [altNamesExtension(emails, dnsNames)] })];
  return toBeSigned(new CertificationRequest({
    version: 0,
    subject: toName(subject),
    subjectPublicKeyInfo: toPublicKeyInfo(publicKey),
    attributes: wishes.map((extensions) => new Attribute({ type: PKI_OID.extensionRequest, values: [extensions.toSchema()] })),
  }));
}
