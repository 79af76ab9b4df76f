/**
 * Processes that read mails, kept for some mails each. One that takes too long, takes too much memory or ends is killed
 * and replaced; the mail that it read then counts as unread, which the policy decides about and never means "pass". A mail
 * whose process ended without a word is read once more: the machine may have been short of memory, or somebody ended it. A
 * process that ended before it had the mail says nothing of the mail.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { SsmaxError } from '../../../core/error.ts';
import type { ContentReader, ReadingJob, ReadingResult } from '../../../flow/judge.ts';
import type { Logger } from '../../shared/log.ts';
import type { Answer } from './child.ts';

export interface ReaderOptions {
  /** Milliseconds for one mail. */
  readonly timeoutMs: number;
  /** Most memory that a process may have, bytes. */
  readonly memory: number;
  readonly log: Logger;
  /** Told of each process, with its identifier: for tests that kill one. */
  readonly started?: (pid: number) => void;
}

export interface ReaderPool extends ContentReader {
  /**
   * Undefined for a mail that could not be read. Throws `reader-unavailable` (unavailable) where no process begins to, and
   * while the server stops.
   */
  read(job: ReadingJob): Promise<ReadingResult | undefined>;
  close(): void;
}

/** Mails that one process reads: whatever a reader leaks, of memory or of a mail's text, ends with it. */
const MAILS_PER_PROCESS = 50;
/** How often memory is looked at; milliseconds. */
const WATCH = 200;
/** Until a new process says that it is ready; milliseconds, for a busy machine. */
const START = 60_000;
/** Processes that may end before they have the mail, until that is no accident any more. */
const MOST_UNBEGUN = 5;

type Ended = 'timeout' | 'memory' | 'died';
/** How a reading can go on: with another process. */
type Lost = 'died' | 'unbegun';

export function createReaderPool(options: ReaderOptions): ReaderPool {
  const idle: Reader[] = [];
  const busy = new Set<Reader>();
  let closed = false;
  const readWith = async (reader: Reader, job: ReadingJob): Promise<ReadingResult | Lost | undefined> => {
    busy.add(reader);
    try {
      return await reader.read(job);
    } finally {
      busy.delete(reader);
      if (reader.usable && !closed) idle.push(reader);
      else reader.kill();
    }
  };
  return {
    async read(job) {
      let [died, unbegun] = [0, 0];
      let reader = idle.pop();
      while (!closed && unbegun < MOST_UNBEGUN) {
        const answer = await readWith(reader ?? new Reader(options), job);
        if (answer !== 'died' && answer !== 'unbegun') return answer;
        if (answer === 'unbegun') unbegun++;
        else if (++died === 2) return undefined;
        reader = undefined; // not one that waits: what ended the first may have ended them all
      }
      throw new SsmaxError('unavailable', 'reader-unavailable');
    },
    close() {
      closed = true;
      for (const reader of [...idle.splice(0), ...busy]) reader.kill();
    },
  };
}

class Reader {
  readonly #child: ChildProcess;
  readonly #ready: Promise<boolean>;
  #read = 0;
  #ended = false;

  constructor(private readonly options: ReaderOptions) {
    this.#child = startChild(options.memory);
    if (this.#child.pid !== undefined) options.started?.(this.#child.pid);
    this.#child.on('error', () => { this.#ended = true; });
    this.#child.once('exit', () => { this.#ended = true; });
    this.#ready = this.#next(START).then((message) => message === 'ready');
  }

  get usable(): boolean {
    return !this.#ended && this.#read < MAILS_PER_PROCESS;
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }

  /** Undefined if the mail was too much for it or it broke. */
  async read(job: ReadingJob): Promise<ReadingResult | Lost | undefined> {
    this.#read++;
    const started = performance.now();
    const ready = await this.#ready;
    const answer = ready && !this.#ended ? await this.#ask(job) : 'unbegun';
    if (typeof answer === 'object' && answer !== null && 'result' in answer) return (answer as Extract<Answer, { result: ReadingResult }>).result;
    this.#ended = true;
    this.kill();
    this.options.log.error('reading-failed', { code: typeof answer === 'string' ? answer : 'fault', milliseconds: Math.round(performance.now() - started) });
    return answer === 'died' || answer === 'unbegun' ? answer : undefined;
  }

  #ask(job: ReadingJob): Promise<unknown> {
    const notGiven = new Promise<Lost>((resolve) => {
      this.#child.send(job, (error) => {
        if (error !== null) resolve('unbegun');
      });
    });
    return Promise.race([this.#next(this.options.timeoutMs), notGiven]);
  }

  /** The next message, or how the process ended. */
  #next(withinMs: number): Promise<unknown> {
    const child = this.#child;
    return new Promise((resolve) => {
      const settle = (value: unknown): void => {
        clearTimeout(timer);
        clearInterval(watch);
        child.off('message', settle);
        child.off('exit', died);
        child.off('error', died);
        resolve(value);
      };
      const died = (): void => settle('died' satisfies Ended);
      const timer = setTimeout(() => settle('timeout' satisfies Ended), withinMs);
      const watch = setInterval(() => {
        if (residentMemory(child.pid) > this.options.memory) settle('memory' satisfies Ended);
      }, WATCH);
      child.once('message', settle);
      child.once('exit', died);
      child.once('error', died);
    });
  }
}

/** From source (tests) the program is TypeScript, which tsx runs; built, it is a file beside the others. */
function startChild(memory: number): ChildProcess {
  const fromSource = import.meta.url.endsWith('.ts');
  const program = fileURLToPath(new URL(fromSource ? './child.ts' : '../mail-reader.mjs', import.meta.url));
  return fork(program, {
    // Half for what JavaScript keeps, the rest for bytes; the watch sees to the sum.
    execArgv: [`--max-old-space-size=${Math.floor(memory / 2 / 1_048_576)}`, ...(fromSource ? ['--import', 'tsx'] : [])],
    env: {},
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  });
}

/** Resident memory of a process in bytes; 0 where the system does not tell. */
function residentMemory(pid: number | undefined): number {
  try {
    return Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1] ?? 0) * 1024;
  } catch {
    return 0;
  }
}
