/** CBC gadgets and downgrades (RFC 9709): nothing but AES-256-GCM under CEK-HKDF is even shown to the key server. */
import { beforeAll, describe, expect, it } from 'vitest';
import type { Bytes } from '../../src/core/bytes.ts';
import { encodeAuthEnvelopedData, parseAuthEnvelopedData } from '../../src/core/cms/auth-enveloped-data.ts';
import { decodeSignerInfo, encodeSignedAttributes, encodeSignedData, encodeSignerInfo, parseSignedData } from '../../src/core/cms/signed-data.ts';
import { contextTag, integer, octetString, oid, readDer, readSequence, sequence, setOf, TAG, tlv } from '../../src/core/der.ts';
import { sha256 } from '../../src/core/digest.ts';
import { OID } from '../../src/core/oids.ts';
import { type KeyServer, relay } from '../../src/flow/relay.ts';
import { createScene, HANAKO, mail, read, refusal, type Scene, seal, TARO } from './scene.ts';

const ENVELOPED_DATA = '1.2.840.113549.1.7.3';
const COMPRESSED_DATA = '1.2.840.113549.1.9.16.1.9';
const AES256_CBC = '2.16.840.1.101.3.4.1.42';
const AES128_GCM = '2.16.840.1.101.3.4.1.6';

let scene: Scene;
let calls = 0;
beforeAll(async () => {
  scene = await createScene();
});

/** The sender's own signature over another eContent with the recipient infos of a genuine mail. */
async function rewrapped(eContentType: string, change: (eContent: Bytes) => Bytes): Promise<Bytes> {
  const { eContent, certificates, signer } = parseSignedData(await seal(scene, [HANAKO]));
  const changed = change(eContent);
  const attributes = { ...decodeSignerInfo(signer.der).attributes, contentType: eContentType, messageDigest: await sha256(changed) };
  const signedAttrs = encodeSignedAttributes(attributes);
  const signerInfo = encodeSignerInfo(signer.subjectKeyIdentifier, signedAttrs, await scene.taro.key.sign(signedAttrs));
  return encodeSignedData({ eContentType, eContent: changed, certificates, signerInfo });
}

function envelopedData(eContent: Bytes): Bytes {
  const { recipientInfos, body } = parseAuthEnvelopedData(eContent);
  const contentInfo = sequence(oid(OID.data), sequence(oid(AES256_CBC), octetString(new Uint8Array(16))), tlv(contextTag(0, false), body.ciphertext));
  return sequence(integer(2), setOf(...recipientInfos), contentInfo);
}

/** The same envelope with another content-encryption AlgorithmIdentifier. */
function withAlgorithm(algorithm: (parameters: Bytes) => Bytes): (eContent: Bytes) => Bytes {
  return (eContent) => {
    const { recipientInfos, body } = parseAuthEnvelopedData(eContent);
    const parameters = sequence(octetString(body.nonce), integer(16));
    const contentInfo = sequence(oid(OID.data), algorithm(parameters), tlv(contextTag(0, false), body.ciphertext));
    return encodeAuthEnvelopedData(recipientInfos, { ...body, contentInfo: [contentInfo] });
  };
}

function withoutCommitment(eContent: Bytes): Bytes {
  const { recipientInfos, body } = parseAuthEnvelopedData(eContent);
  return sequence(integer(0), setOf(...recipientInfos), ...body.contentInfo, octetString(body.mac));
}

const wrapHkdf = (inner: Bytes): Bytes => sequence(oid(OID.cekHkdfSha256), inner);

const cases: [name: string, type: string, change: (eContent: Bytes) => Bytes, code: string][] = [
  ['EnvelopedData with CBC', ENVELOPED_DATA, envelopedData, 'content-type-mismatch'],
  ['CompressedData', COMPRESSED_DATA, (same) => same, 'content-type-mismatch'],
  ['SignedData in SignedData', OID.signedData, (same) => same, 'content-type-mismatch'],
  ['CBC under the right type', OID.authEnvelopedData, withAlgorithm(() => sequence(oid(AES256_CBC), octetString(new Uint8Array(16)))), 'envelope-algorithm'],
  ['CBC under CEK-HKDF', OID.authEnvelopedData, withAlgorithm(() => wrapHkdf(sequence(oid(AES256_CBC), octetString(new Uint8Array(16))))), 'envelope-algorithm'],
  ['AES-GCM without CEK-HKDF', OID.authEnvelopedData, withAlgorithm((p) => sequence(oid(OID.aes256Gcm), p)), 'envelope-algorithm'],
  ['AES-128-GCM', OID.authEnvelopedData, withAlgorithm((p) => wrapHkdf(sequence(oid(AES128_GCM), p))), 'envelope-algorithm'],
  ['a tag of 12 bytes', OID.authEnvelopedData, withAlgorithm((p) => wrapHkdf(sequence(oid(OID.aes256Gcm), sequence(octetString(nonceOf(p)), integer(12))))), 'envelope-algorithm'],
  ['no tag length written', OID.authEnvelopedData, withAlgorithm((p) => wrapHkdf(sequence(oid(OID.aes256Gcm), sequence(octetString(nonceOf(p)))))), 'der-invalid'],
  ['a nonce of 16 bytes', OID.authEnvelopedData, withAlgorithm(() => wrapHkdf(sequence(oid(OID.aes256Gcm), sequence(octetString(new Uint8Array(16)), integer(16))))), 'der-invalid'],
  ['no CEK commitment', OID.authEnvelopedData, withoutCommitment, 'envelope-invalid'],
];

function nonceOf(parameters: Bytes): Bytes {
  return readDer(parameters, (cursor) => readSequence(cursor, (inner) => {
    const nonce = inner.octets(12);
    inner.element(TAG.integer);
    return nonce;
  }));
}

describe('refused before any call of the key server:', () => {
  it.each(cases)('%s', async (_, type, change, code) => {
    const { parts } = scene.hinode;
    calls = 0;
    const counted = new Proxy(parts.keyServer, { get: (target, name: keyof KeyServer) => (calls++, target[name]) });
    const cms = await rewrapped(type, change);
    await expect(relay({ ...parts, keyServer: counted }, 'submission', { cms, recipients: [HANAKO], from: TARO, visible: [HANAKO] }))
      .rejects.toMatchObject(refusal(code));
    expect(calls).toBe(0);
    expect(await read(scene, mail(cms, [HANAKO]), scene.taro, TARO)).toMatchObject({ state: 'problem', content: 'not-opened' });
  });
});
