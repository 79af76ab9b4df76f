/** Whether opened mail is indexed for search: what the organisation fixed goes before what the member chose; off unless chosen. */
import { z } from 'zod';
import { refused } from '../../src/core/error.ts';
import type { MemberPorts } from './ports.ts';

const managedSchema = z.object({ search: z.boolean().optional() });

export interface SearchChoice {
  readonly on: boolean;
  /** By the organisation. */
  readonly fixed: boolean;
  /** A key here rests under a passphrase: an index without one would tell what it keeps. */
  readonly locked: boolean;
}

/** Throws `configuration-invalid`. */
export async function searchChoice({ managed, tables }: Pick<MemberPorts, 'managed' | 'tables'>): Promise<SearchChoice> {
  const result = managedSchema.safeParse((await managed()) ?? {});
  if (!result.success) throw refused('configuration-invalid', { field: 'search' });
  const fixed = result.data.search;
  const locked = (await tables.identities.all()).some(({ pair }) => 'wrapped' in pair);
  return { locked, fixed: fixed !== undefined, on: !locked && (fixed ?? (await tables.preferences.get('search'))?.search ?? false) };
}
