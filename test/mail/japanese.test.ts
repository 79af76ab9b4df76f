/** Japanese mail as other programs write it: charsets, half-width kana, encoded names and file names. */
import { describe, expect, it } from 'vitest';
import { concat, utf8, type Bytes } from '../../src/core/bytes.ts';
import { readContent } from '../../src/mail/content.ts';
import { parseMime } from '../../src/mail/mime.ts';

const latin1 = (text: string): Bytes => Uint8Array.from(text, (letter) => letter.charCodeAt(0));

describe('a text part', () => {
  it.each([
    ['ISO-2022-JP', '\x1b$B8+@Q=q\x1b(B', '見積書'],
    ['ISO-2022-JP, JIS X 0201 Roman', '\x1b(J\x5c100\x1b(B', '¥100'],
    ['iso-2022-jp', '\x1b(I6@6E\x1b(B', 'ｶﾀｶﾅ'],
    ['Shift_JIS', '\x8c\xa9\x90\xcf\x8f\x91', '見積書'],
    ['Shift_JIS', '\xb6\xc0\xb6\xc5', 'ｶﾀｶﾅ'],
    ['Windows-31J', '\x87\x40', '①'],
    ['EUC-JP', '\xb8\xab\xc0\xd1\xbd\xf1', '見積書'],
    ['EUC-JP', '\x8e\xb6\x8e\xc0', 'ｶﾀ'],
  ])('in %s: %j', (charset, bytes, text) => {
    const head = `Content-Type: text/plain; charset=${charset.split(',')[0] ?? ''}\r\nContent-Transfer-Encoding: 8bit\r\n\r\n`;
    expect(readContent(parseMime(concat(utf8(head), latin1(`${bytes}\r\n`)), 'sealed')).text?.trim()).toBe(text);
  });
});

describe('a name', () => {
  it.each([
    ['RFC 2231, Shift_JIS', "attachment; filename*=Shift_JIS'ja'%8C%A9%90%CF%8F%91.pdf", '見積書.pdf'],
    ['RFC 2231, in pieces', "attachment; filename*0*=utf-8''%E8%A6%8B; filename*1*=%E7%A9%8D; filename*2=.pdf", '見積.pdf'],
    ['encoded word, as many write it', 'attachment; filename="=?ISO-2022-JP?B?GyRCOCtAUT1xGyhC?=.pdf"', '見積書.pdf'],
  ])('%s', (_, disposition, name) => {
    expect(parseMime(utf8(`Content-Type: application/pdf\r\nContent-Disposition: ${disposition}\r\n\r\n`), 'outer').filename).toBe(name);
  });

  it('in the header, in every charset', () => {
    const subjects = ['=?ISO-2022-JP?B?GyRCOCtAUT1xGyhC?=', '=?Shift_JIS?B?jKmQz4+R?=', '=?EUC-JP?Q?=B8=AB=C0=D1=BD=F1?=', '=?UTF-8?B?6KaL56mN5pu4?='];
    for (const subject of subjects) expect(parseMime(utf8(`Subject: ${subject}\r\n\r\n`), 'outer').headers.text('Subject'), subject).toBe('見積書');
  });
});
