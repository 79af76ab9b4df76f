/**
 * What a member's plugin asks its key server beyond EST (docs/protocol.md §9.3): POST /ssmax/v1/requests, a SignedData of
 * type id-ssmax-userRequest by the member's key over this JSON; the answer is one of type id-ssmax-organisationAnswer by
 * the organisation's key.
 */
import { z } from 'zod';
import { consentStatementSchema, consentStateRequestSchema } from './consent.ts';
import { bytesField, timeField } from './json.ts';
import { reportRequestSchema } from './report.ts';
import { sendingPolicyRequestSchema } from './sending-policy.ts';

/** Requests older or newer than this are refused; milliseconds. */
export const REQUEST_SKEW = 10 * 60_000;

const nonce = bytesField({ length: 32 });
const contentDigest = bytesField({ length: 32 });

/** Why was my mail refused? Only its sender is answered. */
const refusalRequestSchema = z.strictObject({
  type: z.literal('refusal'),
  contentDigest,
  /** Identifier of the organisation that is asked. */
  audience: z.string().min(1).max(64),
  time: timeField,
  nonce,
});
export type RefusalRequest = z.output<typeof refusalRequestSchema>;

/** Everything that a member may ask or say. */
export const memberRequestSchema = z.discriminatedUnion('type', [
  refusalRequestSchema, consentStateRequestSchema, consentStatementSchema, reportRequestSchema, sendingPolicyRequestSchema,
]);

export const refusalAnswerSchema = z.strictObject({
  type: z.literal('refusal'),
  contentDigest,
  /** Absent where nothing is known of a refusal. */
  code: z.string().regex(/^[a-z0-9-]{1,64}$/).optional(),
  params: z.record(z.string().max(64), z.union([z.string().max(1000), z.number()])).default({}),
  /** The request's. */
  nonce,
});
