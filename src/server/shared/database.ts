/**
 * One state store for every server, on an embedded SQLite file or on PostgreSQL, with one SQL text for both.
 *
 * What keeps one text possible: column types `text`, `bytea`, `bigint` and `integer` only; `ON CONFLICT` and `RETURNING`
 * are fine, `FOR UPDATE`, sequences and JSON operators are not (transactions are serialisable instead, and run one after the
 * other, whichever copy of a server they come from: docs/decisions/0032-copies-side-by-side.md). Rows carry `Bytes` for bytea and numbers for bigint; a bigint beyond 2^53 is a fault.
 *
 * The embedded file belongs to one process: a second opener is refused at once (docs/decisions/0001-embedded-database.md).
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { chmodSync, closeSync, existsSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import Libsql from 'libsql';
import { Kysely, Migrator, PostgresDialect, SqliteAdapter, SqliteDialect, sql } from 'kysely';
import type { Dialect, Migration, PostgresPoolClient, PostgresQueryResult, SqliteDatabase, SqliteStatement, Transaction } from 'kysely';
import pg from 'pg';
import { SsmaxError } from '../../core/error.ts';

/** How often a transaction is run before a conflict with others is given up. */
const attempts = 20;

export type { Migration, Transaction } from 'kysely';

export interface Database<Tables> {
  readonly kind: 'sqlite' | 'postgresql';
  /** For single statements; inside a transaction only its own handle may be used, which this enforces. */
  readonly query: Kysely<Tables>;
  /**
   * Runs `work` in a serialisable transaction and commits when it resolves. Transactions wait for each other; with single
   * statements beside them they may still conflict, and then `work` runs once more, so it must
   * have no effect but on the database. Throws `database-busy` (unavailable) when conflicts do not end.
   */
  transaction<Result>(work: (tx: Transaction<Tables>) => Promise<Result>): Promise<Result>;
  close(): Promise<void>;
}

/**
 * Opens the store and brings its tables up to date.
 *
 * @param location a file path (created with mode 600, its directory with 700), or `postgresql://…` without a password
 * @param migrations by name, run in the order of their names, each once
 * @throws SsmaxError `database-in-use`, `database-unavailable` (unavailable), `database-password-in-url`,
 *   `database-migration-failed` (fault)
 */
export async function openDatabase<Tables>(location: string, migrations: Readonly<Record<string, Migration>>): Promise<Database<Tables>> {
  const postgresql = isPostgres(location);
  if (postgresql && passwordIn(location)) throw new SsmaxError('fault', 'database-password-in-url');
  return open(postgresql ? 'postgresql' : 'sqlite', postgresql ? postgresDialect(location) : embeddedDialect(location), migrations);
}

/**
 * Opens the store that the environment names in `DATABASE_URL` (PostgreSQL; a password may stand in it), or else the one of
 * the configuration file. The environment wins: it is set by who places this copy, the file may be the same for all.
 *
 * @throws SsmaxError what openDatabase throws; `database-missing` (fault) where neither names one
 */
export async function openConfiguredDatabase<Tables>(
  configured: string | undefined, migrations: Readonly<Record<string, Migration>>, environment: Readonly<Record<string, string | undefined>> = process.env,
): Promise<Database<Tables>> {
  const { DATABASE_URL: url = '' } = environment;
  if (url === '') {
    if (configured === undefined) throw new SsmaxError('fault', 'database-missing');
    return openDatabase(configured, migrations);
  }
  if (!isPostgres(url) || !URL.canParse(url)) throw new SsmaxError('fault', 'database-url-invalid');
  return open('postgresql', postgresDialect(url), migrations);
}

/** Why the PostgreSQL that would be opened does not answer; undefined where it does. Nothing is changed in it. */
export async function databaseProblem(configured: string | undefined, environment: Readonly<Record<string, string | undefined>>): Promise<string | undefined> {
  const url = environment['DATABASE_URL'] ?? '';
  const location = url === '' ? configured ?? '' : url;
  if (!isPostgres(location) || !URL.canParse(location)) return 'not a postgresql:// URL';
  const kysely = new Kysely<unknown>({ dialect: postgresDialect(location) });
  try {
    await sql`select 1`.execute(kysely);
    return undefined;
  } catch (error) {
    return reasonOf(error instanceof SsmaxError ? error.cause : error);
  } finally {
    await kysely.destroy();
  }
}

function isPostgres(location: string): boolean {
  return /^postgres(?:ql)?:\/\//.test(location);
}

async function open<Tables>(kind: Database<Tables>['kind'], dialect: Dialect, migrations: Readonly<Record<string, Migration>>): Promise<Database<Tables>> {
  const kysely = new Kysely<Tables>({ dialect });
  try {
    await migrate(kysely, migrations);
  } catch (error) {
    await kysely.destroy();
    throw error;
  }
  return new Store(kind, kysely);
}

class Store<Tables> implements Database<Tables> {
  readonly kind;
  readonly #kysely: Kysely<Tables>;
  readonly #inTransaction = new AsyncLocalStorage<true>();
  /** Ends with the transaction that was asked for last. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(kind: 'sqlite' | 'postgresql', kysely: Kysely<Tables>) {
    this.kind = kind;
    this.#kysely = kysely;
  }

  get query(): Kysely<Tables> {
    // With one connection (SQLite) this would wait for itself for ever.
    if (this.#inTransaction.getStore() === true) throw new SsmaxError('fault', 'database-nested-use');
    return this.#kysely;
  }

  async transaction<Result>(work: (tx: Transaction<Tables>) => Promise<Result>): Promise<Result> {
    const kysely = this.query;
    // In turn within the process, so that those who wait hold no connection that single statements need.
    const mine = this.#last.then(() => this.#attempt(kysely, work));
    this.#last = mine.catch(() => undefined);
    return mine;
  }

  async #attempt<Result>(kysely: Kysely<Tables>, work: (tx: Transaction<Tables>) => Promise<Result>): Promise<Result> {
    const locked = async (tx: Transaction<Tables>): Promise<Result> => {
      // In turn among all copies. LOCK takes no snapshot: what follows sees all that was committed before. Any table would do;
      // this one is in every store and nobody else's statements touch it.
      if (this.kind === 'postgresql') await sql`lock table kysely_migration_lock in exclusive mode`.execute(tx);
      return work(tx);
    };
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#inTransaction.run(true, () => kysely.transaction().setIsolationLevel('serializable').execute(locked));
      } catch (error) {
        if (!isConflict(error)) throw error;
        if (attempt === attempts) throw new SsmaxError('unavailable', 'database-busy', { attempts }, { cause: error });
        await delay(backoff(attempt));
      }
    }
  }

  async close(): Promise<void> {
    await this.#kysely.destroy();
  }
}

/** Milliseconds, random so that two that collided do not collide again. */
function backoff(attempt: number): number {
  const spread = crypto.getRandomValues(new Uint8Array(1))[0] ?? 0;
  return (Math.min(attempt, 8) * spread) / 16;
}

/**
 * PostgreSQL's serialization_failure and deadlock_detected; unique_violation too, as among serialisable transactions it may
 * be nothing but two that chose the same next number (PostgreSQL manual, 13.5). A true duplicate fails again and is thrown
 * as `database-busy` with its cause; expected duplicates belong into ON CONFLICT.
 */
function isConflict(error: unknown): boolean {
  return error instanceof pg.DatabaseError && ['40001', '40P01', '23505'].includes(error.code ?? '');
}

async function migrate<Tables>(kysely: Kysely<Tables>, migrations: Readonly<Record<string, Migration>>): Promise<void> {
  const migrator = new Migrator({ db: kysely, provider: { getMigrations: async () => ({ ...migrations }) } });
  const { error, results } = await migrator.migrateToLatest();
  if (error === undefined) return;
  if (error instanceof SsmaxError) throw error;
  const failed = results?.find((result) => result.status === 'Error')?.migrationName;
  if (failed === undefined && !isOwnMistake(error)) throw new SsmaxError('unavailable', 'database-unavailable', { reason: reasonOf(error) }, { cause: error });
  throw new SsmaxError('fault', 'database-migration-failed', { migration: failed ?? 'unknown', reason: reasonOf(error) }, { cause: error });
}

/** Kysely refuses a store whose applied migrations this program does not have: an older program on a newer store. */
function isOwnMistake(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith('corrupted migrations');
}

function reasonOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors[0] instanceof Error) return error.errors[0].message;
  return error instanceof Error ? error.message : String(error);
}

// PostgreSQL

function postgresDialect(location: string): Dialect {
  const pool = new pg.Pool({
    connectionString: location,
    max: 10,
    connectionTimeoutMillis: 10_000,
    application_name: 'ssmax',
    types: { getTypeParser: typeParser },
  });
  // Without a listener, a connection that the server drops while idle would end the process; the next query reconnects.
  pool.on('error', () => undefined);
  return new PostgresDialect({ pool: {
    async connect() {
      const client = await pool.connect().catch(outage);
      // The pool does not listen to a connection in use: dropped between two statements, it would end the process. The next statement tells.
      let dropped: Error | undefined;
      const onError = (error: Error): void => { dropped = error; };
      client.on('error', onError);
      return {
        // Kysely calls it with text and values; streaming by cursor is not used.
        query: <Row>(text: string, values: readonly unknown[]) => client.query(text, [...values]).catch(outage) as Promise<PostgresQueryResult<Row>>,
        release: () => {
          client.release(dropped);
          if (dropped === undefined) client.off('error', onError);
        },
      } as PostgresPoolClient;
    },
    end: () => pool.end(),
  } });
}

/** What PostgreSQL, or the way there, says when it is not there: it may be back soon. */
function outage(error: unknown): never {
  const { code = '', message = '' } = error instanceof Error ? error as NodeJS.ErrnoException : {};
  const away = /^(?:ECONNREFUSED|ECONNRESET|ENOENT|EPIPE|ETIMEDOUT|57P0[1-5]|08\w{3}|53300)$/.test(code) || /Connection terminated|not queryable|timeout exceeded when trying to connect/.test(message);
  throw away ? new SsmaxError('unavailable', 'database-unavailable', { reason: reasonOf(error) }, { cause: error }) : error;
}

function passwordIn(location: string): boolean {
  if (!URL.canParse(location)) throw new SsmaxError('fault', 'database-url-invalid');
  const url = new URL(location);
  return url.password !== '' || url.searchParams.has('password');
}

/** Object identifiers of PostgreSQL's types. */
const int8: number = pg.types.builtins.INT8;
const bytea: number = pg.types.builtins.BYTEA;

type Parse = (value: string) => unknown;

function typeParser(oid: number, format?: 'text' | 'binary'): Parse {
  if (oid === int8) return safeInteger;
  if (oid === bytea) return (value) => Uint8Array.from(Buffer.from(value.slice(2), 'hex'));
  return pg.types.getTypeParser(oid, format) as Parse;
}

function safeInteger(value: string | number): number {
  const number = Number(value);
  if (!Number.isSafeInteger(number)) throw new SsmaxError('fault', 'database-number-too-large');
  return number;
}

// Embedded SQLite

function embeddedDialect(path: string): Dialect {
  return new TransactionalSqlite({ database: async () => openFile(path) });
}

/** SQLite's table changes are transactional; Kysely leaves it off, and a failed migration would stay half done. */
class TransactionalSqlite extends SqliteDialect {
  override createAdapter(): SqliteAdapter {
    return new (class extends SqliteAdapter {
      override get supportsTransactionalDdl(): boolean {
        return true;
      }
    })();
  }
}

function openFile(path: string): SqliteDatabase {
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    createFile(path);
  } catch (error) {
    throw new SsmaxError('unavailable', 'database-unavailable', { reason: reasonOf(error) }, { cause: error });
  }
  const file = new Libsql(path);
  try {
    // The lock is taken by the first write under this mode and kept until close or the end of the process.
    file.prepare('PRAGMA locking_mode = EXCLUSIVE').all();
    file.prepare('PRAGMA journal_mode = WAL').all();
    file.exec('PRAGMA synchronous = FULL; PRAGMA temp_store = MEMORY; PRAGMA secure_delete = ON; PRAGMA foreign_keys = ON');
    file.exec('BEGIN EXCLUSIVE; COMMIT');
  } catch (error) {
    file.close();
    if (isSqliteCode(error, 'SQLITE_BUSY')) throw new SsmaxError('unavailable', 'database-in-use', { file: path }, { cause: error });
    throw new SsmaxError('unavailable', 'database-unavailable', { file: path, reason: reasonOf(error) }, { cause: error });
  }
  return {
    prepare: (text) => normalised(file.prepare(text)),
    close: () => {
      release(file);
      file.close();
    },
  };
}

/** An existing file is not opened: closing it would drop the locks that this process holds on it (POSIX). */
function createFile(path: string): void {
  if (existsSync(path)) chmodSync(path, 0o600);
  else closeSync(openSync(path, 'wx', 0o600));
}

/**
 * Gives the lock back now. libsql finalises prepared statements only when they are collected as garbage, and until then the
 * closed file would stay locked. A lock taken when entering WAL mode can be given back only after leaving it.
 */
function release(file: Libsql.Database): void {
  file.prepare('PRAGMA journal_mode = DELETE').all();
  file.prepare('PRAGMA locking_mode = NORMAL').all();
  file.prepare('SELECT count(*) FROM sqlite_schema').all();
}

function isSqliteCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' && error.code.startsWith(code);
}

type Row = Record<string, unknown>;

/** libsql gives bytea as ArrayBuffer; rows shall be the same on both databases. */
function normalised(statement: Libsql.Statement<unknown[]>): SqliteStatement {
  return {
    reader: statement.reader,
    all: (parameters) => statement.all([...parameters]).map((row) => normalisedRow(row as Row)),
    run: (parameters) => {
      const { changes, lastInsertRowid } = statement.run([...parameters]);
      return { changes, lastInsertRowid };
    },
    *iterate(parameters) {
      for (const row of statement.iterate([...parameters])) yield normalisedRow(row as Row);
    },
  };
}

function normalisedRow(row: Row): Row {
  for (const [name, value] of Object.entries(row)) {
    if (value instanceof ArrayBuffer) row[name] = new Uint8Array(value);
    else if (typeof value === 'number') row[name] = safeInteger(value);
  }
  return row;
}

/** True when the store answers; for readiness. */
export async function databaseAnswers<Tables>(database: Database<Tables>): Promise<boolean> {
  try {
    await sql`select 1`.execute(database.query);
    return true;
  } catch {
    return false;
  }
}
