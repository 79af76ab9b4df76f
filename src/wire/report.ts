/**
 * Reports of abuse (docs/protocol-abuse.md §2 to §4): what a member files with his organisation's desk, and what that desk
 * sends to the sender's. Codes and signed evidence; text only where the reporter wrote or disclosed it.
 */
import { z } from 'zod';
import { bytesField, timeField } from './json.ts';

/** RFC 5965 §7.3's feedback types, as far as they fit. */
export const CATEGORIES = ['abuse', 'fraud', 'virus', 'other'] as const;
export type Category = (typeof CATEGORIES)[number];

const identifier = z.string().min(1).max(64);
const contentDigest = bytesField({ length: 32 });
const comment = z.string().max(2000);
const excerpt = z.string().max(8000);
const address = z.string().max(320);
const signerInfo = bytesField({ maximum: 65_536 });

/** Leg 3 as it lies in the reporter's mailbox, without its content. */
export const deliveryEvidenceSchema = z.strictObject({
  /** DER SignerInfo of leg 3, the gateway's signature included. */
  signerInfo,
  /** The organisation's certificate and its gateway's. */
  certificates: z.array(bytesField({ maximum: 16_384 })).min(1).max(4),
});
export type DeliveryEvidence = z.output<typeof deliveryEvidenceSchema>;

/** What a reporter says, and what of it may leave his organisation. */
export const complaintSchema = z.strictObject({
  category: z.enum(CATEGORIES),
  /** For the own desk; goes on only if `disclose.comment`. */
  comment: comment.optional(),
  /** Text of the mail, which the reporter discloses to both desks. */
  excerpt: excerpt.optional(),
  disclose: z.strictObject({
    /** Whether the sender's organisation may learn who reports. */
    reporter: z.boolean(),
    comment: z.boolean(),
  }),
});
export type Complaint = z.output<typeof complaintSchema>;

/** POST /ssmax/v1/requests: a mail that was delivered to the signer is reported. */
export const reportRequestSchema = z.strictObject({
  type: z.literal('report'),
  contentDigest,
  /** Identifier of the reporter's organisation. */
  audience: identifier,
  time: timeField,
  nonce: bytesField({ length: 32 }),
  evidence: deliveryEvidenceSchema,
  complaint: complaintSchema,
});
export type ReportRequest = z.output<typeof reportRequestSchema>;

export const reportAnswerSchema = z.strictObject({
  type: z.literal('report'),
  contentDigest,
  nonce: bytesField({ length: 32 }),
  /** What the desk calls the report. */
  report: z.uuid(),
  /** The same mail was reported by the same member before: nothing new was filed. */
  known: z.boolean(),
});

/** POST /v1/reports, gateway to key server: a report that came by mail. The evidence alone counts, the mail's own header says nothing. */
export const mailReportSchema = z.strictObject({ contentDigest, evidence: deliveryEvidenceSchema, category: z.enum(CATEGORIES), comment: comment.optional() });
export type MailReport = z.output<typeof mailReportSchema>;
export const mailReportAnswerSchema = z.strictObject({ report: z.uuid(), known: z.boolean() });

/** eContent of id-ssmax-report: signed by the receiving organisation's key, sealed to the sending organisation's. */
export const organisationReportSchema = z.strictObject({
  version: z.literal(1),
  id: z.uuid(),
  /** Identifiers of the reporting organisation and of the one whose member sent. */
  from: identifier,
  to: identifier,
  time: timeField,
  contentDigest,
  category: z.enum(CATEGORIES),
  /** DER SignerInfo of leg 2: the sending organisation's own signature and its gateway's. */
  leg: signerInfo,
  comment: comment.optional(),
  excerpt: excerpt.optional(),
  reporter: address.optional(),
});
export type OrganisationReport = z.output<typeof organisationReportSchema>;

/** Sealed reports on their way through the Authority, which can neither read nor alter them. */
const relayedReportSchema = z.strictObject({ id: z.uuid(), from: identifier, sealed: bytesField({ maximum: 196_608 }) });
export const postedReportSchema = z.strictObject({ id: z.uuid(), to: identifier, sealed: bytesField({ maximum: 196_608 }) });
export const relayedReportsSchema = z.strictObject({ reports: z.array(relayedReportSchema).max(100) });
export const takenReportsSchema = z.strictObject({ ids: z.array(z.strictObject({ id: z.uuid(), from: identifier })).max(100) });
