/** How much waits in Postfix's queue: `postqueue -j`, postqueue(1). Addresses and reasons that it tells are dropped here. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { z } from 'zod';
import type { QueueStatus } from '../../wire/status.ts';

const run = promisify(execFile);
/** Debian's place; by name elsewhere. */
const environment = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' };

const mailSchema = z.object({ queue_name: z.string(), arrival_time: z.number() });

/** `configuration` is Postfix's directory with main.cf. Gives `unreadable` where it cannot be asked. */
export async function readQueue(configuration: string): Promise<QueueStatus | 'unreadable'> {
  try {
    const { stdout } = await run('postqueue', ['-c', configuration, '-j'], { env: environment, maxBuffer: 256 << 20, timeout: 30_000 });
    return countQueue(stdout);
  } catch {
    return 'unreadable';
  }
}

/** One JSON object a line. */
export function countQueue(text: string): QueueStatus {
  const mails = text.split('\n').filter((line) => line !== '').map((line) => mailSchema.parse(JSON.parse(line)));
  const of = (...queues: string[]): number[] => mails.filter(({ queue_name: queue }) => queues.includes(queue)).map(({ arrival_time: at }) => at * 1000);
  const [deferred, held, moving] = [of('deferred'), of('hold'), of('active', 'incoming', 'maildrop')];
  return {
    deferred: deferred.length, held: held.length, moving: moving.length,
    ...(deferred.length > 0 && { oldestDeferred: least(deferred) }), ...(held.length > 0 && { oldestHeld: least(held) }),
  };
}

function least(values: readonly number[]): number {
  return values.reduce((a, b) => Math.min(a, b), Infinity);
}
