// @vitest-environment jsdom
import { describe, expect, it } from 'vitest';
import { setLinks, showsWhereItLeads } from '../../extension/thunderbird/message-pane-links.ts';
import { createSafeHtml } from '../../extension/ui/safe-html.ts';

const safeHtml = createSafeHtml(window);

/** What the message pane makes of this HTML. */
function shown(html: string): HTMLElement {
  const box = document.createElement('div');
  box.innerHTML = safeHtml(html, { images: [], links: true }).html;
  setLinks(box);
  return box;
}

const led = (html: string): readonly (string | undefined)[] => [...shown(html).querySelectorAll('a[href]')].map((link) => link.querySelector('.leads')?.textContent.replace(' → ', ''));

describe('links of an opened mail', () => {
  it.each([
    ['https://evil.example/', 'Our terms', 'evil.example'], ['https://evil.example:8443/', 'https://evil.example/', 'evil.example:8443'],
    ['https://evil.example/', 'https://www.bank.example/', 'evil.example'], ['https://bank.example.evil.example/', 'bank.example', 'bank.example.evil.example'],
    ['https://bank.example@evil.example/', 'bank.example@evil.example', 'evil.example'], ['https://b\u0430nk.example/', 'b\u0430nk.example', 'xn--bnk-6cd.example'],
    ['https://evil.example/', '<span style="font-size: 0">evil.example/ </span>bank.example', 'evil.example'],
    ['https://evil.example/', '\u202Eelpmaxe.knab', 'evil.example'], ['https://evil.example/', 'evil.example<img src="cid:a@b">', 'evil.example'],
    ['https://evil.example/', '', 'evil.example'],
  ])('say where they lead if their words do not: %s, %s', (target, words, host) => {
    expect(led(`<a href="${target}" class="leads">${words}</a>`)).toEqual([host]);
  });

  it.each(['https://www.bank.example/a?b', 'www.bank.example', ' Bank.example ', 'bank.example/a'])('add nothing to words that say it: %s', (words) => {
    expect(led(`<a href="https://www.bank.example/a?b">${words}</a>`)).toEqual([undefined]);
  });

  it('add nothing to a mail address', () => {
    expect(led('<a href="mailto:a@b.example">Taro</a>')).toEqual([undefined]);
  });

  it('hide nothing in front of the address that they show', () => {
    expect(shown('<a href="https://evil.example/"><span style="font-size: 0">evil.example/</span>bank.example</a>').querySelector('a')?.innerHTML).toBe('evil.example/bank.example');
  });

  it('lead nowhere if they cannot', () => {
    expect(led('<a href="https://[">x</a>')).toEqual([]);
  });

  it.each([
    ['See https://bank.example/a, please.', [undefined], ['https://bank.example/a']],
    ['https://bank.example@evil.example/', ['evil.example'], ['https://bank.example@evil.example/']],
    ['https://b\u0430nk.example/', ['xn--bnk-6cd.example'], ['https://b\u0430nk.example/']],
    ['（https://a.example/、https://b.example/）', [undefined, undefined], ['https://a.example/', 'https://b.example/']],
    ['<b>http://[</b>', [], []],
  ])('are made of addresses that were typed, and say where they lead too: %s', (text, hosts, words) => {
    expect(led(`<p>${text}</p>`)).toEqual(hosts);
    expect([...shown(`<p>${text}</p>`).querySelectorAll('a[href]')].map((link) => link.firstChild?.textContent)).toEqual(words);
  });

  it.each<[string, Partial<DOMRect>, boolean]>([
    ['in sight', {}, true], ['half a pixel out', { right: 600.5 }, true], ['pushed out to the right', { left: 590, right: 700 }, false], ['cut off on the left', { left: -300, right: -200 }, false],
    ['above', { top: -40, bottom: -20 }, false], ['below', { top: 900, bottom: 920 }, false], ['of no size', { width: 0 }, false],
  ])('are followed only while it is seen where they lead: %s', (_, place, followed) => {
    const box = shown('<a href="https://evil.example/">www.bank.example</a>');
    const [link, mark] = [box.querySelector('a'), box.querySelector('.leads')];
    if (link === null || mark === null) throw new Error('no link');
    box.getBoundingClientRect = () => ({ left: 10, right: 600 }) as DOMRect;
    mark.getBoundingClientRect = () => ({ left: 100, right: 200, top: 50, bottom: 70, width: 100, ...place }) as DOMRect;
    let brought = false;
    mark.scrollIntoView = () => { brought = true; };
    expect(showsWhereItLeads(link, box)).toBe(followed);
    expect(brought).toBe(!followed);
  });

  it('are followed at once if their words say where they lead', () => {
    const box = shown('<a href="https://a.example/">a.example</a>');
    expect(showsWhereItLeads(box.querySelector('a') ?? box, box)).toBe(true);
  });
});
