/**
 * Pages and shards of the directory (docs/protocol-directory.md) as this server has fetched them, in files named by their SHA-256: they
 * never change, so what was fetched once is good after a restart too, and while nobody can be asked.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Bytes } from '../../core/bytes.ts';
import { SsmaxError } from '../../core/error.ts';
import { isFileName } from '../../wire/directory-index.ts';

/** Files that are kept; beyond, a quarter of them goes, those first that were not read for longest. A file is some ten kilobytes. */
const MAX_FILES = 4096;

export interface FileCache {
  /** A page or shard by its name, `files/…`. Throws what fetching threw last, `directory-damaged` (unavailable) where nobody threw and nobody gave this file. */
  file(name: string): Promise<Bytes>;
  /** Whether it is here. */
  has(name: string): boolean;
}

type Fetch = (name: string) => Promise<Bytes>;

/**
 * @param directory where copies are; `files` is made in it
 * @param fetches whom to ask, one after the other until one gives the file
 */
export function createFileCache(directory: string, fetches: () => readonly Fetch[], maximum = MAX_FILES): FileCache {
  const folder = join(directory, 'files');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  let count = readdirSync(folder).length;
  const fetching = new Map<string, Promise<Bytes>>();

  function kept(name: string): Bytes | undefined {
    const path = join(directory, name);
    try {
      const bytes = new Uint8Array(readFileSync(path));
      if (!isNamed(name, bytes)) return undefined; // damaged on disk: fetched again
      const now = new Date();
      utimesSync(path, now, now);
      return bytes;
    } catch {
      return undefined;
    }
  }

  async function fetchAndKeep(name: string): Promise<Bytes> {
    const bytes = await fetchFromAny(name);
    const path = join(directory, name);
    writeFileSync(`${path}.new`, bytes, { mode: 0o600 });
    renameSync(`${path}.new`, path);
    if (++count > maximum) prune();
    return bytes;
  }

  async function fetchFromAny(name: string): Promise<Bytes> {
    let failure: unknown = new SsmaxError('unavailable', 'directory-damaged', { file: name });
    for (const fetch of fetches()) {
      try {
        const bytes = await fetch(name);
        if (isNamed(name, bytes)) return bytes;
      } catch (error) {
        failure = error;
      }
    }
    throw failure;
  }

  function prune(): void {
    const files = readdirSync(folder).map((name) => ({ path: join(folder, name), read: statSync(join(folder, name)).mtimeMs })).sort((a, b) => a.read - b.read);
    const surplus = files.slice(0, files.length - Math.ceil(maximum * 0.75));
    for (const { path } of surplus) rmSync(path, { force: true });
    count = files.length - surplus.length;
  }

  return {
    async file(name) {
      if (!isFileName(name)) throw new SsmaxError('unavailable', 'directory-damaged', { file: 'name' });
      const found = kept(name);
      if (found !== undefined) return found;
      const under = fetching.get(name) ?? fetchAndKeep(name).finally(() => fetching.delete(name));
      fetching.set(name, under);
      return under;
    },
    has: (name) => isFileName(name) && kept(name) !== undefined,
  };
}

function isNamed(name: string, bytes: Bytes): boolean {
  return name === `files/${createHash('sha256').update(bytes).digest('hex')}`;
}
