/** Reading one mail: the judgement, what to note beside it, its content. */
import type { Bytes } from '../../src/core/bytes.ts';
import { SsmaxError } from '../../src/core/error.ts';
import { mayBeNews } from '../../src/flow/newest-directory.ts';
import { type Judgement, judgeMail } from '../../src/flow/open.ts';
import type { Trust } from '../../src/flow/trust.ts';
import { CARRIER_FIELD } from '../../src/mail/carrier.ts';
import type { Content } from '../../src/mail/content.ts';
import { parseHeaders } from '../../src/mail/header.ts';
import { parseMime } from '../../src/mail/mime.ts';
import { loadConfiguration } from './configuration.ts';
import { type DeliveryReport, readDeliveryReport } from './delivery-report.ts';
import { trustOrReason } from './trust-source.ts';
import { contentOf, type ForwardedContent, type MailFile, showable } from './reading-content.ts';
import type { SealedRecord } from './records.ts';
import type { SealParts } from './seal.ts';
import { type DraftFields, draftFieldsOf, mailboxesOf, withoutFields } from './sealed-draft.ts';
import { type Notes, note } from './seen.ts';

export interface Reading {
  readonly judgement: Judgement;
  readonly notes: Notes;
  /** Of an opened mail: what its sender wrote, what he passed on, and all files of both. */
  readonly content?: Content;
  readonly forwarded: readonly ForwardedContent[];
  readonly files: readonly MailFile[];
  /** It is a draft of the member's own (judgement `own-draft`). */
  readonly draft?: DraftFields;
  readonly report?: DeliveryReport & { readonly about?: SealedRecord };
  /** It carries the mark of a sealed mail, whether or not it could be opened. */
  readonly marked: boolean;
  /** The date under which it is shown, where that is another day than its sender's seal says: an old mail may have been sent in again. */
  readonly otherDate?: Date;
  /** No organisation is set up here, so that nothing can be said of mail without a seal. */
  readonly idle: boolean;
}

/** Milliseconds; sending later, holding for approval and wrong clocks stay below it as a rule. */
const DAY = 86_400_000;

/** Reads a whole RFC 5322 mail that came at `at`. Throws only faults of this program. */
export async function readMail(parts: SealParts, raw: Bytes, at: Date): Promise<Reading> {
  const { ports, identities } = parts;
  const identity = await identities.all();
  const judge = async (trust: Trust | SsmaxError): Promise<Judgement> => judgeMail(raw, {
    native: ports.native,
    credentials: await identities.credentials(),
    addresses: identity.length === 0 ? undefined : identity.map(({ address }) => address),
    trust,
    now: ports.clock.now(),
    ...(identity.length > 0 && { recover: parts.recovery.recover }),
  });
  const trust = await trustOrReason(parts.trust);
  const first = await judge(trust);
  const again = first.state === 'problem' && mayBeNews(first.detail ?? '') && !(trust instanceof SsmaxError) && await parts.trust.newerThan(trust);
  const judgement = again ? await judge(await trustOrReason(parts.trust)) : first;
  const idle = await loadConfiguration(ports) === undefined;
  const marked = isMarked(raw);
  if (judgement.content === 'opened' && judgement.message !== undefined) {
    const outer = parseMime(raw, 'outer').headers;
    const shown = contentOf(judgement);
    const draft = shown.content === undefined ? undefined : draftFieldsOf(judgement, shown.content);
    if (draft !== undefined && shown.content !== undefined) return { ...asDraft(judgement, shown.content, draft), marked, idle };
    const sealed = judgement.message.headers.date ?? judgement.signedAt ?? at;
    const other = Math.abs(at.getTime() - sealed.getTime()) > DAY;
    return { judgement, notes: await note(ports.tables, judgement, outer, at), ...showable(shown), marked, idle, ...(other && { otherDate: at }) };
  }
  const report = judgement.code === 'delivery-report' ? await reportOf(parts, raw) : undefined;
  return { judgement: (marked || judgement.state === 'verified') && identity.length === 0 ? withoutKey(judgement) : judgement, notes: { firstFromOrganisation: false }, forwarded: [], files: [], marked, idle, ...(report !== undefined && { report }) };
}

/** Not a mail that was sent: whom it may go to one day stands inside. */
function asDraft(judgement: Judgement, stored: Content, draft: DraftFields): Pick<Reading, 'judgement' | 'notes' | 'content' | 'forwarded' | 'files' | 'draft'> {
  const { message } = judgement;
  const content = withoutFields(stored);
  return {
    judgement: {
      ...judgement, code: 'own-draft',
      ...(message !== undefined && { message: { ...message, headers: { ...message.headers, to: mailboxesOf(draft.to), cc: mailboxesOf(draft.cc) } } }),
    },
    notes: { firstFromOrganisation: false }, content, forwarded: [], files: content.attachments, draft,
  };
}

function isMarked(raw: Bytes): boolean {
  try {
    return parseHeaders(raw, 'outer').headers.all(CARRIER_FIELD).length > 0;
  } catch {
    return false; // no header, no mark
  }
}

/** A sealed mail that was judged without any key is no mail to believe: there is nothing to show of it. */
function withoutKey(judgement: Judgement): Judgement {
  const { state, code } = judgement;
  return state === 'verified' || code === 'not-configured' ? { ...judgement, state: 'cannot-check', code: 'key-missing' } : judgement;
}

async function reportOf({ sealed }: SealParts, raw: Bytes): Promise<Reading['report']> {
  try {
    const report = readDeliveryReport(parseMime(raw, 'outer'));
    if (report === undefined) return undefined;
    const about = await sealed.find(report);
    return { ...report, ...(about !== undefined && { about }) };
  } catch (error) {
    if (error instanceof SsmaxError) return undefined;
    throw error;
  }
}
