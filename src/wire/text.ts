/** Text that somebody else wrote and a reader is shown. */
import type { DerCursor } from '../core/der.ts';
import { refused } from '../core/error.ts';

/** As in certificates' names (core/pki/names.ts): what shows nothing, or turns what stands beside it around. */
const UNFIT = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}]|^\s|\s$/u;

/** A UTF8String without control and format characters, of 1 to `maximum` bytes; else `text-invalid`. */
export function readText(cursor: DerCursor, maximum: number): string {
  const text = cursor.text(maximum);
  if (text === '' || UNFIT.test(text)) throw refused('text-invalid');
  return text;
}

/** A code in kebab case, as it may stand in an SMTP reply: nothing of a mail can be told in it. Else `text-invalid`. */
export function readCode(cursor: DerCursor): string {
  const code = cursor.text(64);
  if (!/^[a-z0-9]+(?:-[a-z0-9]+)*$/.test(code)) throw refused('text-invalid');
  return code;
}
