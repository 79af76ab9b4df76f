/** Reports of abuse on their way from one member to another. The Authority hands them on, and counts them; it cannot read them. */
import type { Bytes } from '../../core/bytes.ts';
import { refused } from '../../core/error.ts';
import type { Clock } from '../../flow/ports.ts';
import type { Database } from '../shared/database.ts';
import type { Tables } from './register.ts';

const DAY = 86_400_000;
/** From one member to another within a day. */
const MAX_A_DAY = 500;
/** What nobody fetched is dropped after this time; the count stays. */
const LIFETIME = 30 * DAY;

export interface Reports {
  /** Throws `organisation-unknown`, `report-invalid` (to itself), `rate-limited`. The same report again changes nothing. */
  post(from: string, report: { id: string; to: string; sealed: Bytes }): Promise<void>;
  /** What waits for a member: at most 100, the oldest first. */
  waiting(to: string): Promise<{ id: string; from: string; sealed: Bytes }[]>;
  taken(to: string, ids: readonly { id: string; from: string }[]): Promise<void>;
}

export function createReports(store: Database<Tables>, clock: Clock): Reports {
  return {
    async post(from, { id, to, sealed }) {
      const now = clock.now().getTime();
      const target = await store.query.selectFrom('organisations').select('id').where('id', '=', to).executeTakeFirst();
      if (target === undefined) throw refused('organisation-unknown');
      if (from === to) throw refused('report-invalid', { what: 'to' });
      await store.transaction(async (tx) => {
        const { count } = await tx.selectFrom('relayed_reports').select((e) => e.fn.countAll().as('count'))
          .where('from_organisation', '=', from).where('to_organisation', '=', to).where('at', '>', now - DAY).executeTakeFirstOrThrow();
        if (Number(count) >= MAX_A_DAY) throw refused('rate-limited');
        await tx.insertInto('relayed_reports').values({ from_organisation: from, id, to_organisation: to, sealed, at: now, taken: null })
          .onConflict((conflict) => conflict.columns(['from_organisation', 'id']).doNothing()).execute();
        await tx.updateTable('relayed_reports').set({ sealed: new Uint8Array(0), taken: now }).where('taken', 'is', null).where('at', '<', now - LIFETIME).execute();
      });
    },

    async waiting(to) {
      const rows = await store.query.selectFrom('relayed_reports').select(['id', 'from_organisation', 'sealed'])
        .where('to_organisation', '=', to).where('taken', 'is', null).orderBy('at').limit(100).execute();
      return rows.map(({ id, from_organisation, sealed }) => ({ id, from: from_organisation, sealed }));
    },

    async taken(to, ids) {
      for (const { id, from } of ids) {
        await store.query.updateTable('relayed_reports').set({ taken: clock.now().getTime(), sealed: new Uint8Array(0) })
          .where('to_organisation', '=', to).where('from_organisation', '=', from).where('id', '=', id).where('taken', 'is', null).execute();
      }
    },
  };
}
