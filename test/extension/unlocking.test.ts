/** The window that asks for a passphrase: one for all who wait, and none of them waits for ever. */
import { beforeEach, expect, it, vi } from 'vitest';
import { Unlocking } from '../../extension/thunderbird/unlocking.ts';
import { SsmaxError } from '../../src/core/error.ts';
import type { TestMember } from './member-world.ts';
import { thunderbird } from './fake-thunderbird.ts';

vi.mock('webextension-polyfill', async () => ({ default: (await import('./fake-thunderbird.ts')).thunderbird.api }));

let locked: boolean;
let unlocking: Unlocking;
let heard: number;
let windows: number;

beforeEach(() => {
  locked = true;
  heard = windows = 0;
  thunderbird.reset();
  thunderbird.stub('runtime.getURL', (path: string) => `moz-extension://x/${path}`);
  thunderbird.stub('windows.create', () => Promise.resolve({ id: ++windows }));
  thunderbird.stub('windows.update', () => Promise.resolve({}));
  const identities = {
    waiting: () => Promise.resolve(locked),
    unlock: (passphrase: string) => {
      if (passphrase !== '月夜') return Promise.reject(new SsmaxError('refused', 'key-passphrase'));
      locked = false;
      return Promise.resolve();
    },
  };
  const ports = { managed: () => Promise.resolve({}) };
  unlocking = new Unlocking({ identities, ports } as unknown as TestMember, () => { heard++; });
});

/** So that all who ask have asked. */
const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve));

it('asks once for several who wait, and all go on', async () => {
  const asked = [unlocking.ask(), unlocking.demand(), unlocking.ask()];
  await settled();
  expect(windows).toBe(1);
  expect(await unlocking.unlock('falsch')).toBe('key-passphrase');
  expect(await unlocking.unlock('月夜')).toBeUndefined();
  expect(await Promise.all(asked)).toEqual([true, undefined, true]);
  expect(heard).toBe(1);
  expect(await unlocking.ask()).toBe(true);
  expect(windows).toBe(1);
});

it('refuses all who wait when the window is closed, and asks again the next time', async () => {
  const asked = [unlocking.ask(), unlocking.demand().catch((error: unknown) => (error as SsmaxError).code)];
  await settled();
  await unlocking.closed(7); // some other window
  await unlocking.closed(1);
  expect(await Promise.all(asked)).toEqual([false, 'key-locked']);
  void unlocking.ask();
  await settled();
  expect(windows).toBe(2);
});

it('lets nobody wait for a window that does not open', async () => {
  thunderbird.stub('windows.create', () => Promise.reject(new Error('no window')));
  const asked = await Promise.allSettled([unlocking.ask(), unlocking.ask()]);
  expect(asked.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  thunderbird.stub('windows.create', () => Promise.resolve({ id: ++windows }));
  void unlocking.ask();
  await settled();
  expect(windows).toBe(1); // the next one opens it again
});
