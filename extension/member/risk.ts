/**
 * What is unusual about a mail that is about to go. Nothing here stops a mail for good: the member is shown what was
 * found and decides. All of it is judged on this computer.
 */
import type { Bytes } from '../../src/core/bytes.ts';
import { domainOf, type Mailbox } from '../../src/mail/address.ts';
import { claimsAttachment } from './attachment-claim.ts';
import { strangerGreeted } from './greeting.ts';
import { lookalikeOf } from './lookalike.ts';
import { needsPassword } from './password-archive.ts';
import type { KnownAddress } from './records.ts';

/** Something odd about one recipient. */
export type RecipientRisk =
  | { readonly kind: 'lookalike'; readonly of: string }
  | { readonly kind: 'colleagues-name'; readonly colleague: string }
  | { readonly kind: 'new-domain'; readonly domain: string };

/** Something odd about the mail. */
export type MailRisk =
  /** The mail that it answers or passes on has a problem. */
  | { readonly kind: 'answers-problem'; readonly recipients: readonly string[] }
  | { readonly kind: 'forwards-problem' }
  /** All recipients are outside SSMAX: nothing is encrypted. */
  | { readonly kind: 'outside' }
  /** Less is encrypted than could be, as the last time, and nobody chose that for this mail. */
  | { readonly kind: 'readable'; readonly mode: 'attachments-only' | 'sign-only' }
  /** The mail that it answers hid its subject, and the way in which this one goes hides none. */
  | { readonly kind: 'subject-shown' }
  | { readonly kind: 'many-outsiders'; readonly count: number }
  | { readonly kind: 'greeting'; readonly name: string }
  | { readonly kind: 'no-attachment' }
  | { readonly kind: 'password-archive'; readonly name: string };

/** What assessRisks looks for. */
export type FoundRisk = RecipientRisk['kind'] | 'many-outsiders' | 'greeting' | 'no-attachment' | 'password-archive';

export interface Risks {
  readonly recipients: readonly { readonly mailbox: Mailbox; readonly risks: readonly RecipientRisk[] }[];
  readonly mail: readonly MailRisk[];
}

export interface RiskInput {
  readonly from: Mailbox;
  readonly to: readonly Mailbox[];
  readonly cc: readonly Mailbox[];
  readonly bcc: readonly Mailbox[];
  readonly subject: string;
  /** As plain text; quotations begin with `>`. */
  readonly text: string;
  readonly attachments: readonly { readonly name: string; readonly bytes: Bytes }[];
  /** Whom the member has written to, or had verified mail from. */
  readonly known: readonly KnownAddress[];
  /** From how many visible recipients outside the own organisation on it is worth asking. */
  readonly manyOutsiders: number;
  /** What not to look for. */
  readonly unchecked: ReadonlySet<FoundRisk>;
}

/** Before this many correspondents are known, everybody is new. */
const ENOUGH_KNOWN = 3;

export function assessRisks(input: RiskInput): Risks {
  const { from, to, cc, bcc, known, unchecked } = input;
  const recipients = [...new Map([...to, ...cc, ...bcc].map((mailbox) => [mailbox.address, mailbox])).values()];
  return {
    recipients: recipients.map((mailbox) => ({ mailbox, risks: recipientRisks(mailbox, domainOf(from.address), known, unchecked) })).filter(({ risks }) => risks.length > 0),
    mail: mailRisks(input, recipients).filter(({ kind }) => !unchecked.has(kind as FoundRisk)),
  };
}

export function isUnusual({ recipients, mail }: Risks): boolean {
  return recipients.length + mail.length > 0;
}

function recipientRisks({ address, displayName }: Mailbox, own: string, known: readonly KnownAddress[], unchecked: RiskInput['unchecked']): RecipientRisk[] {
  if (known.some((one) => one.address === address)) return [];
  const domain = domainOf(address);
  const out: RecipientRisk[] = [];
  const domains = new Set([own, ...known.map((one) => domainOf(one.address))]);
  const of = lookalikeOf(domain, domains);
  if (of !== undefined && !unchecked.has('lookalike')) out.push({ kind: 'lookalike', of });
  const colleague = domain === own ? undefined : known.find((one) => domainOf(one.address) === own && one.names.some((name) => sameName(name, displayName)));
  if (colleague !== undefined && !unchecked.has('colleagues-name')) out.push({ kind: 'colleagues-name', colleague: colleague.address });
  if (out.length === 0 && !unchecked.has('new-domain') && !domains.has(domain) && known.length >= ENOUGH_KNOWN) out.push({ kind: 'new-domain', domain });
  return out;
}

function sameName(a: string, b: string): boolean {
  const plain = (name: string): string => name.normalize('NFKC').toLowerCase().replace(/[\s.,'’・-]+/g, '');
  return plain(a).length > 1 && plain(a) === plain(b);
}

function mailRisks({ from, to, cc, subject, text, attachments, known, manyOutsiders }: RiskInput, recipients: readonly Mailbox[]): MailRisk[] {
  const out: MailRisk[] = [];
  const own = domainOf(from.address);
  const outsiders = new Set([...to, ...cc].map(({ address }) => address).filter((address) => domainOf(address) !== own));
  if (outsiders.size >= manyOutsiders) out.push({ kind: 'many-outsiders', count: outsiders.size });
  const ownText = text.split('\n').filter((line) => !line.startsWith('>')).join('\n').replace(/\n-- \n[\s\S]*$/, '');
  const names = recipients.flatMap(({ address, displayName }) => [displayName, ...(known.find((one) => one.address === address)?.names ?? [])]).filter((name) => name !== '');
  const stranger = strangerGreeted(ownText, names);
  if (stranger !== undefined) out.push({ kind: 'greeting', name: stranger });
  if (attachments.length === 0 && claimsAttachment(`${subject}\n${ownText}`)) out.push({ kind: 'no-attachment' });
  for (const { name, bytes } of attachments) if (needsPassword(bytes)) out.push({ kind: 'password-archive', name });
  return out;
}
