/**
 * Structured MIME field values: `type/subtype; name=value…` (RFC 2045 §5.1) with RFC 2231's extended and continued
 * parameters, both ways.
 *
 * `sealed` refuses every deviation (`mime-parameter-invalid`, `mime-parameter-repeated`); `outer` notes it as a defect
 * and reads on as most mail programs do: comments are skipped, the first of repeated parameters counts, unquoted values
 * run to the next semicolon.
 *
 * Known gap: language tags of RFC 2231 are dropped.
 */
import { fromUtf8, utf8 } from '../core/bytes.ts';
import { refused } from '../core/error.ts';
import { assertNoControls, charsetDecoder, decodeWords } from './encoded-word.ts';
import type { Level } from './header.ts';

export interface Structured {
  /** What stands before the first semicolon, lower case. */
  readonly value: string;
  /** Names in lower case; continued and extended parameters under their plain name, decoded. */
  readonly params: ReadonlyMap<string, string>;
}

/** Refuses at the sealed level, remembers at the outer one. */
export type Note = (code: string) => void;

/** Most parameters of one field. */
const MAX_PARAMETERS = 64;

const COMMENT_OR_SPACE = /(?:[ \t]|\((?:[^()\\]|\\.)*\))+/y;
const VALUE = /[^\s;()"]+/y;
const SEPARATOR = /;/y;
const NAME = /([!#$%&'*+\-.0-9A-Z^_`a-z{|}~]+)[ \t]*=/y;
const QUOTED = /"((?:[^"\\]|\\.)*)"/y;
const TOKEN = /[!#$%&'*+\-.0-9A-Z^_`a-z{|}~]+/y;
const LOOSE = /[^;]*/y;

/** Parses an unfolded field value. */
export function parseStructured(text: string, level: Level, note: Note): Structured {
  let at = 0;
  const match = (pattern: RegExp): RegExpExecArray | undefined => {
    pattern.lastIndex = at;
    const found = pattern.exec(text);
    if (found === null) return undefined;
    at += found[0].length;
    return found;
  };
  const skip = (): void => {
    if (match(COMMENT_OR_SPACE)?.[0].includes('(') === true) note('mime-parameter-invalid');
  };
  skip();
  const value = (match(VALUE)?.[0] ?? '').toLowerCase();
  const raw = new Map<string, string>();
  skip();
  while (at < text.length) {
    if (match(SEPARATOR) === undefined) {
      note('mime-parameter-invalid');
      match(LOOSE);
      continue;
    }
    skip();
    const name = match(NAME)?.[1]?.toLowerCase();
    if (name === undefined) {
      // A semicolon at the end is common and harmless, yet not in the grammar.
      note('mime-parameter-invalid');
      match(LOOSE);
      continue;
    }
    skip();
    const quoted = match(QUOTED)?.[1];
    const content = quoted?.replace(/\\(.)/gs, '$1') ?? looseValue();
    skip();
    if (raw.has(name)) note(name === 'boundary' ? 'mime-boundary-repeated' : 'mime-parameter-repeated');
    else raw.set(name, content);
    if (raw.size > MAX_PARAMETERS) throw refused('header-too-large', { limit: MAX_PARAMETERS });
  }
  return { value, params: decodeParameters(raw, level, note) };

  function looseValue(): string {
    const token = match(TOKEN)?.[0] ?? '';
    skip();
    if (token !== '' && (at >= text.length || text[at] === ';')) return token;
    note('mime-parameter-invalid');
    return (token + (match(LOOSE)?.[0] ?? '')).trim();
  }
}

/** One piece of a parameter in RFC 2231's notation: name*, name*0, name*0*. */
const EXTENDED = /^([^*]+)(?:\*(\d{1,3}))?(\*)?$/;

function decodeParameters(raw: ReadonlyMap<string, string>, level: Level, note: Note): Map<string, string> {
  const out = new Map<string, string>();
  const pieces = new Map<string, { index: number; value: string; extended: boolean }[]>();
  for (const [name, value] of raw) {
    const [, base, index, star] = EXTENDED.exec(name) ?? [];
    if (base === undefined || (index === undefined && star === undefined)) {
      // RFC 2047 §5 forbids encoded words in parameters; the world uses them all the same.
      out.set(name, level === 'outer' ? decodeWords(value) : value);
      continue;
    }
    const list = pieces.get(base) ?? [];
    list.push({ index: Number(index ?? '0'), value, extended: star !== undefined });
    pieces.set(base, list);
  }
  for (const [base, list] of pieces) {
    if (out.has(base)) note('mime-parameter-repeated');
    list.sort((a, b) => a.index - b.index);
    if (list.some((piece, i) => piece.index !== i)) note('mime-parameter-invalid');
    else {
      const decoded = joinPieces(list, note);
      if (decoded !== undefined) out.set(base, decoded);
    }
  }
  return out;
}

function joinPieces(list: readonly { value: string; extended: boolean }[], note: Note): string | undefined {
  const first = list[0];
  if (first === undefined) return undefined;
  if (!first.extended) {
    if (list.some((piece) => piece.extended)) note('mime-parameter-invalid');
    return list.map((piece) => piece.value).join('');
  }
  const [, charset, start] = /^([^']*)'[^']*'(.*)$/s.exec(first.value) ?? [];
  if (charset === undefined || start === undefined) {
    note('mime-parameter-invalid');
    return undefined;
  }
  const letters = list.map((piece, i) => {
    const text = i === 0 ? start : piece.value;
    if (!piece.extended) return text;
    if (/%(?![0-9a-fA-F]{2})/.test(text)) note('mime-parameter-invalid');
    return text.replace(/%([0-9a-fA-F]{2})/g, (_, pair: string) => String.fromCharCode(Number.parseInt(pair, 16)));
  });
  const bytes = Uint8Array.from(letters.join(''), (c) => c.charCodeAt(0));
  try {
    const decoded = charset === '' ? fromUtf8(bytes) : charsetDecoder(charset, true)?.decode(bytes);
    if (decoded !== undefined) return decoded;
  } catch {
    // Falls through: the same defect as an unknown charset.
  }
  note('mime-parameter-invalid');
  return undefined;
}

/** Percent-encoded letters in one continuation, so that each line stays below 78. */
const PIECE = 48;

/**
 * One parameter as `name=value`, or as RFC 2231 pieces (`name*0*=…`) where the value is not short printable ASCII.
 * Control characters are refused (`header-injection`).
 */
function formatParameter(name: string, value: string): string[] {
  assertNoControls(value, name);
  if (/^[A-Za-z0-9._-]{1,60}$/.test(value) && name !== 'boundary') return [`${name}=${value}`];
  if (/^[\x21-\x7e]+(?: [\x21-\x7e]+)*$/.test(value) && value.length <= 60 && !value.includes('=?')) {
    return [`${name}="${value.replace(/["\\]/g, '\\$&')}"`];
  }
  const pieces: string[] = [];
  let piece = "utf-8''";
  for (const letter of value) {
    let encoded = '';
    for (const byte of utf8(letter)) {
      const plain = /[A-Za-z0-9._-]/.test(String.fromCharCode(byte));
      encoded += plain ? String.fromCharCode(byte) : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
    }
    if (piece.length + encoded.length > PIECE) {
      pieces.push(piece);
      piece = '';
    }
    piece += encoded;
  }
  pieces.push(piece);
  if (pieces.length === 1) return [`${name}*=${piece}`];
  return pieces.map((text, i) => `${name}*${i}*=${text}`);
}

/** A structured value with its parameters; {@link import('./header.ts').formatField} folds it. */
export function formatStructured(value: string, params: readonly (readonly [name: string, value: string])[]): string {
  return [value, ...params.flatMap(([name, content]) => formatParameter(name, content))].join('; ');
}
