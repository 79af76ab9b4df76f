import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Bytes, concat, hex } from '../../../src/core/bytes.ts';
import {
  applyReencryption,
  decapsulate,
  encapsulate,
  type Reencryption,
  reencrypt,
  type ReencryptionClaim,
  verifyReencryption,
  verifyReencryptions,
} from '../../../src/core/elgamal/index.ts';
import { multiply, operand } from '../../../src/core/elgamal/native-multiply.ts';
import { encodePoint } from '../../../src/core/elgamal/curve.ts';
import type { NativeCrypto, PrivateKey, PublicTerm } from '../../../src/core/keys.ts';
import { createNodeCrypto, generatePrivateKey, loadOrganisationKey, loadPrivateKey } from '../../../src/platform/node-crypto.ts';
import { createWebCrypto } from '../../../src/platform/web-crypto.ts';
import { organisationKeyOf, privateKeyOf } from './fixed-keys.ts';
import { reencryptVectors } from './vectors.ts';

const native = createNodeCrypto();
const invalid = { name: 'SsmaxError', kind: 'refused', code: 'kem-invalid', params: {}, message: 'kem-invalid' };
const natives: [string, NativeCrypto][] = [['mcl', native], ['noble', createWebCrypto()]];

interface Flat { c1prime: Bytes; d: Bytes; t1: Bytes; t2: Bytes; t3: Bytes; za: Bytes; zr: Bytes; u: Bytes; w: Bytes; v: Bytes; f: Bytes }

function toAnswer({ c1prime, d, t1, t2, t3, za, zr, u, w, v, f }: Flat): Reencryption {
  return { c1prime, d, proof: { t1, t2, t3, za, zr }, u, w, v, f };
}

describe('re-encryption vectors', () => {
  it('the key server’s answers, and what each target opens', async () => {
    const { a, publicKey, c1, c2, oldLabelDigest, secret, targets } = reencryptVectors.reencrypt;
    const organisation = organisationKeyOf(a, targets.flatMap(({ rPrime, s, kr }) => [rPrime, s, kr]), targets.map(({ ka }) => ka));
    expect(organisation.publicKey).toEqual(publicKey);
    const wanted = targets.map(({ target, newLabelDigest }) => ({ publicKey: target, labelDigest: newLabelDigest }));
    const answers = await reencrypt(native, organisation, c1, oldLabelDigest, wanted);
    expect(answers).toEqual(targets.map(toAnswer));
    for (const target of targets) {
      const moved = { c1: target.c1prime, c2: applyReencryption(c2, target.d), u: target.u, w: target.w, v: target.v, f: target.f };
      expect(moved.c2).toEqual(target.c2prime);
      expect(await decapsulate(native, privateKeyOf(target.b), moved, target.newLabelDigest)).toEqual(secret);
    }
  });

  describe.each(natives)('the gateway’s check with %s', (_, platform) => {
    it.each(reencryptVectors.verify)('$name: $expect', async ({ expect: outcome, publicKey, target, c1, oldLabelDigest, newLabelDigest, ...flat }) => {
      const checked = verifyReencryption(platform, { publicKey, target, c1, oldLabelDigest, newLabelDigest, answer: toAnswer(flat) });
      if (outcome === 'ok') await checked;
      else await expect(checked).rejects.toMatchObject(invalid);
    });
  });

  it('are told apart in one batch', async () => {
    const claims = reencryptVectors.verify.map(({ publicKey, target, c1, oldLabelDigest, newLabelDigest, ...flat }) => ({
      publicKey, target, c1, oldLabelDigest, newLabelDigest, answer: toAnswer(flat),
    }));
    const bad = reencryptVectors.verify.flatMap(({ expect: outcome }, index) => (outcome === 'ok' ? [] : [index]));
    expect(await verifyReencryptions(native, claims)).toEqual(bad);
  });

  it.each(reencryptVectors.apply)('applying D: $name: $expect', ({ expect: outcome, c2, d, c2prime }) => {
    if (outcome === 'ok') expect(applyReencryption(c2, d)).toEqual(c2prime);
    else expect(() => applyReencryption(c2, d)).toThrow('kem-invalid');
  });
});

/** Every byte string of an answer. */
function parts({ proof: { t1, t2, t3, za, zr }, c1prime, d, u, w, v, f }: Reencryption): Bytes[] {
  return [c1prime, d, t1, t2, t3, za, zr, u, w, v, f];
}

interface Hop {
  readonly secret: Bytes;
  readonly c1: Bytes;
  readonly shared: Bytes;
  readonly claims: readonly ReencryptionClaim[];
}

const organisation = loadOrganisationKey(generatePrivateKey());
const members: PrivateKey[] = Array.from({ length: 8 }, () => loadPrivateKey(generatePrivateKey()));

async function hop(count: number): Promise<Hop> {
  const oldLabelDigest = native.random(32);
  const { secret, c1 } = await encapsulate(native, organisation.publicKey, oldLabelDigest);
  const targets = members.slice(0, count).map(({ publicKey }) => ({ publicKey, labelDigest: native.random(32) }));
  const answers = await reencrypt(native, organisation, c1, oldLabelDigest, targets);
  const claims = targets.map(({ publicKey: target, labelDigest: newLabelDigest }, i) => {
    const answer = answers[i];
    if (answer === undefined) throw new Error('one answer per target');
    return { publicKey: organisation.publicKey, target, c1, oldLabelDigest, newLabelDigest, answer };
  });
  const shared = encodePoint(await multiply(organisation, operand(c1)));
  return { secret, c1, shared, claims };
}

describe('re-encryption', () => {
  it('multiplies a with C1 once for all targets', async () => {
    let multiplications = 0;
    const counting = { ...organisation, sharedX: (point: Bytes) => (multiplications++, organisation.sharedX(point)) };
    const targets = members.map(({ publicKey }) => ({ publicKey, labelDigest: native.random(32) }));
    const { c1 } = await encapsulate(native, organisation.publicKey, native.random(32));
    await reencrypt(native, counting, c1, native.random(32), targets);
    expect(multiplications).toBe(2); // two x coordinates make one point
  });

  it('checks every point before the private key is used', async () => {
    const untouched = { ...organisation, sharedX: () => Promise.reject(new Error('used')), commit: () => Promise.reject(new Error('used')) };
    const label = native.random(32);
    const good = { publicKey: members[0]?.publicKey ?? new Uint8Array(), labelDigest: label };
    const { c1 } = await encapsulate(native, organisation.publicKey, label);
    const offCurve = Uint8Array.from(c1);
    offCurve[64] = (offCurve[64] ?? 0) ^ 1;
    for (const attempt of [
      reencrypt(native, untouched, offCurve, label, [good]),
      reencrypt(native, untouched, c1, label, [good, { ...good, publicKey: offCurve }]),
      reencrypt(native, untouched, c1, label, [{ ...good, labelDigest: new Uint8Array(31) }]),
      reencrypt(native, untouched, c1, new Uint8Array(33), [good]),
    ]) {
      await expect(attempt).rejects.toMatchObject(invalid);
    }
  });

  it('answers the same request with a fresh r′ and never with a·C1', async () => {
    const { c1, shared, claims } = await hop(3);
    const again = await reencrypt(native, organisation, c1, claims[0]?.oldLabelDigest ?? c1, claims.map((claim) => ({ publicKey: claim.target, labelDigest: claim.newLabelDigest })));
    const all = [...claims.map(({ answer }) => answer), ...again].map(parts);
    const seen = all.flat().map(hex);
    expect(new Set(seen).size).toBe(seen.length);
    const x = hex(shared.subarray(1, 33));
    expect(hex(concat(...all.flat()))).not.toContain(x);
  });

  it('refuses any changed bit of an answer', async () => {
    const { claims: [claim] } = await hop(1);
    if (claim === undefined) throw new Error('one claim');
    const { proof, ...rest } = claim.answer;
    const flat: Flat = { ...rest, ...proof };
    const fields = Object.keys(flat) as (keyof Flat)[];
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...fields), fc.nat({ max: 65 * 8 - 1 }), async (field, bit) => {
        const changed = Uint8Array.from(flat[field]);
        const at = (bit >> 3) % changed.length;
        changed[at] = (changed[at] ?? 0) ^ (1 << (bit & 7));
        const answer = toAnswer({ ...flat, [field]: changed });
        await expect(verifyReencryption(native, { ...claim, answer })).rejects.toMatchObject(invalid);
      }),
      { numRuns: 200 },
    );
  });
});

describe('a batch', () => {
  it('of good answers is one sum', async () => {
    let sums = 0;
    const vanishes = (terms: readonly PublicTerm[]): Promise<boolean> => (sums++, native.publicArithmetic?.vanishes(terms) ?? Promise.resolve(false));
    const counting: NativeCrypto = { ...native, publicArithmetic: { vanishes } };
    const { claims } = await hop(8);
    expect(await verifyReencryptions(counting, claims)).toEqual([]);
    expect(sums).toBe(1);
    expect(await verifyReencryptions(counting, [])).toEqual([]);
  });

  it('names exactly the bad ones', async () => {
    const { claims } = await hop(8);
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(fc.nat({ max: 7 }), { maxLength: 3 }), fc.boolean(), async (positions, offCurve) => {
        const mixed = claims.map((claim, i) => {
          if (!positions.includes(i)) return claim;
          const d = Uint8Array.from(offCurve ? claim.answer.d : (claims[(i + 1) % 8] ?? claim).answer.d);
          if (offCurve) d[64] = (d[64] ?? 0) ^ 1;
          return { ...claim, answer: { ...claim.answer, d } };
        });
        expect(await verifyReencryptions(native, mixed)).toEqual([...positions].sort((a, b) => a - b));
      }),
      { numRuns: 12 },
    );
  });
});
