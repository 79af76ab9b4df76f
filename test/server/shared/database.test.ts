import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { sql } from 'kysely';
import { describe, expect, it } from 'vitest';
import { until } from '../../../scripts/world/wait.ts';
import type { Bytes } from '../../../src/core/bytes.ts';
import { utf8 } from '../../../src/core/bytes.ts';
import { databaseAnswers, openConfiguredDatabase, openDatabase } from '../../../src/server/shared/database.ts';
import type { Database, Migration } from '../../../src/server/shared/database.ts';
import { createLogger } from '../../../src/server/shared/log.ts';
import { explain } from '../../../src/cli/explain.ts';
import { onBothDatabases, onPostgres } from './databases.ts';

interface Tables {
  notes: { id: number; body: Bytes | null; title: string };
}

const migrations: Record<string, Migration> = {
  '0001-notes': {
    up: async (db) => {
      await db.schema
        .createTable('notes')
        .addColumn('id', 'bigint', (column) => column.primaryKey())
        .addColumn('body', 'bytea')
        .addColumn('title', 'text', (column) => column.notNull())
        .execute();
    },
  },
};

const failing: Record<string, Migration> = {
  ...migrations,
  '0002-broken': {
    up: async (db) => {
      await db.schema.createTable('half').addColumn('id', 'bigint').execute();
      throw new Error('planted');
    },
  },
};

onBothDatabases('a store', (fresh) => {
  const open = async (): Promise<Database<Tables>> => openDatabase<Tables>(await fresh(), migrations);

  it('gives back bytes, large numbers and text as they went in', async () => {
    const store = await open();
    const row = { id: Number.MAX_SAFE_INTEGER, body: utf8('日之出'), title: '月見' };
    await store.query.insertInto('notes').values(row).execute();
    const found = await store.query.selectFrom('notes').selectAll().where('body', '=', row.body).execute();
    expect(found).toEqual([row]);
    expect(found[0]?.body?.constructor).toBe(Uint8Array);
    expect(await databaseAnswers(store)).toBe(true);
    await store.close();
  });

  it('rolls a failed transaction back', async () => {
    const store = await open();
    const failed = store.transaction(async (tx) => {
      await tx.insertInto('notes').values({ id: 1, body: null, title: 'x' }).execute();
      throw new Error('planted');
    });
    await expect(failed).rejects.toThrow('planted');
    expect(await store.query.selectFrom('notes').selectAll().execute()).toEqual([]);
    await store.close();
  });

  it('runs conflicting transactions as if one after the other', async () => {
    const store = await open();
    await store.query.insertInto('notes').values({ id: 1, body: null, title: '0' }).execute();
    const increment = (): Promise<void> =>
      store.transaction(async (tx) => {
        const { title } = await tx.selectFrom('notes').select('title').where('id', '=', 1).executeTakeFirstOrThrow();
        await tx.updateTable('notes').set({ title: String(Number(title) + 1) }).where('id', '=', 1).execute();
      });
    await Promise.all(Array.from({ length: 20 }, increment));
    expect(await store.query.selectFrom('notes').select('title').execute()).toEqual([{ title: '20' }]);
    await store.close();
  });

  it('refuses the outer handle inside a transaction', async () => {
    const store = await open();
    const nested = store.transaction(async () => store.query.selectFrom('notes').selectAll().execute());
    await expect(nested).rejects.toMatchObject({ code: 'database-nested-use' });
    await store.close();
  });

  it('supports ON CONFLICT and RETURNING with the same text', async () => {
    const store = await open();
    const insert = async (): Promise<unknown> =>
      store.query.insertInto('notes').values({ id: 7, body: null, title: 'x' }).onConflict((c) => c.column('id').doNothing()).returning('id').execute();
    expect(await insert()).toEqual([{ id: 7 }]);
    expect(await insert()).toEqual([]);
    await store.close();
  });

  it('keeps rows over a reopening and runs a migration once', async () => {
    const location = await fresh();
    const first = await openDatabase<Tables>(location, migrations);
    await first.query.insertInto('notes').values({ id: 1, body: utf8('kept'), title: 'x' }).execute();
    await first.close();
    const second = await openDatabase<Tables>(location, migrations);
    expect(await second.query.selectFrom('notes').select('id').execute()).toEqual([{ id: 1 }]);
    await second.close();
  });

  it('undoes a failed migration whole', async () => {
    const location = await fresh();
    await expect(openDatabase(location, failing)).rejects.toMatchObject({ code: 'database-migration-failed', params: { migration: '0002-broken' } });
    const store = await openDatabase<Tables>(location, { ...migrations, '0002-broken': { up: async (db) => void (await db.schema.createTable('half').addColumn('id', 'bigint').execute()) } });
    await store.close();
  });

  it('refuses a store that a newer program has written', async () => {
    const location = await fresh();
    const newer = await openDatabase(location, { ...migrations, '0002-new': { up: async () => undefined } });
    await newer.close();
    await expect(openDatabase(location, migrations)).rejects.toMatchObject({ kind: 'fault', code: 'database-migration-failed' });
  });
});

describe('the embedded store', () => {
  const withFile = async (test: (file: string) => Promise<void>): Promise<void> => {
    const root = mkdtempSync(join(tmpdir(), 'ssmax-db-'));
    await test(join(root, 'data', 'store.sqlite')).finally(() => rmSync(root, { recursive: true, force: true }));
  };

  it('refuses a second opener, in this process and in another', () =>
    withFile(async (file) => {
      const store = await openDatabase<Tables>(file, migrations);
      await expect(openDatabase(file, migrations)).rejects.toMatchObject({ kind: 'unavailable', code: 'database-in-use', params: { file } });
      const module = new URL('../../../src/server/shared/database.ts', import.meta.url).href;
      const program = `import { openDatabase } from '${module}'; await openDatabase('${file}', {}).then(() => console.log('opened'), (e) => console.log(e.code));`;
      const { stdout } = await promisify(execFile)(process.execPath, ['--import', 'tsx', '--input-type=module', '--eval', program]);
      expect(stdout.trim()).toBe('database-in-use');
      await store.close();
      await (await openDatabase(file, migrations)).close();
    }));

  it('is readable by its owner only', () =>
    withFile(async (file) => {
      const store = await openDatabase<Tables>(file, migrations);
      expect(statSync(file).mode & 0o777).toBe(0o600);
      expect(statSync(`${file}-wal`).mode & 0o777).toBe(0o600);
      expect(statSync(dirname(file)).mode & 0o777).toBe(0o700);
      await store.close();
    }));

  it('overwrites what is deleted', () =>
    withFile(async (file) => {
      const store = await openDatabase<Tables>(file, migrations);
      await store.query.insertInto('notes').values({ id: 1, body: utf8('erase-me-please'), title: 'x' }).execute();
      await store.query.deleteFrom('notes').execute();
      await store.close();
      expect(readFileSync(file).includes('erase-me-please')).toBe(false);
    }));

  it('says when a file cannot be opened', async () => {
    await expect(openDatabase('/dev/null/store.sqlite', {})).rejects.toMatchObject({ kind: 'unavailable', code: 'database-unavailable' });
  });
});

describe('the PostgreSQL store', () => {
  it('refuses a password in the URL', async () => {
    await expect(openDatabase('postgresql://u:secret@127.0.0.1/x', {})).rejects.toMatchObject({ kind: 'fault', code: 'database-password-in-url' });
  });

  it('says when the server does not answer', async () => {
    await expect(openDatabase('postgresql://u@127.0.0.1:1/x', {})).rejects.toMatchObject({ kind: 'unavailable', code: 'database-unavailable' });
  });
});

describe('DATABASE_URL', () => {
  it('wins over the configuration; a password may stand in it, and no error shows it', async () => {
    const url = 'postgresql://u:very-secret@127.0.0.1:1/x';
    const failed: unknown = await openConfiguredDatabase('/dev/null/store.sqlite', {}, { DATABASE_URL: url }).catch((error: unknown) => error);
    expect(failed).toMatchObject({ kind: 'unavailable', code: 'database-unavailable', params: { reason: expect.stringContaining('127.0.0.1:1') as string } });
    const lines: string[] = [];
    createLogger({ server: 'keyserver', level: 'debug', write: (line) => lines.push(line) }).error('x', { error: failed });
    expect(`${JSON.stringify(failed)}${explain(failed)}${lines.join('')}`).not.toContain('very-secret');
  });

  it.each(['/var/lib/ssmax/store.sqlite', 'mysql://u@h/x', 'postgresql://['])('is refused as %s', async (url) => {
    await expect(openConfiguredDatabase(undefined, {}, { DATABASE_URL: url })).rejects.toMatchObject({ kind: 'fault', code: 'database-url-invalid' });
  });

  it('or the configuration must be there', async () => {
    await expect(openConfiguredDatabase(undefined, {}, {})).rejects.toMatchObject({ kind: 'fault', code: 'database-missing' });
    await expect(openConfiguredDatabase('/dev/null/store.sqlite', {}, { DATABASE_URL: '' })).rejects.toMatchObject({ code: 'database-unavailable' });
  });
});

onPostgres('a connection that is dropped', (fresh) => {
  it('between two statements of a transaction ends neither process nor store', async () => {
    const location = await fresh();
    const [store, other] = await Promise.all([openDatabase<Tables>(location, migrations), openDatabase<Tables>(location, migrations)]);
    const cut = store.transaction(async (tx) => {
      const { rows: [own] } = await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(tx);
      await sql`select pg_terminate_backend(${own?.pid ?? 0})`.execute(other.query);
      const gone = async (): Promise<boolean> => (await sql`select 1 from pg_stat_activity where pid = ${own?.pid ?? 0}`.execute(other.query)).rows.length === 0;
      await until(gone, { what: 'the end of the connection' });
      await tx.insertInto('notes').values({ id: 1, body: null, title: 'x' }).execute();
    });
    await expect(cut).rejects.toMatchObject({ kind: 'unavailable', code: 'database-unavailable' });
    expect(await store.transaction(async (tx) => tx.selectFrom('notes').selectAll().execute())).toEqual([]);
    await Promise.all([store.close(), other.close()]);
  });
});

onPostgres('DATABASE_URL', (fresh) => {
  it('opens the store that it names', async () => {
    const location = await fresh();
    const store = await openConfiguredDatabase<Tables>(undefined, migrations, { DATABASE_URL: location });
    expect(store.kind).toBe('postgresql');
    await store.close();
  });
});
