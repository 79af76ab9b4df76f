/** Thunderbird ends an idle event page even in the middle of its work; a call now and then keeps it. */
import { browserApi } from './api.ts';

const EVERY = 5_000;
let working = 0;
let timer: ReturnType<typeof setInterval> | undefined;

/** Keeps the page until the returned function is called. */
export function keepAlive(): () => void {
  working++;
  timer ??= setInterval(() => void browserApi.runtime.getPlatformInfo(), EVERY);
  let done = false;
  return () => {
    if (done) return;
    done = true;
    working--;
    if (working === 0) {
      clearInterval(timer);
      timer = undefined;
    }
  };
}
