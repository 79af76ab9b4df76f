/**
 * The MIME entity that is signed where not everything is encrypted (docs/protocol-mail.md §4.1):
 *
 * ```
 * multipart/mixed
 *   clear part            a whole inner entity with its protected fields, hp="clear"
 *   application/cms …     sealed parts, binary
 * ```
 *
 * It has one form only, down to the byte: boundary, clear part and sealed parts are all that it can say, so nothing can hide
 * around them.
 */
import { type Bytes, concat, equal, utf8 } from '../core/bytes.ts';
import { refused } from '../core/error.ts';
import { parseHeaders } from './header.ts';
import { type Entity, parseMime } from './mime.ts';

export interface Mixed {
  /** `=_` and 32 hexadecimal digits. */
  readonly boundary: string;
  /** The clear part: an inner entity. */
  readonly clear: Bytes;
  /** Bodies of the sealed parts, DER. */
  readonly sealed: readonly Bytes[];
}

const BOUNDARY = /^=_[0-9a-f]{32}$/;
const SEALED_HEADER = 'Content-Transfer-Encoding: binary\r\nContent-Type: application/cms\r\n\r\n';

function top(boundary: string): string {
  return `MIME-Version: 1.0\r\nContent-Transfer-Encoding: binary\r\nContent-Type: multipart/mixed; boundary="${boundary}"\r\n\r\n--${boundary}\r\n`;
}

export function encodeMixed({ boundary, clear, sealed }: Mixed): Bytes {
  const next = utf8(`\r\n--${boundary}\r\n${SEALED_HEADER}`);
  return concat(utf8(top(boundary)), clear, ...sealed.flatMap((der) => [next, der]), utf8(`\r\n--${boundary}--\r\n`));
}

/**
 * Reads it strictly. Refused: `mixed-invalid` (any other form; a clear part that is not marked as such or names Bcc
 * recipients), and what parseMime refuses at the sealed level, in the clear part too.
 */
export function parseMixed(bytes: Bytes): Mixed {
  const root = parseMime(bytes, 'sealed');
  const boundary = root.params.get('boundary') ?? '';
  const [first, ...others] = root.children;
  if (root.type !== 'multipart/mixed' || !BOUNDARY.test(boundary) || first === undefined) throw refused('mixed-invalid', { what: 'form' });
  const clear = bytes.slice(utf8(top(boundary)).length, first.rawBody.byteOffset - bytes.byteOffset + first.rawBody.length);
  const mixed = { boundary, clear, sealed: others.map(({ rawBody }) => rawBody) };
  if (!equal(encodeMixed(mixed), bytes)) throw refused('mixed-invalid', { what: 'form' });
  requireClear(parseMime(clear, 'sealed'));
  return mixed;
}

/** The clear part is a mail of its own: its root is checked as one. */
function requireClear(clear: Entity): void {
  if (clear.params.get('hp') !== 'clear') throw refused('mixed-invalid', { what: 'hp' });
  if ([...clear.headers.all('Bcc'), ...clear.headers.all('Resent-Bcc')].length > 0) throw refused('mixed-invalid', { what: 'bcc' });
}

/**
 * The whole as a reader has it: the clear part with the opened parts as its attachments, in one inner entity. `name`
 * stands in its boundary: 32 hexadecimal digits that cannot stand in what it holds, as they are a digest of that.
 */
export function joinMixed(clear: Bytes, opened: readonly Bytes[], name: string): Bytes {
  if (opened.length === 0) return clear;
  const { headers, bodyStart } = parseHeaders(clear, 'sealed');
  const described = (field: string): boolean => /^content-/i.test(field);
  const lines = (fields: typeof headers.fields): Bytes[] => fields.map(({ start, end }) => clear.slice(start, end));
  const boundary = `=_joined_${name}`;
  const own = headers.fields.filter((field) => !described(field.name));
  const clearPart = concat(...lines(headers.fields.filter((field) => described(field.name))), utf8('\r\n'), clear.subarray(bodyStart));
  return concat(
    ...lines(own), utf8(`Content-Transfer-Encoding: binary\r\nContent-Type: multipart/mixed; hp="clear"; boundary="${boundary}"\r\n\r\n`),
    ...[clearPart, ...opened].flatMap((part, i) => [utf8(`${i === 0 ? '' : '\r\n'}--${boundary}\r\n`), part]), utf8(`\r\n--${boundary}--\r\n`),
  );
}
