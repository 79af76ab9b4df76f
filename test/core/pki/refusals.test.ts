/** Every way in which a certificate may differ from the profile, made by hand, with the code it is refused with. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Bytes, concat, equal, fromHex, utf8 } from '../../../src/core/bytes.ts';
import { TAG, boolean, contextTag, generalizedTime, integer, octetString, oid, sequence, setOf, tlv, utf8String } from '../../../src/core/der.ts';
import { OID } from '../../../src/core/oids.ts';
import { parseCertificate } from '../../../src/core/pki/certificate.ts';
import { encodeBasicConstraints, encodeExtendedKeyUsage, encodeKeyUsage, extension } from '../../../src/core/pki/extensions.ts';
import { issueUser } from '../../../src/core/pki/issue.ts';
import { PKI_OID, ROLE_OID } from '../../../src/core/pki/object-identifiers.ts';
import { validatePath } from '../../../src/core/pki/path.ts';
import { createSignatureCache } from '../../../src/core/pki/signed.ts';
import { type Parts, altNames, attribute, dns, email, forge, hinodeSubject, nest } from './forge.ts';
import { AT, YEAR, createWorld, day, expectCode, newKey, random } from './world.ts';

const { root, delegate, hinode, tsukimi, taro, gateway, inspection, keyServer } = await createWorld();
const { publicKey } = newKey();
const commonName = (value: Bytes): Bytes => hinodeSubject(attribute(PKI_OID.commonName, value));
const UTC = (text: string): Bytes => tlv(TAG.utcTime, utf8(text));
const until = UTC('270101000000Z');

test('the forger itself makes an acceptable certificate', async () => {
  const leaf = parseCertificate(await forge(hinode, publicKey));
  await validatePath({ leaf, intermediates: [hinode.certificate], root: root.certificate, at: AT, role: 'user' });
});

const unreadable: [string, string, Partial<Parts>][] = [
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

test.each(unreadable)('%s → %s', async (_what, code, parts) => {
  const der = await forge(hinode, publicKey, parts);
  await expectCode(() => parseCertificate(der), code);
});

describe('the key', () => {
  const spki = (point: Uint8Array, curve: string = OID.prime256v1): Bytes =>
    sequence(sequence(oid(OID.ecPublicKey), oid(curve)), tlv(TAG.bitString, Uint8Array.of(0), point));
  const off = Uint8Array.from(publicKey);
  off[64] = (off[64] ?? 0) ^ 1;
  const compressed = concat(Uint8Array.of(2 + ((publicKey[64] ?? 0) & 1)), publicKey.subarray(1, 33));
  test.each([
    ['off the curve', spki(off)],
    ['compressed', spki(compressed)],
    ['infinity', spki(Uint8Array.of(0))],
    ['zero coordinates', spki(concat(Uint8Array.of(4), new Uint8Array(64)))],
    ['coordinates not reduced', spki(concat(Uint8Array.of(4), new Uint8Array(64).fill(0xff)))],
    ['hybrid form', spki(concat(Uint8Array.of(6 + ((publicKey[64] ?? 0) & 1)), publicKey.subarray(1)))],
    ['another curve', spki(publicKey, '1.3.132.0.10')],
    ['X25519', sequence(sequence(oid('1.3.101.110')), tlv(TAG.bitString, new Uint8Array(33)))],
    ['no SEQUENCE at all', sequence()],
  ])('%s → certificate-key', async (_what, bytes) => {
    const der = await forge(hinode, publicKey, { spki: bytes });
    await expectCode(() => parseCertificate(der), 'certificate-key');
  });
});

describe('bytes that are no DER', () => {
  const { der } = taro.certificate;
  const outer = der.subarray(4); // behind 30 82 xx xx
  test.each([
    ['empty', new Uint8Array(0)],
    ['truncated', der.subarray(0, -1)],
    ['trailing byte', concat(der, Uint8Array.of(0))],
    ['indefinite length (BER)', concat(Uint8Array.of(0x30, 0x80), outer, Uint8Array.of(0, 0))],
    ['length in five bytes (BER)', concat(Uint8Array.of(0x30, 0x83, 0), der.subarray(2))],
    ['length 0x84FFFFFFFF', concat(fromHex('3084ffffffff'), outer)],
    ['length 0x88FFFFFFFFFFFFFFFF', concat(fromHex('3088ffffffffffffffff'), outer)],
    ['high tag number', concat(fromHex('3f8282'), outer)],
    ['nesting of 8,000', nest(4_000)],
  ])('%s → certificate-malformed', async (_what, bytes) => {
    await expectCode(() => parseCertificate(bytes), 'certificate-malformed');
  });

  test('20,000 levels and 17 KiB are refused by size', async () => {
    await expectCode(() => parseCertificate(nest(20_000)), 'certificate-too-large');
    await expectCode(() => parseCertificate(new Uint8Array(17 * 1024)), 'certificate-too-large');
  });

  test('constructed OCTET STRING in an extension (BER)', async () => {
    const constructed = sequence(oid('1.2.3.4'), tlv(0x24, octetString(Uint8Array.of(1)), octetString(Uint8Array.of(2))));
    const bytes = await forge(hinode, publicKey, { extensions: { more: constructed } });
    await expectCode(() => parseCertificate(bytes), 'certificate-malformed');
  });

  test('any change of any bit is refused or not signed', async () => {
    const request = { intermediates: [hinode.certificate], root: root.certificate, at: AT, role: 'user' } as const;
    await fc.assert(fc.asyncProperty(fc.nat(der.length * 8 - 1), async (bit) => {
      const changed = Uint8Array.from(der);
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      const validated = (async () => validatePath({ ...request, leaf: parseCertificate(changed) }))();
      await expect(validated).rejects.toMatchObject({ name: 'SsmaxError', kind: 'refused' });
    }), { numRuns: 400 });
  });

  test('random bytes never do more than refuse', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
      expect(() => parseCertificate(bytes)).toThrow(expect.objectContaining({ name: 'SsmaxError' }) as Error);
    }));
  });
});

describe('the path', () => {
  const cache = createSignatureCache();
  const base = { leaf: taro.certificate, intermediates: [hinode.certificate], root: root.certificate, at: AT, role: 'user', cache } as const;
  const roles = ['user', 'gateway', 'inspection', 'key-server', 'organisation', 'delegate'] as const;
  const holders = { user: taro, gateway, inspection, 'key-server': keyServer, organisation: hinode, delegate };

  test.each(roles)('a certificate of another role does not pass as %s', async (role) => {
    for (const other of roles) {
      if (other !== role) await expectCode(() => validatePath({ ...base, leaf: holders[other].certificate, role }), 'certificate-role');
    }
  });

  test('time decides last: expired and not yet valid have codes of their own', async () => {
    await expectCode(() => validatePath({ ...base, at: day(366) }), 'certificate-expired');
    await expectCode(() => validatePath({ ...base, at: day(-1) }), 'certificate-not-yet-valid');
    await validatePath({ ...base, at: YEAR.notBefore });
    await validatePath({ ...base, at: YEAR.notAfter });
    await expectCode(() => validatePath({ ...base, at: day(366), intermediates: [] }), 'certificate-untrusted');
  });

  test('no issuer, another issuer, another root', async () => {
    await expectCode(() => validatePath({ ...base, intermediates: [] }), 'certificate-untrusted');
    await expectCode(() => validatePath({ ...base, intermediates: [tsukimi.certificate] }), 'certificate-untrusted');
    const other = await createWorld();
    await expectCode(() => validatePath({ ...base, root: other.root.certificate }), 'certificate-untrusted');
    await expectCode(() => validatePath({ ...base, intermediates: [other.hinode.certificate] }), 'certificate-untrusted');
    await expectCode(() => validatePath({ ...base, root: hinode.certificate }), 'certificate-role');
  });

  test('a signature by another key under the right names', async () => {
    const leaf = parseCertificate(await forge({ ...hinode, key: newKey() }, publicKey));
    await expectCode(() => validatePath({ ...base, leaf }), 'certificate-untrusted');
    await expectCode(() => validatePath({ ...base, leaf }), 'certificate-untrusted');
  });

  test('the cache holds successes only, and for these very bytes', async () => {
    const keys: string[] = [];
    const recording = { has: (key: string) => keys.includes(key), add: (key: string) => void keys.push(key) };
    await validatePath({ ...base, cache: recording });
    await validatePath({ ...base, cache: recording });
    expect(keys).toHaveLength(2);
    const leaf = parseCertificate(await forge({ ...hinode, key: newKey() }, publicKey));
    await expectCode(() => validatePath({ ...base, leaf, cache: recording }), 'certificate-untrusted');
    expect(keys).toHaveLength(2);
    const small = createSignatureCache(2);
    for (const key of ['a', 'b', 'c']) small.add(key);
    expect(['a', 'b', 'c'].map((key) => small.has(key))).toEqual([false, true, true]);
  });

  test('of a renewed organisation the certificate in force is taken', async () => {
    const { issueOrganisation } = await import('../../../src/core/pki/issue.ts');
    const renewed = await issueOrganisation({
      issuer: root, publicKey: hinode.key.publicKey, random, validity: { notBefore: day(300), notAfter: day(2000) },
      name: '日之出市役所', organisationId: 'NTRJP-1234567890123', country: 'JP', mailDomains: ['hinode.example'], hostNames: ['hinode.example'],
    });
    for (const [at, expected] of [[AT, hinode.certificate], [day(364), renewed]] as const) {
      const { organisation } = await validatePath({ ...base, at, intermediates: at === AT ? [renewed, hinode.certificate] : [renewed] });
      expect(organisation).toBe(expected);
    }
  });

  const user = encodeExtendedKeyUsage([ROLE_OID.user, PKI_OID.emailProtection]);
  const illFormed: [string, string, Partial<Parts>][] = [
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
  test.each(illFormed)('%s → %s', async (_what, code, parts) => {
    const leaf = parseCertificate(await forge(hinode, publicKey, { ...parts, extensions: { extended: extension(PKI_OID.extendedKeyUsage, false, user), ...parts.extensions } }));
    await expectCode(() => validatePath({ ...base, leaf }), code);
  });

  test('host names: the limit and what lies below, nothing with the same ending', async () => {
    const extended = extension(PKI_OID.extendedKeyUsage, false, encodeExtendedKeyUsage([ROLE_OID.gateway, PKI_OID.serverAuth, PKI_OID.clientAuth]));
    const usage = extension(PKI_OID.keyUsage, true, encodeKeyUsage(['digitalSignature']));
    const gatewayNamed = async (...names: string[]): Promise<unknown> => {
      const leaf = parseCertificate(await forge(hinode, publicKey, { extensions: { extended, usage, names: altNames(...names.map(dns)) } }));
      return validatePath({ ...base, leaf, role: 'gateway' });
    };
    await gatewayNamed('hinode.example', 'a.b.hinode.example');
    for (const bad of ['evilhinode.example', 'tsukimi.example', 'example.com', 'localhost']) {
      await expectCode(() => gatewayNamed('hinode.example', bad), 'certificate-name-constraint');
    }
  });

  test('a user\'s certificate signs no other', async () => {
    const leaf = parseCertificate(await forge(taro, publicKey));
    await expectCode(() => validatePath({ ...base, leaf, intermediates: [taro.certificate, hinode.certificate] }), 'certificate-role');
    await expectCode(() => issueUser({ issuer: taro, publicKey, random, validity: YEAR, email: 'x@hinode.example', commonName: 'X' }), 'certificate-role');
  });

  test('a delegate under an organisation, or in another name than the root\'s, is none', async () => {
    const parts: Partial<Parts> = {
      extensions: {
        usage: extension(PKI_OID.keyUsage, true, encodeKeyUsage(['digitalSignature', 'cRLSign'])), names: undefined,
        extended: extension(PKI_OID.extendedKeyUsage, false, encodeExtendedKeyUsage([ROLE_OID.delegate])),
      },
    };
    const byOrganisation = parseCertificate(await forge(hinode, publicKey, parts));
    await expectCode(() => validatePath({ ...base, leaf: byOrganisation, role: 'delegate' }), 'certificate-untrusted');
    const otherName = parseCertificate(await forge(root, publicKey, parts));
    await expectCode(() => validatePath({ ...base, leaf: otherName, role: 'delegate' }), 'certificate-profile');
  });
});

describe('issuing', () => {
  const order = { issuer: hinode, publicKey, random, validity: YEAR, email: 'taro@hinode.example', commonName: 'Taro' };

  test.each(['Taro\0', 'Taro\r\nX', '', ' Taro', 'a'.repeat(65), 'Ta\u202Ero', '\uD800'])('name %j is refused', async (name) => {
    await expectCode(() => issueUser({ ...order, commonName: name }), 'certificate-name');
  });

  test.each(['Taro@hinode.example', 'taro@日之出.example', 'taro', 'taro@hinode.example\r\n', 'taro@hinode.example\0', 'a@b@hinode.example', 'taro@hinode'])('address %j is refused', async (address) => {
    await expectCode(() => issueUser({ ...order, email: address }), 'certificate-address');
  });

  test('a certificate never outlives its issuer', async () => {
    const { notBefore, notAfter } = await issueUser({ ...order, validity: { notBefore: day(-100), notAfter: day(5000) } });
    expect([notBefore, notAfter]).toEqual([hinode.certificate.notBefore, hinode.certificate.notAfter]);
    await expectCode(() => issueUser({ ...order, validity: { notBefore: day(10), notAfter: day(9) } }), 'certificate-validity');
  });

  test('a key that is not the issuer certificate\'s is a fault', async () => {
    await expectCode(() => issueUser({ ...order, issuer: { ...hinode, key: newKey() } }), 'issuer-key-mismatch', 'fault');
  });

  test('a pseudonym says that it is one', async () => {
    const { subject } = await issueUser({ ...order, commonName: '窓口 12', pseudonymous: true });
    expect(subject).toMatchObject({ commonName: '窓口 12', pseudonym: '窓口 12' });
  });

  test('rare names of Japanese people and organisations pass', async () => {
    for (const name of ['髙橋 﨑子', '葛\u{E0100}城', '𠮷野家', 'Ĉapel O’Brien']) expect((await issueUser({ ...order, commonName: name })).subject.commonName).toBe(name);
  });

  test('serial numbers do not repeat', async () => {
    const serials = await Promise.all(Array.from({ length: 20 }, async () => (await issueUser(order)).serial));
    expect(new Set(serials).size).toBe(20);
    expect(equal(random(16), random(16))).toBe(false);
  });
});
