/** A clock for all programs of a world, which a test sets forward. */
import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { World } from '../../scripts/world/process.ts';

const DAY = 86_400_000;

export interface WorldClock {
  /** For WorldOptions.env. */
  readonly env: Readonly<Record<string, string>>;
  now(): Date;
  /** Sets it to so many days after it began. */
  day(number: number): void;
}

/** One-off verbs that this process starts have the clock too, as they inherit its environment. */
export function createWorldClock(world: World): WorldClock {
  const file = join(world.dir, 'clock');
  let ahead = 0;
  const set = (): void => {
    writeFileSync(`${file}.new`, String(ahead));
    renameSync(`${file}.new`, file);
  };
  set();
  const env = { SSMAX_TEST_CLOCK: file, NODE_OPTIONS: `--import=${fileURLToPath(new URL('clock-of-test.mjs', import.meta.url))}` };
  Object.assign(process.env, env);
  world.closing(() => {
    for (const name of Object.keys(env)) Reflect.deleteProperty(process.env, name);
  });
  return {
    env,
    now: () => new Date(Date.now() + ahead),
    day(number) {
      ahead = number * DAY;
      set();
    },
  };
}
