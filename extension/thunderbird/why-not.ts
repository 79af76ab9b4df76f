/** What a page asked for: done, or why not, in the member's words. */
import { SsmaxError } from '../../src/core/error.ts';
import { type Reason, reasonOfError } from '../ui/reasons.ts';
import { keepAlive } from './keep-alive.ts';
import { logFault } from './log.ts';
import { words } from './words.ts';

/** Does it while the event page is kept alive; never throws. Gives why it could not be done, or what `work` gives as that. */
export async function whyNot(work: () => Promise<Reason | undefined>): Promise<Reason | undefined> {
  const release = keepAlive();
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof SsmaxError)) logFault(error);
    return reasonOfError(words, error);
  } finally {
    release();
  }
}
