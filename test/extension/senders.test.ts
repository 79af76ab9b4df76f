import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { Request } from '../../extension/thunderbird/protocol.ts';
import { mayAsk } from '../../extension/thunderbird/senders.ts';
import { thunderbird } from './fake-thunderbird.ts';

vi.mock('webextension-polyfill', async () => ({ default: { runtime: { id: 'ssmax@x', getURL: (path: string) => `moz-extension://u/${path}` }, ...(await import('./fake-thunderbird.ts')).thunderbird.api as object } }));

const PAGE = { id: 'ssmax@x', url: 'moz-extension://u/sending.html?tab=7' };
const PANE = { id: 'ssmax@x', url: 'imap://taro@mail.example/INBOX/1' };
const SENSITIVE: readonly Request[] = [
  { kind: 'decide', tabId: 7, go: true }, { kind: 'choose', tabId: 7, choice: { mode: 'sign-only' } }, { kind: 'unlock', passphrase: 'x' }, { kind: 'forward', tabId: 7, messageId: 1 },
  { kind: 'attachment', tabId: 7, messageId: 1, index: 0 }, { kind: 'verdict', tabId: 7 }, { kind: 'preview', tabId: 7 }, { kind: 'save-draft', tabId: 8 },
];

beforeEach(() => thunderbird.reset());

describe('what the background is asked', () => {
  it.each(SENSITIVE)('$kind: by the own pages only', (request) => {
    expect(mayAsk(request, PAGE)).toBe(true);
    for (const sender of [PANE, {}, { id: 'other@x', url: 'moz-extension://u/sending.html' }, { id: 'ssmax@x', url: 'https://evil.example/moz-extension://u/' }]) expect(mayAsk(request, sender)).toBe(false);
  });

  it('by the scripts in messages and compose windows: what is about their own tab', () => {
    for (const request of [{ kind: 'show' }, { kind: 'save', index: 0 }, { kind: 'link', url: 'https://x.example' }, { kind: 'save-draft' }] as const) expect(mayAsk(request, PANE)).toBe(true);
    expect(mayAsk({ kind: 'show' }, { id: 'other@x' })).toBe(false);
  });
});
