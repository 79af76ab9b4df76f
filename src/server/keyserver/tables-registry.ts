/** The registry's further tables: mailing lists, and the bound on wrong enrolment codes. Times are milliseconds since 1970. */
import type { Kysely } from 'kysely';
import type { Migration } from '../shared/database.ts';

export interface RegistryTables {
  /** A mailing list of this organisation; `posting`: `anyone`, `organisation` or `members`. */
  lists: { address: string; name: string; posting: string; created: number; owner: string | null };
  list_members: { list: string; mailbox: string };
  /** Wrong codes within the present window. A fixed number of buckets, so that nobody can make it grow. */
  enrolment_attempts: { bucket: number; count: number; since: number };
}

async function up(db: Kysely<unknown>): Promise<void> {
  const { schema } = db;
  // The name of who stands behind a pseudonym: never in a certificate, nor in a list of members.
  await schema.alterTable('members').addColumn('person', 'text').execute();
  await schema.alterTable('members').addColumn('kind', 'text', (c) => c.notNull().defaultTo('person')).execute();
  // A member who left stays, for what was sent must remain traceable.
  await schema.alterTable('members').addColumn('left_at', 'bigint').execute();
  await schema.alterTable('enrolment_codes').addColumn('issued', 'bigint', (c) => c.notNull().defaultTo(0)).execute();
  await schema.createIndex('enrolment_codes_member').on('enrolment_codes').column('member').execute();
  await schema.createIndex('certificates_member').on('certificates').column('member').execute();
  await schema.createTable('lists')
    .addColumn('address', 'text', (c) => c.primaryKey())
    .addColumn('name', 'text', (c) => c.notNull())
    .addColumn('posting', 'text', (c) => c.notNull())
    .addColumn('created', 'bigint', (c) => c.notNull())
    .execute();
  await schema.createTable('list_members')
    .addColumn('list', 'text', (c) => c.notNull())
    .addColumn('mailbox', 'text', (c) => c.notNull())
    .addPrimaryKeyConstraint('list_members_key', ['list', 'mailbox'])
    .execute();
  await schema.dropTable('enrolment_failures').execute();
  await schema.createTable('enrolment_attempts')
    .addColumn('bucket', 'integer', (c) => c.primaryKey())
    .addColumn('count', 'integer', (c) => c.notNull())
    .addColumn('since', 'bigint', (c) => c.notNull())
    .execute();
}

export const registryMigrations: Readonly<Record<string, Migration>> = { '0003-registry': { up } };
