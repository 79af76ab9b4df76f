/**
 * The word to a sender that a mail waits for somebody's approval: a delivery report (RFC 3464) with the action "delayed", as
 * mail programs know them. It quotes the header of the sealed mail, which says nothing that its sender does not know.
 */
import { type Bytes, concat, hex, utf8 } from '../core/bytes.ts';
import { domainOf } from './address.ts';
import { formatDate, formatField, parseHeaders } from './header.ts';

interface WaitingMail {
  readonly sender: string;
  readonly recipients: readonly string[];
  /** The mail as it was submitted. */
  readonly original: Bytes;
  readonly contentDigest: Bytes;
  /** When it goes back undecided. */
  readonly until: Date;
  readonly now: Date;
}

/** Japan is nine hours ahead, all year. */
const JAPAN = 9 * 3_600_000;
/** Lines that sealed header fields cannot hold. */
const BOUNDARY = '=_ssmax-waiting';
/** Fields of the original that are worth quoting. */
const QUOTED = ['from', 'to', 'cc', 'subject', 'date', 'message-id'];

export function waitingReport({ sender, recipients, original, contentDigest, until, now }: WaitingMail): Bytes {
  const host = domainOf(sender);
  const minute = (time: Date): string => time.toISOString().slice(0, 16).replace('T', ' ');
  const text = [
    'お送りになったメールは、組織の決まりにより、担当者の確認を待っています。',
    `${minute(new Date(until.getTime() + JAPAN))}（日本時間）までに確認されないときは、送信されずに戻ります。もう一度お送りになる必要はありません。`,
    '',
    'Your mail waits for a colleague\'s approval, as your organisation\'s rules ask.',
    `If nobody decides by ${minute(until)} UTC, it comes back unsent. There is no need to send it again.`,
  ];
  const perRecipient = recipients.map((address) => [
    `Final-Recipient: rfc822; ${address}`, 'Action: delayed', 'Status: 4.7.1',
    'Diagnostic-Code: smtp; 451 4.7.1 SSMAX-inspection-hold The mail waits for approval.', `Will-Retry-Until: ${formatDate(until)}`, '',
  ]);
  return concat(
    lines(
      `From: MAILER-DAEMON@${host}`, `To: ${sender}`, 'Subject: =?utf-8?B?56K66KqN5b6F44Gh?= / Waiting for approval', `Date: ${formatDate(now)}`,
      `Message-ID: <waiting-${hex(contentDigest).slice(0, 32)}-${now.getTime()}@${host}>`, 'Auto-Submitted: auto-replied', 'MIME-Version: 1.0',
      `Content-Type: multipart/report; report-type=delivery-status; boundary="${BOUNDARY}"`, '',
      `--${BOUNDARY}`, 'Content-Type: text/plain; charset=utf-8', 'Content-Transfer-Encoding: 8bit', '', ...text, '',
      `--${BOUNDARY}`, 'Content-Type: message/delivery-status', '', `Reporting-MTA: dns; ${host}`, '', ...perRecipient.flat(),
      `--${BOUNDARY}`, 'Content-Type: text/rfc822-headers', '',
    ),
    utf8(formatField('X-SSMAX-Content', hex(contentDigest))),
    quotedFields(original),
    lines('', `--${BOUNDARY}--`),
  );
}

function lines(...all: readonly string[]): Bytes {
  return utf8(all.map((line) => `${line}\r\n`).join(''));
}

function quotedFields(original: Bytes): Bytes {
  const { fields } = parseHeaders(original, 'outer').headers;
  return concat(...fields.filter(({ name }) => QUOTED.includes(name.toLowerCase())).map(({ start, end }) => original.subarray(start, end)));
}
