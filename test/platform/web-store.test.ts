import { afterEach, expect, it, vi } from 'vitest';
import { openTables } from '../../src/platform/web-store.ts';

afterEach(() => { vi.unstubAllGlobals(); });

/** A browser whose databases are empty; closed ones refuse. Counts how often one was opened. */
function browser(): { opened: number; close: () => void } {
  const state = { opened: 0, close: (): void => undefined };
  vi.stubGlobal('indexedDB', {
    open: () => {
      state.opened += 1;
      let closed = false;
      const database = {
        onclose: undefined as (() => void) | undefined,
        transaction: () => {
          if (closed) throw new DOMException('closed', 'InvalidStateError');
          const transaction = { oncomplete: (): void => undefined, objectStore: () => ({ get: () => ({ result: undefined }) }) };
          queueMicrotask(() => { queueMicrotask(() => { transaction.oncomplete(); }); });
          return transaction;
        },
      };
      state.close = () => {
        closed = true;
        database.onclose?.();
      };
      const request = { result: database, onsuccess: (): void => undefined };
      queueMicrotask(() => { request.onsuccess(); });
      return request;
    },
  });
  return state;
}

it('opens a database once, and again after the browser closed it by itself', async () => {
  const state = browser();
  const table = openTables('x', ['rows'], 1)('rows');
  await table.get('a');
  await table.get('b');
  expect(state.opened).toBe(1);
  state.close();
  expect(await table.get('c')).toBeUndefined();
  expect(state.opened).toBe(2);
});
