/**
 * A member's consent to inspection at an ISP (docs/protocol.md §9.4): a statement by the member's own key, kept and shown
 * as evidence, and the question what holds now. Both travel as signed requests (member-requests.ts).
 */
import { z } from 'zod';
import { bytesField, timeField } from './json.ts';

const nonce = bytesField({ length: 32 });
const address = z.string().min(3).max(320);

/** What from now on may be inspected of this member's mail. Each statement replaces the one before. */
export const consentStatementSchema = z.strictObject({
  type: z.literal('consent'),
  /** Identifier of the organisation that it is said to. */
  audience: z.string().min(1).max(64),
  /** The member's certified address. */
  address,
  /** One more than that of the statement before, 1 for the first: so that an old one cannot come again. */
  number: z.int().min(1).max(2 ** 31 - 1),
  /** Mail that the member sends. */
  outbound: z.boolean(),
  /** Mail that the member receives. */
  inbound: z.boolean(),
  time: timeField,
  nonce,
});
export type ConsentStatement = z.output<typeof consentStatementSchema>;

/** What holds now? */
export const consentStateRequestSchema = z.strictObject({
  type: z.literal('consent-state'), audience: z.string().min(1).max(64), time: timeField, nonce,
});
export type ConsentStateRequest = z.output<typeof consentStateRequestSchema>;

/** The organisation's answer to both: what holds. */
export const consentAnswerSchema = z.strictObject({
  type: z.literal('consent'),
  address,
  /** Of the last statement; 0 where there was none. */
  number: z.int().min(0).max(2 ** 31 - 1),
  outbound: z.boolean(),
  inbound: z.boolean(),
  /** The request's. */
  nonce,
});
