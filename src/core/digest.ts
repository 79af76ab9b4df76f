import { type Bytes, concat, utf8 } from './bytes.ts';
import { providedNative } from './native.ts';

/** SHA-256 of the parts in order; 32 bytes. */
export async function sha256(...parts: readonly Uint8Array[]): Promise<Bytes> {
  const native = providedNative();
  if (native !== undefined) return native.sha256(parts);
  const [only] = parts;
  const input = parts.length === 1 && only !== undefined ? (only as Bytes) : concat(...parts);
  return new Uint8Array(await crypto.subtle.digest('SHA-256', input));
}

/** Length-prefixed: 4-byte big-endian length, then the bytes (docs/protocol.md §2). */
export function lengthPrefixed(part: Uint8Array | string): Bytes {
  const bytes = typeof part === 'string' ? utf8(part) : part;
  const out = new Uint8Array(4 + bytes.length);
  new DataView(out.buffer).setUint32(0, bytes.length);
  out.set(bytes, 4);
  return out;
}

/** HKDF-SHA256 (RFC 5869); `length` in bytes. */
export async function hkdf(secret: Bytes, salt: Bytes, info: Bytes, length: number): Promise<Bytes> {
  const native = providedNative();
  if (native !== undefined) return native.hkdf(secret, salt, info, length);
  const key = await crypto.subtle.importKey('raw', secret, 'HKDF', false, ['deriveBits']);
  return new Uint8Array(await crypto.subtle.deriveBits({ name: 'HKDF', hash: 'SHA-256', salt, info }, key, length * 8));
}
