/**
 * How many mails are in memory at once, by their size: a signature is judged over the whole mail, so that each is held whole
 * (docs/decisions/0033-mails-in-memory.md). Who does not fit in waits with its bytes still at the MTA, which keeps the
 * mail on disk; who waits too long is told to come again.
 */
import { SsmaxError } from '../../core/error.ts';

/** A mail and what is made of it: as it came, decoded, for inspection or as the copy that departs just now. However many depart. */
const TIMES = 4;
/** Mails that wait; more are told to come again at once. */
const MAX_WAITING = 256;
/** Well below Postfix's `smtpd_proxy_timeout` of 300 s together with all that follows; milliseconds. */
const MAX_WAIT = 40_000;

interface Waiting {
  readonly bytes: number;
  readonly go: () => void;
}

export interface Place {
  /** The size is known now: gives back what was taken beyond it. */
  shrink(size: number): void;
  /** The mail is larger than was declared. Throws `gateway-busy` where there is no room for that now: waiting would keep what is taken from others. */
  grow(size: number): void;
  leave(): void;
}

export class Admission {
  readonly #waiting = new Set<Waiting>();
  #free: number;

  /** `budget`: memory for mails, bytes. */
  constructor(readonly budget: number, private readonly maximumWait = MAX_WAIT) {
    this.#free = budget;
  }

  /** Bytes taken now. */
  get taken(): number {
    return this.budget - this.#free;
  }

  get waiting(): number {
    return this.#waiting.size;
  }

  /**
   * Room for a mail of this size, in order of arrival; throws `gateway-busy` (unavailable). The largest mail fits in alone.
   */
  async enter(size: number): Promise<Place> {
    const cost = (of: number): number => Math.min(of * TIMES, this.budget);
    let held = cost(size);
    if (this.#waiting.size > 0 || this.#free < held) await this.#wait(held);
    else this.#free -= held;
    const give = (bytes: number): void => {
      held -= bytes;
      this.#free += bytes;
      this.#admit();
    };
    return {
      shrink: (known) => { give(Math.max(0, held - cost(known))); },
      grow: (known) => {
        const more = Math.max(0, cost(known) - held);
        if (more > this.#free) throw new SsmaxError('unavailable', 'gateway-busy');
        held += more;
        this.#free -= more;
      },
      leave: () => { give(held); },
    };
  }

  #wait(bytes: number): Promise<void> {
    if (this.#waiting.size >= MAX_WAITING) return Promise.reject(new SsmaxError('unavailable', 'gateway-busy'));
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting.delete(one);
        reject(new SsmaxError('unavailable', 'gateway-busy'));
        this.#admit();
      }, this.maximumWait);
      const one = { bytes, go: () => { clearTimeout(timer); resolve(); } };
      this.#waiting.add(one);
    });
  }

  #admit(): void {
    for (const one of this.#waiting) {
      if (one.bytes > this.#free) return;
      this.#waiting.delete(one);
      this.#free -= one.bytes;
      one.go();
    }
  }
}
