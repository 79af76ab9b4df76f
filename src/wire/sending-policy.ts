/**
 * What a member may send, as the organisation tells it (docs/protocol.md §9.5): so that whoever writes a mail is told before it
 * goes. The key server enforces it; this only says it. Travels as a signed request (member-requests.ts).
 */
import { z } from 'zod';
import { bytesField, timeField } from './json.ts';
import { MODES } from './leg.ts';

const nonce = bytesField({ length: 32 });

/** `*`: every domain; `*.example.jp`: all below that one; else one domain, as lower-case A-labels. */
const DOMAIN_PATTERN = /^(?:\*|(?:\*\.)?[a-z0-9-]+(?:\.[a-z0-9-]+)+)$/;
export const domainPatternSchema = z.string().max(255).regex(DOMAIN_PATTERN);

/** Whether a domain is one of those that patterns stand for. */
export function matchesDomain(patterns: readonly string[], domain: string): boolean {
  return patterns.some((pattern) => pattern === '*' || pattern === domain || (pattern.startsWith('*.') && domain.endsWith(pattern.slice(1))));
}

export const sendingPolicyRequestSchema = z.strictObject({
  type: z.literal('sending-policy'),
  /** Identifier of the organisation that is asked. */
  audience: z.string().min(1).max(64),
  time: timeField,
  nonce,
});
export type SendingPolicyRequest = z.output<typeof sendingPolicyRequestSchema>;

export const sendingPolicyAnswerSchema = z.strictObject({
  type: z.literal('sending-policy'),
  /** Modes in which mail may go to recipients in SSMAX. */
  modes: z.array(z.enum(MODES)).min(1).max(MODES.length),
  /** Domains outside SSMAX to which mail may go signed only. */
  signedOnly: z.array(domainPatternSchema).max(1000),
  /** The request's. */
  nonce,
});
