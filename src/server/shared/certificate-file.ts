/** Certificates in PEM files, as configurations name them. */
import { readFileSync } from 'node:fs';
import { SsmaxError } from '../../core/error.ts';
import { type Certificate, parseCertificate } from '../../core/pki/certificate.ts';
import { decodePem } from '../../core/pki/pem.ts';

/** The first certificate of a PEM file. Throws `certificate-file-unusable` (fault). */
export function readCertificateFile(file: string): Certificate {
  try {
    const [block] = decodePem(readFileSync(file, 'utf8'), 'CERTIFICATE');
    if (block === undefined) throw new SsmaxError('fault', 'certificate-missing');
    return parseCertificate(block.der);
  } catch (cause) {
    throw new SsmaxError('fault', 'certificate-file-unusable', { file }, { cause });
  }
}
