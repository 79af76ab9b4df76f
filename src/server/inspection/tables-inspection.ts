/** The inspection server's tables: held mail, by digests and addresses only. Times are milliseconds since 1970. */
import type { Kysely } from 'kysely';
import type { Bytes } from '../../core/bytes.ts';
import { auditMigrations, type AuditTables } from '../shared/audit-chain.ts';
import type { Database, Migration } from '../shared/database.ts';
import { lookMigrations, type LookTables } from './tables-looks.ts';

export interface Tables extends AuditTables, LookTables {
  held: {
    /** First 32 digits of the contentDigest, leg and direction: `0123…-1-outbound`. */
    id: string;
    content_digest: Bytes;
    leg: number;
    direction: string;
    sender: string;
    /** JSON lists. */
    recipients: string;
    findings: string;
    approvers: string;
    policy: string;
    since: number;
    until: number;
    state: string;
    decided: number | null;
    decided_by: string | null;
  };
  /** Where held mails lie: identifiers in the mail server's hold queue, until they were released. */
  held_queue: { content_digest: Bytes; queue_id: string; at: number };
}

export type Store = Database<Tables>;

async function createTables({ schema }: Kysely<unknown>): Promise<void> {
  await schema.createTable('held')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('content_digest', 'bytea', (c) => c.notNull())
    .addColumn('leg', 'integer', (c) => c.notNull())
    .addColumn('direction', 'text', (c) => c.notNull())
    .addColumn('sender', 'text', (c) => c.notNull())
    .addColumn('recipients', 'text', (c) => c.notNull())
    .addColumn('findings', 'text', (c) => c.notNull())
    .addColumn('approvers', 'text', (c) => c.notNull())
    .addColumn('policy', 'text', (c) => c.notNull())
    .addColumn('since', 'bigint', (c) => c.notNull())
    .addColumn('until', 'bigint', (c) => c.notNull())
    .addColumn('state', 'text', (c) => c.notNull())
    .addColumn('decided', 'bigint')
    .addColumn('decided_by', 'text')
    .execute();
  await schema.createIndex('held_digest').on('held').column('content_digest').execute();
  await schema.createTable('held_queue')
    .addColumn('content_digest', 'bytea', (c) => c.notNull())
    .addColumn('queue_id', 'text', (c) => c.notNull())
    .addColumn('at', 'bigint', (c) => c.notNull())
    .addPrimaryKeyConstraint('held_queue_key', ['content_digest', 'queue_id'])
    .execute();
}

export const migrations: Readonly<Record<string, Migration>> = { ...auditMigrations, '0005-inspection': { up: createTables }, ...lookMigrations };
