/** Asking for the passphrase of a locked key, and what goes on once it was given. */
import { refused, SsmaxError } from '../../src/core/error.ts';
import { lockPolicy } from '../member/key-lock.ts';
import type { SealParts } from '../member/seal.ts';
import { browserApi } from './api.ts';
import { logFault } from './log.ts';

export class Unlocking {
  readonly #member: SealParts;
  readonly #onUnlocked: () => void;
  /** The window that asks, from before it opens: whoever else asks meanwhile waits for the same. */
  #asking: { readonly windowId: Promise<number>; readonly answer: Promise<boolean>; settle(unlocked: boolean): void } | undefined;

  /** `onUnlocked` hears of it: what could not be done before may be done now. */
  constructor(member: SealParts, onUnlocked: () => void) {
    this.#member = member;
    this.#onUnlocked = onUnlocked;
  }

  /** Opens the window where a key waits, once; true when it was opened, false where the member closed the window. */
  async ask(): Promise<boolean> {
    if (!await this.#member.identities.waiting()) return true;
    if (this.#asking !== undefined) {
      const { windowId, answer } = this.#asking;
      await browserApi.windows.update(await windowId, { focused: true });
      return answer;
    }
    let settle = (_unlocked: boolean): void => undefined;
    const answer = new Promise<boolean>((resolve) => { settle = resolve; });
    const windowId = browserApi.windows.create({ type: 'popup', url: browserApi.runtime.getURL('unlock.html'), width: 560, height: 420 }).then(({ id = -1 }) => id);
    this.#asking = { windowId, answer, settle };
    try {
      await windowId;
    } catch (error) {
      this.#settle(false);
      throw error;
    }
    return answer;
  }

  /** For what cannot go on without the key. Throws `key-locked`. */
  async demand(): Promise<void> {
    if (!await this.ask()) throw refused('key-locked');
  }

  /** What the window asks: the code of a refusal, or undefined. */
  async unlock(passphrase: string): Promise<string | undefined> {
    try {
      await this.#member.identities.unlock(passphrase, (await lockPolicy(this.#member.ports)).after);
    } catch (error) {
      if (error instanceof SsmaxError) return error.code;
      logFault(error);
      return 'fault';
    }
    this.#settle(true);
    this.#onUnlocked();
    return undefined;
  }

  /** For windows.onRemoved. */
  async closed(windowId: number): Promise<void> {
    const asking = this.#asking;
    if (asking !== undefined && await asking.windowId.catch(() => undefined) === windowId && this.#asking === asking) this.#settle(false);
  }

  #settle(unlocked: boolean): void {
    this.#asking?.settle(unlocked);
    this.#asking = undefined;
  }
}
