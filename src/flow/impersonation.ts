/** Unprotected mail that claims to come from where every mail is protected. */
import { refused } from '../core/error.ts';
import type { Organisation } from '../wire/directory.ts';
import type { Directory } from './directory-files.ts';

/** Sender domains that are looked up for one mail, at most: each may be a question to a web server. */
const MAX_DOMAINS = 16;

/**
 * The organisation that sends protected mail only from one of these domains, or undefined.
 *
 * @param claimed every domain that a reader could take for the sender's
 * @throws SsmaxError `address-list-too-long`; `unavailable` where the directory cannot say
 */
export async function impersonatedBy(claimed: readonly string[], directory: Directory): Promise<Organisation | undefined> {
  if (claimed.length > MAX_DOMAINS) throw refused('address-list-too-long', { limit: MAX_DOMAINS });
  const organisations = await Promise.all(claimed.map((domain) => directory.byDomain(domain)));
  return organisations.find((organisation, i) => organisation?.alwaysSigned.includes(claimed[i] ?? ''));
}
