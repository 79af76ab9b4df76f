/**
 * Private keys at rest: PKCS#8 under PBES2 (RFC 8018) with PBKDF2-HMAC-SHA256 and AES-256-CBC, as PEM. OpenSSL reads these
 * files. They are written by hand because Node's own export cannot choose the number of iterations.
 */
import { createCipheriv, createPrivateKey, pbkdf2, randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import { closeSync, fstatSync, fsyncSync, linkSync, mkdirSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Bytes } from '../../core/bytes.ts';
import { integer, octetString, oid, sequence, tlv, TAG } from '../../core/der.ts';
import { SsmaxError } from '../../core/error.ts';
import { decodePem, encodePem } from '../../core/pki/pem.ts';

/** OWASP's 2023 figure for PBKDF2-HMAC-SHA256. */
const iterations = 600_000;
const label = 'ENCRYPTED PRIVATE KEY';

const derive = promisify(pbkdf2);

/**
 * Writes a private key so that either the whole file is there or nothing, readable by its owner only. A key that is there
 * is never replaced: it could not be made again.
 *
 * @param pkcs8 DER PrivateKeyInfo
 * @throws SsmaxError `key-exists`, `key-file-unwritable` (fault)
 */
export async function saveKey(file: string, pkcs8: Bytes, passphrase: string): Promise<void> {
  const pem = encodePem(label, await encrypt(pkcs8, passphrase));
  const temporary = `${file}.${process.pid}.new`;
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    const descriptor = openSync(temporary, 'wx', 0o600);
    writeSync(descriptor, pem);
    fsyncSync(descriptor);
    closeSync(descriptor);
    linkSync(temporary, file);
  } catch (error) {
    const exists = error instanceof Error && 'syscall' in error && error.syscall === 'link' && 'code' in error && error.code === 'EEXIST';
    throw new SsmaxError('fault', exists ? 'key-exists' : 'key-file-unwritable', { file }, { cause: error });
  } finally {
    rmSync(temporary, { force: true });
  }
}

/**
 * Reads a private key; DER PrivateKeyInfo.
 *
 * @throws SsmaxError `key-file-missing`, `key-file-open-to-others`, `key-file-malformed`, `passphrase-wrong` (fault)
 */
export function loadKey(file: string, passphrase: string): Bytes {
  const pem = readPrivateFile(file);
  try {
    decodePem(pem, label);
  } catch (error) {
    throw new SsmaxError('fault', 'key-file-malformed', { file }, { cause: error });
  }
  try {
    return new Uint8Array(createPrivateKey({ key: pem, passphrase }).export({ format: 'der', type: 'pkcs8' }));
  } catch (error) {
    throw new SsmaxError('fault', 'passphrase-wrong', { file }, { cause: error });
  }
}

function readPrivateFile(file: string): string {
  let descriptor: number;
  try {
    descriptor = openSync(file, 'r');
  } catch (error) {
    throw new SsmaxError('fault', 'key-file-missing', { file }, { cause: error });
  }
  try {
    if ((fstatSync(descriptor).mode & 0o077) !== 0) throw new SsmaxError('fault', 'key-file-open-to-others', { file });
    return readFileSync(descriptor, 'utf8');
  } finally {
    closeSync(descriptor);
  }
}

/** EncryptedPrivateKeyInfo (RFC 5958 §3). */
async function encrypt(pkcs8: Bytes, passphrase: string): Promise<Bytes> {
  const salt = new Uint8Array(randomBytes(16));
  const iv = new Uint8Array(randomBytes(16));
  const key = await derive(passphrase, salt, iterations, 32, 'sha256');
  const cipher = createCipheriv('aes-256-cbc', key, iv);
  const encrypted = new Uint8Array(Buffer.concat([cipher.update(pkcs8), cipher.final()]));
  const prf = sequence(oid('1.2.840.113549.2.9'), tlv(TAG.null));
  const kdf = sequence(oid('1.2.840.113549.1.5.12'), sequence(octetString(salt), integer(BigInt(iterations)), prf));
  const scheme = sequence(oid('2.16.840.1.101.3.4.1.42'), octetString(iv));
  return sequence(sequence(oid('1.2.840.113549.1.5.13'), sequence(kdf, scheme)), octetString(encrypted));
}
