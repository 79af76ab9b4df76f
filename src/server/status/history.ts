/**
 * Counts over time. Servers count from their start; here is kept by how much each counter grew, in pieces of five minutes and
 * for 31 days, so that a restart of either side loses nothing.
 */
import type { Kysely } from 'kysely';
import type { Database, Migration } from '../shared/database.ts';
import type { Sample } from './metrics-text.ts';

interface Tables {
  /** Growth of a counter; `at` begins the five minutes, milliseconds since 1970. */
  growth: { at: number; counter: string; count: number };
  /** What each server's counter stood at when it was last looked at. */
  standing: { server: string; counter: string; value: number };
  /** One row: since when there are counts. */
  beginning: { id: number; at: number };
}

const PIECE = 300_000;
const KEPT = 31 * 86_400_000;
/** Stands among a server's counters for the start of its process. */
const STARTED = 'started';

export const historyMigrations: Readonly<Record<string, Migration>> = {
  '0001-history': {
    async up(db: Kysely<unknown>) {
      await db.schema.createTable('growth')
        .addColumn('at', 'bigint', (c) => c.notNull()).addColumn('counter', 'text', (c) => c.notNull()).addColumn('count', 'bigint', (c) => c.notNull())
        .addPrimaryKeyConstraint('growth_key', ['at', 'counter']).execute();
      await db.schema.createTable('standing')
        .addColumn('server', 'text', (c) => c.notNull()).addColumn('counter', 'text', (c) => c.notNull()).addColumn('value', 'bigint', (c) => c.notNull())
        .addPrimaryKeyConstraint('standing_key', ['server', 'counter']).execute();
      await db.schema.createTable('beginning').addColumn('id', 'integer', (c) => c.primaryKey()).addColumn('at', 'bigint', (c) => c.notNull()).execute();
    },
  },
};

export type HistoryStore = Database<Tables>;

/** A counter's growth in five minutes. */
export interface Growth {
  readonly at: number;
  readonly counter: Pick<Sample, 'name' | 'labels'>;
  readonly count: number;
}

/** The counters of one server as they stand. */
export interface Standing {
  /** One name for all copies that count in one database. */
  readonly server: string;
  readonly counters: readonly Sample[];
  /** What counts in memory begins anew when this changes; 0 for what counts in a database. */
  readonly startedAt: number;
}

export interface History {
  /** The first look at a new server counts nothing: it may have counted for long. */
  record(standing: Standing, now: Date): Promise<void>;
  /** Everything since `from`. */
  since(from: Date): Promise<Growth[]>;
  beginning(): Promise<Date>;
}

export async function openHistory(store: HistoryStore, now: Date): Promise<History> {
  await store.query.insertInto('beginning').values({ id: 1, at: now.getTime() }).onConflict((conflict) => conflict.column('id').doNothing()).execute();
  return {
    record: ({ server, counters, startedAt }, at) => store.transaction(async (tx) => {
      const rows = await tx.selectFrom('standing').selectAll().where('server', '=', server).execute();
      const before = new Map(rows.map(({ counter, value }) => [counter, value]));
      const restarted = before.has(STARTED) && before.get(STARTED) !== startedAt;
      const piece = Math.floor(at.getTime() / PIECE) * PIECE;
      const put = (counter: string, value: number): Promise<unknown> => tx.insertInto('standing').values({ server, counter, value })
        .onConflict((conflict) => conflict.columns(['server', 'counter']).doUpdateSet({ value })).execute();
      await put(STARTED, startedAt);
      for (const sample of counters) {
        const counter = written(sample);
        const known = restarted ? 0 : before.get(counter) ?? (before.has(STARTED) ? 0 : sample.value);
        // Lower than before without a restart: somebody put an older database back.
        const count = sample.value < known ? 0 : sample.value - known;
        if (sample.value !== before.get(counter)) await put(counter, sample.value);
        if (count === 0) continue;
        await tx.insertInto('growth').values({ at: piece, counter, count })
          .onConflict((conflict) => conflict.columns(['at', 'counter']).doUpdateSet((e) => ({ count: e('growth.count', '+', count) }))).execute();
      }
      if (restarted) await tx.deleteFrom('standing').where('server', '=', server).where('counter', 'not in', [STARTED, ...counters.map(written)]).execute();
      await tx.deleteFrom('growth').where('at', '<', at.getTime() - KEPT).execute();
    }),
    async since(from) {
      const rows = await store.query.selectFrom('growth').selectAll().where('at', '>=', Math.floor(from.getTime() / PIECE) * PIECE).orderBy('at').execute();
      return rows.map(({ at, counter, count }) => ({ at, counter: read(counter), count }));
    },
    async beginning() {
      const { at } = await store.query.selectFrom('beginning').select('at').where('id', '=', 1).executeTakeFirstOrThrow();
      return new Date(at);
    },
  };
}

function written({ name, labels }: Sample): string {
  return JSON.stringify([name, Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1))]);
}

function read(counter: string): Growth['counter'] {
  const [name, labels] = JSON.parse(counter) as [string, [string, string][]];
  return { name, labels: Object.fromEntries(labels) };
}
