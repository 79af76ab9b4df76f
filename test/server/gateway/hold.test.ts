/** A mail on hold is known to the inspection server before its client is answered, or it is let go again. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { SsmaxError } from '../../../src/core/error.ts';
import { utf8 } from '../../../src/core/bytes.ts';
import { type Hold, startHold } from '../../../src/server/gateway/hold.ts';
import { createLogger } from '../../../src/server/shared/log.ts';
import type { PinnedClient } from '../../../src/server/shared/pinned-client.ts';
import { encodeJson } from '../../../src/wire/json.ts';

const ARRIVAL = {
  listener: 'submission', envelope: { from: 'taro@hinode.example', recipients: ['hanako@tsukimi.example'] }, raw: utf8('From: taro@hinode.example\r\n\r\n'),
  contentDigest: new Uint8Array(32), waits: () => true,
} as const;

let directory: string;
let hold: Hold | undefined;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'ssmax-hold-'));
});
afterEach(() => {
  hold?.stop();
  rmSync(directory, { recursive: true });
});

/** A gateway's hold beside a queue that takes all, and an inspection server that answers as `recorded` does. */
function start(recorded: () => Promise<unknown>, release = 'cat > "$0"', reply = '250 2.0.0 Ok: queued as 4ABCDEF'): { take: () => Promise<void>; reports: number; released: string } {
  const inspection: Pick<PinnedClient, 'request'> = {
    request: async ({ method }) => encodeJson(method === 'GET' ? { queueIds: [] } : await recorded()),
  };
  const released = join(directory, 'released');
  const started = { take: async () => hold?.take(ARRIVAL), reports: 0, released };
  const lying = { take: async () => [reply] };
  hold = startHold({
    inspection: { ...inspection, close: () => undefined }, queues: { submission: lying, arriving: lying }, queue: { take: async () => { started.reports++; return []; } },
    release: ['/bin/sh', '-c', release, released], interval: 1, log: createLogger({ server: 'gateway', level: 'error' }),
  });
  return started;
}

it('answers when the inspection server knows where the mail lies, and tells the sender', async () => {
  let answer: ((value: unknown) => void) | undefined;
  const started = start(() => new Promise((resolve) => { answer = resolve; }));
  let answered = false;
  const taken = started.take().then(() => { answered = true; });
  await vi.waitFor(() => { expect(answer).toBeDefined(); });
  expect(answered).toBe(false);
  answer?.({ first: true, until: new Date(0) });
  await taken;
  expect(started.reports).toBe(1);
});

it('lets the mail go where the inspection server cannot be told', async () => {
  let asked = 0;
  const started = start(async () => {
    asked++;
    throw new SsmaxError('unavailable', 'peer-unreachable');
  });
  await started.take();
  expect([asked, started.reports]).toEqual([2, 0]);
  expect(readFileSync(started.released, 'utf8')).toBe('4ABCDEF\n');
});

it('does not answer for a mail that can neither be recorded nor let go', async () => {
  const started = start(() => Promise.reject(new SsmaxError('unavailable', 'peer-unreachable')), 'exit 1');
  await expect(started.take()).rejects.toMatchObject({ code: 'release-failed' });
});

it('does not answer for a mail that the queue gave no number: nobody could let it go', async () => {
  const started = start(() => Promise.resolve({ first: true, until: new Date(0) }), undefined, '250 2.0.0 Ok');
  await expect(started.take()).rejects.toMatchObject({ code: 'release-failed' });
  expect(started.reports).toBe(0);
});
