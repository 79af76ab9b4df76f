/**
 * Content transfer encodings (RFC 2045 §6): strict base64 and quoted-printable, both ways where building needs them.
 *
 * Known gap: quoted-printable is decoded in a loop over bytes. Sealed content never uses it for anything large.
 */
import { utf8, type Bytes } from '../core/bytes.ts';
import { refused } from '../core/error.ts';
import { providedNative } from '../core/native.ts';
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
const LETTERS = Uint8Array.from(ALPHABET, (letter) => letter.charCodeAt(0));
const INVALID = 0xffff;
/** Twelve bits for each pair of letters, at first | second << 8. */
const PAIRS = new Uint16Array(65536).fill(INVALID);
LETTERS.forEach((first, high) => {
  LETTERS.forEach((second, low) => (PAIRS[first | (second << 8)] = (high << 6) | low));
});

/**
 * Base64 (RFC 4648 §4) with white space between: padding must be there, and unused bits zero. Anything else is
 * `mime-base64-invalid`.
 */
export function decodeBase64(encoded: Uint8Array): Bytes {
  const decoded = providedNative()?.decodeBase64(encoded);
  if (decoded !== undefined) return decoded;
  if (native.fromBase64 === undefined) return decodeBase64Loop(encoded);
  try {
    return native.fromBase64(latin1(encoded), { lastChunkHandling: 'strict' });
  } catch (cause) {
    throw refused('mime-base64-invalid', {}, cause);
  }
}

/** For engines without the native method (Node before 25), and what Node's own decoder is not trusted with. They have a JIT. */
function decodeBase64Loop(encoded: Uint8Array): Bytes {
  const out = new Uint8Array(Math.floor((encoded.length * 3) / 4) + 3);
  let written = 0;
  for (let i = 0; ;) {
    // Four letters in a row, the usual case, in one step.
    for (; i + 4 <= encoded.length; i += 4) {
      const high = PAIRS[(encoded[i] ?? 0) | ((encoded[i + 1] ?? 0) << 8)] ?? INVALID;
      const low = PAIRS[(encoded[i + 2] ?? 0) | ((encoded[i + 3] ?? 0) << 8)] ?? INVALID;
      if ((high | low) > 0xfff) break;
      const triple = (high << 12) | low;
      out[written] = triple >> 16;
      out[written + 1] = triple >> 8;
      out[written + 2] = triple;
      written += 3;
    }
    while (isSpace(encoded[i])) i++;
    if (i >= encoded.length) return out.subarray(0, written);
    if (PAIRS[(encoded[i] ?? 0) | ((encoded[i + 1] ?? 0) << 8)] !== INVALID && PAIRS[(encoded[i + 2] ?? 0) | ((encoded[i + 3] ?? 0) << 8)] !== INVALID) continue;
    // Letters with white space between, padding, or garbage.
    const quad: number[] = [];
    for (; quad.length < 4 && i < encoded.length; i++) if (!isSpace(encoded[i])) quad.push(encoded[i] ?? 0);
    const final = decodeQuad(quad);
    out.set(final, written);
    written += final.length;
    if (final.length < 3) {
      while (isSpace(encoded[i])) i++;
      if (i < encoded.length) throw refused('mime-base64-invalid');
    }
  }
}

function isSpace(byte: number | undefined): boolean {
  return byte === 0x20 || (byte !== undefined && byte >= 0x09 && byte <= 0x0d && byte !== 0x0b);
}

/** Four letters, the last one or two of which may be padding. */
function decodeQuad([a = 0, b = 0, c = 0, d = 0]: readonly number[]): number[] {
  const zero = LETTERS[0] ?? 0;
  const length = d !== 0x3d ? 3 : c !== 0x3d ? 2 : 1;
  const high = PAIRS[a | (b << 8)] ?? INVALID;
  const low = PAIRS[(length === 1 ? zero : c) | ((length < 3 ? zero : d) << 8)] ?? INVALID;
  const triple = (high << 12) | low;
  const unused = length === 3 ? 0 : length === 2 ? triple & 0xff : triple & 0xffff;
  if (high === INVALID || low === INVALID || unused !== 0) throw refused('mime-base64-invalid');
  return [triple >> 16, (triple >> 8) & 0xff, triple & 0xff].slice(0, length);
}

/** 57 bytes make a line of 76 letters, the longest that RFC 2045 §6.8 allows. */
const LINE_BYTES = 57;
const LINE_LETTERS = 76;
/** Lines that one chunk of the encoder holds: about 1 MiB of output. */
const CHUNK_LINES = 13_000;
/** Two letters for each twelve bits, in the order of their bytes. */
const LETTER_PAIRS = new Uint16Array(Uint8Array.from({ length: 8192 }, (_, i) => LETTERS[i % 2 === 0 ? i >> 7 : (i >> 1) & 63] ?? 0).buffer);
const LINE_BREAK = new Uint16Array(Uint8Array.of(0x0d, 0x0a).buffer)[0] ?? 0;

/** Base64 in lines of 76 letters with CRLF after each, in chunks of about 1 MiB, so that no second full copy exists. */
export function* encodeBase64Lines(bytes: Uint8Array): Generator<Bytes> {
  const wholeLines = Math.floor(bytes.length / LINE_BYTES);
  for (let line = 0; line < wholeLines; line += CHUNK_LINES) {
    yield encodeLines(bytes, line * LINE_BYTES, Math.min(CHUNK_LINES, wholeLines - line));
  }
  const rest = bytes.subarray(wholeLines * LINE_BYTES);
  if (rest.length > 0) yield utf8(`${btoa(String.fromCharCode(...rest))}\r\n`);
}

/** The size in bytes that {@link encodeBase64Lines} gives for `length` bytes. */
export function base64LinesLength(length: number): number {
  return Math.ceil(length / 3) * 4 + Math.ceil(length / LINE_BYTES) * 2;
}

function encodeLines(bytes: Uint8Array, start: number, lines: number): Bytes {
  const out = new Uint16Array(lines * (LINE_LETTERS / 2 + 1));
  let written = 0;
  let i = start;
  for (let line = 0; line < lines; line++) {
    for (const end = i + LINE_BYTES; i < end; i += 3) {
      const triple = ((bytes[i] ?? 0) << 16) | ((bytes[i + 1] ?? 0) << 8) | (bytes[i + 2] ?? 0);
      out[written] = LETTER_PAIRS[triple >> 12] ?? 0;
      out[written + 1] = LETTER_PAIRS[triple & 0xfff] ?? 0;
      written += 2;
    }
    out[written++] = LINE_BREAK;
  }
  return new Uint8Array(out.buffer);
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
