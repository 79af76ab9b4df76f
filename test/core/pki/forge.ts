/** Certificates and CRLs that the issuing functions would never write: every part can be replaced by any bytes. */
import { type Bytes, concat, utf8 } from '../../../src/core/bytes.ts';
import { TAG, contextTag, header, integer, octetString, oid, rfc5280Time, sequence, setOf, tlv, utf8String } from '../../../src/core/der.ts';
import {
  encodeAuthorityKeyIdentifier, encodeBasicConstraints, encodeExtendedKeyUsage, encodeKeyUsage, extension,
} from './encode.ts';
import type { Issuer } from '../../../src/core/pki/issue.ts';
import { PKI_OID } from '../../../src/core/pki/object-identifiers.ts';
import { PROFILES } from '../../../src/core/pki/profile.ts';
import { encodeSpki, keyIdentifier } from '../../../src/core/pki/public-key.ts';
import { SIGNATURE_ALGORITHM, sign } from '../../../src/core/pki/signed.ts';
import { YEAR } from './world.ts';

/** The extensions of a user's certificate, by name, in order. */
export interface Extensions {
  ski?: Bytes | undefined;
  aki?: Bytes | undefined;
  basic?: Bytes | undefined;
  usage?: Bytes | undefined;
  extended?: Bytes | undefined;
  names?: Bytes | undefined;
  more?: Bytes | undefined;
}

export interface Parts {
  version: Bytes;
  serial: Bytes;
  algorithm: Bytes;
  issuerName: Bytes;
  validity: Bytes;
  subject: Bytes;
  spki: Bytes;
  extensions: Extensions;
}

export const email = (address: string): Bytes => tlv(contextTag(1, false), utf8(address));
export const dns = (name: string): Bytes => tlv(contextTag(2, false), utf8(name));
export const altNames = (...names: Bytes[]): Bytes => extension(PKI_OID.subjectAltName, false, sequence(...names));
export const attribute = (type: string, value: Bytes): Bytes => setOf(sequence(oid(type), value));

/** Subject that lies within hinode's directory constraint, then these RDNs. */
export const hinodeSubject = (...rdns: Bytes[]): Bytes =>
  sequence(
    attribute(PKI_OID.country, tlv(TAG.printableString, utf8('JP'))),
    attribute(PKI_OID.organisation, utf8String('日之出市役所')),
    attribute(PKI_OID.organisationId, utf8String('NTRJP-1234567890123')),
    ...rdns,
  );

/** A correct address certificate of taro@hinode.example with `overrides` in place of its parts. */
export async function forge(issuer: Issuer, publicKey: Bytes, overrides: Partial<Parts> = {}): Promise<Bytes> {
  const extensions: Extensions = {
    ski: extension(PKI_OID.subjectKeyIdentifier, false, octetString(keyIdentifier(publicKey))),
    aki: extension(PKI_OID.authorityKeyIdentifier, false, encodeAuthorityKeyIdentifier(issuer.certificate.subjectKeyIdentifier)),
    basic: extension(PKI_OID.basicConstraints, true, encodeBasicConstraints()),
    usage: extension(PKI_OID.keyUsage, true, encodeKeyUsage(PROFILES.user.usages)),
    extended: extension(PKI_OID.extendedKeyUsage, false, encodeExtendedKeyUsage(PROFILES.user.extended)),
    names: altNames(email('taro@hinode.example')),
    ...overrides.extensions,
  };
  const parts = {
    version: tlv(contextTag(0), integer(2)),
    serial: integer(0x123456789abcdef0n),
    algorithm: SIGNATURE_ALGORITHM,
    issuerName: issuer.certificate.subjectDer,
    validity: sequence(rfc5280Time(YEAR.notBefore), rfc5280Time(YEAR.notAfter)),
    subject: hinodeSubject(attribute(PKI_OID.commonName, utf8String('Taro'))),
    spki: encodeSpki(publicKey),
    ...overrides,
  };
  const list = Object.values(extensions).filter((one): one is Bytes => one !== undefined);
  const tbs = sequence(
    parts.version, parts.serial, parts.algorithm, parts.issuerName, parts.validity, parts.subject, parts.spki,
    ...(list.length > 0 ? [tlv(contextTag(3), sequence(...list))] : []),
  );
  return sign(tbs, issuer.key);
}

/** `depth` SEQUENCEs in one another. */
export function nest(depth: number): Bytes {
  const headers: Bytes[] = [];
  let length = 0;
  for (let i = 0; i < depth; i++) {
    const head = header(TAG.sequence, length);
    headers.unshift(head);
    length += head.length;
  }
  return concat(...headers);
}
