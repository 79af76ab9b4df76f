/**
 * A sealed entity, opened, as an ordinary mail that any mail program and any pipe takes: its protected fields become the
 * mail's fields, binary parts are written in base64, every line ends with CRLF.
 */
import { type Bytes, concat, utf8 } from '../core/bytes.ts';
import { formatField, Headers } from './header.ts';
import type { Entity } from './mime.ts';
import { formatStructured } from './parameters.ts';
import { encodeBase64Lines } from './transfer.ts';

/** Takes an entity that was parsed at the sealed level. */
export function exportMail(root: Entity): Bytes {
  return concat(...pieces(root));
}

/** A part that was forwarded with a mail. */
export interface ForwardedEntity {
  readonly entity: Entity;
  /** A whole mail: it becomes an attached one. Else it is an attachment as it is. */
  readonly whole: boolean;
}

/**
 * The same with what the mail forwards as attachments. `name`: letters and digits that cannot stand in any of it, such as
 * the message's contentDigest.
 */
export function exportForward(root: Entity, forwarded: readonly ForwardedEntity[], name: string): Bytes {
  if (forwarded.length === 0) return exportMail(root);
  const boundary = `=_forward_${name.slice(0, 32)}`;
  const described = (field: string): boolean => /^content-/i.test(field) || LEFT_OUT.has(field.toLowerCase());
  const top = root.headers.fields.filter((field) => !described(field.name)).map((field) => formatField(field.name, field.value));
  const own = { ...root, headers: new Headers(root.headers.fields.filter((field) => described(field.name))) };
  const parts = [exportMail(own), ...forwarded.map(({ entity, whole }, i) => (whole ? concat(utf8(attachedMail(i + 1)), exportMail(entity)) : exportMail(entity)))];
  return concat(
    utf8([...top, formatField('Content-Type', `multipart/mixed; boundary="${boundary}"`), '\r\n'].join('')),
    ...parts.flatMap((part, i) => [utf8(`${i === 0 ? '' : '\r\n'}--${boundary}\r\n`), part]), utf8(`\r\n--${boundary}--\r\n`),
  );
}

function attachedMail(number: number): string {
  return `${formatField('Content-Type', 'message/rfc822')}${formatField('Content-Disposition', `attachment; filename="forwarded-${number}.eml"`)}\r\n`;
}

/** What says how the seal was made (RFC 9788), and what is said anew for each part. */
const LEFT_OUT = new Set(['hp-outer', 'content-type', 'content-transfer-encoding']);

function* pieces(entity: Entity): Generator<Uint8Array> {
  const { headers, type, params, children } = entity;
  const encoding = encodingOf(entity);
  const fields = headers.fields.filter(({ name }) => !LEFT_OUT.has(name.toLowerCase())).map(({ name, value }) => formatField(name, value));
  const kept = [...params].filter(([name]) => name !== 'hp');
  yield utf8([
    ...fields, formatField('Content-Type', formatStructured(type, kept)),
    ...(encoding === undefined ? [] : [formatField('Content-Transfer-Encoding', encoding)]), '\r\n',
  ].join(''));
  const boundary = params.get('boundary');
  if (children.length > 0 && boundary !== undefined) {
    for (const [i, child] of children.entries()) {
      yield utf8(`${i === 0 ? '' : '\r\n'}--${boundary}\r\n`);
      yield* pieces(child);
    }
    yield utf8(`\r\n--${boundary}--\r\n`);
  } else if (encoding === 'base64') yield* encodeBase64Lines(entity.body());
  else yield entity.rawBody;
}

const LONGEST_LINE = 998;

/**
 * Base64 wherever a line could be changed on the way. No line of it, and no line that stood in the sealed entity, is one
 * of the boundaries. An attached mail may not be encoded (RFC 2046 §5.2.1).
 */
function encodingOf({ type, children, encoding, rawBody }: Entity): string | undefined {
  if (children.length > 0) return undefined;
  if (type.startsWith('message/') || encoding === 'quoted-printable') return encoding;
  return encoding === '7bit' && longestLine(rawBody) <= LONGEST_LINE ? '7bit' : 'base64';
}

function longestLine(bytes: Uint8Array): number {
  let longest = 0;
  let start = 0;
  for (let end = bytes.indexOf(0x0a); end !== -1; end = bytes.indexOf(0x0a, start)) {
    longest = Math.max(longest, end - start);
    start = end + 1;
  }
  return Math.max(longest, bytes.length - start);
}
