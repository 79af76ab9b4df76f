/**
 * The browser's keys (WebCrypto; runs on Node's as well, for the tests). A user's key is one scalar in two
 * non-extractable CryptoKeys, since WebCrypto allows a CryptoKey one algorithm only.
 */
import type { Bytes } from '../core/bytes.ts';
import { verifyEcdsa } from '../core/ecdsa.ts';
import { assertKeyPair } from '../core/elgamal/index.ts';
import { SsmaxError } from '../core/error.ts';
import type { Ephemeral, NativeCrypto, PrivateKey } from '../core/keys.ts';

const ECDH = { name: 'ECDH', namedCurve: 'P-256' };
const ECDSA = { name: 'ECDSA', namedCurve: 'P-256' };
const { subtle } = crypto;

function random(length: number): Bytes {
  return crypto.getRandomValues(new Uint8Array(length));
}

async function sharedX(key: CryptoKey, point: Bytes): Promise<Bytes> {
  const peer = await subtle.importKey('raw', point, ECDH, false, []);
  return new Uint8Array(await subtle.deriveBits({ name: 'ECDH', public: peer }, key, 256));
}

async function raw(publicKey: CryptoKey): Promise<Bytes> {
  return new Uint8Array(await subtle.exportKey('raw', publicKey));
}

/** WebCrypto imports no bare scalar, so that the browser's own generator is the only source; `hedge` is not used. */
async function ephemeral(): Promise<Ephemeral> {
  const pair = await subtle.generateKey(ECDH, true, ['deriveBits']);
  const [{ d }, publicKey] = await Promise.all([subtle.exportKey('jwk', pair.privateKey), raw(pair.publicKey)]);
  if (d === undefined) throw new SsmaxError('fault', 'native-crypto-fault');
  return { scalar: fromBase64Url(d), publicKey, sharedX: (point) => sharedX(pair.privateKey, point) };
}

/** The number that a JWK's base64url means. */
function fromBase64Url(text: string): bigint {
  let value = 0n;
  for (const character of atob(text.replaceAll('-', '+').replaceAll('_', '/'))) value = (value << 8n) | BigInt(character.charCodeAt(0));
  return value;
}

/** Proofs are verified by noble here: one label proof a mail, some ten milliseconds even where JavaScript has no JIT. */
export function createWebCrypto(): NativeCrypto {
  return {
    random,
    sha256: async (data) => new Uint8Array(await subtle.digest('SHA-256', data)),
    ephemeral,
  };
}

/** A user's key as IndexedDB keeps it; `publicKey` is 65 bytes. */
export interface WebKeyPair {
  readonly ecdh: CryptoKey;
  readonly ecdsa: CryptoKey;
  readonly publicKey: Bytes;
}

/**
 * A new key. `exportable` is the same key, extractable, for the backup (`wrapKey` under PBKDF2 → AES-CBC makes
 * PBES2's content) and for nothing else: drop it then.
 */
export async function generateWebKey(): Promise<{ pair: WebKeyPair; exportable: CryptoKey }> {
  const { privateKey, publicKey } = await subtle.generateKey(ECDSA, true, ['sign', 'verify']);
  return { pair: await splitWebKey(privateKey, await raw(publicKey)), exportable: privateKey };
}

/**
 * The two non-extractable keys of one extractable ECDSA key (new, or unwrapped from a backup; then `publicKey` is its
 * certificate's). It is wrapped and unwrapped under a key of the moment, so that its bytes never reach JavaScript.
 */
export async function splitWebKey(exportable: CryptoKey, publicKey: Bytes): Promise<WebKeyPair> {
  const wrapping = await subtle.generateKey({ name: 'AES-GCM', length: 256 }, false, ['wrapKey', 'unwrapKey']);
  const algorithm = { name: 'AES-GCM', iv: random(12) };
  const wrapped = await subtle.wrapKey('pkcs8', exportable, wrapping, algorithm);
  const [ecdh, ecdsa] = await Promise.all([
    subtle.unwrapKey('pkcs8', wrapped, wrapping, algorithm, ECDH, false, ['deriveBits']),
    subtle.unwrapKey('pkcs8', wrapped, wrapping, algorithm, ECDSA, false, ['sign']),
  ]);
  return { ecdh, ecdsa, publicKey };
}

/** Encrypts an extractable key for a PKCS#12 backup, as its `wrap` asks. */
export function wrapForBackup(exportable: CryptoKey): (wrappingKey: CryptoKey, iv: Bytes) => Promise<ArrayBuffer> {
  return (wrappingKey, iv) => subtle.wrapKey('pkcs8', exportable, wrappingKey, { name: 'AES-CBC', iv });
}

/** The key of an opened backup, as generateWebKey gives a new one, by its certificate's public key of 65 bytes. Throws `pkcs12-content` where it is no P-256 key. */
export async function unwrapFromBackup(
  { ciphertext, wrappingKey, iv }: { readonly ciphertext: Bytes; readonly wrappingKey: CryptoKey; readonly iv: Bytes }, publicKey: Bytes,
): Promise<{ pair: WebKeyPair; exportable: CryptoKey }> {
  try {
    const exportable = await subtle.unwrapKey('pkcs8', ciphertext, wrappingKey, { name: 'AES-CBC', iv }, ECDSA, true, ['sign']);
    return { pair: await splitWebKey(exportable, publicKey), exportable };
  } catch (cause) {
    throw new SsmaxError('refused', 'pkcs12-content', {}, { cause });
  }
}

/** Loads a stored key, after checking that its three parts belong together: else `key-mismatch`, kind fault. */
export async function loadWebPrivateKey(native: NativeCrypto, { ecdh, ecdsa, publicKey }: WebKeyPair): Promise<PrivateKey> {
  const key: PrivateKey = {
    publicKey,
    sharedX: (point) => sharedX(ecdh, point),
    sign: async (message) => new Uint8Array(await subtle.sign({ name: 'ECDSA', hash: 'SHA-256' }, ecdsa, message)),
  };
  await assertKeyPair(native, key);
  const probe = random(32);
  if (!(await verifyEcdsa(publicKey, probe, await key.sign(probe)))) throw new SsmaxError('fault', 'key-mismatch');
  return key;
}
