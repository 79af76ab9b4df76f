// @vitest-environment jsdom
import { describe, expect, it } from 'vitest';
import { setLinks } from '../../extension/thunderbird/message-pane-links.ts';
import { createSafeHtml } from '../../extension/ui/safe-html.ts';

const safeHtml = createSafeHtml(window);

/** What the message pane makes of this HTML. */
function shown(html: string, follow: (target: string) => void = () => undefined): HTMLElement {
  const box = document.createElement('div');
  box.innerHTML = safeHtml(html, { images: [], links: true }).html;
  setLinks(box, follow);
  return box;
}

const led = (html: string): readonly (string | undefined)[] => [...shown(html).querySelectorAll('[role=link]')].map((link) => link.querySelector('.leads')?.textContent.replace(' → ', ''));

describe('links of an opened mail', () => {
  it.each([
    ['https://evil.example/', 'Our terms', 'evil.example'], ['https://evil.example:8443/', 'https://evil.example/', 'evil.example:8443'],
    ['https://evil.example/', 'https://www.bank.example/', 'evil.example'], ['https://bank.example.evil.example/', 'bank.example', 'bank.example.evil.example'],
    ['https://bank.example@evil.example/', 'bank.example@evil.example', 'evil.example'], ['https://b\u0430nk.example/', 'b\u0430nk.example', 'xn--bnk-6cd.example'],
    ['https://evil.example/', '<span style="font-size: 0">evil.example/ </span>bank.example', 'evil.example'],
    ['https://evil.example/', '\u202Eelpmaxe.knab', 'evil.example'], ['https://evil.example/', 'evil.example<img src="cid:a@b">', 'evil.example'],
    ['https://evil.example/', '', 'evil.example'], ['https://evil.example/', 'evil.example/\u2069moc.knab', 'evil.example'],
  ])('say where they lead if their words do not: %s, %s', (target, words, host) => {
    expect(led(`<a href="${target}" class="leads">${words}</a>`)).toEqual([host]);
  });

  it.each(['https://www.bank.example/a?b', 'www.bank.example', ' Bank.example ', 'bank.example/a'])('add nothing to words that say it: %s', (words) => {
    expect(led(`<a href="https://www.bank.example/a?b">${words}</a>`)).toEqual([undefined]);
  });

  it('add nothing to a mail address', () => {
    expect(led('<a href="mailto:a@b.example">Taro</a>')).toEqual([undefined]);
  });

  it('hide nothing in front of the address that they show, which looks the same anywhere', () => {
    expect(shown('<a href="https://evil.example/"><span style="font-size: 0">evil.example/</span>bank.example</a>').querySelector('a')?.innerHTML).toBe('<span class="says">evil.example/bank.example</span>');
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
    expect([...shown(`<p>${text}</p>`).querySelectorAll('[role=link]')].map((link) => link.firstChild?.textContent)).toEqual(words);
  });

  const LINE = { left: 100, right: 200, top: 50, bottom: 70, width: 100 };

  /** Two links, laid out: where each says what it leads to, from line to line. */
  function laidOut(first: Partial<DOMRect>, second: Partial<DOMRect> = { top: 80, bottom: 100 }): { readonly marks: HTMLElement[]; readonly brought: number[]; readonly click: (number: number) => boolean } {
    let followed = false;
    const box = shown('<a href="https://evil.example/">www.bank.example</a> <a href="https://bank.example/">bank.example</a>', () => { followed = true; });
    const marks = [...box.querySelectorAll<HTMLElement>('.leads, .says')];
    const brought: number[] = [];
    box.getBoundingClientRect = () => ({ left: 10, right: 600 }) as DOMRect;
    for (const [number, at] of [first, second].entries()) {
      const mark = marks[number];
      if (mark === undefined) throw new Error('no mark');
      // An address may be longer than the pane is high: its beginning counts.
      mark.getClientRects = () => [{ ...LINE, ...at }, { ...LINE, top: 900 + 100 * number, bottom: 920 + 100 * number }] as unknown as DOMRectList;
      mark.scrollIntoView = () => { brought.push(number); };
    }
    const click = (number: number): boolean => {
      followed = false;
      marks[number]?.dispatchEvent(new MouseEvent('click', { bubbles: true }));
      return followed;
    };
    return { marks, brought, click };
  }

  it.each<[string, Partial<DOMRect>, boolean]>([
    ['in sight', {}, true], ['half a pixel out', { right: 600.5 }, true], ['pushed out to the right', { left: 590, right: 700 }, false], ['cut off on the left', { left: -300, right: -200 }, false],
    ['above', { top: -40, bottom: -20 }, false], ['below', { top: 900, bottom: 920 }, false], ['of no size', { width: 0 }, false],
  ])('are followed only while it is seen where they lead: %s', (_, at, followed) => {
    const pane = laidOut(at);
    expect(pane.click(0)).toBe(followed);
    expect(pane.brought).toEqual(followed ? [] : [0]);
  });

  it.each<[string, Partial<DOMRect>, boolean]>([
    ['beside', { left: 200, right: 300 }, true], ['half a pixel', { left: 199.5, right: 300 }, true], ['a corner', { left: 190, right: 300, top: 60, bottom: 80 }, false], ['all', {}, false],
  ])('are followed at once only where nothing else that says so lies over it: %s', (_, other, followed) => {
    for (const number of [0, 1]) expect(laidOut({}, other).click(number)).toBe(followed);
  });

  it('bring it to the front by the first click where something else that says so lies over it', () => {
    const pane = laidOut({}, {});
    const above = (): boolean[] => pane.marks.map((mark) => mark.classList.contains('above'));
    expect([pane.click(0), above(), pane.click(0)]).toEqual([false, [true, false], true]);
    expect([pane.click(1), above(), pane.click(1)]).toEqual([false, [false, true], true]);
    expect(pane.click(0)).toBe(false);
  });

  it('are none that Thunderbird knows of: it would open them on any click', () => {
    const box = shown('<a href="https://a.example/"><b>a</b></a> https://b.example/ <a href="mailto:a@b.example">Taro</a> <a href="https://[">x</a>');
    expect(box.querySelectorAll('[href]')).toHaveLength(0);
    expect([...box.querySelectorAll('a')].map((link) => [link.getAttribute('role'), link.getAttribute('tabindex')])).toEqual([...[1, 2, 3].map(() => ['link', '0']), [null, null]]);
  });

  it('are followed by a click and by Enter on them, a mail address at once', () => {
    const followed: string[] = [];
    const box = shown('<a href="mailto:a@b.example"><b>Taro</b></a> <i>x</i>', (target) => { followed.push(target); });
    const press = (selector: string, event: Event): unknown => box.querySelector(selector)?.dispatchEvent(event);
    for (const key of ['Enter', ' ', 'a']) press('a', new KeyboardEvent('keydown', { key, bubbles: true }));
    press('b', new MouseEvent('click', { bubbles: true }));
    press('i', new MouseEvent('click', { bubbles: true }));
    expect(followed).toEqual(['mailto:a@b.example', 'mailto:a@b.example']);
  });
});
