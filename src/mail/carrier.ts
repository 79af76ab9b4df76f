/**
 * The carrier: the ordinary mail in which a leg travels.
 *
 * ```
 * X-SSMAX: 1
 * Content-Type: multipart/mixed
 *   text/plain               a notice for readers without SSMAX
 *   application/cms          RFC 7193, base64, attachment, named message.ssmax
 * ```
 *
 * A mail counts as a carrier only with exactly one such part directly under a multipart/mixed root whose other parts are
 * all text/plain (lists add footers). A sealed part anywhere else, or beside anything else, is refused: text around it
 * must never be able to capture what it decrypts to. The X-SSMAX field may be missing (some relays drop it), but not be
 * there twice.
 */
import { concat, utf8, type Bytes } from '../core/bytes.ts';
import { refused } from '../core/error.ts';
import { formatField, parseHeaders } from './header.ts';
import type { Entity } from './mime.ts';
import { base64LinesLength, encodeBase64Lines } from './transfer.ts';

export const CARRIER_TYPE = 'application/cms';
export const CARRIER_NAME = 'message.ssmax';
export const CARRIER_FIELD = 'X-SSMAX';
export const CARRIER_NOTICE = [
  'このメールはSSMAXで保護されています。読むには、SSMAX対応のメールソフトで開いてください。',
  'This message is protected by SSMAX. Open it in a mail program with SSMAX to read it.',
] as const;

type FoundCarrier = { readonly kind: 'none' } | { readonly kind: 'carrier'; readonly cms: Bytes };

/** Defects of the outer structure that leave no doubt about where the sealed part is. */
const HARMLESS = new Set(['mime-surplus', 'mime-charset-unknown']);

/**
 * Looks for the sealed part of a mail parsed at the outer level. Refused: `carrier-ambiguous` (see above),
 * `mime-base64-invalid`.
 */
export function findCarrier(mail: Entity): FoundCarrier {
  const marks = mail.headers.all(CARRIER_FIELD);
  const named = count(mail, (part) => part.filename === CARRIER_NAME);
  const typed = count(mail, (part) => part.type === CARRIER_TYPE);
  const ambiguous = (reason: string): Error => refused('carrier-ambiguous', { reason });
  if (marks.length > 0 || named > 0) {
    const defect = mail.defects.find((code) => !HARMLESS.has(code));
    if (defect !== undefined) throw ambiguous(defect);
  }
  // A CMS attachment under another name, in a mail without our mark, is somebody's file.
  if (named === 0 && (typed === 0 || marks.length === 0)) return { kind: 'none' };
  if (marks.length > 1 || (marks[0] ?? '1') !== '1') throw ambiguous('mark');
  if (named !== 1 || typed !== 1) throw ambiguous('several');
  if (mail.type !== 'multipart/mixed') throw ambiguous('root');
  const sealed = mail.children.find((part) => part.type === CARRIER_TYPE);
  if (sealed === undefined) throw ambiguous('depth');
  if (mail.children.some((part) => part !== sealed && part.type !== 'text/plain')) throw ambiguous('neighbour');
  if (!isSealedPart(sealed)) throw ambiguous('part');
  return { kind: 'carrier', cms: sealed.body() };
}

function isSealedPart(part: Entity): boolean {
  const onlyName = [...part.params.keys()].every((name) => name === 'name');
  return onlyName && part.filename === CARRIER_NAME && part.disposition?.value === 'attachment' && part.encoding === 'base64';
}

function count(mail: Entity, wanted: (part: Entity) => boolean): number {
  return mail.children.reduce((sum, part) => sum + count(part, wanted), wanted(mail) ? 1 : 0);
}

/** A mail to be written out: the header with its empty line, then the body in chunks. Every line ends with CRLF. */
export interface StreamedMail {
  readonly head: Bytes;
  /** Makes the body anew each time it is called. */
  body(): Generator<Bytes>;
  /** Size of head and body together, bytes. */
  readonly size: number;
}

/** Never a line of base64, nor of the notice: sealed bytes cannot hold it, so it need not be random. */
const BOUNDARY = '=_ssmax-carrier';

/** The header fields and the body that make a carrier of any header. */
function carrierMail(fields: Bytes, cms: Bytes): StreamedMail {
  const head = concat(
    fields,
    utf8(
      formatField(CARRIER_FIELD, '1') +
        formatField('MIME-Version', '1.0') +
        formatField('Content-Type', `multipart/mixed; boundary="${BOUNDARY}"`) +
        '\r\n',
    ),
  );
  const before = utf8(
    `--${BOUNDARY}\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n` +
      new TextDecoder().decode(concat(...encodeBase64Lines(utf8(CARRIER_NOTICE.map((line) => `${line}\r\n`).join(''))))) +
      `--${BOUNDARY}\r\nContent-Type: ${CARRIER_TYPE}; name="${CARRIER_NAME}"\r\n` +
      `Content-Disposition: attachment; filename="${CARRIER_NAME}"\r\nContent-Transfer-Encoding: base64\r\n\r\n`,
  );
  const after = utf8(`--${BOUNDARY}--\r\n`);
  return {
    head,
    *body() {
      yield before;
      yield* encodeBase64Lines(cms);
      yield after;
    },
    size: head.length + before.length + base64LinesLength(cms.length) + after.length,
  };
}

/** Header fields as [name, value in its field's ASCII syntax]. */
type FieldList = readonly (readonly [name: string, value: string])[];

/** A carrier from nothing, for who writes whole mails. */
export function buildCarrier(fields: FieldList, cms: Bytes): StreamedMail {
  return carrierMail(utf8(fields.map(([name, value]) => formatField(name, value)).join('')), cms);
}

export interface CarrierChanges {
  /** Put on top, in this order. */
  readonly addedFields?: FieldList;
  /** Names of fields to leave out, in any case. */
  readonly removedFieldNames?: readonly string[];
}

/**
 * The same mail with another sealed part, as a gateway sends it on. Kept: the outer header fields, byte for byte but
 * for their line breaks. Left out: Bcc and Resent-Bcc (nobody may learn of them), every `X-SSMAX…` field, the fields
 * that describe the old body, and what `changes` names. The body is made new: nothing that the seal does not cover goes
 * on. Refused: what {@link parseHeaders} refuses at the outer level, `header-injection`.
 */
export function replaceCarrier(rawMail: Bytes, cms: Bytes, changes: CarrierChanges = {}): StreamedMail {
  return carrierMail(keptFields(rawMail, changes), cms);
}

/** The header fields that go on with a mail whose body is made new. */
export function keptFields(rawMail: Bytes, changes: CarrierChanges): Bytes {
  const removed = new Set(['bcc', 'resent-bcc', 'mime-version', ...(changes.removedFieldNames ?? []).map((name) => name.toLowerCase())]);
  const kept: Uint8Array[] = (changes.addedFields ?? []).map(([name, value]) => utf8(formatField(name, value)));
  for (const field of parseHeaders(rawMail, 'outer').headers.fields) {
    const name = field.name.toLowerCase();
    if (removed.has(name) || name.startsWith('x-ssmax') || name.startsWith('content-')) continue;
    kept.push(...canonicalLines(rawMail.subarray(field.start, field.end)));
  }
  return concat(...kept);
}

const CRLF = utf8('\r\n');

/** A field's lines, each with CRLF; lines of white space only are left out, for some readers end the header there. */
function* canonicalLines(field: Uint8Array): Generator<Uint8Array> {
  for (let from = 0; from < field.length;) {
    const feed = field.indexOf(0x0a, from);
    let end = feed === -1 ? field.length : feed;
    const next = feed === -1 ? end : feed + 1;
    if (end > from && field[end - 1] === 0x0d) end--;
    const line = field.subarray(from, end);
    if (line.some((byte) => byte !== 0x20 && byte !== 0x09)) {
      yield line;
      yield CRLF;
    }
    from = next;
  }
}

interface PassedChanges {
  /** Put on top, in this order; lines are folded as they stand. */
  readonly addedFields?: FieldList;
  /** Whether a field stays, beside those of ours, which never do. `index` counts all fields. */
  readonly keeps?: (field: { readonly name: string; readonly value: string }, index: number) => boolean;
}

/** The same mail without any `X-SSMAX…` field, header lines with CRLF, its body untouched: what a gateway lets pass from outside. */
export function stripMark(rawMail: Bytes, { addedFields = [], keeps = () => true }: PassedChanges = {}): StreamedMail {
  const { headers, bodyStart } = parseHeaders(rawMail, 'outer');
  const kept = [
    ...addedFields.map(([name, value]) => utf8(formatField(name, value))),
    ...headers.fields.filter((field, i) => !field.name.toLowerCase().startsWith('x-ssmax') && keeps(field, i))
      .flatMap(({ start, end }) => [...canonicalLines(rawMail.subarray(start, end))]),
  ];
  const head = concat(...kept, CRLF);
  const rest = rawMail.subarray(bodyStart);
  return {
    head,
    *body() {
      yield rest;
    },
    size: head.length + rest.length,
  };
}

/** A streamed mail in one piece. */
export function mailBytes(mail: StreamedMail): Bytes {
  return concat(mail.head, ...mail.body());
}

/** A mail that goes as it is. */
export function wholeMail(raw: Bytes): StreamedMail {
  return {
    head: raw,
    *body() { /* all of it is in the head */ },
    size: raw.length,
  };
}
