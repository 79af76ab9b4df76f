/**
 * The label proof: whoever made C1 = rG knew r, and made it for this label (TDH2, Shoup and Gennaro, adapted).
 * docs/protocol-kem.md §4.
 */
import { type Bytes, concat } from '../bytes.ts';
import { lengthPrefixed } from '../digest.ts';
import type { Ephemeral, NativeCrypto } from '../keys.ts';
import { encodePoint, encodeScalar, G, G_BYTES, H, H_BYTES, kemInvalid, modN, parsePoint, parseScalar, toChallenge } from './curve.ts';
import { H_OPERAND, multiply } from './native-multiply.ts';
import { allHold, type Equation } from './public-arithmetic.ts';

/** Points are 65 bytes uncompressed, f is 32 bytes big-endian. */
export interface LabelProof {
  /** rH */
  readonly u: Bytes;
  /** sG */
  readonly w: Bytes;
  /** sH */
  readonly v: Bytes;
  /** s + e·r mod n */
  readonly f: Bytes;
}

/** What a label proof is about. */
export interface LabelStatement {
  /** A: whose key the ciphertext is for, 65 bytes. */
  readonly publicKey: Bytes;
  /** 65 bytes. */
  readonly c1: Bytes;
  /** SHA-256 of the DER label. */
  readonly labelDigest: Bytes;
}

const PREFIX = concat(...['SSMAX-v1/label-proof', G_BYTES, H_BYTES].map(lengthPrefixed));
const DIGEST_LENGTH = 32;

export function checkDigest(digest: Bytes): void {
  if (digest.length !== DIGEST_LENGTH) throw kemInvalid();
}

async function challenge(native: NativeCrypto, statement: LabelStatement, { u, w, v }: Pick<LabelProof, 'u' | 'w' | 'v'>): Promise<bigint> {
  const parts = [statement.publicKey, statement.c1, u, w, v, statement.labelDigest];
  return toChallenge(await native.sha256(concat(PREFIX, ...parts.map(lengthPrefixed))));
}

/** Proves for C1 = r.publicKey; `s` is a fresh ephemeral, never to be used again. */
export async function proveLabel(native: NativeCrypto, r: Ephemeral, s: Ephemeral, publicKey: Bytes, labelDigest: Bytes): Promise<LabelProof> {
  const [uPoint, vPoint] = await Promise.all([multiply(r, H_OPERAND), multiply(s, H_OPERAND)]);
  const commitment = { u: encodePoint(uPoint), w: s.publicKey, v: encodePoint(vPoint) };
  const e = await challenge(native, { publicKey, c1: r.publicKey, labelDigest }, commitment);
  return { ...commitment, f: encodeScalar(modN(s.scalar + e * r.scalar)) };
}

/** fG = W + e·C1 and fH = V + e·U, after validating every element; throws `kem-invalid`. */
export async function labelEquations(native: NativeCrypto, statement: LabelStatement, proof: LabelProof): Promise<Equation[]> {
  checkDigest(statement.labelDigest);
  parsePoint(statement.publicKey);
  const [c1, u, w, v] = [parsePoint(statement.c1), parsePoint(proof.u), parsePoint(proof.w), parsePoint(proof.v)];
  const f = parseScalar(proof.f);
  const e = await challenge(native, statement, proof);
  return [
    [[1n, w], [e, c1], [-f, G]],
    [[1n, v], [e, u], [-f, H]],
  ];
}

/** Throws `kem-invalid` unless the proof holds. The key server calls it before it looks at anything secret. */
export async function verifyLabelProof(native: NativeCrypto, statement: LabelStatement, proof: LabelProof): Promise<void> {
  if (!(await allHold(native, await labelEquations(native, statement, proof)))) throw kemInvalid();
}
