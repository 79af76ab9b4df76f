/** Tables of the abuse desk (docs/admin/abuse.md). Times are milliseconds since 1970. */
import { createHash } from 'node:crypto';
import type { Kysely } from 'kysely';
import type { Bytes } from '../../core/bytes.ts';
import type { Migration } from '../shared/database.ts';

export interface AbuseTables {
  /** Reports that own members filed, until and after they were sent to the sender's organisation. */
  abuse_reports: {
    id: string;
    content_digest: Bytes;
    /** The reporter's mailbox: one report a mail and mailbox. */
    reporter: string;
    /** `plugin` or `mail`. */
    channel: string;
    category: string;
    sender: string;
    /** Identifier of the sender's organisation. */
    organisation: string;
    /** `queued`, `sent`, `own` (a case here), `merged` (another member reported the same mail first), `refused`. */
    state: string;
    /** Why it was refused there. */
    code: string | null;
    /** JSON OrganisationReport while queued, then empty. */
    report: Bytes;
    at: number;
  };
  /** Mails of own members that were reported: one case a mail. */
  abuse_cases: {
    id: string;
    /** Of leg 1's SignerInfo: who sent what, exactly once. */
    leg_hash: Bytes;
    content_digest: Bytes;
    sender: string;
    sent: number;
    /** `open`, `warned`, `suspended`, `closed`. */
    state: string;
    /** `confirmed` or `unfounded`, when closed. */
    outcome: string | null;
    /** The registry entry behind the certificate that signed; null where the evidence was erased. */
    member: string | null;
    opened: number;
    changed: number;
  };
  /** What each organisation said about a case: one entry an organisation, as duplicates collapse. */
  abuse_complaints: {
    case: string;
    organisation: string;
    report: string;
    category: string;
    comment: string;
    excerpt: string;
    reporter: string;
    at: number;
  };
  /** What an administrator did in a case. */
  abuse_steps: { case: string; number: number; step: string; reason: string; at: number };
  /** Members who may not send. */
  suspensions: { member: string; case: string; at: number };
  /** Refused reports, by code and day (`YYYY-MM-DD`). */
  abuse_refusals: { code: string; day: string; count: number };
  /** Statements made for the Authority, by day. */
  statements: { day: string; body: Bytes; accepted: number; at: number };
}

/** Evidence of one mail by two senders is two pieces of evidence: it is kept once by its own hash, not by content and leg. */
async function rebuildEvidence(db: Kysely<unknown>): Promise<void> {
  const store = db as Kysely<{
    evidence: { id: string; content_digest: Bytes; leg: number; signer_info: Bytes; certificate_hash: Bytes; at: number };
    evidence_by_hash: { signer_hash: Bytes; content_digest: Bytes; leg: number; signer_info: Bytes; certificate_hash: Bytes; at: number };
  }>;
  await db.schema.createTable('evidence_by_hash')
    .addColumn('signer_hash', 'bytea', (c) => c.primaryKey())
    .addColumn('content_digest', 'bytea', (c) => c.notNull())
    .addColumn('leg', 'integer', (c) => c.notNull())
    .addColumn('signer_info', 'bytea', (c) => c.notNull())
    .addColumn('certificate_hash', 'bytea', (c) => c.notNull())
    .addColumn('at', 'bigint', (c) => c.notNull())
    .execute();
  for (const { id: _, ...row } of await store.selectFrom('evidence').selectAll().execute()) {
    const signer_hash = new Uint8Array(createHash('sha256').update(row.signer_info).digest());
    await store.insertInto('evidence_by_hash').values({ signer_hash, ...row }).onConflict((conflict) => conflict.doNothing()).execute();
  }
  await db.schema.dropTable('evidence').execute();
  await db.schema.alterTable('evidence_by_hash').renameTo('evidence').execute();
  await db.schema.createIndex('evidence_content').on('evidence').columns(['content_digest', 'leg']).execute();
  await db.schema.createIndex('evidence_at').on('evidence').columns(['leg', 'at']).execute();
}

async function up(db: Kysely<unknown>): Promise<void> {
  const { schema } = db;
  await rebuildEvidence(db);
  await schema.createTable('abuse_reports')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('content_digest', 'bytea', (c) => c.notNull())
    .addColumn('reporter', 'text', (c) => c.notNull())
    .addColumn('channel', 'text', (c) => c.notNull())
    .addColumn('category', 'text', (c) => c.notNull())
    .addColumn('sender', 'text', (c) => c.notNull())
    .addColumn('organisation', 'text', (c) => c.notNull())
    .addColumn('state', 'text', (c) => c.notNull())
    .addColumn('code', 'text')
    .addColumn('report', 'bytea', (c) => c.notNull())
    .addColumn('at', 'bigint', (c) => c.notNull())
    .addUniqueConstraint('abuse_reports_once', ['content_digest', 'sender', 'reporter'])
    .execute();
  await schema.createIndex('abuse_reports_state').on('abuse_reports').columns(['state']).execute();
  await schema.createTable('abuse_cases')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('leg_hash', 'bytea', (c) => c.notNull().unique())
    .addColumn('content_digest', 'bytea', (c) => c.notNull())
    .addColumn('sender', 'text', (c) => c.notNull())
    .addColumn('sent', 'bigint', (c) => c.notNull())
    .addColumn('state', 'text', (c) => c.notNull())
    .addColumn('outcome', 'text')
    .addColumn('member', 'text')
    .addColumn('opened', 'bigint', (c) => c.notNull())
    .addColumn('changed', 'bigint', (c) => c.notNull())
    .execute();
  await schema.createTable('abuse_complaints')
    .addColumn('case', 'text', (c) => c.notNull())
    .addColumn('organisation', 'text', (c) => c.notNull())
    .addColumn('report', 'text', (c) => c.notNull())
    .addColumn('category', 'text', (c) => c.notNull())
    .addColumn('comment', 'text', (c) => c.notNull())
    .addColumn('excerpt', 'text', (c) => c.notNull())
    .addColumn('reporter', 'text', (c) => c.notNull())
    .addColumn('at', 'bigint', (c) => c.notNull())
    .addPrimaryKeyConstraint('abuse_complaints_key', ['case', 'organisation'])
    .execute();
  await schema.createTable('abuse_steps')
    .addColumn('case', 'text', (c) => c.notNull())
    .addColumn('number', 'integer', (c) => c.notNull())
    .addColumn('step', 'text', (c) => c.notNull())
    .addColumn('reason', 'text', (c) => c.notNull())
    .addColumn('at', 'bigint', (c) => c.notNull())
    .addPrimaryKeyConstraint('abuse_steps_key', ['case', 'number'])
    .execute();
  await schema.createTable('suspensions')
    .addColumn('member', 'text', (c) => c.primaryKey())
    .addColumn('case', 'text', (c) => c.notNull())
    .addColumn('at', 'bigint', (c) => c.notNull())
    .execute();
  await schema.createTable('abuse_refusals')
    .addColumn('code', 'text', (c) => c.notNull())
    .addColumn('day', 'text', (c) => c.notNull())
    .addColumn('count', 'bigint', (c) => c.notNull())
    .addPrimaryKeyConstraint('abuse_refusals_key', ['code', 'day'])
    .execute();
  await schema.createTable('statements')
    .addColumn('day', 'text', (c) => c.primaryKey())
    .addColumn('body', 'bytea', (c) => c.notNull())
    .addColumn('accepted', 'integer', (c) => c.notNull())
    .addColumn('at', 'bigint', (c) => c.notNull())
    .execute();
}

export const abuseMigrations: Readonly<Record<string, Migration>> = { '0007-abuse': { up } };
