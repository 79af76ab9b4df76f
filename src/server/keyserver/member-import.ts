/** Importing a table of members: what it would change, and, if nothing is wrong with it, all of that at once. */
import type { Bytes } from '../../core/bytes.ts';
import { refused, SsmaxError } from '../../core/error.ts';
import type { Clock } from '../../flow/ports.ts';
import { type MemberRow, readMemberTable, type RowError } from '../../flow/member-table.ts';
import { domainOf } from '../../mail/address.ts';
import { appendAuditIn } from '../shared/audit-chain.ts';
import type { Transaction } from '../shared/database.ts';
import type { Ca } from './ca.ts';
import { MAX_CERTIFICATES } from './enrolment.ts';
import { checkMember, endMembership, insertMember, type NewMember } from './registry.ts';
import type { Store, Tables } from './tables.ts';

export interface ImportOrder {
  readonly file: Bytes;
  /** Say only what would be done. */
  readonly dryRun: boolean;
  /** How many members that the file does not name shall leave: exactly those it does not name. Absent: they stay. */
  readonly leavers?: number;
}

export interface MemberName {
  readonly address: string;
  readonly reference: string;
}

export interface ChangedMember extends MemberName {
  readonly line: number;
  /** What changes, as `field: before → after`. */
  readonly changes: readonly string[];
}

export interface ImportReport {
  readonly encoding: string;
  readonly rows: number;
  readonly applied: boolean;
  readonly errors: readonly RowError[];
  /** Columns that mean nothing here. */
  readonly unused: readonly string[];
  readonly added: readonly (MemberName & { readonly line: number })[];
  readonly changed: readonly ChangedMember[];
  readonly unchanged: number;
  /** Members whom the file does not name: they leave if the order says so. */
  readonly missing: readonly MemberName[];
  /** Certificates revoked, of those who left. */
  readonly revoked: number;
}

type MemberRecord = Tables['members'];

/** What is there before. */
interface Present {
  readonly members: ReadonlyMap<string, MemberRecord>;
  /** Addresses of those who have not left. */
  readonly mailboxes: ReadonlySet<string>;
  /** Mailboxes by alias, as one may have several, and aliases by mailbox. */
  readonly aliases: ReadonlyMap<string, readonly string[]>;
  readonly aliasesOf: ReadonlyMap<string, readonly string[]>;
  readonly lists: ReadonlySet<string>;
}

/**
 * All or nothing. Throws what makes the file unreadable (`csv-…`, `column-…`), and `leavers-differ` where another number of
 * members is missing than the order says.
 */
export async function importMembers(store: Store, ca: Ca, domains: readonly string[], clock: Clock, order: ImportOrder): Promise<ImportReport> {
  const table = readMemberTable(order.file);
  const report = await store.transaction(async (tx) => {
    const present = await read(tx);
    const errors = unique([...table.errors, ...table.rows.flatMap((row) => problemsOf(row, present, domains)), ...fullMailboxes(table.rows, present, order.leavers !== undefined)]);
    const plan = planOf(table.rows, present);
    // Rows that could not be read name somebody all the same; until they are mended nobody can be called missing.
    const missing = errors.length > 0 ? [] : plan.missing;
    const outcome = { ...plan, missing: missing.map(nameOf), encoding: table.encoding, rows: table.rows.length, unused: table.unused, errors, revoked: 0 };
    if (errors.length > 0) return { ...outcome, applied: false };
    if (order.leavers !== undefined && order.leavers !== missing.length) throw refused('leavers-differ', { given: order.leavers, found: missing.length });
    if (order.dryRun) return { ...outcome, applied: false };
    return { ...outcome, applied: true, revoked: await apply(tx, table.rows, present, order.leavers === undefined ? [] : missing, clock.now()) };
  });
  if (report.revoked > 0) await ca.publishCrl();
  return report;
}

/** In the order of their lines; what is wrong with a line both in the table and against what is there is said once. */
function unique(errors: readonly RowError[]): RowError[] {
  return [...new Map(errors.map((error) => [JSON.stringify([error.line, error.column, error.code, error.params]), error])).values()].sort((a, b) => a.line - b.line);
}

function keyOf({ address, reference }: MemberName): string {
  return `${address}\0${reference}`;
}

function nameOf({ address, reference }: MemberName): MemberName {
  return { address, reference };
}

async function read(tx: Transaction<Tables>): Promise<Present> {
  const members = await tx.selectFrom('members').selectAll().execute();
  const pairs = await tx.selectFrom('aliases').selectAll().orderBy('address').execute();
  const lists = await tx.selectFrom('lists').select('address').execute();
  return {
    members: new Map(members.map((member) => [keyOf(member), member])),
    mailboxes: new Set(members.filter(({ left_at }) => left_at === null).map(({ address }) => address)),
    aliases: grouped(pairs.map(({ address, mailbox }) => [address, mailbox])),
    aliasesOf: grouped(pairs.map(({ address, mailbox }) => [mailbox, address])),
    lists: new Set(lists.map(({ address }) => address)),
  };
}

function grouped(pairs: readonly (readonly [key: string, value: string])[]): ReadonlyMap<string, readonly string[]> {
  const groups = new Map<string, string[]>();
  for (const [key, value] of pairs) {
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [value]);
    else group.push(value);
  }
  return groups;
}

function asMember(row: MemberRow): NewMember {
  const { address, reference, displayName, pseudonym, identityCheck, kind, person } = row;
  return { address, reference, displayName, pseudonym, identityCheck, kind, ...(person !== '' && { person }) };
}

/** What is wrong with a row that can be read: against the organisation's domains, and against what is there. */
function problemsOf(row: MemberRow, present: Present, domains: readonly string[]): RowError[] {
  const { line, address, aliases = [] } = row;
  const found: SsmaxError[] = [];
  try {
    checkMember(asMember(row), domains);
  } catch (error) {
    if (!(error instanceof SsmaxError)) throw error;
    found.push(error);
  }
  if (present.aliases.has(address) || present.lists.has(address)) found.push(refused('address-taken', { address }));
  for (const alias of aliases) {
    const mailboxes = present.aliases.get(alias) ?? [];
    if (!domains.includes(domainOf(alias))) found.push(refused('address-not-ours', { address: alias }));
    else if (present.mailboxes.has(alias) || present.lists.has(alias) || mailboxes.some((mailbox) => mailbox !== address)) found.push(refused('address-taken', { address: alias }));
  }
  return found.map(({ code, params }) => ({ line, code, params }));
}

/** Addresses that would have more holders than an address may have certificates. */
function fullMailboxes(rows: readonly MemberRow[], present: Present, othersLeave: boolean): RowError[] {
  const holders = new Map<string, Set<string>>();
  const put = ({ address, reference }: MemberName): Set<string> => {
    const those = holders.get(address) ?? new Set<string>();
    holders.set(address, those.add(reference));
    return those;
  };
  if (!othersLeave) for (const member of present.members.values()) if (member.left_at === null) put(member);
  return rows.flatMap((row) => {
    const { size } = put(row);
    return size > MAX_CERTIFICATES ? [{ line: row.line, code: 'too-many-holders', params: { address: row.address, maximum: MAX_CERTIFICATES } }] : [];
  });
}

function planOf(rows: readonly MemberRow[], present: Present) {
  const added: (MemberName & { line: number })[] = [];
  const changed: ChangedMember[] = [];
  const named = new Set<string>();
  for (const row of rows) {
    named.add(keyOf(row));
    const known = present.members.get(keyOf(row));
    if (known === undefined || known.left_at !== null) added.push({ line: row.line, ...nameOf(row) });
    else {
      const changes = changesOf(row, known, present);
      if (changes.length > 0) changed.push({ line: row.line, ...nameOf(row), changes });
    }
  }
  const missing = [...present.members.values()].filter((member) => member.left_at === null && !named.has(keyOf(member)));
  return { added, changed, unchanged: rows.length - added.length - changed.length, missing };
}

function changesOf(row: MemberRow, known: MemberRecord, present: Present): string[] {
  const pairs: readonly (readonly [field: string, before: string, after: string])[] = [
    [row.pseudonym ? 'pseudonym' : 'name', known.display_name, row.displayName],
    ['shown as', known.pseudonym === 1 ? 'pseudonym' : 'name', row.pseudonym ? 'pseudonym' : 'name'],
    ['identity check', known.identity_check, row.identityCheck],
    ['kind', known.kind, row.kind],
    ['aliases', aliasesOf(row.address, present).join(' '), (row.aliases ?? aliasesOf(row.address, present)).join(' ')],
  ];
  const changes = pairs.filter(([, before, after]) => before !== after).map(([field, before, after]) => `${field}: ${before === '' ? '-' : before} → ${after === '' ? '-' : after}`);
  // The person behind a pseudonym is not for a report that is shown around.
  return (known.person ?? '') === row.person ? changes : [...changes, 'person behind the pseudonym'];
}

function aliasesOf(mailbox: string, present: Present): readonly string[] {
  return present.aliasesOf.get(mailbox) ?? [];
}

async function apply(tx: Transaction<Tables>, rows: readonly MemberRow[], present: Present, leavers: readonly MemberRecord[], now: Date): Promise<number> {
  for (const row of rows) {
    const known = present.members.get(keyOf(row));
    if (known === undefined || known.left_at !== null) await insertMember(tx, asMember(row), now);
    else if (changesOf(row, known, present).length > 0) await update(tx, known.id, row, now);
    if (row.aliases !== undefined) await putAliases(tx, row.address, row.aliases, present);
  }
  // At last, so that a mailbox that only changes hands stays on its lists.
  let revoked = 0;
  for (const member of leavers) revoked += await endMembership(tx, member, now);
  return revoked;
}

async function update(tx: Transaction<Tables>, id: string, row: MemberRow, now: Date): Promise<void> {
  await tx.updateTable('members').set({
    display_name: row.displayName, pseudonym: row.pseudonym ? 1 : 0, identity_check: row.identityCheck, kind: row.kind,
    person: row.person === '' ? null : row.person,
  }).where('id', '=', id).execute();
  await appendAuditIn(tx, now, 'member-changed', { member: id });
}

async function putAliases(tx: Transaction<Tables>, mailbox: string, wanted: readonly string[], present: Present): Promise<void> {
  const known = aliasesOf(mailbox, present);
  const gone = known.filter((alias) => !wanted.includes(alias));
  if (gone.length > 0) await tx.deleteFrom('aliases').where('mailbox', '=', mailbox).where('address', 'in', gone).execute();
  for (const address of wanted) {
    if (!known.includes(address)) await tx.insertInto('aliases').values({ address, mailbox }).onConflict((conflict) => conflict.columns(['address', 'mailbox']).doNothing()).execute();
  }
}
