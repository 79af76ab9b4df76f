/**
 * A member's side of consent at an ISP (docs/protocol.md §9.4): what holds now, and saying something else by a statement
 * signed with the member's own key.
 */
import { equal } from '../core/bytes.ts';
import { refused } from '../core/error.ts';
import { domainOf } from '../mail/address.ts';
import { type ConsentStatement, consentAnswerSchema, type ConsentStateRequest } from '../wire/consent.ts';
import type { Organisation } from '../wire/directory.ts';
import { askOrganisation } from './member-request.ts';
import type { Clock, Credential, Http } from './ports.ts';
import type { Trust } from './trust.ts';

export interface Consent {
  readonly outbound: boolean;
  readonly inbound: boolean;
}

export interface ConsentParts {
  readonly http: Http;
  /** Base URL of the organisation's server, without a slash at its end. */
  readonly url: string;
  readonly credential: Credential;
  readonly trust: Trust;
  readonly clock: Clock;
  random(length: number): Uint8Array<ArrayBuffer>;
}

/** Whether there is anything to consent to for this address: only an ISP's members are individuals. */
export async function isIndividual(address: string, { directory }: Trust): Promise<boolean> {
  return (await directory.byDomain(domainOf(address)))?.type === 'isp';
}

/** What holds now. Throws `consent-not-applicable`, `organisation-unknown`, and what askOrganisation throws. */
export async function readConsent(parts: ConsentParts): Promise<Consent> {
  const { outbound, inbound } = await current(parts);
  return { outbound, inbound };
}

/**
 * Says what may be inspected from now on; what `wanted` leaves out stays as it is. Nothing is said where that holds
 * already. Throws as readConsent, and `consent-superseded` where another device was first.
 */
export async function stateConsent(parts: ConsentParts, wanted: Partial<Consent>): Promise<Consent> {
  const before = await current(parts);
  const after = { outbound: wanted.outbound ?? before.outbound, inbound: wanted.inbound ?? before.inbound };
  if (after.outbound === before.outbound && after.inbound === before.inbound) return after;
  const { organisation, address } = await own(parts);
  const statement: ConsentStatement = {
    type: 'consent', audience: organisation.id, address, number: before.number + 1, ...after, time: parts.clock.now(), nonce: parts.random(32),
  };
  const answer = await askOrganisation(parts, organisation, statement, consentAnswerSchema);
  if (!equal(answer.nonce, statement.nonce) || answer.number !== statement.number) throw refused('answer-mismatch');
  if (answer.outbound !== after.outbound || answer.inbound !== after.inbound) throw refused('answer-mismatch');
  return after;
}

async function current(parts: ConsentParts): Promise<Consent & { number: number }> {
  const { organisation, address } = await own(parts);
  const request: ConsentStateRequest = { type: 'consent-state', audience: organisation.id, time: parts.clock.now(), nonce: parts.random(32) };
  const answer = await askOrganisation(parts, organisation, request, consentAnswerSchema);
  if (!equal(answer.nonce, request.nonce) || answer.address !== address) throw refused('answer-mismatch');
  return answer;
}

async function own({ credential, trust }: ConsentParts): Promise<{ organisation: Organisation; address: string }> {
  const [address = ''] = credential.certificate.emails;
  const organisation = await trust.directory.byDomain(domainOf(address));
  if (organisation === undefined) throw refused('organisation-unknown', { domain: domainOf(address) });
  if (organisation.type !== 'isp') throw refused('consent-not-applicable');
  return { organisation, address };
}
