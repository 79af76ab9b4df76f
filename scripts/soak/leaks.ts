/** Looks for the plaintext of the mails where none may be: in every file of the world, and in what the kernel shows of its processes. */
import { closeSync, openSync, readFileSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { byteNeedles, findIn, findInFiles, type Needle, textNeedles } from '../../test/scenario/byte-search.ts';
import type { LocalWorld } from '../world/local-world.ts';
import { isErrno } from '../world/owned.ts';
import type { Canary } from './mails.ts';

export class LeakSearch {
  readonly #needles: readonly Needle[];
  readonly #inMemory: readonly Needle[];

  constructor(
    private readonly local: LocalWorld,
    { ascii, japanese }: Canary,
  ) {
    this.#needles = [...textNeedles('canary', ascii), ...textNeedles('Japanese canary', japanese)];
    this.#inMemory = [...byteNeedles('canary', Buffer.from(ascii)), ...byteNeedles('canary, UTF-16', Buffer.from(ascii, 'utf16le'))];
  }

  /**
   * Files in whatever state the servers are; and arguments and environments of all processes. While a scan is going on, or
   * after a kill -9 in the midst of one, clamd's directory (in memory only) rightly holds what it looks at: it is left out
   * unless `idle`.
   */
  files(idle: boolean): string[] {
    const { world, clamd } = this.local;
    const found = findInFiles([world.dir, join('/dev/shm', world.id)], this.#needles, (path) => !idle && path.startsWith(clamd.temporaryDirectory));
    for (const pid of world.pids()) {
      for (const file of ['cmdline', 'environ']) found.push(...findIn(readIfThere(`/proc/${pid}/${file}`), this.#needles).map((needle) => `/proc/${pid}/${file}: ${needle}`));
    }
    return found;
  }

  /** The memory of every process that may never have plaintext: all but inspection servers and clamd. Names those not readable. */
  memory(): { readonly found: string[]; readonly unreadable: string[] } {
    const { world, clamd, organisations } = this.local;
    const allowed = new Set([...clamd.pids(), ...organisations.flatMap(({ servers }) => servers.inspection.pids())]);
    const [found, unreadable]: [string[], string[]] = [[], []];
    for (const pid of world.pids().filter((one) => !allowed.has(one))) {
      const name = `${readIfThere(`/proc/${pid}/comm`).toString().trim()} (${pid})`;
      const needles = searchMemory(pid, this.#inMemory);
      if (needles === undefined) unreadable.push(name);
      else found.push(...needles.map((needle) => `memory of ${name}: ${needle}`));
    }
    return { found, unreadable };
  }
}

const PIECE = 8 << 20;

/** proc(5): maps says what is there, mem gives it. A process that has ended has none. Undefined where the kernel does not allow it. */
function searchMemory(pid: number, needles: readonly Needle[]): string[] | undefined {
  const maps = readIfThere(`/proc/${pid}/maps`).toString('latin1');
  let file: number;
  try {
    file = openSync(`/proc/${pid}/mem`, 'r');
  } catch (error) {
    return isErrno(error, 'ENOENT', 'ESRCH') ? [] : undefined;
  }
  const found = new Set<string>();
  const overlap = Math.max(...needles.map(({ pattern }) => pattern.length));
  const piece = Buffer.alloc(PIECE);
  try {
    for (const [, from = '', to = '', inode = ''] of maps.matchAll(/^([0-9a-f]+)-([0-9a-f]+) rw\S* \S+ \S+ (\d+)/gm)) {
      if (inode !== '0') continue; // a file's: it has been searched as such
      const end = Number.parseInt(to, 16);
      for (let at = Number.parseInt(from, 16); at < end; at += PIECE - overlap) {
        const length = readPiece(file, piece, Math.min(PIECE, end - at), at);
        for (const { name, pattern } of needles) if (piece.subarray(0, length).includes(pattern)) found.add(name);
      }
    }
  } finally {
    closeSync(file);
  }
  return [...found];
}

function readPiece(file: number, piece: Buffer, length: number, at: number): number {
  try {
    return readSync(file, piece, 0, length, at);
  } catch {
    return 0; // unmapped in the meantime
  }
}

function readIfThere(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch {
    return Buffer.alloc(0);
  }
}
