/** What a member may send, asked from the own organisation (docs/protocol.md §9.5). */
import { equal } from '../core/bytes.ts';
import { refused } from '../core/error.ts';
import { domainOf } from '../mail/address.ts';
import type { Mode } from '../wire/leg.ts';
import { sendingPolicyAnswerSchema, type SendingPolicyRequest } from '../wire/sending-policy.ts';
import type { ConsentParts } from './consent.ts';
import { askOrganisation } from './member-request.ts';

export interface SendingPolicy {
  /** Modes in which mail may go to recipients in SSMAX. */
  readonly modes: readonly Mode[];
  /** Patterns of the domains outside SSMAX to which mail may go signed only. */
  readonly signedOnly: readonly string[];
}

/** Throws `organisation-unknown`, `answer-mismatch`, and what askOrganisation throws. */
export async function readSendingPolicy(parts: ConsentParts): Promise<SendingPolicy> {
  const [address = ''] = parts.credential.certificate.emails;
  const organisation = await parts.trust.directory.byDomain(domainOf(address));
  if (organisation === undefined) throw refused('organisation-unknown', { domain: domainOf(address) });
  const request: SendingPolicyRequest = { type: 'sending-policy', audience: organisation.id, time: parts.clock.now(), nonce: parts.random(32) };
  const { nonce, modes, signedOnly } = await askOrganisation(parts, organisation, request, sendingPolicyAnswerSchema);
  if (!equal(nonce, request.nonce)) throw refused('answer-mismatch');
  return { modes, signedOnly };
}
