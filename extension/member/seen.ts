/** What this mailbox has had before: the same mail delivered twice, and the first mail of an organisation. */
import { hex, utf8 } from '../../src/core/bytes.ts';
import { lengthPrefixed, sha256 } from '../../src/core/digest.ts';
import type { Judgement } from '../../src/flow/open.ts';
import type { Headers } from '../../src/mail/header.ts';
import { rememberCorrespondents } from './correspondents.ts';
import type { Tables } from './records.ts';

export interface Notes {
  readonly firstFromOrganisation: boolean;
  /** When the other copy came, where this is a second delivery of the same mail. */
  readonly duplicateOf?: Date;
}

const NONE: Notes = { firstFromOrganisation: false };

/**
 * What tells one delivery from another: the trace that mail servers leave. Copies in other folders carry the same one,
 * a mail that is sent in again gets a new one.
 */
async function deliveryOf(outer: Headers): Promise<string> {
  const trace = ['Received', 'Delivered-To', 'Return-Path', 'Message-ID'].flatMap((name) => [name, ...outer.all(name)]);
  return hex(await sha256(...trace.map(lengthPrefixed)));
}

/** Notes for a verified mail, and remembers it. `at` is when it came. */
export async function note(tables: Pick<Tables, 'correspondents' | 'deliveries' | 'organisations'>, judgement: Judgement, outer: Headers, at: Date): Promise<Notes> {
  const { state, leg, contentDigest, sender, deliveredTo } = judgement;
  if (state !== 'verified' || leg !== 3 || contentDigest === undefined || sender === undefined || deliveredTo === undefined) return NONE;
  const { id } = sender.organisation;
  await rememberCorrespondents(tables, [{ address: sender.address, displayName: judgement.message?.headers.from.displayName ?? '' }], at);
  const known = await tables.organisations.get(id);
  if (known === undefined) await tables.organisations.put(id, { first: contentDigest });
  const name = hex(await sha256(...[contentDigest, sender.address, deliveredTo].map((part) => lengthPrefixed(utf8(part)))));
  const delivery = await deliveryOf(outer);
  const before = await tables.deliveries.get(name);
  if (before === undefined) await tables.deliveries.put(name, { delivery, at });
  return {
    // Mail inside an organisation is nothing to be surprised at.
    firstFromOrganisation: judgement.organisations.length > 1 && (known?.first ?? contentDigest) === contentDigest,
    ...(before !== undefined && before.delivery !== delivery && { duplicateOf: before.at }),
  };
}
