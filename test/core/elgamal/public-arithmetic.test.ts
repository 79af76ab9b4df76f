import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { G, H, modN, N, type Point } from '../../../src/core/elgamal/curve.ts';
import { createMclArithmetic } from '../../../src/core/elgamal/mcl-arithmetic.ts';
import { allHold, nobleArithmetic } from '../../../src/core/elgamal/public-arithmetic.ts';
import type { NativeCrypto, PublicArithmetic, PublicTerm } from '../../../src/core/keys.ts';
import { createNodeCrypto } from '../../../src/platform/node-crypto.ts';
import { createWebCrypto } from '../../../src/platform/web-crypto.ts';
import { toScalar } from './fixed-keys.ts';

const arithmetics: [string, PublicArithmetic][] = [['mcl', createMclArithmetic()], ['noble', nobleArithmetic]];
const natives: [string, NativeCrypto][] = [['mcl', createNodeCrypto()], ['noble', createWebCrypto()]];

const random = fc.uint8Array({ minLength: 32, maxLength: 32 }).map(toScalar);
/** Small and extreme scalars provoke equal and opposite points inside the methods. */
const scalar = fc.oneof(random, fc.constantFrom(0n, 1n, 2n, 3n, 15n, 16n, 17n, N - 1n, N - 2n, (N - 1n) / 2n), fc.bigInt({ min: 0n, max: 2n ** 128n }));
const logarithm = fc.oneof(random, fc.constantFrom(1n, 2n, 3n, 4n, N - 1n, N - 2n));

function term(value: bigint, point: Point): PublicTerm {
  const { x, y } = point.toAffine();
  return { scalar: modN(value), x, y };
}

describe.each(arithmetics)('Σ scalar·point with %s', (_, arithmetic) => {
  it('vanishes exactly if the sum of the logarithms does', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(scalar, logarithm), { minLength: 1, maxLength: 14 }), fc.boolean(), async (pairs, complete) => {
        const sum = modN(pairs.reduce((total, [k, t]) => total + k * t, 0n));
        const terms = pairs.map(([k, t]) => term(k, G.multiply(t)));
        if (complete) terms.push(term(-sum, G));
        expect(await arithmetic.vanishes(terms)).toBe(complete || sum === 0n);
      }),
      { numRuns: 150 },
    );
  });

  it('takes the same point, its negative and zero scalars', async () => {
    expect(await arithmetic.vanishes([])).toBe(true);
    expect(await arithmetic.vanishes([term(0n, H)])).toBe(true);
    expect(await arithmetic.vanishes([term(1n, H), term(1n, H.negate())])).toBe(true);
    expect(await arithmetic.vanishes([term(5n, H), term(-5n, H)])).toBe(true);
    expect(await arithmetic.vanishes([term(1n, H), term(1n, H)])).toBe(false);
    expect(await arithmetic.vanishes([term(1n, H)])).toBe(false);
    expect(await arithmetic.vanishes([term(1n, G), term(1n, H)])).toBe(false);
  });

  it('adds up long sums', async () => {
    const terms = Array.from({ length: 300 }, (_unused, i) => term(BigInt(i * i + 1), G.multiply(BigInt(i + 2))));
    const sum = terms.reduce((total, _unused, i) => total + BigInt(i * i + 1) * BigInt(i + 2), 0n);
    expect(await arithmetic.vanishes([...terms, term(-sum, G)])).toBe(true);
    expect(await arithmetic.vanishes([...terms, term(1n - sum, G)])).toBe(false);
  });
});

describe.each(natives)('equations with %s', (_, native) => {
  it('hold together only if each holds: two errors cannot cancel out', async () => {
    const good = [[3n, H], [-1n, H.multiply(3n)]] as const;
    expect(await allHold(native, [])).toBe(true);
    expect(await allHold(native, [good, good])).toBe(true);
    expect(await allHold(native, [good, [[1n, H]]])).toBe(false);
    expect(await allHold(native, [[[1n, H]], [[-1n, H]]])).toBe(false);
    expect(await allHold(native, [[[1n, H]], [[1n, H.negate()]]])).toBe(false);
  });
});
