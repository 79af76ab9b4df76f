/** Waiting for conditions, never for luck. */
import { connect } from 'node:net';
import { readFile } from 'node:fs/promises';
import { SsmaxError } from '../../src/core/error.ts';

export interface WaitOptions {
  /** What is waited for, for the error. */
  readonly what: string;
  /** Milliseconds until `wait-timed-out`; 50,000 unless told: it matters only where something fails, and two busy processors may be slow. */
  readonly withinMs?: number;
  /** Milliseconds between two looks; 20 unless told. */
  readonly everyMs?: number;
}

/**
 * Asks `look` until it gives something other than undefined or false, and returns that.
 * Throws `wait-timed-out` (kind `unavailable`) after `withinMs`; what `look` throws is passed on.
 */
export async function until<T>(look: () => T | Promise<T>, options: WaitOptions): Promise<Exclude<T, undefined | false>> {
  const { what, withinMs = 50_000, everyMs = 20 } = options;
  const deadline = performance.now() + withinMs;
  for (;;) {
    const found = await look();
    if (isFound(found)) return found;
    if (performance.now() > deadline) throw new SsmaxError('unavailable', 'wait-timed-out', { what, withinMs });
    await pause(everyMs);
  }
}

/** Milliseconds of doing nothing, for polls. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** True once something listens on the TCP port (loopback) or Unix socket. */
export function accepts(target: number | string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = typeof target === 'number' ? connect(target, '127.0.0.1') : connect(target);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

/** True once a server on the loopback port has sent a first line that matches. */
export function greets(port: number, greeting: RegExp): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    let seen = '';
    const settle = (answer: boolean): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(5_000, () => settle(false));
    socket.on('data', (chunk) => {
      seen += chunk.toString('latin1');
      if (seen.includes('\n')) settle(greeting.test(seen));
    });
    socket.once('error', () => settle(false));
    socket.once('close', () => settle(false));
  });
}

/** True once the file holds a match. A missing file is no match. */
export async function contains(path: string, pattern: RegExp): Promise<boolean> {
  return pattern.test(await readFile(path, 'utf8').catch(() => ''));
}

function isFound<T>(value: T): value is Exclude<T, undefined | false> {
  return value !== undefined && value !== false;
}
