/** Content encryption and key wrap with every value in between; envelopes that must be refused, each with its code. */
import { createCipheriv } from 'node:crypto';
import { type Bytes, concat, utf8 } from '../../src/core/bytes.ts';
import { contentDigest, deriveContentKey, encodeAuthEnvelopedData, encryptContent, type EnvelopeBody } from '../../src/core/cms/auth-enveloped-data.ts';
import { encodeKemRecipientInfo, kemOtherInfo, wrapCek } from '../../src/core/cms/kem-recipient-info.ts';
import { contextTag, integer, octetString, oid, sequence, setOf, TAG, tlv } from '../../src/core/der.ts';
import { hkdf } from '../../src/core/digest.ts';
import { OID } from '../../src/core/oids.ts';
import { testKey, testNative } from './source.ts';
import { sealUnderTwoKeys } from './two-keys.ts';

const { random } = testNative('content');
const content = utf8('Content-Type: text/plain; charset=utf-8\r\n\r\nこんにちは\r\n');
const [cek, otherCek, nonce] = [random(32), random(32), random(12)];
const secret = testKey('content secret').publicKey;
const otherSecret = testKey('content other secret').publicKey;
const subjectKeyIdentifier = random(20);
const kemct = random(48); // only carried here; structures.json and legs.json have real ones

const AES128_GCM = '2.16.840.1.101.3.4.1.6';
const AES256_CBC = '2.16.840.1.101.3.4.1.42';
const AES128_WRAP = '2.16.840.1.101.3.4.1.5';
const HKDF_SHA512 = '1.2.840.113549.1.9.16.3.30';

const gcm = (iv = nonce, icv = 16, cipher: string = OID.aes256Gcm): Bytes => sequence(oid(cipher), sequence(octetString(iv), integer(icv)));
const attribute = (value: Bytes, type: string = OID.cekCommitment): Bytes => sequence(oid(type), setOf(octetString(value)));
const commitmentOf = (key: Bytes): Promise<Bytes> => hkdf(key, utf8('SSMAX-v1'), utf8('SSMAX-v1/cek-commit'), 32);

/** An envelope of parts in their order; those left out are honest. */
interface Parts {
  readonly version?: Bytes;
  readonly before?: Bytes[];
  readonly info?: Bytes;
  readonly contentType?: string;
  readonly algorithm?: Bytes;
  readonly ciphertext?: Bytes;
  readonly authAttrs?: Bytes[];
  readonly mac?: Bytes;
  readonly after?: Bytes[];
}

function infoOf(fields: { version?: number; rid?: Bytes; kdf?: Bytes; kekLength?: number; ukm?: Bytes[]; wrap?: Bytes; encryptedKey: Bytes; tag?: number; type?: string }): Bytes {
  return tlv(fields.tag ?? contextTag(4), oid(fields.type ?? OID.oriKem), sequence(
    integer(fields.version ?? 0), fields.rid ?? tlv(contextTag(0, false), subjectKeyIdentifier), sequence(oid(OID.kemSsmaxP256)), octetString(kemct),
    fields.kdf ?? sequence(oid(OID.hkdfSha256)), integer(fields.kekLength ?? 32), ...(fields.ukm ?? []), fields.wrap ?? sequence(oid(OID.aes256Wrap)), octetString(fields.encryptedKey),
  ));
}

async function opened(): Promise<object[]> {
  const body = await encryptContent(content, cek, nonce);
  const digest = await contentDigest(body);
  const wrapped = await wrapCek(cek, secret, digest);
  const info = encodeKemRecipientInfo({ subjectKeyIdentifier, kemct, ukm: digest, encryptedKey: wrapped });
  const ukm = [tlv(contextTag(0), octetString(digest))];
  const of = ({ version, before = [], contentType = OID.data, algorithm, ciphertext, authAttrs, mac, after = [], ...parts }: Parts): Bytes => sequence(
    version ?? integer(0), ...before, setOf(parts.info ?? info),
    sequence(oid(contentType), algorithm ?? sequence(oid(OID.cekHkdfSha256), gcm()), ciphertext ?? tlv(contextTag(0, false), body.ciphertext)),
    ...(authAttrs ?? [tlv(contextTag(1), attribute(body.cekCommitment))]), octetString(mac ?? body.mac), ...after,
  );
  const bad = (name: string, expect: string, envelope: Bytes, by = secret): object => ({ name, expect, secret: by, envelope });
  const flipped = (bytes: Bytes): Bytes => bytes.map((byte, i) => (i === 5 ? byte ^ 1 : byte));

  const uncommitted = await sealedBy(cek, await commitmentOf(otherCek));
  const two = await underTwoKeys();
  return [
    { name: 'opens', expect: 'ok', secret, envelope: of({}), content },
    bad('another shared secret', 'content-invalid', of({}), otherSecret),
    bad('a bit of the ciphertext', 'content-invalid', of({ ciphertext: tlv(contextTag(0, false), flipped(body.ciphertext)) })),
    bad('a bit of the tag', 'content-invalid', of({ mac: flipped(body.mac) })),
    bad('another nonce', 'content-invalid', of({ algorithm: sequence(oid(OID.cekHkdfSha256), gcm(flipped(nonce))) })),
    bad('a bit of the wrapped key', 'content-invalid', of({ info: infoOf({ ukm, encryptedKey: flipped(wrapped) }) })),
    bad('commitment to another key; GCM alone would open', 'content-invalid', await enveloped(uncommitted, cek)),
    { name: 'two keys open it, the commitment is to this one', expect: 'ok', secret, envelope: await enveloped(two, cek), content: two.first },
    bad('two keys open it, the commitment is to the other', 'content-invalid', await enveloped(two, otherCek)),
    bad('AES key without CEK-HKDF', 'envelope-algorithm', of({ algorithm: gcm() })),
    bad('AES-128', 'envelope-algorithm', of({ algorithm: sequence(oid(OID.cekHkdfSha256), gcm(nonce, 16, AES128_GCM)) })),
    bad('CBC', 'envelope-algorithm', of({ algorithm: sequence(oid(OID.cekHkdfSha256), sequence(oid(AES256_CBC), octetString(random(16)))) })),
    bad('tag of 12 bytes', 'envelope-algorithm', of({ algorithm: sequence(oid(OID.cekHkdfSha256), gcm(nonce, 12)) })),
    bad('ICVlen left out', 'der-invalid', of({ algorithm: sequence(oid(OID.cekHkdfSha256), sequence(oid(OID.aes256Gcm), sequence(octetString(nonce)))) })),
    bad('nonce of 16 bytes', 'der-invalid', of({ algorithm: sequence(oid(OID.cekHkdfSha256), gcm(random(16))) })),
    bad('version 1', 'envelope-invalid', of({ version: integer(1) })), bad('originatorInfo', 'der-invalid', of({ before: [tlv(contextTag(0))] })),
    bad('content type signedData', 'envelope-invalid', of({ contentType: OID.signedData })),
    bad('no ciphertext', 'der-invalid', of({ ciphertext: new Uint8Array(0) })),
    bad('ciphertext in pieces', 'der-invalid', of({ ciphertext: tlv(contextTag(0), octetString(body.ciphertext)) })),
    bad('no authAttrs', 'envelope-invalid', of({ authAttrs: [] })), bad('empty authAttrs', 'der-invalid', of({ authAttrs: [tlv(contextTag(1))] })),
    bad('another attribute', 'envelope-invalid', of({ authAttrs: [tlv(contextTag(1), attribute(body.cekCommitment, OID.messageDigest))] })),
    bad('two attributes', 'der-invalid', of({ authAttrs: [tlv(contextTag(1), attribute(body.cekCommitment), attribute(body.cekCommitment))] })),
    bad('commitment of 16 bytes', 'der-invalid', of({ authAttrs: [tlv(contextTag(1), attribute(body.cekCommitment.subarray(16)))] })),
    bad('unauthAttrs', 'der-invalid', of({ after: [tlv(contextTag(2), attribute(random(32)))] })), bad('mac of 12 bytes', 'der-invalid', of({ mac: body.mac.subarray(4) })),
    bad('EnvelopedData', 'envelope-invalid', sequence(integer(3), setOf(info), sequence(oid(OID.data), sequence(oid(AES256_CBC), octetString(random(16))), tlv(contextTag(0, false), random(32))))),
    bad('key transport recipient', 'recipient-info-invalid', of({ info: sequence(integer(2), tlv(contextTag(0, false), subjectKeyIdentifier), sequence(oid('1.2.840.113549.1.1.1'), Uint8Array.of(TAG.null, 0)), octetString(random(40))) })),
    bad('key agreement recipient', 'recipient-info-invalid', of({ info: tlv(contextTag(1), integer(3)) })), bad('password recipient', 'recipient-info-invalid', of({ info: tlv(contextTag(3), integer(0)) })),
    bad('other kind of OtherRecipientInfo', 'recipient-info-invalid', of({ info: infoOf({ ukm, encryptedKey: wrapped, type: '1.2.840.113549.1.9.16.13.1' }) })),
    bad('KEMRecipientInfo version 1', 'recipient-info-invalid', of({ info: infoOf({ version: 1, ukm, encryptedKey: wrapped }) })),
    bad('recipient by issuer and serial', 'der-invalid', of({ info: infoOf({ rid: sequence(sequence(), integer(1)), ukm, encryptedKey: wrapped }) })),
    bad('another KDF', 'recipient-info-invalid', of({ info: infoOf({ kdf: sequence(oid(HKDF_SHA512)), ukm, encryptedKey: wrapped }) })),
    bad('KDF with NULL parameters', 'recipient-info-invalid', of({ info: infoOf({ kdf: sequence(oid(OID.hkdfSha256), Uint8Array.of(TAG.null, 0)), ukm, encryptedKey: wrapped }) })),
    bad('kekLength 16', 'recipient-info-invalid', of({ info: infoOf({ kekLength: 16, ukm, encryptedKey: wrapped }) })),
    bad('no ukm', 'der-invalid', of({ info: infoOf({ encryptedKey: wrapped }) })), bad('ukm IMPLICIT', 'der-invalid', of({ info: infoOf({ ukm: [tlv(contextTag(0, false), digest)], encryptedKey: wrapped }) })),
    bad('AES-128 key wrap', 'recipient-info-invalid', of({ info: infoOf({ ukm, wrap: sequence(oid(AES128_WRAP)), encryptedKey: wrapped }) })),
    bad('wrapped key of 24 bytes', 'der-invalid', of({ info: infoOf({ ukm, encryptedKey: wrapped.subarray(16) }) })),
    bad('a trailing byte', 'der-invalid', concat(of({}), Uint8Array.of(0))),
  ];
}

/** Encrypted by `key`, committed to what `commitment` says. */
async function sealedBy(key: Bytes, commitment: Bytes): Promise<EnvelopeBody> {
  const authAttrs = setOf(attribute(commitment));
  const cipher = createCipheriv('aes-256-gcm', await deriveContentKey(key, gcm()), nonce).setAAD(authAttrs);
  const ciphertext = new Uint8Array(cipher.update(content));
  cipher.final();
  return bodyOf(ciphertext, new Uint8Array(cipher.getAuthTag()), authAttrs, commitment);
}

async function underTwoKeys(): Promise<EnvelopeBody & { readonly first: Bytes }> {
  const commitment = await commitmentOf(cek);
  const authAttrs = setOf(attribute(commitment));
  const keys = [await deriveContentKey(cek, gcm()), await deriveContentKey(otherCek, gcm())] as const;
  const plaintext = utf8('Content-Type: text/plain\r\n\r\nAgree'.padEnd(48, ' '));
  const { ciphertext, tag } = sealUnderTwoKeys(keys, nonce, authAttrs, plaintext);
  const cipher = createCipheriv('aes-256-gcm', keys[0], nonce);
  return { ...bodyOf(ciphertext, tag, authAttrs, commitment), first: new Uint8Array(cipher.update(ciphertext)) };
}

function bodyOf(ciphertext: Bytes, mac: Bytes, authAttrs: Bytes, cekCommitment: Bytes): EnvelopeBody {
  const contentInfo = sequence(oid(OID.data), sequence(oid(OID.cekHkdfSha256), gcm()), tlv(contextTag(0, false), ciphertext));
  return { contentInfo: [contentInfo], ciphertext, nonce, authAttrs, cekCommitment, mac };
}

/** With `key` wrapped for the one recipient. */
async function enveloped(body: EnvelopeBody, key: Bytes): Promise<Bytes> {
  const digest = await contentDigest(body);
  return encodeAuthEnvelopedData([encodeKemRecipientInfo({ subjectKeyIdentifier, kemct, ukm: digest, encryptedKey: await wrapCek(key, secret, digest) })], body);
}

export async function contentVectors(): Promise<object> {
  const body = await encryptContent(content, cek, nonce);
  const digest = await contentDigest(body);
  const otherInfo = kemOtherInfo(digest);
  return {
    about: 'Bytes are hexadecimal. `encrypt` and `wrap`: every value in between. `open`: an AuthEnvelopedData with one recipient info, read, unwrapped with the shared secret M and decrypted: `content`, or the error code. (The kemct in these is no ciphertext.)',
    specification: 'docs/protocol.md#5-content',
    encrypt: {
      cek, nonce, content, gcmAlgorithm: gcm(), contentKey: await deriveContentKey(cek, gcm()), commitment: body.cekCommitment, authAttrs: body.authAttrs,
      ciphertext: body.ciphertext, mac: body.mac, authEncryptedContentInfo: body.contentInfo, contentDigest: digest,
    },
    wrap: { secret, ukm: digest, otherInfo, kek: await hkdf(secret, new Uint8Array(0), otherInfo, 32), cek, encryptedKey: await wrapCek(cek, secret, digest) },
    open: await opened(),
  };
}

