/**
 * What a certificate of each role looks like: one table for issuing and for checking, so that neither knows a form the
 * other does not.
 */
import { type Bytes, equal } from '../bytes.ts';
import { refused, type SsmaxError } from '../error.ts';
import type { Certificate } from './certificate.ts';
import type { Usage } from './extensions.ts';
import { type CertificateRole, PKI_OID, ROLE_OID } from './object-identifiers.ts';

interface RoleProfile {
  readonly usages: readonly Usage[];
  /** Extended key usages in dotted form, exactly these; empty: no extension. */
  readonly extended: readonly string[];
  readonly issuer: 'root' | 'organisation';
}

export const ROOT_USAGES: readonly Usage[] = ['keyCertSign', 'cRLSign'];
export const ROOT_PATH_LENGTH = 1;

export const PROFILES: Readonly<Record<CertificateRole, RoleProfile>> = {
  delegate: { usages: ['digitalSignature', 'cRLSign'], extended: [ROLE_OID.delegate], issuer: 'root' },
  organisation: { usages: ['digitalSignature', 'keyAgreement', 'keyCertSign', 'cRLSign'], extended: [], issuer: 'root' },
  user: { usages: ['digitalSignature', 'keyAgreement'], extended: [ROLE_OID.user, PKI_OID.emailProtection], issuer: 'organisation' },
  // Signs S/MIME for readers outside SSMAX, and nothing that SSMAX itself believes.
  'mail-signer': { usages: ['digitalSignature'], extended: [ROLE_OID['mail-signer'], PKI_OID.emailProtection], issuer: 'organisation' },
  gateway: { usages: ['digitalSignature'], extended: [ROLE_OID.gateway, PKI_OID.serverAuth, PKI_OID.clientAuth], issuer: 'organisation' },
  inspection: {
    usages: ['digitalSignature', 'keyAgreement'],
    extended: [ROLE_OID.inspection, PKI_OID.serverAuth, PKI_OID.clientAuth],
    issuer: 'organisation',
  },
  'key-server': { usages: ['digitalSignature'], extended: [ROLE_OID['key-server'], PKI_OID.serverAuth, PKI_OID.clientAuth], issuer: 'organisation' },
};

function sameSet(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((one) => b.includes(one));
}

function outside(role: CertificateRole | 'root', what: string): SsmaxError {
  return refused('certificate-profile', { role, what });
}

/**
 * Throws `certificate-role` if the certificate is one of another role (or of several), `certificate-profile` if it is
 * meant for `role` but not formed as the profile says.
 */
export function checkProfile(certificate: Certificate, role: CertificateRole): void {
  const { isCa, roles, emails, dnsNames, nameConstraints, subject } = certificate;
  const found = isCa ? 'organisation' : roles[0];
  if (found !== role || roles.length !== (isCa ? 0 : 1)) throw refused('certificate-role', { expected: role, found: found ?? 'none' });
  const { usages, extended } = PROFILES[role];
  if (!sameSet(certificate.keyUsage, usages)) throw outside(role, 'key usage');
  if (!sameSet(certificate.extendedKeyUsages, extended)) throw outside(role, 'extended key usage');
  if (isCa !== (nameConstraints !== undefined)) throw outside(role, 'name constraints');
  const hasAddress = role === 'user' || role === 'mail-signer';
  const isServer = !hasAddress && PROFILES[role].issuer === 'organisation';
  // Exactly one address; more would let a signature speak for several senders.
  if (emails.length !== (hasAddress ? 1 : 0)) throw outside(role, 'number of addresses');
  if (dnsNames.length > 0 !== isServer) throw outside(role, 'host names');
  if (subject.commonName === undefined) throw outside(role, 'common name');
  if (role !== 'delegate' && (subject.organisation === undefined || subject.organisationId === undefined)) throw outside(role, 'organisation');
  if (isCa && certificate.pathLength !== 0) throw outside(role, 'path length');
}

/** Throws `certificate-role` or `certificate-profile` unless the certificate is formed as an Authority's root. */
export function checkRootProfile(root: Certificate): void {
  if (!root.isCa || !isSelfIssued(root)) throw refused('certificate-role', { expected: 'root', found: root.isCa ? 'organisation' : 'none' });
  if (!sameSet(root.keyUsage, ROOT_USAGES)) throw outside('root', 'key usage');
  if (root.pathLength !== ROOT_PATH_LENGTH) throw outside('root', 'path length');
  if (root.nameConstraints !== undefined || root.extendedKeyUsages.length > 0 || root.emails.length + root.dnsNames.length > 0) {
    throw outside('root', 'extensions');
  }
}

/** Subject equals issuer and the key is its own issuer: a root. (A delegate has the root's name, but another key.) */
function isSelfIssued(certificate: Certificate): boolean {
  return (
    equal(certificate.subjectDer, certificate.issuerDer) &&
    equal(certificate.subjectKeyIdentifier, certificate.authorityKeyIdentifier)
  );
}

/** Whether `issuer` is named as the issuer of what carries `issuerDer` and `authorityKeyIdentifier`. */
export function names(issuer: Certificate, child: { readonly issuerDer: Bytes; readonly authorityKeyIdentifier: Bytes }): boolean {
  return equal(issuer.subjectDer, child.issuerDer) && equal(issuer.subjectKeyIdentifier, child.authorityKeyIdentifier);
}
