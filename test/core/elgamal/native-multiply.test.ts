import { p256, p256_hasher } from '@noble/curves/nist.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Bytes, hex, utf8 } from '../../../src/core/bytes.ts';
import { encodePoint, G, H, H_BYTES, H_MESSAGE, H_TAG, N, parsePoint } from '../../../src/core/elgamal/curve.ts';
import { generatorH } from '../../../src/core/elgamal/index.ts';
import { assertKeyPair, multiply, type Multiplier, operand } from '../../../src/core/elgamal/native-multiply.ts';
import { createNodeCrypto, unsafeEphemeral } from '../../../src/platform/node-crypto.ts';
import { createWebCrypto } from '../../../src/platform/web-crypto.ts';
import { toScalar } from './fixed-keys.ts';

const scalar = fc.uint8Array({ minLength: 32, maxLength: 32 }).map(toScalar);

describe('the second generator', () => {
  it('is RFC 9380 hash_to_curve of its tag and message', () => {
    const point = p256_hasher.hashToCurve(utf8(H_MESSAGE), { DST: H_TAG });
    expect(hex(H_BYTES)).toBe(point.toHex(false));
    expect(generatorH).toEqual(H_BYTES);
    expect(H.equals(point)).toBe(true);
  });
});

describe('a full point from two x coordinates', () => {
  it('is noble’s point in 2,000 random cases', async () => {
    await fc.assert(
      fc.asyncProperty(scalar, scalar.filter((t) => t !== 1n && t !== N - 1n), async (k, t) => {
        const result = await multiply(unsafeEphemeral(k), operand(encodePoint(G.multiply(t))));
        // k·(tG) by noble as (k·t)G: its fixed-base multiplication is six times as fast.
        expect(result.equals(G.multiply((k * t) % N))).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });

  it.each([1n, 2n, 3n, N - 3n, N - 2n, N - 1n])('is right for k = %s', async (k) => {
    for (const t of [2n, 3n, N - 2n, 0x1234567n]) {
      const point = G.multiply(t);
      expect((await multiply(unsafeEphemeral(k), operand(encodePoint(point)))).toHex()).toBe(point.multiplyUnsafe(k).toHex());
    }
  });

  it('comes out of WebCrypto too', async () => {
    const native = createWebCrypto();
    for (let i = 0; i < 20; i++) {
      const [key, other] = await Promise.all([native.ephemeral(H_BYTES), native.ephemeral(H_BYTES)]);
      const point = parsePoint(other.publicKey);
      expect((await multiply(key, operand(other.publicKey))).equals(point.multiplyUnsafe(key.scalar))).toBe(true);
      expect(encodePoint(G.multiply(key.scalar))).toEqual(key.publicKey);
    }
  });

  it('is refused after a bit fault in either x', async () => {
    const honest = unsafeEphemeral(0x5eedn);
    for (const faulty of [0, 1]) {
      for (const bit of [0, 7, 100, 255]) {
        let call = 0;
        const key: Multiplier = {
          publicKey: honest.publicKey,
          sharedX: async (point: Bytes) => {
            const x = await honest.sharedX(point);
            if (call++ === faulty) x[bit >> 3] = (x[bit >> 3] ?? 0) ^ (1 << (bit & 7));
            return x;
          },
        };
        await expect(multiply(key, operand(H_BYTES))).rejects.toMatchObject({ kind: 'fault', code: 'native-crypto-fault' });
      }
    }
  });
});

describe('the key check', () => {
  it('accepts a pair and refuses another’s public point', async () => {
    const native = createNodeCrypto();
    const [key, other] = [unsafeEphemeral(7n), unsafeEphemeral(8n)];
    await assertKeyPair(native, key);
    await expect(assertKeyPair(native, { ...key, publicKey: other.publicKey })).rejects.toMatchObject({ code: 'key-mismatch' });
  });
});

describe('the constants', () => {
  it('are those of P-256', () => {
    expect(N).toBe(p256.Point.CURVE().n);
    expect(p256.Point.CURVE().h).toBe(1n);
    expect(p256.Point.CURVE().a).toBe(p256.Point.CURVE().p - 3n);
  });
});
