/** The processes that read mails, when one hangs or grows: it is ended, its mail counts as unread, the next one is read. */
import { readFileSync } from 'node:fs';
import { afterEach, expect, test, vi } from 'vitest';
import type { ReadingJob } from '../../../../src/flow/judge.ts';
import { utf8 } from '../../../../src/core/bytes.ts';
import { DEFAULT_LIMITS } from '../../../../src/mail/mime.ts';
import { createReaderPool, type ReaderPool } from '../../../../src/server/inspection/reading/reader-pool.ts';
import { toBase64 } from '../../../../src/wire/json.ts';
import { until } from '../../../../scripts/world/wait.ts';
import { zip } from './fixtures.ts';

vi.setConfig({ testTimeout: 180_000 });

let pool: ReaderPool | undefined;
afterEach(() => pool?.close());

interface Watched extends ReaderPool {
  readonly pids: number[];
  readonly errors: unknown[];
}

function open({ started, ...limits }: { timeoutMs: number; memory: number; started?: (pid: number) => void }): Watched {
  const pids: number[] = [];
  const errors: unknown[] = [];
  const log = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: (event: string, fields?: object) => { errors.push({ event, ...fields }); } };
  pool = createReaderPool({ ...limits, log, started: (pid) => { pids.push(pid); started?.(pid); } });
  return Object.assign(pool, { pids, errors });
}

function mail(...attachments: Uint8Array[]): ReadingJob {
  const parts = attachments.map((bytes) => `--b\r\nContent-Type: application/octet-stream; name=a.zip\r\nContent-Transfer-Encoding: base64\r\n\r\n${toBase64(bytes).replace(/.{76}/g, '$&\r\n')}\r\n`);
  return {
    content: utf8(`MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\ntop secret\r\n${parts.join('')}--b--\r\n`),
    limits: DEFAULT_LIMITS, reading: { expanded: 2 ** 31, files: 100, nesting: 4 }, rules: [{ check: 'keywords', name: 'words', words: ['secret'], result: 'refuse' }],
    correspondents: { sender: 'taro@hinode.example', recipients: ['hanako@tsukimi.example'] }, ownDomains: [], view: false,
  };
}

const READ = { findings: [{ rule: 'words', code: 'keyword', parts: [1] }], unread: [] };

async function gone(pid: number | undefined): Promise<void> {
  await until(() => {
    try {
      return !process.kill(pid ?? 0, 0);
    } catch {
      return true;
    }
  }, { what: `the end of process ${pid}`, withinMs: 60_000 });
}

test('one that hangs is ended when the time for a mail is over', async () => {
  const readers = open({ timeoutMs: 5000, memory: 2 ** 30 });
  expect(await readers.read(mail())).toMatchObject(READ);
  const [first = 0] = readers.pids;
  process.kill(first, 'SIGSTOP');
  expect(await readers.read(mail())).toBeUndefined();
  expect(readers.errors).toEqual([{ event: 'reading-failed', code: 'timeout', milliseconds: expect.any(Number) as number }]);
  await gone(first);
  expect(await readers.read(mail())).toMatchObject(READ);
  expect(readers.pids).toHaveLength(2);
});

const LARGE = zip({ 'a.bin': new Uint8Array(300 * 2 ** 20) });

/** Ends a process as soon as it has begun to unpack. */
async function killInTheMidst(pid: number): Promise<void> {
  await until(() => Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1]) > 250_000, { what: `process ${pid} to unpack`, withinMs: 120_000, everyMs: 1 });
  process.kill(pid, 'SIGKILL');
}

test('a mail whose process ends without a word is read once more, and not a third time', async () => {
  const deaths: Promise<void>[] = [];
  const readers = open({ timeoutMs: 120_000, memory: 4 * 2 ** 30, started: (pid) => { deaths.push(killInTheMidst(pid)); } });
  expect(await readers.read(mail(LARGE, LARGE, LARGE, LARGE))).toBeUndefined();
  await Promise.all(deaths);
  expect(readers.pids).toHaveLength(2);
  expect(readers.errors).toEqual([1, 2].map(() => ({ event: 'reading-failed', code: 'died', milliseconds: expect.any(Number) as number })));
});

test('a mail is not to blame for processes that end before they have it', async () => {
  const readers = open({ timeoutMs: 120_000, memory: 2 ** 30 });
  await Promise.all([readers.read(mail()), readers.read(mail())]);
  for (const pid of readers.pids) process.kill(pid, 'SIGKILL');
  expect(await readers.read(mail())).toMatchObject(READ);
  expect(readers.pids).toHaveLength(3);
  readers.close();
  let doomed = 3;
  const short = open({ timeoutMs: 120_000, memory: 2 ** 30, started: (pid) => { if (doomed-- > 0) process.kill(pid, 'SIGKILL'); } });
  expect(await short.read(mail())).toMatchObject(READ);
  expect(short.pids).toHaveLength(4);
  short.close();
  const mortal = open({ timeoutMs: 120_000, memory: 2 ** 30, started: (pid) => process.kill(pid, 'SIGKILL') });
  await expect(mortal.read(mail())).rejects.toMatchObject({ kind: 'unavailable', code: 'reader-unavailable' });
  expect(mortal.pids).toHaveLength(5);
});

test('a mail that is being read while the server stops waits', async () => {
  const readers = open({ timeoutMs: 120_000, memory: 4 * 2 ** 30, started: () => { queueMicrotask(() => { readers.close(); }); } });
  await expect(readers.read(mail())).rejects.toMatchObject({ kind: 'unavailable', code: 'reader-unavailable' });
});

test('one that takes more memory than it may is ended', async () => {
  const readers = open({ timeoutMs: 120_000, memory: 400 * 2 ** 20 });
  expect(await readers.read(mail())).toMatchObject(READ);
  expect(await readers.read(mail(LARGE, LARGE, LARGE, LARGE))).toBeUndefined();
  expect(readers.errors).toEqual([{ event: 'reading-failed', code: 'memory', milliseconds: expect.any(Number) as number }]);
  await gone(readers.pids[0]);
  expect(await readers.read(mail())).toMatchObject(READ);
  expect(readers.pids).toHaveLength(2);
});
