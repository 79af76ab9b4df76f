/** Which mails count as delivery reports (RFC 3464). Nobody signs them, so little is believed of them. */
import { asReadersMight } from './address.ts';
import type { Entity } from './mime.ts';

/** An address of the local parts in whose name mail servers report (RFC 2142 §5, and habit), but for its domain. */
const DAEMON = /(?<![^\s<>(),;:])(?:mailer-daemon|postmaster)@/gi;

/** Whether the mail has the form of a delivery report. */
export function isDeliveryReport(mail: Entity): boolean {
  return mail.type === 'multipart/report' && mail.params.get('report-type')?.toLowerCase() === 'delivery-status';
}

/**
 * Whether it also speaks for a mail server only. A report is exempt from the rule that mail of certain domains is always
 * signed; a mail of that form in a person's name is not, else anybody could write in that name.
 */
export function isDaemonReport(mail: Entity): boolean {
  const claimed = ['From', 'Sender'].flatMap((name) => mail.headers.all(name)).flatMap(asReadersMight);
  return isDeliveryReport(mail) && claimed.every((text) => !text.replace(DAEMON, '').includes('@'));
}
