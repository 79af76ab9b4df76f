/** Tables in IndexedDB: the only place in an extension that keeps non-extractable CryptoKeys. */
import { SsmaxError } from '../core/error.ts';
import type { Table } from '../flow/ports.ts';

/**
 * Opens (or makes) the database `name` with these tables, in this version: one more whenever they change. Throws `storage-unavailable` (kind fault) from every operation
 * if the browser refuses storage.
 */
export function openTables<Name extends string>(name: string, tables: readonly Name[], version: number): <T>(table: Name) => Table<T> {
  let opened: Promise<IDBDatabase> | undefined;
  const database = (): Promise<IDBDatabase> => {
    opened ??= open(name, tables, version, () => { opened = undefined; }).catch((cause: unknown) => {
      opened = undefined; // the next operation may find storage again
      throw new SsmaxError('fault', 'storage-unavailable', {}, { cause });
    });
    return opened;
  };
  return <T>(table: Name): Table<T> => {
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
      change: async (key, to) => void (await run('readwrite', (store) => {
        const present = store.get(key) as IDBRequest<T | undefined>;
        present.onsuccess = () => store.put(to(present.result), key);
        return present;
      })),
      remove: (key) => run('readwrite', (store) => store.delete(key)),
      all: () => run('readonly', (store) => store.getAll() as IDBRequest<T[]>),
    };
  };
}

/**
 * Erases the database `name` with its file: no row of it stays behind in what the browser has not compacted yet. Whoever has it open lets
 * go of it. Throws `storage-unavailable` (kind fault).
 */
export function eraseTables(name: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.deleteDatabase(name);
    request.onsuccess = () => resolve();
    request.onerror = () => reject(new SsmaxError('fault', 'storage-unavailable', {}, { cause: request.error }));
  });
}

/** What a table holds says itself which form it has. `closed`: the database is no longer open. */
function open(name: string, tables: readonly string[], version: number, closed: () => void): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(name, version);
    request.onupgradeneeded = () => {
      const { result: database } = request;
      for (const table of tables) if (!database.objectStoreNames.contains(table)) database.createObjectStore(table);
      for (const former of Array.from(database.objectStoreNames)) if (!tables.includes(former)) database.deleteObjectStore(former);
    };
    request.onsuccess = () => {
      // A page of the version before must not keep the next one waiting, nor one that has it open whoever erases it.
      request.result.onversionchange = () => {
        request.result.close();
        closed();
      };
      // The browser closes it by itself after an error of its own.
      request.result.onclose = closed;
      resolve(request.result);
    };
    request.onerror = () => reject(request.error ?? new Error('IndexedDB'));
  });
}
