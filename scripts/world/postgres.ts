/** A private PostgreSQL on a Unix socket as processes of a world, with its safe default settings: for tests that kill it. */
import { execFileSync } from 'node:child_process';
import { chownSync, existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { makeDirectory } from './files.ts';
import { isRoot } from './packages.ts';
import type { Running, World } from './process.ts';
import { until } from './wait.ts';

export interface Postgres {
  /** For a server's `database`. */
  readonly url: string;
  /** The present process. */
  running(): Running;
  /** Starts it again after it was killed; it recovers from its journal. */
  restart(): Promise<void>;
}

/** Where Debian keeps the newest version's programs; undefined where there is none. */
function programs(): string | undefined {
  const root = '/usr/lib/postgresql';
  if (!existsSync(root)) return undefined;
  return readdirSync(root).sort((a, b) => Number(b) - Number(a)).map((version) => join(root, version, 'bin')).find((bin) => existsSync(join(bin, 'initdb')));
}

/** Undefined where PostgreSQL is not installed. */
export async function startPostgres(world: World): Promise<Postgres | undefined> {
  const bin = programs();
  if (bin === undefined) return undefined;
  const dir = world.directory('postgres');
  const data = join(dir, 'data');
  // It refuses to run as root.
  const [user, group] = ['-u', '-g'].map((kind) => (isRoot() ? Number(execFileSync('id', [kind, 'postgres'], { encoding: 'utf8' })) : 0)) as [number, number];
  const as = isRoot() ? ['setpriv', `--reuid=${user}`, `--regid=${group}`, '--clear-groups'] : [];
  const command = (args: readonly string[]): [string, string[]] => {
    const [first = '', ...rest] = [...as, ...args];
    return [first, rest];
  };
  makeDirectory(data, 0o700);
  if (isRoot()) for (const path of [dir, data]) chownSync(path, user, group);
  const [initdb, initdbArguments] = command([join(bin, 'initdb'), '-D', data, '-U', 'postgres', '--auth=trust', '--encoding=UTF8', '--no-locale', '--no-sync']);
  execFileSync(initdb, initdbArguments, { cwd: '/', stdio: ['ignore', 'ignore', 'pipe'] });
  const location = (database: string): string => `postgresql:///${database}?host=${encodeURIComponent(dir)}&user=postgres`;
  const ask = async (text: string): Promise<void> => {
    const client = new pg.Client({ connectionString: location('postgres') });
    await client.connect();
    await client.query(text).finally(() => client.end());
  };
  const answers = (): Promise<boolean> => ask('select 1').then(() => true, () => false);
  const [postgres, args] = command([join(bin, 'postgres'), '-D', data, '-k', dir, '-c', 'listen_addresses=']);
  const start = (): Promise<Running> => world.start({ name: 'postgres', command: postgres, args, cwd: '/', ready: answers });
  let running = await start();
  await ask('create database soak');
  return {
    url: location('soak'),
    running: () => running,
    async restart() {
      // The killed one's children notice it by themselves, and hold its memory until then: a start before is refused.
      running = await until(() => start().catch(() => undefined), { what: 'PostgreSQL to start again', withinMs: 60_000, everyMs: 200 });
    },
  };
}
