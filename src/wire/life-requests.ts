/** What a member's plugin asks of its key server in the life of its key: renewal and recovery (docs/protocol-life.md §2, §4). */
import { z } from 'zod';
import { bytesField, timeField } from './json.ts';
import { evidenceSchema, reencryptedSchema } from './relay.ts';

/** What every request says of itself. */
const common = {
  /** Identifier of the organisation that is asked. */
  audience: z.string().min(1).max(64),
  time: timeField,
  nonce: bytesField({ length: 32 }),
};

/** A new certificate for the key that signs this. */
export const renewalRequestSchema = z.strictObject({ type: z.literal('renewal'), ...common });
export type RenewalRequest = z.output<typeof renewalRequestSchema>;

/** Re-encryption of an old mail for the key that signs this. */
export const recoveryRequestSchema = z.strictObject({
  type: z.literal('recovery'),
  ...common,
  /** Of the mail: its signature, and for one sealed part the KemHeader of its info for the organisation (`recover`, `seal`, `forward`). */
  evidence: evidenceSchema,
  /** All other DER Labels of the leg: they name the keys that it was delivered to. */
  labels: z.array(bytesField({ maximum: 65_536 })).max(256),
});
export type RecoveryRequest = z.output<typeof recoveryRequestSchema>;

export const recoveryAnswerSchema = z.strictObject({
  type: z.literal('recovery'),
  /** Of the part. */
  contentDigest: bytesField({ length: 32 }),
  target: reencryptedSchema,
  /** The request's. */
  nonce: bytesField({ length: 32 }),
});
