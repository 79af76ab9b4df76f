/** To whom a reply, or a mail that is written anew, goes: by what its sender sealed, whatever the outer mail says. */
import type { Judgement } from '../../src/flow/open.ts';
import type { ProtectedHeaders } from '../../src/mail/protected-headers.ts';
import { entryOf } from '../member/draft.ts';
import type { ComposeDetails } from './api.ts';

type Addressees = Pick<ComposeDetails, 'to' | 'cc' | 'bcc' | 'replyTo'>;

/** What replaces the addressees that Thunderbird took from the outer mail; nothing where it took none. `own`: the member's addresses. */
export function addressees(details: ComposeDetails, judgement: Judgement, own: ReadonlySet<string>): Addressees {
  if (judgement.message === undefined || details.type === 'forward') return {};
  return details.type === 'reply' ? answered(details, judgement, judgement.message, own) : anew(judgement, judgement.message);
}

/** Thunderbird does not tell reply from reply-to-all: it put more than the sender there, or it did not. */
function answered(details: ComposeDetails, { code }: Judgement, { headers, conflicts }: NonNullable<Judgement['message']>, own: ReadonlySet<string>): Addressees {
  // Another outer Reply-To than the sealed one makes an answer to one look like an answer to all.
  const misled = conflicts.some(({ field }) => field === 'reply-to');
  const toAll = !misled && count(details.to) + count(details.cc) > Math.max(1, headers.replyTo.length);
  if (code === 'own-copy') return { to: headers.to.map(entryOf), cc: toAll ? headers.cc.map(entryOf) : [] };
  const to = headers.replyTo.length > 0 ? headers.replyTo : [headers.from];
  const taken = new Set([...to.map(({ address }) => address), ...own]);
  const others = [...headers.to, ...headers.cc].filter(({ address }) => !taken.has(address) && taken.add(address));
  return { to: to.map(entryOf), cc: toAll ? others.map(entryOf) : [] };
}

/** Whom an answer goes to. */
export function answerTo({ replyTo, from }: Pick<ProtectedHeaders, 'replyTo' | 'from'>): string[] {
  return (replyTo.length > 0 ? replyTo : [from]).map(entryOf);
}

/** The own copy names Bcc recipients in its leg alone. */
function anew({ code, recipients = [] }: Judgement, { headers: { to, cc, replyTo } }: NonNullable<Judgement['message']>): Addressees {
  const open = new Set([...to, ...cc].map(({ address }) => address));
  return {
    to: to.map(entryOf), cc: cc.map(entryOf), replyTo: replyTo.map(entryOf), bcc: code === 'own-copy' ? recipients.filter((address) => !open.has(address)) : [],
  };
}

function count(list: messenger.compose.ComposeRecipientList | undefined): number {
  return Array.isArray(list) ? list.length : list === undefined || list === '' ? 0 : 1;
}
