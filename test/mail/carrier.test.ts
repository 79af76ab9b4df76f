import { describe, expect, test } from 'vitest';
import fc from 'fast-check';
import { hex } from '../../src/core/bytes.ts';
import { buildCarrier, CARRIER_NOTICE, findCarrier, mailBytes, replaceCarrier, stripMark } from '../../src/mail/carrier.ts';
import { parseMime } from '../../src/mail/mime.ts';
import vectors from '../vectors/mail-carrier.json' with { type: 'json' };
import { bytes, characters, codeOf } from './bytes.ts';

interface Case {
  name: string;
  mail: string;
  found?: string;
  error?: string;
}

const find = (mail: string) => findCarrier(parseMime(bytes(mail), 'outer'));

describe('findCarrier', () => {
  test.each(vectors.cases as Case[])('$name', ({ mail, found, error }) => {
    if (error !== undefined) return expect(codeOf(() => find(mail))).toBe(error);
    const result = find(mail);
    return expect(result.kind === 'none' ? 'none' : hex(result.cms)).toBe(found);
  });
});

test('what is built is found, at every length, and its size is known before', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 400 }), (data) => {
      const mail = buildCarrier([['From', 'taro@hinode.example'], ['Subject', 'x']], Uint8Array.from(data));
      const raw = mailBytes(mail);
      expect(raw.length).toBe(mail.size);
      expect(find(characters(raw))).toEqual({ kind: 'carrier', cms: Uint8Array.from(data) });
    }),
  );
});

test('large content comes in chunks', () => {
  const cms = new Uint8Array(3 << 20).fill(0xa5);
  const mail = buildCarrier([], cms);
  expect(Math.max(...[...mail.body()].map((chunk) => chunk.length))).toBeLessThan(1.1 * (1 << 20));
  const found = findCarrier(parseMime(mailBytes(mail), 'outer'));
  expect(found.kind === 'carrier' && Buffer.compare(found.cms, cms)).toBe(0);
});

test('the notice is there in both languages', () => {
  const mail = parseMime(mailBytes(buildCarrier([], bytes('x'))), 'outer');
  const notice = new TextDecoder().decode(mail.children[0]?.body());
  expect(notice.split('\r\n').slice(0, 2)).toEqual([...CARRIER_NOTICE]);
});

describe('replaceCarrier', () => {
  const original =
    'Received: from a\r\n by b\r\nFrom: =?utf-8?B?5bGx?= <taro@hinode.example>\r\nBcc: jiro@tsukimi.example\r\nbcc : jiro@tsukimi.example\r\nResent-Bcc: jiro@tsukimi.example\r\n' +
    'X-SSMAX: 1\r\nX-Ssmax-Verdict: ok\r\nX-Spam: 1\r\nSubject: \xe9\r\nX-Folded: a\r\n \t\r\n b\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\nContent-Language: ja\r\n\r\n' +
    '--b\r\n\r\nfooter naming jiro\r\n--b--\r\n';

  test('keeps the header but for what must not travel, and makes the body new', () => {
    const mail = replaceCarrier(bytes(original), bytes('new'), { addedFields: [['Received', 'by gateway']], removedFieldNames: ['x-spam'] });
    expect(characters(mail.head)).toBe(
      'Received: by gateway\r\nReceived: from a\r\n by b\r\nFrom: =?utf-8?B?5bGx?= <taro@hinode.example>\r\nSubject: \xe9\r\nX-Folded: a\r\n b\r\n' +
        'X-SSMAX: 1\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary="=_ssmax-carrier"\r\n\r\n',
    );
    const raw = mailBytes(mail);
    expect(characters(raw)).not.toContain('jiro');
    expect(find(characters(raw))).toEqual({ kind: 'carrier', cms: bytes('new') });
  });

  test('line feeds become CRLF', () => {
    const mail = replaceCarrier(bytes(original.replaceAll('\r\n', '\n')), bytes('new'));
    expect(characters(mailBytes(mail))).not.toMatch(/(?<!\r)\n|\r(?!\n)/);
  });

  test('added fields cannot carry line breaks', () => {
    expect(codeOf(() => replaceCarrier(bytes(original), bytes('x'), { addedFields: [['X-A', 'b\r\nBcc: c']] }))).toBe('header-injection');
    expect(codeOf(() => replaceCarrier(bytes(original), bytes('x'), { addedFields: [['X-A: b\r\nC', 'd']] }))).toBe('header-injection');
  });
});

test('stripMark takes our fields away and nothing else', () => {
  const mail = stripMark(bytes('Subject: a\n b\nx-ssmax : 1\nX-SSMAX-Content: 00\n ff\nTo: c@d.example\n\nbody\n.\n'));
  expect(characters(mailBytes(mail))).toBe('Subject: a\r\n b\r\nTo: c@d.example\r\n\r\nbody\n.\n');
  expect(mailBytes(mail).length).toBe(mail.size);
});
