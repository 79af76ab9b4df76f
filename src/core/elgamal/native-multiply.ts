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
import { addDistinct, encodePoint, G, H, type Point, parsePoint } from './curve.ts';

/** What PrivateKey, Ephemeral and KeyCommitment have in common. */
export interface Multiplier {
  readonly publicKey: Bytes;
  sharedX(point: Bytes): Promise<Bytes>;
}

/** A point to be multiplied, with what every multiplication of it needs; make it once for several keys. */
export interface Operand {
  readonly bytes: Bytes;
  readonly plusG: Bytes;
}

export function operand(point: Point): Operand {
  return { bytes: encodePoint(point), plusG: encodePoint(addDistinct(point, G)) };
}

export const H_OPERAND: Operand = operand(H);

const { Fp } = p256.Point;
const B = p256.Point.CURVE().b;

interface KeyConstants {
  readonly x: bigint;
  readonly ySquared: bigint;
  /** 1 / (2·yK) */
  readonly inverse: bigint;
}

const constantsOf = new WeakMap<Multiplier, KeyConstants>();

function constants(key: Multiplier): KeyConstants {
  let known = constantsOf.get(key);
  if (known === undefined) {
    const { x, y } = p256.Point.fromBytes(key.publicKey); // own, so ±G may be: the formula holds for k = ±1
    known = { x, ySquared: Fp.sqr(y), inverse: Fp.inv(Fp.add(y, y)) };
    constantsOf.set(key, known);
  }
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
    await multiply(key, operand(parsePoint(probe.publicKey)));
  } catch (cause) {
    throw new SsmaxError('fault', 'key-mismatch', {}, { cause });
  }
}
