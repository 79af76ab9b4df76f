/**
 * Content transfer encodings (RFC 2045 §6): strict base64 and quoted-printable, both ways where building needs them.
 *
 * Known gap: quoted-printable is decoded in a loop over bytes. Sealed content never uses it for anything large.
 */
import type { Bytes } from '../core/bytes.ts';
import { refused } from '../core/error.ts';
import { latin1 } from './latin1.ts';

export type TransferEncoding = '7bit' | '8bit' | 'binary' | 'base64' | 'quoted-printable';

/** The values of the field, lower case; undefined for what RFC 2045 does not define. */
export function transferEncoding(value: string): TransferEncoding | undefined {
  const name = value.trim().toLowerCase();
  switch (name) {
    case '7bit':
    case '8bit':
    case 'binary':
    case 'base64':
    case 'quoted-printable':
      return name;
    default:
      return undefined;
  }
}

/** ES2026's Uint8Array.fromBase64: there in Firefox and newer Node, not yet in TypeScript's ES2023 library. */
interface NativeBase64 {
  fromBase64?(text: string, options: { lastChunkHandling: 'strict' }): Bytes;
}
const native = Uint8Array as unknown as NativeBase64;

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const SKIP = 64;
const INVALID = 255;
const SEXTETS = new Uint8Array(256).fill(INVALID);
for (let i = 0; i < 64; i++) SEXTETS[ALPHABET.charCodeAt(i)] = i;
for (const space of '\t\n\r ') SEXTETS[space.charCodeAt(0)] = SKIP;

/**
 * Base64 (RFC 4648 §4) with white space between: padding must be there, and unused bits zero. Anything else is
 * `mime-base64-invalid`.
 */
export function decodeBase64(encoded: Uint8Array): Bytes {
  if (native.fromBase64 === undefined) return decodeBase64Loop(encoded);
  try {
    return native.fromBase64(latin1(encoded), { lastChunkHandling: 'strict' });
  } catch (cause) {
    throw refused('mime-base64-invalid', {}, cause);
  }
}

/** For engines without the native method (Node before 25). They have a JIT, so a loop is fast enough. */
function decodeBase64Loop(encoded: Uint8Array): Bytes {
  let end = encoded.length;
  let padding = 0;
  while (end > 0) {
    const last = encoded[end - 1] ?? 0;
    if (last === 0x3d) padding++;
    else if (SEXTETS[last] !== SKIP) break;
    end--;
  }
  const out = new Uint8Array(Math.floor((end * 3) / 4) + 3);
  let written = 0;
  let bits = 0;
  let pending = 0;
  for (let i = 0; i < end;) {
    // Four letters in a row, the usual case, in one step.
    if (pending === 0) {
      while (i + 4 <= end) {
        const a = SEXTETS[encoded[i] ?? 0] ?? INVALID;
        const b = SEXTETS[encoded[i + 1] ?? 0] ?? INVALID;
        const c = SEXTETS[encoded[i + 2] ?? 0] ?? INVALID;
        const d = SEXTETS[encoded[i + 3] ?? 0] ?? INVALID;
        if ((a | b | c | d) >= SKIP) break;
        out[written] = (a << 2) | (b >> 4);
        out[written + 1] = (b << 4) | (c >> 2);
        out[written + 2] = (c << 6) | d;
        written += 3;
        i += 4;
      }
      if (i >= end) break;
    }
    const sextet = SEXTETS[encoded[i++] ?? 0] ?? INVALID;
    if (sextet === SKIP) continue;
    if (sextet === INVALID) throw refused('mime-base64-invalid');
    bits = (bits << 6) | sextet;
    if (++pending === 4) {
      out[written++] = bits >> 16;
      out[written++] = bits >> 8;
      out[written++] = bits;
      bits = pending = 0;
    }
  }
  if (pending === 2 && padding === 2 && (bits & 0x0f) === 0) {
    out[written++] = bits >> 4;
  } else if (pending === 3 && padding === 1 && (bits & 0x03) === 0) {
    out[written++] = bits >> 10;
    out[written++] = bits >> 2;
  } else if (pending !== 0 || padding !== 0) {
    throw refused('mime-base64-invalid');
  }
  return out.subarray(0, written);
}

/** 57 bytes make a line of 76 letters, the longest that RFC 2045 §6.8 allows. */
const LINE_BYTES = 57;
const LINE_LETTERS = 76;
/** Lines that one chunk of the encoder holds: about 1 MiB of output. */
const CHUNK_LINES = 13_000;
const LETTERS = Uint8Array.from(ALPHABET, (letter) => letter.charCodeAt(0));

/** Base64 in lines of 76 letters with CRLF after each, in chunks of about 1 MiB, so that no second full copy exists. */
export function* encodeBase64Lines(bytes: Uint8Array): Generator<Bytes> {
  for (let from = 0; from < bytes.length; from += CHUNK_LINES * LINE_BYTES) {
    yield encodeChunk(bytes, from, Math.min(bytes.length, from + CHUNK_LINES * LINE_BYTES));
  }
}

/** The size in bytes that {@link encodeBase64Lines} gives for `length` bytes. */
export function base64LinesLength(length: number): number {
  return Math.ceil(length / 3) * 4 + Math.ceil(length / LINE_BYTES) * 2;
}

function encodeChunk(bytes: Uint8Array, start: number, end: number): Bytes {
  const out = new Uint8Array(base64LinesLength(end - start));
  let written = 0;
  let column = 0;
  const put = (sextet: number): void => {
    out[written++] = LETTERS[sextet & 63] ?? 0;
  };
  for (let i = start; i < end; i += 3) {
    const left = end - i;
    const triple = ((bytes[i] ?? 0) << 16) | ((left > 1 ? (bytes[i + 1] ?? 0) : 0) << 8) | (left > 2 ? (bytes[i + 2] ?? 0) : 0);
    put(triple >> 18);
    put(triple >> 12);
    if (left > 1) put(triple >> 6);
    else out[written++] = 0x3d;
    if (left > 2) put(triple);
    else out[written++] = 0x3d;
    column += 4;
    if (column === LINE_LETTERS || left <= 3) {
      out[written++] = 0x0d;
      out[written++] = 0x0a;
      column = 0;
    }
  }
  return out;
}

/** Value of a hexadecimal digit's byte, -1 for others. */
function hexDigit(byte: number | undefined): number {
  if (byte === undefined) return -1;
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const letter = byte | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1;
}

/**
 * Quoted-printable (RFC 2045 §6.7). Strict: every `=` starts two digits or a soft break with CRLF, no white space ends
 * a line, no bare line break, no 8-bit or control byte; else `mime-quoted-printable-invalid`. Not strict: what is no
 * valid sequence stands for itself, white space before a line break goes away.
 */
export function decodeQuotedPrintable(encoded: Uint8Array, strict: boolean): Bytes {
  const out = new Uint8Array(encoded.length);
  let written = 0;
  /** Output length up to the last byte that is not white space of the present line. */
  let kept = 0;
  const bad = (): void => {
    if (strict) throw refused('mime-quoted-printable-invalid');
  };
  for (let i = 0; i < encoded.length; i++) {
    const byte = encoded[i] ?? 0;
    if (byte === 0x3d) {
      const high = hexDigit(encoded[i + 1]);
      const low = hexDigit(encoded[i + 2]);
      if (high >= 0 && low >= 0) {
        out[written++] = (high << 4) | low;
        kept = written;
        i += 2;
        continue;
      }
      const breakLength = softBreak(encoded, i + 1, strict);
      if (breakLength > 0) {
        kept = written;
        i += breakLength;
        continue;
      }
      bad();
      out[written++] = byte;
      kept = written;
    } else if (byte === 0x0a) {
      if (i === 0 || encoded[i - 1] !== 0x0d) bad();
      if (kept !== written) bad();
      written = kept;
      if (i > 0 && encoded[i - 1] === 0x0d) out[written++] = 0x0d;
      out[written++] = 0x0a;
      kept = written;
    } else if (byte === 0x0d) {
      if (encoded[i + 1] === 0x0a) continue;
      bad();
      out[written++] = byte;
    } else {
      const space = byte === 0x20 || byte === 0x09;
      if (!space && (byte < 0x20 || byte > 0x7e)) bad();
      out[written++] = byte;
      if (!space) kept = written;
    }
  }
  if (kept !== written) bad();
  return out.subarray(0, written);
}

/** Length of the line break (with white space before it, unless strict) at `at`; 0 when there is none. */
function softBreak(encoded: Uint8Array, at: number, strict: boolean): number {
  let end = at;
  if (!strict) while (encoded[end] === 0x20 || encoded[end] === 0x09) end++;
  if (encoded[end] === 0x0d && encoded[end + 1] === 0x0a) return end + 2 - at;
  if (!strict && encoded[end] === 0x0a) return end + 1 - at;
  return !strict && end === encoded.length ? end - at : 0;
}
