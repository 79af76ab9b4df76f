/** What certificates, CRLs and requests have in common: SEQUENCE {tbs, ecdsa-with-SHA256, BIT STRING signature}. */
import { type Bytes, equal } from '../bytes.ts';
import { type DerCursor, TAG, oid, readSequence, sequence } from '../der.ts';
import { signatureFromDer, signatureToDer, verifyEcdsa } from '../ecdsa.ts';
import { SsmaxError } from '../error.ts';
import type { PrivateKey } from '../keys.ts';
import { OID } from '../oids.ts';
import { bitString, readBitString } from './public-key.ts';

/** AlgorithmIdentifier of ECDSA with SHA-256: parameters absent (RFC 5758 §3.2). */
export const SIGNATURE_ALGORITHM = sequence(oid(OID.ecdsaWithSha256));

export interface Signed {
  /** The signed bytes: the whole tbs element. */
  readonly tbs: Bytes;
  /** r ‖ s, 64 bytes. */
  readonly signature: Bytes;
}

export async function sign(tbs: Bytes, key: PrivateKey): Promise<Bytes> {
  return sequence(tbs, SIGNATURE_ALGORITHM, bitString(signatureToDer(await key.sign(tbs))));
}

/** Reads the three parts; an algorithm but ours throws SsmaxError with `algorithmCode`. */
export function readSigned(cursor: DerCursor, algorithmCode: string): Signed {
  return readSequence(cursor, (inner) => {
    const tbs = inner.element(TAG.sequence).full;
    readSignatureAlgorithm(inner, algorithmCode);
    return { tbs, signature: signatureFromDer(readBitString(inner)) };
  });
}

export function readSignatureAlgorithm(cursor: DerCursor, algorithmCode: string): void {
  if (!equal(cursor.element(TAG.sequence).full, SIGNATURE_ALGORITHM)) throw new SsmaxError('refused', algorithmCode);
}

/**
 * Remembers signatures found valid. A valid signature stays valid whatever the time, the role or the CRL, so nothing
 * ever has to be thrown out but for space; all other checks of a path are cheap and made anew each time.
 */
export interface SignatureCache {
  has(key: string): boolean;
  add(key: string): void;
}

/** Keeps the last `limit` (default 4096) entries. */
export function createSignatureCache(limit = 4096): SignatureCache {
  const entries = new Set<string>();
  return {
    has: (key) => entries.has(key),
    add(key) {
      entries.add(key);
      if (entries.size > limit) for (const oldest of entries) return void entries.delete(oldest);
    },
  };
}

/** Whether `signed` carries `publicKey`'s signature; `name` identifies both for the cache. */
export async function isSignedBy(signed: Signed, publicKey: Bytes, name: string, cache?: SignatureCache): Promise<boolean> {
  if (cache?.has(name) === true) return true;
  const valid = await verifyEcdsa(publicKey, signed.tbs, signed.signature);
  if (valid) cache?.add(name);
  return valid;
}
