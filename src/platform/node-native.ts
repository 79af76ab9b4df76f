/** What Node does faster than the language (src/core/native.ts): importing this provides it. */
import { createCipheriv, createDecipheriv, createHash, createHmac, createPublicKey, verify } from 'node:crypto';
import { type Bytes, concat } from '../core/bytes.ts';
import { provideNative } from '../core/native.ts';

const [CR, LF, SPACE] = [0x0d, 0x0a, 0x20];

/** Bytes from which on it pays; shorter results could lie in the memory that Buffers share. */
const LARGE = 16_384;

/**
 * Buffer reads much that is not base64: it leaves out what is no letter, stops at padding, takes the letters of base64url and
 * drops unused bits. So only lines of one length with CRLF between are given to it, without `-` and `_`; then any letter that it
 * left out makes the result shorter than the number of letters says, and the last group must be what its bytes encode to.
 */
function decodeBase64(encoded: Uint8Array): Bytes | undefined {
  if (encoded.length < LARGE) return undefined;
  let end = encoded.length;
  while (end > 0 && (encoded[end - 1] === LF || encoded[end - 1] === CR || encoded[end - 1] === SPACE)) end--;
  const text = Buffer.from(encoded.buffer, encoded.byteOffset, end);
  const first = text.indexOf(CR);
  const width = first === -1 ? end : first;
  let letters = end;
  for (let i = width; i < end; i += width + 2) {
    if (text[i] !== CR || text[i + 1] !== LF) return undefined;
    letters -= 2;
  }
  if (text.includes('-') || text.includes('_')) return undefined;
  const padding = text[end - 1] !== 0x3d ? 0 : text[end - 2] !== 0x3d ? 1 : 2;
  const decoded = Buffer.from(text.toString('latin1'), 'base64');
  if (decoded.length !== (letters / 4) * 3 - padding) return undefined;
  const last = decoded.subarray(decoded.length - (3 - padding)).toString('base64');
  if (text.toString('latin1', end - 4) !== last) return undefined;
  return new Uint8Array(decoded.buffer, decoded.byteOffset, decoded.length);
}

/** HKDF-SHA256 at a third of the price of hkdfSync; `length` in bytes, a RangeError above 255 blocks (RFC 5869 §2.3). */
export function hkdf(secret: Uint8Array, salt: Uint8Array, info: Uint8Array, length: number): Bytes {
  if (length > 255 * 32) throw new RangeError('HKDF-SHA256 gives at most 8160 bytes');
  const hmac = (key: Uint8Array, ...parts: Uint8Array[]): Buffer => createHmac('sha256', key).update(concat(...parts)).digest();
  const key = hmac(salt, secret); // HMAC fills up a key with zeros: none is thirty-two of them
  const blocks: Uint8Array[] = [];
  for (let i = 1; (i - 1) * 32 < length; i++) blocks.push(hmac(key, blocks.at(-1) ?? new Uint8Array(0), info, Uint8Array.of(i)));
  return concat(...blocks).slice(0, length);
}

const GCM = 'aes-256-gcm';
const TAG = { authTagLength: 16 };

provideNative({
  sha256(parts) {
    const hash = createHash('sha256');
    for (const part of parts) hash.update(part);
    return new Uint8Array(hash.digest());
  },
  hkdf,
  verifyEcdsa(publicKey, message, signature) {
    const half = (from: number): string => Buffer.from(publicKey.subarray(from, from + 32)).toString('base64url');
    // At half the price of a DER key's.
    const key = createPublicKey({ key: { kty: 'EC', crv: 'P-256', x: half(1), y: half(33) }, format: 'jwk' });
    return verify('sha256', message, { key, dsaEncoding: 'ieee-p1363' }, signature);
  },
  sealGcm(key, nonce, additional, plaintext) {
    const cipher = createCipheriv(GCM, key, nonce, TAG).setAAD(additional);
    const ciphertext = cipher.update(plaintext);
    cipher.final();
    return { ciphertext: bytesOf(ciphertext), mac: new Uint8Array(cipher.getAuthTag()) };
  },
  openGcm(key, nonce, additional, ciphertext, mac) {
    const decipher = createDecipheriv(GCM, key, nonce, TAG).setAAD(additional).setAuthTag(mac);
    const plaintext = decipher.update(ciphertext);
    try {
      decipher.final();
    } catch (cause) {
      plaintext.fill(0);
      throw cause;
    }
    return bytesOf(plaintext);
  },
  decodeBase64,
  indexOf: (bytes, needle, from) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).indexOf(needle, from),
});

/** What Node made, as the same bytes. Node's ciphers and decoders never use shared memory. */
function bytesOf(buffer: Buffer): Bytes {
  return new Uint8Array(buffer.buffer as ArrayBuffer, buffer.byteOffset, buffer.length);
}
