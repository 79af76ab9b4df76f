/** What a reader shows of an entity: nothing of it stays unseen because something else is shown. */
import { describe, expect, it } from 'vitest';
import { utf8 } from '../../src/core/bytes.ts';
import { type Content, readContent } from '../../src/mail/content.ts';
import { parseMime } from '../../src/mail/mime.ts';

type Part = readonly [type: string, text: string, field?: string];

function multipart(kind: string, boundary: string, ...parts: readonly Part[]): string {
  return [`Content-Type: multipart/${kind}; boundary=${boundary}`, '', ...parts.flatMap(([type, text, field]) => [`--${boundary}`, ...(type === '' ? [] : [`Content-Type: ${type}`]), ...(field === undefined ? [] : [field]), ...(type === '' ? [] : ['']), text]), `--${boundary}--`, ''].join('\r\n');
}

const read = (entity: string): Content => readContent(parseMime(utf8(`MIME-Version: 1.0\r\n${entity}`), 'sealed'));
const TEXT: Part = ['text/plain', 'I agree to pay.'];
const HTML: Part = ['text/html', '<p>Lunch?</p>'];

describe('text and HTML', () => {
  it('text beside HTML is shown too', () => {
    expect(read(multipart('mixed', 'b', TEXT, HTML))).toMatchObject({ html: HTML[1], beside: TEXT[1] });
    expect(read(multipart('mixed', 'b', ['', multipart('alternative', 'c', TEXT, HTML)], ['text/plain', 'footer']))).toMatchObject({ html: HTML[1], beside: 'footer' });
    expect(read(multipart('mixed', 'b', ['', multipart('alternative', 'c', TEXT)], HTML))).toMatchObject({ html: HTML[1], beside: TEXT[1] });
  });

  it('an alternative to HTML is not shown beside it, and text alone is the text', () => {
    const related = multipart('related', 'd', HTML);
    for (const mail of [multipart('alternative', 'b', TEXT, HTML), multipart('alternative', 'b', TEXT, ['', related])]) expect(read(mail).beside).toBeUndefined();
    expect(read(multipart('mixed', 'b', TEXT, TEXT))).toMatchObject({ text: `${TEXT[1]}\n\n${TEXT[1]}` });
    expect(read(multipart('mixed', 'b', TEXT, TEXT)).beside).toBeUndefined();
  });
});

describe('images', () => {
  const image = (id: string): Part => ['image/png', 'x', `Content-ID: <${id}>`];

  it('stand in the HTML that names them; the others are attachments', () => {
    const html: Part = ['text/html', '<img src="cid:a@x"><img src=cid:b%40x><img src="cid:c&amp;d"><img src=\'CID:e\'>'];
    const found = read(multipart('related', 'b', html, image('a@x'), image('b@x'), image('c&d'), image('e'), image('f')));
    expect(found.images.map(({ contentId }) => contentId)).toEqual(['a@x', 'b@x', 'c&d', 'e']);
    expect(found.attachments).toHaveLength(1);
  });
});
