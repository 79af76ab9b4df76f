/**
 * Re-encryption by the one who could open: a reader passes a ciphertext for his own key on to another key. As he has C2 as
 * well, it is all in one hand and needs no proof of D; M is never computed, nor what it wraps. docs/protocol-kem.md §5.1.
 */
import { type Bytes, concat, utf8 } from '../bytes.ts';
import { lengthPrefixed } from '../digest.ts';
import type { NativeCrypto, PrivateKey } from '../keys.ts';
import { addDistinct, encodePoint, parsePoint, subtractDistinct } from './curve.ts';
import type { KemCiphertext } from './kem.ts';
import { checkDigest, proveLabel, verifyLabelProof } from './label-proof.ts';
import { multiply, operands, prepare } from './native-multiply.ts';

/** A ciphertext for the own key, with the label that it was made for. */
export interface OwnCiphertext {
  readonly kem: KemCiphertext;
  /** SHA-256 of its DER label. */
  readonly labelDigest: Bytes;
}

/**
 * The same M for `target` (B, 65 bytes) under a new label: C1′ = r′G, C2′ = C2 + (r′B − a·C1), with the new label's proof. The
 * old proof is verified before the private key is used. Throws `kem-invalid`.
 */
export async function reencryptOwn(
  native: NativeCrypto, key: PrivateKey, { kem, labelDigest }: OwnCiphertext, target: Bytes, newLabelDigest: Bytes,
): Promise<KemCiphertext> {
  const { publicKey } = key;
  checkDigest(newLabelDigest);
  await verifyLabelProof(native, { publicKey, c1: kem.c1, labelDigest }, kem);
  const c2 = parsePoint(kem.c2);
  const [old, by] = operands([kem.c1, target]);
  if (old === undefined || by === undefined) throw new RangeError('one operand per point');
  const [r, s] = await Promise.all(['r', 's'].map((name) =>
    native.ephemeral(concat(...[utf8(`SSMAX-v1/forward/${name}`), publicKey, target, kem.c1, labelDigest, newLabelDigest].map(lengthPrefixed)))));
  if (r === undefined || s === undefined) throw new RangeError('two were asked for');
  prepare(r, s);
  const [shared, rB, proof] = await Promise.all([multiply(key, old), multiply(r, by), proveLabel(native, r, s, target, newLabelDigest)]);
  const d = subtractDistinct(rB, shared);
  return { c1: r.publicKey, c2: encodePoint(addDistinct(c2, d)), ...proof };
}
