/**
 * A mail to recipients inside SSMAX and outside becomes two (decision 60): those outside get a window of their own, with the same text and
 * files. Nothing is sent here: each mail goes when the member sends it, through all that is checked and asked.
 */
import { SsmaxError } from '../../src/core/error.ts';
import { outsideAmong } from '../../src/flow/recipients.ts';
import { readMailbox } from '../member/draft.ts';
import type { SealParts } from '../member/seal.ts';
import { reasonOfError } from '../ui/reasons.ts';
import { type ComposeDetails, thunderbirdApi } from './api.ts';
import { choices } from './choices.ts';
import { addressesOf, readWindow } from './compose.ts';
import { doubtful } from './doubtful.ts';
import { explain } from './explanations.ts';
import { keepAlive } from './keep-alive.ts';
import { logFault } from './log.ts';
import { openedContent } from './opened-content.ts';
import { begin } from './reopening.ts';
import type { Replying } from './reply.ts';
import { words } from './words.ts';

const { compose } = thunderbirdApi;

/** Never throws: what went wrong is told, and the window is left as it is. */
export async function split(member: SealParts, tabId: number, replying: Pick<Replying, 'leave'>): Promise<void> {
  const release = keepAlive();
  let subject = '';
  try {
    const given = await compose.getComposeDetails(tabId) as ComposeDetails;
    subject = given.subject ?? '';
    // Lists as their members: some may be inside, some outside.
    const { details, files } = await readWindow(tabId, given);
    const { directory } = await member.trust.forSealing();
    const { to, cc, bcc } = addressesOf(details);
    const without = new Set(await outsideAmong([...to, ...cc, ...bcc].map((entry) => readMailbox(entry).address), directory));
    const those = (outside: boolean): ComposeDetails => {
      const [t, c, b] = [to, cc, bcc].map((list) => list.filter((entry) => without.has(readMailbox(entry).address) === outside));
      return { to: t, cc: c, bcc: b };
    };
    const [inside, outside] = [those(false), those(true)];
    if (isEmpty(inside) || isEmpty(outside)) return;
    const { type, relatedMessageId, isPlainText, body, plainTextBody, replyTo, identityId } = details;
    const window = await begin({
      ...outside, subject, isPlainText, ...(isPlainText === true ? { plainTextBody } : { body }), ...(replyTo !== undefined && { replyTo }), ...(identityId !== undefined && { identityId }),
      attachments: files.map((file) => ({ file })),
    }, type === 'reply' ? relatedMessageId : undefined, replying);
    const opened = await openedContent.of(tabId);
    if (opened !== undefined) await openedContent.mark(window, opened);
    const { mode: _, ...hiding } = await choices.of(tabId); // how those inside get it is nothing for those outside
    await choices.choose(window, hiding);
    const doubt = await doubtful.of(tabId);
    if (doubt !== undefined) await doubtful.mark(window, doubt); // each of the two is asked about
    await compose.setComposeDetails(window, { isModified: true }); // closed by mistake, it asks
    await compose.setComposeDetails(tabId, inside);
  } catch (error) {
    if (!(error instanceof SsmaxError)) logFault(error);
    await explain(subject, reasonOfError(words, error));
  } finally {
    release();
  }
}

function isEmpty(envelope: ComposeDetails): boolean {
  const { to, cc, bcc } = addressesOf(envelope);
  return to.length + cc.length + bcc.length === 0;
}
