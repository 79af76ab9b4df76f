/**
 * P-256 points and scalars on the wire, and the affine glue between native results. Noble does the field arithmetic;
 * secret scalars never come here (native-multiply.ts has them multiplied natively).
 */
import type { WeierstrassPoint } from '@noble/curves/abstract/weierstrass.js';
import { p256 } from '@noble/curves/nist.js';
import { bytesToNumberBE, numberToBytesBE } from '@noble/curves/utils.js';
import { type Bytes, fromHex } from '../bytes.ts';
import { type SsmaxError, refused } from '../error.ts';

export type Point = WeierstrassPoint<bigint>;

/** The one answer to every invalid point, scalar, proof or impossible addition: it must not tell which. */
export function kemInvalid(): SsmaxError {
  return refused('kem-invalid');
}

const POINT_LENGTH = 65;
const SCALAR_LENGTH = 32;

const { Fp } = p256.Point;

/** The order of the group. */
export const N = p256.Point.Fn.ORDER;

export const G: Point = p256.Point.BASE;
export const G_BYTES: Bytes = encodePoint(G);

/**
 * The second generator, whose discrete logarithm to G nobody knows: hash_to_curve of RFC 9380, suite
 * P256_XMD:SHA-256_SSWU_RO_, with this tag and message. A test recomputes it.
 * @internal
 */
export const H_TAG = 'SSMAX-v1/generator-H';
/** @internal */
export const H_MESSAGE = 'SSMAX-v1 second generator';
export const H_BYTES: Bytes = fromHex(
  '0452a845834015b75f28f951f3245cdccd64e68fcf5d3013fed32fa340e333f09f6a0a6cdff9bad75a8259cff630bee658efaacc1d5be42c701ea0fa76f8525182',
);
export const H: Point = p256.Point.fromBytes(H_BYTES);

/**
 * Reads a point: 65 bytes uncompressed, coordinates below p, on the curve, neither ±G (native multiplication cannot
 * take it, and no honest party makes it). Infinity has no such encoding. Throws `kem-invalid`.
 */
export function parsePoint(bytes: Bytes): Point {
  if (bytes.length !== POINT_LENGTH || bytes[0] !== 0x04) throw kemInvalid();
  let point: Point;
  try {
    point = p256.Point.fromBytes(bytes);
  } catch {
    throw kemInvalid();
  }
  if (point.x === G.x) throw kemInvalid();
  return point;
}

/** 65 bytes uncompressed. The point at infinity cannot be encoded: `kem-invalid`. */
export function encodePoint(point: Point): Bytes {
  if (point.is0()) throw kemInvalid();
  return new Uint8Array(point.toBytes(false));
}

/** P + Q. Equal x (P = ±Q) is an impossible case of the protocol: `kem-invalid`. */
export function addDistinct(p: Point, q: Point): Point {
  return addWith(p, q, Fp.inv(difference(p, q)));
}

/** P − Q, with the same refusal. */
export function subtractDistinct(p: Point, q: Point): Point {
  return addDistinct(p, q.negate());
}

/** All sums P + Q for the price of one inversion, the dearest step by far. */
export function addAllDistinct(pairs: readonly (readonly [Point, Point])[]): Point[] {
  const inverses = Fp.invertBatch(pairs.map(([p, q]) => difference(p, q)));
  return pairs.map(([p, q], i) => addWith(p, q, inverses[i] ?? 0n));
}

function difference(p: Point, q: Point): bigint {
  if (p.x === q.x) throw kemInvalid();
  return Fp.sub(q.x, p.x);
}

/** The affine formula; `inverse` is 1 / (xQ − xP). */
function addWith(p: Point, q: Point, inverse: bigint): Point {
  const slope = Fp.mul(q.y - p.y, inverse);
  const x = Fp.create(slope * slope - p.x - q.x);
  return p256.Point.fromAffine({ x, y: Fp.create(slope * (p.x - x) - p.y) });
}

/** Reads a proof's response: 32 bytes big-endian in [1, n−1]; never reduced silently. Throws `kem-invalid`. */
export function parseScalar(bytes: Bytes): bigint {
  if (bytes.length !== SCALAR_LENGTH) throw kemInvalid();
  const scalar = bytesToNumberBE(bytes);
  if (scalar === 0n || scalar >= N) throw kemInvalid();
  return scalar;
}

/** 32 bytes big-endian of a scalar in [0, n−1]. */
export function encodeScalar(scalar: bigint): Bytes {
  return new Uint8Array(numberToBytesBE(scalar, SCALAR_LENGTH));
}

export function modN(value: bigint): bigint {
  const rest = value % N;
  return rest < 0n ? rest + N : rest;
}

/** A digest as a challenge: big-endian integer mod n. */
export function toChallenge(digest: Bytes): bigint {
  return modN(bytesToNumberBE(digest));
}
