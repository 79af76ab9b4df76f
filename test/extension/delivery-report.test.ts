import { expect, it } from 'vitest';
import { readDeliveryReport } from '../../extension/member/delivery-report.ts';
import { utf8 } from '../../src/core/bytes.ts';
import { parseMime } from '../../src/mail/mime.ts';
import { waitingReport } from '../../src/mail/gateway-reports.ts';

it('reads the word that a mail waits for approval, as a key server writes it', () => {
  const until = new Date('2026-11-25T03:00:00Z');
  const original = utf8('From: taro@hinode.example\r\nSubject: x\r\nMessage-ID: <m1@hinode.example>\r\n\r\n');
  const raw = waitingReport({ to: 'taro@hinode.example', recipients: ['hanako@tsukimi.example'], original, contentDigest: new Uint8Array(32).fill(7), until, now: new Date('2026-11-22T03:00:00Z') });
  expect(readDeliveryReport(parseMime(raw, 'outer'))).toEqual({
    code: 'inspection-hold', waiting: true, until, recipients: ['hanako@tsukimi.example'], messageId: 'm1@hinode.example', contentDigest: '07'.repeat(32),
  });
});
