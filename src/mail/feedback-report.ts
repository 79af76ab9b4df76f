/**
 * Feedback reports (ARF, RFC 5965): a report of abuse by mail, with the sealed mail that it is about.
 *
 * ```
 * multipart/report; report-type=feedback-report
 *   text/plain                  what the reporter says
 *   message/feedback-report     Feedback-Type, User-Agent, Version
 *   message/rfc822              the mail as it lies in the mailbox
 * ```
 *
 * Read strictly: who reports a sealed mail in another form is told so, rather than believed to have reported something.
 */
import { concat, type Bytes, fromUtf8, hex, utf8 } from '../core/bytes.ts';
import { refused } from '../core/error.ts';
import { findCarrier } from './carrier.ts';
import { formatDate, formatField, formatText, parseHeaders } from './header.ts';
import { type Entity, parseMime } from './mime.ts';

/** RFC 5965 §7.3, as far as they fit; all others are `other`. */
const TYPES = ['abuse', 'fraud', 'virus', 'other'] as const;
export type FeedbackType = (typeof TYPES)[number];

/** Characters of the reporter's text that are taken. */
const MAX_COMMENT = 2000;

export interface FeedbackReport {
  readonly type: FeedbackType;
  /** Empty: none. */
  readonly comment: string;
  /** The mail that it is about. */
  readonly mail: Bytes;
}

/**
 * The report that a mail is; undefined for one that is no feedback report, or about a mail that is not sealed. Throws
 * `feedback-report-invalid` for a report about a sealed mail that is not as it must be.
 */
export function readFeedbackReport(mail: Entity): FeedbackReport | undefined {
  if (mail.type !== 'multipart/report' || mail.params.get('report-type')?.toLowerCase() !== 'feedback-report') return undefined;
  const about = mail.children.find(({ type }) => type === 'message/rfc822');
  if (about === undefined || !isSealed(about.body())) return undefined;
  const [text, feedback, original, ...others] = mail.children;
  const asDue = text?.type === 'text/plain' && feedback?.type === 'message/feedback-report' && original?.type === 'message/rfc822' && others.length === 0;
  if (!asDue) throw invalid('parts');
  const defect = mail.defects.find((code) => code !== 'mime-surplus' && code !== 'mime-charset-unknown');
  if (defect !== undefined) throw invalid(defect);
  return { type: readType(feedback), comment: readComment(text), mail: original.body() };
}

function isSealed(mail: Bytes): boolean {
  try {
    return findCarrier(parseMime(mail, 'outer')).kind === 'carrier';
  } catch {
    return false;
  }
}

function invalid(reason: string): Error {
  return refused('feedback-report-invalid', { reason });
}

/** The fields of message/feedback-report are a header block of their own (RFC 5965 §3). */
function readType(part: Entity): FeedbackType {
  const body = part.body();
  const { headers } = parseHeaders(concat(body, utf8('\r\n\r\n')), 'outer');
  const once = (name: string): string => {
    const [value, ...others] = headers.all(name);
    if (value === undefined || others.length > 0) throw invalid(name);
    return value;
  };
  if (once('Version') !== '1') throw invalid('Version');
  once('User-Agent');
  const type = once('Feedback-Type').toLowerCase();
  return TYPES.find((known) => known === type) ?? 'other';
}

function readComment(part: Entity): string {
  let text: string;
  try {
    text = fromUtf8(part.body());
  } catch {
    throw invalid('text');
  }
  return text.replace(/\r\n/g, '\n').trim().slice(0, MAX_COMMENT);
}

export interface FeedbackOrder {
  /** Header syntax is made here: bare addresses. */
  readonly from: string;
  /** `abuse@` the reporter's domain. */
  readonly to: string;
  readonly type: FeedbackType;
  readonly comment: string;
  /** The mail as it lies in the mailbox. */
  readonly mail: Bytes;
  readonly date: Date;
}

/** Makes a report; `random(16)` gives the boundary. The mail in it is not changed by a byte. */
export function buildFeedbackReport({ from, to, type, comment, mail, date }: FeedbackOrder, random: (length: number) => Bytes): Bytes {
  const boundary = `=_report_${hex(random(16))}`;
  const head = [
    formatField('From', from), formatField('To', to), formatField('Subject', formatText(`Report of ${type}`, 'Subject')), formatField('Date', formatDate(date)),
    formatField('MIME-Version', '1.0'), formatField('Content-Type', `multipart/report; report-type=feedback-report; boundary="${boundary}"`), '\r\n',
  ].join('');
  const text = `--${boundary}\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n${comment.replace(/\r\n?|\n/g, '\r\n')}\r\n`;
  const feedback = `--${boundary}\r\nContent-Type: message/feedback-report\r\n\r\nFeedback-Type: ${type}\r\nUser-Agent: SSMAX/1\r\nVersion: 1\r\n\r\n`;
  return concat(utf8(`${head}${text}${feedback}--${boundary}\r\nContent-Type: message/rfc822\r\nContent-Disposition: inline\r\n\r\n`), mail, utf8(`\r\n--${boundary}--\r\n`));
}
