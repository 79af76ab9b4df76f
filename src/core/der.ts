/**
 * Strict DER (ITU-T X.690 §10, §11): definite minimal lengths, single-byte tags, minimal integers, sorted sets. Anything
 * else throws SsmaxError `der-invalid`. Reading is by structure: a cursor descends only where the caller expects a
 * constructed value, so nesting and length bombs are refused at the first unexpected byte.
 */
import { type Bytes, compare, concat, fromUtf8, utf8 } from './bytes.ts';
import { refused, type SsmaxError } from './error.ts';

export const TAG = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  null: 0x05,
  oid: 0x06,
  enumerated: 0x0a,
  utf8String: 0x0c,
  printableString: 0x13,
  ia5String: 0x16,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
} as const;

/** Context-specific tag [number], constructed unless said otherwise. */
export function contextTag(number: number, constructed = true): number {
  return 0x80 | (constructed ? 0x20 : 0) | number;
}

function invalid(what: string): SsmaxError {
  return refused('der-invalid', { what });
}

/** Largest length accepted: no SSMAX structure reaches 1 GiB. */
const MAX_LENGTH = 2 ** 30;
const MAX_DEPTH = 32;

export interface DerElement {
  readonly tag: number;
  /** The whole element, header included. */
  readonly full: Bytes;
  readonly content: Bytes;
}

/** Reads DER elements of one byte range in order. */
export class DerCursor {
  private offset = 0;

  private constructor(
    private readonly bytes: Bytes,
    private readonly depth: number,
  ) {}

  /** A cursor over a whole byte string, which must hold exactly the elements that the caller reads, then `end()`. */
  static over(bytes: Bytes): DerCursor {
    return new DerCursor(bytes, 0);
  }

  get done(): boolean {
    return this.offset >= this.bytes.length;
  }

  /** The next element's tag byte, or undefined at the end. */
  peek(): number | undefined {
    return this.bytes[this.offset];
  }

  /** Bytes not yet read. */
  get remaining(): number {
    return this.bytes.length - this.offset;
  }

  /** Reads the next element, whatever it is; `tag`, if given, must match. */
  element(tag?: number): DerElement {
    const { bytes } = this;
    const start = this.offset;
    const found = bytes[start];
    if (found === undefined) throw invalid('truncated');
    if ((found & 0x1f) === 0x1f) throw invalid('multi-byte tag');
    if (tag !== undefined && found !== tag) throw invalid(`tag ${found.toString(16)} where ${tag.toString(16)} is due`);
    const { length, next } = this.length(start + 1);
    if (length > bytes.length - next) throw invalid('length beyond the end');
    this.offset = next + length;
    return { tag: found, full: bytes.subarray(start, this.offset), content: bytes.subarray(next, this.offset) };
  }

  private length(at: number): { length: number; next: number } {
    const first = this.bytes[at];
    if (first === undefined) throw invalid('truncated');
    if (first < 0x80) return { length: first, next: at + 1 };
    const count = first & 0x7f;
    if (count === 0 || count > 4) throw invalid('indefinite or oversized length');
    let length = 0;
    for (let i = 1; i <= count; i++) {
      const byte = this.bytes[at + i];
      if (byte === undefined) throw invalid('truncated');
      length = length * 256 + byte;
    }
    if (length < 0x80 || length < 256 ** (count - 1)) throw invalid('length not minimal');
    if (length > MAX_LENGTH) throw invalid('too long');
    return { length, next: at + 1 + count };
  }

  /** Descends into a constructed element. */
  enter(tag: number = TAG.sequence): DerCursor {
    if (this.depth >= MAX_DEPTH) throw invalid('nested too deeply');
    return new DerCursor(this.element(tag).content, this.depth + 1);
  }

  /** Descends if the next tag is `tag`, else undefined. */
  enterOptional(tag: number): DerCursor | undefined {
    return this.peek() === tag ? this.enter(tag) : undefined;
  }

  /** A non-negative INTEGER (or, with another tag, ENUMERATED). */
  integer(tag: number = TAG.integer): bigint {
    const { content } = this.element(tag);
    const [first, second] = content;
    if (first === undefined || first >= 0x80) throw invalid('empty or negative integer');
    if (first === 0 && second !== undefined && second < 0x80) throw invalid('integer not minimal');
    if (content.length > 64) throw invalid('integer too long');
    let value = 0n;
    for (const byte of content) value = (value << 8n) | BigInt(byte);
    return value;
  }

  /** A non-negative INTEGER (or ENUMERATED) below 2^31. */
  small(tag: number = TAG.integer): number {
    const value = this.integer(tag);
    if (value > 0x7fffffffn) throw invalid('integer too large');
    return Number(value);
  }

  boolean(): boolean {
    const { content } = this.element(TAG.boolean);
    if (content.length !== 1 || (content[0] !== 0 && content[0] !== 0xff)) throw invalid('boolean');
    return content[0] === 0xff;
  }

  /** An OCTET STRING (or another primitive by tag), of exactly `length` bytes if given. */
  octets(length?: number, tag: number = TAG.octetString): Bytes {
    const { content } = this.element(tag);
    if (length !== undefined && content.length !== length) throw invalid(`${length} bytes are due`);
    return content;
  }

  /** An OBJECT IDENTIFIER in dotted form. */
  oid(): string {
    return decodeOid(this.element(TAG.oid).content);
  }

  /** A UTF8String without control characters. */
  text(maximum = 1024): string {
    const { content } = this.element(TAG.utf8String);
    if (content.length > maximum) throw invalid('text too long');
    let text;
    try {
      text = fromUtf8(content);
    } catch {
      throw invalid('not UTF-8');
    }
    // eslint-disable-next-line no-control-regex -- control characters are what is looked for
    if (/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/.test(text)) throw invalid('control character in text');
    return text;
  }

  /** An IA5String of printable ASCII. */
  ascii(maximum = 320): string {
    const { content } = this.element(TAG.ia5String);
    if (content.length > maximum) throw invalid('string too long');
    for (const byte of content) if (byte < 0x20 || byte > 0x7e) throw invalid('not printable ASCII');
    return String.fromCharCode(...content);
  }

  /** A GeneralizedTime `YYYYMMDDHHMMSSZ`: to the second, no fraction. */
  generalizedTime(): Date {
    return instant(/^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/, this.element(TAG.generalizedTime).content);
  }

  /** A time in the one form that RFC 5280 §4.1.2.5 and RFC 5652 §11.3 allow for its year: UTCTime for 1950 to 2049, else GeneralizedTime. */
  rfc5280Time(): Date {
    if (this.peek() === TAG.utcTime) return instant(/^(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/, this.element(TAG.utcTime).content);
    const time = this.generalizedTime();
    if (isUtcTimeYear(time.getUTCFullYear())) throw invalid('time');
    return time;
  }

  /** Reads elements to the end with `read`, at most `maximum`. */
  list<T>(read: (cursor: DerCursor) => T, maximum: number): T[] {
    const out: T[] = [];
    while (!this.done) {
      if (out.length >= maximum) throw invalid('too many elements');
      out.push(read(this));
    }
    return out;
  }

  /** As `list`, for a SET OF: elements must stand in DER order, without repetition. */
  setList<T>(read: (cursor: DerCursor, element: DerElement) => T, maximum: number): T[] {
    let previous: Bytes | undefined;
    return this.list((cursor) => {
      const element = cursor.element();
      if (previous !== undefined && compare(previous, element.full) >= 0) throw invalid('set not sorted');
      previous = element.full;
      return read(new DerCursor(element.full, this.depth + 1), element);
    }, maximum);
  }

  /** Refuses anything left over. */
  end(): void {
    if (!this.done) throw invalid('trailing bytes');
  }
}

/** Reads one structure that must fill `bytes`. */
export function readDer<T>(bytes: Bytes, read: (cursor: DerCursor) => T): T {
  const cursor = DerCursor.over(bytes);
  const value = read(cursor);
  cursor.end();
  return value;
}

/** Reads one SEQUENCE (or other constructed value) that must be read to its end. */
export function readSequence<T>(cursor: DerCursor, read: (inner: DerCursor) => T, tag: number = TAG.sequence): T {
  const inner = cursor.enter(tag);
  const value = read(inner);
  inner.end();
  return value;
}

/** Tag and length bytes for `length` content bytes. */
export function header(tag: number, length: number): Bytes {
  if (length < 0x80) return Uint8Array.of(tag, length);
  const bytes: number[] = [];
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) bytes.unshift(rest % 256);
  return Uint8Array.of(tag, 0x80 | bytes.length, ...bytes);
}

/** One element with the given contents, in pieces: big contents are framed, however deep, without copying them each time. */
export function framed(tag: number, ...contents: readonly Uint8Array[]): readonly Uint8Array[] {
  let length = 0;
  for (const content of contents) length += content.length;
  return [header(tag, length), ...contents];
}

/** One element with the given contents. */
export function tlv(tag: number, ...contents: readonly Uint8Array[]): Bytes {
  return concat(...framed(tag, ...contents));
}

export function sequence(...elements: readonly Uint8Array[]): Bytes {
  return tlv(TAG.sequence, ...elements);
}

/** SET OF: sorts its elements (X.690 §11.6). */
export function setOf(...elements: readonly Uint8Array[]): Bytes {
  return tlv(TAG.set, ...[...elements].sort(compare));
}

/** A non-negative INTEGER (or ENUMERATED by tag). */
export function integer(value: number | bigint, tag: number = TAG.integer): Bytes {
  let rest = BigInt(value);
  if (rest < 0n) throw new RangeError('negative');
  const bytes: number[] = [];
  do {
    bytes.unshift(Number(rest & 0xffn));
    rest >>= 8n;
  } while (rest > 0n);
  if ((bytes[0] ?? 0) >= 0x80) bytes.unshift(0);
  return tlv(tag, Uint8Array.from(bytes));
}

export function boolean(value: boolean): Bytes {
  return Uint8Array.of(TAG.boolean, 1, value ? 0xff : 0);
}

export function octetString(...contents: readonly Uint8Array[]): Bytes {
  return tlv(TAG.octetString, ...contents);
}

export function utf8String(text: string): Bytes {
  return tlv(TAG.utf8String, utf8(text));
}

export function ia5String(text: string): Bytes {
  if (!/^[\x20-\x7e]*$/.test(text)) throw refused('address-not-ascii');
  return tlv(TAG.ia5String, utf8(text));
}

/** Whether RFC 5280 §4.1.2.5 writes this year as UTCTime. */
export function isUtcTimeYear(year: number): boolean {
  return year >= 1950 && year < 2050;
}

/** `form` has six groups of digits: year (two or four), month, day, hour, minute, second. */
function instant(form: RegExp, content: Bytes): Date {
  const match = content.length > 15 ? null : form.exec(String.fromCharCode(...content));
  if (match === null) throw invalid('time');
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match.slice(1).map(Number);
  const date = new Date(0);
  date.setUTCFullYear(match[1]?.length === 4 ? year : year < 50 ? 2000 + year : 1900 + year, month - 1, day); // Date.UTC would read year 50 as 1950
  date.setUTCHours(hour, minute, second);
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day || hour > 23 || minute > 59 || second > 59) throw invalid('time');
  return date;
}

/** GeneralizedTime to the second. */
export function generalizedTime(date: Date): Bytes {
  return tlv(TAG.generalizedTime, utf8(`${date.toISOString().slice(0, 19).replace(/[-:T]/g, '')}Z`));
}

/** UTCTime until 2049, GeneralizedTime from then on (RFC 5280 §4.1.2.5, RFC 5652 §11.3). */
export function rfc5280Time(date: Date): Bytes {
  const year = date.getUTCFullYear();
  if (!isUtcTimeYear(year)) return generalizedTime(date);
  return tlv(TAG.utcTime, utf8(`${date.toISOString().slice(2, 19).replace(/[-:T]/g, '')}Z`));
}

/** An OBJECT IDENTIFIER from its dotted form; arcs of any size (2.25 arcs are 128 bits). */
export function oid(dotted: string): Bytes {
  const [first = 0n, second = 0n, ...rest] = dotted.split('.').map(BigInt);
  const bytes: number[] = [];
  for (const arc of [first * 40n + second, ...rest]) {
    const groups: number[] = [];
    let value = arc;
    do {
      groups.unshift(Number(value & 0x7fn) | (groups.length > 0 ? 0x80 : 0));
      value >>= 7n;
    } while (value > 0n);
    bytes.push(...groups);
  }
  return tlv(TAG.oid, Uint8Array.from(bytes));
}

function decodeOid(content: Bytes): string {
  if (content.length === 0 || content.length > 64) throw invalid('object identifier');
  const arcs: bigint[] = [];
  let value = 0n;
  let fresh = true;
  for (const byte of content) {
    if (fresh && byte === 0x80) throw invalid('object identifier not minimal');
    value = (value << 7n) | BigInt(byte & 0x7f);
    fresh = (byte & 0x80) === 0;
    if (fresh) {
      arcs.push(value);
      value = 0n;
    }
  }
  if (!fresh) throw invalid('object identifier truncated');
  const [head = 0n, ...rest] = arcs;
  const first = head < 40n ? 0n : head < 80n ? 1n : 2n;
  return [first, head - first * 40n, ...rest].join('.');
}
