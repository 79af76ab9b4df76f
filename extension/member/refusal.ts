/** Why the gateway refused a mail: asked from the own organisation, which answers to the sender alone. */
import { equal, fromHex } from '../../src/core/bytes.ts';
import { type ErrorParams, refused, SsmaxError } from '../../src/core/error.ts';
import { askOrganisation } from '../../src/flow/member-request.ts';
import { domainOf } from '../../src/mail/address.ts';
import { type RefusalRequest, refusalAnswerSchema } from '../../src/wire/member-requests.ts';
import { loadConfiguration } from './configuration.ts';
import type { SealParts } from './seal.ts';

export interface Refusal {
  readonly code: string;
  readonly params: ErrorParams;
}

/**
 * The reason for which a mail of `sender` was refused; undefined where the organisation knows of none (then SMTP refused
 * it for a reason of its own). Throws SsmaxError where it cannot be had or is not the organisation's word.
 */
export async function askRefusal(parts: SealParts, sender: string, contentDigest: string): Promise<Refusal | undefined> {
  const { ports, identities } = parts;
  const credential = await identities.signer(sender);
  const configuration = await loadConfiguration(ports);
  const organisation = await (await parts.trust.get()).directory.byDomain(domainOf(sender));
  if (credential === undefined || configuration === undefined || organisation === undefined) throw new SsmaxError('fault', 'not-configured');
  const time = ports.clock.now();
  const request: RefusalRequest = {
    type: 'refusal', contentDigest: fromHex(contentDigest), audience: organisation.id, time, nonce: ports.native.random(32),
  };
  const { code, params, nonce, contentDigest: about } = await askOrganisation(
    { http: ports.http, url: configuration.organisationUrl, credential }, organisation, request, refusalAnswerSchema,
  );
  if (!equal(nonce, request.nonce) || !equal(about, request.contentDigest)) throw refused('answer-mismatch');
  return code === undefined ? undefined : { code, params };
}
