/** A copy of the directory's files in a folder, as any web server could carry it (docs/protocol-directory.md). */
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Bytes } from '../core/bytes.ts';
import { SsmaxError } from '../core/error.ts';
import type { Directory, DirectorySource } from '../flow/directory-files.ts';
import { INDEX_FILE } from '../wire/directory-index.ts';

/**
 * Writes all files, the index last: whoever reads meanwhile finds every file that the one he has names. Files that are there stay, as they
 * are named by their hash. Gives how many there are, and how many of them are new.
 */
export async function writeDirectory(out: string, { index, file }: DirectorySource, directory: Directory): Promise<{ files: number; written: number }> {
  mkdirSync(join(out, 'files'), { recursive: true });
  const names = new Set<string>();
  let written = 0;
  for await (const name of directory.names()) {
    if (!names.has(name) && !existsSync(join(out, name))) {
      replace(join(out, name), await file(name));
      written++;
    }
    names.add(name);
  }
  replace(join(out, INDEX_FILE), index);
  return { files: names.size + 1, written: written + 1 };
}

/** What writeDirectory wrote. Throws `directory-missing` (unavailable), here and when a file is asked for. */
export function readDirectory(folder: string): DirectorySource {
  const read = (name: string): Bytes => {
    try {
      return new Uint8Array(readFileSync(join(folder, name)));
    } catch (cause) {
      throw new SsmaxError('unavailable', 'directory-missing', { directory: folder, name }, { cause });
    }
  };
  return { index: read(INDEX_FILE), file: async (name) => read(name) };
}

/** Whoever reads at the same time sees the old file or the new one. */
export function replace(file: string, content: Uint8Array): void {
  writeFileSync(`${file}.new`, content, { mode: 0o644 });
  renameSync(`${file}.new`, file);
}
