/**
 * The world of servers that a test or the demo runs: starts child processes, each in a session of its own, and
 * guarantees that all of them end: on `stop`, when the owner exits or is interrupted, and, by a guardian process, even
 * when the owner is killed with -9. Only processes that carry the world's mark are ever signalled (owned.ts).
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { chmodSync, closeSync, existsSync, mkdirSync, openSync, readFileSync, rmSync, statfsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { Writable } from 'node:stream';
import { pathToFileURL } from 'node:url';
import { SsmaxError } from '../../src/core/error.ts';
import { markerVariable, newWorldId, ownedProcesses, ownerIsDead, removeStaleDirectories, signal, type OwnedProcess } from './owned.ts';
import { makeDirectory } from './files.ts';
import { Ports } from './ports.ts';
import { pause, until } from './wait.ts';

export interface StartOptions {
  /** Names the process in errors, and its log file `<world>/log/<name>.log` (appended to). */
  readonly name: string;
  readonly command: string;
  readonly args?: readonly string[];
  readonly cwd?: string;
  /** Added to the few variables that are passed on (PATH, HOME, LANG, TZ, TMPDIR, USER, LOGNAME). */
  readonly env?: Readonly<Record<string, string>>;
  /** Text to be read by the child from file descriptors (3 and up, without gaps), such as passphrases. */
  readonly secrets?: readonly string[];
  /** Asked until it is true. Without it the process counts as ready once it runs. */
  readonly ready?: () => boolean | Promise<boolean>;
  /** Milliseconds for `ready`; 120,000 unless told: beside other work on two processors a server may start slowly. */
  readonly readyWithinMs?: number;
  /** The log the program writes itself, to be quoted in errors beside its output. */
  readonly ownLog?: string;
  /** Gives the pid of the process to be told to stop, if that is not the one started (fakeroot stands before it). */
  readonly leader?: () => number | undefined;
}

/** One started process with everything it started itself. */
export interface Running {
  readonly name: string;
  readonly pid: number;
  /** The pid of the program itself, which is not the one started where something stands before it. */
  main(): number;
  /** Path of the log file that holds its stdout and stderr. */
  readonly log: string;
  /** Resolves when the started process has ended. */
  readonly exited: Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>;
  alive(): boolean;
  /** The pids of all its living processes. */
  pids(): number[];
  /** Sends a signal to all its processes, without waiting: `SIGKILL` plays a crash. */
  kill(name: NodeJS.Signals): void;
  /** SIGTERM, then SIGKILL after `graceMs` (5,000 unless told). Resolves when none of its processes lives. */
  stop(graceMs?: number): Promise<void>;
}

const inherited = ['HOME', 'LANG', 'TZ', 'TMPDIR', 'USER', 'LOGNAME'];
// Not TMPDIR: it may be long (Unix sockets take 107 bytes) or closed to the users that Postfix and Dovecot run as.
const parentDirectory = '/tmp';
const memoryFileSystem = '/dev/shm';
const tmpfsMagic = 0x01021994;

/**
 * Waits for the owner's line or end of file. A line means that all went well; end of file without one that the owner
 * died, so the guardian ends the world's processes and removes its directories.
 * $1: world id; further arguments: directories.
 */
const guardianScript = `
if IFS= read -r line; then exit 0; fi
id=$1; shift
each() {
  left=$(grep -lsz "^${markerVariable}=$id/" /proc/[0-9]*/environ)
  for path in $left; do pid=\${path#/proc/}; kill "$1" "\${pid%/environ}" 2>/dev/null; done
}
each -TERM
for i in 1 2 3 4 5 6 7 8 9 10; do if [ -n "$left" ]; then sleep 0.2; each -0; fi; done
each -KILL
rm -rf -- "$@"
`;

export class World {
  /** Unique; also the name of its directories. */
  readonly id: string;
  /** Its directory, mode 711: servers that run as other users pass through it. Keep paths short: they hold sockets. */
  readonly dir: string;
  readonly ports = new Ports();
  readonly #memory: string;
  readonly #temporary: boolean;
  readonly #guardian: Writable;
  readonly #running: Running[] = [];
  readonly #closers: (() => void | Promise<void>)[] = [];
  #started = 0;
  #stopping: Promise<void> | undefined;
  readonly #lastResort = (): void => this.#killAll();

  /**
   * Opens a world with a new directory under /tmp, removed at `stop` unless `keep`. First ends what dead owners left
   * behind. Linux only.
   */
  static async open(options: { readonly keep?: boolean } = {}): Promise<World> {
    await endStaleWorlds();
    return new World(options.keep === true);
  }

  private constructor(keep: boolean) {
    this.id = newWorldId();
    this.dir = join(parentDirectory, this.id);
    this.#temporary = !keep;
    if (statfsSync(memoryFileSystem).type !== tmpfsMagic) throw new SsmaxError('fault', 'tmpfs-missing', { path: memoryFileSystem });
    this.#memory = join(memoryFileSystem, this.id);
    for (const made of [this.dir, join(this.dir, 'log'), this.#memory]) {
      mkdirSync(made); // must be new: nobody else may have made it
      chmodSync(made, 0o711);
    }
    const removed = this.#temporary ? [this.#memory, this.dir] : [this.#memory];
    const guardian = spawn('/bin/sh', ['-c', guardianScript, 'ssmax-guardian', this.id, ...removed], {
      stdio: ['pipe', 'ignore', 'ignore'],
      detached: true,
      cwd: '/',
      env: { PATH: '/usr/bin:/bin' }, // without the mark of a world that this one may run in
    });
    guardian.unref();
    this.#guardian = guardian.stdin;
    this.#guardian.on('error', () => undefined); // a dead guardian is no reason to fail
    process.on('exit', this.#lastResort);
  }

  /** Makes a sub-directory of the world that servers of other users may pass through (mode 711), and gives its path. */
  directory(...path: readonly string[]): string {
    let made = this.dir;
    for (const name of path) {
      made = join(made, name);
      makeDirectory(made, 0o711);
    }
    return made;
  }

  /** Makes a directory that lives in memory only (tmpfs), mode 700, and is removed at `stop`. */
  memoryDirectory(name: string): string {
    const made = join(this.#memory, name);
    makeDirectory(made, 0o700);
    return made;
  }

  /** What is to be closed at `stop` beside processes, last come first served. */
  closing(close: () => void | Promise<void>): void {
    this.#closers.push(close);
  }

  /**
   * Starts a process and waits until it is ready. Throws `process-ended` or `process-not-ready` (kind `unavailable`)
   * with the end of its log; in both cases nothing of it lives any more.
   */
  async start(options: StartOptions): Promise<Running> {
    if (this.#stopping !== undefined) throw new SsmaxError('fault', 'world-stopping', { name: options.name });
    const number = this.#started++;
    const log = join(this.dir, 'log', `${options.name}.log`);
    const child = this.#spawn(options, number, log);
    const running = await runningOf(child, options, { world: this.id, number }, log);
    this.#running.push(running);
    const { ready } = options;
    if (ready === undefined) return running;
    const withinMs = options.readyWithinMs ?? 120_000;
    const logs = [log, ...(options.ownLog === undefined ? [] : [options.ownLog])];
    let ended = false;
    void running.exited.then(() => (ended = true));
    try {
      await until(async () => ended || (await ready()), { what: options.name, withinMs });
    } catch (cause) {
      const said = complaints(logs);
      await running.stop();
      throw new SsmaxError('unavailable', 'process-not-ready', { name: options.name, withinMs, said }, { cause });
    }
    if (ended) {
      const said = complaints(logs);
      await running.stop();
      throw new SsmaxError('unavailable', 'process-ended', { name: options.name, said });
    }
    return running;
  }

  /** What runs now, in the order of starting. */
  running(): readonly Running[] {
    return this.#running.filter((running) => running.alive());
  }

  /** The pids of all living processes of this world, whoever started them. */
  pids(): number[] {
    return this.#owned().map(({ pid }) => pid);
  }

  /** Ends everything, last started first told, and removes what is temporary. The second call waits for the first. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  /**
   * For a program that is nothing but its world (the demo): Ctrl-C, SIGTERM, SIGHUP, uncaught errors and unhandled
   * rejections stop the world and end the program. `onError` tells the user.
   */
  endOnSignals(onError: (error: unknown) => void): void {
    const end = (code: number): void => {
      void this.stop()
        .catch(onError)
        .finally(() => process.exit(code));
    };
    // A second Ctrl-C does not cut the ending short: it takes seconds at most.
    process.on('SIGINT', () => end(130));
    process.on('SIGTERM', () => end(143));
    process.on('SIGHUP', () => end(129));
    const fail = (error: unknown): void => {
      onError(error);
      end(1);
    };
    process.on('uncaughtException', fail);
    process.on('unhandledRejection', fail);
  }

  async #stop(): Promise<void> {
    const errors: unknown[] = [];
    await Promise.all([...this.#running].reverse().map((running) => running.stop().catch((error: unknown) => errors.push(error))));
    for (const close of [...this.#closers].reverse()) {
      try {
        await close();
      } catch (error) {
        errors.push(error);
      }
    }
    await end(() => this.#owned(), 1_000);
    this.ports.release();
    rmSync(this.#memory, { recursive: true, force: true });
    if (this.#temporary) rmSync(this.dir, { recursive: true, force: true });
    this.#guardian.end('done\n');
    process.off('exit', this.#lastResort);
    if (errors.length > 0) throw new AggregateError(errors, `stopping ${this.id}`);
  }

  #owned(): OwnedProcess[] {
    return ownedProcesses({ world: this.id, sessions: new Set(this.#running.map(({ pid }) => pid)) });
  }

  #killAll(): void {
    for (const owned of this.#owned()) signal(owned, 'SIGKILL');
    rmSync(this.#memory, { recursive: true, force: true });
    if (this.#temporary) rmSync(this.dir, { recursive: true, force: true });
  }

  #spawn(options: StartOptions, number: number, log: string): ChildProcess {
    const secrets = options.secrets ?? [];
    const output = openSync(log, 'a', 0o600);
    try {
      const child = spawn(options.command, options.args ?? [], {
        detached: true, // setsid(2): Ctrl-C at the terminal reaches the owner only
        cwd: options.cwd ?? this.dir,
        env: { ...environment(), ...options.env, [markerVariable]: `${this.id}/${number}` },
        stdio: ['ignore', output, output, ...secrets.map(() => 'pipe' as const)],
      });
      secrets.forEach((secret, index) => {
        const pipe = child.stdio[3 + index] as Writable;
        pipe.on('error', () => undefined); // a child that does not read it fails by itself
        pipe.end(secret);
      });
      return child;
    } finally {
      closeSync(output);
    }
  }
}

/** What `World.start` needs to run one of our TypeScript programs: `world.start({ name, ...typescript(file, args) })`. */
export function typescript(file: string, args: readonly string[]): Pick<StartOptions, 'command' | 'args'> {
  const loader = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;
  return { command: process.execPath, args: ['--import', loader, file, ...args] };
}

/**
 * Ends the processes and removes the directories of worlds whose owner died and whose guardian could not do it.
 * `World.open` calls it.
 */
export async function endStaleWorlds(): Promise<void> {
  await end(() => ownedProcesses().filter(({ world }) => world !== undefined && ownerIsDead(world)), 2_000);
  for (const parent of [memoryFileSystem, parentDirectory]) removeStaleDirectories(parent);
}

async function runningOf(
  child: ChildProcess,
  options: StartOptions,
  mark: { readonly world: string; readonly number: number },
  log: string,
): Promise<Running> {
  const exited = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve) => {
    child.once('exit', (code, by) => resolve({ code, signal: by }));
  });
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', (cause) => {
      reject(new SsmaxError('fault', 'program-not-started', { name: options.name, command: options.command }, { cause }));
    });
  });
  child.unref();
  const { pid } = child;
  if (pid === undefined) throw new SsmaxError('fault', 'program-not-started', { name: options.name, command: options.command });
  const own = () => ownedProcesses({ ...mark, sessions: new Set([pid]) });
  const main = (): number => options.leader?.() ?? pid;
  return {
    name: options.name,
    pid,
    main,
    log,
    exited,
    alive: () => child.exitCode === null && child.signalCode === null,
    pids: () => own().map((owned) => owned.pid),
    kill: (name) => {
      for (const owned of own()) signal(owned, name);
    },
    stop: (graceMs = 5_000) => end(own, graceMs, main),
  };
}

/**
 * SIGTERM to the leader, then to what it leaves behind (to all, if there is no leader), SIGKILL to what still lives
 * after `graceMs`; resolves when nothing is left.
 */
async function end(list: () => OwnedProcess[], graceMs: number, leader?: () => number): Promise<void> {
  const deadline = performance.now() + graceMs;
  const told = new Set<number>();
  for (let left = list(); left.length > 0; left = list()) {
    const first = left.filter(({ pid }) => pid === leader?.());
    for (const owned of first.length > 0 ? first : left) {
      if (!told.has(owned.pid)) signal(owned, 'SIGTERM');
      told.add(owned.pid);
    }
    if (performance.now() > deadline) for (const owned of left) signal(owned, 'SIGKILL');
    await pause(20);
  }
}

function environment(): Record<string, string> {
  // An ordinary user's path may lack the directories that hold postfix, dovecot and clamd.
  const out: Record<string, string> = { PATH: `${process.env['PATH'] ?? '/usr/bin:/bin'}:/usr/sbin:/sbin` };
  for (const name of inherited) {
    const value = process.env[name];
    if (value !== undefined) out[name] = value;
  }
  return out;
}

/** What the logs complain about, or else their ends. */
function complaints(logs: readonly string[]): string {
  const lines = logs.flatMap((log) => (existsSync(log) ? readFileSync(log, 'utf8').split('\n') : []));
  const bad = lines.filter((line) => /fatal|panic|error|warning/i.test(line));
  return (bad.length > 0 ? bad : lines).slice(-15).join('\n');
}
