/** What the shortcut opens: one window for a mail, and none that outlives it. */
import { beforeEach, expect, it, vi } from 'vitest';
import type { Tab } from '../../extension/thunderbird/api.ts';
import { MailWindows } from '../../extension/thunderbird/mail-windows.ts';
import { thunderbird } from './fake-thunderbird.ts';

vi.mock('webextension-polyfill', async () => ({ default: (await import('./fake-thunderbird.ts')).thunderbird.api }));

const READING = { id: 3, windowId: 1, type: 'mail' } as Tab;
const WRITING = { id: 4, windowId: 2, type: 'messageCompose' } as Tab;
let open: Map<number, string>;
let shown: number[];
let windows: MailWindows;

const focused = (): unknown[] => thunderbird.calls.filter(({ name }) => name === 'windows.update').map(({ args: [id] }) => id);

beforeEach(() => {
  thunderbird.reset();
  open = new Map();
  shown = [7];
  let session: Record<string, unknown> = {};
  let next = 10;
  thunderbird.stub('storage.session.get', () => Promise.resolve(session));
  thunderbird.stub('storage.session.set', (values: object) => Promise.resolve(void (session = { ...session, ...values })));
  thunderbird.stub('storage.session.remove', (name: string) => Promise.resolve(void (session = Object.fromEntries(Object.entries(session).filter(([key]) => key !== name)))));
  thunderbird.stub('runtime.getURL', (path: string) => path);
  thunderbird.stub('messageDisplay.getDisplayedMessages', (tabId: number) => (tabId === READING.id ? Promise.resolve(shown.map((id) => ({ id }))) : Promise.reject(new Error('no messages there'))));
  thunderbird.stub('windows.get', (id: number) => Promise.resolve({ type: open.has(id) ? 'popup' : 'normal' }));
  thunderbird.stub('windows.create', ({ url }: { url: string }) => Promise.resolve({ id: (open.set(next, url), next++) }));
  thunderbird.stub('windows.update', (id: number) => (open.has(id) ? Promise.resolve({}) : Promise.reject(new Error('no such window'))));
  thunderbird.stub('windows.remove', (id: number) => (open.delete(id) ? Promise.resolve() : Promise.reject(new Error('no such window'))));
  windows = new MailWindows();
});

it('opens what belongs to the mail in front: one that is written, one that is read', async () => {
  await windows.open(WRITING);
  await windows.open(READING);
  expect([...open.values()]).toEqual(['composing.html?tab=4', 'details.html?tab=3']);
});

it('opens one window however often the key is pressed, and brings it to the front; in that window the key does nothing', async () => {
  await Promise.all([windows.open(READING), windows.open(READING)]);
  await new MailWindows().open(READING); // the event page was ended in between
  expect([...open]).toEqual([[10, 'details.html?tab=3']]);
  expect(focused()).toEqual([10, 10]);
  await windows.open({ id: 9, windowId: 10, type: 'content' } as unknown as Tab);
  expect(open.size).toBe(1);
});

it('opens anew what was closed', async () => {
  await windows.open(READING);
  open.clear();
  await windows.open(READING);
  expect([...open.keys()]).toEqual([11]);
});

it('closes the window of a mail in whose place another is shown, or none, and that of a closed tab', async () => {
  await windows.open(READING);
  await windows.open(WRITING);
  await windows.displayed(3); // the same mail, drawn anew
  expect(open.size).toBe(2);
  shown = [8];
  await windows.displayed(3);
  expect([...open.values()]).toEqual(['composing.html?tab=4']);
  await windows.closed(4);
  expect(open.size).toBe(0);
  await windows.open(READING);
  shown = [8, 9];
  await windows.displayed(3);
  expect(open.size).toBe(0);
});
