/**
 * Runs in every message document, before it has a body. Shows the verdict where the mail cannot reach it, and for a
 * sealed mail its opened content in place of the notice. The authoritative verdict is the button in the message header;
 * this is its second copy. The build makes one file without imports of it: Thunderbird loads it as a classic script.
 */
import type messages from '../locales/en/messages.json';
import { followable, ours } from './message-pane-guard.ts';
import { setLinks } from './message-pane-links.ts';
import { HOST_STYLE, STEADY, STYLE } from './message-pane-style.ts';
import type { BannerView, ForwardedBody, PaneRequest, PaneView, Replacement, Request } from './protocol.ts';

declare const browser: {
  readonly runtime: {
    sendMessage(request: Request): Promise<unknown>;
    readonly onMessage: { addListener(listener: (request: PaneRequest) => void): void };
  };
  /** For what is said before anybody answers, or where nobody does. */
  readonly i18n: { getMessage(key: keyof typeof messages): string; getUILanguage(): string };
};

const SVG = 'http://www.w3.org/2000/svg';

/** One mark a state, told apart by shape. */
const MARKS: Readonly<Record<BannerView['state'], readonly string[]>> = {
  'verified': ['M16 8.5v-2A1.5 1.5 0 0 0 14.5 5H3.5A1.5 1.5 0 0 0 2 6.5v7.5A1.5 1.5 0 0 0 3.5 15.5H9', 'M2.6 6.2L9 11l6.3-4.8', 'M17.5 14.5a3 3 0 1 1-6 0a3 3 0 1 1 6 0'],
  'outside': ['M3 5h14v10.5H3z', 'M3.4 5.5L10 10.8l6.6-5.3'],
  'problem': ['M10 2.8L18 17H2z', 'M10 8v4.2M10 14.6v.2'],
  'cannot-check': ['M17.4 10a7.4 7.4 0 1 1-14.8 0a7.4 7.4 0 1 1 14.8 0', 'M7.900 7.900a2.2 2.2 0 1 1 3.3 2c-.8.4-1.2.9-1.2 1.8M10 14v.2'],
};

const JUDGED = 'data-ssmax-judged';

function element<Name extends keyof HTMLElementTagNameMap>(name: Name, className = '', text?: string): HTMLElementTagNameMap[Name] {
  const made = document.createElement(name);
  if (className !== '') made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

async function ask(request: Request): Promise<unknown> {
  return browser.runtime.sendMessage(request);
}

function banner({ state, quiet, heading, sentence, notes, inspections, enrol }: BannerView): HTMLElement {
  const box = element('section', `banner ${state}${quiet ? ' quiet' : ''}`);
  box.setAttribute('role', state === 'problem' ? 'alert' : 'note');
  box.setAttribute('aria-label', heading);
  const mark = document.createElementNS(SVG, 'svg');
  mark.setAttribute('class', 'mark');
  mark.setAttribute('viewBox', '0 0 20 20');
  mark.setAttribute('aria-hidden', 'true');
  for (const d of MARKS[state]) {
    const path = document.createElementNS(SVG, 'path');
    path.setAttribute('d', d);
    mark.append(path);
  }
  const words = element('div', 'words');
  // A verified mail's sentence says it all.
  if (!quiet && (state === 'problem' || state === 'cannot-check')) words.append(element('p', 'heading', heading));
  const line = element('p', 'sentence');
  for (const { text, strong } of sentence) line.append(strong ? element('strong', '', text) : text);
  words.append(line);
  if (notes.length > 0) {
    const list = element('ul', 'notes');
    list.append(...notes.map((note) => element('li', '', note)));
    words.append(list);
  }
  if (inspections !== '') words.append(element('p', 'faint', inspections));
  box.append(mark, words);
  if (enrol !== undefined) {
    const button = element('button', '', enrol);
    button.addEventListener('click', () => void ask({ kind: 'enrol' }));
    box.append(button);
  }
  return box;
}

function headers({ headers: rows, printed }: Replacement): HTMLElement {
  const box = element('div', 'headers');
  if (printed !== undefined) box.append(element('p', 'printed', printed));
  box.append(...rows.map(([name, value]) => element('p', '', `${name}: ${value}`)));
  return box;
}

function body({ body: content, links, words }: Pick<Replacement, 'body' | 'links' | 'words'>, ownText: string): HTMLElement {
  if (content === undefined) return element('div');
  const box = element('div', 'body');
  if (content === 'own-text' || 'text' in content) {
    const text = content === 'own-text' ? ownText : content.text;
    box.append(element('pre', 'text', text.trim() === '' ? words.empty : text));
  } else {
    const parsed = new DOMParser().parseFromString(content.html, 'text/html');
    if (content.coloured) box.classList.add('paper');
    box.append(...parsed.body.childNodes);
  }
  if (links) setLinks(box, (url) => void ask({ kind: 'link', url }));
  return box;
}

/** A mail that was passed on unopened, in a frame of its own: what it says is its writer's word. */
function passedOn({ sentence, headers: rows, body: content }: ForwardedBody, { links, words }: Replacement): HTMLElement {
  const box = element('article', 'forwarded');
  const line = element('p', 'writer');
  for (const { text, strong } of sentence) line.append(strong ? element('strong', '', text) : text);
  const fields = element('dl');
  for (const [name, value] of rows) fields.append(element('dt', '', name), element('dd', '', value));
  box.append(line, fields, body({ body: content, links, words }, ''));
  return box;
}

/** Where a text is that is too long to be shown. */
function elsewhere({ longBodies }: Replacement): HTMLElement[] {
  return longBodies.map((text) => {
    const box = element('section', 'remark');
    box.append(element('p', '', text));
    return box;
  });
}

/** Why pictures are missing, and what to show them would tell. */
function pictures({ pictures: left }: Replacement): HTMLElement[] {
  if (left === undefined) return [];
  const box = element('section', 'pictures');
  box.append(element('p', '', left.text));
  if (left.show !== undefined) {
    const button = element('button', '', left.show);
    button.addEventListener('click', () => void ask({ kind: 'show-pictures' }));
    box.append(button);
  }
  return [box];
}

/** An invitation as a card: what a calendar program would read out of its file. */
function invitation({ heading, events, hint, index, open }: Replacement['invitations'][number], words: Replacement['words']): HTMLElement {
  const box = element('section', 'invitation');
  box.append(element('h2', '', heading));
  for (const { title, rows } of events) {
    const list = element('dl');
    for (const [name, value] of rows) list.append(element('dt', '', name), element('dd', '', value));
    box.append(element('p', 'title', title), list);
  }
  box.append(element('p', 'faint', hint), action(open, heading, { kind: 'open', index }, words));
  return box;
}

function files({ attachments, attachmentsOff, copies, saveWarning, words }: Replacement): HTMLElement[] {
  if (attachments.length === 0) return [];
  const box = element('section', 'files');
  box.append(element('h2', '', words.title));
  if (attachmentsOff !== undefined) box.append(element('p', '', attachmentsOff));
  const list = element('ul');
  for (const [index, { name, size }] of attachments.entries()) {
    const item = element('li');
    item.append(element('span', 'name', name), element('span', 'size', size));
    if (attachmentsOff === undefined) item.append(action(words.open, name, { kind: 'open', index }, words), ...(copies ? [action(words.save, name, { kind: 'save', index }, words)] : []));
    list.append(item);
  }
  box.append(list);
  if (saveWarning !== undefined) box.append(element('p', 'faint', saveWarning));
  return [box];
}

function action(label: string, name: string, request: Request, words: Replacement['words']): HTMLElement {
  const button = element('button', request.kind, label);
  const heard = element('span', 'heard');
  heard.setAttribute('role', 'status');
  const named = (text: string): string => `${text}: ${name}`;
  button.setAttribute('aria-label', named(label));
  button.addEventListener('click', () => {
    heard.classList.remove('failure');
    heard.textContent = '';
    void ask(request).then((done) => done === true, () => false).then((done) => {
      if (request.kind === 'open') {
        if (!done) heard.classList.add('failure'); // for all to see: there is something to do
        heard.textContent = done ? '' : words.openFailed;
        return;
      }
      const said = done ? words.saved : words.failed;
      button.textContent = said;
      button.setAttribute('aria-label', named(said));
      heard.textContent = named(said);
    });
  });
  const box = element('span', 'action');
  box.append(button, heard);
  return box;
}

function mount(parts: readonly HTMLElement[], language: string): HTMLElement {
  const host = element('div');
  host.lang = language;
  host.style.cssText = HOST_STYLE;
  ours.add(host);
  const shadow = host.attachShadow({ mode: 'closed' });
  const all = element('div', 'all');
  all.append(...parts);
  shadow.append(element('style', '', STYLE), all);
  return host;
}

/** Of the mail itself, before anything was put in its place. */
let ownText: string | undefined;
/** What was put above a mail that keeps its document. */
let line: HTMLElement | undefined;
/** What lies over a mail that is not judged yet. */
let cover: HTMLElement | undefined;
/** Of this script alone: a mail can give its own root element any attribute. */
let judged = false;

/** The mail's own document goes, with everything that could style or cover what is shown instead. */
function replace(view: PaneView, replacement: Replacement): void {
  document.documentElement.setAttribute(JUDGED, ''); // hidden text would not count as text
  ownText ??= document.body.innerText;
  const host = mount([headers(replacement), banner(view.banner), ...elsewhere(replacement), ...pictures(replacement), body(replacement, ownText), ...replacement.forwarded.map((one) => passedOn(one, replacement)), ...replacement.invitations.map((one) => invitation(one, replacement.words)), ...files(replacement)], view.language);
  // Thunderbird's own style sheet stays: it knows about dark windows.
  document.head.replaceChildren(...document.head.querySelectorAll('link[href^="chrome://messagebody/"]'));
  for (const kept of [document.documentElement, document.body]) {
    for (const { name } of Array.from(kept.attributes)) if (name !== JUDGED) kept.removeAttribute(name);
  }
  document.body.replaceChildren(host);
  line?.remove(); // what it said was of the mail as it stood
  line = undefined;
  document.body.style.margin = '14px 18px';
}

/** In the top layer, which no style of the mail reaches under or over, so long as its root element stays as it is. */
function onTop(host: HTMLElement, place: string): void {
  for (const [name, value] of STEADY) document.documentElement.style.setProperty(name, value, 'important');
  host.popover = 'manual';
  host.style.cssText = `${HOST_STYLE} position: fixed !important; ${place} background: light-dark(#fff, #18181b) !important;`;
  document.documentElement.append(host);
  host.showPopover();
}

/** Above a mail that keeps its own document, with room made for it. */
function above(view: PaneView): void {
  line?.remove();
  const host = mount([banner(view.banner)], view.language);
  line = host;
  onTop(host, 'inset: 0 0 auto 0 !important; width: auto !important;');
  const room = (): void => {
    if (line === host) document.documentElement.style.setProperty('margin-top', `${host.getBoundingClientRect().height}px`, 'important');
  };
  room();
  new ResizeObserver(room).observe(host);
  followable(view.links);
}

/** Between two looks at a mail that could not be checked; milliseconds. The first is soon, the later ones cost nobody much. */
const FIRST_PAUSE = 5_000;
const LONGEST_PAUSE = 60_000;

/** As it is on the screen. */
let drawn = '';
let pause = FIRST_PAUSE;
let timer: number | undefined;

/** What was missing may have come by now. Tabs that nobody looks at wait. */
function askLater(): void {
  window.clearTimeout(timer);
  timer = window.setTimeout(() => {
    if (document.hidden) askLater();
    else void show();
  }, pause);
  pause = Math.min(pause * 2, LONGEST_PAUSE);
}

const LANGUAGE = /^ja\b/.test(browser.i18n.getUILanguage()) ? 'ja' : 'en';

/** Over all of the mail, from the moment it has a root element: it is neither seen nor clicked before it is judged. */
function hold(): boolean {
  if (judged) return true;
  if (cover === undefined && document.querySelector(':root') !== null) {
    const box = element('section', 'banner quiet checking');
    box.setAttribute('role', 'status');
    box.append(element('p', 'sentence', browser.i18n.getMessage('banner_checking')));
    cover = mount([box], LANGUAGE);
    onTop(cover, 'inset: 0 !important; width: 100vw !important; height: 100vh !important;');
  }
  const text = document.querySelector('body');
  if (text !== null) text.inert = true; // nor reached by the keyboard
  return text !== null;
}

function uncover(): void {
  judged = true;
  document.documentElement.setAttribute(JUDGED, '');
  document.body.inert = false;
  cover?.remove();
  cover = undefined;
}

/** How often it is asked again, and after how many milliseconds, where nobody knows this mail yet. */
const TRIES = 20;
const ASK_AGAIN = 250;

/** The verdict; where there is none to be had, that it cannot be checked now. */
async function verdict(): Promise<PaneView> {
  try {
    for (let tries = 0; tries < TRIES; tries++) {
      const view = await ask({ kind: 'show' }) as PaneView | undefined;
      if (view !== undefined) return view;
      await new Promise((resolve) => setTimeout(resolve, ASK_AGAIN));
    }
  } catch {
    // the event page had a fault, or was replaced by another version: the line below says so
  }
  return FAULT;
}

const FAULT: PaneView = {
  language: LANGUAGE,
  banner: {
    state: 'cannot-check', quiet: false, heading: browser.i18n.getMessage('state_cannot_check'), notes: [], inspections: '',
    sentence: [{ text: browser.i18n.getMessage('verdict_fault'), strong: false }], passing: false,
  },
  links: false,
};

/** Whatever goes wrong, the mail is not shown without a line; at the worst it stays under its cover. */
async function show(): Promise<void> {
  window.clearTimeout(timer);
  const asked = verdict();
  if (document.readyState === 'loading') await new Promise((resolve) => document.addEventListener('DOMContentLoaded', resolve, { once: true }));
  const view = await asked;
  if (view.banner.passing) askLater();
  else pause = FIRST_PAUSE;
  // What is there already keeps its place and what is marked in it.
  const now = JSON.stringify(view);
  if (now !== drawn) draw(view, now);
  uncover();
}

function draw(view: PaneView, as: string): void {
  try {
    if (view.replacement === undefined) above(view);
    else replace(view, view.replacement);
    drawn = as;
  } catch {
    drawn = '';
    above(FAULT);
  }
}

// What this script laid over the mail before the add-on was switched off and on again: nobody else would take it away.
for (const one of document.querySelectorAll(':root > div[popover]')) if (one.openOrClosedShadowRoot !== null) one.remove();

// There is not even a root element yet; message-pane.css hides what comes before it has its cover.
if (!hold()) {
  const observer = new MutationObserver(() => { if (hold()) observer.disconnect(); });
  observer.observe(document, { childList: true, subtree: true });
}
void show();
browser.runtime.onMessage.addListener(() => void show());
