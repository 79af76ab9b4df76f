/**
 * A detached signature as S/MIME clients expect it (RFC 8551 §3.5.3, RFC 5652): SignedData version 1 without content, its one
 * SignerInfo named by issuer and serial number, the form that every client knows. Written only: what others sign is judged by
 * src/server/shared/smime.ts.
 */
import { type Bytes, fromHex } from '../bytes.ts';
import { contextTag, integer, octetString, oid, readDer, sequence, setOf, TAG, tlv } from '../der.ts';
import { signatureToDer } from '../ecdsa.ts';
import { OID } from '../oids.ts';
import type { Certificate } from '../pki/certificate.ts';
import { ECDSA_SHA256, SHA256 } from './algorithms.ts';

/**
 * DER ContentInfo{SignedData}.
 *
 * @param signedAttrs DER SET OF, over content type id-data (src/core/cms/signed-data.ts)
 * @param signature r ‖ s over it, 64 bytes
 * @param chain DER certificates beside the signer's
 */
export function encodeDetachedSignature(
  { signer, signedAttrs, signature, chain }: { signer: Certificate; signedAttrs: Bytes; signature: Bytes; chain: readonly Bytes[] },
): Bytes {
  const attrs = signedAttrs.slice();
  attrs[0] = contextTag(0);
  const certificates = readDer(setOf(signer.der, ...chain), (cursor) => cursor.element(TAG.set).content);
  return sequence(oid(OID.signedData), tlv(contextTag(0), sequence(
    integer(1),
    setOf(SHA256),
    sequence(oid(OID.data)),
    tlv(contextTag(0), certificates),
    setOf(sequence(
      integer(1), sequence(signer.issuerDer, tlv(TAG.integer, fromHex(signer.serial))), SHA256, attrs, ECDSA_SHA256, octetString(signatureToDer(signature)),
    )),
  )));
}
