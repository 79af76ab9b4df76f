import { createHash, randomBytes } from 'node:crypto';
import { expect, it } from 'vitest';
import { sha256 } from '../../src/core/digest.ts';
import { providedNative } from '../../src/core/native.ts';
import '../../src/platform/node-native.ts';
import { base64Rules } from '../mail/base64-rules.ts';
import { bytes } from '../mail/bytes.ts';

const native = providedNative();

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

it('hashes parts as one', async () => {
  const parts = [randomBytes(1), randomBytes(0), randomBytes(1000)];
  const expected = new Uint8Array(createHash('sha256').update(Buffer.concat(parts)).digest());
  expect(native?.sha256(parts)).toEqual(expected);
  expect(await sha256(...parts)).toEqual(expected);
});
