/**
 * SignedData (RFC 5652 §5) in the SSMAX profile: one SignerInfo by subject key identifier, signed attributes always,
 * ECDSA P-256 with SHA-256, encapsulated content always, one possible unsigned attribute (the gateway's signature).
 * DER only; certificates are carried, never searched elsewhere.
 */
import { type Bytes, concat, equal } from '../bytes.ts';
import type { DerCursor} from '../der.ts';
import {
  contextTag, framed, integer, octetString, oid, readDer, readSequence, rfc5280Time, sequence, setOf, TAG, tlv,
} from '../der.ts';
import { lengthPrefixed, sha256 } from '../digest.ts';
import { signatureFromDer, signatureToDer, verifyEcdsa } from '../ecdsa.ts';
import { refused } from '../error.ts';
import type { PrivateKey } from '../keys.ts';
import { OID } from '../oids.ts';
import { ECDSA_SHA256, SHA256 } from './algorithms.ts';

/** Certificates one SignedData may carry: signer, its organisation, its gateway, and one to spare. */
const MAX_CERTIFICATES = 4;
const MAX_ATTRIBUTES = 8;

/** The attributes under the signature, in the only form that this profile writes. */
export interface SignedAttributes {
  readonly contentType: string;
  /** SHA-256 of eContent's value bytes. */
  readonly messageDigest: Bytes;
  readonly signingTime: Date;
  /** SHA-256 of the signer's DER certificate (signing-certificate-v2, RFC 5035 §3). */
  readonly certificateHash: Bytes;
  /** The leg attribute's DER value, if the content is a leg (docs/protocol.md §6). */
  readonly leg?: Bytes;
}

export interface GatewaySignature {
  /** SHA-256 of the gateway's DER SubjectPublicKeyInfo, as the directory lists it. */
  readonly spkiHash: Bytes;
  /** r ‖ s, 64 bytes. */
  readonly signature: Bytes;
}

export interface SignerInfo {
  /** The whole SignerInfo as received. */
  readonly der: Bytes;
  readonly subjectKeyIdentifier: Bytes;
  /** The signed attributes as they are hashed: DER SET OF, tag 0x31. */
  readonly signedAttrs: Bytes;
  readonly attributes: SignedAttributes;
  /** r ‖ s, 64 bytes. */
  readonly signature: Bytes;
  readonly gatewaySignature?: GatewaySignature;
}

export interface SignedData {
  readonly eContentType: string;
  readonly eContent: Bytes;
  /** DER certificates in the order carried. */
  readonly certificates: readonly Bytes[];
  readonly signer: SignerInfo;
}

function attribute(type: string, value: Bytes): Bytes {
  return sequence(oid(type), setOf(value));
}

/** Signed attributes as DER SET OF (tag 0x31): what is signed. */
export function encodeSignedAttributes(attributes: SignedAttributes): Bytes {
  const all = [
    attribute(OID.contentType, oid(attributes.contentType)),
    attribute(OID.messageDigest, octetString(attributes.messageDigest)),
    attribute(OID.signingTime, rfc5280Time(attributes.signingTime)),
    attribute(OID.signingCertificateV2, sequence(sequence(sequence(octetString(attributes.certificateHash))))),
  ];
  if (attributes.leg !== undefined) all.push(attribute(OID.leg, attributes.leg));
  return setOf(...all);
}

/** Reads signed attributes from their DER SET OF; anything missing, doubled or unknown is `signed-attributes-invalid`. */
export function decodeSignedAttributes(der: Bytes): SignedAttributes {
  const values = new Map<string, Bytes>();
  readDer(der, (cursor) => {
    readSequence(cursor, (set) => {
      set.setList((item) => readSequence(item, (inner) => {
        const type = inner.oid();
        if (values.has(type)) throw refused('signed-attributes-invalid', { attribute: type });
        values.set(type, readSequence(inner, (one) => one.element().full, TAG.set));
      }), MAX_ATTRIBUTES);
    }, TAG.set);
  });
  const take = <T>(type: string, read: (cursor: DerCursor) => T): T => {
    const value = values.get(type);
    if (value === undefined) throw refused('signed-attributes-invalid', { attribute: type });
    values.delete(type);
    return readDer(value, read);
  };
  const contentType = take(OID.contentType, (c) => c.oid());
  const messageDigest = take(OID.messageDigest, (c) => c.octets(32));
  const signingTime = take(OID.signingTime, (c) => c.rfc5280Time());
  const certificateHash = take(OID.signingCertificateV2, (c) =>
    readSequence(c, (v2) => readSequence(v2, (certs) => readSequence(certs, (id) => id.octets(32)))));
  const leg = values.get(OID.leg);
  values.delete(OID.leg);
  const [unknown] = values.keys();
  if (unknown !== undefined) throw refused('signed-attributes-invalid', { attribute: unknown });
  return { contentType, messageDigest, signingTime, certificateHash, ...(leg !== undefined && { leg }) };
}

/** Encodes a SignerInfo (version 3: by subject key identifier). `signature` is r ‖ s. */
export function encodeSignerInfo(
  subjectKeyIdentifier: Bytes, signedAttrs: Bytes, signature: Bytes, gateway?: GatewaySignature,
): Bytes {
  const attrs = signedAttrs.slice();
  attrs[0] = contextTag(0);
  const unsigned = gateway === undefined ? [] : [tlv(contextTag(1), encodeGatewaySignature(gateway))];
  return sequence(
    integer(3), tlv(contextTag(0, false), subjectKeyIdentifier), SHA256, attrs, ECDSA_SHA256,
    octetString(signatureToDer(signature)), ...unsigned,
  );
}

function encodeGatewaySignature(gateway: GatewaySignature): Bytes {
  return attribute(OID.gatewaySignature, sequence(octetString(gateway.spkiHash), octetString(signatureToDer(gateway.signature))));
}

/** Reads one SignerInfo that fills `der`. */
export function decodeSignerInfo(der: Bytes): SignerInfo {
  return readDer(der, readSignerInfo);
}

function readSignerInfo(cursor: DerCursor): SignerInfo {
  const { full } = cursor.element(TAG.sequence);
  return readDer(full, (outer) => readSequence(outer, (c) => {
    if (c.small() !== 3) throw refused('signer-info-invalid', { what: 'version' });
    const subjectKeyIdentifier = c.octets(20, contextTag(0, false));
    if (!equal(c.element().full, SHA256)) throw refused('signer-info-invalid', { what: 'digest algorithm' });
    if (c.peek() !== contextTag(0)) throw refused('signed-attributes-missing');
    const signedAttrs = c.element().full.slice();
    signedAttrs[0] = TAG.set;
    if (!equal(c.element().full, ECDSA_SHA256)) throw refused('signer-info-invalid', { what: 'signature algorithm' });
    const signature = signatureFromDer(c.octets());
    const gatewaySignature = c.done ? undefined : readSequence(c, readGatewaySignature, contextTag(1));
    return {
      der: full, subjectKeyIdentifier, signedAttrs, attributes: decodeSignedAttributes(signedAttrs), signature,
      ...(gatewaySignature !== undefined && { gatewaySignature }),
    };
  }));
}

function readGatewaySignature(c: DerCursor): GatewaySignature {
  return readSequence(c, (attr) => {
    if (attr.oid() !== OID.gatewaySignature) throw refused('signer-info-invalid', { what: 'unsigned attribute' });
    return readSequence(attr, (set) => readSequence(set, (value) =>
      ({ spkiHash: value.octets(32), signature: signatureFromDer(value.octets()) })), TAG.set);
  });
}

/** Assembles ContentInfo{SignedData}; eContent, in one or in pieces, is copied once. */
export function encodeSignedData(
  { eContentType, eContent, certificates, signerInfo }:
  { eContentType: string; eContent: Bytes | readonly Uint8Array[]; certificates: readonly Bytes[]; signerInfo: Bytes },
): Bytes {
  const octets = framed(TAG.octetString, ...(ArrayBuffer.isView(eContent) ? [eContent] : eContent));
  return sequence(
    oid(OID.signedData),
    ...framed(contextTag(0), ...framed(
      TAG.sequence,
      integer(3),
      setOf(SHA256),
      ...framed(TAG.sequence, oid(eContentType), ...framed(contextTag(0), ...octets)),
      tlv(contextTag(0), ...sortedSet(certificates)),
      setOf(signerInfo),
    )),
  );
}

function sortedSet(elements: readonly Bytes[]): Bytes[] {
  // setOf sorts; its content bytes are the concatenation this implicit tag needs
  return [readDer(setOf(...elements), (c) => c.element(TAG.set).content)];
}

/**
 * Reads ContentInfo{SignedData} of the profile. `signature-missing` where it has no SignerInfo, `signer-count` where it
 * has several; other content types are `cms-type`; any other deviation `der-invalid` or `signer-info-invalid`.
 */
export function parseSignedData(der: Bytes): SignedData {
  return readDer(der, (cursor) => readSequence(cursor, (info) => {
    const type = info.oid();
    if (type !== OID.signedData) throw refused('cms-type', { type });
    return readSequence(info, (explicit) => readSequence(explicit, readSigned), contextTag(0));
  }));
}

function readSigned(c: DerCursor): SignedData {
  if (c.small() !== 3) throw refused('signed-data-invalid', { what: 'version' });
  readSequence(c, (set) => {
    if (!equal(set.element().full, SHA256)) throw refused('signed-data-invalid', { what: 'digest algorithm' });
  }, TAG.set);
  const { eContentType, eContent } = readSequence(c, (encap) => {
    const type = encap.oid();
    if (encap.done) throw refused('content-detached');
    return { eContentType: type, eContent: readSequence(encap, (e) => e.octets(), contextTag(0)) };
  });
  const certificates = c.enterOptional(contextTag(0))?.setList((item) => item.element(TAG.sequence).full, MAX_CERTIFICATES) ?? [];
  const signers = readSequence(c, (set) => set.list((item) => item.element(TAG.sequence).full, 16), TAG.set);
  const [only, ...others] = signers;
  if (only === undefined) throw refused('signature-missing');
  if (others.length > 0) throw refused('signer-count', { count: signers.length });
  return { eContentType, eContent, certificates, signer: decodeSignerInfo(only) };
}

/** What the gateway signs beside the organisation: a domain tag and the same signed attributes. */
export function gatewaySignatureInput(signedAttrs: Bytes): Bytes {
  return concat(lengthPrefixed('SSMAX-v1/gateway-signature'), signedAttrs);
}

/** Signs `eContent` under a content type of its own: the one form of every signed SSMAX object that is no leg. */
export async function signObject(
  content: { type: string; value: Bytes; signingTime: Date },
  signer: { key: PrivateKey; certificate: Bytes; subjectKeyIdentifier: Bytes; chain?: readonly Bytes[] },
): Promise<Bytes> {
  const signedAttrs = encodeSignedAttributes({
    contentType: content.type,
    messageDigest: await sha256(content.value),
    signingTime: content.signingTime,
    certificateHash: await sha256(signer.certificate),
  });
  const signature = await signer.key.sign(signedAttrs);
  return encodeSignedData({
    eContentType: content.type,
    eContent: content.value,
    certificates: [signer.certificate, ...(signer.chain ?? [])],
    signerInfo: encodeSignerInfo(signer.subjectKeyIdentifier, signedAttrs, signature),
  });
}

/**
 * Checks a SignerInfo against the signer's certificate and the content: certificate hash, content type, message digest,
 * signature. Says nothing about the certificate itself. `eContentDigest` is SHA-256 of eContent, or undefined where the
 * caller never sees the content (the key server, which has the digest from the signed attributes only).
 */
export async function verifySignerInfo(
  signer: SignerInfo,
  expected: { contentType: string; eContentDigest: Bytes | undefined; certificate: Bytes; publicKey: Bytes },
): Promise<void> {
  const { attributes } = signer;
  if (attributes.contentType !== expected.contentType) throw refused('content-type-mismatch');
  if (!equal(attributes.certificateHash, await sha256(expected.certificate))) throw refused('signer-certificate-mismatch');
  if (expected.eContentDigest !== undefined && !equal(attributes.messageDigest, expected.eContentDigest)) {
    throw refused('message-digest-mismatch');
  }
  if (!(await verifyEcdsa(expected.publicKey, signer.signedAttrs, signer.signature))) throw refused('signature-invalid');
}

/**
 * Checks a signed object that is no leg (verdict, directory, request, answer) against its signer's certificate. Beside
 * what `verifySignerInfo` says: the eContentType is the signed one, and there are no attributes that only legs have.
 */
export async function verifySignedObject(
  { eContentType, eContent, signer }: SignedData, expected: { contentType: string; certificate: Bytes; publicKey: Bytes },
): Promise<void> {
  if (eContentType !== expected.contentType) throw refused('content-type-mismatch');
  if (signer.attributes.leg !== undefined) throw refused('signed-attributes-invalid', { attribute: OID.leg });
  if (signer.gatewaySignature !== undefined) throw refused('signer-info-invalid', { what: 'unsigned attribute' });
  await verifySignerInfo(signer, { ...expected, eContentDigest: await sha256(eContent) });
}

/** Whether the gateway with public key `publicKey` (65 bytes) signed the same attributes. */
export async function verifyGatewaySignature(signer: SignerInfo, publicKey: Bytes): Promise<boolean> {
  const gateway = signer.gatewaySignature;
  if (gateway === undefined) return false;
  return verifyEcdsa(publicKey, gatewaySignatureInput(signer.signedAttrs), gateway.signature);
}

