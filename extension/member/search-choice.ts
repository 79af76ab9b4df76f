/** Whether opened mail is indexed for search: what the organisation fixed goes before what the member chose; off unless chosen. */
import { readManaged } from '../../src/wire/managed-settings.ts';
import type { MemberPorts } from './ports.ts';

export interface SearchChoice {
  readonly on: boolean;
  /** By the organisation. */
  readonly fixed: boolean;
  /** A key here rests under a passphrase: an index without one would tell what it keeps. */
  readonly locked: boolean;
}

/** Throws `configuration-invalid`. */
export async function searchChoice({ managed, tables }: Pick<MemberPorts, 'managed' | 'tables'>): Promise<SearchChoice> {
  const { search: fixed } = readManaged(await managed());
  const locked = (await tables.identities.all()).some(({ pair }) => 'wrapped' in pair);
  return { locked, fixed: fixed !== undefined, on: !locked && (fixed ?? (await tables.preferences.get('search'))?.search ?? false) };
}
