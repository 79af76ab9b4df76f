import { createHmac, pbkdf2Sync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { type Bytes, concat, equal } from '../../../src/core/bytes.ts';
import { encodePem } from '../../../src/core/pki/pem.ts';
import { type OpenedBackup, readPkcs12, writePkcs12 } from '../../../src/core/pki/pkcs12.ts';
import { issueUser } from '../../../src/core/pki/issue.ts';
import { expectCode } from './expect-code.ts';
import { nest } from './forge.ts';
import { YEAR, createWorld, openssl, opensslBytes, random } from './world.ts';

const { root, hinode } = await createWorld();
const ECDSA = { name: 'ECDSA', namedCurve: 'P-256' };
const pair = await crypto.subtle.generateKey(ECDSA, true, ['sign', 'verify']);
const publicKey = new Uint8Array(await crypto.subtle.exportKey('raw', pair.publicKey));
const pkcs8 = new Uint8Array(await crypto.subtle.exportKey('pkcs8', pair.privateKey));
const certificate = await issueUser({ issuer: hinode, publicKey, validity: YEAR, random, email: 'taro@hinode.example', commonName: '日之出 太郎' });
const password = 'correct horse 電池 🐎';
const chain = [hinode.certificate.der, root.certificate.der];
const wrap = (key: CryptoKey, iv: Bytes): Promise<ArrayBuffer> => crypto.subtle.wrapKey('pkcs8', pair.privateKey, key, { name: 'AES-CBC', iv });
const backup = await writePkcs12({ wrap, certificate: certificate.der, chain, friendlyName: '日之出 太郎', password, random });

function unwrap({ key: { ciphertext, wrappingKey, iv } }: OpenedBackup, extractable = true): Promise<CryptoKey> {
  return crypto.subtle.unwrapKey('pkcs8', ciphertext, wrappingKey, { name: 'AES-CBC', iv }, ECDSA, extractable, ['sign']);
}

describe('PKCS#12', () => {
  test('our backup gives the key and its chain back, the key without ever being extractable', async () => {
    const opened = await readPkcs12(backup, password);
    expect(opened.certificates).toEqual([certificate.der, ...chain]);
    expect(equal(new Uint8Array(await crypto.subtle.exportKey('pkcs8', await unwrap(opened))), pkcs8)).toBe(true);
    expect((await unwrap(opened, false)).extractable).toBe(false);
  });

  test('OpenSSL reads it: key, chain, PBES2, 600,000 iterations', () => {
    // Of PBMAC1 OpenSSL knows from 3.4 on (3.5 was seen to find ours good); the MAC is recomputed below.
    const args = ['pkcs12', '-in', 'a.p12', '-nodes', '-nomacver', '-passin', 'file:password'];
    const files = { 'a.p12': backup, password };
    const text = openssl(args, files);
    expect(text.match(/BEGIN CERTIFICATE/g)).toHaveLength(3);
    expect(text.replaceAll('\n', '')).toContain(Buffer.from(pkcs8).toString('base64'));
    expect(openssl([...args, '-info', '-noout'], files, 'stderr')).toMatch(/PBES2, PBKDF2, AES-256-CBC, Iteration 600000, PRF hmacWithSHA256/);
  });

  test('its MAC is PBMAC1 with 600,000 iterations (RFC 9579)', () => {
    const structure = openssl(['asn1parse', '-inform', 'DER', '-in', 'a.p12'], { 'a.p12': backup });
    const octets = [...structure.matchAll(/OCTET STRING +\[HEX DUMP\]:(\w+)/g)].map(([, digits = '']) => Buffer.from(digits, 'hex'));
    const [safe, salt, mac] = octets as [Buffer, Buffer, Buffer];
    expect(structure).toMatch(/:PBMAC1[\s\S]*:PBKDF2[\s\S]*:0927C0[\s\S]*:20[\s\S]*:hmacWithSHA256[\s\S]*:hmacWithSHA256/);
    expect(createHmac('sha256', pbkdf2Sync(password, salt, 600_000, 32, 'sha256')).update(safe).digest()).toEqual(mac);
  });

  const made = (...args: string[]): Uint8Array =>
    opensslBytes(['pkcs12', '-export', '-inkey', 'key.pem', '-in', 'chain.pem', '-passout', 'file:password', ...args], {
      'key.pem': encodePem('PRIVATE KEY', pkcs8), 'chain.pem': [certificate.der, ...chain].map((der) => encodePem('CERTIFICATE', der)).join(''), password,
    });

  test('we read what OpenSSL writes if it is strong', async () => {
    const opened = await readPkcs12(made('-iter', '600000'), password);
    expect(opened.certificates.map((der) => Buffer.from(der).toString('hex')).sort()).toEqual([certificate.der, ...chain].map((der) => Buffer.from(der).toString('hex')).sort());
    expect(equal(new Uint8Array(await crypto.subtle.exportKey('pkcs8', await unwrap(opened))), pkcs8)).toBe(true);
  });

  test('and what OpenSSL 3.5 writes with PBMAC1', async () => {
    const { certificates, key } = await readPkcs12(new Uint8Array(readFileSync('test/core/pki/openssl-3.5-pbmac1.p12')), password);
    expect(certificates).toHaveLength(2);
    expect((await unwrap({ certificates, key }, false)).type).toBe('private');
  });

  test.each([
    ['few iterations', ['-iter', '599999']],
    ['OpenSSL\'s own 2,048', []],
    ['one iteration for the MAC', ['-iter', '600000', '-nomaciter']],
    ['no MAC', ['-iter', '600000', '-nomac']],
    ['MAC with SHA-1', ['-iter', '600000', '-macalg', 'sha1']],
    ['3DES for the key', ['-iter', '600000', '-keypbe', 'PBE-SHA1-3DES']],
    ['3DES for the certificates', ['-iter', '600000', '-certpbe', 'PBE-SHA1-3DES']],
    ['RC2 and 3DES', ['-iter', '600000', '-legacy']],
    ['AES-128', ['-iter', '600000', '-keypbe', 'AES-128-CBC']],
  ])('%s → pkcs12-weak', async (_what, args) => {
    await expectCode(() => readPkcs12(made(...args), password), 'pkcs12-weak');
  });

  test('wrong password, one bit changed, more or fewer bytes', async () => {
    await expectCode(() => readPkcs12(backup, 'wrong'), 'pkcs12-password');
    const changed = Uint8Array.from(backup);
    changed[300] = (changed[300] ?? 0) ^ 1; // in the certificate: what the MAC alone notices
    await expectCode(() => readPkcs12(changed, password), 'pkcs12-password');
    for (const bad of [backup.subarray(0, -1), concat(backup, Uint8Array.of(0)), nest(20_000), new Uint8Array()]) {
      await expectCode(() => readPkcs12(bad, password), 'pkcs12-malformed');
    }
    await expectCode(() => readPkcs12(new Uint8Array(200_000), password), 'pkcs12-too-large');
  });

  test('no key in it → pkcs12-content; an empty password is not accepted for writing', async () => {
    await expectCode(() => readPkcs12(made('-iter', '600000', '-nokeys'), password), 'pkcs12-content');
    await expectCode(() => writePkcs12({ wrap, certificate: certificate.der, chain, friendlyName: '', password: '', random }), 'pkcs12-password');
  });
});
