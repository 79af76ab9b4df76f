/** What members of an ISP said about inspection. */
import type { Kysely } from 'kysely';
import type { Bytes } from '../../core/bytes.ts';
import type { Migration } from '../shared/database.ts';

export interface ConsentTables {
  /** Every statement ever made, as it was signed: the one with the highest number holds. */
  consents: {
    /** Certified address, normalised. */
    address: string;
    /** Who made it, of those who hold the address. */
    member: string;
    number: number;
    /** 1 if mail of this direction may be inspected. */
    outbound: number;
    inbound: number;
    /** DER SignedData of type id-ct-ssmax-userRequest. */
    statement: Bytes;
    /** Serial of the certificate that it was signed with. */
    serial: string;
    /** The statement's own time. */
    at: number;
  };
}

async function up({ schema }: Kysely<unknown>): Promise<void> {
  await schema.createTable('consents')
    .addColumn('address', 'text', (c) => c.notNull())
    .addColumn('member', 'text', (c) => c.notNull())
    .addColumn('number', 'integer', (c) => c.notNull())
    .addColumn('outbound', 'integer', (c) => c.notNull())
    .addColumn('inbound', 'integer', (c) => c.notNull())
    .addColumn('statement', 'bytea', (c) => c.notNull())
    .addColumn('serial', 'text', (c) => c.notNull())
    .addColumn('at', 'bigint', (c) => c.notNull())
    .addPrimaryKeyConstraint('consents_key', ['address', 'member', 'number'])
    .execute();
}

export const consentMigrations: Readonly<Record<string, Migration>> = { '0006-consents': { up } };
