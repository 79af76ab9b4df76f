import { describe, expect, test } from 'vitest';
import { htmlText, inspectableText } from '../../src/mail/inspectable.ts';
import { parseMime } from '../../src/mail/mime.ts';
import { readContent } from '../../src/mail/content.ts';
import { bytes, characters } from './bytes.ts';

const parse = (text: string) => parseMime(bytes(text), 'outer');
const multipart = (subtype: string, boundary: string, ...parts: string[]) =>
  `Content-Type: multipart/${subtype}; boundary=${boundary}\r\n\r\n${parts.map((part) => `--${boundary}\r\n${part}\r\n`).join('')}--${boundary}--\r\n`;
const part = (type: string, body: string, more = '') => `Content-Type: ${type}\r\n${more}\r\n${body}`;
const utf8Characters = (text: string) => characters(new TextEncoder().encode(text));

describe('readContent', () => {
  test('every leaf is in one place', () => {
    const html = part('text/html', '<b>html<img src="cid:x">');
    const images = [part('image/png', 'img', 'Content-ID: <x>\r\n'), part('image/png', 'not named', 'Content-ID: <y>\r\n'), part('image/png', 'no id')];
    const mail = parse(
      multipart('mixed', 'a', multipart('alternative', 'b', part('text/plain', 'plain'), multipart('related', 'c', html, ...images)), part('text/plain', 'more'), part('text/csv', 'csv')),
    );
    const content = readContent(mail);
    expect(content.text).toBe('plain\n\nmore');
    expect(content.html).toBe('<b>html<img src="cid:x">');
    expect(content.images.map(({ contentId }) => contentId)).toEqual(['x']);
    expect(content.attachments.map(({ bytes: body }) => characters(body))).toEqual(['not named', 'no id', 'csv']);
  });

  test('a text meant as attachment is none of the body', () => {
    const content = readContent(parse(multipart('mixed', 'a', part('text/html', 'x', 'Content-Disposition: attachment\r\n'), part('text/plain', 'body'))));
    expect([content.text, content.html, content.attachments.length]).toEqual(['body', undefined, 1]);
  });

  test.each([
    ['iso-2022-jp', '\x1b$B8+@Q=q\x1b(B'],
    ['Shift_JIS', '\x8c\xa9\x90\xcf\x8f\x91'],
    ['EUC-JP', '\xb8\xab\xc0\xd1\xbd\xf1'],
    ['utf-8', utf8Characters('見積書')],
  ])('%s, declared or not', (charset, body) => {
    expect(readContent(parse(part(`text/plain; charset=${charset}`, body))).text).toBe('見積書');
    expect(readContent(parse(part('text/plain', body))).text).toBe('見積書');
  });
});

describe('inspectableText', () => {
  const texts = (mail: string) => inspectableText(parse(mail)).map(({ number, text }) => [number, text]);
  const found = (mail: string, word: string) => inspectableText(parse(mail)).some(({ text }) => text.includes(word));

  test('parts are numbered as IMAP does; the header is part 0', () => {
    expect(texts(`Subject: =?utf-8?Q?s=20t?=\r\n${part('text/plain', 'x')}`)).toEqual([['0', 's t'], ['1', 'x']]);
    expect(texts(multipart('mixed', 'a', part('text/plain', 'x'), multipart('mixed', 'b', part('text/plain', 'y'), part('text/plain', 'z'))))).toEqual([['0', ''], ['1', 'x'], ['2.1', 'y'], ['2.2', 'z']]);
  });

  test.each([
    ['ISO-2022-JP', part('text/plain; charset=iso-2022-jp', '\x1b$B6XB(\x1b(B'), '禁即'],
    ['a base64 text attachment', part('text/plain; charset=utf-8', Buffer.from('社外秘').toString('base64'), 'Content-Transfer-Encoding: base64\r\n'), '社外秘'],
    ['text sent as plain bytes, Shift_JIS', part('application/octet-stream', '\x8e\xd0\x8aO\x94\xe9'), '社外秘'],
    ['UTF-16 sent as plain bytes', part('application/octet-stream', '\xff\xfes\0e\0c\0r\0e\0t\0'), 'secret'],
    ['HTML, cut by tags', part('text/html; charset=utf-8', utf8Characters('社<b>外</b><span style="x">秘</span>')), '社外秘'],
    ['HTML, entities', part('text/html', '&#x793e;&#22806;&#x79d8; s&eacute;cret'), '社外秘 sécret'],
    ['HTML, attribute', part('text/html', '<img alt="secret">'), 'secret'],
    ['HTML, comment', part('text/html', '<!-- secret -->'), 'secret'],
    ['HTML under another type', part('text/plain', '<p>se<i>cr</i>et'), 'secret'],
    ['HTML file as bytes', part('application/octet-stream; name=a.html', 'x <p>se<i>cr</i>et'), 'secret'],
    ['the Subject', `Subject: =?utf-8?B?${Buffer.from('社外秘').toString('base64')}?=\r\n\r\nx`, '社外秘'],
    ['a mail attached', part('message/rfc822', `Subject: secret\r\n\r\nx`), 'secret'],
    ['base64 in a mail attached', part('message/rfc822', part('text/plain', 'c2VjcmV0', 'Content-Transfer-Encoding: base64\r\n')), 'secret'],
  ])('%s', (_, mail, word) => {
    expect(found(mail, word)).toBe(true);
  });

  test('block elements part words', () => {
    expect(htmlText('<td>sec</td><td>ret</td><p>a<br>b</p>')).toBe('sec\nret\na\nb');
  });

  test('what is no text is said to be closed, its name is there', () => {
    const [, zip] = inspectableText(parse(part("application/zip; name*=utf-8''%E7%A7%98.zip", 'PK\x03\x04\0\0')));
    expect(zip).toMatchObject({ number: '1', name: '秘.zip', text: '', opaque: true });
  });

  test('an attached mail that cannot be read is still searched raw', () => {
    expect(found(part('message/rfc822', 'no header secret'), 'secret')).toBe(true);
  });
});
