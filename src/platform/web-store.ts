/** Tables in IndexedDB: the only place in an extension that keeps non-extractable CryptoKeys. */
import { SsmaxError } from '../core/error.ts';
import type { Table } from '../flow/ports.ts';

/**
 * Opens (or makes) the database `name` with these tables. Throws `storage-unavailable` (kind fault) from every operation
 * if the browser refuses storage.
 */
export function openTables<Name extends string>(name: string, tables: readonly Name[]): <T>(table: Name) => Table<T> {
  let opened: Promise<IDBDatabase> | undefined;
  const database = (): Promise<IDBDatabase> => {
    opened ??= open(name, tables).catch((cause: unknown) => {
      opened = undefined; // the next operation may find storage again
      throw new SsmaxError('fault', 'storage-unavailable', {}, { cause });
    });
    return opened;
  };
  return <T>(table: Name) => {
    const run = async <R>(mode: IDBTransactionMode, act: (store: IDBObjectStore) => IDBRequest<R>): Promise<R> => {
      const transaction = (await database()).transaction(table, mode);
      const result = act(transaction.objectStore(table));
      return new Promise((resolve, reject) => {
        transaction.oncomplete = () => resolve(result.result);
        transaction.onabort = () => reject(new SsmaxError('fault', 'storage-unavailable', {}, { cause: transaction.error }));
      });
    };
    return {
      get: (key) => run('readonly', (store) => store.get(key) as IDBRequest<T | undefined>),
      put: async (key, value) => void (await run('readwrite', (store) => store.put(value, key))),
      remove: (key) => run('readwrite', (store) => store.delete(key)),
      all: () => run('readonly', (store) => store.getAll() as IDBRequest<T[]>),
    };
  };
}

/** Tables are only ever added: their number is the version. What a table holds says itself which form it has. */
function open(name: string, tables: readonly string[]): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(name, tables.length);
    request.onupgradeneeded = () => {
      for (const table of tables) if (!request.result.objectStoreNames.contains(table)) request.result.createObjectStore(table);
    };
    request.onsuccess = () => {
      // A page of the version before must not keep the next one waiting.
      request.result.onversionchange = () => request.result.close();
      resolve(request.result);
    };
    request.onerror = () => reject(request.error ?? new Error('IndexedDB'));
  });
}
