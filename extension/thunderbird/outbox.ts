/**
 * Mails that have waited in the outbox for so long that the gateway would refuse them: the member is asked whether to send them again.
 * Thunderbird tells add-ons neither that it is about to send what waits nor that a server refused that, so the outbox is looked at when
 * Thunderbird starts, and hourly whenever this program runs.
 */
import type { WaitingMail } from '../host.ts';
import { isTooOld, reopenSealed, sealedAt } from '../member/waiting.ts';
import type { SealParts } from '../member/seal.ts';
import type { Reason } from '../ui/reasons.ts';
import { browserApi, thunderbirdApi } from './api.ts';
import { whyNot } from './why-not.ts';
import { identityOf } from './identity-of.ts';
import { logFault } from './log.ts';
import { rawOf } from './raw-mail.ts';
import { reopen } from './reopening.ts';
import { replaced } from './replaced.ts';
import type { Replying } from './reply.ts';

const { folders, messages } = thunderbirdApi;

/** Milliseconds. */
const EVERY = 3_600_000;
const LOOKED = 'outbox-looked';

export class Outbox {
  readonly #member: SealParts;
  readonly #replying: Pick<Replying, 'leave'>;

  constructor(member: SealParts, replying: Pick<Replying, 'leave'>) {
    this.#member = member;
    this.#replying = replying;
  }

  /** Asks about what has waited too long, at most once an hour. */
  async look(): Promise<void> {
    const now = this.#member.ports.clock.now();
    // Kept until Thunderbird ends: after a start there is always a look.
    const last = (await browserApi.storage.session.get(LOOKED))[LOOKED] as number | undefined;
    if (last !== undefined && Math.abs(now.getTime() - last) < EVERY) return;
    const { mails, failed } = await this.#tooOld();
    if (mails.length > 0) await browserApi.windows.create({ type: 'popup', url: browserApi.runtime.getURL('waiting.html'), width: 620, height: 480 });
    // A look that failed is none.
    if (mails.length > 0 || failed === 0) await browserApi.storage.session.set({ [LOOKED]: now.getTime() });
  }

  /** What has waited too long. */
  async waiting(): Promise<WaitingMail[]> {
    return (await this.#tooOld()).mails;
  }

  /** @returns what has waited too long, and how many mails could not be read */
  async #tooOld(): Promise<{ mails: WaitingMail[]; failed: number }> {
    const now = this.#member.ports.clock.now();
    const mails: WaitingMail[] = [];
    let failed = 0;
    for (const { id: folderId } of await folders.query({ specialUse: ['outbox'] })) {
      for (const { id, subject, recipients } of (await messages.query({ folderId })).messages) {
        try {
          const sealed = sealedAt(await rawOf(id));
          if (sealed !== undefined && isTooOld(sealed, now)) mails.push({ id, subject, recipients, sealedAt: sealed.getTime() });
        } catch (error) {
          // One that cannot be read, as it is just being written or sent, does not hide the others.
          logFault(error);
          failed++;
        }
      }
    }
    return { mails, failed };
  }

  /** Opens the mail in a compose window, in place of which it goes; gives why not. */
  again(id: number): Promise<Reason | undefined> {
    return whyNot(async () => {
      const { fields, content, from } = await reopenSealed(this.#member, await rawOf(id));
      const tabId = await reopen(fields, content, { begun: '', identityId: await identityOf(from), sealedBy: from, replying: this.#replying });
      await replaced.put(tabId, id);
      return undefined;
    });
  }
}
