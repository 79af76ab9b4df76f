/**
 * What a gateway found out about a mail from outside SSMAX (docs/protocol.md §11.1): a signed object of type
 * id-ct-ssmax-outsideReport by its key, in the header field X-SSMAX-Outside-Report. It says nothing about a person.
 */
import { z } from 'zod';
import type { Bytes } from '../core/bytes.ts';
import { bytesField, decodeJson, encodeJson, timeField } from './json.ts';

/** RFC 8601 §2.7, as far as it goes for these methods. */
const result = z.enum(['pass', 'fail', 'softfail', 'neutral', 'none', 'policy', 'temperror', 'permerror']);
const domain = z.string().regex(/^(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)*[a-z0-9-]{1,63}$/).max(253);
/** Text that a mail's signer chose, without control and format characters. */
const text = z.string().max(200).regex(/^[^\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}]*$/u);
const checked = z.strictObject({ result, domain: domain.optional() });

export const smimeSchema = z.strictObject({
  /** untrusted: the signature holds, but nobody whom the organisation trusts vouches for its key. */
  result: z.enum(['valid', 'untrusted', 'invalid', 'not-checked']),
  signer: z.strictObject({ name: text, addresses: z.array(z.string().max(254)).max(8), issuer: text }).optional(),
  /** The From address is one of the signer's. */
  fromMatches: z.boolean(),
  revocation: z.enum(['good', 'revoked', 'not-checked']),
});
export type Smime = z.output<typeof smimeSchema>;

const reportSchema = z.strictObject({
  version: z.literal(1),
  /** Identifier of the organisation that received the mail. */
  organisation: z.string().min(1).max(64),
  /** See mailDigest (src/mail/outside-digest.ts). */
  mail: bytesField({ length: 32 }),
  time: timeField,
  /** Who looked: this gateway, or a mail server before it that it trusts. */
  by: z.enum(['gateway', 'upstream', 'nobody']),
  spf: checked.optional(),
  dkim: z.array(checked).max(8),
  dmarc: checked.optional(),
  smime: smimeSchema.optional(),
});
export type OutsideReport = z.output<typeof reportSchema>;

export function encodeOutsideReport(report: OutsideReport): Bytes {
  return encodeJson(report);
}

/** Throws `json-invalid`. */
export function decodeOutsideReport(bytes: Bytes): OutsideReport {
  return decodeJson(reportSchema, bytes);
}
