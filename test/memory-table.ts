import type { Table } from '../src/flow/ports.ts';

/** A table that lives as long as its test. */
export function memoryTable<T>(rows = new Map<string, T>()): Table<T> {
  return {
    get: (key) => Promise.resolve(rows.get(key)),
    put: (key, value) => Promise.resolve(void rows.set(key, value)),
    change: (key, to) => Promise.resolve(void rows.set(key, to(rows.get(key)))),
    remove: (key) => Promise.resolve(void rows.delete(key)),
    all: () => Promise.resolve([...rows.values()]),
  };
}
