/**
 * Writes what a release leaves in its databases: `tsx scripts/make-migration-fixtures.ts`, once, on the commit of the
 * release. Every table gets rows; test/server/migrations opens the result with the program of today.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Migration } from 'kysely';
import { sql } from 'kysely';
import Libsql from 'libsql';
import manifest from '../package.json' with { type: 'json' };
import { migrations as authority } from '../src/server/authority/register.ts';
import { migrations as inspection } from '../src/server/inspection/tables-inspection.ts';
import { migrations as keyserver } from '../src/server/keyserver/tables.ts';
import { historyMigrations as status } from '../src/server/status/history.ts';
import { appendAudit, type AuditTables } from '../src/server/shared/audit-chain.ts';
import { type Database, openDatabase } from '../src/server/shared/database.ts';
import { startPostgres } from '../test/server/shared/postgres.ts';

const directory = join(import.meta.dirname, '../test/server/migrations', manifest.version);

interface Column {
  readonly name: string;
  readonly type: string;
}

/** Each table gets this many rows. */
const ROWS = 3;

async function fill(store: Database<AuditTables>): Promise<void> {
  const tables = await store.query.introspection.getTables();
  // The status page keeps figures alone.
  const audited = tables.some(({ name }) => name === 'audit_entries');
  for (let number = 1; audited && number <= ROWS; number++) await appendAudit(store, new Date(1_790_000_000_000 + number), 'certified', { role: 'user', serial: `0${number}` });
  for (const { name, columns } of tables) {
    if (name.startsWith('audit_')) continue;
    for (let number = 1; number <= ROWS; number++) await insert(store, name, columns.map((column) => ({ name: column.name, type: column.dataType.toLowerCase() })), number);
  }
}

/** Values that tell rows, columns and types apart. */
async function insert(store: Database<AuditTables>, table: string, columns: readonly Column[], number: number): Promise<void> {
  const values = columns.map(({ name, type }) => {
    if (type === 'bytea') return new TextEncoder().encode(`${table}.${name}.${number}`);
    return type === 'text' ? `${table}.${name}.${number}` : (type.startsWith('int') && type !== 'int8' ? 1_000_000 : 1_790_000_000_000) + number;
  });
  await sql`insert into ${sql.table(table)} (${sql.join(columns.map(({ name }) => sql.ref(name)))}) values (${sql.join(values)})`.execute(store.query);
}

async function sqliteDump(migrations: Readonly<Record<string, Migration>>): Promise<string> {
  const root = mkdtempSync(join(tmpdir(), 'ssmax-fixture-'));
  const file = join(root, 'store.sqlite');
  const store = await openDatabase<AuditTables>(file, migrations);
  await fill(store);
  await store.close();
  const raw = new Libsql(file);
  const made = raw.prepare('select name, sql from sqlite_schema where sql is not null order by rowid').all() as { name: string; sql: string }[];
  const lines = made.map((one) => `${one.sql};`);
  for (const { name } of raw.prepare('select name from sqlite_schema where type = ? and name not like ? order by rowid').all('table', 'sqlite_%') as { name: string }[]) {
    const columns = raw.prepare(`pragma table_info("${name}")`).all() as { name: string }[];
    const quoted = columns.map((column) => `quote("${column.name}")`).join(` || ',' || `);
    for (const { row } of raw.prepare(`select ${quoted} as row from "${name}"`).all() as { row: string }[]) lines.push(`insert into "${name}" values (${row});`);
  }
  raw.close();
  rmSync(root, { recursive: true, force: true });
  return `${lines.join('\n')}\n`;
}

async function postgresDump(migrations: Readonly<Record<string, Migration>>): Promise<string> {
  const cluster = await startPostgres();
  const location = await cluster.freshDatabase();
  const store = await openDatabase<AuditTables>(location, migrations);
  await fill(store);
  await store.close();
  const dumped = spawnSync('pg_dump', ['--inserts', '--no-owner', '--no-privileges', '--dbname', location], { encoding: 'utf8' });
  await cluster.stop();
  if (dumped.status !== 0) throw new Error(dumped.stderr);
  // Comments, psql's own commands, and settings that later versions of PostgreSQL may not know.
  return dumped.stdout.split('\n').filter((line) => line !== '' && !/^(--|\\|SET |SELECT pg_catalog\.set_config)/.test(line)).join('\n').concat('\n');
}

mkdirSync(directory, { recursive: true });
for (const [name, migrations] of Object.entries({ authority, inspection, keyserver, status })) {
  writeFileSync(join(directory, `${name}.sqlite.sql`), await sqliteDump(migrations));
  writeFileSync(join(directory, `${name}.postgresql.sql`), await postgresDump(migrations));
}
