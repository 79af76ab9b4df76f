/** ECDSA P-256 with SHA-256: verification (WebCrypto) and the two encodings of a signature. */
import { type Bytes, concat } from './bytes.ts';
import { DerCursor, integer, readSequence, sequence } from './der.ts';
import { refused } from './error.ts';
import { providedNative } from './native.ts';

/** r ‖ s (64 bytes, IEEE P1363) to DER Ecdsa-Sig-Value (RFC 3279 §2.2.3). */
export function signatureToDer(raw: Bytes): Bytes {
  return sequence(integer(toBigInt(raw.subarray(0, 32))), integer(toBigInt(raw.subarray(32, 64))));
}

/** DER Ecdsa-Sig-Value to r ‖ s, 64 bytes; throws `der-invalid` or `signature-invalid`. */
export function signatureFromDer(der: Bytes): Bytes {
  const cursor = DerCursor.over(der);
  const [r, s] = readSequence(cursor, (inner) => [inner.integer(), inner.integer()] as const);
  cursor.end();
  return concat(to32(r), to32(s));
}

function toBigInt(bytes: Bytes): bigint {
  let value = 0n;
  for (const byte of bytes) value = (value << 8n) | BigInt(byte);
  return value;
}

function to32(value: bigint): Bytes {
  if (value >> 256n) throw refused('signature-invalid');
  const out = new Uint8Array(32);
  for (let i = 31, rest = value; i >= 0; i--, rest >>= 8n) out[i] = Number(rest & 0xffn);
  return out;
}

/** Whether `signature` (r ‖ s) is the key's over `message`. `publicKey` is 65 bytes uncompressed; off-curve is false. */
export async function verifyEcdsa(publicKey: Bytes, message: Bytes, signature: Bytes): Promise<boolean> {
  if (publicKey.length !== 65 || publicKey[0] !== 4 || signature.length !== 64) return false;
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
  const native = providedNative();
  try {
    if (native !== undefined) return native.verifyEcdsa(publicKey, message, signature);
    const key = await crypto.subtle.importKey('raw', publicKey, algorithm, false, ['verify']);
    return await crypto.subtle.verify(algorithm, key, signature, message);
  } catch {
    return false; // an off-curve point is the only input that an import rejects here
  }
}
