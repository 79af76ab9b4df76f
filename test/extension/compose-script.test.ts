// @vitest-environment jsdom
/** Ctrl+S in the text of a compose window: Thunderbird, which would store the text in clear, never sees it. */
import { beforeEach, expect, it, vi } from 'vitest';

const asked: { kind: string }[] = [];
let seals = true;

beforeEach(async () => {
  vi.resetModules();
  asked.length = 0;
  vi.stubGlobal('browser', { runtime: { sendMessage: (request: { kind: string }) => {
    asked.push(request);
    return Promise.resolve(request.kind === 'seals-drafts' ? seals : undefined);
  } } });
  // Keys made by a test are not trusted by themselves.
  vi.spyOn(window, 'addEventListener').mockImplementation((name: string, listener: unknown) => { listeners.set(name, listener as (event: unknown) => void); });
  await import('../../extension/thunderbird/compose-script.ts');
  await Promise.resolve();
});

const listeners = new Map<string, (event: unknown) => void>();
/** Whether Thunderbird still gets the key. */
function press(key: string, code: string, more: object = {}): boolean {
  const event = { key, code, ctrlKey: true, metaKey: false, altKey: false, shiftKey: false, isTrusted: true, preventDefault: vi.fn(), stopImmediatePropagation: vi.fn(), ...more };
  listeners.get('keydown')?.(event);
  return event.preventDefault.mock.calls.length === 0;
}

it.each([
  ['s', 'KeyS'], ['S', 'KeyS'], ['s', 'KeyO'], // caps lock; another Latin layout
  ['と', 'KeyS'], ['ы', 'KeyS'], ['σ', 'KeyS'], ['Process', 'KeyS'], // kana, Cyrillic, Greek; an input method
])('takes %s on %s', (key, code) => {
  expect(press(key, code)).toBe(false);
  expect(asked.at(-1)).toEqual({ kind: 'save-draft' });
});

it('leaves all other keys, and those that no person pressed', () => {
  for (const [key, code, more] of [['a', 'KeyA', {}], ['o', 'KeyS', {}], ['ф', 'KeyA', {}], ['s', 'KeyS', { ctrlKey: false }], ['s', 'KeyS', { shiftKey: true }], ['s', 'KeyS', { isTrusted: false }]] as const) expect(press(key, code, more)).toBe(true);
  expect(asked.filter(({ kind }) => kind === 'save-draft')).toEqual([]);
});

it('leaves Ctrl+S to Thunderbird where drafts are not sealed', async () => {
  seals = false;
  listeners.get('focus')?.({});
  await new Promise((resolve) => setTimeout(resolve));
  expect(press('s', 'KeyS')).toBe(true);
  seals = true;
});
