/**
 * Text in header fields: encoded words (RFC 2047), both ways, and the charsets that mail uses (WHATWG Encoding, so
 * ISO-2022-JP, Shift_JIS and EUC-JP are in).
 *
 * Known gaps: RFC 2231 §5 language tags in encoded words are read and dropped. UTF-7 and ISO-2022-KR are unknown
 * charsets, on purpose: they hide ASCII.
 */
import { concat, utf8, type Bytes } from '../core/bytes.ts';
import { refused } from '../core/error.ts';

/** A decoder for a MIME charset name, or undefined where the name is unknown. */
export function charsetDecoder(charset: string, fatal: boolean): TextDecoder | undefined {
  try {
    // RFC 2046's us-ascii would be read as windows-1252, which gives C1 controls and quotes for 8-bit bytes; UTF-8 is
    // its other superset, and mislabelled UTF-8 is what occurs.
    const label = /^(?:us-)?ascii$/i.test(charset) ? 'utf-8' : charset;
    return new TextDecoder(label, { fatal });
  } catch {
    return undefined;
  }
}

const WORD = /=\?([^?\s*]{1,64})(?:\*[^?\s]{0,32})?\?([bqBQ])\?([^?\s]*)\?=/g;

interface Word {
  readonly charset: string;
  readonly bytes: Bytes;
}

/**
 * Decodes the encoded words in an unfolded field value. What is no valid encoded word stays as it is. Control
 * characters that come out (line breaks among them) become spaces: nothing decoded may look like structure.
 */
export function decodeWords(value: string): string {
  if (!value.includes('=?')) return value;
  let out = '';
  let end = 0;
  let run: Word[] = [];
  const flush = (): void => {
    out += decodeRun(run);
    run = [];
  };
  for (const match of value.matchAll(WORD)) {
    const between = value.slice(end, match.index);
    const word = readWord(match);
    if (word === undefined) continue;
    // White space between two encoded words is not part of the text (RFC 2047 §6.2).
    if (run.length > 0 && between.trim() === '') {
      if (run[0]?.charset !== word.charset) flush();
    } else {
      flush();
      out += between;
    }
    run.push(word);
    end = match.index + match[0].length;
  }
  flush();
  return (out + value.slice(end)).replace(CONTROLS, ' ');
}

// eslint-disable-next-line no-control-regex -- control characters are what this finds
const CONTROLS = /[\u0000-\u0008\u000a-\u001f\u007f-\u009f\u2028\u2029]/g;

function readWord(match: RegExpMatchArray): Word | undefined {
  const charset = (match[1] ?? '').toLowerCase();
  const text = match[3] ?? '';
  if (charsetDecoder(charset, false) === undefined) return undefined;
  const binary = (match[2] ?? '').toLowerCase() === 'b' ? fromBase64(text) : fromQ(text);
  return binary === undefined ? undefined : { charset, bytes: Uint8Array.from(binary, (c) => c.charCodeAt(0)) };
}

function fromBase64(text: string): string | undefined {
  // Padding is often wrong in the wild; a letter too many holds no whole byte.
  const letters = text.replaceAll('=', '');
  try {
    return atob(letters.length % 4 === 1 ? letters.slice(0, -1) : letters);
  } catch {
    return undefined;
  }
}

function fromQ(text: string): string | undefined {
  if (/[^\x21-\x7e]/.test(text)) return undefined;
  return text.replaceAll('_', ' ').replace(/=([0-9a-fA-F]{2})/g, (_, pair: string) => String.fromCharCode(Number.parseInt(pair, 16)));
}

/**
 * Decodes neighbours of one charset. Each word should be whole (RFC 2047 §5), and ISO-2022-JP must be decoded so; but
 * some programs cut UTF-8 letters in two, so words that fail alone are decoded together.
 */
function decodeRun(run: readonly Word[]): string {
  const charset = run[0]?.charset;
  if (charset === undefined) return '';
  try {
    return run.map((word) => charsetDecoder(charset, true)?.decode(word.bytes) ?? '').join('');
  } catch {
    return charsetDecoder(charset, false)?.decode(concat(...run.map((word) => word.bytes))) ?? '';
  }
}

/** A word's letters of UTF-8: 45 bytes make 60 of base64, with `=?utf-8?B?` and `?=` 72 (limit 75). */
const WORD_BYTES = 45;

/** Text as encoded words, UTF-8 and base64, one space between; no letter is cut in two (RFC 2047 §5). */
export function encodeWords(text: string): string {
  const words: string[] = [];
  let piece = '';
  let size = 0;
  const flush = (): void => {
    if (piece !== '') words.push(`=?utf-8?B?${btoa(String.fromCharCode(...utf8(piece)))}?=`);
    piece = '';
    size = 0;
  };
  for (const letter of text) {
    const length = utf8(letter).length;
    if (size + length > WORD_BYTES) flush();
    piece += letter;
    size += length;
  }
  flush();
  return words.join(' ');
}

/** Refuses (`header-injection`) control characters in a text meant for a header field. */
export function assertNoControls(text: string, field: string): void {
  // eslint-disable-next-line no-control-regex -- control characters are what this refuses
  if (/[\u0000-\u0008\u000a-\u001f\u007f]/.test(text)) throw refused('header-injection', { field });
}
