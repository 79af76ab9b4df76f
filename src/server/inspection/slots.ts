/** How many mails are in memory at once: each takes several times its size while it is opened and read. */
import { SsmaxError } from '../../core/error.ts';

export class Slots {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  /** `limit` tasks run at a time, `queue` more wait in order. */
  constructor(limit: number, private readonly queue: number) {
    this.#free = limit;
  }

  /** Runs the task when there is room; throws `inspection-busy` (unavailable) when too many wait already. */
  async run<Result>(task: () => Promise<Result>): Promise<Result> {
    if (this.#free > 0) this.#free--;
    else if (this.#waiting.length < this.queue) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    else throw new SsmaxError('unavailable', 'inspection-busy');
    try {
      return await task();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#free++;
      else next();
    }
  }
}
