/**
 * Header blocks: RFC 5322 §2.2 and §3.6, read from bytes and written as ASCII.
 *
 * Two levels. `sealed` is for content that our own programs made: every deviation is refused. `outer` is for mail as
 * the world sends it: what can be read in one way only is read, what is harmless is noted in `defects`, and the rest is
 * refused at both levels.
 *
 * | | sealed | outer |
 * |---|---|---|
 * | bare LF | `header-malformed` | read as a line break |
 * | bare CR, NUL, other control character | `header-malformed` | `header-malformed` |
 * | letters outside ASCII | `header-malformed` | UTF-8, else windows-1252 (RFC 6532 and older habits) |
 * | folded line of white space only, space before the colon | `header-malformed` | read (RFC 5322 §4) |
 * | line without a colon, or a continuation first | `header-malformed` | `header-malformed` |
 * | mbox's `From ` line before the first field | `header-malformed` | skipped |
 * | more fields or bytes than the limits | `header-too-large` | `header-too-large` |
 *
 * Known gaps: line length (998) is not enforced in reading.
 */
import { refused } from '../core/error.ts';
import { assertNoControls, decodeWords, encodeWords } from './encoded-word.ts';
import { BARE_LINE_BREAK, latin1 } from './latin1.ts';

export type Level = 'sealed' | 'outer';

/** Bytes and fields that one header block may have. */
const MAX_HEADER_BYTES = 256 * 1024;
const MAX_FIELDS = 1000;

interface HeaderField {
  /** As written. Compare with {@link Headers} methods, which ignore case. */
  readonly name: string;
  /** Unfolded, trimmed, encoded words not decoded. */
  readonly value: string;
  /** Where the field stands in the bytes parsed: first byte, and the one after its last line break. */
  readonly start: number;
  readonly end: number;
}

export class Headers {
  constructor(readonly fields: readonly HeaderField[]) {}

  /** Values of all fields of that name, in order. */
  all(name: string): string[] {
    const wanted = name.toLowerCase();
    return this.fields.filter((field) => field.name.toLowerCase() === wanted).map((field) => field.value);
  }

  /** The value of the only field of that name; undefined when absent, `header-duplicate` when there are several. */
  single(name: string): string | undefined {
    const values = this.all(name);
    if (values.length > 1) throw refused('header-duplicate', { field: name.toLowerCase() });
    return values[0];
  }

  /** Like {@link single}, with encoded words decoded. */
  text(name: string): string | undefined {
    const value = this.single(name);
    return value === undefined ? undefined : decodeWords(value);
  }
}

interface HeaderBlock {
  readonly headers: Headers;
  /** Where the body begins: behind the empty line. */
  readonly bodyStart: number;
  /** False where the bytes end before an empty line. */
  readonly terminated: boolean;
}

const EMPTY_LINE = /\n(?:\r?\n)/;
const NAME = /^([\x21-\x39\x3b-\x7e]+)([ \t]*):/;
// eslint-disable-next-line no-control-regex -- control characters are what this finds
const CONTROL = /[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]/;

/** Parses the header block of the entity in bytes[start, end). */
export function parseHeaders(bytes: Uint8Array, level: Level, start = 0, end = bytes.length): HeaderBlock {
  const { text, bodyStart, terminated } = headerText(bytes, start, end);
  if (CONTROL.test(text) || /\r(?!\n)/.test(text)) throw refused('header-malformed', { reason: 'control-character' });
  if (level === 'sealed') {
    if (BARE_LINE_BREAK.test(text)) throw refused('header-malformed', { reason: 'line-break' });
    // eslint-disable-next-line no-control-regex -- 8-bit letters are what this refuses
    if (/[^\x00-\x7f]/.test(text)) throw refused('header-malformed', { reason: 'not-ascii' });
    if (!terminated) throw refused('header-malformed', { reason: 'unterminated' });
  }
  const fields: HeaderField[] = [];
  let at = 0;
  if (level === 'outer' && /^>?From /.test(text)) at = lineEnd(text, 0);
  while (at < text.length) {
    const fieldEnd = endOfField(text, at);
    fields.push(parseField(bytes, text, level, start, at, fieldEnd));
    if (fields.length > MAX_FIELDS) throw refused('header-too-large', { limit: MAX_FIELDS });
    at = fieldEnd;
  }
  return { headers: new Headers(fields), bodyStart, terminated };
}

/** The block's lines without the empty one, one code unit a byte. Looks at growing windows: most blocks are small. */
function headerText(bytes: Uint8Array, start: number, end: number): { text: string; bodyStart: number; terminated: boolean } {
  for (let size = 4096; ; size *= 8) {
    const limit = Math.min(end, start + Math.min(size, MAX_HEADER_BYTES));
    const text = latin1(bytes, start, limit);
    const atOnce = /^\r?\n/.exec(text);
    if (atOnce !== null) return { text: '', bodyStart: start + atOnce[0].length, terminated: true };
    const found = EMPTY_LINE.exec(text);
    if (found !== null) {
      return { text: text.slice(0, found.index + 1), bodyStart: start + found.index + found[0].length, terminated: true };
    }
    if (limit === end) return { text, bodyStart: end, terminated: false };
    if (limit === start + MAX_HEADER_BYTES) throw refused('header-too-large', { limit: MAX_HEADER_BYTES });
  }
}

function lineEnd(text: string, from: number): number {
  const at = text.indexOf('\n', from);
  return at === -1 ? text.length : at + 1;
}

function endOfField(text: string, from: number): number {
  let end = lineEnd(text, from);
  while (text[end] === ' ' || text[end] === '\t') end = lineEnd(text, end);
  return end;
}

function parseField(bytes: Uint8Array, text: string, level: Level, base: number, from: number, to: number): HeaderField {
  const raw = text.slice(from, to);
  const head = NAME.exec(raw);
  const name = head?.[1];
  if (head === null || name === undefined) throw refused('header-malformed', { reason: 'field' });
  if (level === 'sealed' && (head[2] !== '' || /\n[ \t]+\r\n/.test(raw))) throw refused('header-malformed', { reason: 'obsolete' });
  let body = raw.slice(head[0].length);
  // eslint-disable-next-line no-control-regex -- 8-bit letters are what this finds
  if (/[^\x00-\x7f]/.test(body)) body = decodeEightBit(bytes.subarray(base + from + head[0].length, base + to));
  return { name, value: trimBlanks(body.replace(/\r?\n/g, '')), start: base + from, end: base + to };
}

/** Trims spaces and tabs only: String.trim would also take letters such as U+3000. */
function trimBlanks(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && (text[start] === ' ' || text[start] === '\t')) start++;
  while (end > start && (text[end - 1] === ' ' || text[end - 1] === '\t')) end--;
  return text.slice(start, end);
}

function decodeEightBit(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return latin1(bytes);
  }
}

/** Longest line that RFC 5322 §2.1.1 recommends, without CRLF. */
const LINE = 78;
/** Longest word that is left as it is; longer ones would make lines beyond 998. */
const LONGEST_WORD = 900;

/**
 * One field with its CRLF, folded before single spaces. `value` is ASCII that is already in its field's syntax; control
 * characters in it are refused (`header-injection`).
 */
export function formatField(name: string, value: string): string {
  if (!/^[\x21-\x39\x3b-\x7e]+$/.test(name)) throw refused('header-injection', { field: 'name' });
  if (!/^[\x20-\x7e\t]*$/.test(value)) throw refused('header-injection', { field: name });
  let out = '';
  let line = `${name}:`;
  for (const word of value.split(/(?<=[^ \t]) (?=[^ \t])/)) {
    if (line.length + 1 + word.length > LINE && line !== `${name}:`) {
      out += `${line}\r\n`;
      line = '';
    }
    line += ` ${word}`;
  }
  return `${out}${line}\r\n`;
}

/** Free text (RFC 5322 §2.2.1) as a field value: encoded words where ASCII would not come back unchanged. */
export function formatText(text: string, field: string): string {
  assertNoControls(text, field);
  if (text === '') return '';
  const plain = /^[\x21-\x7e]+(?: [\x21-\x7e]+)*$/.test(text) && !text.includes('=?') && text.split(' ').every((word) => word.length <= LONGEST_WORD);
  return plain ? text : encodeWords(text);
}

const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** A date-time in UTC (RFC 5322 §3.3), whole seconds. */
export function formatDate(date: Date): string {
  const two = (n: number): string => n.toString().padStart(2, '0');
  const day = `${DAYS[date.getUTCDay()] ?? ''}, ${two(date.getUTCDate())} ${MONTHS[date.getUTCMonth()] ?? ''} ${date.getUTCFullYear().toString().padStart(4, '0')}`;
  return `${day} ${two(date.getUTCHours())}:${two(date.getUTCMinutes())}:${two(date.getUTCSeconds())} +0000`;
}

const DATE = /^(?:[A-Z][a-z]{2},)?[ \t]*(\d{1,2})[ \t]+([A-Z][a-z]{2})[ \t]+(\d{4})[ \t]+(\d{2}):(\d{2})(?::(\d{2}))?[ \t]+([+-])(\d{2})(\d{2})/;

/** A date-time as RFC 5322 §3.3 writes it; undefined for anything else (obsolete zones and two-digit years included). */
export function parseDate(value: string): Date | undefined {
  const [, day, monthName, year, hour, minute, second = '0', sign, zoneHour, zoneMinute] = DATE.exec(value) ?? [];
  const month = MONTHS.indexOf(monthName ?? '');
  if (month === -1) return undefined;
  const zone = (Number(zoneHour) * 60 + Number(zoneMinute)) * (sign === '-' ? -1 : 1);
  const time = Date.UTC(Number(year), month, Number(day), Number(hour), Number(minute) - zone, Number(second));
  return Number.isNaN(time) ? undefined : new Date(time);
}
