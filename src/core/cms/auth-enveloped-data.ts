/**
 * AuthEnvelopedData (RFC 5083, RFC 5084) in the SSMAX profile: AES-256-GCM under a key derived by CEK-HKDF (RFC 9709),
 * 12-byte nonce, 16-byte tag, one authenticated attribute (the CEK commitment), no originator info, no unauthenticated
 * attributes. What stays the same on all legs (the body) is kept apart from the recipient infos, which each leg replaces.
 */
import { type Bytes, concat, equal, utf8 } from '../bytes.ts';
import type { DerCursor} from '../der.ts';
import {
  contextTag, framed, integer, octetString, oid, readDer, readSequence, sequence, setOf, TAG,
} from '../der.ts';
import { hkdf, sha256 } from '../digest.ts';
import { refused } from '../error.ts';
import { providedNative } from '../native.ts';
import { OID } from '../oids.ts';

const NONCE_LENGTH = 12;
const TAG_LENGTH = 16;
const MAX_RECIPIENTS = 10;

/** The part of an AuthEnvelopedData that travels unchanged from sealer to reader. */
export interface EnvelopeBody {
  /** DER(authEncryptedContentInfo), ciphertext included, in pieces. */
  readonly contentInfo: readonly Uint8Array[];
  readonly ciphertext: Bytes;
  readonly nonce: Bytes;
  /** DER(authAttrs) as SET OF (tag 0x31): the additional authenticated data. */
  readonly authAttrs: Bytes;
  readonly cekCommitment: Bytes;
  /** The 16-byte GCM tag. */
  readonly mac: Bytes;
}

export interface AuthEnvelopedData {
  /** DER of each RecipientInfo, in the (sorted) order carried. */
  readonly recipientInfos: readonly Bytes[];
  readonly body: EnvelopeBody;
}

function gcmAlgorithm(nonce: Bytes): Bytes {
  return sequence(oid(OID.aes256Gcm), sequence(octetString(nonce), integer(TAG_LENGTH)));
}

function contentEncryptionAlgorithm(nonce: Bytes): Bytes {
  return sequence(oid(OID.cekHkdfSha256), gcmAlgorithm(nonce));
}

/** HKDF(CEK, salt "SSMAX-v1", info "SSMAX-v1/cek-commit", 32): binds the ciphertext to one key. */
async function commitment(cek: Bytes): Promise<Bytes> {
  return hkdf(cek, utf8('SSMAX-v1'), utf8('SSMAX-v1/cek-commit'), 32);
}

/** The AES key in use: RFC 9709 §3 with SHA-256, over the DER of the AES-GCM AlgorithmIdentifier. */
export async function deriveContentKey(cek: Bytes, gcmAlgorithmDer: Bytes): Promise<Bytes> {
  return hkdf(cek, utf8('The Cryptographic Message Syntax'), gcmAlgorithmDer, 32);
}

async function sealGcm(key: Bytes, nonce: Bytes, additionalData: Bytes, content: Bytes): Promise<Pick<EnvelopeBody, 'ciphertext' | 'mac'>> {
  const native = providedNative();
  if (native !== undefined) return native.sealGcm(key, nonce, additionalData, content);
  const imported = await crypto.subtle.importKey('raw', key, 'AES-GCM', false, ['encrypt']);
  const sealed = new Uint8Array(await crypto.subtle.encrypt({ name: 'AES-GCM', iv: nonce, additionalData, tagLength: TAG_LENGTH * 8 }, imported, content));
  return { ciphertext: sealed.subarray(0, sealed.length - TAG_LENGTH), mac: sealed.slice(sealed.length - TAG_LENGTH) };
}

async function openGcm(key: Bytes, { nonce, authAttrs, ciphertext, mac }: EnvelopeBody): Promise<Bytes> {
  const native = providedNative();
  if (native !== undefined) return native.openGcm(key, nonce, authAttrs, ciphertext, mac);
  const imported = await crypto.subtle.importKey('raw', key, 'AES-GCM', false, ['decrypt']);
  const parameters = { name: 'AES-GCM', iv: nonce, additionalData: authAttrs, tagLength: TAG_LENGTH * 8 };
  return new Uint8Array(await crypto.subtle.decrypt(parameters, imported, concat(ciphertext, mac)));
}

/** Encrypts `content` under a fresh 32-byte CEK. */
export async function encryptContent(content: Bytes, cek: Bytes, nonce: Bytes): Promise<EnvelopeBody> {
  const cekCommitment = await commitment(cek);
  const authAttrs = setOf(sequence(oid(OID.cekCommitment), setOf(octetString(cekCommitment))));
  const { ciphertext, mac } = await sealGcm(await deriveContentKey(cek, gcmAlgorithm(nonce)), nonce, authAttrs, content);
  const contentInfo = framed(TAG.sequence, oid(OID.data), contentEncryptionAlgorithm(nonce), ...framed(contextTag(0, false), ciphertext));
  return { contentInfo, ciphertext, nonce, authAttrs, cekCommitment, mac };
}

/**
 * Decrypts. The commitment is compared before GCM runs; both failures are the one opaque `content-invalid`, so that a
 * sender learns nothing of which failed.
 */
export async function decryptContent(body: EnvelopeBody, cek: Bytes): Promise<Bytes> {
  if (!equal(await commitment(cek), body.cekCommitment)) throw refused('content-invalid');
  const key = await deriveContentKey(cek, gcmAlgorithm(body.nonce));
  try {
    return await openGcm(key, body);
  } catch {
    throw refused('content-invalid');
  }
}

/** contentDigest (docs/protocol.md §5): the message's identity, the same on all legs; 32 bytes. */
export async function contentDigest(body: EnvelopeBody): Promise<Bytes> {
  return sha256(utf8('SSMAX-v1/content'), ...body.contentInfo, body.authAttrs, octetString(body.mac));
}

/** DER AuthEnvelopedData (not wrapped in ContentInfo: it is an eContent), in pieces: to be hashed or framed without being copied. */
export function authEnvelopedDataPieces(recipientInfos: readonly Bytes[], body: EnvelopeBody): readonly Uint8Array[] {
  const attrs = body.authAttrs.slice();
  attrs[0] = contextTag(1);
  return framed(TAG.sequence, integer(0), setOf(...recipientInfos), ...body.contentInfo, attrs, octetString(body.mac));
}

/** The same in one. */
export function encodeAuthEnvelopedData(recipientInfos: readonly Bytes[], body: EnvelopeBody): Bytes {
  return concat(...authEnvelopedDataPieces(recipientInfos, body));
}

/** Reads DER AuthEnvelopedData of the profile; any deviation is `der-invalid` or `envelope-invalid`. */
export function parseAuthEnvelopedData(der: Bytes): AuthEnvelopedData {
  return readDer(der, (cursor) => readSequence(cursor, (c) => {
    if (c.small() !== 0) throw refused('envelope-invalid', { what: 'version' });
    const recipientInfos = readSequence(c, (set) => set.setList((_, element) => element.full, MAX_RECIPIENTS), TAG.set);
    const { full: contentInfo } = c.element(TAG.sequence);
    const { ciphertext, nonce } = readDer(contentInfo, readContentInfo);
    if (c.peek() !== contextTag(1)) throw refused('envelope-invalid', { what: 'authAttrs' });
    const authAttrs = c.element().full.slice();
    authAttrs[0] = TAG.set;
    const cekCommitment = readDer(authAttrs, readAuthAttrs);
    const mac = c.octets(TAG_LENGTH);
    return { recipientInfos, body: { contentInfo: [contentInfo], ciphertext, nonce, authAttrs, cekCommitment, mac } };
  }));
}

function readContentInfo(cursor: DerCursor): { ciphertext: Bytes; nonce: Bytes } {
  return readSequence(cursor, (c) => {
    if (c.oid() !== OID.data) throw refused('envelope-invalid', { what: 'content type' });
    const nonce = readSequence(c, (algorithm) => {
      const type = algorithm.oid();
      if (type !== OID.cekHkdfSha256) throw refused('envelope-algorithm', { type });
      return readSequence(algorithm, (inner) => {
        const cipher = inner.oid();
        if (cipher !== OID.aes256Gcm) throw refused('envelope-algorithm', { type: cipher });
        return readSequence(inner, (p) => {
          const value = p.octets(NONCE_LENGTH);
          if (p.small() !== TAG_LENGTH) throw refused('envelope-algorithm', { type: 'ICVlen' });
          return value;
        });
      });
    });
    return { ciphertext: c.octets(undefined, contextTag(0, false)), nonce };
  });
}

function readAuthAttrs(cursor: DerCursor): Bytes {
  return readSequence(cursor, (set) => readSequence(set, (attribute) => {
    if (attribute.oid() !== OID.cekCommitment) throw refused('envelope-invalid', { what: 'authAttrs' });
    return readSequence(attribute, (values) => values.octets(32), TAG.set);
  }), TAG.set);
}
