/** Approvers who asked to see a held mail, and what was sealed to them. Times are milliseconds since 1970. */
import type { Kysely } from 'kysely';
import type { Bytes } from '../../core/bytes.ts';
import type { Migration } from '../shared/database.ts';

export interface LookTables {
  /** Gone when the mail waits no longer. */
  held_looks: {
    held: string;
    approver: string;
    /** DER, as the request was signed with. */
    certificate: Bytes;
    requested: number;
    /** Sealed to that certificate; null until the mail has come round. */
    sealed: Bytes | null;
  };
}

async function up({ schema }: Kysely<unknown>): Promise<void> {
  await schema.createTable('held_looks')
    .addColumn('held', 'text', (c) => c.notNull())
    .addColumn('approver', 'text', (c) => c.notNull())
    .addColumn('certificate', 'bytea', (c) => c.notNull())
    .addColumn('requested', 'bigint', (c) => c.notNull())
    .addColumn('sealed', 'bytea')
    .addPrimaryKeyConstraint('held_looks_key', ['held', 'approver'])
    .execute();
}

export const lookMigrations: Readonly<Record<string, Migration>> = { '0006-held-looks': { up } };
