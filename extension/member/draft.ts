/** A mail as a compose window holds it, in no client's own terms. */
import type { Attachment, InlineImage } from '../../src/mail/build.ts';
import { type Mailbox, normalizeAddress } from '../../src/mail/address.ts';
import { refused } from '../../src/core/error.ts';

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
}

const ANGLE = /^(?<name>.*?)\s*<(?<address>[^<>]*)>\s*$/su;

/**
 * One mailbox of a compose window. Throws `address-invalid` with the entry as it stands there: it goes to the person who
 * wrote it. An address-book list that was not expanded has no address.
 */
export function readMailbox(entry: string): Mailbox {
  const { name = '', address = entry } = ANGLE.exec(entry)?.groups ?? {};
  try {
    return { address: normalizeAddress(address.trim()), displayName: name.replace(/^"(.*)"$/su, '$1').trim() };
  } catch (cause) {
    throw refused('address-invalid', { entry: entry.slice(0, 200) }, cause);
  }
}
