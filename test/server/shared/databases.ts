/** Runs a group of tests once per database. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe } from 'vitest';
import { postgresMissing, startPostgres } from './postgres.ts';
import type { Cluster } from './postgres.ts';

type Tests = (fresh: () => Promise<string>) => void;

/** `fresh` gives the location of an empty store. */
export function onBothDatabases(name: string, tests: Tests): void {
  describe(`${name} on SQLite`, () => {
    const root = mkdtempSync(join(tmpdir(), 'ssmax-db-'));
    let stores = 0;
    afterAll(() => rmSync(root, { recursive: true, force: true }));
    tests(async () => join(root, `${++stores}`, 'store.sqlite'));
  });
  onPostgres(name, tests);
}

/** For what only a database with several users can do. */
export function onPostgres(name: string, tests: Tests): void {
  const missing = postgresMissing();
  const label = `${name} on PostgreSQL${missing === undefined ? '' : ` (${missing})`}`;
  describe.skipIf(missing !== undefined)(label, () => {
    let cluster: Cluster;
    beforeAll(async () => {
      cluster = await startPostgres();
    });
    afterAll(() => cluster.stop());
    tests(() => cluster.freshDatabase());
  });
}
