/**
 * Redirecting (decision 75). Thunderbird puts the other's text into the window as if the member had written it, and has answers go to
 * its writer. A sealed mail is passed on unopened in its place; of what nobody sealed it is said from whom it is said to be.
 */
import { readAttached } from '../member/attached-mail.ts';
import { prepareForward } from '../member/forward.ts';
import type { Reading } from '../member/read.ts';
import type { SealParts } from '../member/seal.ts';
import { isSealedFile } from '../member/sealed-files.ts';
import { shownText } from '../../src/mail/shown-text.ts';
import { fileName } from '../ui/file-name.ts';
import { actionsOf } from '../ui/mail-actions.ts';
import type { MessageKey } from '../ui/words.ts';
import { thunderbirdApi } from './api.ts';
import { answerTo } from './addressees.ts';
import { typedAbove } from './compose.ts';
import { identityOf, signatureOf } from './identity-of.ts';
import { paragraphs, quotationOf, quoted, quotes, quotesNotice, TRIES, untilLooked, withQuotation } from './quotation.ts';
import { rawOf } from './raw-mail.ts';
import { words } from './words.ts';

const { compose } = thunderbirdApi;

/**
 * Rewrites a window that redirects this mail, which has no problem. False where its opened content is to go in the member's own mail
 * instead: it came by Bcc, holds nothing sealed, is his own copy, or his organisation does not permit it (`permitted`).
 */
export async function passOn(member: SealParts, tabId: number, messageId: number, reading: Reading, permitted: boolean): Promise<boolean> {
  if (permitted && actionsOf(reading).includes('forward')) {
    await unopened(member, tabId, messageId, reading);
    return true;
  }
  if (reading.judgement.state === 'verified') return false;
  // What is sealed but cannot be checked now is refused as it leaves.
  if (!reading.marked) await framed(member, tabId, messageId);
  return true;
}

async function unopened(member: SealParts, tabId: number, messageId: number, reading: Reading): Promise<void> {
  const { judgement: { message, deliveredTo = '', mode }, content } = reading;
  // First: where the mail was deleted meanwhile, the window stays as it is, and is refused as it leaves.
  const file = await prepareForward(member, await rawOf(messageId), undefined);
  const identityId = await identityOf(deliveredTo);
  const signature = await signatureOf(identityId);
  let subject = '';
  for (let tries = 0; tries < TRIES; tries++) {
    const details = await quoted(tabId);
    ({ subject = '' } = details);
    // Where only parts are sealed, the rest could be read on the way here, as it can from here on.
    const body = mode === 'protect-all' || content === undefined ? paragraphs(details, typedAbove(details).trimEnd())
      : withQuotation({ ...details, type: 'forward' }, { ...quotationOf('forward', reading, content), further: [] }, signature);
    await compose.setComposeDetails(tabId, {
      ...body, ...(message !== undefined && { replyTo: answerTo(message.headers) }),
      ...(identityId !== undefined && identityId !== details.identityId && { identityId }), isModified: false,
    });
    await untilLooked();
    if (!quotesNotice(await compose.getComposeDetails(tabId))) break;
  }
  for (const { id, name = '' } of await compose.listAttachments(tabId)) {
    const attached = await compose.getAttachmentFile(id);
    if (isSealedFile({ name, type: attached.type, bytes: new Uint8Array(await attached.arrayBuffer()) })) await compose.removeAttachment(tabId, id);
  }
  // The subject is the outer one: what anyone on the way could read anyway.
  await compose.addAttachment(tabId, { file: new File([file], fileName(words, words.text('forward_file', { subject }), 0), { type: 'application/octet-stream' }) });
}

const FIELDS = { From: 'field_from', To: 'field_to', Cc: 'field_cc', Subject: 'field_subject', Date: 'field_date' } as const satisfies Record<string, MessageKey>;

/** Text and files stay, below whose they are said to be. */
async function framed(member: SealParts, tabId: number, messageId: number): Promise<void> {
  const { fields, content } = await readAttached(member, await rawOf(messageId));
  const prefix = [words.text('forward_prefix'), words.text('redirect_outside'), ...fields.map(([name, value]) => `${words.text(FIELDS[name])}: ${shownText(value)}`)].join('\n');
  for (let tries = 0; tries < TRIES; tries++) {
    const details = await quoted(tabId);
    if (tries > 0 && quotes(details)) break;
    await compose.setComposeDetails(tabId, {
      // Nothing of the window stays: what looks like a signature may be the other's.
      ...withQuotation({ ...details, type: 'forward', body: '', plainTextBody: '' }, { prefix, content: content ?? { text: details.plainTextBody ?? '', images: [] } }, ''), isModified: false,
    });
    await untilLooked();
  }
}
