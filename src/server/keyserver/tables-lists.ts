/** Who answers for a mailing list. */
import type { Kysely } from 'kysely';
import type { Migration } from '../shared/database.ts';

async function up({ schema }: Kysely<unknown>): Promise<void> {
  await schema.alterTable('lists').addColumn('owner', 'text').execute();
}

export const listMigrations: Readonly<Record<string, Migration>> = { '0008-list-owner': { up } };
