/** What Node does faster than the language (src/core/native.ts): importing this provides it. */
import { createHash } from 'node:crypto';
import type { Bytes } from '../core/bytes.ts';
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

provideNative({
  sha256(parts) {
    const hash = createHash('sha256');
    for (const part of parts) hash.update(part);
    return new Uint8Array(hash.digest());
  },
  decodeBase64,
  indexOf: (bytes, needle, from) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).indexOf(needle, from),
});
