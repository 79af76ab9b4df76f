/**
 * PKCS#12 backups (RFC 7292): one key, its certificate and chain. Only PBES2 with PBKDF2-HMAC-SHA256 and AES-256-CBC and a
 * MAC with SHA-256, both with 600,000 iterations or more: a file with less gives its password away to anyone who has it.
 * Written with PBMAC1 (RFC 9579); the MAC of RFC 7292 is read too (docs/decisions/0070-backup-mac.md).
 * The private key stays a CryptoKey: it is wrapped and unwrapped by WebCrypto and never seen here.
 */
import { type Bytes, concat, equal, utf8 } from '../bytes.ts';
import { type DerCursor, TAG, contextTag, readDer, readSequence } from '../der.ts';
import { refused } from '../error.ts';
import { OID } from '../oids.ts';
import { MAX_CERTIFICATE } from './certificate.ts';
import type { EncryptedKey } from './encode-pkcs12.ts';
import { reading } from './failures.ts';
import type { Random } from './issue.ts';
import { PKCS12_OID } from './object-identifiers.ts';
import { hash } from './public-key.ts';

const MIN_ITERATIONS = 600_000;
/** More would only keep the reader busy. */
const MAX_ITERATIONS = 10_000_000;
/** Of the older MAC: nothing native computes it. */
const MAX_MAC_ITERATIONS = 2_000_000;
/** After so many, others get their turn. */
const TURN = 20_000;
const MAX_BYTES = 8 * MAX_CERTIFICATE;
const MAX_BAGS = 16;
const SALT_BYTES = 16;

export interface Backup {
  /** Encrypts the PKCS#8 private key under AES-256-CBC: `crypto.subtle.wrapKey('pkcs8', key, wrappingKey, { name: 'AES-CBC', iv })`. */
  readonly wrap: (wrappingKey: CryptoKey, iv: Bytes) => Promise<ArrayBuffer>;
  /** DER certificate of the key. */
  readonly certificate: Bytes;
  /** DER certificates above it. */
  readonly chain: readonly Bytes[];
  /** What import dialogues show, at most 64 characters. */
  readonly friendlyName: string;
  readonly password: string;
  readonly random: Random;
}

/** Writes a backup; takes a second. Throws `pkcs12-password` for an empty password. */
export async function writePkcs12({ wrap, certificate, chain, friendlyName, password, random }: Backup): Promise<Bytes> {
  if (password === '') throw refused('pkcs12-password');
  const salt = random(SALT_BYTES);
  const iv = random(16);
  const wrappingKey = await deriveKey(password, salt, MIN_ITERATIONS, ['encrypt', 'wrapKey']);
  const { authenticatedBackup, safeToBeAuthenticated } = await import('./encode-pkcs12.ts'); // who only reads backups need not carry PKI.js
  const ciphertext = new Uint8Array(await wrap(wrappingKey, iv));
  const safe = safeToBeAuthenticated({
    key: { salt, iterations: MIN_ITERATIONS, iv, ciphertext },
    certificates: [certificate, ...chain],
    friendlyName: friendlyName.slice(0, 64),
    localKeyId: hash(certificate).slice(0, 20),
  });
  const derivation = { salt: random(SALT_BYTES), iterations: MIN_ITERATIONS };
  return authenticatedBackup(safe, { digest: await pbmac1(password, derivation, safe), ...derivation });
}

export interface OpenedBackup {
  /** DER certificates in the order of the file; the key's own is found by the public key. */
  readonly certificates: readonly Bytes[];
  /** The PKCS#8 key still encrypted: `crypto.subtle.unwrapKey('pkcs8', ciphertext, wrappingKey, { name: 'AES-CBC', iv }, …)`. */
  readonly key: { readonly ciphertext: Bytes; readonly wrappingKey: CryptoKey; readonly iv: Bytes };
}

/**
 * Opens a backup; takes a second, more with the MAC of RFC 7292, which no platform computes by itself. Throws SsmaxError (`refused`): `pkcs12-too-large`, `pkcs12-malformed` (no DER, or no such
 * structure), `pkcs12-weak` (RC2, 3DES, other algorithms, few or too many iterations, no MAC), `pkcs12-password` (wrong
 * password or changed file), `pkcs12-content` (not exactly one key, no certificate).
 */
export async function readPkcs12(der: Uint8Array, password: string): Promise<OpenedBackup> {
  if (der.length > MAX_BYTES) throw refused('pkcs12-too-large', { bytes: der.length });
  const { safe, mac } = reading('pkcs12-malformed', () => readDer(Uint8Array.from(der), readPfx));
  if (!equal(await mac.compute(password, mac, safe), mac.digest)) throw refused('pkcs12-password');
  const contents = reading('pkcs12-malformed', () => readDer(safe, (cursor) => readSequence(cursor, (list) => list.list(readContent, 4))));
  const certificates: Bytes[] = [];
  const keys: EncryptedKey[] = [];
  for (const content of contents) {
    const bags = content.plain ?? (await decrypt(content.encrypted, password));
    reading('pkcs12-malformed', () => readDer(bags, (cursor) => readSequence(cursor, (list) => list.list((one) => readBag(one, certificates, keys), MAX_BAGS))));
  }
  const [key, ...more] = keys;
  if (key === undefined || more.length > 0 || certificates.length === 0) throw refused('pkcs12-content');
  const wrappingKey = await deriveKey(password, key.salt, key.iterations, ['decrypt', 'unwrapKey']);
  return { certificates, key: { ciphertext: key.ciphertext, wrappingKey, iv: key.iv } };
}

interface Derivation {
  readonly salt: Bytes;
  readonly iterations: number;
}

interface Mac extends Derivation {
  readonly digest: Bytes;
  readonly compute: (password: string, derivation: Derivation, message: Bytes) => Promise<Bytes>;
}

function readPfx(cursor: DerCursor): { safe: Bytes; mac: Mac } {
  return readSequence(cursor, (pfx) => {
    if (pfx.small() !== 3) throw refused('pkcs12-malformed', { what: 'version' });
    const safe = readSequence(pfx, (info) => {
      expectOid(info, OID.data);
      return readSequence(info, (explicit) => explicit.octets(), contextTag(0));
    });
    if (pfx.done) throw refused('pkcs12-weak', { what: 'no MAC' });
    const mac = readSequence(pfx, (macData) => {
      const { digest, modern } = readSequence(macData, (info) => ({ modern: readMacAlgorithm(info), digest: info.octets(32) }));
      const salt = macData.octets();
      const iterations = macData.done ? 1 : macData.small(); // DEFAULT 1, which is far too few
      // PBMAC1 has its own salt and iterations, those of MacData mean nothing (RFC 9579 §4).
      return modern === undefined ? { digest, salt, iterations: checkIterations(iterations, MAX_MAC_ITERATIONS), compute: pkcs12Mac } : { digest, ...modern, compute: pbmac1 };
    });
    return { safe, mac };
  });
}

/** The derivation of PBMAC1 (RFC 8018 §7.1) in the one form that is strong enough; undefined is the MAC of RFC 7292 with SHA-256. */
function readMacAlgorithm(cursor: DerCursor): Derivation | undefined {
  return readSequence(cursor, (algorithm) => {
    const found = algorithm.oid();
    if (found === PKCS12_OID.pbmac1) {
      return readSequence(algorithm, (parameters) => {
        const derivation = readPbkdf2(parameters);
        readAlgorithm(parameters, PKCS12_OID.hmacSha256);
        return derivation;
      });
    }
    if (found !== OID.sha256) throw refused('pkcs12-weak', { what: found });
    if (!algorithm.done) algorithm.octets(0, TAG.null);
    return undefined;
  });
}

type Content = { readonly plain: Bytes } | { readonly plain?: never; readonly encrypted: EncryptedKey };

function readContent(cursor: DerCursor): Content {
  return readSequence(cursor, (info) => {
    const type = info.oid();
    if (type === OID.data) return { plain: readSequence(info, (explicit) => explicit.octets(), contextTag(0)) };
    if (type !== PKCS12_OID.encryptedData) throw refused('pkcs12-malformed', { what: `content type ${type}` });
    const encrypted = readSequence(info, (explicit) => readSequence(explicit, (value) => {
      if (value.small() !== 0) throw refused('pkcs12-malformed', { what: 'version' });
      return readSequence(value, (content) => {
        expectOid(content, OID.data);
        return { ...readPbes2(content), ciphertext: content.octets(undefined, contextTag(0, false)) };
      });
    }), contextTag(0));
    return { encrypted };
  });
}

function readBag(cursor: DerCursor, certificates: Bytes[], keys: EncryptedKey[]): void {
  readSequence(cursor, (inner) => {
    const type = inner.oid();
    readSequence(inner, (value) => {
      if (type === PKCS12_OID.shroudedKeyBag) {
        keys.push(readSequence(value, (info) => ({ ...readPbes2(info), ciphertext: info.octets() })));
      } else if (type === PKCS12_OID.certBag) {
        certificates.push(readSequence(value, (certificate) => {
          expectOid(certificate, PKCS12_OID.x509Certificate);
          return readSequence(certificate, (explicit) => explicit.octets(), contextTag(0));
        }));
      } else {
        throw refused('pkcs12-content', { bag: type });
      }
    }, contextTag(0));
    if (!inner.done) inner.element(TAG.set); // names and local identifiers, of no weight
  });
}

/** AlgorithmIdentifier of PBES2 (RFC 8018 §6.2) in the one form that is strong enough. */
function readPbes2(cursor: DerCursor): Omit<EncryptedKey, 'ciphertext'> {
  return readSequence(cursor, (algorithm) => {
    expectStrong(algorithm, PKCS12_OID.pbes2);
    return readSequence(algorithm, (parameters) => {
      const derivation = readPbkdf2(parameters);
      const iv = readSequence(parameters, (cipher) => {
        expectStrong(cipher, PKCS12_OID.aes256Cbc);
        return cipher.octets(16);
      });
      return { ...derivation, iv };
    });
  });
}

/** AlgorithmIdentifier of PBKDF2 with HMAC-SHA256 for a key of 32 bytes (RFC 8018 §5.2). */
function readPbkdf2(cursor: DerCursor): Derivation {
  return readSequence(cursor, (kdf) => {
    expectStrong(kdf, PKCS12_OID.pbkdf2);
    return readSequence(kdf, (pbkdf2) => {
      const salt = pbkdf2.octets();
      const iterations = checkIterations(pbkdf2.small());
      if (pbkdf2.peek() === TAG.integer && pbkdf2.small() !== 32) throw refused('pkcs12-weak', { what: 'key length' });
      if (pbkdf2.done) throw refused('pkcs12-weak', { what: 'HMAC-SHA1' }); // the DEFAULT
      readAlgorithm(pbkdf2, PKCS12_OID.hmacSha256);
      return { salt, iterations };
    });
  });
}

/** AlgorithmIdentifier with NULL or no parameters. */
function readAlgorithm(cursor: DerCursor, expected: string): void {
  readSequence(cursor, (algorithm) => {
    expectStrong(algorithm, expected);
    if (!algorithm.done) algorithm.octets(0, TAG.null);
  });
}

function expectStrong(cursor: DerCursor, expected: string): void {
  const found = cursor.oid();
  if (found === expected) return;
  // Parameters of another algorithm have another form: nothing behind it can be read.
  throw refused('pkcs12-weak', { what: found });
}

function expectOid(cursor: DerCursor, expected: string): void {
  const found = cursor.oid();
  if (found !== expected) throw refused('pkcs12-malformed', { what: found });
}

function checkIterations(iterations: number, most = MAX_ITERATIONS): number {
  if (iterations < MIN_ITERATIONS || iterations > most) throw refused('pkcs12-weak', { iterations });
  return iterations;
}

async function deriveKey(password: string, salt: Bytes, iterations: number, usages: KeyUsage[]): Promise<CryptoKey> {
  const secret = await crypto.subtle.importKey('raw', utf8(password), 'PBKDF2', false, ['deriveKey']);
  return crypto.subtle.deriveKey({ name: 'PBKDF2', hash: 'SHA-256', salt, iterations }, secret, { name: 'AES-CBC', length: 256 }, false, usages);
}

async function decrypt({ salt, iterations, iv, ciphertext }: EncryptedKey, password: string): Promise<Bytes> {
  const key = await deriveKey(password, salt, iterations, ['decrypt']);
  try {
    return new Uint8Array(await crypto.subtle.decrypt({ name: 'AES-CBC', iv }, key, ciphertext));
  } catch (error) {
    throw refused('pkcs12-password', {}, error);
  }
}

/** HMAC-SHA256 under a key of PBKDF2 (RFC 9579 §4: the password in UTF-8). */
async function pbmac1(password: string, { salt, iterations }: Derivation, message: Bytes): Promise<Bytes> {
  const secret = await crypto.subtle.importKey('raw', utf8(password), 'PBKDF2', false, ['deriveBits']);
  return hmac(new Uint8Array(await crypto.subtle.deriveBits({ name: 'PBKDF2', hash: 'SHA-256', salt, iterations }, secret, 256)), message);
}

/** HMAC-SHA256 under PKCS#12's own derivation (RFC 7292 appendix B, purpose 3). */
async function pkcs12Mac(password: string, { salt, iterations }: Derivation, message: Bytes): Promise<Bytes> {
  const block = 64;
  const fill = (bytes: Bytes): Bytes =>
    Uint8Array.from({ length: Math.ceil(bytes.length / block) * block }, (_, i) => bytes[i % bytes.length] ?? 0);
  let derived = hash(concat(new Uint8Array(block).fill(3), fill(salt), fill(utf16(`${password}\0`))));
  for (let i = 1; i < iterations; i++) {
    derived = hash(derived);
    if (i % TURN === 0) await new Promise((resolve) => setTimeout(resolve));
  }
  return hmac(derived, message);
}

async function hmac(secret: Bytes, message: Bytes): Promise<Bytes> {
  const key = await crypto.subtle.importKey('raw', secret, { name: 'HMAC', hash: 'SHA-256' }, false, ['sign']);
  return new Uint8Array(await crypto.subtle.sign('HMAC', key, message));
}

/** Big-endian UTF-16, as the derivation above wants text. */
function utf16(text: string): Bytes {
  return Uint8Array.from({ length: text.length * 2 }, (_, i) => (text.charCodeAt(i >> 1) >> (i % 2 === 0 ? 8 : 0)) & 0xff);
}
