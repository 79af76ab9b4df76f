/** What will happen to a mail that is being written, recipient by recipient. */
import { SsmaxError } from '../../src/core/error.ts';
import type { Directory } from '../../src/flow/directory-files.ts';
import { domainOf } from '../../src/mail/address.ts';
import { shownName } from '../../src/mail/shown-text.ts';
import type { Organisation } from '../../src/wire/directory.ts';
import { matchesDomain } from '../../src/wire/sending-policy.ts';
import { type Draft, readMailbox } from './draft.ts';
import { isInside, type SealParts } from './seal.ts';

export type Outcome =
  /** Of the member's own organisation, which passes the mail on itself. */
  | 'colleague'
  /** Of another organisation in SSMAX. */
  | 'partner'
  /** Outside SSMAX, where mail may not go. */
  | 'outside'
  /** Outside SSMAX: it is signed, and nothing of it is encrypted. */
  | 'signed-only'
  /** The same, but others are inside: it takes a mail of its own. */
  | 'apart'
  /** No address, or a list that may not be read yet. */
  | 'unreadable';

export interface RecipientPreview {
  /** As it is shown: the name, else the address, else what was typed. */
  readonly name: string;
  readonly address: string;
  readonly outcome: Outcome;
  /** Of colleague and partner. */
  readonly organisation?: Organisation['names'];
}

export type DraftPreview =
  /** The account has nothing to do with SSMAX. */
  | { readonly kind: 'not-ours' }
  /** It has, but there is no key here: it will not be sent. */
  | { readonly kind: 'not-enrolled'; readonly address: string }
  /** Another sender was typed than the address of the account, which is in SSMAX: it will not be sent. */
  | { readonly kind: 'from-typed'; readonly from: string; readonly account: string }
  /** What is needed to tell cannot be had now. */
  | { readonly kind: 'unknown'; readonly code: string }
  | { readonly kind: 'protected'; readonly recipients: readonly RecipientPreview[] };

/** Whether a mail with such a recipient does not go. */
export function stops(outcome: Outcome): boolean {
  return outcome === 'outside' || outcome === 'apart' || outcome === 'unreadable';
}

type Envelope = Pick<Draft, 'from' | 'to' | 'cc' | 'bcc'>;

/**
 * @param signedOnly domains outside SSMAX to which mail may go signed only; none where that is not known
 * @param account address of the account that the mail leaves by
 */
export async function previewDraft(parts: SealParts, draft: Envelope, signedOnly: readonly string[] = [], account?: string): Promise<DraftPreview> {
  try {
    const { address } = readMailbox(draft.from);
    if (await parts.identities.signer(address) === undefined) {
      if (await isInside(parts, address)) return { kind: 'not-enrolled', address };
      return account !== undefined && await isInside(parts, account) ? { kind: 'from-typed', from: address, account } : { kind: 'not-ours' };
    }
    const { directory } = await parts.trust.forSealing();
    const own = await directory.byDomain(domainOf(address));
    const recipients = await Promise.all([...draft.to, ...draft.cc, ...draft.bcc].map((entry) => recipient(entry, own, directory)));
    const inside = recipients.some(({ outcome }) => outcome === 'colleague' || outcome === 'partner');
    return { kind: 'protected', recipients: recipients.map((one) =>
      (one.outcome === 'outside' && matchesDomain(signedOnly, domainOf(one.address)) ? { ...one, outcome: inside ? 'apart' : 'signed-only' } : one)) };
  } catch (error) {
    if (error instanceof SsmaxError) return { kind: 'unknown', code: error.code };
    throw error;
  }
}

async function recipient(entry: string, own: Organisation | undefined, directory: Directory): Promise<RecipientPreview> {
  let address: string;
  let displayName: string;
  try {
    ({ address, displayName } = readMailbox(entry));
  } catch {
    return { name: entry, address: '', outcome: 'unreadable' };
  }
  const organisation = await directory.byDomain(domainOf(address));
  const name = shownName(displayName) || address;
  if (organisation === undefined) return { name, address, outcome: 'outside' };
  return { name, address, outcome: organisation.id === own?.id ? 'colleague' : 'partner', organisation: organisation.names };
}
