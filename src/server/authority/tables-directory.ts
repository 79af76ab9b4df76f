/** The Authority's table for the published directory (docs/protocol-directory.md). Times are milliseconds since 1970. */
import type { Bytes } from '../../core/bytes.ts';
import type { Migration, Transaction } from '../shared/database.ts';

export interface DirectoryTables {
  /** Pages and shards. `until`: no index that is in date after that names it; null where the present one does. */
  directory_files: { name: string; bytes: Bytes; until: number | null };
}

export const directoryMigrations: Readonly<Record<string, Migration>> = {
  '0008-directory': {
    async up({ schema }) {
      await schema.createTable('directory_files')
        .addColumn('name', 'text', (c) => c.primaryKey())
        .addColumn('bytes', 'bytea', (c) => c.notNull())
        .addColumn('until', 'bigint')
        .execute();
    },
  },
};

/**
 * Puts the files of a new index in place. Those of the former index stay until `until`, for readers who still have that one; only
 * files that changed are touched. `files` may hold the index itself, which is kept elsewhere.
 */
export async function keepFiles<Tables extends DirectoryTables>(
  transaction: Transaction<Tables>, files: ReadonlyMap<string, Bytes>, { now, until }: { now: Date; until: Date },
): Promise<void> {
  const tx = transaction as unknown as Transaction<DirectoryTables>;
  const before = new Map((await tx.selectFrom('directory_files').select(['name', 'until']).execute()).map((row) => [row.name, row.until]));
  for (const [name, bytes] of files) {
    if (!name.startsWith('files/') || before.get(name) === null) continue;
    await tx.insertInto('directory_files').values({ name, bytes, until: null })
      .onConflict((conflict) => conflict.column('name').doUpdateSet({ until: null })).execute();
  }
  for (const [name, known] of before) {
    if (known !== null || files.has(name)) continue;
    await tx.updateTable('directory_files').set({ until: until.getTime() }).where('name', '=', name).execute();
  }
  await tx.deleteFrom('directory_files').where('until', '<', now.getTime()).execute();
}
