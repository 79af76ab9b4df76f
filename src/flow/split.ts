/** How one mail becomes several (docs/protocol.md §11). */
import { equal } from '../core/bytes.ts';
import { refused } from '../core/error.ts';
import type { Certificate } from '../core/pki/certificate.ts';
import { domainOf } from '../mail/address.ts';
import { sortAddresses } from '../wire/label.ts';
import { formFor } from './recipients.ts';
import type { Trust } from './trust.ts';
import type { VerifiedLeg } from './verify-leg.ts';

/** Whom one departure goes to, and as what. */
export interface Split {
  readonly purpose: 'transfer' | 'deliver' | 'outside';
  readonly recipients: readonly string[];
}

/**
 * By organisation, Bcc and recipient: a leg 2 for each organisation and each Bcc recipient, a leg 3 for each own one; signed only for those
 * outside, each Bcc recipient alone. `recipients`: RCPT TO, normalised. Throws `recipient-outside`, `recipient-not-ours` and what formFor throws.
 */
export async function split(leg: VerifiedLeg, recipients: readonly string[], own: Certificate, trust: Trust): Promise<Split[]> {
  const groups = new Map<string, string[]>();
  const splits: Split[] = [];
  const outside: string[] = [];
  for (const address of sortAddresses(recipients)) {
    const organisation = await trust.directory.byDomain(domainOf(address));
    if (organisation === undefined) {
      if (leg.leg.leg === 2 || leg.leg.mode !== 'sign-only') throw refused('recipient-outside', { recipient: address });
      if (leg.leg.hidden.includes(address)) splits.push({ purpose: 'outside', recipients: [address] });
      else outside.push(address);
    } else if (equal(organisation.certificate, own.der)) splits.push({ purpose: 'deliver', recipients: [address] });
    else if (leg.leg.leg === 2) throw refused('recipient-not-ours', { recipient: address });
    else if (leg.leg.hidden.includes(address)) splits.push({ purpose: 'transfer', recipients: [address] });
    else groups.set(organisation.id, [...(groups.get(organisation.id) ?? []), address]);
  }
  for (const addresses of groups.values()) splits.push({ purpose: 'transfer', recipients: addresses });
  if (outside.length > 0) splits.push({ purpose: 'outside', recipients: outside });
  // Whether the policy allows it is the key server's to say.
  if (splits.some(({ purpose }) => purpose === 'outside')) await formFor(leg.leg.recipients, trust, ['*']);
  return splits;
}
