/**
 * An ordinary mail as the plugin would seal it, for trying policies: the same parts with their bytes as they are, under a
 * structure that the strict parser reads in one way only.
 */
import { type Bytes, concat, utf8 } from '../core/bytes.ts';
import { formatField } from './header.ts';
import type { Entity } from './mime.ts';

const FIELDS = ['From', 'To', 'Cc', 'Reply-To', 'Subject', 'Date'];

/** `mail` parsed at the outer level. Throws what its bodies' encodings are refused with. */
export function policyMail(mail: Entity, raw: Bytes): Bytes {
  const fields = mail.headers.fields.filter(({ name }, index, all) => FIELDS.some((one) => one.toLowerCase() === name.toLowerCase()) && all.findIndex((other) => other.name.toLowerCase() === name.toLowerCase()) === index);
  const header = fields.map(({ start, end }) => raw.subarray(start, end));
  const leaves = leavesOf(mail);
  const boundary = freeBoundary(raw);
  const parts = leaves.flatMap((leaf) => [utf8(`\r\n--${boundary}\r\n`), utf8(partHeader(leaf)), leaf.body()]);
  return concat(...header, utf8(`MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary="${boundary}"\r\n`), ...parts, utf8(`\r\n--${boundary}--\r\n`));
}

function leavesOf(entity: Entity): Entity[] {
  return entity.children.length === 0 ? [entity] : entity.children.flatMap(leavesOf);
}

function partHeader({ type, params, filename, disposition }: Entity): string {
  const charset = params.get('charset');
  const quoted = (value: string): string => `utf-8''${encodeURIComponent(value).replace(/['()*!]/g, (character) => `%${character.charCodeAt(0).toString(16)}`)}`;
  const allowed = /^[a-z0-9!#$&^_.+-]+\/[a-z0-9!#$&^_.+-]+$/.test(type) && !type.startsWith('multipart/') ? type : 'application/octet-stream';
  const known = charset !== undefined && /^[A-Za-z0-9_.-]+$/.test(charset) ? `; charset=${charset}` : '';
  return formatField('Content-Type', `${allowed}${allowed.startsWith('text/') ? known : ''}`)
    + formatField('Content-Transfer-Encoding', 'binary')
    + (filename === undefined && disposition === undefined ? '' : `Content-Disposition: ${disposition?.value === 'inline' ? 'inline' : 'attachment'}${filename === undefined ? '' : `; filename*=${quoted(filename)}`}\r\n`)
    + '\r\n';
}

/** One that stands nowhere in the mail. */
function freeBoundary(raw: Bytes): string {
  const text = new TextDecoder('latin1').decode(raw);
  for (let number = 0; ; number++) if (!text.includes(`--=_policy-${number}`)) return `=_policy-${number}`;
}
