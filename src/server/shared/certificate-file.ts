/** Certificates in PEM files, as configurations name them. */
import { readFileSync } from 'node:fs';
import { type Bytes, concat } from '../../core/bytes.ts';
import { SsmaxError } from '../../core/error.ts';
import { type Certificate, parseCertificate } from '../../core/pki/certificate.ts';
import { decodePem } from '../../core/pki/pem.ts';
import { parsePins } from '../../flow/trust.ts';

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

/** What a PEM file pins (parsePins): all its certificates, DER, one after the other. Throws `certificate-file-unusable` (fault). */
export function readPins(file: string): Bytes {
  try {
    const pins = concat(...decodePem(readFileSync(file, 'utf8'), 'CERTIFICATE').map(({ der }) => der));
    parsePins(pins);
    return pins;
  } catch (cause) {
    throw new SsmaxError('fault', 'certificate-file-unusable', { file }, { cause });
  }
}
