/** Whom the member writes to and hears from: what is unusual shows against it. */
import type { Mailbox } from '../../src/mail/address.ts';
import type { WritingMode } from './draft.ts';
import type { Tables } from './records.ts';

/** Names kept for an address. */
const NAMES = 5;

/** Remembers these as known; a name that is new for its address goes first. `mode`: what was chosen for a mail to them. */
export async function rememberCorrespondents(tables: Pick<Tables, 'correspondents'>, mailboxes: readonly Mailbox[], at: Date, mode?: WritingMode): Promise<void> {
  for (const { address, displayName } of mailboxes) {
    const before = await tables.correspondents.get(address);
    const known = before?.names ?? [];
    const names = displayName === '' ? known : [displayName, ...known.filter((name) => name !== displayName)].slice(0, NAMES);
    const chosen = mode ?? before?.mode;
    await tables.correspondents.put(address, { address, names, lastAt: at, ...(chosen !== undefined && { mode: chosen }) });
  }
}
