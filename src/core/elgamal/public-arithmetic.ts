/**
 * Verifying proofs: every proof is a set of equations "this sum of multiples is the point at infinity", and any number
 * of equations is checked at once as one random linear combination (128-bit weights: a wrong equation passes with
 * probability 2^−128). Public data only.
 */
import { p256 } from '@noble/curves/nist.js';
import { bytesToNumberBE } from '@noble/curves/utils.js';
import type { NativeCrypto, PublicArithmetic, PublicTerm } from '../keys.ts';
import { modN, type Point } from './curve.ts';

/** Σ scalar·point = infinity. Scalars may be negative or unreduced. */
export type Equation = readonly (readonly [scalar: bigint, point: Point])[];

const WEIGHT_LENGTH = 16;

/** Whether all equations hold. The points must be validated (parsePoint). */
export async function allHold(native: NativeCrypto, equations: readonly Equation[]): Promise<boolean> {
  const sums = new Map<bigint, { point: Point; scalar: bigint }>();
  for (const equation of equations) {
    const weight = bytesToNumberBE(native.random(WEIGHT_LENGTH));
    for (const [scalar, point] of equation) {
      // x and the parity of y name a point; the same one in several equations is multiplied once.
      const name = (point.x << 1n) | (point.y & 1n);
      const sum = sums.get(name);
      if (sum === undefined) sums.set(name, { point, scalar: weight * scalar });
      else sum.scalar += weight * scalar;
    }
  }
  const terms = [...sums.values()].map(({ point: { x, y }, scalar }) => ({ scalar: modN(scalar), x, y }));
  return (native.publicArithmetic ?? nobleArithmetic).vanishes(terms);
}

/** Straus' method on pairs with noble: slower than mcl-wasm by four times, but works everywhere, and is its oracle. */
export const nobleArithmetic: PublicArithmetic = {
  vanishes(terms: readonly PublicTerm[]): Promise<boolean> {
    let sum = p256.Point.ZERO;
    for (let i = 0; i < terms.length; i += 2) {
      const [first, second] = [terms[i], terms[i + 1]];
      if (first === undefined) break;
      const point = p256.Point.fromAffine(first);
      sum = sum.add(
        second === undefined
          ? point.multiplyUnsafe(first.scalar)
          : point.mulAddUnsafe(first.scalar, p256.Point.fromAffine(second), second.scalar),
      );
    }
    return Promise.resolve(sum.is0());
  },
};
