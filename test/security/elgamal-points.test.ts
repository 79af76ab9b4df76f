/**
 * Points that are none, or that make the arithmetic special: ±G, infinity, off the curve, of another curve, compressed,
 * unreduced; equal x in an addition. One opaque error for all, before any multiplication with the organisation's key.
 */
import { p256, p384 } from '@noble/curves/nist.js';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Bytes, concat } from '../../src/core/bytes.ts';
import { sha256 } from '../../src/core/digest.ts';
import { applyReencryption, decapsulate, encapsulate, reencrypt, verifyReencryptions } from '../../src/core/elgamal/index.ts';
import { decodeKemHeader, encodeKemHeader } from '../../src/wire/kemct.ts';
import type { Evidence } from '../../src/wire/relay.ts';
import { native } from '../flow/world.ts';
import { craft, headerOf } from './craft.ts';
import { createScene, flip, type Scene } from './scene.ts';

const opaque = { name: 'SsmaxError', kind: 'refused', code: 'kem-invalid', params: {}, message: 'kem-invalid' };
const { Point } = p256;
const uncompressed = (point: typeof Point.BASE): Bytes => new Uint8Array(point.toBytes(false));
const G = uncompressed(Point.BASE);

const points: [string, Bytes][] = [
  ['G', G],
  ['−G', uncompressed(Point.BASE.negate())],
  ['infinity, as one byte', new Uint8Array(1)],
  ['infinity, padded', new Uint8Array(65)],
  ['zeros', concat(Uint8Array.of(4), new Uint8Array(64))],
  ['off the curve', flip(uncompressed(Point.BASE.double()), 64)],
  ['compressed', new Uint8Array(Point.BASE.double().toBytes(true))],
  ['hybrid form', concat(Uint8Array.of(6), uncompressed(Point.BASE.double()).subarray(1))],
  ['x not reduced', concat(Uint8Array.of(4), new Uint8Array(32).fill(0xff), G.subarray(33))],
  ['of P-384', new Uint8Array(p384.Point.BASE.toBytes(false))],
];

let scene: Scene;
let evidence: Evidence;
beforeAll(async () => {
  scene = await createScene();
  ({ evidence } = await craft(scene, 1));
});
beforeEach(() => {
  scene.hinode.multiplied.count = 0;
});

describe.each(points)('%s', (_, point) => {
  it.each(['c1', 'u', 'w', 'v'] as const)('is refused as %s by the key server', async (field) => {
    const header = encodeKemHeader({ ...decodeKemHeader(headerOf(evidence)), [field]: point });
    const code = point.length === 65 ? 'kem-invalid' : 'der-invalid';
    await expect(scene.hinode.service.inspect({ ...evidence, headers: [header] })).rejects.toMatchObject({ code });
    expect(scene.hinode.multiplied.count).toBe(0);
  });

  it('is refused as C1 or target of a re-encryption', async () => {
    const { key } = scene.hinode.serviceParts;
    const digest = await sha256(point);
    const target = { publicKey: scene.taro.certificate.publicKey, labelDigest: digest };
    await expect(reencrypt(native, key, point, digest, [target])).rejects.toMatchObject(opaque);
    await expect(reencrypt(native, key, uncompressed(Point.BASE.double()), digest, [{ ...target, publicKey: point }])).rejects.toMatchObject(opaque);
    expect(scene.hinode.multiplied.count).toBe(0);
  });

  it('is refused as a key to seal for, as C2 and as D', async () => {
    const digest = await sha256(point);
    await expect(encapsulate(native, point, digest)).rejects.toMatchObject(opaque);
    const { key, certificate } = scene.taro;
    const kem = await encapsulate(native, certificate.publicKey, digest);
    await expect(decapsulate(native, key, { ...kem, c2: point }, digest)).rejects.toMatchObject(opaque);
    expect(() => applyReencryption(kem.c2, point)).toThrow(expect.objectContaining(opaque) as Error);
    expect(() => applyReencryption(point, kem.c1)).toThrow(expect.objectContaining(opaque) as Error);
  });
});

describe('impossible additions', () => {
  it('C2 = ±D is the same opaque error', () => {
    const p = Point.BASE.multiply(5n);
    expect(() => applyReencryption(uncompressed(p), uncompressed(p))).toThrow(expect.objectContaining(opaque) as Error);
    expect(() => applyReencryption(uncompressed(p), uncompressed(p.negate()))).toThrow(expect.objectContaining(opaque) as Error);
  });
});

describe('malleability', () => {
  it('a ciphertext for a + known multiple of G: the proof does not follow', async () => {
    const { key, certificate } = scene.taro;
    const digest = native.random(32);
    const kem = await encapsulate(native, certificate.publicKey, digest);
    // C1 + G, C2 + A decrypts to the same M, so plain ElGamal would open it.
    const moved = {
      ...kem,
      c1: uncompressed(Point.fromBytes(kem.c1).add(Point.BASE)),
      c2: uncompressed(Point.fromBytes(kem.c2).add(Point.fromBytes(certificate.publicKey))),
    };
    await expect(decapsulate(native, key, moved, digest)).rejects.toMatchObject(opaque);
    expect(await decapsulate(native, key, kem, digest)).toEqual(kem.secret);
  });
  it('a ciphertext under another label is none', async () => {
    const { key, certificate } = scene.taro;
    const kem = await encapsulate(native, certificate.publicKey, native.random(32));
    await expect(decapsulate(native, key, kem, native.random(32))).rejects.toMatchObject(opaque);
  });
});

describe('one bad element in a batch', () => {
  it('stops its own mail only', async () => {
    const { key } = scene.hinode.serviceParts;
    const c1 = uncompressed(Point.BASE.multiply(7n));
    const digest = native.random(32);
    const targets = [scene.taro, scene.yuki, scene.ken].map(({ certificate }) => ({ publicKey: certificate.publicKey, labelDigest: digest }));
    const answers = await reencrypt(native, key, c1, digest, targets);
    const claims = answers.map((answer, i) => ({
      publicKey: key.publicKey, target: targets[i]?.publicKey ?? c1, c1, oldLabelDigest: digest, newLabelDigest: digest,
      answer: i === 1 ? { ...answer, d: answer.c1prime } : answer,
    }));
    expect(await verifyReencryptions(native, claims)).toEqual([1]);
  });
});
