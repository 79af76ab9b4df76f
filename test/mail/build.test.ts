import { describe, expect, test } from 'vitest';
import fc from 'fast-check';
import type { Bytes } from '../../src/core/bytes.ts';
import { buildInner, type InnerMail } from '../../src/mail/build.ts';
import { parseMime, type Entity } from '../../src/mail/mime.ts';
import { readProtectedHeaders } from '../../src/mail/protected-headers.ts';
import { readContent } from '../../src/mail/content.ts';
import { characters, codeOf, fixedRandom } from './bytes.ts';

const MAIL: InnerMail = {
  from: { address: 'taro@hinode.example', displayName: '山田 太郎' },
  to: [{ address: 'hanako@tsukimi.example', displayName: '鈴木 花子' }],
  subject: '見積書の件',
  date: new Date('2026-11-22T01:02:03Z'),
  text: 'こんにちは\n見積書です。\n',
};

const shape = (entity: Entity): unknown => (entity.children.length === 0 ? entity.type : [entity.type, ...entity.children.map(shape)]);
const parse = (mail: InnerMail): Entity => parseMime(buildInner(mail, fixedRandom), 'sealed');
const file = (name: string, content: string, type = 'application/pdf'): { name: string; type: string; bytes: Bytes } => ({
  name,
  type,
  bytes: Uint8Array.from(new TextEncoder().encode(content)),
});

describe('structure', () => {
  const image = { ...file('絵.png', 'PNG', 'image/png'), contentId: 'img1@hinode.example' };

  test('only what is needed', () => {
    expect(shape(parse(MAIL))).toBe('text/plain');
    expect(shape(parse({ ...MAIL, html: '<p>x' }))).toEqual(['multipart/alternative', 'text/plain', 'text/html']);
    expect(shape(parse({ ...MAIL, html: '<p>x', images: [image], attachments: [file('a.pdf', 'x')] }))).toEqual([
      'multipart/mixed',
      ['multipart/alternative', 'text/plain', ['multipart/related', 'text/html', 'image/png']],
      'application/pdf',
    ]);
  });

  test('the root says hp=cipher, signed-only mail hp=clear', () => {
    expect(parse(MAIL).params.get('hp')).toBe('cipher');
    const clear = buildInner({ ...MAIL, protection: 'clear' }, fixedRandom);
    expect(parseMime(clear, 'sealed').params.get('hp')).toBe('clear');
    expect(characters(clear)).not.toContain('HP-Outer');
  });

  test('HP-Outer records what the outer mail shows', () => {
    const inner = parse({ ...MAIL, outerSubject: '...' });
    expect(inner.headers.all('HP-Outer')).toContain('Subject: ...');
    expect(readProtectedHeaders(inner)).toMatchObject({ subject: '見積書の件', outerSubject: '...' });
  });

  test('the same input and random bytes give the same bytes', () => {
    const mail = { ...MAIL, html: '<p>x', attachments: [file('a', 'b')] };
    expect(characters(buildInner(mail, fixedRandom))).toBe(characters(buildInner(mail, fixedRandom)));
  });

  test('Bcc has no way in', () => {
    const withBcc = { ...MAIL, bcc: [{ address: 'jiro@tsukimi.example', displayName: '' }] };
    expect(characters(buildInner(withBcc, fixedRandom)).toLowerCase()).not.toMatch(/bcc|jiro/);
  });

  test('types that readers would take apart travel as bytes', () => {
    const types = ['multipart/mixed; boundary=x', 'message/partial', 'message/external-body', 'not a type', '', 'text/html\r\nX: y'];
    const inner = parse({ ...MAIL, attachments: types.map((type) => file('a', 'b', type)) });
    expect(inner.children.slice(1).map((child) => child.type)).toEqual(types.map(() => 'application/octet-stream'));
  });

  test('lines of any length and any line break', () => {
    for (const text of ['x'.repeat(5000), 'あ'.repeat(2000), 'a\rb\nc\r\nd', 'a\0b']) {
      expect(readContent(parse({ ...MAIL, text })).text).toBe(text.replace(/\r\n?|\n/g, '\r\n'));
    }
  });

  test('nothing to say is refused', () => {
    const { from, to, subject, date } = MAIL;
    expect(codeOf(() => buildInner({ from, to, subject, date }, fixedRandom))).toBe('mail-empty');
  });
});

test('line breaks in names are refused, wherever they stand', () => {
  const evil = 'a\r\nBcc: x@y.example\r\n\r\nb';
  for (const mail of [
    { ...MAIL, subject: evil },
    { ...MAIL, outerSubject: evil },
    { ...MAIL, from: { ...MAIL.from, displayName: evil } },
    { ...MAIL, attachments: [file(evil, 'x')] },
    { ...MAIL, html: 'x', images: [{ ...file('a', 'x'), contentId: evil }] },
    { ...MAIL, subject: 'a\0b' },
  ]) {
    expect(codeOf(() => buildInner(mail, fixedRandom))).toBe('header-injection');
  }
});

test('build and parse: everything comes back', () => {
  const words = fc.string({ unit: 'grapheme', maxLength: 120 }).map((text) => text.replace(/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]/gu, ''));
  const fileName = words.map((text) => text.trim());
  const body = fc.string({ unit: 'binary', maxLength: 400 }).map((text) => text.replace(/[\p{Cs}\ufeff]/gu, ''));
  const content = fc.uint8Array({ maxLength: 300 }).map((data) => Uint8Array.from(data));
  const mails = fc.record({
    subject: words,
    name: fileName,
    text: fc.option(body, { nil: undefined }),
    html: body,
    images: fc.array(content, { maxLength: 2 }),
    files: fc.array(fc.record({ name: fileName, bytes: content }), { maxLength: 3 }),
  });
  fc.assert(
    fc.property(mails, ({ subject, name, text, html, images, files }) => {
      const mail: InnerMail = {
        ...MAIL,
        from: { address: 'taro@hinode.example', displayName: name },
        subject,
        text: text ?? '',
        html: `${html}${images.map((_, i) => `<img src="cid:c${i}">`).join('')}`,
        images: images.map((bytes, i) => ({ name: '', type: 'image/png', bytes, contentId: `c${i}` })),
        attachments: files.map((attachment) => ({ ...attachment, type: 'application/octet-stream' })),
      };
      const entity = parse(mail);
      const headers = readProtectedHeaders(entity);
      expect(headers.subject).toBe(subject);
      expect(headers.from).toEqual(mail.from);
      expect(headers.to).toEqual(mail.to);
      expect(headers.date).toEqual(mail.date);
      const found = readContent(entity);
      expect(found.text).toBe((text ?? '').replace(/\r\n?|\n/g, '\r\n'));
      expect(found.html).toBe(mail.html?.replace(/\r\n?|\n/g, '\r\n'));
      expect(found.images).toEqual(mail.images);
      expect(found.attachments).toEqual(mail.attachments);
    }),
  );
});
