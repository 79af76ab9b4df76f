/**
 * MIME entities: RFC 2045, 2046, 2183, 2231. One parser for the inspection server and the plugin, so that what one of
 * them sees the other sees too; where two readings are possible, sealed content is refused.
 *
 * Levels (see header.ts too). `sealed` is content inside a seal, made by build.ts or to its rules. `outer` is mail as it
 * travels, read to find From, the carrier and the text that an outsider wrote; deviations are kept in `defects`.
 *
 * Refused at the sealed level, noted at the outer one:
 * - `header-duplicate`: a repeated Content-* or MIME-Version field; at the root also From, To, Cc, Reply-To, Subject, Date
 * - `mime-parameter-invalid`, `mime-parameter-repeated`, `mime-boundary-repeated`: see parameters.ts
 * - `mime-type-invalid`: no type/subtype; message/partial, message/external-body; a multipart other than mixed,
 *   alternative and related
 * - `mime-encoding-unknown`; `mime-encoding-composite` (a multipart in base64 or quoted-printable)
 * - `mime-boundary-missing`, `mime-boundary-invalid` (RFC 2046 §5.1.1), `mime-boundary-reused` (as an ancestor's)
 * - `mime-boundary-ambiguous`: a line that begins with a delimiter but goes on otherwise
 * - `mime-unclosed`, `mime-surplus` (preamble, epilogue), `mime-part-empty`
 * - `mime-charset-unknown`, `mime-filename-ambiguous`
 * - `mime-body-invalid`: bare CR or LF in 7bit, 8bit; NUL in them; 8-bit bytes in 7bit
 * - `mime-base64-invalid`, `mime-quoted-printable-invalid` (at the outer level thrown by `body()`)
 *
 * Refused at both levels: `mime-too-deep`, `mime-too-many-parts`, `mail-too-large`, and what header.ts says.
 *
 * Time is linear in the size, times the depth (limited). Bodies are views of the input; `body()` decodes when asked.
 *
 * Known gaps: message/rfc822 is a leaf. No check that an 8-bit or binary part stands in a multipart that says so.
 */
import type { Bytes } from '../core/bytes.ts';
import { refused } from '../core/error.ts';
import { charsetDecoder } from './encoded-word.ts';
import { parseHeaders, type Headers, type Level } from './header.ts';
import { BARE_LINE_BREAK, latin1 } from './latin1.ts';
import { parseStructured, type Note, type Structured } from './parameters.ts';
import { lineStarts } from './scan.ts';
import { decodeBase64, decodeQuotedPrintable, transferEncoding, type TransferEncoding } from './transfer.ts';

export interface Limits {
  /** Multiparts in one another. */
  readonly depth: number;
  /** Entities altogether. */
  readonly parts: number;
  /** Size of the whole, bytes. */
  readonly bytes: number;
}

export const DEFAULT_LIMITS: Limits = { depth: 12, parts: 1000, bytes: 64 * 1024 * 1024 };

export interface Entity {
  readonly headers: Headers;
  /** `type/subtype`, lower case. */
  readonly type: string;
  readonly params: ReadonlyMap<string, string>;
  readonly disposition: Structured | undefined;
  /** Decoded name as its sender gave it: may hold path separators. */
  readonly filename: string | undefined;
  /** Without angle brackets. */
  readonly contentId: string | undefined;
  readonly encoding: TransferEncoding;
  /** Parts of a multipart; empty for a leaf. */
  readonly children: readonly Entity[];
  /** The body as it stands, a view of the input. */
  readonly rawBody: Bytes;
  /** The body decoded (a view where nothing is encoded). */
  body(): Bytes;
  /** Codes of what was noted in this entity and its parts (outer level only). */
  readonly defects: readonly string[];
}

interface Context {
  readonly bytes: Bytes;
  readonly level: Level;
  readonly limits: Limits;
  parts: number;
}

/** Parses the entity or mail that `bytes` are. */
export function parseMime(bytes: Bytes, level: Level, limits: Limits = DEFAULT_LIMITS): Entity {
  if (bytes.length > limits.bytes) throw refused('mail-too-large', { limit: limits.bytes });
  return parseEntity({ bytes, level, limits, parts: 0 }, 0, bytes.length, []);
}

const CONTENT_FIELDS = ['content-type', 'content-transfer-encoding', 'content-disposition', 'content-id', 'mime-version'];
const ROOT_FIELDS = ['from', 'to', 'cc', 'reply-to', 'subject', 'date'];
const MULTIPARTS = new Set(['multipart/mixed', 'multipart/alternative', 'multipart/related']);

function parseEntity(context: Context, start: number, end: number, outerBoundaries: readonly string[]): Entity {
  const { bytes, level, limits } = context;
  if (++context.parts > limits.parts) throw refused('mime-too-many-parts', { limit: limits.parts });
  const defects: string[] = [];
  const note: Note = (code) => {
    if (level === 'sealed') throw refused(code);
    if (!defects.includes(code)) defects.push(code);
  };
  const { headers, bodyStart } = parseHeaders(bytes, level, start, end);
  for (const name of outerBoundaries.length === 0 ? [...CONTENT_FIELDS, ...ROOT_FIELDS] : CONTENT_FIELDS) {
    if (headers.all(name).length > 1) note('header-duplicate');
  }
  const { value: type, params } = contentType(headers, level, note);
  const encoding = contentEncoding(headers, note);
  const dispositionValue = headers.all('content-disposition')[0];
  const disposition = dispositionValue === undefined ? undefined : parseStructured(dispositionValue, level, note);
  const rawBody = bytes.subarray(bodyStart, end);
  const boundary = type.startsWith('multipart/') ? multipartBoundary(params, outerBoundaries, note) : undefined;
  let children: Entity[] = [];
  if (boundary !== undefined) {
    // As many boundaries as multiparts around: a counter of depth.
    if (outerBoundaries.length >= limits.depth) throw refused('mime-too-deep', { limit: limits.depth });
    if (encoding === 'base64' || encoding === 'quoted-printable') note('mime-encoding-composite');
    const ranges = splitParts(context, bodyStart, end, boundary, note);
    children = ranges.map(([from, to]) => parseEntity(context, from, to, [...outerBoundaries, boundary]));
    for (const code of children.flatMap((child) => child.defects)) note(code);
  }
  const entity = {
    headers,
    type,
    params,
    disposition,
    filename: fileName(params, disposition, note),
    contentId: headers.all('content-id')[0]?.replace(/^<(.*)>$/, '$1'),
    encoding,
    children,
    rawBody,
    body: () => decodeBody(rawBody, encoding, level),
    defects,
  };
  return level === 'sealed' && boundary === undefined ? checkSealedLeaf(entity) : entity;
}

function contentType(headers: Headers, level: Level, note: Note): Structured {
  const value = headers.all('content-type')[0];
  if (value === undefined) return { value: 'text/plain', params: new Map() };
  const parsed = parseStructured(value, level, note);
  const type = parsed.value;
  if (!/^[a-z0-9!#$&^_.+-]+\/[a-z0-9!#$&^_.+-]+$/.test(type)) {
    note('mime-type-invalid');
    return { value: 'application/octet-stream', params: parsed.params };
  }
  if (type === 'message/partial' || type === 'message/external-body') note('mime-type-invalid');
  if (level === 'sealed' && type.startsWith('multipart/') && !MULTIPARTS.has(type)) note('mime-type-invalid');
  if (type.startsWith('text/')) {
    const charset = parsed.params.get('charset');
    if (charset !== undefined && charsetDecoder(charset, false) === undefined) note('mime-charset-unknown');
  }
  return parsed;
}

function contentEncoding(headers: Headers, note: Note): TransferEncoding {
  const value = headers.all('content-transfer-encoding')[0];
  if (value === undefined) return '7bit';
  const encoding = transferEncoding(value);
  if (encoding === undefined) note('mime-encoding-unknown');
  return encoding ?? 'binary';
}

function fileName(params: Structured['params'], disposition: Structured | undefined, note: Note): string | undefined {
  const name = params.get('name');
  const fromDisposition = disposition?.params.get('filename');
  if (name !== undefined && fromDisposition !== undefined && name !== fromDisposition) note('mime-filename-ambiguous');
  const chosen = fromDisposition ?? name;
  if (chosen === undefined) return undefined;
  // eslint-disable-next-line no-control-regex -- control characters are what this finds
  const controls = /[\u0000-\u001f\u007f-\u009f]/g;
  if (controls.test(chosen)) note('mime-filename-ambiguous');
  return chosen.replace(controls, ' ');
}

/** RFC 2046 §5.1.1's bchars. */
const BOUNDARY = /^[0-9A-Za-z'()+_,\-./:=? ]{0,69}[0-9A-Za-z'()+_,\-./:=?]$/;

function multipartBoundary(params: Structured['params'], outer: readonly string[], note: Note): string | undefined {
  const boundary = params.get('boundary');
  if (boundary === undefined || boundary === '') {
    note('mime-boundary-missing');
    return undefined;
  }
  if (outer.includes(boundary)) note('mime-boundary-reused');
  if (!BOUNDARY.test(boundary)) {
    note('mime-boundary-invalid');
    // Could not be searched for as bytes, or never be found.
    if (!/^[\x20-\x7e]{1,200}$/.test(boundary)) return undefined;
  }
  return boundary;
}

interface Delimiter {
  /** The line's first byte. */
  readonly start: number;
  /** Behind its line break. */
  readonly end: number;
  readonly closes: boolean;
}

/** Ranges of the parts of a multipart body in bytes[start, end). */
function splitParts(context: Context, start: number, end: number, boundary: string, note: Note): [number, number][] {
  const { bytes, level, limits } = context;
  const ranges: [number, number][] = [];
  const starts = lineStarts(bytes, `--${boundary}`, start, end, limits.parts);
  if (starts.length > limits.parts) throw refused('mime-too-many-parts', { limit: limits.parts });
  let open: Delimiter | undefined;
  let closed = false;
  for (const at of starts) {
    const delimiter = readDelimiter(bytes, at, at + boundary.length + 2, end, level);
    if (delimiter === undefined || closed) {
      note('mime-boundary-ambiguous');
      continue;
    }
    if (open === undefined) {
      if (at !== start) note('mime-surplus');
    } else addPart(open.end, lineBreakBefore(at));
    if (delimiter.closes && open === undefined) note('mime-part-empty');
    closed = delimiter.closes;
    open = delimiter;
  }
  if (!closed) {
    note('mime-unclosed');
    if (open !== undefined) addPart(open.end, end);
  } else if (open !== undefined && open.end !== end) note('mime-surplus');
  return ranges;

  function addPart(from: number, to: number): void {
    if (to >= from) ranges.push([from, to]);
    else note('mime-part-empty');
  }

  /** The line break before a delimiter belongs to it (RFC 2046 §5.1.1). */
  function lineBreakBefore(at: number): number {
    if (bytes[at - 2] === 0x0d) return at - 2;
    if (level === 'sealed') throw refused('mime-boundary-ambiguous');
    return at - 1;
  }
}

/** The delimiter line whose boundary ends at `at`; undefined where the line goes on in another way. */
function readDelimiter(bytes: Bytes, start: number, at: number, end: number, level: Level): Delimiter | undefined {
  const closes = bytes[at] === 0x2d && bytes[at + 1] === 0x2d && at + 2 <= end;
  let next = closes ? at + 2 : at;
  // Transport padding (RFC 2046 §5.1.1): nothing pads what is inside a seal.
  if (level === 'outer') while (next < end && (bytes[next] === 0x20 || bytes[next] === 0x09)) next++;
  if (next >= end) return closes || level === 'outer' ? { start, end, closes } : undefined;
  if (bytes[next] === 0x0d && bytes[next + 1] === 0x0a && next + 2 <= end) return { start, end: next + 2, closes };
  return level === 'outer' && bytes[next] === 0x0a ? { start, end: next + 1, closes } : undefined;
}

function decodeBody(raw: Bytes, encoding: TransferEncoding, level: Level): Bytes {
  switch (encoding) {
    case 'base64':
      return decodeBase64(raw);
    case 'quoted-printable':
      return decodeQuotedPrintable(raw, level === 'sealed');
    default:
      return raw;
  }
}

/** Sealed leaves are checked when parsed, so that every reader refuses the same ones, whatever it goes on to read. */
function checkSealedLeaf(entity: Entity): Entity {
  if (entity.encoding === 'base64' || entity.encoding === 'quoted-printable') {
    const decoded = entity.body();
    return { ...entity, body: () => decoded };
  }
  if (entity.encoding !== 'binary') {
    const text = latin1(entity.rawBody);
    // eslint-disable-next-line no-control-regex -- NUL and 8-bit letters are what this refuses
    const forbidden = entity.encoding === '7bit' ? /[^\x01-\x7f]/ : /\x00/;
    if (BARE_LINE_BREAK.test(text) || forbidden.test(text)) throw refused('mime-body-invalid');
  }
  return entity;
}
