/**
 * Object identifiers in dotted form. SSMAX's own hang under one UUID-based arc (ITU-T X.667, 2.25): no registration is
 * needed and none can collide. docs/protocol.md lists them all.
 */
const ARC = '2.25.223308392984215074480391359931739753654';

export const OID = {
  // SSMAX algorithms
  kemSsmaxP256: `${ARC}.1.1`,
  // SSMAX attributes
  leg: `${ARC}.2.1`,
  gatewaySignature: `${ARC}.2.2`,
  cekCommitment: `${ARC}.2.3`,
  // SSMAX roles (extended key usage)
  roleUser: `${ARC}.3.1`,
  roleGateway: `${ARC}.3.2`,
  roleInspection: `${ARC}.3.3`,
  roleDelegate: `${ARC}.3.4`,
  roleKeyServer: `${ARC}.3.5`,
  roleMailSigner: `${ARC}.3.6`,
  // SSMAX content types of signed objects
  verdict: `${ARC}.4.1`,
  userRequest: `${ARC}.4.3`,
  organisationAnswer: `${ARC}.4.4`,
  outsideReport: `${ARC}.4.20`,
  report: `${ARC}.4.10`,
  statement: `${ARC}.4.11`,
  directoryIndex: `${ARC}.4.12`,
  // What a sealed part of a mixed mail can be beside an AuthEnvelopedData
  forwarded: `${ARC}.5.1`,
  // CMS content types (RFC 5652, RFC 5083)
  data: '1.2.840.113549.1.7.1',
  signedData: '1.2.840.113549.1.7.2',
  authEnvelopedData: '1.2.840.113549.1.9.16.1.23',
  // CMS attributes (RFC 5652 §11, RFC 5035)
  contentType: '1.2.840.113549.1.9.3',
  messageDigest: '1.2.840.113549.1.9.4',
  signingTime: '1.2.840.113549.1.9.5',
  signingCertificateV2: '1.2.840.113549.1.9.16.2.47',
  // Algorithms
  sha256: '2.16.840.1.101.3.4.2.1',
  ecdsaWithSha256: '1.2.840.10045.4.3.2',
  ecPublicKey: '1.2.840.10045.2.1',
  prime256v1: '1.2.840.10045.3.1.7',
  aes256Gcm: '2.16.840.1.101.3.4.1.46',
  aes256Wrap: '2.16.840.1.101.3.4.1.45',
  oriKem: '1.2.840.113549.1.9.16.13.3',
  hkdfSha256: '1.2.840.113549.1.9.16.3.28',
  cekHkdfSha256: '1.2.840.113549.1.9.16.3.31',
} as const;
