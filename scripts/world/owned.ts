/**
 * Which processes are ours. Every process of a world carries `SSMAX_WORLD=<world id>/<number>` in its environment,
 * which children inherit (number: which `World.start`); the kernel shows it in /proc (Linux only). The world id names its owner, so that a later
 * start can prove that a left-over process belongs to a world whose owner is dead, and nothing else is ever ended.
 */
import { randomBytes } from 'node:crypto';
import { readFileSync, readdirSync, readlinkSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/** The environment variable that marks a process as ours. */
export const markerVariable = 'SSMAX_WORLD';

/** One process of a world. `started` is in clock ticks since boot: with the pid it names one process for good. */
export interface OwnedProcess {
  readonly pid: number;
  readonly started: string;
  /** The world whose mark it carries; undefined if it has wiped its environment. */
  readonly world: string | undefined;
}

const idPattern = /^ssmax-(\d+)-(\d+)-(\d+)-[0-9a-f]{6}$/;
const markerPattern = new RegExp(`(?:^|\\0)${markerVariable}=([a-z0-9-]+)/(\\d+)(?:\\0|$)`);

/** A new world id owned by this process: `ssmax-<pid namespace>-<pid>-<start time>-<random>`. */
export function newWorldId(): string {
  return `ssmax-${pidNamespace()}-${process.pid}-${stateOf(process.pid)?.started ?? 0}-${randomBytes(3).toString('hex')}`;
}

/** True if `id` names a world of this PID namespace whose owner no longer lives. Of other namespaces we know nothing. */
export function ownerIsDead(id: string): boolean {
  const match = idPattern.exec(id);
  if (match === null || match[1] !== pidNamespace()) return false;
  return stateOf(Number(match[2]))?.started !== match[3];
}

/** Which processes are asked for; all that carry any world's mark, if nothing is told. */
export interface Wanted {
  readonly world?: string;
  readonly number?: number;
  /**
   * Ids of sessions that the caller itself started. A process in one of them counts even if it has wiped its
   * environment to make room for a title, as Dovecot does.
   */
  readonly sessions?: ReadonlySet<number>;
}

/** The living processes that can be proven to be ours. Those of other users are seen by root only. */
export function ownedProcesses({ world, number, sessions }: Wanted = {}): OwnedProcess[] {
  const found: OwnedProcess[] = [];
  for (const entry of readdirSync('/proc')) {
    const pid = Number(entry);
    if (!Number.isInteger(pid) || pid === process.pid) continue;
    const environment = readProc(pid, 'environ');
    const state = stateOf(pid);
    if (environment === undefined || environment === '' || state === undefined) continue;
    const mark = markerPattern.exec(environment);
    const matches =
      mark === null
        ? sessions?.has(state.session) === true && /^\0+$/.test(environment)
        : (world === undefined || mark[1] === world) && (number === undefined || Number(mark[2]) === number);
    if (matches) found.push({ pid, started: state.started, world: mark?.[1] });
  }
  return found;
}

/** Signals one process, after looking once more that the pid is still that process. A vanished one is no error. */
export function signal(owned: OwnedProcess, name: NodeJS.Signals): void {
  if (stateOf(owned.pid)?.started !== owned.started) return;
  try {
    process.kill(owned.pid, name);
  } catch (error) {
    if (!isErrno(error, 'ESRCH')) throw error;
  }
}

/** Removes the directories under `parent` that are named after worlds whose owner is dead. */
export function removeStaleDirectories(parent: string): void {
  for (const entry of readdirSync(parent)) {
    if (!ownerIsDead(entry)) continue;
    try {
      rmSync(join(parent, entry), { recursive: true, force: true });
    } catch (error) {
      // Another user's: theirs to remove.
      if (!isErrno(error, 'EACCES', 'EPERM')) throw error;
    }
  }
}

/** True for a Node system error with one of these codes. */
export function isErrno(error: unknown, ...codes: readonly string[]): boolean {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' && codes.includes(error.code);
}

/** Fields 6 and 22 of /proc/PID/stat, proc(5); undefined when there is no such living process. */
function stateOf(pid: number): { readonly session: number; readonly started: string } | undefined {
  const stat = readProc(pid, 'stat');
  if (stat === undefined) return undefined;
  // The name in parentheses may hold anything: count from its end. Field 3 is the state.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [state, , , session] = fields;
  const started = fields[19];
  if (state === 'Z' || state === 'X' || session === undefined || started === undefined) return undefined;
  return { session: Number(session), started };
}

function pidNamespace(): string {
  return /\d+/.exec(readlinkSync('/proc/self/ns/pid'))?.[0] ?? '0';
}

function readProc(pid: number, file: string): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'latin1');
  } catch {
    // Gone, or another user's: in both cases not ours.
    return undefined;
  }
}
