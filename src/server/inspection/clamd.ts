/**
 * ClamAV's clamd as the malware scanner: its INSTREAM command over a Unix socket (clamd(8)). Each scan has a
 * connection of its own: clamd scans connections in parallel, and a reset hurts one scan only.
 */
import { connect, type Socket } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import type { Bytes } from '../../core/bytes.ts';
import { SsmaxError } from '../../core/error.ts';
import type { ScanResult, Scanner } from '../../flow/judge.ts';

export interface ClamdOptions {
  /** Path of clamd's LocalSocket. */
  readonly socket: string;
  /** Milliseconds for one scan, connecting included. */
  readonly timeoutMs: number;
}

/** Bytes per chunk: small enough to notice early that clamd has had enough. */
const CHUNK = 256 * 1024;
/** How often a scan is tried whose connection clamd reset without an answer. */
const ATTEMPTS = 3;
/** clamd's answers are one short line. */
const MAX_ANSWER = 4096;

export class Clamd implements Scanner {
  constructor(private readonly options: ClamdOptions) {}

  /** Throws `scanner-unavailable` (unavailable) when clamd cannot be reached or does not answer sensibly. */
  async scan(bytes: Bytes): Promise<ScanResult> {
    for (let attempt = 1; ; attempt++) {
      try {
        return readAnswer(await this.#converse((socket) => stream(socket, bytes)));
      } catch (error) {
        // Now and then the reset after "too large" overtakes the answer: then it is asked for once more.
        if (attempt === ATTEMPTS || !wasReset(error)) throw error;
      }
    }
  }

  /** Whether clamd answers. */
  async ready(): Promise<boolean> {
    try {
      const answer = await this.#converse((socket) => write(socket, Buffer.from('zPING\0')));
      return answer === 'PONG';
    } catch {
      return false;
    }
  }

  /** Connects, sends, and gives the answer up to its NUL byte. */
  async #converse(send: (socket: Socket) => Promise<void>): Promise<string> {
    const socket = connect({ path: this.options.socket });
    const deadline = setTimeout(() => socket.destroy(new Error('timed out')), this.options.timeoutMs);
    const answer = receive(socket);
    try {
      // When clamd resets the connection in the midst of sending, what it said before is its answer.
      await Promise.race([send(socket), answer]).catch(() => undefined);
      return await answer;
    } catch (cause) {
      throw new SsmaxError('unavailable', 'scanner-unavailable', {}, { cause });
    } finally {
      clearTimeout(deadline);
      socket.destroy();
    }
  }
}

function wasReset(error: unknown): boolean {
  const code = error instanceof SsmaxError && error.cause instanceof Error && 'code' in error.cause ? error.cause.code : undefined;
  return code === 'ECONNRESET' || code === 'EPIPE';
}

/** Collects what comes until NUL, end or reset; rejects if there was nothing. */
function receive(socket: Socket): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    const settle = (error?: Error): void => {
      const end = text.indexOf('\0');
      if (end >= 0) resolve(text.slice(0, end));
      else if (text !== '') resolve(text.trimEnd());
      else reject(error ?? new Error('closed without an answer'));
    };
    socket.on('data', (data) => {
      text += data.toString('latin1');
      if (text.includes('\0') || text.length > MAX_ANSWER) settle();
    });
    socket.once('error', settle);
    socket.once('close', () => settle());
  });
}

async function stream(socket: Socket, bytes: Bytes): Promise<void> {
  await write(socket, Buffer.from('zINSTREAM\0'));
  for (let from = 0; from < bytes.length; from += CHUNK) {
    const chunk = bytes.subarray(from, from + CHUNK);
    await write(socket, length(chunk.length));
    await write(socket, chunk);
    // A write after clamd's reset would make Node drop what it has not read yet: look for an answer first.
    await setImmediate();
  }
  await write(socket, length(0));
}

function length(size: number): Uint8Array {
  const out = Buffer.alloc(4);
  out.writeUInt32BE(size);
  return out;
}

/** Resolves when the bytes have been handed to the kernel, so that one chunk at most is waiting in memory. */
function write(socket: Socket, bytes: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.write(bytes, (error) => (error ? reject(error) : resolve()));
  });
}

function readAnswer(answer: string): ScanResult {
  if (answer === 'stream: OK') return 'clean';
  if (answer.includes('INSTREAM size limit exceeded')) return 'too-large';
  const found = /^stream: (.+) FOUND$/.exec(answer)?.[1];
  if (found === undefined) throw new SsmaxError('unavailable', 'scanner-unavailable');
  if (found.startsWith('Heuristics.Encrypted.')) return 'encrypted-archive';
  if (found.startsWith('Heuristics.Limits.Exceeded')) return 'too-large';
  return 'malware';
}
