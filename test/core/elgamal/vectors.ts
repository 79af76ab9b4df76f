/** Reads test/vectors/{kem,reencrypt}.json; zod turns a typo in a vector into a failure instead of a skipped check. */
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { type Bytes, fromHex } from '../../../src/core/bytes.ts';

const bytes = z.string().regex(/^(?:[0-9a-f]{2})*$/).transform((text): Bytes => fromHex(text));
const scalar = z.string().length(64).transform((text) => BigInt(`0x${text}`));

/** Each case is `base` with `change` laid over it, read by `shape`. */
function cases<T extends z.ZodRawShape>(shape: T) {
  const fields = z.record(z.string(), z.string());
  const one = z.strictObject({ name: z.string(), expect: z.enum(['ok', 'kem-invalid']), change: fields });
  return z
    .strictObject({ base: fields, cases: z.array(one) })
    .transform(({ base, cases }) => cases.map(({ name, expect, change }) => ({ name, expect, ...read(shape, { ...base, ...change }) })));
}

function read<T extends z.ZodRawShape>(shape: T, value: unknown) {
  return z.strictObject(shape).parse(value);
}

const proof = { u: bytes, w: bytes, v: bytes, f: bytes };
const answer = { c1prime: bytes, d: bytes, t1: bytes, t2: bytes, t3: bytes, za: bytes, zr: bytes, ...proof };
const ciphertext = { c1: bytes, c2: bytes, ...proof };
const specification = z.literal('docs/protocol-kem.md');

const kem = z.strictObject({
  specification,
  constants: z.strictObject({ p: scalar, n: scalar, b: scalar, g: bytes, h: bytes, hTag: z.string(), hMessage: z.string() }),
  multiply: z.array(z.strictObject({ k: scalar, kG: bytes, point: bytes, x: bytes, xPlusG: bytes, result: bytes })),
  encapsulate: z.array(
    z.strictObject({ name: z.string(), a: scalar, publicKey: bytes, labelDigest: bytes, m: scalar, r: scalar, s: scalar, ...ciphertext, secret: bytes }),
  ),
  encapsulateRefused: z.array(z.strictObject({ name: z.string(), publicKey: bytes, expect: z.literal('kem-invalid') })),
  decapsulate: cases({ a: scalar, labelDigest: bytes, ...ciphertext, secret: bytes }),
});

const reencrypt = z.strictObject({
  specification,
  reencrypt: z.strictObject({
    a: scalar, publicKey: bytes, oldLabelDigest: bytes, c1: bytes, c2: bytes, secret: bytes,
    targets: z.array(
      z.strictObject({
        name: z.string(), b: scalar, target: bytes, newLabelDigest: bytes,
        rPrime: scalar, s: scalar, ka: scalar, kr: scalar, ...answer, c2prime: bytes,
      }),
    ),
  }),
  verify: cases({ publicKey: bytes, target: bytes, c1: bytes, oldLabelDigest: bytes, newLabelDigest: bytes, ...answer }),
  apply: cases({ c2: bytes, d: bytes, c2prime: bytes }),
});

function load(name: string): unknown {
  return JSON.parse(readFileSync(new URL(`../../vectors/${name}.json`, import.meta.url), 'utf8'));
}

export const kemVectors = kem.parse(load('kem'));
export const reencryptVectors = reencrypt.parse(load('reencrypt'));
