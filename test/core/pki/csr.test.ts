import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compare } from '../../../src/core/bytes.ts';
import { contextTag, integer, oid, sequence, setOf, tlv } from '../../../src/core/der.ts';
import { OID } from '../../../src/core/oids.ts';
import { decodeCertsOnly, encodeCertsOnly } from '../../../src/core/pki/certs-only.ts';
import { createCsr, parseCsr } from '../../../src/core/pki/csr.ts';
import { decodePem, encodePem } from '../../../src/core/pki/pem.ts';
import { expectCode } from './expect-code.ts';
import { createWorld, newKey, openssl } from './world.ts';

const { root, hinode, taro } = await createWorld();
const certificates = [root, hinode, taro].map(({ certificate }) => certificate.der);

describe('PKCS#10', () => {
  const key = newKey();

  test('reads back as wished, proof of possession included', async () => {
    const request = await parseCsr(await createCsr(key, { commonName: '日之出 太郎', email: 'taro@hinode.example' }));
    expect(request).toMatchObject({ publicKey: key.publicKey, subject: { commonName: '日之出 太郎' }, emails: ['taro@hinode.example'], dnsNames: [] });
    await expectCode(() => createCsr(key, { email: 'たろう@hinode.example' }), 'certificate-name'); // asn1js would drop the upper half of each character
    expect(await parseCsr(await createCsr(key, {}))).toMatchObject({ subject: {}, emails: [], dnsNames: [] });
  });

  test('OpenSSL verifies ours', async () => {
    const der = await createCsr(key, { commonName: 'gateway', dnsNames: ['gateway.hinode.example'] });
    expect(openssl(['req', '-in', 'a.pem', '-noout', '-verify', '-text'], { 'a.pem': encodePem('CERTIFICATE REQUEST', der) })).toContain('DNS:gateway.hinode.example');
  });

  test('we read what OpenSSL makes, attributes outside the profile included', async () => {
    const made = openssl(
      ['req', '-new', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', 'key.pem', '-sha256', '-utf8',
        '-subj', '/C=JP/L=Tokyo/OU=Sales/CN=Taro', '-addext', 'subjectAltName=email:Taro@hinode.example', '-addext', 'keyUsage=critical,digitalSignature'],
      {},
    );
    const [block] = decodePem(made, 'CERTIFICATE REQUEST');
    expect(await parseCsr(block?.der ?? new Uint8Array())).toMatchObject({ subject: { country: 'JP', commonName: 'Taro' }, emails: ['Taro@hinode.example'] });
  });

  test('another key in it, or one bit changed anywhere, is refused', async () => {
    const der = await createCsr(key, { email: 'taro@hinode.example' });
    await fc.assert(fc.asyncProperty(fc.nat(der.length * 8 - 1), async (bit) => {
      const changed = Uint8Array.from(der);
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      await expect(parseCsr(changed)).rejects.toHaveProperty('kind', 'refused');
    }));
    const swapped = Uint8Array.from(der);
    const at = Buffer.from(der).indexOf(key.publicKey);
    swapped.set(newKey().publicKey, at);
    await expectCode(() => parseCsr(swapped), 'csr-signature');
  });

  test('RSA and large requests are refused', async () => {
    const rsa = openssl(['req', '-new', '-newkey', 'rsa:2048', '-nodes', '-keyout', 'key.pem', '-subj', '/CN=Taro'], {});
    await expectCode(() => parseCsr(decodePem(rsa)[0]?.der ?? new Uint8Array()), 'csr-algorithm');
    await expectCode(() => parseCsr(new Uint8Array(9000)), 'csr-too-large');
  });
});

describe('certs-only', () => {
  test('the certificates stand in the order of a SET OF, byte for byte', () => {
    expect(decodeCertsOnly(encodeCertsOnly(certificates))).toEqual([...certificates].sort(compare));
  });

  test('returns the same certificates, and OpenSSL reads them', () => {
    const der = encodeCertsOnly(certificates);
    expect(new Set(decodeCertsOnly(der).map((one) => Buffer.from(one).toString('hex')))).toEqual(new Set(certificates.map((one) => Buffer.from(one).toString('hex'))));
    const text = openssl(['pkcs7', '-inform', 'DER', '-in', 'a.p7', '-print_certs', '-noout'], { 'a.p7': der });
    expect(text.match(/^subject=/gm)).toHaveLength(3);
  });

  test('truncated, extended, empty: refused', async () => {
    const der = encodeCertsOnly(certificates);
    const data = sequence(oid(OID.data));
    const empty = sequence(oid(OID.signedData), tlv(contextTag(0), sequence(integer(1), setOf(), data, tlv(contextTag(0)), setOf())));
    for (const bad of [der.subarray(0, -1), Uint8Array.of(...der, 0), empty, new Uint8Array()]) {
      await expectCode(() => decodeCertsOnly(bad), 'certs-only-malformed');
    }
    await expectCode(() => encodeCertsOnly([]), 'certs-only-malformed');
  });
});

describe('PEM', () => {
  test('any bytes come back; OpenSSL writes the same text', () => {
    fc.assert(fc.property(fc.uint8Array({ minLength: 1, maxLength: 300 }), fc.constantFrom('CERTIFICATE', 'X509 CRL'), (bytes, label) => {
      expect(decodePem(encodePem(label, bytes), label)).toEqual([{ label, der: Uint8Array.from(bytes) }]);
    }));
    expect(openssl(['x509', '-inform', 'DER', '-in', 'a.der'], { 'a.der': taro.certificate.der })).toBe(encodePem('CERTIFICATE', taro.certificate.der));
  });

  test('several blocks, CRLF and blank lines between them', () => {
    const text = certificates.map((der) => encodePem('CERTIFICATE', der)).join('\n').replaceAll('\n', '\r\n');
    expect(decodePem(text).map(({ der }) => der)).toEqual(certificates);
  });

  test.each([
    ['nothing', ''],
    ['text outside', `subject=CN\n${encodePem('CERTIFICATE', Uint8Array.of(1, 2, 3))}`],
    ['no end', encodePem('CERTIFICATE', Uint8Array.of(1)).replace(/-----END.*\n/, '')],
    ['two labels', encodePem('CERTIFICATE', Uint8Array.of(1)).replace('END CERTIFICATE', 'END X509 CRL')],
    ['nested', `-----BEGIN A-----\n${encodePem('CERTIFICATE', Uint8Array.of(1))}`],
    ['header fields', encodePem('CERTIFICATE', Uint8Array.of(1)).replace('-----\n', '-----\nProc-Type: 4,ENCRYPTED\n\n')],
    ['stray bits', '-----BEGIN A-----\nAR==\n-----END A-----\n'],
    ['missing padding', '-----BEGIN A-----\nAQ\n-----END A-----\n'],
    ['short lines', '-----BEGIN A-----\nAQID\nAQID\n-----END A-----\n'],
    ['blanks', '-----BEGIN A-----\nAQ ID\n-----END A-----\n'],
    ['empty', '-----BEGIN A-----\n-----END A-----\n'],
  ])('%s is refused', async (_name, text) => {
    await expectCode(() => decodePem(text), 'pem-invalid');
  });

  test('another label than asked for is refused', async () => {
    await expectCode(() => decodePem(encodePem('PRIVATE KEY', Uint8Array.of(1)), 'CERTIFICATE'), 'pem-label');
  });
});
