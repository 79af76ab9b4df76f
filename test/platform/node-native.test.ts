import { createHash, randomBytes } from 'node:crypto';
import { expect, it } from 'vitest';
import { type Bytes, concat } from '../../src/core/bytes.ts';
import { decryptContent, encryptContent } from '../../src/core/cms/auth-enveloped-data.ts';
import { hkdf, sha256 } from '../../src/core/digest.ts';
import { verifyEcdsa } from '../../src/core/ecdsa.ts';
import type { SsmaxError } from '../../src/core/error.ts';
import { providedNative, provideNative } from '../../src/core/native.ts';
import { generatePrivateKey, loadPrivateKey } from '../../src/platform/node-crypto.ts';
import '../../src/platform/node-native.ts';
import { base64Rules } from '../mail/base64-rules.ts';
import { bytes } from '../mail/bytes.ts';

const native = providedNative();
const random = (length: number): Bytes => new Uint8Array(randomBytes(length));

base64Rules();

it('decodes what mails hold by itself, and leaves what is unusual to the strict reader', () => {
  const data = randomBytes(100_000);
  const letters = data.toString('base64');
  const text = letters.replace(/.{76}/g, '$&\r\n');
  for (const usual of [letters, text, `${text}\r\n`]) expect(native?.decodeBase64(bytes(usual))).toEqual(new Uint8Array(data));
  for (const unusual of ['QQ==', text.replaceAll('\r', ''), `${text.slice(0, 100)}-${text.slice(101)}`, text.replace(/=*$/, '')]) {
    expect(native?.decodeBase64(bytes(unusual))).toBeUndefined();
  }
});

/** The same with what Node provides, and with WebCrypto alone. */
async function bothWays<T>(run: () => Promise<T>): Promise<[T, T]> {
  const ours = await run();
  provideNative(undefined);
  try {
    return [ours, await run()];
  } finally {
    provideNative(native);
  }
}

it('derives keys as WebCrypto does', async () => {
  for (const salt of [0, 8, 32, 64, 100]) for (const length of [1, 32, 48, 64, 65]) {
    const [secret, saltBytes, info] = [random(65), random(salt), random(30)];
    const [ours, theirs] = await bothWays(() => hkdf(secret, saltBytes, info, length));
    expect(ours).toEqual(theirs);
  }
});

it('seals and opens as WebCrypto does', async () => {
  for (const size of [0, 1, 16, 100_001]) {
    const [cek, nonce, content] = [random(32), random(12), random(size)];
    const [ours, theirs] = await bothWays(() => encryptContent(content, cek, nonce));
    expect(concat(...ours.contentInfo, ours.mac)).toEqual(concat(...theirs.contentInfo, theirs.mac));
    for (const opened of await bothWays(() => decryptContent(theirs, cek))) expect(Buffer.compare(opened, content)).toBe(0);
  }
});

it('opens nothing that was altered, or whose tag was cut', async () => {
  const cek = random(32);
  const body = await encryptContent(random(1000), cek, random(12));
  const flipped = (bytes: Bytes): Bytes => bytes.map((byte, i) => (i === bytes.length - 1 ? byte ^ 1 : byte));
  const bad = [
    { ...body, ciphertext: flipped(body.ciphertext) }, { ...body, mac: flipped(body.mac) }, { ...body, nonce: flipped(body.nonce) }, { ...body, authAttrs: flipped(body.authAttrs) },
    { ...body, mac: body.mac.subarray(0, 12) }, { ...body, mac: body.mac.subarray(0, 0) }, { ...body, ciphertext: body.ciphertext.subarray(1) },
  ];
  for (const one of bad) for (const code of await bothWays(() => decryptContent(one, cek).then(() => 'opened', (error: unknown) => (error as SsmaxError).code))) expect(code).toBe('content-invalid');
});

it('verifies signatures as WebCrypto does', async () => {
  const key = loadPrivateKey(generatePrivateKey());
  const message = random(100);
  const signature = await key.sign(message);
  const offCurve = key.publicKey.map((byte, i) => (i === 64 ? byte ^ 1 : byte));
  const cases: [Bytes, Bytes, Bytes, boolean][] = [
    [key.publicKey, message, signature, true], [key.publicKey, random(100), signature, false], [offCurve, message, signature, false],
    [key.publicKey, message, new Uint8Array(64), false], [key.publicKey, message, new Uint8Array(64).fill(0xff), false],
    [new Uint8Array(65).fill(4, 0, 1), message, signature, false], [loadPrivateKey(generatePrivateKey()).publicKey, message, signature, false],
  ];
  for (const [publicKey, signed, by, valid] of cases) expect(await bothWays(() => verifyEcdsa(publicKey, signed, by))).toEqual([valid, valid]);
});

it('hashes parts as one', async () => {
  const parts = [randomBytes(1), randomBytes(0), randomBytes(1000)];
  const expected = new Uint8Array(createHash('sha256').update(Buffer.concat(parts)).digest());
  expect(native?.sha256(parts)).toEqual(expected);
  expect(await sha256(...parts)).toEqual(expected);
});
