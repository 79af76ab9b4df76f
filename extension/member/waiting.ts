/** Mails that wait in the outbox. A gateway takes a seal for five days; after that the mail has to be sealed anew. */
import type { Bytes } from '../../src/core/bytes.ts';
import { parseSignedData } from '../../src/core/cms/signed-data.ts';
import { refused, SsmaxError } from '../../src/core/error.ts';
import type { Mailbox } from '../../src/mail/address.ts';
import { findCarrier } from '../../src/mail/carrier.ts';
import type { Content } from '../../src/mail/content.ts';
import { parseMime } from '../../src/mail/mime.ts';
import { entryOf } from './draft.ts';
import { readMail } from './read.ts';
import type { SealParts } from './seal.ts';
import type { DraftFields } from './sealed-draft.ts';

/** docs/protocol.md §10: five days; an hour is left for the way. Milliseconds. */
const TAKEN_FOR = 5 * 86_400_000 - 3_600_000;

/** When the mail was sealed; undefined for one that is not. */
export function sealedAt(raw: Bytes): Date | undefined {
  try {
    const carrier = findCarrier(parseMime(raw, 'outer'));
    return carrier.kind === 'carrier' ? parseSignedData(carrier.cms).signer.attributes.signingTime : undefined;
  } catch (error) {
    if (error instanceof SsmaxError) return undefined; // nothing of ours
    throw error;
  }
}

export function isTooOld(sealed: Date, now: Date): boolean {
  return now.getTime() - sealed.getTime() > TAKEN_FOR;
}

/** What was sealed, to be sent anew. Throws `mail-not-reopened` for what cannot be opened here, and for what passes on another's mail. */
export async function reopenSealed(parts: SealParts, raw: Bytes): Promise<{ readonly fields: DraftFields; readonly content: Content; readonly from: string }> {
  const { judgement: { code, mode, message, recipients = [] }, content, forwarded } = await readMail(parts, raw, parts.ports.clock.now());
  if (code !== 'own-copy' || message === undefined || content === undefined || forwarded.length > 0 || mode === 'forward') throw refused('mail-not-reopened', { code });
  const { headers: { from, to, cc, replyTo, subject, outerSubject } } = message;
  const open = new Set([...to, ...cc].map(({ address }) => address));
  const answers = /<([^<>]+)>/.exec(parseMime(raw, 'outer').headers.single('In-Reply-To') ?? '')?.[1];
  const show = (list: readonly Mailbox[]): string[] => list.map(entryOf);
  return {
    from: from.address, content,
    fields: {
      to: show(to), cc: show(cc), bcc: recipients.filter((address) => !open.has(address)), replyTo: show(replyTo), subject, plainText: content.html === undefined,
      ...(answers !== undefined && { answers }), choice: { ...(mode !== undefined && { mode }), ...(outerSubject !== undefined && { hideSubject: true }) },
    },
  };
}
