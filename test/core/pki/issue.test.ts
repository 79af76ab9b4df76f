import { describe, expect, test } from 'vitest';
import { equal } from '../../../src/core/bytes.ts';
import { TAG, tlv } from '../../../src/core/der.ts';
import { parseCertificate } from '../../../src/core/pki/certificate.ts';
import { type Issuer, issueOrganisation, issueUser } from '../../../src/core/pki/issue.ts';
import { type PathRequest, validatePath } from '../../../src/core/pki/path.ts';
import { encodePem } from '../../../src/core/pki/pem.ts';
import { forge } from './forge.ts';
import { expectCode } from './expect-code.ts';
import { AT, YEAR, createWorld, newKey, openssl, random } from './world.ts';

const world = await createWorld();
const { root, delegate, hinode, tsukimi, taro, gateway, inspection, keyServer } = world;

const everybody = Object.entries<Issuer>({ ...world });

const request = (overrides: Partial<PathRequest> = {}): PathRequest => ({
  leaf: taro.certificate, intermediates: [tsukimi.certificate, hinode.certificate], root: root.certificate, at: AT, role: 'user', ...overrides,
});

describe('issued certificates', () => {
  test.each(everybody)('%s reads back as written', (_name, { certificate, key }) => {
    expect(parseCertificate(certificate.der)).toEqual(certificate);
    expect(equal(certificate.publicKey, key.publicKey)).toBe(true);
    expect(certificate.serial).toMatch(/^[4-7][0-9a-f]{31}$/);
  });

  test.each([
    ['user', taro], ['gateway', gateway], ['inspection', inspection], ['key-server', keyServer], ['organisation', hinode], ['delegate', delegate],
  ] as const)('a valid path for %s', async (role, { certificate }) => {
    const path = await validatePath(request({ leaf: certificate, role }));
    expect(path.organisation).toBe(role === 'delegate' ? undefined : hinode.certificate);
  });

  test('what PKI.js writes is byte for byte what is written by hand', async () => {
    const serial = Uint8Array.from({ length: 16 }, (_, i) => 0x40 + i);
    const { publicKey } = newKey();
    const issued = await issueUser({ issuer: hinode, validity: YEAR, random: () => serial, publicKey, email: 'taro@hinode.example', commonName: 'Taro' });
    const byHand = await forge(hinode, publicKey, { serial: tlv(TAG.integer, serial) });
    expect(parseCertificate(byHand).tbs).toEqual(issued.tbs);
  });

  test.each(everybody)('OpenSSL accepts %s', (name, { certificate }) => {
    const files = { 'root.pem': encodePem('CERTIFICATE', root.certificate.der), 'org.pem': encodePem('CERTIFICATE', hinode.certificate.der), 'leaf.pem': encodePem('CERTIFICATE', certificate.der) };
    const out = openssl(['verify', '-x509_strict', '-attime', String(AT.getTime() / 1000), '-CAfile', 'root.pem', '-untrusted', 'org.pem', 'leaf.pem'], files);
    expect(out, name).toBe('leaf.pem: OK\n');
  });

  test('OpenSSL reads the names and limits of an organisation', () => {
    const text = openssl(['x509', '-in', 'a.pem', '-noout', '-text', '-nameopt', 'utf8,sep_comma_plus'], { 'a.pem': encodePem('CERTIFICATE', hinode.certificate.der) });
    for (const line of [
      'C=JP,O=日之出市役所,organizationIdentifier=NTRJP-1234567890123,CN=日之出市役所', 'CA:TRUE, pathlen:0', 'email:hinode.example', 'DNS:hinode.example',
      'Digital Signature, Key Agreement, Certificate Sign, CRL Sign', 'IP:0.0.0.0/0.0.0.0', 'X509v3 Name Constraints: critical',
    ]) expect(text).toContain(line);
  });
});

describe('name constraints', () => {
  test('an organisation cannot certify what it was not certified for', async () => {
    const common = { issuer: hinode, validity: YEAR, random, publicKey: newKey().publicKey, commonName: 'Taro' };
    await expectCode(() => issueUser({ ...common, email: 'taro@tsukimi.example' }), 'certificate-name-constraint');
    await expectCode(() => issueUser({ ...common, email: 'taro@sub.hinode.example' }), 'certificate-name-constraint');
  });

  test('an organisation without a mail domain is none', async () => {
    const order = { issuer: root, validity: YEAR, random, publicKey: newKey().publicKey, name: 'A', organisationId: 'NTRJP-1', country: 'JP', hostNames: [] };
    await expectCode(() => issueOrganisation({ ...order, mailDomains: [] }), 'certificate-name-constraint');
    await issueOrganisation({ ...order, mailDomains: ['a.example'] });
  });
});
