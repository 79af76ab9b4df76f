/** The form of test/vectors/pki.json. Bytes are base64, digests and keys hexadecimal, times ISO 8601; `expected` is `ok` or an error code. */
import type { Subject } from '../../../src/core/pki/names.ts';
import type { CertificateRole } from '../../../src/core/pki/object-identifiers.ts';

interface Vector {
  readonly name: string;
  readonly expected: string;
}

export interface CertificateVector extends Vector {
  readonly der: string;
  readonly fields?: Readonly<Record<string, unknown>>;
}

export interface PathVector extends Vector {
  readonly leaf: string;
  readonly intermediates: readonly string[];
  readonly root: string;
  readonly at: string;
  readonly role: CertificateRole;
}

/** `expected` is `good`, `revoked` or an error code. */
export interface CrlVector extends Vector {
  readonly crl: string;
  readonly certificate: string;
  readonly issuer: string;
  readonly at: string;
  readonly revocation?: { readonly date: string; readonly invalidityDate?: string; readonly reason: string };
}

export interface CsrVector extends Vector {
  readonly der: string;
  readonly fields?: { readonly publicKey: string; readonly emails: readonly string[] } & Pick<Subject, 'commonName'>;
}

export interface PkiVectors {
  readonly certificates: readonly CertificateVector[];
  readonly paths: readonly PathVector[];
  readonly crls: readonly CrlVector[];
  readonly csrs: readonly CsrVector[];
  readonly certsOnly: readonly { readonly name: string; readonly der: string; readonly certificates: readonly string[] }[];
}
