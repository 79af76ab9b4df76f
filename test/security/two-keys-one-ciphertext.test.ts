/**
 * AES-GCM does not commit to its key: one ciphertext and tag can be made that decrypt under two keys, so that inspection
 * would see one text and the recipient another. The CEK commitment refuses the second key. The ciphertext made here really
 * opens under both.
 */
import { createCipheriv, createDecipheriv } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { type Bytes, concat, utf8 } from '../../src/core/bytes.ts';
import { decryptContent, deriveContentKey, encodeAuthEnvelopedData, encryptContent, type EnvelopeBody, parseAuthEnvelopedData } from '../../src/core/cms/auth-enveloped-data.ts';
import { contextTag, header, integer, octetString, oid, sequence, TAG, tlv } from '../../src/core/der.ts';
import { OID } from '../../src/core/oids.ts';
import { openSubmission } from '../../src/flow/open-submission.ts';
import { makeOrganisation, native, submission } from '../flow/submissions.ts';
import { refusal } from './scene.ts';

const toBlock = (bytes: Uint8Array): bigint => BigInt(`0x${Buffer.from(bytes).toString('hex')}`);
const fromBlock = (block: bigint): Bytes => new Uint8Array(Buffer.from(block.toString(16).padStart(32, '0'), 'hex'));

/** Multiplication in GCM's field (NIST SP 800-38D §6.3). */
function times(x: bigint, y: bigint): bigint {
  let product = 0n;
  let v = y;
  for (let bit = 127n; bit >= 0n; bit--) {
    if ((x >> bit) & 1n) product ^= v;
    v = v & 1n ? (v >> 1n) ^ (0xe1n << 120n) : v >> 1n;
  }
  return product;
}

function inverse(x: bigint): bigint {
  let result = 1n << 127n; // one
  for (let bit = 127; bit >= 0; bit--) {
    result = times(result, result);
    if (bit > 0) result = times(result, x); // x^(2^128 − 2)
  }
  return result;
}

function block(key: Uint8Array, input: Uint8Array): bigint {
  return toBlock(createCipheriv('aes-256-ecb', key, null).setAutoPadding(false).update(input));
}

function blocksOf(bytes: Uint8Array): bigint[] {
  const padded = concat(bytes, new Uint8Array((16 - (bytes.length % 16)) % 16));
  return Array.from({ length: padded.length / 16 }, (_, i) => toBlock(padded.subarray(16 * i, 16 * i + 16)));
}

/** One block of ciphertext, and the tag that it has under both keys. */
function collide(keys: readonly [Bytes, Bytes], nonce: Bytes, aad: Bytes): { ciphertext: Bytes; mac: Bytes } {
  const lengths = (BigInt(aad.length * 8) << 64n) | 128n;
  const parts = keys.map((key) => {
    const h = block(key, new Uint8Array(16));
    const mask = block(key, concat(nonce, Uint8Array.of(0, 0, 0, 1)));
    const beforeCiphertext = blocksOf(aad).reduce((sum, one) => times(sum ^ one, h), 0n);
    const square = times(h, h);
    // tag = ((beforeCiphertext + c)·h + lengths)·h + mask
    return { square, rest: times(beforeCiphertext, square) ^ times(lengths, h) ^ mask };
  });
  const [first, second] = parts;
  if (first === undefined || second === undefined) throw new Error('two keys');
  const c = times(first.rest ^ second.rest, inverse(first.square ^ second.square));
  return { ciphertext: fromBlock(c), mac: fromBlock(times(c, first.square) ^ first.rest) };
}

const gcm = (nonce: Bytes): Bytes => sequence(oid(OID.aes256Gcm), sequence(octetString(nonce), integer(16)));

/** An envelope that opens under both CEKs but for the commitment, which is to the first. */
async function ambiguous(ceks: readonly [Bytes, Bytes]): Promise<{ body: EnvelopeBody; keys: [Bytes, Bytes] }> {
  const nonce = native.random(12);
  const honest = await encryptContent(new Uint8Array(16), ceks[0], nonce);
  const keys: [Bytes, Bytes] = [await deriveContentKey(ceks[0], gcm(nonce)), await deriveContentKey(ceks[1], gcm(nonce))];
  const { ciphertext, mac } = collide(keys, nonce, honest.authAttrs);
  const contentInfo = tlv(TAG.sequence, oid(OID.data), sequence(oid(OID.cekHkdfSha256), gcm(nonce)), header(contextTag(0, false), 16), ciphertext);
  return { body: { ...honest, contentInfo: [contentInfo], ciphertext, mac }, keys };
}

describe('one ciphertext under two keys', () => {
  it('opens under both by AES-GCM alone, but under one only by its commitment', async () => {
    const ceks: [Bytes, Bytes] = [native.random(32), native.random(32)];
    const { body, keys } = await ambiguous(ceks);
    const plain = keys.map((key) => {
      const decipher = createDecipheriv('aes-256-gcm', key, body.nonce);
      decipher.setAAD(body.authAttrs).setAuthTag(body.mac);
      return Buffer.concat([decipher.update(body.ciphertext), decipher.final()]);
    });
    expect(plain[0]).not.toEqual(plain[1]);
    const parsed = parseAuthEnvelopedData(encodeAuthEnvelopedData([octetString(new Uint8Array(1))], body)).body;
    expect(Buffer.from(await decryptContent(parsed, ceks[0]))).toEqual(plain[0]);
    await expect(decryptContent(parsed, ceks[1])).rejects.toMatchObject(refusal('content-invalid'));
  });

  it('is refused by inspection like any other wrong key', async () => {
    const organisation = await makeOrganisation();
    const credential = await organisation.server('inspection', 'inspection.hinode.example');
    const der = await submission(utf8('x'), credential.certificate, organisation.certificate, { otherCek: native.random(32) });
    await expect(openSubmission(der, { native, credential, sealers: () => Promise.resolve([organisation.certificate.sha256]) }, 'sealed')).rejects.toMatchObject(refusal('content-invalid'));
  });
});
