import { OID } from '../oids.ts';

/** Object identifiers that only certificates, CRLs and requests use (RFC 5280, RFC 2986, ETSI EN 319 412-1). */
export const PKI_OID = {
  // Attribute types of names
  commonName: '2.5.4.3',
  country: '2.5.4.6',
  organisation: '2.5.4.10',
  pseudonym: '2.5.4.65',
  organisationId: '2.5.4.97',
  // Certificate extensions
  subjectKeyIdentifier: '2.5.29.14',
  keyUsage: '2.5.29.15',
  subjectAltName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  nameConstraints: '2.5.29.30',
  crlDistributionPoints: '2.5.29.31',
  authorityKeyIdentifier: '2.5.29.35',
  extendedKeyUsage: '2.5.29.37',
  // CRL and CRL entry extensions
  crlNumber: '2.5.29.20',
  reasonCode: '2.5.29.21',
  invalidityDate: '2.5.29.24',
  // Extended key usages beside SSMAX's roles
  serverAuth: '1.3.6.1.5.5.7.3.1',
  clientAuth: '1.3.6.1.5.5.7.3.2',
  emailProtection: '1.3.6.1.5.5.7.3.4',
  // PKCS#10
  extensionRequest: '1.2.840.113549.1.9.14',
} as const;

/** Object identifiers of PKCS#12 backups (RFC 7292, RFC 8018). */
export const PKCS12_OID = {
  encryptedData: '1.2.840.113549.1.7.6',
  pbes2: '1.2.840.113549.1.5.13',
  pbmac1: '1.2.840.113549.1.5.14',
  pbkdf2: '1.2.840.113549.1.5.12',
  hmacSha256: '1.2.840.113549.2.9',
  aes256Cbc: '2.16.840.1.101.3.4.1.42',
  shroudedKeyBag: '1.2.840.113549.1.12.10.1.2',
  certBag: '1.2.840.113549.1.12.10.1.3',
  x509Certificate: '1.2.840.113549.1.9.22.1',
  friendlyName: '1.2.840.113549.1.9.20',
  localKeyId: '1.2.840.113549.1.9.21',
} as const;

/** What a certificate may act as. `organisation` is told by being a CA under the root, the others by an EKU. */
export type Role = 'user' | 'gateway' | 'inspection' | 'delegate' | 'key-server' | 'mail-signer';
export type CertificateRole = Role | 'organisation';

export const ROLE_OID: Readonly<Record<Role, string>> = {
  user: OID.roleUser,
  gateway: OID.roleGateway,
  inspection: OID.roleInspection,
  delegate: OID.roleDelegate,
  'key-server': OID.roleKeyServer,
  'mail-signer': OID.roleMailSigner,
};
