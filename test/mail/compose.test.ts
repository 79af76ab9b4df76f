import { describe, expect, it } from 'vitest';
import { utf8 } from '../../src/core/bytes.ts';
import { readWritten, type WrittenMail } from '../../src/mail/compose.ts';

const TOP = ['From: Taro <taro@hinode.example>', 'To: hanako@tsukimi.example', 'Subject: hi'];
const read = (...lines: string[]): WrittenMail => readWritten(utf8([...TOP, ...lines].join('\n')));
const codeOf = (...lines: string[]): unknown => {
  try {
    return read(...lines);
  } catch (error) {
    return error;
  }
};

describe('a mail as a program wrote it', () => {
  it('gives its addressees, subject and text', () => {
    const mail = read('Cc: yuki@hinode.example', 'Bcc: jiro@tsukimi.example', 'Reply-To: desk@hinode.example', 'Content-Type: text/plain; charset=utf-8', '', 'こんにちは');
    expect(mail.from).toEqual({ address: 'taro@hinode.example', displayName: 'Taro' });
    expect([mail.to, mail.cc, mail.bcc, mail.replyTo].map((list) => list?.map(({ address }) => address))).toEqual([
      ['hanako@tsukimi.example'], ['yuki@hinode.example'], ['jiro@tsukimi.example'], ['desk@hinode.example'],
    ]);
    expect(mail).toMatchObject({ subject: 'hi', text: 'こんにちは' });
    expect(mail.html).toBeUndefined();
  });

  it('may have no text beside its attachment', () => {
    const mail = read('Content-Type: application/pdf; name=a.pdf', 'Content-Transfer-Encoding: base64', '', 'JVBERg==');
    expect(mail).toMatchObject({ text: '', attachments: [{ name: 'a.pdf', type: 'application/pdf', bytes: utf8('%PDF') }] });
  });

  it('keeps the charset of an attached text, whose bytes stay as they are', () => {
    const mail = read('Content-Type: multipart/mixed; boundary=b', '', '--b', '', 'hello', '--b', 'Content-Type: text/csv; charset=shift_jis; name=a.csv', 'Content-Transfer-Encoding: base64', '', 'i8k=', '--b--', '');
    expect(mail.attachments).toEqual([{ name: 'a.csv', type: 'text/csv; charset=shift_jis', bytes: Uint8Array.of(0x8b, 0xc9) }]);
  });

  const SIGNED = ['Content-Type: multipart/signed; boundary=b', '', '--b', '', 'x', '--b--'];
  const MIXED = 'Content-Type: multipart/mixed; boundary=b';
  it.each([
    ['sealed', ['X-SSMAX: 1', '', 'x'], 'mail-not-sealable'],
    ['signed otherwise', SIGNED, 'mail-not-sealable'],
    ['encrypted otherwise', ['Content-Type: application/pkcs7-mime', '', 'x'], 'mail-not-sealable'],
    ['text and HTML that are not alternatives', [MIXED, '', '--b', '', 'x', '--b', 'Content-Type: text/html', '', 'y', '--b--'], 'mail-not-sealable'],
    ['a footer behind the alternatives', [
      MIXED, '', '--b', 'Content-Type: multipart/alternative; boundary=c', '', '--c', '', 'x', '--c', 'Content-Type: text/html', '', 'y', '--c--', '--b', '', 'footer', '--b--',
    ], 'mail-not-sealable'],
    ['two subjects', ['Subject: other', '', 'x'], 'mail-ambiguous'],
    ['two Content-Types', ['Content-Type: text/plain', 'Content-Type: text/html', '', 'x'], 'mail-ambiguous'],
    ['no closing delimiter', [MIXED, '', '--b', '', 'x'], 'mail-ambiguous'],
    ['an unknown charset', ['Content-Type: text/plain; charset=x-unknown', '', 'x'], 'mail-ambiguous'],
    ['text that is not in its charset', ['Content-Type: text/plain; charset=utf-8', 'Content-Transfer-Encoding: base64', '', '/w=='], 'mail-ambiguous'],
    ['an address that is none', ['Cc: nobody', '', 'x'], 'address-invalid'],
    ['two senders', ['From: ken@hinode.example', '', 'x'], 'mail-ambiguous'],
  ])('is refused with %s', (_, lines, code) => {
    expect(codeOf(...lines)).toMatchObject({ kind: 'refused', code });
  });

  it('is refused without a sender', () => {
    expect(() => readWritten(utf8('To: hanako@tsukimi.example\n\nx'))).toThrow('from-missing');
  });
});
