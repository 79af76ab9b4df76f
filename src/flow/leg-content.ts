/** What stands under a leg's signature: one AuthEnvelopedData, or a clear part with sealed ones (docs/protocol.md §5). */
import { type Bytes, concat, equal } from '../core/bytes.ts';
import {
  authEnvelopedDataPieces, contentDigest, encodeAuthEnvelopedData, type EnvelopeBody, parseAuthEnvelopedData,
} from '../core/cms/auth-enveloped-data.ts';
import type { SignedData } from '../core/cms/signed-data.ts';
import { sha256 } from '../core/digest.ts';
import { refused } from '../core/error.ts';
import { OID } from '../core/oids.ts';
import { encodeMixed, parseMixed } from '../mail/mixed.ts';
import type { Mode } from '../wire/leg.ts';
import {
  decodeSealedPart, encodeOrigins, encodeSealedPart, MAX_SEALED_PARTS, type MixedDigests, mixedDigest, type Origin, partIdentity,
} from '../wire/sealed-part.ts';

/** One ciphertext, with all that stays the same on all legs. */
export interface SealedPart {
  readonly body: EnvelopeBody;
  /** The ciphertext's own contentDigest: in labels and ukm. */
  readonly digest: Bytes;
  /** Whom a forwarded part comes from; empty for one that the sender sealed himself. */
  readonly origins: readonly Origin[];
}

export interface LegContent {
  /** In mode protect-all exactly one, which is the whole mail. */
  readonly parts: readonly SealedPart[];
  /** In all other modes. */
  readonly mixed?: { readonly boundary: string; readonly clear: Bytes; readonly digests: MixedDigests };
  /** The message's identity, the same on all legs. */
  readonly contentDigest: Bytes;
}

export interface ReadContent extends LegContent {
  /** DER RecipientInfos of each part. */
  readonly recipientInfos: readonly (readonly Bytes[])[];
}

/** The content type that a mode's eContent has. */
export function contentTypeOf(mode: Mode): string {
  return mode === 'protect-all' ? OID.authEnvelopedData : OID.data;
}

/** SHA-256 of a part's origins, as its identity and the key server take it; undefined where it has none. */
export async function originsHash(origins: readonly Origin[]): Promise<Bytes | undefined> {
  return origins.length === 0 ? undefined : sha256(encodeOrigins(origins));
}

/** Puts clear part and sealed parts together. */
export async function mixedContent(boundary: string, clear: Bytes, parts: readonly SealedPart[]): Promise<LegContent> {
  const identities = await Promise.all(parts.map(async ({ digest, origins }) => partIdentity(digest, await originsHash(origins))));
  const digests = { clear: await sha256(clear), parts: identities };
  return { parts, mixed: { boundary, clear, digests }, contentDigest: await mixedDigest(digests) };
}

/**
 * Reads eContent. Refused: `content-type-mismatch`, `mixed-invalid`, and what the structures in it throw.
 */
export async function readLegContent({ eContentType, eContent }: Pick<SignedData, 'eContentType' | 'eContent'>): Promise<ReadContent> {
  if (eContentType === OID.authEnvelopedData) {
    const { body, recipientInfos } = parseAuthEnvelopedData(eContent);
    const digest = await contentDigest(body);
    return { parts: [{ body, digest, origins: [] }], contentDigest: digest, recipientInfos: [recipientInfos] };
  }
  if (eContentType !== OID.data) throw refused('content-type-mismatch');
  const { boundary, clear, sealed } = parseMixed(eContent);
  if (sealed.length > MAX_SEALED_PARTS) throw refused('too-many-attachments', { maximum: MAX_SEALED_PARTS });
  const read = await Promise.all(sealed.map(async (der) => {
    const { origins, envelope } = decodeSealedPart(der);
    const { body, recipientInfos } = parseAuthEnvelopedData(envelope);
    return { part: { body, digest: await contentDigest(body), origins }, recipientInfos };
  }));
  const parts = read.map(({ part }) => part);
  return { ...(await mixedContent(boundary, clear, parts)), recipientInfos: read.map(({ recipientInfos }) => recipientInfos) };
}

/** The eContent of a leg with this content, in pieces: new recipient infos for each part, all else as it is. */
export function legContentPieces({ parts, mixed }: LegContent, recipientInfos: readonly (readonly Bytes[])[]): readonly Uint8Array[] {
  if (mixed !== undefined) {
    const envelopes = parts.map(({ body, origins }, i) => ({ origins, envelope: encodeAuthEnvelopedData(recipientInfos[i] ?? [], body) }));
    return [encodeMixed({ ...mixed, sealed: envelopes.map(encodeSealedPart) })];
  }
  const [only] = parts;
  if (only === undefined) throw new RangeError('one envelope is the mail');
  return authEnvelopedDataPieces(recipientInfos[0] ?? [], only.body);
}

/** The same in one. */
export function encodeLegContent(content: LegContent, recipientInfos: readonly (readonly Bytes[])[]): Bytes {
  return concat(...legContentPieces(content, recipientInfos));
}

/**
 * What a mode says must be what is there: else a mail could be shown as another kind than it is. No ciphertext stands there
 * twice. Throws `mode-mismatch`, `mixed-invalid`.
 */
export function requireMode(mode: Mode, mixed: boolean, parts: readonly { readonly digest: Bytes; readonly forwarded: boolean }[]): void {
  const forwarded = parts.some((part) => part.forwarded);
  const found: Mode = !mixed ? 'protect-all' : parts.length === 0 ? 'sign-only' : forwarded ? 'forward' : 'attachments-only';
  if (mode !== found) throw refused('mode-mismatch', { mode, found });
  if (parts.some(({ digest }, i) => parts.slice(0, i).some((other) => equal(other.digest, digest)))) throw refused('mixed-invalid', { what: 'part twice' });
}
