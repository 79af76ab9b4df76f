/** SubjectPublicKeyInfo for P-256 (RFC 5480): named curve, uncompressed point, nothing else. */
import { sha256 } from '@noble/hashes/sha2.js';
import { type Bytes, equal } from '../bytes.ts';
import { type DerCursor, TAG, oid, sequence, tlv } from '../der.ts';
import { refused } from '../error.ts';
import { OID } from '../oids.ts';

const PRIME = 2n ** 256n - 2n ** 224n + 2n ** 192n + 2n ** 96n - 1n;
const CURVE_B = 0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604bn;
const POINT_LENGTH = 65;

const ALGORITHM = sequence(oid(OID.ecPublicKey), oid(OID.prime256v1));

function toBigInt(bytes: Uint8Array): bigint {
  let value = 0n;
  for (const byte of bytes) value = (value << 8n) | BigInt(byte);
  return value;
}

/** Whether `point` is 65 bytes, uncompressed, reduced and on P-256 (SEC 1 §2.3.4). */
function isPoint(point: Uint8Array): boolean {
  if (point.length !== POINT_LENGTH || point[0] !== 4) return false;
  const x = toBigInt(point.subarray(1, 33));
  const y = toBigInt(point.subarray(33));
  if (x >= PRIME || y >= PRIME) return false;
  return (y * y - (x * x * x - 3n * x + CURVE_B)) % PRIME === 0n;
}

/** DER SubjectPublicKeyInfo (91 bytes) of a 65-byte point; throws `certificate-key` if it is no point of P-256. */
export function encodeSpki(publicKey: Uint8Array): Bytes {
  if (!isPoint(publicKey)) throw refused('certificate-key');
  return sequence(ALGORITHM, bitString(publicKey));
}

/** Reads a SubjectPublicKeyInfo; throws `certificate-key` for other algorithms, encodings and points off the curve. */
export function readSpki(cursor: DerCursor): { spki: Bytes; publicKey: Bytes } {
  const { full: spki } = cursor.element(TAG.sequence);
  const publicKey = spki.slice(-POINT_LENGTH);
  if (!equal(spki, encodeSpki(publicKey))) throw refused('certificate-key');
  return { spki, publicKey };
}

/** Key identifier, 20 bytes: the left-most 160 bits of SHA-256 over the point (RFC 7093 §2, method 1). */
export function keyIdentifier(publicKey: Uint8Array): Bytes {
  return hash(publicKey).slice(0, 20);
}

/** SHA-256 at once, for structures of a few KiB: what is parsed synchronously should not have to wait for its name. */
export function hash(bytes: Uint8Array): Bytes {
  return sha256(bytes).slice();
}

/** BIT STRING of whole bytes. */
export function bitString(content: Uint8Array): Bytes {
  return tlv(TAG.bitString, Uint8Array.of(0), content);
}

/** Reads a BIT STRING of whole bytes. */
export function readBitString(cursor: DerCursor): Bytes {
  const { content } = cursor.element(TAG.bitString);
  if (content[0] !== 0) throw refused('der-invalid', { what: 'bit string with unused bits' });
  return content.subarray(1);
}
