import { visibleText } from '../../src/mail/shown-text.ts';
import type { MessageKey, Words } from './words.ts';

const UNASSIGNED = /\p{Cn}/gu;
const LONGEST = 100;
/** Of a name that is longer, so many characters at its beginning and its end are looked at: a name may be made to keep a pattern busy. */
const LOOKED_AT = 500;

const UNNAMED: Readonly<Record<string, MessageKey>> = { 'text/calendar': 'unnamed_calendar', 'message/rfc822': 'unnamed_mail' };

/** The same for an attachment, whose kind may say what it is where it has no name. */
export function nameOfFile(words: Words, { name, type, longBody }: { readonly name: string; readonly type: string; readonly longBody?: true }, index: number): string {
  const key = longBody === true ? 'long_body_name' : name === '' ? UNNAMED[type] : undefined;
  return key === undefined ? fileName(words, name, index) : words.text(key);
}

/**
 * A name for an attachment that every file system takes and that looks like what it is: no paths, no characters that
 * turn an ending round. `index` counts from 0, for those without a name.
 */
export function fileName(words: Words, given: string, index: number): string {
  const ends = given.length > 2 * LOOKED_AT ? given.slice(0, LOOKED_AT) + given.slice(-LOOKED_AT) : given;
  const name = visibleText(ends.normalize('NFC')).replace(UNASSIGNED, '').replace(/[/\\:*?"<>|]/g, '_').replace(/^[.\s]+|[.\s]+$/g, '');
  const [, stem = name, ending = ''] = /^(.*?)(\.[^.]{1,10})?$/su.exec(name) ?? [];
  const short = [...stem].slice(0, LONGEST).join('') + ending;
  return short === '' ? `${words.text('banner_unnamed')} ${index + 1}` : short;
}
