/**
 * Forms of SignedData that generic CMS software accepts and that have fooled it: no signed attributes, so that a DER SET of
 * attributes passes as content; no or several signers; content elsewhere; algorithms left to the attacker.
 */
import { beforeAll, describe, expect, it } from 'vitest';
import type { Bytes } from '../../src/core/bytes.ts';
import { decodeSignerInfo, encodeSignedAttributes, verifySignerInfo } from '../../src/core/cms/signed-data.ts';
import { contextTag, integer, octetString, oid, readDer, readSequence, sequence, setOf, TAG, tlv } from '../../src/core/der.ts';
import { sha256 } from '../../src/core/digest.ts';
import { signatureToDer } from '../../src/core/ecdsa.ts';
import { OID } from '../../src/core/oids.ts';
import { verifyLeg } from '../../src/flow/verify-leg.ts';
import { craft, type Crafted } from './craft.ts';
import { createScene, HANAKO, mail, read, refusal, type Scene } from './scene.ts';

let scene: Scene;
let leg: Crafted;
beforeAll(async () => {
  scene = await createScene();
  leg = await craft(scene, 1);
});

const SHA256 = sequence(oid(OID.sha256));
const ECDSA = sequence(oid(OID.ecdsaWithSha256));
const SHA1 = sequence(oid('1.3.14.3.2.26'));

interface Parts {
  readonly version?: number;
  readonly digestAlgorithms?: Bytes;
  readonly encap?: Bytes;
  readonly certificates?: readonly Bytes[];
  readonly crls?: Bytes;
  readonly signers?: readonly Bytes[];
  readonly after?: Bytes;
}

function signedData(parts: Parts): Bytes {
  const { certificate } = scene.taro;
  const certificates = parts.certificates ?? [certificate.der];
  return sequence(oid(OID.signedData), tlv(contextTag(0), sequence(
    integer(parts.version ?? 3),
    parts.digestAlgorithms ?? setOf(SHA256),
    parts.encap ?? sequence(oid(OID.authEnvelopedData), tlv(contextTag(0), octetString(leg.eContent))),
    ...(certificates.length === 0 ? [] : [tlv(contextTag(0), ...certificates)]),
    ...(parts.crls === undefined ? [] : [parts.crls]),
    setOf(...(parts.signers ?? [leg.signerInfo])),
    ...(parts.after === undefined ? [] : [parts.after]),
  )));
}

/** A SignerInfo of taro's over `content` without signed attributes, or with other algorithms. */
async function signerInfo(content: Bytes, attrs: Bytes | undefined, algorithms: { digest?: Bytes; signature?: Bytes; sid?: Bytes; version?: number } = {}): Promise<Bytes> {
  const { certificate, key } = scene.taro;
  const signed = attrs?.slice();
  if (signed !== undefined) signed[0] = contextTag(0);
  return sequence(
    integer(algorithms.version ?? 3), algorithms.sid ?? tlv(contextTag(0, false), certificate.subjectKeyIdentifier), algorithms.digest ?? SHA256,
    ...(signed === undefined ? [] : [signed]), algorithms.signature ?? ECDSA, octetString(signatureToDer(await key.sign(attrs ?? content))),
  );
}

async function refuses(cms: Bytes, code: string): Promise<void> {
  await expect(verifyLeg(cms, await scene.world.trust(), scene.world.now, 'now')).rejects.toMatchObject(refusal(code));
  expect(await read(scene, mail(cms, [HANAKO]), scene.taro, 'taro@hinode.example')).toMatchObject({ state: 'problem', content: 'not-opened' });
}

describe('signed attributes', () => {
  it('the genuine leg passes', async () => {
    expect(await verifyLeg(signedData({}), await scene.world.trust(), scene.world.now, 'now')).toMatchObject({ leg: { leg: 1 } });
  });

  it('content that is itself a SET of attributes, signed as such long ago, is refused', async () => {
    // The victim once signed these attributes; the attacker shows them as the content of a SignerInfo without attributes.
    const encap = sequence(oid(OID.authEnvelopedData), tlv(contextTag(0), octetString(leg.signedAttrs)));
    await refuses(signedData({ encap, signers: [await signerInfo(leg.signedAttrs, undefined)] }), 'signed-attributes-missing');
    // Nor does it pass as a content of its own kind: the signature is good, but the content is no envelope.
    await refuses(signedData({ encap }), 'der-invalid');
  });

  it('a signer without signed attributes is refused, whatever it signs', async () => {
    await refuses(signedData({ signers: [await signerInfo(leg.eContent, undefined)] }), 'signed-attributes-missing');
  });

  it('a missing, doubled or unknown attribute is refused', async () => {
    const one = (type: string, value: Bytes): Bytes => sequence(oid(type), setOf(value));
    const type = one(OID.contentType, oid(OID.authEnvelopedData));
    const digest = one(OID.messageDigest, octetString(await sha256(leg.eContent)));
    const good = encodeSignedAttributes(decodeSignerInfo(leg.signerInfo).attributes);
    const all = readDer(good, (cursor) => readSequence(cursor, (set) => set.setList((_, { full }) => full, 8), TAG.set));
    expect(setOf(...all)).toEqual(good);
    for (const attrs of [
      setOf(type, digest), // no signing time, no certificate hash
      setOf(...all, one(OID.contentType, oid(OID.data))),
      setOf(...all, one('1.2.3.4', integer(1))),
    ]) await refuses(signedData({ signers: [await signerInfo(leg.eContent, attrs)] }), 'signed-attributes-invalid');
  });

  it('an attribute with two values is refused', async () => {
    const attrs = setOf(sequence(oid(OID.contentType), setOf(oid(OID.authEnvelopedData), oid(OID.data))));
    await refuses(signedData({ signers: [await signerInfo(leg.eContent, attrs)] }), 'der-invalid');
  });
});

describe('signers and content', () => {
  it('no signer is unsigned', () => refuses(signedData({ signers: [] }), 'signature-missing'));
  it('two signers are refused, even two good ones', async () => {
    const other = await craft(scene, 1);
    await refuses(signedData({ signers: [leg.signerInfo, other.signerInfo] }), 'signer-count');
  });
  it('detached content is refused', () => refuses(signedData({ encap: sequence(oid(OID.authEnvelopedData)) }), 'content-detached'));
  it('CRLs carried along are refused', () => refuses(signedData({ crls: tlv(contextTag(1), sequence()) }), 'der-invalid'));
  it('more than four certificates are refused', () => {
    const { root, taro, hinode, tsukimi, kasumi } = { root: scene.world.root, ...scene };
    const five = [root, taro.certificate, hinode.issuer.certificate, tsukimi.issuer.certificate, kasumi.issuer.certificate].map(({ der }) => der);
    const sorted = setOf(...five).subarray(4); // its content: four bytes of header stand before it
    return refuses(signedData({ certificates: [sorted] }), 'der-invalid');
  });
  it('something after the signers is refused', () => refuses(signedData({ after: integer(1) }), 'der-invalid'));
  it('another version is refused', () => refuses(signedData({ version: 1 }), 'signed-data-invalid'));
});

describe('algorithms', () => {
  it('another digest or signature algorithm is refused', async () => {
    await refuses(signedData({ digestAlgorithms: setOf(SHA1) }), 'signed-data-invalid');
    await refuses(signedData({ signers: [await signerInfo(leg.eContent, leg.signedAttrs, { digest: SHA1 })] }), 'signer-info-invalid');
    await refuses(signedData({ signers: [await signerInfo(leg.eContent, leg.signedAttrs, { signature: sequence(oid('1.2.840.10045.4.3.4')) })] }), 'signer-info-invalid');
    await refuses(signedData({ signers: [await signerInfo(leg.eContent, leg.signedAttrs, { version: 1 })] }), 'signer-info-invalid');
  });
  it('an unsigned attribute of another kind is refused', async () => {
    const unsigned = tlv(contextTag(1), sequence(oid('1.2.840.113549.1.9.16.2.14'), setOf(octetString(new Uint8Array(4)))));
    const { certificate, key } = scene.taro;
    const attrs = leg.signedAttrs.slice();
    attrs[0] = contextTag(0);
    const signer = sequence(
      integer(3), tlv(contextTag(0, false), certificate.subjectKeyIdentifier), SHA256, attrs, ECDSA,
      octetString(signatureToDer(await key.sign(leg.signedAttrs))), unsigned,
    );
    await refuses(signedData({ signers: [signer] }), 'signer-info-invalid');
  });
});

it('a signer who signed another type of content is nobody’s', async () => {
  const { certificate } = scene.taro;
  const signer = decodeSignerInfo(leg.signerInfo);
  const expected = { eContentDigest: undefined, certificate: certificate.der, publicKey: certificate.publicKey };
  await verifySignerInfo(signer, { ...expected, contentType: OID.authEnvelopedData });
  await expect(verifySignerInfo(signer, { ...expected, contentType: OID.directoryIndex })).rejects.toMatchObject(refusal('content-type-mismatch'));
});
