/** Whom a mail may be sealed for, and the organisation that takes it from its sender. */
import { refused, SsmaxError } from '../core/error.ts';
import { type Certificate, parseCertificate } from '../core/pki/certificate.ts';
import { validatePath } from '../core/pki/path.ts';
import { domainOf } from '../mail/address.ts';
import { organisationOfDomain } from '../wire/directory.ts';
import { requireCertifiedFor, type Trust } from './trust.ts';

/**
 * All inside SSMAX or nothing: a mix is never silently downgraded. Throws `no-recipients`, `recipients-outside`,
 * `recipients-mixed` with the addresses outside.
 */
export function requireInside(recipients: readonly string[], { directory }: Trust): void {
  if (recipients.length === 0) throw refused('no-recipients');
  const outside = recipients.filter((address) => organisationOfDomain(directory, domainOf(address)) === undefined);
  if (outside.length === 0) return;
  throw refused(outside.length === recipients.length ? 'recipients-outside' : 'recipients-mixed', { addresses: [...new Set(outside)].join(', ') });
}

/**
 * The certificate of the sender's own organisation, as the directory has it now: checked up to the root, and certified by
 * it for the sender's domain, as a directory alone could name another organisation to seal to. Throws
 * `organisation-unknown` (unavailable: it was known when the sender enrolled), `certificate-name-constraint`, and what
 * validatePath throws.
 */
export async function organisationOfSender(address: string, trust: Trust, now: Date): Promise<Certificate> {
  const entry = organisationOfDomain(trust.directory, domainOf(address));
  if (entry === undefined) throw new SsmaxError('unavailable', 'organisation-unknown', { domain: domainOf(address) });
  const certificate = parseCertificate(entry.certificate);
  await validatePath({ leaf: certificate, intermediates: [], root: trust.root, at: now, role: 'organisation' });
  requireCertifiedFor(certificate, domainOf(address));
  return certificate;
}
