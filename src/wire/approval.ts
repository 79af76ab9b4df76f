/**
 * What an administrator signs when he asks for or approves something that takes two of them (docs/protocol-life.md §1): tracing,
 * recovery, a change of the administrators themselves.
 */
import { z } from 'zod';
import { type Bytes, concat, utf8 } from '../core/bytes.ts';
import { lengthPrefixed } from '../core/digest.ts';
import { bytesField, timeField } from './json.ts';

const name = z.string().min(1).max(64);

export const approvalSchema = z.strictObject({
  id: z.uuid(),
  /** The organisation's identifier. */
  organisation: z.string().min(1).max(64),
  kind: z.string().regex(/^[a-z]+(?:-[a-z]+)*$/).max(32),
  /** JSON, as the kind has it. */
  payload: bytesField({ maximum: 4096 }),
  expires: timeField,
  /** Names of those who have signed so far. */
  signed: z.array(name).max(100),
});
/** A request that waits for its second signature. */
export type Approval = z.output<typeof approvalSchema>;

export const approvalsSchema = z.strictObject({ approvals: z.array(approvalSchema) });

/** The answer to a signature: what was asked for was done, or another signature is due. */
export const approvedSchema = z.strictObject({
  state: z.enum(['waiting', 'done']),
  /** done: what came of it, as the kind has it. */
  result: z.record(z.string(), z.unknown()).optional(),
});

/** The bytes that are signed (ECDSA P-256 with SHA-256, r ‖ s): they say all that the request says. */
export function approvalStatement({ id, organisation, kind, payload, expires }: Omit<Approval, 'signed'>): Bytes {
  const parts = ['SSMAX-v1/approval', organisation, id, kind, expires.toISOString()].map(utf8);
  return concat(...[...parts, payload].map(lengthPrefixed));
}
