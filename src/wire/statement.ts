/**
 * What an organisation states to the Authority once a day (docs/protocol-abuse.md §5): figures without addresses, and the
 * head of its audit chain with the proof that it continues the head stated before. A signed object of type id-ssmax-statement.
 */
import { z } from 'zod';
import { bytesField } from './json.ts';

const count = z.int().min(0);
const hash = bytesField({ length: 32 });

/** A head of the audit chain: seq and hash of the last entry, and the root of the hash tree over all entries. */
const headSchema = z.strictObject({ seq: count, hash, root: hash });
export type StatedHead = z.output<typeof headSchema>;

export const statementSchema = z.strictObject({
  version: z.literal(1),
  /** Identifier of the organisation. */
  organisation: z.string().min(1).max(64),
  /** The day (UTC) that the figures are of; the head is of the time of making. */
  day: z.iso.date(),
  figures: z.strictObject({
    /** Mails that members sent, and mails taken from other organisations. */
    sent: count, received: count,
    /** Reports that members filed; reports taken from other organisations, and refused ones. */
    filed: count, reports: count, refused: count,
    /** Cases closed as confirmed; warnings and suspensions. */
    confirmed: count, warned: count, suspended: count,
  }),
  head: headSchema,
  /** The number of the head that `proof` begins from: the last one that the Authority accepted; 0 for the first. */
  since: count,
  /** RFC 9162 §2.1.4. */
  proof: z.array(hash).max(128),
});
export type Statement = z.output<typeof statementSchema>;
export type StatementFigures = Statement['figures'];

/** GET /v1/heads: what the Authority keeps of the caller's organisation, oldest first. */
export const keptHeadsSchema = z.strictObject({ heads: z.array(z.strictObject({ day: z.iso.date(), ...headSchema.shape })).max(4000) });
