/** Members' figures over some days: as they state them, and as the Authority itself counted what it handed on. */
import type { Figures } from '../../wire/directory.ts';
import type { Database } from '../shared/database.ts';
import type { ReviewTables } from './tables.ts';

const DAY = 86_400_000;

/** The directory's figures, and what only the review looks at: reports as the member counts them, taken and refused. */
export type Sums = Omit<Figures, 'days'> & { readonly reports: number; readonly refused: number };

export const NO_FIGURES: Sums = { sent: 0, received: 0, reported: 0, reports: 0, refused: 0, confirmed: 0, warned: 0, suspended: 0 };

/** By organisation, over the last `window` days; who has none is missing. */
export async function sumFigures<Tables extends ReviewTables>(store: Database<Tables>, window: number, now: Date): Promise<ReadonlyMap<string, Sums>> {
  // Kysely's handles are invariant in their tables.
  const { query } = store as unknown as Database<ReviewTables>;
  const since = now.getTime() - window * DAY;
  const stated = await query.selectFrom('member_statements')
    .select((e) => (['sent', 'received', 'reports', 'refused', 'confirmed', 'warned', 'suspended'] as const).map((name) => e.fn.sum(name).as(name)))
    .select('organisation').where('day', '>=', new Date(since).toISOString().slice(0, 10)).groupBy('organisation').execute();
  const relayed = await query.selectFrom('relayed_reports').select((e) => e.fn.countAll().as('count')).select('to_organisation')
    .where('at', '>=', since).groupBy('to_organisation').execute();
  const sums = new Map<string, Sums>();
  for (const { organisation, ...row } of stated) {
    const number = (name: keyof typeof row): number => Number(row[name] ?? 0);
    sums.set(organisation, {
      sent: number('sent'), received: number('received'), reported: 0, reports: number('reports'), refused: number('refused'),
      confirmed: number('confirmed'), warned: number('warned'), suspended: number('suspended'),
    });
  }
  for (const { to_organisation: id, count } of relayed) sums.set(id, { ...(sums.get(id) ?? NO_FIGURES), reported: Number(count) });
  return sums;
}
