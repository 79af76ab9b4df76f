/** test/vectors/content.json: every value on the way from CEK to ciphertext and wrapped key; every envelope opened or refused. */
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { concat, hex } from '../../src/core/bytes.ts';
import { contentDigest, decryptContent, deriveContentKey, encryptContent, parseAuthEnvelopedData } from '../../src/core/cms/auth-enveloped-data.ts';
import { kemOtherInfo, parseKemRecipientInfo, unwrapCek, wrapCek } from '../../src/core/cms/kem-recipient-info.ts';
import { hkdf } from '../../src/core/digest.ts';
import { expectation, hexBytes, load, outcome } from './load.ts';

const { encrypt, wrap, open } = load('content', {
  encrypt: z.strictObject({
    cek: hexBytes, nonce: hexBytes, content: hexBytes, gcmAlgorithm: hexBytes, contentKey: hexBytes, commitment: hexBytes, authAttrs: hexBytes,
    ciphertext: hexBytes, mac: hexBytes, authEncryptedContentInfo: hexBytes, contentDigest: hexBytes,
  }),
  wrap: z.strictObject({ secret: hexBytes, ukm: hexBytes, otherInfo: hexBytes, kek: hexBytes, cek: hexBytes, encryptedKey: hexBytes }),
  open: z.array(z.strictObject({ name: z.string(), expect: expectation, secret: hexBytes, envelope: hexBytes, content: hexBytes.optional() })),
});

describe('content.json', () => {
  test('encrypt', async () => {
    const body = await encryptContent(encrypt.content, encrypt.cek, encrypt.nonce);
    expect(hex(await deriveContentKey(encrypt.cek, encrypt.gcmAlgorithm))).toBe(hex(encrypt.contentKey));
    expect({
      commitment: hex(body.cekCommitment), authAttrs: hex(body.authAttrs), ciphertext: hex(body.ciphertext), mac: hex(body.mac), contentInfo: hex(concat(...body.contentInfo)),
      digest: hex(await contentDigest(body)),
    }).toEqual({
      commitment: hex(encrypt.commitment), authAttrs: hex(encrypt.authAttrs), ciphertext: hex(encrypt.ciphertext), mac: hex(encrypt.mac),
      contentInfo: hex(encrypt.authEncryptedContentInfo), digest: hex(encrypt.contentDigest),
    });
    expect(await decryptContent(body, encrypt.cek)).toEqual(encrypt.content);
  });

  test('wrap', async () => {
    expect(hex(kemOtherInfo(wrap.ukm))).toBe(hex(wrap.otherInfo));
    expect(hex(await hkdf(wrap.secret, new Uint8Array(0), wrap.otherInfo, 32))).toBe(hex(wrap.kek));
    expect(hex(await wrapCek(wrap.cek, wrap.secret, wrap.ukm))).toBe(hex(wrap.encryptedKey));
    expect(hex(await unwrapCek(wrap.encryptedKey, wrap.secret, wrap.ukm))).toBe(hex(wrap.cek));
  });

  test.each(open)('open: $name → $expect', async ({ envelope, secret, content, expect: due }) => {
    let found: string | undefined;
    expect(await outcome(async () => {
      const { recipientInfos, body } = parseAuthEnvelopedData(envelope);
      const [info] = recipientInfos.map(parseKemRecipientInfo);
      expect(recipientInfos).toHaveLength(1);
      if (info !== undefined) found = hex(await decryptContent(body, await unwrapCek(info.encryptedKey, secret, info.ukm)));
    })).toBe(due);
    expect(found).toBe(content && hex(content));
  });
});
