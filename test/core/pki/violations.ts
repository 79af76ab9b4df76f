/** The ways in which a certificate may differ from the profile, with the code it is refused with: for tests and vectors. */
import { type Bytes, concat, fromHex, utf8 } from '../../../src/core/bytes.ts';
import { TAG, boolean, contextTag, generalizedTime, integer, octetString, oid, sequence, setOf, tlv, utf8String } from '../../../src/core/der.ts';
import { OID } from '../../../src/core/oids.ts';
import { encodeBasicConstraints, encodeExtendedKeyUsage, encodeKeyUsage, extension } from './encode.ts';
import { PKI_OID, ROLE_OID } from '../../../src/core/pki/object-identifiers.ts';
import type { Issuer } from '../../../src/core/pki/issue.ts';
import { PROFILES } from '../../../src/core/pki/profile.ts';
import { type Parts, altNames, attribute, dns, email, forge, hinodeSubject, nest } from './forge.ts';
import { day } from './world.ts';

const commonName = (value: Bytes): Bytes => hinodeSubject(attribute(PKI_OID.commonName, value));
const UTC = (text: string): Bytes => tlv(TAG.utcTime, utf8(text));
const until = UTC('270101000000Z');

type Violation = readonly [what: string, code: string, parts: Partial<Parts>];

/** What parseCertificate refuses. */
export const unreadable: readonly Violation[] = [
  ['version 1', 'certificate-malformed', { version: new Uint8Array(0) }],
  ['version 2', 'certificate-malformed', { version: tlv(contextTag(0), integer(1)) }],
  ['serial negative', 'certificate-malformed', { serial: fromHex('020180') }],
  ['serial not minimal', 'certificate-malformed', { serial: fromHex('02020001') }],
  ['serial zero', 'certificate-malformed', { serial: integer(0) }],
  ['serial of 21 bytes', 'certificate-malformed', { serial: tlv(TAG.integer, new Uint8Array(21).fill(1)) }],
  ['inner algorithm ECDSA with SHA-1', 'certificate-algorithm', { algorithm: sequence(oid('1.2.840.10045.4.1')) }],
  ['inner algorithm with NULL parameters', 'certificate-algorithm', { algorithm: sequence(oid(OID.ecdsaWithSha256), fromHex('0500')) }],
  ['time without seconds', 'certificate-malformed', { validity: sequence(UTC('2601010000Z'), until) }],
  ['time with offset', 'certificate-malformed', { validity: sequence(UTC('260101000000+0900'), until) }],
  ['30 February', 'certificate-malformed', { validity: sequence(UTC('260230000000Z'), until) }],
  ['GeneralizedTime before 2050', 'certificate-malformed', { validity: sequence(generalizedTime(day(0)), until) }],
  ['fraction of a second', 'certificate-malformed', { validity: sequence(UTC('260101000000Z'), tlv(TAG.generalizedTime, utf8('20500101000000.5Z'))) }],
  ['ends before it begins', 'certificate-malformed', { validity: sequence(until, UTC('260101000000Z')) }],
  ['NUL in the name', 'certificate-malformed', { subject: commonName(utf8String('Taro\u0000.evil')) }],
  ['CRLF in the name', 'certificate-malformed', { subject: commonName(utf8String('Taro\r\nBcc: x')) }],
  ['right-to-left override in the name', 'certificate-name', { subject: commonName(utf8String('Taro\u202Egnp')) }],
  ['zero-width space in the name', 'certificate-name', { subject: commonName(utf8String('Ta\u200Bro')) }],
  ['line separator in the name', 'certificate-malformed', { subject: commonName(utf8String('Taro\u2028x')) }],
  ['broken UTF-8 in the name', 'certificate-malformed', { subject: commonName(tlv(TAG.utf8String, Uint8Array.of(0xc3, 0x28))) }],
  ['overlong UTF-8 in the name', 'certificate-malformed', { subject: commonName(tlv(TAG.utf8String, Uint8Array.of(0xc0, 0x80))) }],
  ['empty name', 'certificate-name', { subject: commonName(utf8String('')) }],
  ['blank at the end of the name', 'certificate-name', { subject: commonName(utf8String('Taro ')) }],
  ['name of 65 characters', 'certificate-name', { subject: commonName(utf8String('a'.repeat(65))) }],
  ['name in BMPString', 'certificate-malformed', { subject: commonName(tlv(0x1e, fromHex('00540061'))) }],
  ['name in TeletexString', 'certificate-malformed', { subject: commonName(tlv(0x14, utf8('Taro'))) }],
  ['two common names', 'certificate-name', { subject: hinodeSubject(attribute(PKI_OID.commonName, utf8String('A')), attribute(PKI_OID.commonName, utf8String('B'))) }],
  ['attribute outside the profile (emailAddress)', 'certificate-name', { subject: hinodeSubject(attribute('1.2.840.113549.1.9.1', tlv(TAG.ia5String, utf8('boss@hinode.example')))) }],
  ['attributes out of order', 'certificate-name', { subject: sequence(attribute(PKI_OID.commonName, utf8String('A')), attribute(PKI_OID.country, tlv(TAG.printableString, utf8('JP')))) }],
  ['RDN of two attributes', 'certificate-malformed', { subject: sequence(setOf(sequence(oid(PKI_OID.country), tlv(TAG.printableString, utf8('JP'))), sequence(oid(PKI_OID.commonName), utf8String('A')))) }],
  ['country in lower case', 'certificate-name', { subject: sequence(attribute(PKI_OID.country, tlv(TAG.printableString, utf8('jp')))) }],
  ['no extensions', 'certificate-malformed', { extensions: { ski: undefined, aki: undefined, basic: undefined, usage: undefined, extended: undefined, names: undefined } }],
  ['no subject key identifier', 'certificate-malformed', { extensions: { ski: undefined } }],
  ['subject key identifier of another key', 'certificate-malformed', { extensions: { ski: extension(PKI_OID.subjectKeyIdentifier, false, octetString(new Uint8Array(20))) } }],
  ['no authority key identifier', 'certificate-malformed', { extensions: { aki: undefined } }],
  ['authority key identifier by issuer and serial', 'certificate-malformed', { extensions: { aki: extension(PKI_OID.authorityKeyIdentifier, false, sequence(tlv(contextTag(2, false), Uint8Array.of(1)))) } }],
  ['no key usage', 'certificate-malformed', { extensions: { usage: undefined } }],
  ['key usage not critical', 'certificate-malformed', { extensions: { usage: extension(PKI_OID.keyUsage, false, encodeKeyUsage(['digitalSignature', 'keyAgreement'])) } }],
  ['key usage with trailing zero bits', 'certificate-malformed', { extensions: { usage: extension(PKI_OID.keyUsage, true, fromHex('03020088')) } }],
  ['key usage outside the profile', 'certificate-malformed', { extensions: { usage: extension(PKI_OID.keyUsage, true, fromHex('030203f8')) } }],
  ['no basic constraints', 'certificate-malformed', { extensions: { basic: undefined } }],
  ['cA FALSE written out', 'certificate-malformed', { extensions: { basic: extension(PKI_OID.basicConstraints, true, sequence(boolean(false))) } }],
  ['critical FALSE written out', 'certificate-malformed', { extensions: { more: sequence(oid('1.2.3.4'), boolean(false), octetString()) } }],
  ['BOOLEAN 0x01', 'certificate-malformed', { extensions: { more: sequence(oid('1.2.3.4'), fromHex('010101'), octetString()) } }],
  ['unknown critical extension', 'certificate-critical-extension', { extensions: { more: extension('1.2.3.4', true, sequence()) } }],
  ['critical extension named like an object property', 'certificate-critical-extension', { extensions: { more: extension('2.5.29.36', true, sequence()) } }],
  ['extension twice', 'certificate-duplicate-extension', { extensions: { more: altNames(email('boss@hinode.example')) } }],
  ['unknown extension twice', 'certificate-duplicate-extension', { extensions: { extended: extension('1.2.3.4', false, sequence()), more: extension('1.2.3.4', false, sequence()) } }],
  ['trailing bytes in an extension', 'certificate-malformed', { extensions: { names: extension(PKI_OID.subjectAltName, false, concat(sequence(email('taro@hinode.example')), Uint8Array.of(0))) } }],
  ['subjectAltName empty', 'certificate-malformed', { extensions: { names: altNames() } }],
  ['IP address as name', 'certificate-malformed', { extensions: { names: altNames(email('taro@hinode.example'), tlv(contextTag(7, false), Uint8Array.of(127, 0, 0, 1))) } }],
  ['URI as name', 'certificate-malformed', { extensions: { names: altNames(email('taro@hinode.example'), tlv(contextTag(6, false), utf8('https://hinode.example'))) } }],
  ['otherName (SmtpUTF8Mailbox)', 'certificate-malformed', { extensions: { names: altNames(tlv(contextTag(0), oid('1.3.6.1.5.5.7.8.9'), tlv(contextTag(0), utf8String('太郎@hinode.example')))) } }],
  ['NUL in the address', 'certificate-malformed', { extensions: { names: altNames(email('taro@hinode.example\0.evil.example')) } }],
  ['CRLF in the address', 'certificate-malformed', { extensions: { names: altNames(email('taro@hinode.example\r\nx')) } }],
  ['upper case in the address', 'certificate-address', { extensions: { names: altNames(email('Taro@hinode.example')) } }],
  ['U-label in the address', 'certificate-malformed', { extensions: { names: altNames(email('taro@日之出.example')) } }],
  ['quoted local part', 'certificate-address', { extensions: { names: altNames(email('"ta@ro"@hinode.example')) } }],
  ['comment in the address', 'certificate-address', { extensions: { names: altNames(email('taro@hinode.example(x)evil.example')) } }],
  ['source route', 'certificate-address', { extensions: { names: altNames(email('@evil.example:taro@hinode.example')) } }],
  ['address literal', 'certificate-address', { extensions: { names: altNames(email('taro@[127.0.0.1]')) } }],
  ['domain without local part', 'certificate-address', { extensions: { names: altNames(email('hinode.example')) } }],
  ['wildcard host name', 'certificate-host-name', { extensions: { names: altNames(dns('*.hinode.example')) } }],
  ['host name that is an IP address', 'certificate-host-name', { extensions: { names: altNames(dns('127.0.0.1')) } }],
  ['extended key usage empty', 'certificate-malformed', { extensions: { extended: extension(PKI_OID.extendedKeyUsage, false, sequence()) } }],
  ['extended key usage twice the same', 'certificate-malformed', { extensions: { extended: extension(PKI_OID.extendedKeyUsage, false, encodeExtendedKeyUsage([ROLE_OID.user, ROLE_OID.user])) } }],
  ['extended key usage: 20,000 levels deep', 'certificate-too-large', { extensions: { extended: extension(PKI_OID.extendedKeyUsage, false, nest(20_000)) } }],
  ['subject 3,000 levels deep', 'certificate-malformed', { subject: nest(3_000) }],
];

/** What reads well, but is no address certificate by hinode: what validatePath refuses for role `user`. */
export const illFormed: readonly Violation[] = [
  ['two addresses', 'certificate-profile', { extensions: { names: altNames(email('taro@hinode.example'), email('boss@hinode.example')) } }],
  ['the same address twice', 'certificate-profile', { extensions: { names: altNames(email('taro@hinode.example'), email('taro@hinode.example')) } }],
  ['no address', 'certificate-profile', { extensions: { names: undefined } }],
  ['an address and a host name', 'certificate-profile', { extensions: { names: altNames(email('taro@hinode.example'), dns('a.hinode.example')) } }],
  ['two roles', 'certificate-role', { extensions: { extended: extension(PKI_OID.extendedKeyUsage, false, encodeExtendedKeyUsage([ROLE_OID.user, ROLE_OID.gateway])) } }],
  ['no role', 'certificate-role', { extensions: { extended: extension(PKI_OID.extendedKeyUsage, false, encodeExtendedKeyUsage([PKI_OID.emailProtection])) } }],
  ['anyExtendedKeyUsage', 'certificate-role', { extensions: { extended: extension(PKI_OID.extendedKeyUsage, false, encodeExtendedKeyUsage(['2.5.29.37.0'])) } }],
  ['serverAuth besides', 'certificate-profile', { extensions: { extended: extension(PKI_OID.extendedKeyUsage, false, encodeExtendedKeyUsage([ROLE_OID.user, PKI_OID.emailProtection, PKI_OID.serverAuth])) } }],
  ['keyCertSign without CA', 'certificate-profile', { extensions: { usage: extension(PKI_OID.keyUsage, true, encodeKeyUsage(['digitalSignature', 'keyAgreement', 'keyCertSign'])) } }],
  ['CA made by an organisation', 'certificate-role', { extensions: { basic: extension(PKI_OID.basicConstraints, true, encodeBasicConstraints(0)), extended: undefined } }],
  ['no common name', 'certificate-profile', { subject: hinodeSubject() }],
  ['address of another organisation', 'certificate-name-constraint', { extensions: { names: altNames(email('taro@tsukimi.example')) } }],
  ['address of a subdomain', 'certificate-name-constraint', { extensions: { names: altNames(email('taro@sub.hinode.example')) } }],
  ['address of a domain with the same ending', 'certificate-name-constraint', { extensions: { names: altNames(email('taro@evilhinode.example')) } }],
  ['A-label look-alike domain', 'certificate-name-constraint', { extensions: { names: altNames(email('taro@xn--hnode-q4a.example')) } }],
  ['subject of another organisation', 'certificate-name-constraint', {
    subject: sequence(
      attribute(PKI_OID.country, tlv(TAG.printableString, utf8('JP'))), attribute(PKI_OID.organisation, utf8String('月見製作所')),
      attribute(PKI_OID.organisationId, utf8String('NTRJP-9876543210987')), attribute(PKI_OID.commonName, utf8String('Taro')),
    ),
  }],
  ['subject without the organisation\'s country', 'certificate-name-constraint', {
    subject: sequence(attribute(PKI_OID.organisation, utf8String('日之出市役所')), attribute(PKI_OID.organisationId, utf8String('NTRJP-1234567890123')), attribute(PKI_OID.commonName, utf8String('Taro'))),
  }],
];

const subtrees = (...bases: Bytes[]): Bytes => concat(...bases.map((base) => sequence(base)));
const permitted = (...bases: Bytes[]): Bytes => tlv(contextTag(0), subtrees(...bases));
const directory = tlv(contextTag(4), hinodeSubject());
const uri = tlv(contextTag(6, false), utf8('none.invalid'));
const noIp = tlv(contextTag(1), subtrees(tlv(contextTag(7, false), new Uint8Array(8)), tlv(contextTag(7, false), new Uint8Array(32))));
const mail = email('hinode.example');
const host = dns('hinode.example');
const critical = (...parts: Bytes[]): Bytes => extension(PKI_OID.nameConstraints, true, sequence(...parts));

/** Name constraints, whole extensions, with which no organisation passes; `undefined`: none at all. */
export const badConstraints: readonly (readonly [what: string, code: string, constraints: Bytes | undefined])[] = [
  ['none', 'certificate-profile', undefined],
  ['not critical', 'certificate-malformed', extension(PKI_OID.nameConstraints, false, sequence(permitted(mail, host, directory, uri), noIp))],
  ['empty', 'certificate-malformed', critical()],
  ['mail left open', 'certificate-malformed', critical(permitted(host, directory, uri), noIp)],
  ['host names left open', 'certificate-malformed', critical(permitted(mail, directory, uri), noIp)],
  ['subjects left open', 'certificate-malformed', critical(permitted(mail, host, uri), noIp)],
  ['URIs left open', 'certificate-malformed', critical(permitted(mail, host, directory), noIp)],
  ['IP addresses left open', 'certificate-malformed', critical(permitted(mail, host, directory, uri))],
  ['all subdomains for mail', 'certificate-malformed', critical(permitted(email('.hinode.example'), host, directory, uri), noIp)],
  ['one mailbox', 'certificate-malformed', critical(permitted(email('taro@hinode.example'), host, directory, uri), noIp)],
  ['all mail', 'certificate-malformed', critical(permitted(email(''), host, directory, uri), noIp)],
  ['a top-level domain for mail', 'certificate-malformed', critical(permitted(email('example'), host, directory, uri), noIp)],
  ['all host names', 'certificate-malformed', critical(permitted(mail, dns(''), directory, uri), noIp)],
  ['a top-level domain for hosts', 'certificate-malformed', critical(permitted(mail, dns('example'), directory, uri), noIp)],
  ['upper case', 'certificate-malformed', critical(permitted(email('Hinode.example'), host, directory, uri), noIp)],
  ['NUL', 'certificate-malformed', critical(permitted(email('hinode.example\0'), host, directory, uri), noIp)],
  ['a kind of name outside the profile', 'certificate-malformed', critical(permitted(mail, host, directory, uri, tlv(contextTag(8, false), Uint8Array.of(1))), noIp)],
  ['an excluded domain', 'certificate-malformed', critical(permitted(mail, host, directory, uri), tlv(contextTag(1), subtrees(mail)))],
  ['a minimum', 'certificate-malformed', critical(tlv(contextTag(0), sequence(mail, tlv(contextTag(0, false), Uint8Array.of(1)))), noIp)],
  ['two directories', 'certificate-malformed', critical(permitted(mail, host, directory, directory, uri), noIp)],
];

/** hinode's certificate as the root would sign it, but for the name constraints. */
export function forgeOrganisation(root: Issuer, publicKey: Bytes, constraints: Bytes | undefined): Promise<Bytes> {
  return forge(root, publicKey, {
    extensions: {
      basic: extension(PKI_OID.basicConstraints, true, encodeBasicConstraints(0)),
      usage: extension(PKI_OID.keyUsage, true, encodeKeyUsage(PROFILES.organisation.usages)),
      extended: undefined, names: undefined, more: constraints,
    },
  });
}
