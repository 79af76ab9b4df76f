/** A mail as a compose window holds it, in no client's own terms. */
import type { Attachment, InlineImage } from '../../src/mail/build.ts';
import { type Mailbox, normalizeAddress } from '../../src/mail/address.ts';
import { refused } from '../../src/core/error.ts';
import type { Mode } from '../../src/wire/leg.ts';

/** What of a mail is encrypted. A forward keeps what is sealed: it is chosen while reading. */
export type WritingMode = Exclude<Mode, 'forward'>;

export interface Draft {
  /** One mailbox each: `name <address>` or a bare address; the name as it is shown, neither quoted nor encoded. */
  readonly from: string;
  readonly to: readonly string[];
  readonly cc: readonly string[];
  readonly bcc: readonly string[];
  readonly replyTo: readonly string[];
  readonly subject: string;
  readonly text?: string;
  /** Its inline images are named by `cid:`. */
  readonly html?: string;
  readonly images: readonly InlineImage[];
  readonly attachments: readonly Attachment[];
  /** What of it is encrypted; all of it unless said. */
  readonly mode?: WritingMode;
  /** Domains outside SSMAX to which it may go signed only, as the member was told; none unless said. */
  readonly signedOnly?: readonly string[];
  /** The outer mail shows another subject. Where the mail is readable anyway, it is not hidden. */
  readonly hideSubject?: boolean;
}

/** The Subject of a mail whose own is hidden (RFC 9788 §3.2.1): every mail program shows it, in every language. */
export const HIDDEN_SUBJECT = '[...]';

/** Whether the outer mail shows another subject than its own. */
export function hidesSubject({ hideSubject, mode }: Pick<Draft, 'hideSubject' | 'mode'>): boolean {
  return hideSubject === true && (mode ?? 'protect-all') === 'protect-all';
}

/** A mailbox as a compose window takes it. */
export function entryOf({ displayName, address }: Mailbox): string {
  return displayName === '' ? address : `"${displayName.replace(/["\\]/g, '\\$&')}" <${address}>`;
}

/**
 * One mailbox of a compose window. Throws `address-invalid` with the entry as it stands there: it goes to the person who
 * wrote it. An address-book list that was not expanded has no address.
 */
export function readMailbox(entry: string): Mailbox {
  // By position, not by a pattern: a name in a mail that is answered may be long, and made to keep a pattern busy.
  const whole = entry.trim();
  const angle = whole.endsWith('>') ? whole.lastIndexOf('<') : -1;
  const [name, address] = angle === -1 ? ['', whole] : [whole.slice(0, angle).trim(), whole.slice(angle + 1, -1)];
  try {
    return { address: normalizeAddress(address.trim()), displayName: name.replace(/^"(.*)"$/su, '$1').trim() };
  } catch (cause) {
    throw refused('address-invalid', { entry: entry.slice(0, 200) }, cause);
  }
}
