/** Whom a mail may be sealed for, and the organisation that takes it from its sender. */
import { refused, SsmaxError } from '../core/error.ts';
import { type Certificate, parseCertificate } from '../core/pki/certificate.ts';
import { validatePath } from '../core/pki/path.ts';
import { domainOf } from '../mail/address.ts';
import { matchesDomain } from '../wire/sending-policy.ts';
import type { Directory } from './directory-files.ts';
import { requireCertifiedFor, type Trust } from './trust.ts';

/** Those of the addresses that belong to no organisation in SSMAX. */
export async function outsideAmong(addresses: readonly string[], directory: Directory): Promise<string[]> {
  const unique = [...new Set(addresses)];
  const organisations = await Promise.all(unique.map((address) => directory.byDomain(domainOf(address))));
  return unique.filter((_, i) => organisations[i] === undefined);
}

/** Whether one of the addresses belongs to no organisation in SSMAX. */
export async function someOutside(addresses: readonly string[], directory: Directory): Promise<boolean> {
  return (await outsideAmong(addresses, directory)).length > 0;
}

/**
 * How a mail may go to these recipients: `protected` where all are in SSMAX, `signed-only` where none is and the policy allows it
 * for all of their domains. A mix is never silently downgraded.
 *
 * @param signedOnly patterns as in src/wire/sending-policy.ts; nothing goes outside unless they are given
 * @throws SsmaxError `no-recipients`; `recipients-mixed` with those outside, `recipients-outside` with those that may not be written to
 */
export async function formFor(recipients: readonly string[], { directory }: Pick<Trust, 'directory'>, signedOnly: readonly string[] = []): Promise<'protected' | 'signed-only'> {
  if (recipients.length === 0) throw refused('no-recipients');
  const outside = await outsideAmong(recipients, directory);
  if (outside.length === 0) return 'protected';
  if (outside.length < new Set(recipients).size) throw refused('recipients-mixed', { addresses: outside.join(', ') });
  const denied = outside.filter((address) => !matchesDomain(signedOnly, domainOf(address)));
  if (denied.length > 0) throw refused('recipients-outside', { addresses: denied.join(', ') });
  return 'signed-only';
}

/**
 * The certificate of the sender's own organisation, as the directory has it now: checked up to the root, and certified by
 * it for the sender's domain, as a directory alone could name another organisation to seal to. Throws
 * `organisation-unknown` (unavailable: it was known when the sender enrolled), `certificate-name-constraint`, and what
 * validatePath throws.
 */
export async function organisationOfSender(address: string, trust: Trust, now: Date): Promise<Certificate> {
  const entry = await trust.directory.byDomain(domainOf(address));
  if (entry === undefined) throw new SsmaxError('unavailable', 'organisation-unknown', { domain: domainOf(address) });
  const certificate = parseCertificate(entry.certificate);
  await validatePath({ leaf: certificate, intermediates: [], root: trust.roots, at: now, role: 'organisation' });
  requireCertifiedFor(certificate, domainOf(address));
  return certificate;
}
