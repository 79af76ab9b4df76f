/** A user's key at rest under a passphrase: PBKDF2-HMAC-SHA256 (RFC 8018 §5.2), then AES-256-GCM by `wrapKey`, so that its bytes never reach JavaScript. */
import type { Bytes } from '../core/bytes.ts';
import { SsmaxError } from '../core/error.ts';
import { splitWebKey, type WebKeyPair } from './web-crypto.ts';

/** As IndexedDB keeps it. */
export interface LockedKey {
  /** 65 bytes. */
  readonly publicKey: Bytes;
  /** 16 bytes. */
  readonly salt: Bytes;
  readonly iterations: number;
  /** 12 bytes. */
  readonly iv: Bytes;
  /** PKCS#8 under AES-256-GCM; the public key is authenticated with it. */
  readonly wrapped: Bytes;
}

const ITERATIONS = 600_000;
const ECDSA = { name: 'ECDSA', namedCurve: 'P-256' };
const { subtle } = crypto;

/** Locks an extractable key; takes a second. Drop the key then. */
export async function lockWebKey(exportable: CryptoKey, publicKey: Bytes, passphrase: string): Promise<LockedKey> {
  const salt = crypto.getRandomValues(new Uint8Array(16));
  const iv = crypto.getRandomValues(new Uint8Array(12));
  const wrapping = await wrappingKey(passphrase, salt, ITERATIONS, 'wrapKey');
  const wrapped = new Uint8Array(await subtle.wrapKey('pkcs8', exportable, wrapping, { name: 'AES-GCM', iv, additionalData: publicKey }));
  return { publicKey, salt, iterations: ITERATIONS, iv, wrapped };
}

/** The key, non-extractable; for memory only. Throws `key-passphrase` (refused) where the passphrase is another, or the record was changed. */
export async function unlockWebKey({ publicKey, salt, iterations, iv, wrapped }: LockedKey, passphrase: string): Promise<WebKeyPair> {
  const wrapping = await wrappingKey(passphrase, salt, iterations, 'unwrapKey');
  let exportable: CryptoKey;
  try {
    exportable = await subtle.unwrapKey('pkcs8', wrapped, wrapping, { name: 'AES-GCM', iv, additionalData: publicKey }, ECDSA, true, ['sign']);
  } catch (cause) {
    throw new SsmaxError('refused', 'key-passphrase', {}, { cause });
  }
  return splitWebKey(exportable, publicKey);
}

async function wrappingKey(passphrase: string, salt: Bytes, iterations: number, use: 'wrapKey' | 'unwrapKey'): Promise<CryptoKey> {
  const base = await subtle.importKey('raw', Uint8Array.from(new TextEncoder().encode(passphrase.normalize('NFC'))), 'PBKDF2', false, ['deriveKey']);
  return subtle.deriveKey({ name: 'PBKDF2', hash: 'SHA-256', salt, iterations }, base, { name: 'AES-GCM', length: 256 }, false, [use]);
}
