/** What one mail may cost to read: bytes unpacked, files, archives in one another. */
import type { ReadingLimits } from '../../../flow/policy/rules.ts';

/** Thrown where a mail holds more than may be read of it. */
export class TooMuch extends Error {}
/** Thrown where a file is not what its beginning says. */
export class Unreadable extends Error {}

export class Budget {
  #bytes: number;
  #files: number;

  constructor(private readonly limits: ReadingLimits) {
    this.#bytes = limits.expanded;
    this.#files = limits.files;
  }

  /** The most that may still be unpacked; at least 1, as zlib asks. Throws `TooMuch` when there is nothing left. */
  get remaining(): number {
    if (this.#bytes < 1) throw new TooMuch();
    return this.#bytes;
  }

  /** Counts bytes that were unpacked. */
  spend(bytes: number): void {
    this.#bytes -= bytes;
    if (this.#bytes < 0) throw new TooMuch();
  }

  file(): void {
    if (--this.#files < 0) throw new TooMuch();
  }

  enter(depth: number): void {
    if (depth > this.limits.nesting) throw new TooMuch();
  }
}
