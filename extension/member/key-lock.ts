/** Keys that rest under a passphrase: in memory while they are used, gone after a while in which nobody used them. */
import { type Bytes, hex } from '../../src/core/bytes.ts';
import { refused, SsmaxError } from '../../src/core/error.ts';
import type { NativeCrypto, PrivateKey } from '../../src/core/keys.ts';
import { type LockedKey, loadWebPrivateKey, unlockWebKey } from '../../src/platform/web.ts';
import { readManaged } from '../../src/wire/managed-settings.ts';
import type { MemberPorts } from './ports.ts';

/** Minutes. */
const LOCK_AFTER = 15;

export interface LockPolicy {
  /** New keys must be locked by a passphrase. */
  readonly required: boolean;
  /** Minutes without use after which they lock. */
  readonly after: number;
}

/** Throws `configuration-invalid`. */
export async function lockPolicy({ managed }: Pick<MemberPorts, 'managed'>): Promise<LockPolicy> {
  const { lockKeys = false, lockAfter = LOCK_AFTER } = readManaged(await managed());
  return { required: lockKeys, after: lockAfter };
}

export class KeyLock {
  readonly #native: NativeCrypto;
  readonly #keep: () => () => void;
  /** By public key, hexadecimal. */
  readonly #open = new Map<string, PrivateKey>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #release: (() => void) | undefined;
  readonly #now: () => number;
  /** Minutes. */
  #after = LOCK_AFTER;
  /** When a key was used last, milliseconds since 1970. */
  #usedAt = 0;

  /** `keep` keeps this program in memory until what it returns is called. `now` in milliseconds since 1970. */
  constructor(native: NativeCrypto, keep: () => () => void, now: () => number) {
    this.#native = native;
    this.#keep = keep;
    this.#now = now;
  }

  /** Opens all keys that this passphrase opens, for so many minutes after their last use. Throws `key-passphrase` if it opens none. */
  async unlock(keys: readonly LockedKey[], passphrase: string, after: number): Promise<void> {
    const results = await Promise.allSettled(keys.map(async (locked) => {
      const key = await loadWebPrivateKey(this.#native, await unlockWebKey(locked, passphrase));
      this.#open.set(hex(locked.publicKey), key);
    }));
    if (!results.some(({ status }) => status === 'fulfilled')) throw refused('key-passphrase');
    this.#after = after;
    this.#release ??= this.#keep();
    this.#used();
  }

  lock(): void {
    clearTimeout(this.#timer);
    this.#open.clear();
    this.#release?.();
    this.#release = undefined;
  }

  isOpen({ publicKey }: LockedKey): boolean {
    this.#lockIfLate();
    return this.#open.has(hex(publicKey));
  }

  /** Stands for a locked key. Its operations throw `key-locked` (unavailable) while it is. */
  key({ publicKey }: LockedKey): PrivateKey {
    const open = (): PrivateKey => {
      this.#lockIfLate();
      const key = this.#open.get(hex(publicKey));
      if (key === undefined) throw new SsmaxError('unavailable', 'key-locked');
      this.#used();
      return key;
    };
    return {
      publicKey,
      sharedX: async (point: Bytes) => open().sharedX(point),
      sign: async (message: Bytes) => open().sign(message),
    };
  }

  /** A timer stands still while the computer sleeps: what counts is the clock. One that was put back a good deal tells nothing, and locks too. */
  #lockIfLate(): void {
    if (Math.abs(this.#now() - this.#usedAt) >= this.#after * 60_000) this.lock();
  }

  #used(): void {
    this.#usedAt = this.#now();
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.lock(), this.#after * 60_000);
  }
}
