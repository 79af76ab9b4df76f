/** A private PostgreSQL cluster on a Unix socket, for tests that run one text on both databases. */
import { spawn, spawnSync } from 'node:child_process';
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { eventually } from '../../eventually.ts';

function binaries(): string | undefined {
  const root = '/usr/lib/postgresql';
  if (!existsSync(root)) return undefined;
  return readdirSync(root)
    .sort((a, b) => Number(b) - Number(a))
    .map((version) => join(root, version, 'bin'))
    .find((directory) => existsSync(join(directory, 'initdb')) && existsSync(join(directory, 'postgres')));
}

/** Undefined when PostgreSQL can run here, else the reason to skip by. */
export function postgresMissing(): string | undefined {
  return binaries() === undefined ? 'PostgreSQL is not installed' : undefined;
}

/** PostgreSQL refuses to run as root. */
function asPostgres(command: readonly string[]): [string, string[]] {
  if (process.getuid?.() !== 0) return [command[0] ?? '', command.slice(1)];
  return ['setpriv', ['--reuid=postgres', '--regid=postgres', '--clear-groups', ...command]];
}

function idOf(kind: '-u' | '-g'): number {
  return Number(spawnSync('id', [kind, 'postgres'], { encoding: 'utf8' }).stdout);
}

export interface Cluster {
  /** Makes an empty database and gives its URL. */
  freshDatabase(): Promise<string>;
  stop(): Promise<void>;
}

export async function startPostgres(): Promise<Cluster> {
  const bin = binaries();
  if (bin === undefined) throw new Error('PostgreSQL is not installed');
  const root = mkdtempSync(join(tmpdir(), 'ssmax-pg-'));
  if (process.getuid?.() === 0) chownSync(root, idOf('-u'), idOf('-g'));
  const data = join(root, 'data');
  const [initdb, initdbArguments] = asPostgres([join(bin, 'initdb'), '-D', data, '-U', 'postgres', '--auth=trust', '--encoding=UTF8', '--no-locale', '--no-sync']);
  const made = spawnSync(initdb, initdbArguments, { encoding: 'utf8', cwd: '/' });
  if (made.status !== 0) throw new Error(made.stderr);
  const [postgres, postgresArguments] = asPostgres([join(bin, 'postgres'), '-D', data, '-k', root, '-c', 'listen_addresses=', '-c', 'fsync=off']);
  const child = spawn(postgres, postgresArguments, { stdio: 'ignore', cwd: '/' });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const url = (database: string): string => `postgresql:///${database}?host=${encodeURIComponent(root)}&user=postgres`;
  const administer = async (text: string): Promise<void> => {
    const client = new pg.Client({ connectionString: url('postgres') });
    await client.connect();
    await client.query(text).finally(() => client.end());
  };
  await eventually('PostgreSQL answers', () => administer('select 1'));
  let databases = 0;
  return {
    freshDatabase: async () => {
      const name = `test_${++databases}`;
      await administer(`create database ${name}`);
      return url(name);
    },
    stop: async () => {
      child.kill('SIGINT');
      await ended;
      rmSync(root, { recursive: true, force: true });
    },
  };
}
