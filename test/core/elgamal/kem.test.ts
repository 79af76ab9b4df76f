import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hex } from '../../../src/core/bytes.ts';
import { addDistinct, encodePoint, encodeScalar, G, H_BYTES, H_MESSAGE, H_TAG, N, parsePoint, parseScalar } from '../../../src/core/elgamal/curve.ts';
import { decapsulate, decapsulateVerified, encapsulate, verifyLabelProof } from '../../../src/core/elgamal/index.ts';
import { multiply, operand } from '../../../src/core/elgamal/native-multiply.ts';
import type { NativeCrypto } from '../../../src/core/keys.ts';
import { createNodeCrypto, generatePrivateKey, loadPrivateKey, unsafeEphemeral } from '../../../src/platform/node-crypto.ts';
import { createWebCrypto } from '../../../src/platform/web-crypto.ts';
import { nativeWith, privateKeyOf } from './fixed-keys.ts';
import { kemVectors } from './vectors.ts';

const native = createNodeCrypto();
const invalid = { name: 'SsmaxError', kind: 'refused', code: 'kem-invalid', params: {}, message: 'kem-invalid' };
/** Both ways of verifying: mcl (Node) and noble (browser). */
const natives: [string, NativeCrypto][] = [['mcl', native], ['noble', createWebCrypto()]];

describe('KEM vectors', () => {
  it('have this curve and these generators', () => {
    const { n, g, h, hTag, hMessage } = kemVectors.constants;
    expect([n, hTag, hMessage]).toEqual([N, H_TAG, H_MESSAGE]);
    expect(g).toEqual(encodePoint(G));
    expect(h).toEqual(H_BYTES);
  });

  it.each(kemVectors.multiply)('multiplication: k = $k', async ({ k, kG, point, x, xPlusG, result }) => {
    const key = unsafeEphemeral(k);
    const by = operand(point);
    expect(key.publicKey).toEqual(kG);
    expect(await key.sharedX(by.bytes)).toEqual(x);
    expect(await key.sharedX(by.plusG)).toEqual(xPlusG);
    expect(encodePoint(await multiply(key, by))).toEqual(result);
  });

  it.each(kemVectors.encapsulate)('encapsulation: $name', async ({ a, publicKey, labelDigest, m, r, s, c1, c2, u, w, v, f, secret }) => {
    const expected = { c1, c2, u, w, v, f, secret };
    expect(await encapsulate(nativeWith(m, r, s), publicKey, labelDigest)).toEqual(expected);
    expect(await decapsulate(native, privateKeyOf(a), expected, labelDigest)).toEqual(secret);
  });

  it.each(kemVectors.encapsulateRefused)('refused by encapsulation: $name', async ({ publicKey }) => {
    await expect(encapsulate(native, publicKey, native.random(32))).rejects.toMatchObject(invalid);
  });

  describe.each(natives)('decapsulation, proofs verified with %s', (_, platform) => {
    it.each(kemVectors.decapsulate)('$name: $expect', async ({ expect: outcome, a, labelDigest, secret, ...ciphertext }) => {
      const opened = decapsulate(platform, privateKeyOf(a), ciphertext, labelDigest);
      if (outcome === 'ok') expect(await opened).toEqual(secret);
      else await expect(opened).rejects.toMatchObject(invalid);
    });
  });
});

describe('KEM', () => {
  const [key, other] = [loadPrivateKey(generatePrivateKey()), loadPrivateKey(generatePrivateKey())];
  const digest = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => Uint8Array.from(bytes));

  it('gives both sides the same secret, bound to key and label', async () => {
    await fc.assert(
      fc.asyncProperty(digest, digest, async (label, otherLabel) => {
        fc.pre(hex(label) !== hex(otherLabel));
        const { secret, ...ciphertext } = await encapsulate(native, key.publicKey, label);
        expect(await decapsulate(native, key, ciphertext, label)).toEqual(secret);
        await expect(decapsulate(native, key, ciphertext, otherLabel)).rejects.toMatchObject(invalid);
        await expect(decapsulate(native, other, ciphertext, label)).rejects.toMatchObject(invalid);
      }),
      { numRuns: 30 },
    );
  });

  it('refuses any changed bit of C1 and of the proof', async () => {
    const label = native.random(32);
    const ciphertext = await encapsulate(native, key.publicKey, label);
    await fc.assert(
      fc.asyncProperty(fc.constantFrom('c1', 'u', 'w', 'v', 'f'), fc.nat({ max: 65 * 8 - 1 }), async (field, bit) => {
        const changed = Uint8Array.from(ciphertext[field]);
        const at = (bit >> 3) % changed.length;
        changed[at] = (changed[at] ?? 0) ^ (1 << (bit & 7));
        const statement = { publicKey: key.publicKey, labelDigest: label, c1: ciphertext.c1 };
        const [c1, proof] = field === 'c1' ? [changed, ciphertext] : [ciphertext.c1, { ...ciphertext, [field]: changed }];
        await expect(verifyLabelProof(native, { ...statement, c1 }, proof)).rejects.toMatchObject(invalid);
      }),
      { numRuns: 200 },
    );
  });

  it('takes a fresh M, r and s each time', async () => {
    const label = native.random(32);
    const made = await Promise.all(Array.from({ length: 20 }, () => encapsulate(native, key.publicKey, label)));
    for (const field of ['secret', 'c1', 'c2', 'u', 'w', 'v', 'f'] as const) expect(new Set(made.map((one) => hex(one[field]))).size).toBe(20);
  });

  it('is malleable without its proof, which is why the proof is verified first', async () => {
    const label = native.random(32);
    const { secret, ...ciphertext } = await encapsulate(native, key.publicKey, label);
    const delta = unsafeEphemeral(0xde17an);
    const blinded = {
      c1: encodePoint(addDistinct(parsePoint(ciphertext.c1), parsePoint(delta.publicKey))),
      c2: encodePoint(addDistinct(parsePoint(ciphertext.c2), await multiply(delta, operand(key.publicKey)))),
    };
    expect(await decapsulateVerified(key, blinded)).toEqual(secret);
    await expect(decapsulate(native, key, { ...ciphertext, ...blinded }, label)).rejects.toMatchObject(invalid);
  });
});

describe('scalars', () => {
  it('are read in [1, n−1] and never reduced', () => {
    for (const scalar of [1n, N - 1n]) expect(parseScalar(encodeScalar(scalar))).toBe(scalar);
    for (const scalar of [0n, N, N + 1n, 2n ** 256n - 1n]) expect(() => parseScalar(encodeScalar(scalar))).toThrow('kem-invalid');
    for (const length of [0, 31, 33]) expect(() => parseScalar(new Uint8Array(length).fill(1))).toThrow('kem-invalid');
  });
});
