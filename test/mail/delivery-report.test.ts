import { expect, it } from 'vitest';
import { utf8 } from '../../src/core/bytes.ts';
import { isDaemonReport } from '../../src/mail/delivery-report.ts';
import { parseMime } from '../../src/mail/mime.ts';
import { REPORT } from '../security/delivery-report.ts';

const speaks = (from: string, lines: readonly string[] = REPORT): boolean => isDaemonReport(parseMime(utf8([`From: ${from}`, ...lines, ''].join('\r\n')), 'outer'));
/** Without the part that says what became of the mail, or with other lines in it. */
const status = (...lines: readonly string[]): string[] => [...REPORT.slice(0, REPORT.indexOf('Reporting-MTA: dns; mx.hinode.example')), ...lines, '', '--b--'];

it.each([
  ['Postfix', 'MAILER-DAEMON@mx.hinode.example (Mail Delivery System)'],
  ['Postfix without a name', 'MAILER-DAEMON'],
  ['Exchange', 'postmaster@hinode.example'],
  ['Exchange with a name', 'Microsoft Outlook <postmaster@hinode.example>'],
  ['Gmail', 'Mail Delivery Subsystem <mailer-daemon@googlemail.example>'],
  ['Exim', 'Mail Delivery System <Mailer-Daemon@mx.hinode.example>'],
  ['a name in quotes', '"Mail Delivery System" <"mailer-daemon"@hinode.example>'],
])('%s reports for a mail server', (_, from) => expect(speaks(from)).toBe(true));

it.each([
  '"Yamada Taro (president)" <mailer-daemon@hinode.example>', 'Yamada <postmaster@hinode.example>', 'postmaster@hinode.example (Yamada)', '=?utf-8?b?5bGx55Sw?= <mailer-daemon@hinode.example>',
  'Postmaster Yamada <postmaster@hinode.example>', 'Mail Delivery System <yamada@hinode.example>', 'postmaster@hinode.example, yamada@hinode.example', 'postmaster@x@hinode.example',
])('%s does not', (from) => expect(speaks(from)).toBe(false));

it('says what became of a mail', () => {
  expect(speaks('MAILER-DAEMON@hinode.example', status('Reporting-MTA: dns; x', '', 'Original-Recipient: rfc822; a@b', 'action: delayed'))).toBe(true);
  expect(speaks('MAILER-DAEMON@hinode.example', status('Reporting-MTA: dns; x'))).toBe(false);
  expect(speaks('MAILER-DAEMON@hinode.example', status())).toBe(false);
  expect(speaks('MAILER-DAEMON@hinode.example', [...REPORT.slice(0, 7), '--b', 'Content-Type: text/html', '', 'Final-Recipient: x', 'Action: failed', '', '--b--'])).toBe(false);
});
