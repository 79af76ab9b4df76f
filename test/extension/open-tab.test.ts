import { beforeEach, expect, it, vi } from 'vitest';
import { openTab } from '../../extension/thunderbird/open-tab.ts';
import { thunderbird } from './fake-thunderbird.ts';

vi.mock('webextension-polyfill', async () => ({ default: (await import('./fake-thunderbird.ts')).thunderbird.api }));

const URL = 'moz-extension://x/enrolment.html';
const changes = () => thunderbird.calls.filter(({ name }) => !/query|getURL/.test(name));

beforeEach(() => {
  thunderbird.reset();
  thunderbird.stub('runtime.getURL', (path: string) => `moz-extension://x/${path}`);
  thunderbird.stub('tabs.create', () => Promise.resolve({ windowId: 1 }));
  thunderbird.stub('tabs.update', () => Promise.resolve({ windowId: 2 }));
  thunderbird.stub('windows.update', () => Promise.resolve({}));
});

it('opens the page where none is open', async () => {
  thunderbird.stub('tabs.query', () => Promise.resolve([{ id: 1, windowId: 1 }, { id: 2, windowId: 1, url: 'moz-extension://x/options.html' }]));
  await openTab('enrolment.html');
  expect(changes()).toEqual([{ name: 'tabs.create', args: [{ url: URL }] }, { name: 'windows.update', args: [1, { focused: true }] }]);
});

it('brings the open one to the front, tab and window', async () => {
  thunderbird.stub('tabs.query', () => Promise.resolve([{ id: 1, windowId: 1 }, { id: 3, windowId: 2, url: URL }]));
  await openTab('enrolment.html');
  expect(changes()).toEqual([{ name: 'tabs.update', args: [3, { active: true }] }, { name: 'windows.update', args: [2, { focused: true }] }]);
});
