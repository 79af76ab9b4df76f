/** Every way in which a certificate may differ from the profile, made by hand, with the code it is refused with. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Bytes, concat, equal, fromHex } from '../../../src/core/bytes.ts';
import { TAG, octetString, oid, sequence, tlv } from '../../../src/core/der.ts';
import { OID } from '../../../src/core/oids.ts';
import { parseCertificate } from '../../../src/core/pki/certificate.ts';
import { encodeExtendedKeyUsage, encodeKeyUsage, extension } from './encode.ts';
import { issueOrganisation, issueUser } from '../../../src/core/pki/issue.ts';
import { PKI_OID, ROLE_OID } from '../../../src/core/pki/object-identifiers.ts';
import { validatePath } from '../../../src/core/pki/path.ts';
import { encodePem } from '../../../src/core/pki/pem.ts';
import { createSignatureCache } from '../../../src/core/pki/signed.ts';
import { type Parts, altNames, dns, forge, nest } from './forge.ts';
import { expectCode } from './expect-code.ts';
import { AT, YEAR, createWorld, day, newKey, openssl, random } from './world.ts';
import { badConstraints, forgeOrganisation, illFormed, unreadable } from './violations.ts';

const { root, delegate, hinode, tsukimi, taro, gateway, inspection, keyServer } = await createWorld();
const { publicKey } = newKey();

test('the forger itself makes an acceptable certificate', async () => {
  const leaf = parseCertificate(await forge(hinode, publicKey));
  await validatePath({ leaf, intermediates: [hinode.certificate], root: root.certificate, at: AT, role: 'user' });
});

test.each(unreadable)('%s → %s', async (_what, code, parts) => {
  const der = await forge(hinode, publicKey, parts);
  await expectCode(() => parseCertificate(der), code);
});

test.each(badConstraints)('name constraints: %s → %s', async (_what, code, constraints) => {
  const der = await forgeOrganisation(root, publicKey, constraints);
  await expectCode(async () => {
    const leaf = parseCertificate(der);
    return validatePath({ leaf, intermediates: [], root: root.certificate, at: AT, role: 'organisation' });
  }, code);
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
    const renewed = await issueOrganisation({
      issuer: root, publicKey: hinode.key.publicKey, random, validity: { notBefore: day(300), notAfter: day(2000) },
      name: '日之出市役所', organisationId: 'NTRJP-1234567890123', country: 'JP', mailDomains: ['hinode.example'], hostNames: ['hinode.example'],
    });
    for (const [at, expected] of [[AT, hinode.certificate], [day(364), renewed]] as const) {
      const { organisation } = await validatePath({ ...base, at, intermediates: at === AT ? [renewed, hinode.certificate] : [renewed] });
      expect(organisation).toBe(expected);
    }
  });

  test.each(illFormed)('%s → %s', async (_what, code, parts) => {
    const leaf = parseCertificate(await forge(hinode, publicKey, parts));
    await expectCode(() => validatePath({ ...base, leaf }), code);
    if (code !== 'certificate-name-constraint') return;
    const pem = (der: Bytes): string => encodePem('CERTIFICATE', der);
    const args = ['verify', '-attime', String(AT.getTime() / 1000), '-CAfile', 'root.pem', '-untrusted', 'org.pem', 'leaf.pem'];
    const files = { 'root.pem': pem(root.certificate.der), 'org.pem': pem(hinode.certificate.der), 'leaf.pem': pem(leaf.der) };
    expect(() => openssl(args, files), 'OpenSSL refuses it too').toThrow(/permitted subtree violation/);
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
