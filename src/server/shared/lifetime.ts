/** A server program's life: it starts its parts in order, and on SIGTERM or SIGINT ends them in the opposite order. */
import type { Logger } from './log.ts';

export interface Part {
  close(): Promise<void> | void;
}

export class Lifetime {
  readonly #parts: Part[] = [];
  readonly #log: Logger;

  constructor(log: Logger) {
    this.#log = log;
  }

  /** Takes over a part that has started. */
  own<Started extends Part>(part: Started): Started {
    this.#parts.push(part);
    return part;
  }

  /** Ends what has started; an error in one part does not keep the others. */
  async end(): Promise<void> {
    for (let part = this.#parts.pop(); part !== undefined; part = this.#parts.pop()) {
      try {
        await part.close();
      } catch (error) {
        this.#log.error('close-failed', { error });
      }
    }
  }

  /** Resolves when a signal has come and everything has ended. */
  async untilStopped(): Promise<void> {
    this.#log.info('ready');
    await new Promise<void>((resolve) => {
      process.once('SIGTERM', () => resolve());
      process.once('SIGINT', () => resolve());
    });
    this.#log.info('stopping');
    await this.end();
  }
}
