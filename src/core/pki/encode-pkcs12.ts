/** Writing PKCS#12 backups (RFC 7292) with PKI.js. The key comes encrypted: nothing here derives, encrypts or signs. */
import { BmpString, Null, OctetString, Sequence } from 'asn1js';
import {
  AlgorithmIdentifier, Attribute, AuthenticatedSafe, CertBag, ContentInfo, DigestInfo, MacData, PBES2Params, PBKDF2Params, PFX, PKCS8ShroudedKeyBag,
  SafeBag, SafeContents,
} from 'pkijs';
import { type Bytes, compare } from '../bytes.ts';
import { OID } from '../oids.ts';
import { toDer } from './encode.ts';
import { PKCS12_OID } from './object-identifiers.ts';

/** A private key in PBES2 with PBKDF2-HMAC-SHA256 and AES-256-CBC. */
export interface EncryptedKey {
  readonly salt: Bytes;
  readonly iterations: number;
  readonly iv: Bytes;
  readonly ciphertext: Bytes;
}

export interface BackupContents {
  readonly key: EncryptedKey;
  /** DER; the first is the key's own. */
  readonly certificates: readonly Bytes[];
  readonly friendlyName: string;
  /** Joins key and certificate. */
  readonly localKeyId: Bytes;
}

/** DER AuthenticatedSafe: the certificates in one part, the key in another. */
export function safeToBeAuthenticated({ key, certificates, friendlyName, localKeyId }: BackupContents): Bytes {
  const attributes = [
    new Attribute({ type: PKCS12_OID.friendlyName, values: [new BmpString({ value: friendlyName })] }),
    new Attribute({ type: PKCS12_OID.localKeyId, values: [octets(localKeyId)] }),
  ].sort((a, b) => compare(toDer(a.toSchema()), toDer(b.toSchema()))); // PKI.js does not sort sets
  const certificateBags = certificates.map((der, index) => new SafeBag({
    bagId: PKCS12_OID.certBag,
    bagValue: new CertBag({ certId: PKCS12_OID.x509Certificate, certValue: octets(der) }),
    ...(index === 0 ? { bagAttributes: attributes } : {}),
  }));
  const keyBag = new SafeBag({
    bagId: PKCS12_OID.shroudedKeyBag,
    bagValue: new PKCS8ShroudedKeyBag({ encryptionAlgorithm: pbes2(key), encryptedData: octets(key.ciphertext) }),
    bagAttributes: attributes,
  });
  const safeContents = [certificateBags, [keyBag]].map((safeBags) => data(toDer(new SafeContents({ safeBags }).toSchema())));
  return toDer(new AuthenticatedSafe({ safeContents }).toSchema());
}

/** DER PFX around an AuthenticatedSafe and its PBMAC1 (RFC 9579 §4) with PBKDF2 and HMAC-SHA256. */
export function authenticatedBackup(safe: Bytes, mac: { readonly digest: Bytes; readonly salt: Bytes; readonly iterations: number }): Bytes {
  const parameters = new Sequence({ value: [pbkdf2(mac).toSchema(), withNull(PKCS12_OID.hmacSha256).toSchema()] });
  const digestAlgorithm = new AlgorithmIdentifier({ algorithmId: PKCS12_OID.pbmac1, algorithmParams: parameters });
  const digest = new DigestInfo({ digestAlgorithm, digest: octets(mac.digest) });
  // Those of MacData itself mean nothing here, but a salt must stand there: OpenSSL's habit is to say them again.
  const macData = new MacData({ mac: digest, macSalt: octets(mac.salt), iterations: mac.iterations });
  return toDer(new PFX({ version: 3, authSafe: data(safe), macData }).toSchema());
}

function pbes2({ salt, iterations, iv }: EncryptedKey): AlgorithmIdentifier {
  const parameters = new PBES2Params({
    keyDerivationFunc: pbkdf2({ salt, iterations }),
    encryptionScheme: new AlgorithmIdentifier({ algorithmId: PKCS12_OID.aes256Cbc, algorithmParams: octets(iv) }),
  });
  return new AlgorithmIdentifier({ algorithmId: PKCS12_OID.pbes2, algorithmParams: parameters.toSchema() });
}

/** With the length of the key, which PBMAC1 wants and PBES2 allows. */
function pbkdf2({ salt, iterations }: { readonly salt: Bytes; readonly iterations: number }): AlgorithmIdentifier {
  const parameters = new PBKDF2Params({ salt: octets(salt), iterationCount: iterations, keyLength: 32, prf: withNull(PKCS12_OID.hmacSha256) });
  return new AlgorithmIdentifier({ algorithmId: PKCS12_OID.pbkdf2, algorithmParams: parameters.toSchema() });
}

function data(content: Bytes): ContentInfo {
  return new ContentInfo({ contentType: OID.data, content: octets(content) });
}

function octets(valueHex: Bytes): OctetString {
  return new OctetString({ valueHex });
}

function withNull(algorithmId: string): AlgorithmIdentifier {
  return new AlgorithmIdentifier({ algorithmId, algorithmParams: new Null() });
}
