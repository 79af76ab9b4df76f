/**
 * The zero-knowledge proof of a re-encryption: the key server knows (a, r′) with A = aG, C1′ = r′G, D = r′B − a·C1.
 * docs/protocol-kem.md §6.
 */
import { type Bytes, concat } from '../bytes.ts';
import { lengthPrefixed } from '../digest.ts';
import type { Ephemeral, KeyCommitment, NativeCrypto } from '../keys.ts';
import { encodeScalar, G, G_BYTES, modN, parsePoint, parseScalar, toChallenge } from './curve.ts';
import { checkDigest } from './label-proof.ts';
import type { Equation } from './public-arithmetic.ts';

/** Points are 65 bytes uncompressed, scalars 32 bytes big-endian. */
export interface ReencryptionProof {
  /** k_a·G */
  readonly t1: Bytes;
  /** k_r·G */
  readonly t2: Bytes;
  /** k_r·B − k_a·C1 */
  readonly t3: Bytes;
  /** k_a + e·a mod n */
  readonly za: Bytes;
  /** k_r + e·r′ mod n */
  readonly zr: Bytes;
}

/** What the proof is about. */
export interface ReencryptionStatement {
  /** A: whose key the old ciphertext is for. */
  readonly publicKey: Bytes;
  /** B: whose key the new ciphertext is for. */
  readonly target: Bytes;
  readonly c1: Bytes;
  readonly c1prime: Bytes;
  readonly d: Bytes;
  /** SHA-256 of the old and of the new DER label. */
  readonly oldLabelDigest: Bytes;
  readonly newLabelDigest: Bytes;
}

const PREFIX = concat(...['SSMAX-v1/reenc-proof', G_BYTES].map(lengthPrefixed));

async function challenge(native: NativeCrypto, s: ReencryptionStatement, { t1, t2, t3 }: Pick<ReencryptionProof, 't1' | 't2' | 't3'>): Promise<bigint> {
  const parts = [s.publicKey, s.target, s.c1, s.c1prime, s.d, t1, t2, t3, s.oldLabelDigest, s.newLabelDigest];
  return toChallenge(await native.sha256(concat(PREFIX, ...parts.map(lengthPrefixed))));
}

export interface ReencryptionWitness {
  readonly rPrime: Ephemeral;
  /** A fresh ephemeral and a fresh commitment of the organisation's key, neither ever to be used again. */
  readonly kr: Ephemeral;
  readonly ka: KeyCommitment;
  /** k_r·B − k_a·C1, 65 bytes. */
  readonly t3: Bytes;
}

export async function proveReencryption(native: NativeCrypto, statement: ReencryptionStatement, witness: ReencryptionWitness): Promise<ReencryptionProof> {
  const { rPrime, kr, ka, t3 } = witness;
  const commitment = { t1: ka.publicKey, t2: kr.publicKey, t3 };
  const e = await challenge(native, statement, commitment);
  return { ...commitment, za: encodeScalar(ka.respond(e)), zr: encodeScalar(modN(kr.scalar + e * rPrime.scalar)) };
}

/** z_a·G = T1 + e·A; z_r·G = T2 + e·C1′; z_r·B − z_a·C1 = T3 + e·D, after validating every element; throws `kem-invalid`. */
export async function reencryptionEquations(native: NativeCrypto, s: ReencryptionStatement, proof: ReencryptionProof): Promise<Equation[]> {
  checkDigest(s.oldLabelDigest);
  checkDigest(s.newLabelDigest);
  const [a, b, c1, c1prime, d] = [parsePoint(s.publicKey), parsePoint(s.target), parsePoint(s.c1), parsePoint(s.c1prime), parsePoint(s.d)];
  const [t1, t2, t3] = [parsePoint(proof.t1), parsePoint(proof.t2), parsePoint(proof.t3)];
  const [za, zr] = [parseScalar(proof.za), parseScalar(proof.zr)];
  const e = await challenge(native, s, proof);
  return [
    [[1n, t1], [e, a], [-za, G]],
    [[1n, t2], [e, c1prime], [-zr, G]],
    [[1n, t3], [e, d], [-zr, b], [za, c1]],
  ];
}
