/** Which mails count as delivery reports (RFC 3464). Nobody signs them, so little is believed of them. */
import type { Entity } from './mime.ts';

/** The local parts in whose name mail servers report (RFC 2142 §5, and habit). */
const DAEMON = /^(?:mailer-daemon|postmaster)$/i;

/** Whether the mail has the form of a delivery report. */
export function isDeliveryReport(mail: Entity): boolean {
  return mail.type === 'multipart/report' && mail.params.get('report-type')?.toLowerCase() === 'delivery-status';
}

/**
 * Whether it also speaks for a mail server only. A report is exempt from the rule that mail of certain domains is always
 * signed; a mail of that form in a person's name is not, else anybody could write in that name.
 */
export function isDaemonReport(mail: Entity): boolean {
  const claimed = ['From', 'Sender'].flatMap((name) => mail.headers.all(name));
  const localParts = claimed.flatMap((value) => [...value.matchAll(/([^\s<>()",;:@[\]\\]+)"?\s*@/g)].map((match) => match[1] ?? ''));
  return isDeliveryReport(mail) && localParts.every((part) => DAEMON.test(part));
}
