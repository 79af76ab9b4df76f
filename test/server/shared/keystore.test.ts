import { execFileSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { chmodSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadKey, saveKey } from '../../../src/server/shared/keystore.ts';

const directory = mkdtempSync(join(tmpdir(), 'ssmax-key-'));
const file = join(directory, 'keys', 'organisation.pem');
const pkcs8 = new Uint8Array(generateKeyPairSync('ec', { namedCurve: 'prime256v1' }).privateKey.export({ format: 'der', type: 'pkcs8' }));

beforeAll(() => saveKey(file, pkcs8, 'correct horse'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const failure = (code: string): Error => expect.objectContaining({ kind: 'fault', code }) as Error;

describe('a key file', () => {
  it('gives back the key for its passphrase only', () => {
    expect(loadKey(file, 'correct horse')).toEqual(pkcs8);
    expect(() => loadKey(file, 'wrong')).toThrow(failure('passphrase-wrong'));
  });

  it('is PBES2 with at least 600,000 iterations', () => {
    const text = execFileSync('openssl', ['asn1parse', '-in', file], { encoding: 'utf8' });
    expect(text).toMatch(/PBES2[\s\S]*PBKDF2[\s\S]*INTEGER +:0927C0[\s\S]*hmacWithSHA256[\s\S]*aes-256-cbc/);
  });

  it('is readable by its owner only, and no part of it stays beside it', () => {
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readdirSync(join(directory, 'keys'))).toEqual(['organisation.pem']);
  });

  it('is never replaced', async () => {
    await expect(saveKey(file, pkcs8, 'another')).rejects.toThrow(failure('key-exists'));
    expect(loadKey(file, 'correct horse')).toEqual(pkcs8);
    expect(readdirSync(join(directory, 'keys'))).toEqual(['organisation.pem']);
  });

  it('is refused when others may read it', () => {
    const open = join(directory, 'open.pem');
    writeFileSync(open, readFileSync(file));
    chmodSync(open, 0o640);
    expect(() => loadKey(open, 'correct horse')).toThrow(failure('key-file-open-to-others'));
  });

  it('is refused when it is not encrypted, or no key at all', () => {
    const plain = join(directory, 'plain.pem');
    writeFileSync(plain, `-----BEGIN PRIVATE KEY-----\n${Buffer.from(pkcs8).toString('base64').replace(/.{64}/g, '$&\n')}\n-----END PRIVATE KEY-----\n`, { mode: 0o600 });
    expect(() => loadKey(plain, 'x')).toThrow(failure('key-file-malformed'));
    expect(() => loadKey(join(directory, 'none.pem'), 'x')).toThrow(failure('key-file-missing'));
  });
});
