/** Which mails count as delivery reports (RFC 3464). Nobody signs them, so little is believed of them. */
import { asReadersMight } from './address.ts';
import { latin1 } from './latin1.ts';
import type { Entity } from './mime.ts';

/** An address of the local parts in whose name mail servers report (RFC 2142 §5, and habit). */
const DAEMON = /(?<![^\s<>(),;:])(?:mailer-daemon|postmaster)@[^\s<>(),;:@]+/gi;
/** What stands beside it: what mail servers call themselves, or nothing; no name of a person. */
const NAME = /^(?:|mail delivery (?:sub)?system|mail delivery service|mail administrator|mailer-daemon|postmaster|microsoft outlook)$/i;
/** RFC 3464 §2.3, and RFC 6533 §3 for addresses that are not ASCII. */
const STATUS = new Set(['message/delivery-status', 'message/global-delivery-status']);
/** How far a status is looked through for what every report begins with, bytes. */
const LOOKED_AT = 65_536;

/** Whether the mail has the form of a delivery report. */
export function isDeliveryReport(mail: Entity): boolean {
  return mail.type === 'multipart/report' && mail.params.get('report-type')?.toLowerCase() === 'delivery-status';
}

/**
 * Whether it also says what became of a mail, and speaks for a mail server only. A report is exempt from the rule that mail of certain
 * domains is always signed; a mail of that form in a person's name is not, else anybody could write in that name.
 */
export function isDaemonReport(mail: Entity): boolean {
  const claimed = ['From', 'Sender'].flatMap((name) => mail.headers.all(name)).flatMap(asReadersMight);
  return isDeliveryReport(mail) && mail.children.some(isStatus) && claimed.every((text) => NAME.test(text.replace(DAEMON, '').replace(/[<>()]/g, '').trim()));
}

/** RFC 3464 §2.3: of one recipient at least, what became of the mail. */
function isStatus({ type, body }: Entity): boolean {
  if (!STATUS.has(type)) return false;
  try {
    const text = latin1(body(), 0, LOOKED_AT);
    return /^(?:final|original)-recipient[ \t]*:/im.test(text) && /^action[ \t]*:/im.test(text);
  } catch {
    return false; // not to be decoded, then nobody reads it
  }
}
