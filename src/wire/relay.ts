/** What gateway and key server say to each other (docs/protocol.md §10): never C2, never content. */
import { z } from 'zod';
import { bytesField } from './json.ts';
import { MAX_SEALED_PARTS } from './sealed-part.ts';

const certificate = bytesField({ maximum: 16_384 });
const point = bytesField({ length: 65 });
const scalar = bytesField({ length: 32 });
const digest = bytesField({ length: 32 });
const addresses = z.array(z.string().max(320)).min(1).max(1000);

/** The arriving leg without its content: enough to verify who signed what. */
export const evidenceSchema = z.strictObject({
  /** DER SignerInfo of the arriving leg, its gateway signature included. */
  signerInfo: bytesField({ maximum: 262_144 }),
  /** Signer's certificate first; on leg 2 the sending gateway's too. */
  certificates: z.array(certificate).min(1).max(4),
  /** DER KemHeader of the organisation's recipient info (its C2 left out), one for each sealed part. */
  headers: z.array(bytesField({ maximum: 131_072 })).max(MAX_SEALED_PARTS),
  /** In all modes but protect-all: what the contentDigest is made of. */
  mixed: z.strictObject({
    /** SHA-256 of the clear part. */
    clear: digest,
    /** Each sealed part's contentDigest; of a forwarded one SHA-256 of its origins too. */
    parts: z.array(z.strictObject({ digest, origins: digest.optional() })).max(MAX_SEALED_PARTS),
  }).optional(),
});
export type Evidence = z.output<typeof evidenceSchema>;

/** POST /v1/inspect: re-encrypt for the own inspection server. `recipients`: those whose mail is delivered here, where consent counts. */
export const inspectRequestSchema = z.strictObject({ evidence: evidenceSchema, recipients: z.array(z.string().max(320)).max(1000).default([]) });

/** POST /v1/consents: who at an ISP consented to inspection. */
export const consentsRequestSchema = z.strictObject({
  outbound: z.array(z.string().max(320)).max(1),
  inbound: z.array(z.string().max(320)).max(1000),
});
export type ConsentsRequest = z.input<typeof consentsRequestSchema>;

/** A direction in which an address's mail may be inspected, with the statements that say so: one for each who holds the mailbox. */
const consentSchema = z.strictObject({
  direction: z.enum(['outbound', 'inbound']),
  address: z.string().max(320),
  /** DER SignedData of type id-ct-ssmax-userRequest over a consent. */
  statements: z.array(bytesField({ maximum: 32_768 })).min(1).max(64),
});
export type Consent = z.output<typeof consentSchema>;
export const consentsAnswerSchema = z.strictObject({ consents: z.array(consentSchema).max(1001) });

/** POST /v1/transfer, /v1/deliver: re-encrypt for another organisation, or for own members. */
export const reencryptRequestSchema = z.strictObject({
  evidence: evidenceSchema,
  /** Signed verdicts (DER SignedData): one a direction that applies. */
  verdicts: z.array(bytesField({ maximum: 32_768 })).max(2),
  /** One outgoing message each: recipients that share a leg. For deliver exactly one recipient each. */
  splits: z.array(z.strictObject({ recipients: addresses })).min(1).max(1000),
});
export type ReencryptRequest = z.output<typeof reencryptRequestSchema>;

/** POST /v1/sign: the leg attribute is built from what the key server verifies; only the digest is the gateway's. */
export const signRequestSchema = reencryptRequestSchema.extend({
  purpose: z.enum(['transfer', 'deliver']),
  splits: z.array(z.strictObject({
    recipients: addresses,
    /** deliver: the mailbox out of the expansion of the one recipient. */
    mailbox: z.string().max(320).optional(),
    messageDigest: digest,
  })).min(1).max(1000),
});
export type SignRequest = z.output<typeof signRequestSchema>;

/**
 * POST /v1/sign-outside: sign a mail to recipients outside SSMAX as S/MIME. What is signed stands in the evidence: the clear part
 * that the sender signed, and no other.
 */
export const signOutsideRequestSchema = z.strictObject({ evidence: evidenceSchema, verdicts: z.array(bytesField({ maximum: 32_768 })).max(1) });
export type SignOutsideRequest = z.output<typeof signOutsideRequestSchema>;

export const signOutsideAnswerSchema = z.strictObject({
  /** DER SET OF signed attributes. */
  signedAttrs: bytesField({ maximum: 4096 }),
  /** r ‖ s. */
  signature: bytesField({ length: 64 }),
  /** The mail signer's, for the sender's address. */
  certificate,
});
export type OutsideSignature = z.output<typeof signOutsideAnswerSchema>;

/** One re-encryption for one target key, with its proofs. */
export const reencryptedSchema = z.strictObject({
  /** The target's certificate: the organisation's, the inspection server's or the member's. */
  certificate,
  /** DER Label of the new recipient info. */
  label: bytesField({ maximum: 65_536 }),
  c1: point,
  d: point,
  u: point,
  w: point,
  v: point,
  f: scalar,
  /** Proof that D belongs to A, B, C1 and C1′. */
  proof: z.strictObject({ t1: point, t2: point, t3: point, za: scalar, zr: scalar }),
});
export type Reencrypted = z.output<typeof reencryptedSchema>;

/** One outgoing message: the recipients it stands for and the keys that open it. */
export const deliverySchema = z.strictObject({
  recipients: addresses,
  /** deliver: the mailbox after alias and group expansion. */
  mailbox: z.string().max(320).optional(),
  /**
   * For each certificate each sealed part, in order; none where nothing is sealed, or where the mailbox's member has not
   * enrolled yet, and `recover` keeps the mail for him.
   */
  targets: z.array(reencryptedSchema).max(8 * MAX_SEALED_PARTS),
  /** deliver, by policy: each sealed part for the own organisation's key, so that the mail can be recovered (docs/protocol-life.md §4). */
  recover: z.array(reencryptedSchema).max(MAX_SEALED_PARTS).optional(),
  /** deliver, of a post to a mailing list: what the list says of itself, and on its first message the mailboxes that get none, as their members have not enrolled. */
  list: z.strictObject({ name: z.string().max(64), owner: z.string().max(320).optional(), leftOut: z.array(z.string().max(320)).max(1000).optional() }).optional(),
});
export type Delivery = z.output<typeof deliverySchema>;

export const reencryptAnswerSchema = z.strictObject({ deliveries: z.array(deliverySchema).min(1) });
export const inspectAnswerSchema = z.strictObject({ targets: z.array(reencryptedSchema).max(MAX_SEALED_PARTS) });

export const signAnswerSchema = z.strictObject({
  signatures: z.array(z.strictObject({
    /** DER SET OF signed attributes. */
    signedAttrs: bytesField({ maximum: 262_144 }),
    /** r ‖ s. */
    signature: bytesField({ length: 64 }),
  })).min(1),
  /** The organisation's certificate. */
  certificate,
});

/** POST /v1/refusals: why a mail was refused at submission, kept for its sender's plugin. */
export const refusalSchema = z.strictObject({
  contentDigest: digest,
  sender: z.string().max(320),
  code: z.string().max(64),
  params: z.record(z.string(), z.union([z.string(), z.number()])),
});
