import { parseCertificate } from '../../src/core/pki/certificate.ts';
import type { IdentityView } from '../host.ts';
import { fingerprint } from '../member/enrol.ts';
import type { StoredIdentity } from '../member/records.ts';
import type { SealParts } from '../member/seal.ts';
import { domainOf } from '../../src/mail/address.ts';

/** An identity for people. Without the directory the organisation has the name in its certificate. */
export async function viewIdentity(member: SealParts, { address, pair, certificate, organisation, backedUpAt }: StoredIdentity): Promise<IdentityView> {
  const own = parseCertificate(certificate);
  const name = parseCertificate(organisation).subject.organisation ?? '';
  const trust = await member.trust.get().catch(() => undefined);
  const entry = await trust?.directory.byDomain(domainOf(address)).catch(() => undefined);
  return { address, name: own.subject.commonName ?? address, organisation: entry?.names ?? { ja: name, en: name }, until: own.notAfter, locked: 'wrapped' in pair, fingerprint: fingerprint(certificate), ...(backedUpAt !== undefined && { backedUpAt }) };
}
