/**
 * Full points k·P from keys that give x coordinates only (Okeya and Sakurai's recovery of y): with K = kG known, the
 * two results xQ = x(kP) and xS = x(k(P+G)) determine
 *
 *     yQ = (yQ² + yK² − (xS + xQ + xK)·(xQ − xK)²) / (2·yK),   yQ² = xQ³ − 3xQ + b.
 *
 * This is the addition formula for Q + K, solved for yQ. P = ±G would make Q = ±K; parsePoint refuses it.
 * The intermediate values pass through BigInt, whose time varies with its operands; the scalar does not.
 */
import { p256 } from '@noble/curves/nist.js';
import { bytesToNumberBE } from '@noble/curves/utils.js';
import type { Bytes } from '../bytes.ts';
import { SsmaxError } from '../error.ts';
import type { NativeCrypto } from '../keys.ts';
import { addAllDistinct, addDistinct, encodePoint, G, H_BYTES, type Point, parsePoint } from './curve.ts';

/** What PrivateKey, Ephemeral and KeyCommitment have in common. */
export interface Multiplier {
  readonly publicKey: Bytes;
  sharedX(point: Bytes): Promise<Bytes>;
}

/** A validated point to be multiplied, with what every multiplication of it needs; make it once for several keys. */
export interface Operand {
  readonly bytes: Bytes;
  /** P + G */
  readonly plusG: Bytes;
}

/** From 65 bytes; throws `kem-invalid`. */
export function operand(bytes: Bytes): Operand {
  return { bytes, plusG: encodePoint(addDistinct(parsePoint(bytes), G)) };
}

/** Several at once, cheaper. */
export function operands(all: readonly Bytes[]): Operand[] {
  const sums = addAllDistinct(all.map((bytes) => [parsePoint(bytes), G] as const));
  return all.map((bytes, i) => ({ bytes, plusG: encodePoint(sums[i] ?? G) }));
}

export const H_OPERAND: Operand = operand(H_BYTES);

const { Fp } = p256.Point;
const B = p256.Point.CURVE().b;

interface KeyConstants {
  readonly x: bigint;
  readonly ySquared: bigint;
  /** 1 / (2·yK) */
  readonly inverse: bigint;
}

const constantsOf = new WeakMap<Multiplier, KeyConstants>();

/** Computes the constants of several fresh keys with one inversion; multiply does it for a key that was left out. */
export function prepare(...keys: readonly Multiplier[]): void {
  // Own keys may be ±G, which parsePoint would refuse: the formula holds for k = ±1.
  const points = keys.map((key) => p256.Point.fromBytes(key.publicKey));
  const inverses = Fp.invertBatch(points.map(({ y }) => Fp.add(y, y)));
  for (const [i, key] of keys.entries()) {
    const [point, inverse] = [points[i], inverses[i]];
    if (point !== undefined && inverse !== undefined) constantsOf.set(key, { x: point.x, ySquared: Fp.sqr(point.y), inverse });
  }
}

function constants(key: Multiplier): KeyConstants {
  if (!constantsOf.has(key)) prepare(key);
  const known = constantsOf.get(key);
  if (known === undefined) throw new RangeError('prepared just now');
  return known;
}

/** k·P. Throws `native-crypto-fault` (kind fault) if the native results do not fit together. */
export async function multiply(key: Multiplier, by: Operand): Promise<Point> {
  const k = constants(key);
  const [sharedQ, sharedS] = await Promise.all([key.sharedX(by.bytes), key.sharedX(by.plusG)]);
  const xQ = bytesToNumberBE(sharedQ);
  const xS = bytesToNumberBE(sharedS);
  const ySquared = Fp.create(xQ * Fp.create(xQ * xQ - 3n) + B);
  const difference = xQ - k.x;
  const yQ = Fp.mul(ySquared + k.ySquared - (xS + xQ + k.x) * Fp.sqr(difference), k.inverse);
  // A bit fault in either result leaves the curve; it must not become an answer that tells something about k.
  if (Fp.sqr(yQ) !== ySquared) throw new SsmaxError('fault', 'native-crypto-fault');
  return p256.Point.fromAffine({ x: xQ, y: yQ });
}

/**
 * Whether `key.publicKey` belongs to its private key, for platforms that cannot compute kG themselves: with any other
 * K than ±kG the recovery leaves the curve. (The sign cannot be told by ECDH, and need not: K and −K stand for the same
 * x-only key, and choose between k and n−k.) Throws `key-mismatch`, kind fault.
 */
export async function assertKeyPair(native: NativeCrypto, key: Multiplier): Promise<void> {
  const probe = await native.ephemeral(key.publicKey);
  try {
    await multiply(key, operand(probe.publicKey));
  } catch (cause) {
    throw new SsmaxError('fault', 'key-mismatch', {}, { cause });
  }
}
