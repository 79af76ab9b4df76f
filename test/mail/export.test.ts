import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Bytes, fromUtf8, utf8 } from '../../src/core/bytes.ts';
import { buildInner, type InnerMail } from '../../src/mail/build.ts';
import { readContent } from '../../src/mail/content.ts';
import { exportMail } from '../../src/mail/export.ts';
import { latin1 } from '../../src/mail/latin1.ts';
import { parseMime } from '../../src/mail/mime.ts';

const mailbox = { address: 'taro@hinode.example', displayName: '山田 太郎' };
const base: InnerMail = { from: mailbox, to: [mailbox], subject: '見積書の件', date: new Date('2026-11-22T03:00:00Z'), text: 'x' };
const inner = (mail: Partial<InnerMail>) => parseMime(buildInner({ ...base, ...mail }, (length) => new Uint8Array(length).fill(7)), 'sealed');

describe('an opened entity as a mail', () => {
  it('has the protected fields as its own, and nothing about the seal', () => {
    const text = fromUtf8(exportMail(inner({ text: 'hello\n' })));
    expect(text).toContain('\r\n\r\nhello\r\n');
    expect(text).toContain('Date: Sun, 22 Nov 2026 03:00:00 +0000\r\n');
    expect(text).not.toMatch(/HP-Outer|hp=/i);
  });

  it('holds what was sealed, in lines that survive any way', () => {
    const bytes = fc.uint8Array({ maxLength: 400 }).map((array): Bytes => Uint8Array.from(array));
    const text = fc.string({ unit: 'binary', maxLength: 100 }).map((value) => value.replaceAll('\0', ''));
    fc.assert(fc.property(text, fc.option(text, { nil: undefined }), fc.array(bytes, { maxLength: 3 }), (plain, html, files) => {
      const entity = inner({
        text: plain, ...(html !== undefined && { html: `${html}<img src="cid:a@b">`, images: [{ name: 'ä.png', type: 'image/png', contentId: 'a@b', bytes: utf8('PNG') }] }),
        attachments: files.map((file, i) => ({ name: `${i}.bin`, type: 'application/octet-stream', bytes: file })),
      });
      const mail = exportMail(entity);
      expect(latin1(mail).split('\r\n').every((line) => /^[^\r\n\0\x80-\xff]{0,998}$/.test(line))).toBe(true);
      expect(readContent(parseMime(mail, 'sealed'))).toEqual(readContent(entity));
    }));
  });

  it('leaves an attached mail as it is', () => {
    const attached = utf8('Subject: inner\r\n\r\nこんにちは\r\n');
    const mail = exportMail(inner({ attachments: [{ name: 'a.eml', type: 'message/rfc822', bytes: attached }] }));
    expect(readContent(parseMime(mail, 'sealed')).attachments[0]?.bytes).toEqual(attached);
  });
});
