// @vitest-environment jsdom
/** The script in the message pane: nothing of a mail is seen or followed before it is judged, and never without a line above it. */
import { readFileSync } from 'node:fs';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { PaneView } from '../../extension/thunderbird/protocol.ts';
import { eventually } from '../eventually.ts';
import { messagesOf } from './words.ts';

const FORGERY = '<p>Pay <a href="https://evil.example/">here</a></p><form action="https://evil.example/f"><button formaction="https://evil.example/g">go</button></form><map><area href="https://evil.example/a"></map>';

let answers: (() => Promise<PaneView | undefined>)[];
let again: (() => void) | undefined;
/** Ends what the script of the test before listens to. */
let former = new AbortController();
const listen = document.addEventListener.bind(document);

beforeEach(() => {
  vi.resetModules();
  former.abort();
  const { signal } = former = new AbortController();
  vi.spyOn(document, 'addEventListener').mockImplementation((name: string, listener: EventListenerOrEventListenerObject, options?: boolean | AddEventListenerOptions) => {
    listen(name, listener, { ...(typeof options === 'object' ? options : { capture: options === true }), signal });
  });
  answers = [];
  document.documentElement.removeAttribute('data-ssmax-judged');
  for (const old of document.querySelectorAll('html > div')) old.remove();
  document.body.innerHTML = FORGERY;
  document.body.inert = false;
  vi.stubGlobal('browser', {
    i18n: { getUILanguage: () => 'ja', getMessage: (key: string) => messagesOf('ja')[key]?.message ?? '' },
    runtime: { onMessage: { addListener: (listener: () => void) => { again = listener; } }, sendMessage: () => answers[Math.min(asked++, answers.length - 1)]?.() },
  });
  let asked = 0;
  vi.stubGlobal('ResizeObserver', class { observe(): void { /* no sizes here */ } });
  HTMLElement.prototype.showPopover = function (): void { this.dataset['shown'] = ''; };
  Object.defineProperty(Element.prototype, 'openOrClosedShadowRoot', { configurable: true, get(this: Element) { return this.shadowRoot; } });
  // What the page itself cannot reach, this test must.
  const { attachShadow } = Element.prototype;
  vi.spyOn(Element.prototype, 'attachShadow').mockImplementation(function (this: Element) { return Reflect.apply(attachShadow, this, [{ mode: 'open' }]); });
});

const never = (): Promise<undefined> => new Promise(() => undefined);
const outside = (state: 'outside' | 'cannot-check', links: boolean): PaneView =>
  ({ language: 'ja', banner: { state, quiet: true, heading: state, sentence: [{ text: '差出人', strong: false }], notes: [], inspections: '', passing: false }, links });

const load = (): Promise<unknown> => import('../../extension/thunderbird/message-pane.ts');
const layers = (): HTMLElement[] => [...document.querySelectorAll<HTMLElement>('html > div[data-shown]')];
const line = async (selector: string): Promise<string> => eventually(selector, () => {
  const found = layers().map(({ shadowRoot }) => shadowRoot?.querySelector(selector)).find((one) => one instanceof HTMLElement);
  if (found === undefined || found === null) throw new Error(document.documentElement.outerHTML);
  return found.textContent;
}, 5);
const leads = (): number => document.querySelectorAll('[href], [action], [formaction]').length;

describe('a mail that is not judged yet', () => {
  it.each(['', 'data-ssmax-judged'])('lies under a line that says so, over the whole pane, however long it takes %s', async (attribute) => {
    if (attribute !== '') document.documentElement.setAttribute(attribute, ''); // a mail can write that into its own <html>
    answers = [never];
    await load();
    expect(await line('.checking[role=status]')).toBe('差出人を確認しています。');
    const [cover] = layers();
    expect(cover?.style.cssText).toContain('height: 100vh !important');
    expect(document.body.inert).toBe(true);
  });

  it('is hidden by no clock: nothing in the style sheet runs out', () => {
    expect(readFileSync('extension/thunderbird/message-pane.css', 'utf8')).not.toMatch(/animation|@keyframes|transition/);
  });
});

describe('a mail that cannot be judged', () => {
  it.each<[string, () => Promise<PaneView | undefined>]>([['an error', () => Promise.reject(new Error('gone'))]])('has the line of a fault after %s, and leads nowhere', async (_, answer) => {
    answers = [answer];
    await load();
    expect(await line('.banner.cannot-check')).toContain('いまは確認できません');
    expect([leads(), document.body.inert, layers().length]).toEqual([0, false, 1]);
  });

  it('has it too where nobody knows the mail', async () => {
    vi.useFakeTimers();
    try {
      answers = [() => Promise.resolve(undefined)];
      await load();
      await vi.advanceTimersByTimeAsync(10_000);
    } finally {
      vi.useRealTimers();
    }
    expect(await line('.banner.cannot-check')).toContain('不具合');
    expect(leads()).toBe(0);
  });

  it('leads nowhere until it can be, and then where it did', async () => {
    answers = [() => Promise.resolve(outside('cannot-check', false)), () => Promise.resolve(outside('outside', true))];
    await load();
    await line('.banner.cannot-check');
    await eventually('no links', () => expect(leads()).toBe(0), 5);
    again?.();
    await line('.banner.outside');
    await eventually('the links', () => expect(leads()).toBe(4), 5);
    expect(document.querySelector('a')?.getAttribute('href')).toBe('https://evil.example/');
    expect(layers()).toHaveLength(1);
  });
});

describe('a mail from outside', () => {
  it('is shown when it is known as such, though at first nobody knew it', async () => {
    answers = [() => Promise.resolve(undefined), () => Promise.resolve(outside('outside', true))];
    await load();
    expect(await line('.banner.outside')).toBe('差出人');
    await eventually('the cover to go', () => expect([layers().length, document.body.inert, leads()]).toEqual([1, false, 4]), 5);
  });
});

it('a mail opens no popover or dialog over the line, which takes no script; the line itself opens', async () => {
  answers = [() => Promise.resolve(outside('outside', true))];
  const opening = (target: Element): boolean => target.dispatchEvent(Object.assign(new Event('beforetoggle', { cancelable: true }), { newState: 'open' }));
  const opened: boolean[] = [];
  HTMLElement.prototype.showPopover = function (): void {
    opened.push(opening(this));
    this.dataset['shown'] = '';
  };
  document.body.innerHTML = '<button popovertarget="x">x</button><div id="x" popover>本人確認済み</div><dialog>x</dialog>';
  await load();
  await line('.sentence');
  expect(opened).not.toContain(false);
  for (const one of document.body.querySelectorAll('[popover], dialog')) expect(opening(one)).toBe(false);
});

it('a film of a mail does not stay over the line', async () => {
  answers = [() => Promise.resolve(outside('outside', true))];
  document.body.innerHTML = '<video controls></video>';
  const film = document.querySelector('video');
  let full: Element | null = film;
  Object.defineProperty(document, 'fullscreenElement', { configurable: true, get: () => full });
  document.exitFullscreen = (): Promise<void> => {
    full = null;
    return Promise.resolve();
  };
  await load();
  film?.dispatchEvent(new Event('fullscreenchange', { bubbles: true, composed: true }));
  expect(full).toBeNull();
});

/** Whether a click, or what comes of one, is left to do what it does. */
const goesOn = (target: Element, type = 'click', init: EventInit & { key?: string } = {}): boolean =>
  target.dispatchEvent(type === 'keydown' ? new KeyboardEvent(type, { bubbles: true, cancelable: true, composed: true, ...init }) : new MouseEvent(type, { bubbles: true, cancelable: true, composed: true, ...init }));

it.each(['in it', 'lent to it'])('a hand does nothing in a shadow tree of the mail’s own, where neither its links nor its popovers are found: %s', async (place) => {
  answers = [() => Promise.resolve(outside('outside', true))];
  document.body.innerHTML = '<div id="host"><p><b>x</b></p></div><button>x</button>';
  const host = document.querySelector('#host');
  const tree = host?.attachShadow({ mode: 'closed' });
  if (host === null || tree === undefined) throw new Error('no tree');
  tree.innerHTML = '<button popovertarget="x">x</button><div id="x" popover>x</div><form action="https://evil.example/"><input></form><button popovertarget="x"><slot></slot></button>';
  await load();
  await line('.banner.outside');
  await eventually('the cover to go', () => expect(layers()).toHaveLength(1), 5);
  const within = place === 'in it' ? tree.querySelectorAll('button, input') : host.querySelectorAll('p, b');
  for (const inside of within) expect([goesOn(inside), goesOn(inside, 'auxclick'), goesOn(inside, 'keydown', { key: 'Enter' })]).toEqual([false, false, false]);
  expect(goesOn(document.querySelector('body > button') ?? host)).toBe(true);
  const [own] = layers();
  expect(goesOn(own?.shadowRoot?.querySelector('.banner') ?? host)).toBe(true);
});

it('a mail that cannot be checked follows nothing by a click, whatever the element is', async () => {
  answers = [() => Promise.resolve(outside('cannot-check', false)), () => Promise.resolve(outside('outside', true))];
  document.body.innerHTML = '<x-link href="https://evil.example/">x</x-link><math><mtext href="https://evil.example/">x</mtext></math><form><input></form>';
  await load();
  await line('.banner.cannot-check');
  await eventually('no links', () => expect(leads()).toBe(0), 5);
  const all = [...document.body.querySelectorAll('x-link, mtext, form, input')];
  for (const one of all) for (const type of ['click', 'auxclick', 'submit']) expect(goesOn(one, type), `${one.localName} ${type}`).toBe(false);
  again?.();
  await line('.banner.outside');
  await eventually('the links', () => expect(leads()).toBe(2), 5);
  for (const one of all) expect(goesOn(one), one.localName).toBe(true);
});

it('the line is neither shrunk, hidden nor recoloured by the root element, nor its cover before it', async () => {
  answers = [never];
  const root = document.documentElement;
  root.style.cssText = 'zoom: .02 !important; filter: invert(1) !important; opacity: 0 !important; content-visibility: hidden !important; transition: all 9999s !important';
  await load();
  await line('.checking');
  for (const [name, value] of [['filter', 'none'], ['opacity', '1'], ['transition', 'none']] as const) expect([root.style.getPropertyValue(name), root.style.getPropertyPriority(name)], name).toEqual([value, 'important']);
  root.removeAttribute('style');
});

const REPLACEMENT: NonNullable<PaneView['replacement']> = {
  headers: [], links: false, forwarded: [], longBodies: [], invitations: [], attachments: [], copies: false,
  words: { title: '', open: '開く', save: '', saved: '', failed: '', openFailed: '開けませんでした。', empty: '' },
};

it('says that an attachment did not open, for all to see, until it does', async () => {
  const opened: Record<string, unknown> = { language: 'ja', links: true, banner: { ...outside('outside', true).banner, state: 'verified' }, replacement: { ...REPLACEMENT, longBodies: ['本文は「本文.html」'], attachments: [{ name: '資料.xlsx', size: '1 KB' }] } };
  const open = [() => Promise.resolve(false), () => Promise.reject(new Error('no window')), () => Promise.resolve(true)];
  const pane = (selector: string): HTMLElement => document.body.firstElementChild?.shadowRoot?.querySelector(selector) as HTMLElement;
  answers = [() => Promise.resolve(opened as unknown as PaneView), ...open as unknown as typeof answers];
  Object.defineProperty(HTMLElement.prototype, 'innerText', { configurable: true, get(this: HTMLElement) { return this.textContent; } });
  await load();
  await eventually('the attachment', () => expect(pane('button.open').getAttribute('aria-label')).toBe('開く: 資料.xlsx'), 5);
  expect(pane('.remark').textContent).toBe('本文は「本文.html」');
  const said = (): unknown[] => [pane('.heard').textContent, pane('.heard').classList.contains('failure'), pane('.heard').getAttribute('role'), pane('button.open').textContent];
  for (const text of ['開けませんでした。', '開けませんでした。', '']) {
    pane('button.open').click();
    expect(said()).toEqual(['', false, 'status', '開く']); // what is said once more is heard once more
    await eventually('the answer', () => expect(said()).toEqual([text, text !== '', 'status', '開く']), 5);
  }
});

it('a mail that turns out a problem does not keep the line that it had before', async () => {
  const { banner } = outside('cannot-check', false);
  const problem: PaneView = { language: 'ja', links: false, banner: { ...banner, state: 'problem' }, replacement: { ...REPLACEMENT, body: 'own-text' } };
  answers = [() => Promise.resolve(outside('cannot-check', false)), () => Promise.resolve(problem)];
  Object.defineProperty(HTMLElement.prototype, 'innerText', { configurable: true, get(this: HTMLElement) { return this.textContent; } });
  await load();
  await line('.banner.cannot-check');
  again?.();
  await eventually('the problem', () => expect(document.body.firstElementChild?.shadowRoot?.querySelector('.banner.problem')).toBeInstanceOf(HTMLElement), 5);
  expect(layers()).toEqual([]);
});

it('takes away the line that it laid before the add-on was switched off and on again', async () => {
  answers = [() => Promise.resolve(outside('outside', true))];
  await load();
  await line('.banner.outside');
  for (const one of layers()) one.setAttribute('popover', 'manual'); // jsdom knows no popovers
  vi.resetModules();
  await load();
  await line('.banner.outside');
  expect(layers()).toHaveLength(1);
});
