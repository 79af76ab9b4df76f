/** Files and directories with exactly the permissions asked for, whatever the umask is: servers run as other users. */
import { chmodSync, type Dirent, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isErrno } from './owned.ts';

/** Makes one directory, if it is not there. */
export function makeDirectory(path: string, mode: number): void {
  mkdirSync(path, { recursive: true });
  chmodSync(path, mode);
}

export function writeFile(path: string, text: string, mode: number): void {
  writeFileSync(path, text, { mode });
  chmodSync(path, mode);
}

/**
 * Paths, relative to `directory`, of all that is below it, directories included. What goes while it is read is left out:
 * servers remove their own, and node's recursive reading throws then.
 */
export function pathsBelow(directory: string): string[] {
  const found: string[] = [];
  const directories = [''];
  for (const path of directories) {
    for (const entry of entriesOf(join(directory, path))) {
      const below = join(path, entry.name);
      found.push(below);
      if (entry.isDirectory()) directories.push(below);
    }
  }
  return found;
}

function entriesOf(directory: string): Dirent[] {
  try {
    return readdirSync(directory, { withFileTypes: true });
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) return [];
    throw error;
  }
}
