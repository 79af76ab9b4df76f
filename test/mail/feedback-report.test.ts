/** Reports by mail (RFC 5965): made and read, and refused where two readers could read two reports. */
import { describe, expect, it } from 'vitest';
import { type Bytes, utf8 } from '../../src/core/bytes.ts';
import { buildCarrier, mailBytes } from '../../src/mail/carrier.ts';
import { buildFeedbackReport, readFeedbackReport } from '../../src/mail/feedback-report.ts';
import { parseMime } from '../../src/mail/mime.ts';

const sealed = mailBytes(buildCarrier([['From', 'taro@hinode.example'], ['To', 'hanako@tsukimi.example'], ['Subject', 'x']], new Uint8Array(500).fill(7)));
const order = { from: 'hanako@tsukimi.example', to: 'abuse@tsukimi.example', type: 'fraud' as const, comment: '請求が\n身に覚えがない', mail: sealed, date: new Date('2026-11-22T03:00:00Z') };
const built = (): string => new TextDecoder().decode(buildFeedbackReport(order, (length) => new Uint8Array(length)));
const read = (mail: string | Bytes) => readFeedbackReport(parseMime(typeof mail === 'string' ? utf8(mail) : mail, 'outer'));
const invalid = (reason: string): object => ({ kind: 'refused', code: 'feedback-report-invalid', params: { reason } });
const refusing = (mail: string): unknown => {
  try {
    return read(mail);
  } catch (error) {
    return error;
  }
};

describe('a feedback report', () => {
  it('is read as it was made, and the mail in it to the byte', () => {
    expect(read(built())).toEqual({ type: 'fraud', comment: order.comment, mail: sealed });
    expect(built()).toMatch(/^Content-Type: multipart\/report;\s+report-type=feedback-report;/m);
  });

  it.each([
    ['another type', 'Feedback-Type: fraud', 'Feedback-Type: not-spam', 'other'],
    ['a type in capitals', 'Feedback-Type: fraud', 'Feedback-Type: VIRUS', 'virus'],
  ])('%s', (_, from, to, type) => {
    expect(read(built().replace(from, to))).toMatchObject({ type });
  });

  it.each([
    ['of another version', 'SSMAX/1\r\nVersion: 1', 'SSMAX/1\r\nVersion: 2', 'Version'],
    ['of no version', 'SSMAX/1\r\nVersion: 1\r\n', 'SSMAX/1\r\n', 'Version'],
    ['of two types', 'Feedback-Type: fraud', 'Feedback-Type: fraud\r\nFeedback-Type: abuse', 'Feedback-Type'],
    ['without a program', 'User-Agent: SSMAX/1\r\n', '', 'User-Agent'],
    ['with another part', 'Content-Type: text/plain; charset=utf-8', 'Content-Type: text/html; charset=utf-8', 'parts'],
    ['with its parts in another order', 'Content-Type: message/feedback-report', 'Content-Type: message/disposition-notification', 'parts'],
  ])('%s is refused', (_, from, to, reason) => {
    expect(built()).toContain(from);
    expect(refusing(built().replace(from, to))).toMatchObject(invalid(reason));
  });

  it('is none without the report type, and without a sealed mail in it', () => {
    expect(read(built().replace('report-type=feedback-report', 'report-type=delivery-status'))).toBeUndefined();
    expect(read(buildFeedbackReport({ ...order, mail: utf8('From: x@outside.example\r\n\r\nhello\r\n') }, (length) => new Uint8Array(length)))).toBeUndefined();
    expect(read(sealed)).toBeUndefined();
  });

  it('takes only so much of what its writer says', () => {
    const long = buildFeedbackReport({ ...order, comment: 'あ'.repeat(3000) }, (length) => new Uint8Array(length));
    expect(read(long)?.comment).toHaveLength(2000);
  });
});
