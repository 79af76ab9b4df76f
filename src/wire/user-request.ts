/** What a plugin asks its key server, signed with the user's key, and the signed answer (docs/protocol.md §9). */
import { z } from 'zod';
import { bytesField, timeField } from './json.ts';

/** Requests older or newer than this are refused; milliseconds. */
export const REQUEST_SKEW = 10 * 60_000;

export const userRequestSchema = z.strictObject({
  /** Why was the mail with this content refused? */
  type: z.literal('refusal'),
  contentDigest: bytesField({ length: 32 }),
  /** The organisation's identifier: a request is of no use elsewhere. */
  audience: z.string().max(64),
  time: timeField,
  /** Chosen by the plugin; the answer repeats it. */
  nonce: bytesField({ length: 16 }),
});
export type UserRequest = z.output<typeof userRequestSchema>;

export const organisationAnswerSchema = z.strictObject({
  type: z.literal('refusal'),
  contentDigest: bytesField({ length: 32 }),
  nonce: bytesField({ length: 16 }),
  time: timeField,
  /** Absent where nothing is known of such a refusal. */
  code: z.string().max(64).optional(),
  params: z.record(z.string(), z.union([z.string(), z.number()])).default({}),
});
export type OrganisationAnswer = z.output<typeof organisationAnswerSchema>;

/** POST /v1/refusals, from the gateway. */
export const refusalSchema = z.strictObject({
  contentDigest: bytesField({ length: 32 }),
  sender: z.string().max(320),
  code: z.string().max(64),
  params: z.record(z.string(), z.union([z.string(), z.number()])),
});
