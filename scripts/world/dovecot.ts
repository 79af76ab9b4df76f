/**
 * One private Dovecot for all mail domains of a world: IMAP, LMTP and the SASL socket for the Postfix instances, on
 * loopback without TLS. It runs as root or as an ordinary user.
 */
import { execFileSync } from 'node:child_process';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { SsmaxError } from '../../src/core/error.ts';
import { dovecotConf, type DovecotSettings } from './dovecot-config.ts';
import { makeDirectory, writeFile } from './files.ts';
import { isRoot } from './packages.ts';
import type { Running, World } from './process.ts';
import { accepts, greets } from './wait.ts';

/** Somebody's mailbox: the address is the login. */
export interface Account {
  readonly address: string;
  readonly password: string;
}

export interface DovecotOptions {
  readonly accounts: readonly Account[];
  readonly ports: { readonly imap: number; readonly lmtp: number };
}

export interface Dovecot extends Running {
  readonly ports: DovecotOptions['ports'];
  /** For Postfix's `smtpd_sasl_path`. */
  readonly authSocket: string;
  /** The directory that holds all mail (`<domain>/<local part>/Maildir`): for searches for what must not be there. */
  readonly mailDirectory: string;
}

/**
 * Starts it and waits until IMAP and LMTP greet. Throws what `World.start` throws; `dovecot-unsupported` (kind
 * `fault`) for other versions than 2.3 and 2.4.
 */
export async function startDovecot(world: World, { accounts, ports }: DovecotOptions): Promise<Dovecot> {
  const dir = world.directory('dovecot');
  const mailDirectory = join(dir, 'mail');
  makeDirectory(mailDirectory, 0o700);
  const users = join(dir, 'users');
  writeFile(users, accounts.map(({ address, password }) => `${address}:{PLAIN}${password}\n`).join(''), 0o640);
  const settings: DovecotSettings = { version: installedVersion(), dir, mailDirectory, users, ports, ...identity() };
  const file = join(dir, 'dovecot.conf');
  writeFile(file, dovecotConf(settings), 0o644);

  const authSocket = join(dir, 'run', 'auth-client');
  const takeOver = isRoot() ? 'chown mail:mail "$1" && chgrp dovecot "$2" && ' : '';
  // Dovecot wipes the mark off its environment, so that the guardian cannot find it: the kernel ends it with its owner.
  const running = await world.start({
    name: 'dovecot',
    command: '/bin/sh',
    args: ['-c', `${takeOver}exec setpriv --pdeathsig TERM dovecot -F -c "$3"`, 'dovecot', mailDirectory, users, file],
    cwd: dir,
    ownLog: join(dir, 'log'),
    ready: async () => {
      const ready = await Promise.all([greets(ports.imap, /^\* OK /), greets(ports.lmtp, /^220 /), accepts(authSocket)]);
      return ready.every(Boolean);
    },
  });
  return { ...running, ports, authSocket, mailDirectory };
}

function installedVersion(): DovecotSettings['version'] {
  const version = execFileSync('dovecot', ['--version'], { encoding: 'utf8', env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' } }).trim();
  const series = version.split('.').slice(0, 2).join('.');
  if (series !== '2.3' && series !== '2.4') throw new SsmaxError('fault', 'dovecot-unsupported', { version });
  return series;
}

/** Root gives Dovecot the users that Debian made for it; an ordinary user can only be everybody himself. */
function identity(): Pick<DovecotSettings, 'mailUser' | 'mailGroup' | 'ordinary'> {
  if (isRoot()) return { mailUser: 'mail', mailGroup: 'mail', ordinary: undefined };
  const { uid, gid } = userInfo();
  return { mailUser: String(uid), mailGroup: String(gid), ordinary: { user: userInfo().username, group: groupName(gid) } };
}

function groupName(gid: number): string {
  return execFileSync('getent', ['group', String(gid)], { encoding: 'utf8' }).split(':')[0] ?? String(gid);
}
