/** The key server's tables. Times are milliseconds since 1970; hashes are SHA-256. */
import type { Kysely } from 'kysely';
import type { Bytes } from '../../core/bytes.ts';
import { auditMigrations, type AuditTables } from '../shared/audit-chain.ts';
import type { Database, Migration } from '../shared/database.ts';
import { abuseMigrations, type AbuseTables } from './tables-abuse.ts';
import { consentMigrations, type ConsentTables } from './tables-consents.ts';
import { lifeMigrations, type LifeTables } from './tables-life.ts';
import { listMigrations } from './tables-lists.ts';
import { refusalMigrations, type RefusalTables } from './tables-refusals.ts';
import { registryMigrations, type RegistryTables } from './tables-registry.ts';

export interface Tables extends AuditTables, ConsentTables, LifeTables, RegistryTables, AbuseTables, RefusalTables {
  /** The traceability link: who is behind an address (design §2). Never a national number. */
  members: {
    id: string;
    /** Normalised; several members may share a mailbox. */
    address: string;
    /** Employee or contract number. */
    reference: string;
    display_name: string;
    /** 1 if the name is a pseudonym. */
    pseudonym: number;
    /** Where the identity check is filed. */
    identity_check: string;
    created: number;
    /** Who stands behind a pseudonym, where the organisation wants the name here. */
    person: string | null;
    /** `person`, or `service` for a program that sends. */
    kind: string;
    left_at: number | null;
  };
  /** An alias or group: mail for `address` goes to `mailbox`. */
  aliases: { address: string; mailbox: string };
  enrolment_codes: {
    code_hash: Bytes;
    member: string;
    expires: number;
    /** When it was used, and the certificate that came of it: the same request again gets the same answer. */
    used: number | null;
    serial: string | null;
    issued: number;
  };
  certificates: {
    serial: string;
    role: string;
    /** Of users; empty for servers. */
    address: string;
    member: string | null;
    der: Bytes;
    spki_hash: Bytes;
    not_after: number;
    revoked: number | null;
    reason: string | null;
    invalid_since: number | null;
    /** Subject key identifier of the organisation's certificate that issued it; null before issuers were told apart. */
    issuer: Bytes | null;
  };
  /** One row: the number of the last CRL, and its DER. */
  crl: { id: number; number: number; der: Bytes };
  seen_ciphertexts: { c1_hash: Bytes; label_hash: Bytes; at: number };
  /** By SHA-256 of the SignerInfo, as `previous` of the next leg names it. */
  evidence: { signer_hash: Bytes; content_digest: Bytes; leg: number; signer_info: Bytes; certificate_hash: Bytes; at: number };
}

export type Store = Database<Tables>;

async function first(db: Kysely<unknown>): Promise<void> {
  const { schema } = db;
  await schema.createTable('members')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('address', 'text', (c) => c.notNull())
    .addColumn('reference', 'text', (c) => c.notNull())
    .addColumn('display_name', 'text', (c) => c.notNull())
    .addColumn('pseudonym', 'integer', (c) => c.notNull())
    .addColumn('identity_check', 'text', (c) => c.notNull())
    .addColumn('created', 'bigint', (c) => c.notNull())
    .addUniqueConstraint('members_once', ['address', 'reference'])
    .execute();
  await schema.createTable('aliases')
    .addColumn('address', 'text', (c) => c.notNull())
    .addColumn('mailbox', 'text', (c) => c.notNull())
    .addPrimaryKeyConstraint('aliases_key', ['address', 'mailbox'])
    .execute();
  await schema.createTable('enrolment_codes')
    .addColumn('code_hash', 'bytea', (c) => c.primaryKey())
    .addColumn('member', 'text', (c) => c.notNull())
    .addColumn('expires', 'bigint', (c) => c.notNull())
    .addColumn('used', 'bigint')
    .addColumn('serial', 'text')
    .execute();
  await schema.createTable('enrolment_failures')
    .addColumn('address', 'text', (c) => c.notNull())
    .addColumn('at', 'bigint', (c) => c.notNull())
    .execute();
  await schema.createIndex('enrolment_failures_address').on('enrolment_failures').columns(['address', 'at']).execute();
  await schema.createTable('certificates')
    .addColumn('serial', 'text', (c) => c.primaryKey())
    .addColumn('role', 'text', (c) => c.notNull())
    .addColumn('address', 'text', (c) => c.notNull())
    .addColumn('member', 'text')
    .addColumn('der', 'bytea', (c) => c.notNull())
    .addColumn('spki_hash', 'bytea', (c) => c.notNull())
    .addColumn('not_after', 'bigint', (c) => c.notNull())
    .addColumn('revoked', 'bigint')
    .addColumn('reason', 'text')
    .addColumn('invalid_since', 'bigint')
    .execute();
  await schema.createIndex('certificates_address').on('certificates').columns(['address', 'role']).execute();
  await schema.createTable('crl')
    .addColumn('id', 'integer', (c) => c.primaryKey())
    .addColumn('number', 'bigint', (c) => c.notNull())
    .addColumn('der', 'bytea', (c) => c.notNull())
    .execute();
  await schema.createTable('seen_ciphertexts')
    .addColumn('c1_hash', 'bytea', (c) => c.primaryKey())
    .addColumn('label_hash', 'bytea', (c) => c.notNull())
    .addColumn('at', 'bigint', (c) => c.notNull())
    .execute();
  await schema.createTable('evidence')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('content_digest', 'bytea', (c) => c.notNull())
    .addColumn('leg', 'integer', (c) => c.notNull())
    .addColumn('signer_info', 'bytea', (c) => c.notNull())
    .addColumn('certificate_hash', 'bytea', (c) => c.notNull())
    .addColumn('at', 'bigint', (c) => c.notNull())
    .addUniqueConstraint('evidence_once', ['content_digest', 'leg'])
    .execute();
  await schema.createTable('refusals')
    .addColumn('content_digest', 'bytea', (c) => c.primaryKey())
    .addColumn('sender', 'text', (c) => c.notNull())
    .addColumn('code', 'text', (c) => c.notNull())
    .addColumn('params', 'text', (c) => c.notNull())
    .addColumn('at', 'bigint', (c) => c.notNull())
    .execute();
}

export const migrations: Readonly<Record<string, Migration>> = {
  ...auditMigrations, '0002-key-server': { up: first }, ...registryMigrations, ...lifeMigrations, ...consentMigrations, ...abuseMigrations, ...listMigrations, ...refusalMigrations,
};
