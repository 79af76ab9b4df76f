/** What will happen to a mail that is being written, recipient by recipient. */
import { SsmaxError } from '../../src/core/error.ts';
import type { Directory } from '../../src/flow/directory-files.ts';
import { domainOf } from '../../src/mail/address.ts';
import type { Organisation } from '../../src/wire/directory.ts';
import { matchesDomain } from '../../src/wire/sending-policy.ts';
import { loadConfiguration } from './configuration.ts';
import { type Draft, readMailbox } from './draft.ts';
import type { SealParts } from './seal.ts';

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
  /** What is needed to tell cannot be had now. */
  | { readonly kind: 'unknown'; readonly code: string }
  | { readonly kind: 'protected'; readonly recipients: readonly RecipientPreview[] };

/** Whether a mail with such a recipient does not go. */
export function stops(outcome: Outcome): boolean {
  return outcome === 'outside' || outcome === 'apart' || outcome === 'unreadable';
}

type Envelope = Pick<Draft, 'from' | 'to' | 'cc' | 'bcc'>;

/** @param signedOnly domains outside SSMAX to which mail may go signed only; none where that is not known */
export async function previewDraft({ ports, identities, trust }: SealParts, draft: Envelope, signedOnly: readonly string[] = []): Promise<DraftPreview> {
  try {
    const { address } = readMailbox(draft.from);
    if (await loadConfiguration(ports) === undefined) return { kind: 'not-ours' };
    const { directory } = await trust.get();
    const own = await directory.byDomain(domainOf(address));
    if (await identities.signer(address) === undefined) return own === undefined ? { kind: 'not-ours' } : { kind: 'not-enrolled', address };
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
  const name = displayName === '' ? address : displayName;
  if (organisation === undefined) return { name, address, outcome: 'outside' };
  return { name, address, outcome: organisation.id === own?.id ? 'colleague' : 'partner', organisation: organisation.names };
}
