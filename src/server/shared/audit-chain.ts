/**
 * The append-only audit chain (docs/protocol-audit.md): each entry's hash covers the entry before, so that removing,
 * changing, reordering or inserting one shows. What an entry says is covered by a salted hash only; details and salt stand in
 * a table of their own and can be erased when their retention ends, without breaking the chain and without leaving anything
 * that could be guessed back.
 *
 *     details = SHA-256(LP("SSMAX-v1/audit-details") ‖ LP(salt) ‖ LP(details text))
 *     hash    = SHA-256(LP("SSMAX-v1/audit") ‖ LP(seq) ‖ LP(time) ‖ LP(kind) ‖ LP(details) ‖ LP(previous hash))
 *
 * LP is a 4-byte big-endian length, then the bytes; seq (from 1) and time (milliseconds since 1970) are 8 bytes big-endian,
 * kind and details text UTF-8, salt 32 random bytes; before the first entry the previous hash is 32 zero bytes.
 *
 * Cutting entries off the end leaves a good shorter chain: only a head kept elsewhere (the Authority keeps daily ones) shows
 * it. Pass such heads to verifyAuditChain.
 */
import { createHash } from 'node:crypto';
import type { Kysely } from 'kysely';
import { type Bytes, concat, equal, utf8 } from '../../core/bytes.ts';
import { lengthPrefixed } from '../../core/digest.ts';
import type { Database, Migration, Transaction } from './database.ts';
import { TreeHead } from './merkle-tree.ts';

export interface AuditTables {
  audit_entries: { seq: number; time: number; kind: string; details_hash: Bytes; previous: Bytes; hash: Bytes };
  /** Erasable. */
  audit_details: { seq: number; salt: Bytes; details: string };
}

async function createTables(db: Kysely<unknown>): Promise<void> {
  await db.schema.createTable('audit_entries')
    .addColumn('seq', 'bigint', (column) => column.primaryKey())
    .addColumn('time', 'bigint', (column) => column.notNull())
    .addColumn('kind', 'text', (column) => column.notNull())
    .addColumn('details_hash', 'bytea', (column) => column.notNull())
    .addColumn('previous', 'bytea', (column) => column.notNull().unique())
    .addColumn('hash', 'bytea', (column) => column.notNull())
    .execute();
  await db.schema.createTable('audit_details')
    .addColumn('seq', 'bigint', (column) => column.primaryKey())
    .addColumn('salt', 'bytea', (column) => column.notNull())
    .addColumn('details', 'text', (column) => column.notNull())
    .execute();
}

export const auditMigrations: Readonly<Record<string, Migration>> = { '0001-audit-chain': { up: createTables } };

/** What an entry says; values only of these types, so that its text is the same everywhere. */
export type AuditDetails = Readonly<Record<string, string | number | boolean | null>>;

export interface AuditHead {
  /** Number of entries; 0 for an empty chain. */
  readonly seq: number;
  /** 32 bytes; zeros for an empty chain. */
  readonly hash: Bytes;
}

/** A head that was kept elsewhere: perhaps with the root of the hash tree over all entries up to it (merkle-tree.ts). */
export interface KeptHead extends AuditHead {
  readonly root?: Bytes | undefined;
}

const emptyHead: AuditHead = { seq: 0, hash: new Uint8Array(32) };

interface Entry {
  readonly seq: number;
  readonly time: number;
  readonly kind: string;
  readonly details_hash: Bytes;
  readonly previous: Bytes;
}

function sha256(...parts: readonly Bytes[]): Bytes {
  return new Uint8Array(createHash('sha256').update(concat(...parts)).digest());
}

function eightBytes(value: number): Bytes {
  const out = new Uint8Array(8);
  new DataView(out.buffer).setBigUint64(0, BigInt(value));
  return out;
}

function hashDetails(salt: Bytes, details: string): Bytes {
  return sha256(lengthPrefixed('SSMAX-v1/audit-details'), lengthPrefixed(salt), lengthPrefixed(details));
}

function hashEntry({ seq, time, kind, details_hash, previous }: Entry): Bytes {
  const numbers = [lengthPrefixed(eightBytes(seq)), lengthPrefixed(eightBytes(time))];
  return sha256(lengthPrefixed(utf8('SSMAX-v1/audit')), ...numbers, lengthPrefixed(kind), lengthPrefixed(details_hash), lengthPrefixed(previous));
}

/** Appends in a transaction of its own; gives the new head. Safe with several processes on one database. */
export function appendAudit<Tables extends AuditTables>(store: Database<Tables>, time: Date, kind: string, details: AuditDetails): Promise<AuditHead> {
  return store.transaction((tx) => appendAuditIn(tx, time, kind, details));
}

/** Appends as part of a larger transaction, so that what is recorded and its record are kept or lost together. */
export async function appendAuditIn<Tables extends AuditTables>(transaction: Transaction<Tables>, time: Date, kind: string, details: AuditDetails): Promise<AuditHead> {
  const tx = auditTables(transaction);
  const { seq, hash: previous } = await readHead(tx);
  const salt = crypto.getRandomValues(new Uint8Array(32));
  const text = JSON.stringify(details);
  const entry = { seq: seq + 1, time: time.getTime(), kind, details_hash: hashDetails(salt, text), previous };
  const hash = hashEntry(entry);
  await tx.insertInto('audit_entries').values({ ...entry, hash }).execute();
  await tx.insertInto('audit_details').values({ seq: entry.seq, salt, details: text }).execute();
  return { seq: entry.seq, hash };
}

/** Erases what entries older than `before` say; the entries themselves stay. Gives how many were erased. */
export async function eraseAuditDetails<Tables extends AuditTables>(store: Database<Tables>, before: Date): Promise<number> {
  return store.transaction(async (transaction) => {
    const tx = auditTables(transaction);
    const old = tx.selectFrom('audit_entries').select('seq').where('time', '<', before.getTime());
    const erased = await tx.deleteFrom('audit_details').where('seq', 'in', old).returning('seq').execute();
    return erased.length;
  });
}

export function auditHead<Tables extends AuditTables>(store: Database<Tables>): Promise<AuditHead> {
  return readHead(auditTables(store.query));
}

/** The hashes of the first `count` entries, in their order: the leaves of the hash tree. */
export async function auditHashes<Tables extends AuditTables>(store: Database<Tables>, count: number): Promise<Bytes[]> {
  const db = auditTables(store.query);
  const hashes: Bytes[] = [];
  for (let last = 0; hashes.length < count;) {
    const page = await db.selectFrom('audit_entries').select(['seq', 'hash']).where('seq', '>', last).orderBy('seq').limit(Math.min(10_000, count - hashes.length)).execute();
    if (page.length === 0) break;
    hashes.push(...page.map(({ hash }) => hash));
    last = page.at(-1)?.seq ?? last;
  }
  return hashes;
}

/** Kysely's handles are invariant in their tables; every store that extends AuditTables has these two. */
function auditTables<Tables extends AuditTables>(handle: Kysely<Tables>): Kysely<AuditTables> {
  return handle as unknown as Kysely<AuditTables>;
}

async function readHead(db: Kysely<AuditTables>): Promise<AuditHead> {
  const last = await db.selectFrom('audit_entries').select(['seq', 'hash']).orderBy('seq', 'desc').limit(1).executeTakeFirst();
  return last ?? emptyHead;
}

export interface AuditFault {
  /** The first entry that is not as it was written. */
  readonly seq: number;
  /**
   * `missing` (an entry was removed, or one inserted or reordered so that numbers do not follow), `link` (it does not continue
   * the entry before), `hash` (it was changed), `details` (what it says was changed), `head` (a kept head differs or is gone).
   */
  readonly problem: 'missing' | 'link' | 'hash' | 'details' | 'head';
}

export interface AuditReport {
  readonly head: AuditHead;
  readonly fault?: AuditFault;
}

/**
 * Reads the whole chain and compares it with heads kept elsewhere.
 *
 * @param kept heads as auditHead once gave them
 */
export async function verifyAuditChain<Tables extends AuditTables>(store: Database<Tables>, kept: readonly KeptHead[] = []): Promise<AuditReport> {
  const db = auditTables(store.query);
  const tree = kept.some(({ root }) => root !== undefined) ? new TreeHead() : undefined;
  let head = emptyHead;
  for (;;) {
    const page = await db.selectFrom('audit_entries')
      .leftJoin('audit_details', 'audit_details.seq', 'audit_entries.seq')
      .select(['audit_entries.seq', 'time', 'kind', 'details_hash', 'previous', 'hash', 'salt', 'details'])
      .where('audit_entries.seq', '>', head.seq)
      .orderBy('audit_entries.seq').limit(1000).execute();
    for (const row of page) {
      tree?.append(row.hash);
      const problem = checkEntry(row, head) ?? (keptDiffers(row, kept, tree) ? 'head' : undefined);
      if (problem !== undefined) return { head, fault: { seq: head.seq + 1, problem } };
      head = { seq: row.seq, hash: row.hash };
    }
    if (page.length === 0) break;
  }
  const orphan = await db.selectFrom('audit_details').select('seq').where('seq', '>', head.seq).limit(1).executeTakeFirst();
  if (orphan !== undefined) return { head, fault: { seq: head.seq + 1, problem: 'missing' } };
  const cut = kept.some(({ seq }) => seq > head.seq);
  return cut ? { head, fault: { seq: head.seq + 1, problem: 'head' } } : { head };
}

function checkEntry(row: Entry & { hash: Bytes; salt: Bytes | null; details: string | null }, before: AuditHead): AuditFault['problem'] | undefined {
  if (row.seq !== before.seq + 1) return 'missing';
  if (!equal(row.previous, before.hash)) return 'link';
  if (!equal(row.hash, hashEntry(row))) return 'hash';
  if (row.salt !== null && row.details !== null && !equal(row.details_hash, hashDetails(row.salt, row.details))) return 'details';
  return undefined;
}

function keptDiffers(row: { seq: number; hash: Bytes }, kept: readonly KeptHead[], tree: TreeHead | undefined): boolean {
  return kept.some(({ seq, hash, root }) =>
    seq === row.seq && (!equal(hash, row.hash) || (root !== undefined && tree !== undefined && !equal(root, tree.root()))));
}
