/**
 * What a gateway itself reports of a mail that it took (RFC 3464, as mail programs know it): that it waits for approval, that
 * it did not reach all of a mailing list. It quotes the header of the sealed mail, which says nothing that its reader does not know.
 */
import { type Bytes, concat, hex, utf8 } from '../core/bytes.ts';
import { domainOf } from './address.ts';
import { formatDate, formatField, formatText, parseHeaders } from './header.ts';

interface ReportedMail {
  /** Who is told. */
  readonly to: string;
  /** The mail as it was submitted. */
  readonly original: Bytes;
  readonly contentDigest: Bytes;
  readonly now: Date;
}

/** Japan is nine hours ahead, all year. */
const JAPAN = 9 * 3_600_000;
/** Lines that sealed header fields cannot hold. */
const BOUNDARY = '=_ssmax-report';
/** Fields of the original that are worth quoting. */
const QUOTED = ['from', 'to', 'cc', 'subject', 'date', 'message-id'];

/** To the sender: `recipients` get it when somebody has approved it; undecided, it comes back at `until`. */
export function waitingReport(mail: ReportedMail & { readonly recipients: readonly string[]; readonly until: Date }): Bytes {
  const { recipients, until } = mail;
  const minute = (time: Date): string => time.toISOString().slice(0, 16).replace('T', ' ');
  return report(mail, {
    kind: 'waiting',
    subject: '確認待ち / Waiting for approval',
    text: [
      'お送りになったメールは、組織の決まりにより、担当者の確認を待っています。',
      `${minute(new Date(until.getTime() + JAPAN))}（日本時間）までに確認されないときは、送信されずに戻ります。もう一度お送りになる必要はありません。`,
      '',
      'Your mail waits for a colleague\'s approval, as your organisation\'s rules ask.',
      `If nobody decides by ${minute(until)} UTC, it comes back unsent. There is no need to send it again.`,
    ],
    recipients,
    status: ['Action: delayed', 'Status: 4.7.1', 'Diagnostic-Code: smtp; 451 4.7.1 SSMAX-inspection-hold The mail waits for approval.', `Will-Retry-Until: ${formatDate(until)}`],
  });
}

/** What the mail server would have said of each of them: `550`, `5.7.1 SSMAX-recipient-not-enrolled …`. */
interface SmtpAnswer {
  readonly code: number;
  readonly text: string;
}

/** To who answers for a list, or to the author: these of its members got no copy, as they have not enrolled. All others did. */
export function listReport(mail: ReportedMail & { readonly list: string; readonly leftOut: readonly string[]; readonly answer: SmtpAnswer }): Bytes {
  const { list, leftOut, answer } = mail;
  return report(mail, {
    kind: 'list',
    subject: 'メーリングリストの一部に届いていません / Not delivered to all of the list',
    text: [
      `${list} へのメールは、次の${leftOut.length}名には届いていません。SSMAXの利用登録がまだのためです。ほかの方には届いています。`,
      '登録がすんだら、転送などで改めてお送りください。登録コードは管理者が発行します。',
      '',
      `The mail to ${list} did not reach the following ${leftOut.length}: they have not enrolled in SSMAX yet. It reached all others.`,
      'Once they have enrolled, forward it to them. The administrator issues enrolment codes.',
      '',
      ...leftOut.map((address) => `  ${address}`),
    ],
    recipients: leftOut,
    status: ['Action: failed', `Status: ${answer.text.split(' ', 1).join('')}`, `Diagnostic-Code: smtp; ${answer.code} ${answer.text}`],
  });
}

interface ReportOrder {
  readonly kind: string;
  readonly subject: string;
  readonly text: readonly string[];
  readonly recipients: readonly string[];
  /** Fields that are said of each recipient. */
  readonly status: readonly string[];
}

function report({ to, original, contentDigest, now }: ReportedMail, { kind, subject, text, recipients, status }: ReportOrder): Bytes {
  const host = domainOf(to);
  return concat(
    lines(`From: MAILER-DAEMON@${host}`, `To: ${to}`),
    utf8(formatField('Subject', formatText(subject, 'subject'))),
    lines(
      `Date: ${formatDate(now)}`, `Message-ID: <${kind}-${hex(contentDigest).slice(0, 32)}-${now.getTime()}@${host}>`, 'Auto-Submitted: auto-replied', 'MIME-Version: 1.0',
      `Content-Type: multipart/report; report-type=delivery-status; boundary="${BOUNDARY}"`, '',
      `--${BOUNDARY}`, 'Content-Type: text/plain; charset=utf-8', 'Content-Transfer-Encoding: 8bit', '', ...text, '',
      `--${BOUNDARY}`, 'Content-Type: message/delivery-status', '', `Reporting-MTA: dns; ${host}`, '',
      ...recipients.flatMap((address) => [`Final-Recipient: rfc822; ${address}`, ...status, '']),
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
