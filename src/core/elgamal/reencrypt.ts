/** Re-encryption: the key server's part, and the gateway's check and use of its answer. docs/protocol-kem.md §5. */
import { type Bytes, concat } from '../bytes.ts';
import { lengthPrefixed } from '../digest.ts';
import { SsmaxError } from '../error.ts';
import type { NativeCrypto, OrganisationKey } from '../keys.ts';
import { addAllDistinct, addDistinct, encodePoint, kemInvalid, type Point, parsePoint } from './curve.ts';
import { checkDigest, type LabelProof, labelEquations, proveLabel } from './label-proof.ts';
import { multiply, type Operand, operands, prepare } from './native-multiply.ts';
import { allHold, type Equation } from './public-arithmetic.ts';
import { proveReencryption, type ReencryptionProof, reencryptionEquations } from './reencryption-proof.ts';

/** Whom to re-encrypt to. */
export interface ReencryptionTarget {
  /** B, 65 bytes; looked up by the key server itself. */
  readonly publicKey: Bytes;
  /** SHA-256 of the new DER label. */
  readonly labelDigest: Bytes;
}

/** The key server's answer for one target: nothing in it tells a·C1. Points are 65 bytes. */
export interface Reencryption extends LabelProof {
  /** r′G */
  readonly c1prime: Bytes;
  /** r′B − a·C1 */
  readonly d: Bytes;
  readonly proof: ReencryptionProof;
}

/**
 * Re-encrypts to each target, in order; a·C1 is computed once for all. `c1` must come from a ciphertext whose label
 * proof was verified and whose use was authorised: this function checks the points only (`kem-invalid`).
 */
export async function reencrypt(
  native: NativeCrypto,
  organisation: OrganisationKey,
  c1: Bytes,
  oldLabelDigest: Bytes,
  targets: readonly ReencryptionTarget[],
): Promise<Reencryption[]> {
  checkDigest(oldLabelDigest);
  for (const { labelDigest } of targets) checkDigest(labelDigest);
  // All points are checked before the first multiplication with the private key.
  const [old, ...by] = operands([c1, ...targets.map(({ publicKey }) => publicKey)]);
  if (old === undefined) throw new RangeError('one operand per point');
  const shared = await multiply(organisation, old);
  const answers: Reencryption[] = [];
  for (const [i, { labelDigest }] of targets.entries()) {
    const b = by[i];
    if (b === undefined) throw new RangeError('one operand per point');
    answers.push(await reencryptTo(native, organisation, { c1: old, shared, oldLabelDigest, b, labelDigest }));
  }
  return answers;
}

interface OneTarget {
  readonly c1: Operand;
  /** a·C1 */
  readonly shared: Point;
  readonly oldLabelDigest: Bytes;
  readonly b: Operand;
  readonly labelDigest: Bytes;
}

async function reencryptTo(native: NativeCrypto, organisation: OrganisationKey, one: OneTarget): Promise<Reencryption> {
  const { c1, shared, oldLabelDigest, b, labelDigest } = one;
  const { publicKey } = organisation;
  const transcript = (name: string): Bytes =>
    concat(...[`SSMAX-v1/reencrypt/${name}`, publicKey, b.bytes, c1.bytes, oldLabelDigest, labelDigest].map(lengthPrefixed));
  const [rPrime, s, kr, ka] = await Promise.all([
    organisation.ephemeral(transcript('r')),
    organisation.ephemeral(transcript('s')),
    organisation.ephemeral(transcript('k_r')),
    organisation.commit(transcript('k_a')),
  ]);
  prepare(rPrime, s, kr, ka);
  const [rB, krB, kaC1] = await Promise.all([multiply(rPrime, b), multiply(kr, b), multiply(ka, c1)]);
  const [d, t3] = addAllDistinct([[rB, shared.negate()], [krB, kaC1.negate()]]).map(encodePoint);
  if (d === undefined || t3 === undefined) throw new RangeError('two differences');
  const c1prime = rPrime.publicKey;
  const statement = { publicKey, target: b.bytes, c1: c1.bytes, c1prime, d, oldLabelDigest, newLabelDigest: labelDigest };
  const [proof, label] = await Promise.all([
    proveReencryption(native, statement, { rPrime, kr, ka, t3 }),
    proveLabel(native, rPrime, s, b.bytes, labelDigest),
  ]);
  return { c1prime, d, proof, ...label };
}

/** One answer with everything that the gateway knows itself: A and B from the directory, never from the answer. */
export interface ReencryptionClaim {
  /** A, 65 bytes. */
  readonly publicKey: Bytes;
  /** B, 65 bytes. */
  readonly target: Bytes;
  readonly c1: Bytes;
  readonly oldLabelDigest: Bytes;
  readonly newLabelDigest: Bytes;
  readonly answer: Reencryption;
}

async function claimEquations(native: NativeCrypto, claim: ReencryptionClaim): Promise<Equation[]> {
  const { publicKey, target, c1, oldLabelDigest, newLabelDigest, answer } = claim;
  const { c1prime, d } = answer;
  return [
    ...(await reencryptionEquations(native, { publicKey, target, c1, c1prime, d, oldLabelDigest, newLabelDigest }, answer.proof)),
    ...(await labelEquations(native, { publicKey: target, c1: c1prime, labelDigest: newLabelDigest }, answer)),
  ];
}

/** Both proofs of the answer: that D is right and that C1′ is for the new label. Throws `kem-invalid`. */
export async function verifyReencryption(native: NativeCrypto, claim: ReencryptionClaim): Promise<void> {
  if (!(await allHold(native, await claimEquations(native, claim)))) throw kemInvalid();
}

/**
 * Verifies many answers at once; gives the indices of those that are invalid, so that one bad answer stops its own
 * mail only. Every element is validated before it can enter the common sum; if that fails, each is verified singly.
 * @internal Tests use it; a gateway with many recipients at once will.
 */
export async function verifyReencryptions(native: NativeCrypto, claims: readonly ReencryptionClaim[]): Promise<number[]> {
  const invalid: number[] = [];
  const candidates: { index: number; equations: Equation[] }[] = [];
  for (const [index, claim] of claims.entries()) {
    const equations = await orInvalid(claimEquations(native, claim));
    if (equations === undefined) invalid.push(index);
    else candidates.push({ index, equations });
  }
  if (!(await allHold(native, candidates.flatMap(({ equations }) => equations)))) {
    for (const { index, equations } of candidates) if (!(await allHold(native, equations))) invalid.push(index);
  }
  return invalid.sort((a, b) => a - b);
}

async function orInvalid<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof SsmaxError && error.code === 'kem-invalid') return undefined;
    throw error;
  }
}

/** C2′ = C2 + D (65 bytes), for an answer that was verified. Throws `kem-invalid`. */
export function applyReencryption(c2: Bytes, d: Bytes): Bytes {
  return encodePoint(addDistinct(parsePoint(c2), parsePoint(d)));
}
