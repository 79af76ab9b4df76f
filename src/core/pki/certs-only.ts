/** "certs-only" messages: a SignedData that signs nothing and carries certificates (RFC 5652 §5.1, RFC 7030 §4.1.3). */
import { Certificate, ContentInfo, EncapsulatedContentInfo, SignedData } from 'pkijs';
import { type Bytes, compare, equal } from '../bytes.ts';
import { TAG, contextTag, readDer, readSequence } from '../der.ts';
import { SsmaxError, refused } from '../error.ts';
import { OID } from '../oids.ts';
import { MAX_CERTIFICATE } from './certificate.ts';
import { toDer } from './encode.ts';
import { reading } from './failures.ts';

const MAX_CERTIFICATES = 16;
const CERTIFICATES = contextTag(0);

/** DER ContentInfo with these DER certificates in the order of a SET OF, so readers must find their own by its key. Throws `certs-only-malformed`. */
export function encodeCertsOnly(certificates: readonly Bytes[]): Bytes {
  const sorted = [...certificates].sort(compare);
  const signedData = new SignedData({
    version: 1,
    digestAlgorithms: [],
    encapContentInfo: new EncapsulatedContentInfo({ eContentType: OID.data }),
    certificates: sorted.map((der) => Certificate.fromBER(der)),
    signerInfos: [],
  });
  const der = toDer(new ContentInfo({ contentType: OID.signedData, content: signedData.toSchema() }).toSchema());
  // PKI.js takes a certificate apart and puts it together again: not a byte of it may change.
  if (!decodeCertsOnly(der).every((one, i) => equal(one, sorted[i] ?? new Uint8Array()))) throw new SsmaxError('fault', 'certs-only-changed');
  return der;
}

/** The DER certificates, at most 16 and at least one, unread. Throws `certs-only-malformed`. */
export function decodeCertsOnly(der: Uint8Array): readonly Bytes[] {
  if (der.length > MAX_CERTIFICATES * MAX_CERTIFICATE) throw refused('certs-only-malformed', { what: 'too large' });
  return reading('certs-only-malformed', () =>
    readDer(Uint8Array.from(der), (cursor) => readSequence(cursor, (info) => {
      expectOid(info.oid(), OID.signedData);
      return readSequence(info, (explicit) => readSequence(explicit, (signed) => {
        if (signed.small() !== 1) throw refused('der-invalid', { what: 'version' });
        readSequence(signed, () => undefined, TAG.set);
        readSequence(signed, (content) => expectOid(content.oid(), OID.data));
        const certificates = readSequence(signed, (set) => set.setList((_, { full }) => full, MAX_CERTIFICATES), CERTIFICATES);
        readSequence(signed, () => undefined, TAG.set);
        if (certificates.length === 0) throw refused('der-invalid', { what: 'no certificate' });
        return certificates;
      }), contextTag(0));
    })));
}

function expectOid(found: string, expected: string): void {
  if (found !== expected) throw refused('der-invalid', { what: `object identifier ${found}` });
}
