/** What the gateway does with one mail on each of its two listeners (design §2, docs/protocol.md §11). */
import { type Bytes, concat, hex, utf8 } from '../../core/bytes.ts';
import { parseSignedData } from '../../core/cms/signed-data.ts';
import { refused, SsmaxError } from '../../core/error.ts';
import { readLegContent } from '../../flow/leg-content.ts';
import { impersonatedBy } from '../../flow/impersonation.ts';
import { ownEntry } from '../../flow/organisation-keys.ts';
import type { Departure, GatewayParts } from '../../flow/relay.ts';
import { relay } from '../../flow/relay.ts';
import { deliveryEvidence } from '../../flow/report.ts';
import { newBoundary } from '../../flow/seal.ts';
import { claimedDomains, normalizeAddress, parseAddressList, parseFrom } from '../../mail/address.ts';
import { findCarrier, replaceCarrier, type StreamedMail, wholeMail } from '../../mail/carrier.ts';
import { readFeedbackReport } from '../../mail/feedback-report.ts';
import { isDaemonReport } from '../../mail/delivery-report.ts';
import { listReport } from '../../mail/gateway-reports.ts';
import { LIST_FIELDS, listFields } from '../../mail/list-fields.ts';
import { clearSigned } from '../../mail/clear-signed.ts';
import { formatField } from '../../mail/header.ts';
import { type Entity, parseMime } from '../../mail/mime.ts';
import { compareHeaders, readProtectedHeaders } from '../../mail/protected-headers.ts';
import { type OutsideDesk, withoutClaims } from './outside.ts';
import type { MailReport } from '../../wire/report.ts';
import { keepReason, type ReportRefusal } from './refusal-reason.ts';
import type { Copy } from './reinject.ts';
import { replyTo } from './replies.ts';
import type { Envelope } from './smtp.ts';
import { claimsAlwaysSigned, stageOf, type StageSource } from './stages.ts';

export type ListenerName = 'submission' | 'arriving';

/** Stands in every mail that a gateway sends on: a delivery report names the content by it. */
const CONTENT_FIELD = 'X-SSMAX-Content';

/** Stands in mail that is unprotected and passed all the same. */
const STAGE_FIELD = 'X-SSMAX-Stage';

export interface Handled {
  readonly copies: readonly Copy[];
  /** Undefined for mail outside SSMAX. */
  readonly contentDigest?: string;
  /** Unprotected, from a member whose stage allows it. */
  readonly observed?: true;
  /** Waits for somebody's approval. */
  readonly held?: true;
}

export interface HandlerParts extends GatewayParts {
  readonly outside: OutsideDesk;
  /** Hands all copies to the queue. */
  readonly reinject: (copies: readonly Copy[]) => Promise<unknown>;
  readonly stages: StageSource;
  /** Puts a mail on hold as it arrived; undefined where the mail server has no such listener. */
  readonly hold?: (listener: ListenerName, envelope: Envelope, raw: Bytes, contentDigest: Bytes) => Promise<void>;
  /** Hands a report that came by mail to the desk. */
  readonly report: (report: MailReport) => Promise<void>;
  readonly reportRefusal: ReportRefusal;
}

/** Takes one mail; resolves when every copy is queued. */
export async function handle(parts: HandlerParts, listener: ListenerName, envelope: Envelope, raw: Bytes): Promise<Handled> {
  const outer = parseMime(raw, 'outer');
  const carrier = findCarrier(outer);
  if (carrier.kind === 'none') return await fileReport(parts, envelope, outer) ?? handleUnsealed(parts, listener, envelope, outer, raw);
  const arrival = {
    cms: carrier.cms,
    recipients: envelope.recipients.map(normalizeAddress),
    from: fromOf(outer),
    visible: [...addresses(outer, 'To'), ...addresses(outer, 'Cc')],
  };
  const relayed = await relay(parts, listener, arrival).catch(async (error: unknown) => {
    if (parts.hold !== undefined && error instanceof SsmaxError && error.code === 'inspection-hold') return digestOf(arrival.cms);
    if (listener === 'submission') await keepReason(parts, arrival.cms, error);
    throw error;
  });
  if (relayed instanceof Uint8Array) {
    await parts.hold?.(listener, envelope, raw, relayed);
    return { copies: [], contentDigest: hex(relayed), held: true };
  }
  const { departures, contentDigest: digest } = relayed;
  for (const { clear } of departures) if (clear !== undefined) requireSameHeader(clear, outer);
  const copies = departures.map((departure) => copyOf(envelope, raw, departure, digest, parts.native));
  for (const departure of departures) copies.push(...leftOutCopies(listener, arrival.from, raw, departure, digest, parts.clock.now()));
  await parts.reinject(copies);
  return { copies, contentDigest: hex(digest) };
}

async function digestOf(cms: Bytes): Promise<Bytes> {
  return (await readLegContent(parseSignedData(cms))).contentDigest;
}

function copyOf(envelope: Envelope, raw: Bytes, departure: Departure, digest: Bytes, native: HandlerParts['native']): Copy {
  const { recipients, clear, list } = departure;
  const changes = {
    addedFields: [[CONTENT_FIELD, hex(digest)] as const, ...(list === undefined ? [] : listFields(list.address, list))],
    ...(list !== undefined && { removedFieldNames: LIST_FIELDS }),
  };
  return copy(envelope, recipients, () =>
    clear === undefined ? replaceCarrier(raw, departure.cms, changes) : clearSigned(raw, clear, departure.cms, newBoundary(native), changes));
}

/**
 * Whom a post to a list did not reach, its owner is told; without one, an author of the own organisation. With the copies
 * themselves: that somebody got none is never lost.
 */
function leftOutCopies(listener: ListenerName, author: string, original: Bytes, { list }: Departure, contentDigest: Bytes, now: Date): Copy[] {
  const to = list?.owner ?? (listener === 'submission' ? author : undefined);
  if (list?.leftOut === undefined || to === undefined) return [];
  const report = listReport({ to, list: list.address, leftOut: list.leftOut, answer: replyTo(refused('recipient-not-enrolled')), original, contentDigest, now });
  return [{ from: '', recipients: [to], mail: () => wholeMail(report), notify: ['NEVER'] }];
}

/** Readers outside SSMAX look at the outer fields alone, and believe that the signature is about them. */
function requireSameHeader(clear: Bytes, outer: Entity): void {
  const [conflict] = compareHeaders(readProtectedHeaders(parseMime(clear, 'sealed')), outer.headers);
  if (conflict !== undefined) throw refused('headers-differ', { field: conflict.field });
}

function copy(envelope: Envelope, recipients: readonly string[], mail: () => StreamedMail): Copy {
  const { from, notify, envelopeId } = envelope;
  return { from, recipients, mail, ...(notify !== undefined && { notify }), ...(envelopeId !== undefined && { envelopeId }) };
}

/**
 * A report of abuse by mail (RFC 5965) to the desk of the own organisation goes to the key server, and nowhere else: undefined
 * for all other mail. What it holds proves it, whoever sent it, so that it may be submitted from any mail program.
 */
async function fileReport(parts: HandlerParts, { recipients }: Envelope, outer: Entity): Promise<Handled | undefined> {
  const [recipient = '', ...others] = recipients;
  if (others.length > 0 || !/^abuse@/i.test(recipient)) return undefined;
  const { domains } = await ownEntry(await parts.trust(), parts.organisation);
  if (!domains.some((domain) => recipient.toLowerCase() === `abuse@${domain}`)) return undefined;
  const report = readFeedbackReport(outer);
  if (report === undefined) return undefined;
  const { contentDigest: digest, evidence } = deliveryEvidence(report.mail);
  await parts.report({ contentDigest: digest, evidence, category: report.type, ...(report.comment !== '' && { comment: report.comment }) });
  return { copies: [], contentDigest: hex(digest) };
}

/** Only leg 1 may be submitted. Mail from outside passes unless it claims to come from where every mail is signed. */
async function handleUnsealed(
  parts: HandlerParts, listener: ListenerName, envelope: Envelope, outer: Entity, raw: Bytes,
): Promise<Handled> {
  if (listener === 'submission') return observe(parts, envelope, outer, raw);
  if (envelope.from !== '' || !isDaemonReport(outer)) {
    const { directory } = await parts.trust();
    const values = [envelope.from, ...outer.headers.all('From'), ...outer.headers.all('Sender')].map((value) => ` ${value}`);
    const claimed = claimedDomains(values);
    const impersonated = await impersonatedBy(claimed, directory);
    if (impersonated !== undefined) throw refused('impersonation', { organisation: impersonated.names.en });
    if (claimsAlwaysSigned(parts.stages(), values)) throw refused('impersonation', { organisation: parts.organisation.subject.commonName ?? '' });
  }
  // A delivery report is judged by what it is about.
  const passed = envelope.from === '' && isDaemonReport(outer) ? withoutClaims(raw) : await parts.outside.mark(envelope, outer, raw);
  const copies = [copy(envelope, envelope.recipients, () => passed)];
  await parts.reinject(copies);
  return { copies };
}

/** A member's unprotected mail, at the stage where it still passes: marked, so that it can be found, and counted. */
async function observe(parts: HandlerParts, envelope: Envelope, outer: Entity, raw: Bytes): Promise<Handled> {
  const senders = [fromOf(outer), ...(envelope.from === '' ? [] : [normalizeAddress(envelope.from)])];
  if (senders.some((sender) => stageOf(parts.stages(), sender) !== 'observe')) throw refused('not-protected');
  const mail = withoutClaims(raw);
  const mark = utf8(formatField(STAGE_FIELD, 'observe'));
  const copies = [copy(envelope, envelope.recipients, () => ({ ...mail, head: concat(mark, mail.head), size: mark.length + mail.size }))];
  await parts.reinject(copies);
  return { copies, observed: true };
}

function fromOf(outer: Entity): string {
  const [from, ...others] = outer.headers.all('From');
  if (from === undefined || others.length > 0) throw refused('from-mismatch');
  return parseFrom(from).address;
}

function addresses(outer: Entity, name: string): string[] {
  return outer.headers.all(name).flatMap((value) => parseAddressList(value)).map(({ address }) => address);
}
