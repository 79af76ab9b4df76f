/** Copies of the directory's files: named by their hash, so nothing that is kept or fetched is taken for another. */
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Bytes } from '../../../src/core/bytes.ts';
import { SsmaxError } from '../../../src/core/error.ts';
import { createFileCache } from '../../../src/server/shared/file-cache.ts';

let directory: string;
let asked: string[];
const web = new Map<string, Bytes>();
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'ssmax-files-'));
  asked = [];
  web.clear();
});
afterEach(() => {
  rmSync(directory, { recursive: true, force: true });
});

const fetch = async (name: string): Promise<Bytes> => {
  asked.push(name);
  return web.get(name) ?? new Uint8Array(0);
};
function publish(text: string): string {
  const bytes = new TextEncoder().encode(text);
  const name = `files/${createHash('sha256').update(bytes).digest('hex')}`;
  web.set(name, bytes);
  return name;
}

it('fetches a file once, whoever asks at the same time, and has it after a restart', async () => {
  const name = publish('shard');
  const cache = createFileCache(directory, () => [fetch]);
  expect(cache.has(name)).toBe(false);
  const [one, two] = await Promise.all([cache.file(name), cache.file(name)]);
  expect(new TextDecoder().decode(one)).toBe('shard');
  expect(two).toEqual(one);
  web.clear();
  const later = createFileCache(directory, () => [fetch]);
  expect(later.has(name)).toBe(true);
  expect(await later.file(name)).toEqual(one);
  expect(asked).toEqual([name]);
});

it('fetches anew what is damaged on disk', async () => {
  const name = publish('shard');
  const cache = createFileCache(directory, () => [fetch]);
  await cache.file(name);
  writeFileSync(join(directory, name), 'shark');
  expect(new TextDecoder().decode(await cache.file(name))).toBe('shard');
  expect(asked).toHaveLength(2);
});

it('takes no name that is not a hash, and no other file', async () => {
  const cache = createFileCache(directory, () => [fetch]);
  for (const name of ['files/../../secret', 'index.cms', `files/${'0'.repeat(63)}`]) {
    await expect(cache.file(name)).rejects.toMatchObject({ kind: 'unavailable', code: 'directory-damaged' });
    expect(cache.has(name)).toBe(false);
  }
  expect(asked).toEqual([]);
  await expect(cache.file(`files/${'0'.repeat(64)}`)).rejects.toMatchObject({ kind: 'unavailable', code: 'directory-damaged' });
  expect(readdirSync(join(directory, 'files'))).toEqual([]);
});

it('keeps what was read last when there are too many', async () => {
  const cache = createFileCache(directory, () => [fetch], 8);
  const names = Array.from({ length: 8 }, (_, i) => publish(`shard ${i}`));
  for (const [i, name] of names.entries()) {
    await cache.file(name);
    utimesSync(join(directory, name), i, i);
  }
  await cache.file(names[0] ?? '');
  await cache.file(publish('one more'));
  expect(readdirSync(join(directory, 'files'))).toHaveLength(6);
  expect([0, 1, 7].map((i) => cache.has(names[i] ?? ''))).toEqual([true, false, true]);
});

it('asks the next where one is away, or gives another file', async () => {
  const name = publish('shard');
  const other = async (): Promise<Bytes> => new Uint8Array([1]);
  const away = (): Promise<Bytes> => Promise.reject(new SsmaxError('unavailable', 'network-unreachable'));
  for (const first of [other, away]) {
    expect(new TextDecoder().decode(await createFileCache(directory, () => [first, fetch]).file(name))).toBe('shard');
    rmSync(join(directory, name));
  }
  await expect(createFileCache(directory, () => [other, away]).file(name)).rejects.toMatchObject({ code: 'network-unreachable' });
});
