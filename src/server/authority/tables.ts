/** The Authority's tables for reports in transit, statements and its review of the members. Times are milliseconds since 1970. */
import type { Kysely } from 'kysely';
import type { Bytes } from '../../core/bytes.ts';
import type { Migration } from '../shared/database.ts';

export interface ReviewTables {
  /** Sealed reports between members: nothing in them can be read here. `sealed` is empty once taken. */
  relayed_reports: { from_organisation: string; id: string; to_organisation: string; sealed: Bytes; at: number; taken: number | null };
  /** Daily figures, as each organisation stated and signed them. */
  member_statements: {
    organisation: string; day: string; sent: number; received: number; filed: number; reports: number; refused: number; confirmed: number;
    warned: number; suspended: number;
    /** The signed statement, DER. */
    body: Bytes;
    at: number;
  };
  /** Heads of members' audit chains, each continuing the one before. */
  member_heads: { organisation: string; day: string; seq: number; hash: Bytes; root: Bytes; at: number; superseded: number };
  /** What must not be: a head that does not continue the one before. */
  alarms: { organisation: string; day: string; code: string; at: number; acknowledged: number };
  standings: { organisation: string; state: string; since: number; reason: string };
  /** Reports of audits: their hash, not the paper. */
  audits: { organisation: string; date: string; auditor: string; hash: Bytes; at: number };
  /** Applied for membership; not in the directory. */
  candidates: { organisation: string; name: string; domains: string; since: number };
}

async function up({ schema }: Kysely<unknown>): Promise<void> {
  await schema.createTable('relayed_reports')
    .addColumn('from_organisation', 'text', (c) => c.notNull())
    .addColumn('id', 'text', (c) => c.notNull())
    .addColumn('to_organisation', 'text', (c) => c.notNull())
    .addColumn('sealed', 'bytea', (c) => c.notNull())
    .addColumn('at', 'bigint', (c) => c.notNull())
    .addColumn('taken', 'bigint')
    .addPrimaryKeyConstraint('relayed_reports_key', ['from_organisation', 'id'])
    .execute();
  await schema.createIndex('relayed_reports_to').on('relayed_reports').columns(['to_organisation', 'taken']).execute();
  await schema.createTable('member_statements')
    .addColumn('organisation', 'text', (c) => c.notNull())
    .addColumn('day', 'text', (c) => c.notNull())
    .addColumn('sent', 'bigint', (c) => c.notNull())
    .addColumn('received', 'bigint', (c) => c.notNull())
    .addColumn('filed', 'bigint', (c) => c.notNull())
    .addColumn('reports', 'bigint', (c) => c.notNull())
    .addColumn('refused', 'bigint', (c) => c.notNull())
    .addColumn('confirmed', 'bigint', (c) => c.notNull())
    .addColumn('warned', 'bigint', (c) => c.notNull())
    .addColumn('suspended', 'bigint', (c) => c.notNull())
    .addColumn('body', 'bytea', (c) => c.notNull())
    .addColumn('at', 'bigint', (c) => c.notNull())
    .addPrimaryKeyConstraint('member_statements_key', ['organisation', 'day'])
    .execute();
  await schema.createTable('member_heads')
    .addColumn('organisation', 'text', (c) => c.notNull())
    .addColumn('day', 'text', (c) => c.notNull())
    .addColumn('seq', 'bigint', (c) => c.notNull())
    .addColumn('hash', 'bytea', (c) => c.notNull())
    .addColumn('root', 'bytea', (c) => c.notNull())
    .addColumn('at', 'bigint', (c) => c.notNull())
    .addColumn('superseded', 'bigint', (c) => c.notNull())
    .addPrimaryKeyConstraint('member_heads_key', ['organisation', 'superseded', 'seq'])
    .execute();
  await schema.createTable('alarms')
    .addColumn('organisation', 'text', (c) => c.notNull())
    .addColumn('day', 'text', (c) => c.notNull())
    .addColumn('code', 'text', (c) => c.notNull())
    .addColumn('at', 'bigint', (c) => c.notNull())
    .addColumn('acknowledged', 'integer', (c) => c.notNull())
    .addPrimaryKeyConstraint('alarms_key', ['organisation', 'day', 'code'])
    .execute();
  await schema.createTable('standings')
    .addColumn('organisation', 'text', (c) => c.primaryKey())
    .addColumn('state', 'text', (c) => c.notNull())
    .addColumn('since', 'bigint', (c) => c.notNull())
    .addColumn('reason', 'text', (c) => c.notNull())
    .execute();
  await schema.createTable('audits')
    .addColumn('organisation', 'text', (c) => c.notNull())
    .addColumn('date', 'text', (c) => c.notNull())
    .addColumn('auditor', 'text', (c) => c.notNull())
    .addColumn('hash', 'bytea', (c) => c.notNull())
    .addColumn('at', 'bigint', (c) => c.notNull())
    .addPrimaryKeyConstraint('audits_key', ['organisation', 'date', 'auditor'])
    .execute();
  await schema.createTable('candidates')
    .addColumn('organisation', 'text', (c) => c.primaryKey())
    .addColumn('name', 'text', (c) => c.notNull())
    .addColumn('domains', 'text', (c) => c.notNull())
    .addColumn('since', 'bigint', (c) => c.notNull())
    .execute();
}

export const reviewMigrations: Readonly<Record<string, Migration>> = { '0007-review': { up } };
