import { setTimeout as delay } from 'node:timers/promises';

/** Runs `check` again and again until it does not throw; throws its last error after `seconds`. */
export async function eventually<Result>(what: string, check: () => Promise<Result> | Result, seconds = 30): Promise<Result> {
  const end = Date.now() + seconds * 1000;
  for (;;) {
    try {
      return await check();
    } catch (error) {
      if (Date.now() > end) throw new Error(`not within ${seconds} s: ${what}`, { cause: error });
      await delay(20);
    }
  }
}
