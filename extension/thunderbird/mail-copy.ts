/** A copy of an opened mail outside its seal, because the member asked for it. */
import { type Bytes, utf8 } from '../../src/core/bytes.ts';
import type { Content } from '../../src/mail/content.ts';
import { exportForward } from '../../src/mail/export.ts';
import type { CopyKind } from '../host.ts';
import type { Reading } from '../member/read.ts';
import { fileName, nameOfFile } from '../ui/file-name.ts';
import { textOfContent } from '../ui/html-text.ts';
import { fieldRows } from '../ui/verdict.ts';

import { words } from './words.ts';

/** Undefined where there is nothing to copy. */
export function copyOf(reading: Reading | undefined, kind: CopyKind): { readonly name: string; readonly bytes: Bytes } | undefined {
  const message = reading?.judgement.message;
  if (reading?.content === undefined || message === undefined) return undefined;
  const name = fileName(words, `${message.headers.subject}.${kind === 'text' ? 'txt' : 'eml'}`, 0);
  return { name, bytes: kind === 'text' ? utf8(textOf(reading, reading.content)) : mailOf(reading, message.entity) };
}

function mailOf({ judgement }: Reading, entity: Parameters<typeof exportForward>[0]): Bytes {
  const forwarded = (judgement.forwarded ?? []).flatMap((part) => (part.entity === undefined ? [] : [{ entity: part.entity, whole: part.kind === 'mail' }]));
  return exportForward(entity, forwarded, judgement.contentDigest ?? '');
}

function textOf({ judgement, forwarded, files }: Reading, content: Content): string {
  const part = (rows: readonly (readonly [string, string])[], one: Content): string =>
    [...rows.map(([name, value]) => `${name}: ${value}`), '', textOfContent(one).trimEnd()].join('\n');
  const headers = judgement.message?.headers;
  return [
    words.text('copy_head'), '',
    part(headers === undefined ? [] : fieldRows(words, headers), content),
    ...forwarded.flatMap((one) => (one.content === undefined ? [] : ['', '----', part(one.headers === undefined ? [] : fieldRows(words, one.headers), one.content)])),
    ...(files.length === 0 ? [] : ['', words.text('copy_files', { names: words.list(files.map((file, i) => nameOfFile(words, file, i))) })]), '',
  ].join('\n').replace(/\r?\n/g, '\r\n');
}
