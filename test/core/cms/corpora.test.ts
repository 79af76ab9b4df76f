/** CMS and its primitives against what others published, where the corpora are at hand (their licences keep them out). */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { type Bytes, fromHex, hex, utf8 } from '../../../src/core/bytes.ts';
import { decryptContent, deriveContentKey, encryptContent, parseAuthEnvelopedData } from '../../../src/core/cms/auth-enveloped-data.ts';
import { parseKemRecipientInfo } from '../../../src/core/cms/kem-recipient-info.ts';
import { parseSignedData } from '../../../src/core/cms/signed-data.ts';
import { DerCursor, integer, oid, readDer, readSequence, sequence, TAG } from '../../../src/core/der.ts';
import { hkdf } from '../../../src/core/digest.ts';
import { SsmaxError } from '../../../src/core/error.ts';
import { parseCertificate } from '../../../src/core/pki/certificate.ts';
import { parseCrl } from '../../../src/core/pki/crl.ts';
import { judgeMail } from '../../../src/flow/open.ts';
import { createNodeCrypto } from '../../../src/platform/node-crypto.ts';

const archive = new URL('../../../../shared/corpora/corpora.tar.xz', import.meta.url);
const present = existsSync(archive);
const AES128_WRAP = '2.16.840.1.101.3.4.1.5';

let folder = '';
beforeAll(() => {
  if (!present) return;
  folder = mkdtempSync(join(tmpdir(), 'ssmax-corpora-'));
  execFileSync('tar', ['xJf', archive.pathname, '-C', folder, './wycheproof', './vectors', './rfc4134']);
});
afterAll(() => {
  if (folder !== '') rmSync(folder, { recursive: true });
});

const read = (...path: string[]): Bytes => new Uint8Array(readFileSync(join(folder, ...path)));
const text = (...path: string[]): string => readFileSync(join(folder, ...path), 'utf8').trim();

function codeOf(run: () => unknown): string {
  try {
    run();
    return 'ok';
  } catch (error) {
    if (error instanceof SsmaxError) return error.code;
    throw error;
  }
}

/** The one RecipientInfo and the whole content of a ContentInfo{EnvelopedData or AuthEnvelopedData}. */
function unpack(der: Bytes): { recipientInfo: Bytes; content: Bytes } {
  return readDer(der, (cursor) => readSequence(cursor, (info) => {
    info.oid();
    const content = readDer(info.element(0xa0).content, (c) => c.element(TAG.sequence).full);
    const inner = DerCursor.over(content).enter();
    inner.small();
    return { content, recipientInfo: readDer(inner.element(TAG.set).content, (c) => c.element().full) };
  }));
}

describe.skipIf(!present)('published CMS (skipped where ../shared/corpora/corpora.tar.xz is missing)', () => {
  it('RFC 9936: KDF, OtherInfo and unwrap agree; the message itself has another KEM and shorter keys, and is refused', async () => {
    const file = (name: string): string => text('vectors', 'rfc9936', name);
    const bytes = (name: string): Bytes => fromHex(file(name).toLowerCase());
    const pem = file('ML-KEM-512.cms').replace(/-----[^-]+-----/g, '');
    const { recipientInfo, content } = unpack(Uint8Array.from(Buffer.from(pem, 'base64')));
    const otherInfo = sequence(sequence(oid(AES128_WRAP)), integer(16));
    expect(otherInfo).toEqual(bytes('ori_info.txt'));
    const kek = await hkdf(bytes('shared_secret.txt'), new Uint8Array(0), otherInfo, 16);
    expect(kek).toEqual(bytes('kek.txt'));
    const wrapped = bytes('encrypted_cek.txt');
    expect(await unwrap(kek, wrapped)).toEqual(bytes('cek.txt'));
    expect(hex(recipientInfo).endsWith(hex(wrapped))).toBe(true);
    expect(codeOf(() => parseKemRecipientInfo(recipientInfo))).toBe('recipient-info-invalid');
    expect(codeOf(() => parseAuthEnvelopedData(content))).toBe('envelope-algorithm');
  });

  it('RFC 9690: CBC, refused wherever it stands', () => {
    const der = read('vectors', 'rfc9690', 'enveloped.der');
    const { recipientInfo, content } = unpack(der);
    expect(codeOf(() => parseSignedData(der))).toBe('cms-type');
    expect(codeOf(() => parseAuthEnvelopedData(content))).toBe('envelope-invalid');
    expect(codeOf(() => parseKemRecipientInfo(recipientInfo))).toBe('recipient-info-invalid');
  });

  it('RFC 9709: CEK-HKDF, exactly', async () => {
    const { tests } = z.object({ tests: z.array(z.object({ ikm: z.string(), info: z.string(), okm: z.string() })) }).parse(JSON.parse(text('vectors', 'rfc9709.json')));
    expect(tests).toHaveLength(2);
    // HKDF's output for 32 bytes begins with that for 16.
    for (const { ikm, info, okm } of tests) expect(hex(await deriveContentKey(fromHex(ikm), fromHex(info))).slice(0, okm.length)).toBe(okm);
  });

  it('one ciphertext under two keys: GCM opens both, we open neither', async () => {
    const shape = z.object({ key1: z.string(), key2: z.string(), nonce: z.string(), ct: z.string(), tag: z.string(), pt1: z.string(), pt2: z.string() });
    const { key1, key2, nonce, ct, tag, pt1, pt2 } = shape.parse(JSON.parse(text('vectors', 'gcm-two-keys.json')));
    for (const [key, plaintext] of [[key1, pt1], [key2, pt2]] as const) {
      expect(hex(await openGcm({ key, iv: nonce, aad: '', ct, tag }) ?? new Uint8Array(0))).toBe(plaintext);
    }
    const ours = await encryptContent(utf8('x'), fromHex(key1), fromHex(nonce));
    const body = { ...ours, ciphertext: fromHex(ct), mac: fromHex(tag) };
    for (const key of [key1, key2]) await expect(decryptContent(body, fromHex(key))).rejects.toMatchObject({ code: 'content-invalid' });
  });

  it('signed attributes turned into content are refused', () => {
    expect(codeOf(() => parseSignedData(read('vectors', 'forged-attributes.cms.der')))).not.toBe('ok');
  });

  it('RFC 4134: everything is refused with a code of ours, and no mail of it counts as sealed', async () => {
    const files = readdirSync(join(folder, 'rfc4134')).filter((name) => !name.endsWith('.txt'));
    expect(files.length).toBeGreaterThan(35);
    for (const name of files) {
      const bytes = read('rfc4134', name);
      for (const parse of [parseSignedData, parseAuthEnvelopedData, parseKemRecipientInfo, parseCertificate, parseCrl]) {
        expect([name, codeOf(() => parse(bytes))]).not.toEqual([name, 'ok']);
      }
      if (!name.endsWith('.eml')) continue;
      const trust = new SsmaxError('unavailable', 'trust-missing');
      const { state } = await judgeMail(bytes, { native: createNodeCrypto(), credentials: [], addresses: [], trust, now: new Date() });
      expect([name, state]).not.toEqual([name, 'verified']);
    }
  });
});

/** As unwrapCek does it, but for keys of any size. */
async function unwrap(kek: Bytes, wrapped: Bytes): Promise<Bytes> {
  const key = await crypto.subtle.importKey('raw', kek, 'AES-KW', false, ['unwrapKey']);
  const out = await crypto.subtle.unwrapKey('raw', wrapped, key, 'AES-KW', { name: 'HMAC', hash: 'SHA-256' }, true, ['sign']);
  return new Uint8Array(await crypto.subtle.exportKey('raw', out));
}

/** As decryptContent does it, under a key that is given. */
async function openGcm({ key, iv, aad, ct, tag }: Record<'key' | 'iv' | 'aad' | 'ct' | 'tag', string>): Promise<Bytes | undefined> {
  const imported = await crypto.subtle.importKey('raw', fromHex(key), 'AES-GCM', false, ['decrypt']);
  const parameters = { name: 'AES-GCM', iv: fromHex(iv), additionalData: fromHex(aad), tagLength: 128 };
  try {
    return new Uint8Array(await crypto.subtle.decrypt(parameters, imported, fromHex(ct + tag)));
  } catch {
    return undefined;
  }
}

describe.skipIf(!present)('Wycheproof, symmetric (skipped where ../shared/corpora/corpora.tar.xz is missing)', () => {
  const result = z.enum(['valid', 'invalid', 'acceptable']);

  function cases<G extends z.ZodRawShape, T extends z.ZodRawShape>(name: string, group: G, test: T) {
    const file = z.object({ testGroups: z.array(z.object({ ...group, tests: z.array(z.object({ tcId: z.number(), result, ...test })) })) });
    return file.parse(JSON.parse(text('wycheproof', name))).testGroups;
  }

  it('AES-256-GCM, nonces of 12 and tags of 16 bytes', async () => {
    const groups = cases('aes_gcm_test.json', { keySize: z.number(), ivSize: z.number(), tagSize: z.number() }, { key: z.string(), iv: z.string(), aad: z.string(), ct: z.string(), tag: z.string(), msg: z.string() });
    let count = 0;
    for (const { keySize, ivSize, tagSize, tests } of groups) {
      if (keySize !== 256 || ivSize !== 96 || tagSize !== 128) continue;
      for (const one of tests) {
        const opened = await openGcm(one);
        expect([one.tcId, opened && hex(opened)]).toEqual([one.tcId, one.result === 'valid' ? one.msg : undefined]);
        count++;
      }
    }
    expect(count).toBeGreaterThan(50);
  });

  it('AES-256 key wrap', async () => {
    const groups = cases('aes_wrap_test.json', { keySize: z.number() }, { key: z.string(), msg: z.string(), ct: z.string() });
    let count = 0;
    for (const { keySize, tests } of groups) {
      if (keySize !== 256) continue;
      for (const { tcId, key, msg, ct, result: due } of tests) {
        const unwrapped = await unwrap(fromHex(key), fromHex(ct)).then(hex, () => undefined);
        if (due === 'valid') expect([tcId, unwrapped]).toEqual([tcId, msg]);
        if (due === 'invalid') expect([tcId, unwrapped]).toEqual([tcId, undefined]);
        count++;
      }
    }
    expect(count).toBeGreaterThan(50);
  });

  it('HKDF-SHA256', async () => {
    const groups = cases('hkdf_sha256_test.json', {}, { ikm: z.string(), salt: z.string(), info: z.string(), size: z.number(), okm: z.string() });
    let count = 0;
    for (const { tests } of groups) {
      for (const { tcId, ikm, salt, info, size, okm, result: due } of tests) {
        const out = await hkdf(fromHex(ikm), fromHex(salt), fromHex(info), size).then(hex, () => undefined);
        expect([tcId, out]).toEqual([tcId, due === 'invalid' ? undefined : okm]);
        count++;
      }
    }
    expect(count).toBeGreaterThan(50);
  });
});
