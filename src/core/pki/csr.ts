/**
 * Certification requests (PKCS#10, RFC 2986): a key, the proof that the requester holds it, and wishes. The wishes bind
 * nobody: what is certified comes from the issuer's register.
 */
import type { Bytes } from '../bytes.ts';
import { type DerCursor, TAG, contextTag, readDer, readSequence } from '../der.ts';
import { refused } from '../error.ts';
import { verifyEcdsa } from '../ecdsa.ts';
import type { PrivateKey } from '../keys.ts';
import { type AltNames, readAltNames, readExtensions } from './extensions.ts';
import { reading } from './failures.ts';
import { type Subject, readName } from './names.ts';
import { PKI_OID } from './object-identifiers.ts';
import { readSpki } from './public-key.ts';
import { readSigned, sign } from './signed.ts';

/** Largest request read, in bytes. */
const MAX_CSR = 8 * 1024;

export interface Wishes {
  readonly commonName?: string;
  readonly email?: string;
  readonly dnsNames?: readonly string[];
}

export interface CertificateRequest {
  /** DER SubjectPublicKeyInfo. */
  readonly spki: Bytes;
  /** 65 bytes; the requester has proven to hold the private key. */
  readonly publicKey: Bytes;
  /** As asked for, attributes outside the profile left out. */
  readonly subject: Subject;
  /** As asked for: ASCII, but not normalised. */
  readonly emails: readonly string[];
  readonly dnsNames: readonly string[];
}

/** A DER request signed by the key. Throws `certificate-name` if a name holds what no name shows. */
export async function createCsr(key: PrivateKey, { commonName, email, dnsNames = [] }: Wishes): Promise<Bytes> {
  // Loaded when a certificate is asked for, once a year: PKI.js is larger than all the rest of the add-on.
  const { requestToBeSigned } = await import('./encode.ts');
  const subject = commonName === undefined ? {} : { commonName };
  const der = await sign(requestToBeSigned(key.publicKey, subject, email === undefined ? [] : [email], dnsNames), key);
  await parseCsr(der);
  return der;
}

/**
 * Reads a request and verifies its proof of possession. Throws SsmaxError (`refused`): `csr-too-large`, `csr-malformed`,
 * `csr-algorithm`, `csr-signature`, `certificate-key`, `certificate-name`.
 */
export async function parseCsr(der: Uint8Array): Promise<CertificateRequest> {
  if (der.length > MAX_CSR) throw refused('csr-too-large', { bytes: der.length });
  const own = Uint8Array.from(der);
  const { request, signed } = reading('csr-malformed', () => {
    const parts = readDer(own, (cursor) => readSigned(cursor, 'csr-algorithm'));
    return { signed: parts, request: readDer(parts.tbs, readInfo) };
  });
  if (!(await verifyEcdsa(request.publicKey, signed.tbs, signed.signature))) throw refused('csr-signature');
  return request;
}

function readInfo(cursor: DerCursor): CertificateRequest {
  return readSequence(cursor, (info) => {
    if (info.small() !== 0) throw refused('csr-malformed', { what: 'version' });
    const { subject } = readName(info, false);
    const key = readSpki(info);
    const { emails, dnsNames } = readSequence(info, readAttributes, contextTag(0));
    return { ...key, subject, emails, dnsNames };
  });
}

/** The subjectAltName asked for; other attributes and extensions are passed over. */
function readAttributes(cursor: DerCursor): Pick<AltNames, 'emails' | 'dnsNames'> {
  let found: AltNames | undefined;
  cursor.setList((attribute) => {
    readSequence(attribute, (pair) => {
      const type = pair.oid();
      const values = pair.element(TAG.set).content;
      if (type === PKI_OID.extensionRequest) {
        if (found !== undefined) throw refused('csr-malformed', { what: 'extension request' });
        found = { emails: [], dnsNames: [], others: [] };
        readDer(values, (value) => readExtensions(value, { [PKI_OID.subjectAltName]: (names) => (found = readAltNames(names)) }, false));
      }
    });
  }, 16);
  return found ?? { emails: [], dnsNames: [] };
}
