/** Tables for approvals by two administrators, for the CRLs of several issuers, and for recovery. */
import type { Kysely } from 'kysely';
import type { Bytes } from '../../core/bytes.ts';
import type { Migration } from '../shared/database.ts';

export interface LifeTables {
  administrators: {
    name: string;
    /** 65 bytes. */
    public_key: Bytes;
    added: number;
  };
  /** What waits for the signatures of two administrators, and what had them. */
  approvals: {
    id: string;
    kind: string;
    /** JSON, as the kind has it. */
    payload: Bytes;
    requested: number;
    expires: number;
    done: number | null;
  };
  approval_signatures: { approval: string; public_key: Bytes; signature: Bytes; at: number };
  /** The CRL in force of each of the organisation's keys. */
  issuer_crls: {
    /** Subject key identifier of the issuer. */
    issuer: Bytes;
    number: number;
    der: Bytes;
  };
  /** For whom old mail is re-encrypted to a new key, and until when. */
  recovery_windows: {
    id: string;
    member: string;
    opened: number;
    until: number;
    /** How many mails. */
    quota: number;
    closed: number | null;
  };
  /** Mails re-encrypted in a window: again for the same content counts once. */
  recovered: { recovery_window: string; content_digest: Bytes; at: number };
}

async function up(db: Kysely<unknown>): Promise<void> {
  const { schema } = db;
  await schema.createTable('administrators')
    .addColumn('name', 'text', (c) => c.primaryKey())
    .addColumn('public_key', 'bytea', (c) => c.notNull().unique())
    .addColumn('added', 'bigint', (c) => c.notNull())
    .execute();
  await schema.createTable('approvals')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('kind', 'text', (c) => c.notNull())
    .addColumn('payload', 'bytea', (c) => c.notNull())
    .addColumn('requested', 'bigint', (c) => c.notNull())
    .addColumn('expires', 'bigint', (c) => c.notNull())
    .addColumn('done', 'bigint')
    .execute();
  await schema.createTable('approval_signatures')
    .addColumn('approval', 'text', (c) => c.notNull())
    .addColumn('public_key', 'bytea', (c) => c.notNull())
    .addColumn('signature', 'bytea', (c) => c.notNull())
    .addColumn('at', 'bigint', (c) => c.notNull())
    .addPrimaryKeyConstraint('approval_signatures_key', ['approval', 'public_key'])
    .execute();
  await schema.createTable('issuer_crls')
    .addColumn('issuer', 'bytea', (c) => c.primaryKey())
    .addColumn('number', 'bigint', (c) => c.notNull())
    .addColumn('der', 'bytea', (c) => c.notNull())
    .execute();
  // Null: issued before issuers were told apart, hence listed by each of them.
  await schema.alterTable('certificates').addColumn('issuer', 'bytea').execute();
  await schema.createTable('recovery_windows')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('member', 'text', (c) => c.notNull())
    .addColumn('opened', 'bigint', (c) => c.notNull())
    .addColumn('until', 'bigint', (c) => c.notNull())
    .addColumn('quota', 'integer', (c) => c.notNull())
    .addColumn('closed', 'bigint')
    .execute();
  await schema.createIndex('recovery_windows_member').on('recovery_windows').columns(['member']).execute();
  await schema.createTable('recovered')
    .addColumn('recovery_window', 'text', (c) => c.notNull())
    .addColumn('content_digest', 'bytea', (c) => c.notNull())
    .addColumn('at', 'bigint', (c) => c.notNull())
    .addPrimaryKeyConstraint('recovered_key', ['recovery_window', 'content_digest'])
    .execute();
}

export const lifeMigrations: Readonly<Record<string, Migration>> = { '0004-life': { up } };
