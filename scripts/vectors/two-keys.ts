/**
 * A ciphertext with one tag that AES-256-GCM opens under two keys (Dodis, Grubbs, Ristenpart, Woodage: "Fast message
 * franking"): GCM does not commit to its key, which is why the commitment is compared first.
 */
import { createCipheriv } from 'node:crypto';
import { type Bytes, concat, hex } from '../../src/core/bytes.ts';

const BLOCK = 16;
const R = 0xe1n << 120n;

const toNumber = (block: Uint8Array): bigint => BigInt(`0x${hex(block)}`);
const toBlock = (value: bigint): Bytes => Uint8Array.from(Buffer.from(value.toString(16).padStart(32, '0'), 'hex'));

/** Product in GCM's field (NIST SP 800-38D §6.3). */
function multiply(x: bigint, y: bigint): bigint {
  let z = 0n;
  let v = y;
  for (let bit = 127n; bit >= 0n; bit--) {
    if ((x >> bit) & 1n) z ^= v;
    v = v & 1n ? (v >> 1n) ^ R : v >> 1n;
  }
  return z;
}

/** x^(2^128 − 2). */
function invert(x: bigint): bigint {
  let result = 1n << 127n;
  let square = x;
  for (let i = 1; i < 128; i++) {
    square = multiply(square, square);
    result = multiply(result, square);
  }
  return result;
}

function encryptBlock(key: Uint8Array, block: Uint8Array): bigint {
  return toNumber(createCipheriv('aes-256-ecb', key, null).setAutoPadding(false).update(block));
}

function pad(bytes: Uint8Array): Bytes {
  return concat(bytes, new Uint8Array((BLOCK - (bytes.length % BLOCK)) % BLOCK));
}

function lengths(a: number, c: number): Bytes {
  return toBlock((BigInt(a * 8) << 64n) | BigInt(c * 8));
}

function ghash(h: bigint, data: Uint8Array): bigint {
  let y = 0n;
  for (let at = 0; at < data.length; at += BLOCK) y = multiply(y ^ toNumber(data.subarray(at, at + BLOCK)), h);
  return y;
}

/** Ciphertext and tag that open under both keys: under the first to `plaintext` (whole blocks) and one more block. */
export function sealUnderTwoKeys(keys: readonly [Bytes, Bytes], nonce: Bytes, additionalData: Bytes, plaintext: Bytes): { ciphertext: Bytes; tag: Bytes } {
  const counter = concat(nonce, Uint8Array.of(0, 0, 0, 2));
  const prefix = new Uint8Array(createCipheriv('aes-256-ctr', keys[0], counter).update(plaintext));
  const length = prefix.length + BLOCK;
  const data = (last: Uint8Array): Bytes => concat(pad(additionalData), prefix, last, lengths(additionalData.length, length));
  const [one, two] = keys.map((key) => ({ h: encryptBlock(key, new Uint8Array(BLOCK)), mask: encryptBlock(key, concat(nonce, Uint8Array.of(0, 0, 0, 1))) }));
  if (one === undefined || two === undefined) throw new RangeError('two keys');
  const without = [one, two].reduce((sum, { h, mask }) => sum ^ ghash(h, data(new Uint8Array(BLOCK))) ^ mask, 0n);
  // The last block counts h² times: choose it so that both tags are the same.
  const last = toBlock(multiply(without, invert(multiply(one.h, one.h) ^ multiply(two.h, two.h))));
  return { ciphertext: concat(prefix, last), tag: toBlock(ghash(one.h, data(last)) ^ one.mask) };
}
