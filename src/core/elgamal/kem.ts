/** The KEM: EC-ElGamal on a random point, with the label proof. docs/protocol-kem.md §3. */
import { type Bytes, concat, utf8 } from '../bytes.ts';
import { lengthPrefixed } from '../digest.ts';
import type { NativeCrypto, PrivateKey } from '../keys.ts';
import { addDistinct, encodePoint, parsePoint, subtractDistinct } from './curve.ts';
import { checkDigest, type LabelProof, proveLabel, verifyLabelProof } from './label-proof.ts';
import { multiply, operand, prepare } from './native-multiply.ts';

/** A KEM ciphertext with its label proof; the label itself and the DER are wire's. Points are 65 bytes. */
export interface KemCiphertext extends LabelProof {
  /** rG */
  readonly c1: Bytes;
  /** M + rA */
  readonly c2: Bytes;
}

export interface Encapsulation extends KemCiphertext {
  /** The shared secret: the 65-byte encoding of M. */
  readonly secret: Bytes;
}

/**
 * A fresh secret for the holder of `publicKey` (A, 65 bytes), bound to the label whose SHA-256 is `labelDigest`.
 * Throws `kem-invalid` for a key that is no acceptable point.
 */
export async function encapsulate(native: NativeCrypto, publicKey: Bytes, labelDigest: Bytes): Promise<Encapsulation> {
  checkDigest(labelDigest);
  const target = operand(publicKey);
  const [m, r, s] = await Promise.all(
    ['M', 'r', 's'].map((name) => native.ephemeral(concat(...[utf8(`SSMAX-v1/encapsulate/${name}`), publicKey, labelDigest].map(lengthPrefixed)))),
  );
  if (m === undefined || r === undefined || s === undefined) throw new RangeError('three were asked for');
  prepare(r, s);
  const [shared, proof] = await Promise.all([multiply(r, target), proveLabel(native, r, s, publicKey, labelDigest)]);
  const c2 = addDistinct(parsePoint(m.publicKey), shared);
  return { c1: r.publicKey, c2: encodePoint(c2), ...proof, secret: m.publicKey };
}

/**
 * M (65 bytes), after verifying the label proof. Throws `kem-invalid` for whatever is wrong; a ciphertext that was
 * made for another key or label is wrong too.
 */
export async function decapsulate(native: NativeCrypto, key: PrivateKey, ciphertext: KemCiphertext, labelDigest: Bytes): Promise<Bytes> {
  const { publicKey } = key;
  await verifyLabelProof(native, { publicKey, c1: ciphertext.c1, labelDigest }, ciphertext);
  return decapsulateVerified(key, ciphertext);
}

/** M = C2 − a·C1, for a ciphertext whose label proof has been verified already. */
export async function decapsulateVerified(key: PrivateKey, ciphertext: Pick<KemCiphertext, 'c1' | 'c2'>): Promise<Bytes> {
  const c2 = parsePoint(ciphertext.c2);
  const shared = await multiply(key, operand(ciphertext.c1));
  return encodePoint(subtractDistinct(c2, shared));
}
