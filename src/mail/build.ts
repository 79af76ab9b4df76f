/**
 * Builds the MIME entity that goes inside a seal: RFC 2045–2049 with RFC 9788 header protection, everything in binary
 * transfer encoding where it needs one (it travels inside CMS; base64 within base64 would make 25 MB into 47).
 *
 * ```
 * multipart/mixed                    only with attachments
 *   multipart/alternative            only with both text and HTML
 *     text/plain
 *     multipart/related              only with inline images
 *       text/html
 *       image…
 *   attachment…
 * ```
 *
 * Bcc is never inside: a protected field would tell every recipient. Date is the time of sealing; the client sets the
 * outer Date and Message-ID later, so these have no HP-Outer.
 */
import { concat, hex, utf8, type Bytes } from '../core/bytes.ts';
import { refused } from '../core/error.ts';
import { formatAddressList, formatMailbox, type Mailbox } from './address.ts';
import { charsetDecoder } from './encoded-word.ts';
import { formatDate, formatField, formatText } from './header.ts';
import { formatStructured } from './parameters.ts';
import { encodeBase64Lines, type TransferEncoding } from './transfer.ts';

export interface Attachment {
  readonly name: string;
  /** MIME type; parameters other than a text's charset are dropped, an unusable type becomes application/octet-stream. */
  readonly type: string;
  readonly bytes: Bytes;
}

export interface InlineImage extends Attachment {
  /** Without angle brackets, as the HTML's `cid:` says. */
  readonly contentId: string;
}

export interface InnerMail {
  readonly from: Mailbox;
  readonly to: readonly Mailbox[];
  readonly cc?: readonly Mailbox[];
  readonly replyTo?: readonly Mailbox[];
  readonly subject: string;
  readonly date: Date;
  /** At least one of text and html. Line breaks of any kind. */
  readonly text?: string;
  readonly html?: string;
  readonly images?: readonly InlineImage[];
  readonly attachments?: readonly Attachment[];
  /** RFC 9788 §2.1: `cipher` for what will be encrypted, `clear` for what is signed only. Default `cipher`. */
  readonly protection?: 'cipher' | 'clear';
  /** The Subject that the outer mail shows instead, where the real one is hidden. */
  readonly outerSubject?: string;
  /**
   * How it will travel. `binary` (the default): inside CMS. `7bit`: as an ordinary mail whose signature any mail server on the way
   * must leave whole (RFC 8551 §3.1.3).
   */
  readonly transport?: Transport;
}

type Transport = 'binary' | '7bit';

/** Header lines without the empty one, body in pieces. */
interface Part {
  readonly type: string;
  readonly params: readonly (readonly [string, string])[];
  readonly encoding: TransferEncoding;
  readonly otherLines: readonly string[];
  readonly body: readonly Uint8Array[];
}

/**
 * The inner entity's bytes; the same for the same input and random bytes. `random(16)` gives the boundaries.
 * Refused: `header-injection` (control characters in names, subject, content ids), `address-invalid`, `mail-empty`.
 */
export function buildInner(mail: InnerMail, random: (length: number) => Bytes): Bytes {
  const seed = hex(random(16));
  let count = 0;
  const multipart = (subtype: string, parts: readonly Part[], params: Part['params'] = []): Part => {
    const boundary = `=_${++count}_${seed}`;
    return joinParts(subtype, parts, boundary, params);
  };
  const bodies: Part[] = [];
  const leaf = (part: Part): Part => (mail.transport === '7bit' ? sevenBit(part) : part);
  if (mail.text !== undefined) bodies.push(leaf(textPart('text/plain', mail.text)));
  if (mail.html !== undefined) {
    const html = leaf(textPart('text/html', mail.html));
    const images = (mail.images ?? []).map((image) => leaf(imagePart(image)));
    bodies.push(images.length === 0 ? html : multipart('related', [html, ...images], [['type', 'text/html']]));
  }
  const [first] = bodies;
  if (first === undefined) throw refused('mail-empty');
  const body = bodies.length === 1 ? first : multipart('alternative', bodies);
  const attachments = (mail.attachments ?? []).map((attachment) => leaf(attachmentPart(attachment)));
  const root = attachments.length === 0 ? body : multipart('mixed', [body, ...attachments]);
  const lines = ['MIME-Version: 1.0\r\n', ...protectedFields(mail)];
  return concat(...partPieces({ ...root, params: [...root.params, ['hp', mail.protection ?? 'cipher']] }, lines));
}

/** A mail of which only the files are encrypted, or nothing: an entity that all may read, and one for each file. */
export interface MixedMail {
  readonly clear: Bytes;
  readonly attachments: readonly Bytes[];
}

/**
 * As `buildInner`, for a mail that is not encrypted as a whole. Sign-only: all of it is the clear part. Attachments-only, and a
 * forward: text and pictures are, and each attachment becomes an entity of its own, to be sealed.
 */
export function buildMixed(
  mode: 'sign-only' | 'attachments-only' | 'forward', { attachments = [], ...mail }: InnerMail, random: (length: number) => Bytes,
): MixedMail {
  if (mode === 'sign-only') return { clear: buildInner({ ...mail, attachments, protection: 'clear' }, random), attachments: [] };
  return {
    clear: buildInner({ ...mail, protection: 'clear' }, random),
    attachments: attachments.map((attachment) => concat(...partPieces(attachmentPart(attachment)))),
  };
}

function protectedFields(mail: InnerMail): string[] {
  const addresses = (name: string, list: readonly Mailbox[] | undefined): [string, string][] =>
    list === undefined || list.length === 0 ? [] : [[name, formatAddressList(list)]];
  const shared: [string, string][] = [
    ['From', formatMailbox(mail.from)],
    ...addresses('To', mail.to),
    ...addresses('Cc', mail.cc),
    ...addresses('Reply-To', mail.replyTo),
  ];
  const subject = formatText(mail.subject, 'Subject');
  const outerSubject = mail.outerSubject === undefined ? subject : formatText(mail.outerSubject, 'Subject');
  const inner = [...shared, ['Subject', subject] as const, ['Date', formatDate(mail.date)] as const];
  const outer = [...shared, ['Subject', outerSubject] as const];
  return [
    ...inner.map(([name, value]) => formatField(name, value)),
    ...(mail.protection === 'clear' ? [] : outer.map(([name, value]) => formatField('HP-Outer', `${name}: ${value}`))),
  ];
}

function partPieces(part: Part, firstLines: readonly string[] = []): Uint8Array[] {
  const head = [
    ...firstLines,
    ...part.otherLines,
    formatField('Content-Transfer-Encoding', part.encoding),
    formatField('Content-Type', formatStructured(part.type, part.params)),
    '\r\n',
  ];
  return [utf8(head.join('')), ...part.body];
}

const LEVELS: readonly TransferEncoding[] = ['7bit', '8bit', 'binary'];

function joinParts(subtype: string, parts: readonly Part[], boundary: string, params: Part['params']): Part {
  const body: Uint8Array[] = [];
  for (const [i, part] of parts.entries()) body.push(utf8(`${i === 0 ? '' : '\r\n'}--${boundary}\r\n`), ...partPieces(part));
  body.push(utf8(`\r\n--${boundary}--\r\n`));
  const encoding = LEVELS[Math.max(0, ...parts.map((part) => LEVELS.indexOf(part.encoding)))] ?? 'binary';
  return { type: `multipart/${subtype}`, params: [...params, ['boundary', boundary]], encoding, otherLines: [], body };
}

function textPart(type: string, text: string): Part {
  const canonical = text.replace(/\r\n?|\n/g, '\r\n');
  // At most three bytes a code unit, so lines stay below the 998 bytes that 8bit allows (RFC 2045 §2.8).
  const encoding = /[^\n]{300}|\0/.test(canonical) ? 'binary' : /^\p{ASCII}*$/u.test(canonical) ? '7bit' : '8bit';
  return { type, params: [['charset', 'utf-8']], encoding, otherLines: [], body: [utf8(canonical)] };
}

/** Base64 for all that a mail server could change: 8-bit, long lines, blanks at their ends, lines that begin like a mbox's. */
function sevenBit(part: Part): Part {
  if (part.encoding === '7bit' && !/[ \t]\r\n|[ \t]$|^From |\r\nFrom /.test(new TextDecoder().decode(concat(...part.body)))) return part;
  return { ...part, encoding: 'base64', body: [...encodeBase64Lines(concat(...part.body))] };
}

function imagePart(image: InlineImage): Part {
  if (!/^[\x21-\x7e]{1,200}$/.test(image.contentId) || /[<>]/.test(image.contentId)) throw refused('header-injection', { field: 'content-id' });
  return filePart(image, 'inline', [formatField('Content-ID', `<${image.contentId}>`)]);
}

function attachmentPart(attachment: Attachment): Part {
  return filePart(attachment, 'attachment', []);
}

function filePart(file: Attachment, disposition: string, lines: readonly string[]): Part {
  const { type, params } = usableType(file.type);
  const named = file.name === '' ? [] : [['filename', file.name] as const];
  const otherLines = [...lines, formatField('Content-Disposition', formatStructured(disposition, named))];
  return { type, params, encoding: 'binary', otherLines, body: [file.bytes] };
}

/** Types that a reader would take apart, or that are not well formed, travel as plain bytes. */
function usableType(given: string): Pick<Part, 'type' | 'params'> {
  const type = (given.split(';')[0] ?? '').trim().toLowerCase();
  const usable = /^[a-z0-9!#$&^_.+-]{1,100}\/[a-z0-9!#$&^_.+-]{1,100}$/.test(type);
  if (!usable || type.startsWith('multipart/') || type === 'message/partial' || type === 'message/external-body') {
    return { type: 'application/octet-stream', params: [] };
  }
  const charset = /;\s*charset="?([A-Za-z0-9_.:-]{1,40})"?/i.exec(given)?.[1];
  const keep = type.startsWith('text/') && charset !== undefined && charsetDecoder(charset, false) !== undefined;
  return { type, params: keep ? [['charset', charset]] : [] };
}
