/**
 * Lists of the address book. Thunderbird expands them only after onBeforeSend, when it is too late: the seal names every
 * recipient. Reading the address book is a permission of its own, asked for when a list is first used.
 */
import type { Permissions } from 'webextension-polyfill';
import { refused } from '../../src/core/error.ts';
import { readManaged } from '../../src/wire/managed-settings.ts';
import { entryOf } from '../member/draft.ts';
import { browserApi } from './api.ts';
import { managed } from './managed.ts';

/** The polyfill's types know the permissions of browsers only. */
export const LISTS_PERMISSION = { permissions: ['addressBooks'] } as unknown as Permissions.Permissions;

interface AddressBooks {
  readonly mailingLists: {
    list(parentId: string): Promise<readonly { readonly id: string; readonly name: string }[]>;
    listMembers(id: string): Promise<readonly { readonly vCard: string }[]>;
  };
  list(complete: boolean): Promise<readonly { readonly id: string }[]>;
}

const LIST = /^(.*?)\s*(?:<([^<>@]*)>)?\s*$/su;
const MAX_DEPTH = 5;

/** The entries with every list replaced by its members. Throws `lists-forbidden` where the organisation does not want it, `lists-not-allowed`, `address-invalid`. */
export async function expandLists(entries: readonly string[], depth = 0): Promise<string[]> {
  const out: string[] = [];
  for (const entry of entries) {
    if (entry.includes('@')) out.push(entry);
    else out.push(...(await members(entry, depth)));
  }
  return out;
}

async function members(entry: string, depth: number): Promise<string[]> {
  if (readManaged(await managed()).addressLists === false) throw refused('lists-forbidden', { entry });
  if (!(await browserApi.permissions.contains(LISTS_PERMISSION))) throw refused('lists-not-allowed', { entry });
  const { addressBooks } = browserApi as unknown as { readonly addressBooks: AddressBooks };
  const name = LIST.exec(entry)?.[1]?.replace(/^"(.*)"$/su, '$1') ?? entry;
  for (const { id } of await addressBooks.list(false)) {
    const list = (await addressBooks.mailingLists.list(id)).find((one) => one.name === name);
    if (list === undefined) continue;
    const cards = await addressBooks.mailingLists.listMembers(list.id);
    const addresses = cards.flatMap(({ vCard }) => addressOf(vCard));
    if (depth < MAX_DEPTH) return expandLists(addresses, depth + 1);
  }
  throw refused('address-invalid', { entry });
}

/** The preferred, else the first address of a vCard (RFC 6350 §6.4.2), with the name that goes with it. */
function addressOf(vCard: string): string[] {
  const lines = vCard.replace(/\r?\n[ \t]/g, '').split(/\r?\n/);
  const found = lines.filter((line) => /^(?:[\w-]+\.)?EMAIL[;:]/i.test(line));
  const line = found.find((one) => /PREF/i.test(one.split(':')[0] ?? '')) ?? found[0];
  const address = line?.slice(line.indexOf(':') + 1).trim();
  if (address === undefined || address === '') return [];
  const name = lines.find((one) => /^(?:[\w-]+\.)?FN[;:]/i.test(one));
  const shown = name?.slice(name.indexOf(':') + 1).replace(/\\([,;\\])/g, '$1').trim();
  return [entryOf({ displayName: shown === address ? '' : shown ?? '', address })];
}
