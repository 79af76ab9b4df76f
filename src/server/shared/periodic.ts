/** What is done again and again, by the clock. */
import type { Clock } from '../../flow/ports.ts';

/** How often the clock is looked at; milliseconds. */
const LOOK = 1_000;

/**
 * Does `work` whenever `interval` milliseconds have passed since it was begun last (the first time that long after now). The clock
 * is looked at every second, as a timer stands still while a machine sleeps: what it publishes would be out of date for up to
 * an interval after it wakes.
 */
export function startPeriodic(interval: number, clock: Clock, work: () => void): { stop(): void } {
  let last = clock.now().getTime();
  const timer = setInterval(() => {
    const now = clock.now().getTime();
    if (Math.abs(now - last) < interval) return; // a clock that was set back counts too
    last = now;
    work();
  }, Math.min(LOOK, interval));
  timer.unref();
  return { stop: () => { clearInterval(timer); } };
}
