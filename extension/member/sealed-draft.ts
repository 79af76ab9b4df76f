/**
 * Drafts that lie sealed on the mail server: a leg 1 from the member to himself, as his Sent copies are, so that any computer
 * with his key opens it and nobody can put another in its place. Whom the mail will go to stands inside.
 */
import { z } from 'zod';
import type { Bytes } from '../../src/core/bytes.ts';
import { refused, SsmaxError } from '../../src/core/error.ts';
import type { Judgement } from '../../src/flow/open.ts';
import { organisationOfSender } from '../../src/flow/recipients.ts';
import { sealMail } from '../../src/flow/seal.ts';
import type { Mailbox } from '../../src/mail/address.ts';
import { buildInner } from '../../src/mail/build.ts';
import type { Content } from '../../src/mail/content.ts';
import { decodeJson, encodeJson } from '../../src/wire/json.ts';
import { type Draft, HIDDEN_SUBJECT, readMailbox } from './draft.ts';
import type { SealParts } from './seal.ts';

/** Type of the part in which stands what a draft has beside text and files. */
const FIELDS_TYPE = 'application/vnd.ssmax.draft+json';
const FIELDS_NAME = 'ssmax-draft.json';

const list = z.array(z.string());
/** Without bounds: only what the member's own key signed is read by it, and what was stored must open again. */
const fieldsSchema = z.strictObject({
  to: list, cc: list, bcc: list, replyTo: list, subject: z.string(), plainText: z.boolean(),
  /** Message-ID of the mail that is answered, without angle brackets. */
  answers: z.string().optional(),
  choice: z.strictObject({ mode: z.enum(['protect-all', 'attachments-only', 'sign-only']).optional(), hideSubject: z.boolean().optional() }),
});
export type DraftFields = z.output<typeof fieldsSchema>;

function addressOf(entry: string): string | undefined {
  try {
    return readMailbox(entry).address;
  } catch (error) {
    if (error instanceof SsmaxError) return undefined; // still being typed, or a list
    throw error;
  }
}

/** Whom it will go to, as far as that can be read. */
export function mailboxesOf(entries: readonly string[]): Mailbox[] {
  return entries.filter((entry) => addressOf(entry) !== undefined).map(readMailbox);
}

/** What a draft keeps that a mail to be sent has not. */
export type DraftExtras = Pick<DraftFields, 'plainText' | 'answers' | 'choice'>;

/** Whether there is a key to seal this account's drafts with; those of other accounts are left alone. */
export async function isSealable({ identities }: Pick<SealParts, 'identities'>, from: string): Promise<boolean> {
  const address = addressOf(from);
  return address !== undefined && await identities.signer(address) !== undefined;
}

/** `hidden`: the stored mail shows another subject. Throws `not-enrolled`, and what TrustSource.get, buildInner and sealMail throw. */
export async function sealForLater({ ports, identities, trust }: SealParts, draft: Draft, extras: DraftExtras, hidden: boolean): Promise<Bytes> {
  const from = readMailbox(draft.from);
  const sender = await identities.signer(from.address);
  if (sender === undefined) throw refused('not-enrolled', { address: from.address });
  const now = ports.clock.now();
  const { to, cc, bcc, replyTo, subject } = draft;
  const fields: DraftFields = { to: [...to], cc: [...cc], bcc: [...bcc], replyTo: [...replyTo], subject, ...extras };
  const entity = buildInner({
    // No addressees: the stored mail has none either, and its header is compared with this one.
    from, to: [], subject, date: now, ...(hidden && { outerSubject: HIDDEN_SUBJECT }), images: draft.images,
    ...(draft.text !== undefined && { text: draft.text }), ...(draft.html !== undefined && { html: draft.html }),
    attachments: [{ name: FIELDS_NAME, type: FIELDS_TYPE, bytes: encodeJson(fields) }, ...draft.attachments],
  }, (length) => ports.native.random(length));
  const organisation = await organisationOfSender(from.address, await trust.get(), now);
  return (await sealMail(ports.native, { entity, recipients: [from.address], hidden: [], sender, organisation, signingTime: now })).cms;
}

/** What sealForLater put beside text and files; undefined in any other mail. Only the member's own copy counts. */
export function draftFieldsOf({ code, recipients, sender }: Judgement, content: Content): DraftFields | undefined {
  const file = content.attachments.find(({ type }) => type === FIELDS_TYPE);
  if (code !== 'own-copy' || file === undefined || recipients?.length !== 1 || recipients[0] !== sender?.address) return undefined;
  try {
    return decodeJson(fieldsSchema, file.bytes);
  } catch (error) {
    if (error instanceof SsmaxError) return undefined; // a file of the member's that happens to be of this type
    throw error;
  }
}

/** The draft as its writer left it. */
export function withoutFields(content: Content): Content {
  return { ...content, attachments: content.attachments.filter(({ type }) => type !== FIELDS_TYPE) };
}
