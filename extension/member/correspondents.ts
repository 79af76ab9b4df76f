/** Whom the member writes to and hears from: what is unusual shows against it. */
import type { Mailbox } from '../../src/mail/address.ts';
import type { Tables } from './records.ts';

/** Names kept for an address. */
const NAMES = 5;

/** Remembers these as known; a name that is new for its address goes first. */
export async function rememberCorrespondents(tables: Pick<Tables, 'correspondents'>, mailboxes: readonly Mailbox[], at: Date): Promise<void> {
  for (const { address, displayName } of mailboxes) {
    const before = (await tables.correspondents.get(address))?.names ?? [];
    const names = displayName === '' ? before : [displayName, ...before.filter((name) => name !== displayName)].slice(0, NAMES);
    await tables.correspondents.put(address, { address, names, lastAt: at });
  }
}
