/** The key server's table of reasons. Times are milliseconds since 1970. */
import type { Kysely } from 'kysely';
import type { Bytes } from '../../core/bytes.ts';
import type { Migration } from '../shared/database.ts';

export interface RefusalTables {
  /** Why a mail was refused, for its sender's plugin. The same content may have been sealed by several. */
  refusals: { content_digest: Bytes; sender: string; code: string; params: string; at: number };
}

async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema.createTable('refusals_by_sender')
    .addColumn('content_digest', 'bytea', (c) => c.notNull())
    .addColumn('sender', 'text', (c) => c.notNull())
    .addColumn('code', 'text', (c) => c.notNull())
    .addColumn('params', 'text', (c) => c.notNull())
    .addColumn('at', 'bigint', (c) => c.notNull())
    .addPrimaryKeyConstraint('refusals_key', ['content_digest', 'sender'])
    .execute();
  const store = db as Kysely<RefusalTables & { refusals_by_sender: RefusalTables['refusals'] }>;
  const columns = ['content_digest', 'sender', 'code', 'params', 'at'] as const;
  await store.insertInto('refusals_by_sender').columns(columns).expression((from) => from.selectFrom('refusals').select(columns)).execute();
  await db.schema.dropTable('refusals').execute();
  await db.schema.alterTable('refusals_by_sender').renameTo('refusals').execute();
}

export const refusalMigrations: Readonly<Record<string, Migration>> = { '0009-refusals': { up } };
