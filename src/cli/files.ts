/** Files that verbs read and write. Nothing that exists is ever overwritten. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { type Bytes, concat, hex } from '../core/bytes.ts';
import { SsmaxError } from '../core/error.ts';
import { parseCertificate, parseCertificates } from '../core/pki/certificate.ts';
import { createCsr } from '../core/pki/csr.ts';
import { decodePem, encodePem } from '../core/pki/pem.ts';
import { sha256 } from '../core/digest.ts';
import { encodeSpki } from '../core/pki/public-key.ts';
import { generatePrivateKey, loadPrivateKey } from '../platform/node-crypto.ts';
import { saveKey } from '../server/shared/keystore.ts';

/** Writes a new file; `file-exists` if there is one. */
export function writeNew(file: string, content: string | Uint8Array): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  try {
    writeFileSync(file, content, { flag: 'wx', mode: 0o644 });
  } catch (cause) {
    throw new SsmaxError('fault', 'file-exists', { file }, { cause });
  }
}

export function readInput(file: string): Bytes {
  try {
    return new Uint8Array(readFileSync(file));
  } catch (cause) {
    throw new SsmaxError('fault', 'file-unreadable', { file }, { cause });
  }
}

/** The first PEM block of a file, DER. */
export function readPem(file: string, label: string): Bytes {
  return readBlocks(file, label)[0];
}

function readBlocks(file: string, label: string): [Bytes, ...Bytes[]] {
  try {
    const [first, ...others] = decodePem(readFileSync(file, 'utf8'), label).map(({ der }) => der);
    if (first === undefined) throw new SsmaxError('fault', 'pem-missing');
    return [first, ...others];
  } catch (cause) {
    throw new SsmaxError('fault', 'file-unreadable', { file }, { cause });
  }
}

export function writeCertificate(file: string, der: Bytes): void {
  parseCertificate(der);
  writeNew(file, encodePem('CERTIFICATE', der));
}

/** A new file with the certificates that stand one after the other in `pins`. */
export function writePins(file: string, pins: Bytes): void {
  writeNew(file, parseCertificates(pins).map(({ der }) => encodePem('CERTIFICATE', der)).join(''));
}

/** A new key, encrypted at rest, and a certification request for it. Returns the SHA-256 of its SPKI in hexadecimal. */
export async function newKeyWithRequest(
  files: { key: string; request: string }, passphrase: string, wishes: { commonName: string; dnsName?: string },
): Promise<string> {
  const pkcs8 = generatePrivateKey();
  const key = loadPrivateKey(pkcs8);
  const { commonName, dnsName } = wishes;
  const request = await createCsr(key, { commonName, ...(dnsName !== undefined && { dnsNames: [dnsName] }) });
  await saveKey(files.key, pkcs8, passphrase);
  writeNew(files.request, encodePem('CERTIFICATE REQUEST', request));
  return spkiHash(key.publicKey);
}

/** SHA-256 of the SubjectPublicKeyInfo, hexadecimal: what configurations pin. */
export async function spkiHash(publicKey: Bytes): Promise<string> {
  return hex(await sha256(encodeSpki(publicKey)));
}

/** What a PEM file pins, as parsePins reads it: all its certificates. Throws as readPem. */
export function readPins(file: string): Bytes {
  return concat(...readBlocks(file, 'CERTIFICATE'));
}
