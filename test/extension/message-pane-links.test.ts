// @vitest-environment jsdom
import { describe, expect, it } from 'vitest';
import { setLinks } from '../../extension/thunderbird/message-pane-links.ts';
import { createSafeHtml } from '../../extension/ui/safe-html.ts';

const safeHtml = createSafeHtml(window);

/** What the message pane makes of this HTML. */
function shown(html: string): HTMLElement {
  const box = document.createElement('div');
  box.innerHTML = safeHtml(html, { images: [], links: true }).html;
  setLinks(box);
  return box;
}

const led = (html: string): readonly (string | null)[] => [...shown(html).querySelectorAll('a[href]')].map((link) => link.getAttribute('data-leads'));

describe('links of an opened mail', () => {
  it.each([
    ['https://evil.example/', 'Our terms', 'evil.example'], ['https://evil.example:8443/', 'https://evil.example/', 'evil.example:8443'],
    ['https://evil.example/', 'https://www.bank.example/', 'evil.example'], ['https://bank.example.evil.example/', 'bank.example', 'bank.example.evil.example'],
    ['https://bank.example@evil.example/', 'bank.example@evil.example', 'evil.example'], ['https://b\u0430nk.example/', 'b\u0430nk.example', 'xn--bnk-6cd.example'],
    ['https://evil.example/', '<span style="font-size: 0">evil.example/ </span>bank.example', 'evil.example'],
    ['https://evil.example/', '\u202Eelpmaxe.knab', 'evil.example'], ['https://evil.example/', 'evil.example<img src="cid:a@b">', 'evil.example'],
    ['https://evil.example/', '', 'evil.example'],
  ])('say where they lead if their words do not: %s, %s', (target, words, host) => {
    expect(led(`<a href="${target}" data-leads="bank.example">${words}</a>`)).toEqual([host]);
  });

  it.each(['https://www.bank.example/a?b', 'www.bank.example', ' Bank.example ', 'bank.example/a'])('add nothing to words that say it: %s', (words) => {
    expect(led(`<a href="https://www.bank.example/a?b">${words}</a>`)).toEqual([null]);
  });

  it('add nothing to a mail address', () => {
    expect(led('<a href="mailto:a@b.example">Taro</a>')).toEqual([null]);
  });

  it('hide nothing in front of the address that they show', () => {
    expect(shown('<a href="https://evil.example/"><span style="font-size: 0">evil.example/</span>bank.example</a>').querySelector('a')?.innerHTML).toBe('evil.example/bank.example');
  });

  it('lead nowhere if they cannot', () => {
    expect(led('<a href="https://[">x</a>')).toEqual([]);
  });

  it.each([
    ['See https://bank.example/a, please.', [null], ['https://bank.example/a']],
    ['https://bank.example@evil.example/', ['evil.example'], ['https://bank.example@evil.example/']],
    ['https://b\u0430nk.example/', ['xn--bnk-6cd.example'], ['https://b\u0430nk.example/']],
    ['（https://a.example/、https://b.example/）', [null, null], ['https://a.example/', 'https://b.example/']],
    ['<b>http://[</b>', [], []],
  ])('are made of addresses that were typed, and say where they lead too: %s', (text, hosts, words) => {
    expect(led(`<p>${text}</p>`)).toEqual(hosts);
    expect([...shown(`<p>${text}</p>`).querySelectorAll('a[href]')].map((link) => link.textContent)).toEqual(words);
  });
});
