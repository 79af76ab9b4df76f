/** Held mail: what gateway, approver and inspection server say to each other (docs/protocol.md §8). */
import { z } from 'zod';
import { bytesField, timeField } from './json.ts';
import { DIRECTIONS } from './leg.ts';

const contentDigest = bytesField({ length: 32 });
const address = z.string().max(320);
/** Of the mail server's queue: Postfix's short or long identifiers. */
const queueId = z.string().regex(/^[0-9A-Za-z]{5,40}$/);

/** POST /v1/held, by the gateway: where a mail lies that the last verdict held. */
export const heldAtSchema = z.strictObject({ contentDigest, queueId });
/** `first`: nothing was known of it yet, so its sender has to be told. */
export const heldAtAnswerSchema = z.strictObject({ first: z.boolean(), until: timeField });
export type HeldAtAnswer = z.output<typeof heldAtAnswerSchema>;

/** GET /v1/held/releases answers with what may go; POST tells what was let go. */
export const releasesSchema = z.strictObject({ queueIds: z.array(queueId).max(1000) });

const heldId = z.string().regex(/^[0-9a-f]{32}-[12]-(?:outbound|inbound)$/);

export const heldMailSchema = z.strictObject({
  id: heldId,
  contentDigest,
  leg: z.int().min(1).max(2),
  direction: z.enum(DIRECTIONS),
  sender: address,
  recipients: z.array(address).max(1000),
  findings: z.array(z.strictObject({ code: z.string(), part: z.int() })),
  approvers: z.array(address),
  policy: z.string(),
  since: timeField,
  until: timeField,
  state: z.enum(['waiting', 'approved', 'rejected', 'expired']),
  decidedBy: address.optional(),
  queueIds: z.array(queueId),
});
export type HeldRecord = z.output<typeof heldMailSchema>;

export const heldListSchema = z.strictObject({ held: z.array(heldMailSchema) });

/** What an approver signs with his own key (SignedData of type id-ct-ssmax-userRequest over this JSON). */
export const heldDecisionSchema = z.strictObject({
  type: z.literal('held-decision'),
  id: heldId,
  decision: z.enum(['approve', 'reject']),
  /** The codes that he was told: an approval is for these. */
  codes: z.array(z.string().max(64)).max(32),
  /** The organisation's identifier. */
  audience: z.string().min(1).max(64),
  time: timeField,
});
export type HeldDecision = z.output<typeof heldDecisionSchema>;

/** What an approver signs who wants to see a mail before he decides (same type). */
export const heldLookSchema = z.strictObject({ type: z.literal('held-look'), id: heldId, audience: z.string().min(1).max(64), time: timeField });
export type HeldLook = z.output<typeof heldLookSchema>;

const place = { part: z.int().min(0), name: z.string().max(500).optional(), text: z.string() };

/** What the inspection server seals to that approver when the mail has come round: content. */
export const heldViewSchema = z.strictObject({
  type: z.literal('held-view'),
  id: heldId,
  time: timeField,
  /** Of the mail, then of what it forwards; none where reading failed. */
  views: z.array(z.strictObject({
    pieces: z.array(z.strictObject({ ...place, kind: z.string().optional(), marks: z.array(z.enum(['encrypted', 'macros', 'unreadable', 'too-much'])), cut: z.boolean() })),
    places: z.array(z.strictObject({ ...place, rule: z.string(), code: z.string() })),
    cut: z.boolean(),
  })),
});
export type HeldView = z.output<typeof heldViewSchema>;

/** Largest sealed view in bytes. */
const MAX_VIEW = 4 * 1024 * 1024;

/** GET on the administration socket: sealed to the approver, once the mail has come round; `sealer`: SHA-256 of the inspection server's certificate. */
export const heldLookAnswerSchema = z.strictObject({ sealed: bytesField({ maximum: MAX_VIEW }).optional(), sealer: bytesField({ length: 32 }) });

/** On the administration socket. */
export const signedDecisionSchema = z.strictObject({ signed: bytesField({ maximum: 65_536 }) });

/** Decisions older or newer than this are refused; milliseconds. */
export const DECISION_SKEW = 10 * 60_000;
