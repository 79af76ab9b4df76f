import { beforeEach, expect, it, vi } from 'vitest';
import { openLink } from '../../extension/thunderbird/open-link.ts';
import { thunderbird } from './fake-thunderbird.ts';

vi.mock('webextension-polyfill', async () => ({ default: (await import('./fake-thunderbird.ts')).thunderbird.api }));

beforeEach(() => {
  thunderbird.reset();
  thunderbird.stub('compose.beginNew', () => Promise.resolve({ id: 1 }));
  thunderbird.stub('windows.openDefaultBrowser', () => Promise.resolve());
});

it.each([
  ['https://a.example/', 'windows.openDefaultBrowser', 'https://a.example/'],
  ['mailto:a@b.example?subject=%E8%A6%8B%E7%A9%8D', 'compose.beginNew', { to: ['a@b.example'], subject: '見積' }],
  ['mailto:a%2Bb@b.example', 'compose.beginNew', { to: ['a+b@b.example'] }],
  // Broken percent signs: shown as they are, to be put right by hand.
  ['mailto:100%@b.example?subject=5% off', 'compose.beginNew', { to: ['100%@b.example'], subject: '5% off' }],
])('opens %s', async (url, name, argument) => {
  await openLink(url);
  expect(thunderbird.calls).toEqual([{ name, args: [argument] }]);
});

it.each(['javascript:alert(1)', 'file:///etc/passwd', 'moz-extension://x/options.html', 'about:config'])('does nothing for %s', async (url) => {
  await openLink(url);
  expect(thunderbird.calls).toEqual([]);
});
