/**
 * A sealed part of a mixed mail (docs/protocol.md §5.3): an AuthEnvelopedData, or one that was forwarded, with the evidence
 * of whom it comes from. Also the digests that make a message of clear part and sealed parts.
 */
import { type Bytes, utf8 } from '../core/bytes.ts';
import { contextTag, type DerCursor, octetString, oid, readDer, readSequence, sequence, TAG, tlv } from '../core/der.ts';
import { sha256 } from '../core/digest.ts';
import { refused } from '../core/error.ts';
import { OID } from '../core/oids.ts';

/** Sealed parts that one mail may have. */
export const MAX_SEALED_PARTS = 16;
/** How often a sealed part can be passed on. */
export const MAX_ORIGINS = 8;
const MAX_CERTIFICATES = 4;
const MAX_DER = 16_384;

/** The digests that a mixed message's contentDigest is made of. */
export interface MixedDigests {
  /** SHA-256 of the clear part. */
  readonly clear: Bytes;
  /** Of each sealed part, in order: what `partIdentity` gives. */
  readonly parts: readonly Bytes[];
}

/** One delivery on a forwarded part's way: who delivered to whom, as that organisation signed it (leg 3). */
export interface Origin {
  /** DER SignerInfo of the leg that was delivered, its gateway's signature included. */
  readonly signerInfo: Bytes;
  /** DER: the organisation's and its gateway's. */
  readonly certificates: readonly Bytes[];
  /** What that leg's contentDigest is made of, where it was a mixed one. */
  readonly mixed?: MixedDigests;
}

/** What a sealed part holds. */
export interface SealedPartData {
  /** From the writer's mail on; empty for a part that the sender sealed himself. */
  readonly origins: readonly Origin[];
  /** DER AuthEnvelopedData. */
  readonly envelope: Bytes;
}

function encodeOrigin({ signerInfo, certificates, mixed }: Origin): Bytes {
  return sequence(signerInfo, sequence(...certificates), ...(mixed === undefined ? [] : [tlv(contextTag(0), sequence(
    octetString(mixed.clear), sequence(...mixed.parts.map((part) => octetString(part))),
  ))]));
}

function readLimited(cursor: DerCursor): Bytes {
  const { full } = cursor.element(TAG.sequence);
  if (full.length > MAX_DER) throw refused('origin-invalid', { what: 'size' });
  return full;
}

function readOrigin(cursor: DerCursor): Origin {
  return readSequence(cursor, (c) => {
    const signerInfo = readLimited(c);
    const certificates = readSequence(c, (inner) => inner.list(readLimited, MAX_CERTIFICATES));
    const mixed = c.done ? undefined : readSequence(c, (explicit) => readSequence(explicit, (m) => ({
      clear: m.octets(32), parts: readSequence(m, (list) => list.list((one) => one.octets(32), MAX_SEALED_PARTS)),
    })), contextTag(0));
    return { signerInfo, certificates, ...(mixed !== undefined && { mixed }) };
  });
}

/** DER SEQUENCE OF Origin. */
export function encodeOrigins(origins: readonly Origin[]): Bytes {
  return sequence(...origins.map(encodeOrigin));
}

/** DER ContentInfo of a sealed part, the body of its MIME entity. */
export function encodeSealedPart({ origins, envelope }: SealedPartData): Bytes {
  if (origins.length === 0) return sequence(oid(OID.authEnvelopedData), tlv(contextTag(0), envelope));
  return sequence(oid(OID.forwarded), tlv(contextTag(0), sequence(encodeOrigins(origins), envelope)));
}

/** Reads it; another type is `cms-type`, no origin or too many `origin-invalid`. */
export function decodeSealedPart(der: Bytes): SealedPartData {
  return readDer(der, (cursor) => readSequence(cursor, (info) => {
    const type = info.oid();
    if (type === OID.authEnvelopedData) return { origins: [], envelope: readSequence(info, (c) => c.element(TAG.sequence).full, contextTag(0)) };
    if (type !== OID.forwarded) throw refused('cms-type', { type });
    return readSequence(info, (explicit) => readSequence(explicit, (c) => {
      const origins = readSequence(c, (list) => list.list(readOrigin, MAX_ORIGINS));
      if (origins.length === 0) throw refused('origin-invalid', { what: 'none' });
      return { origins, envelope: c.element(TAG.sequence).full };
    }), contextTag(0));
  }));
}

/**
 * What a sealed part counts for in its message's contentDigest: its own contentDigest, and for a forwarded one its
 * origins too, so that nobody on the way can take them off or change them. `origins` is SHA-256 of their DER.
 */
export async function partIdentity(digest: Bytes, origins: Bytes | undefined): Promise<Bytes> {
  return origins === undefined ? digest : sha256(utf8('SSMAX-v1/forwarded'), digest, origins);
}

/** contentDigest of a mixed message (docs/protocol.md §5.3). */
export async function mixedDigest({ clear, parts }: MixedDigests): Promise<Bytes> {
  return sha256(utf8('SSMAX-v1/mixed'), clear, ...parts);
}
