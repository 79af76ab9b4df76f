/**
 * One organisation's private Postfix on loopback: three listeners (arriving mail and submission, both behind the
 * gateway as before-queue proxy filter, and re-injection), delivery by LMTP, fixed routes instead of DNS. It runs as
 * root or, under fakeroot, as an ordinary user, and touches nothing of a Postfix that the system runs.
 */
import { execFile } from 'node:child_process';
import { chmodSync, copyFileSync, readFileSync, statSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { SsmaxError } from '../../src/core/error.ts';
import { makeDirectory, writeFile } from './files.ts';
import { mainCf, masterCf, texthash, type PostfixOptions } from './postfix-config.ts';
import type { Running, World } from './process.ts';
import { isRoot } from './packages.ts';
import { greets, until } from './wait.ts';

/** A mail in the queue, as `postqueue -j` tells it, postqueue(1). */
export interface QueuedMail {
  readonly queue: 'maildrop' | 'hold' | 'incoming' | 'active' | 'deferred' | 'corrupt';
  readonly id: string;
  /** Empty for the null sender. */
  readonly sender: string;
  readonly recipients: readonly { readonly address: string; readonly delayReason?: string }[];
}

export interface Postfix extends Running {
  readonly ports: PostfixOptions['ports'];
  /** Path of Postfix's own log. */
  readonly maillog: string;
  /** Its directory with main.cf, for Postfix's own programs. */
  readonly configuration: string;
  /** Makes it read its configuration anew, as `postfix reload` does. */
  reload(): void;
  queue(): Promise<QueuedMail[]>;
  /** Tries to deliver all deferred mail now. */
  flush(): Promise<void>;
  /** Lets all go that is on hold: `postsuper -H ALL`. */
  release(): Promise<void>;
  /** Resolves when the queue is empty; throws `wait-timed-out`. */
  drained(withinMs?: number): Promise<void>;
}

const run = promisify(execFile);
const masterProgram = '/usr/lib/postfix/sbin/master';

/**
 * Starts it and waits until all three listeners greet, for which Dovecot must be there already. Throws what
 * `World.start` throws.
 */
export async function startPostfix(world: World, options: PostfixOptions): Promise<Postfix> {
  const dir = world.directory(options.name, 'postfix');
  const etc = join(dir, 'etc');
  const maillog = join(dir, 'log', 'maillog');
  makeDirectories(dir);
  writeConfiguration(etc, {
    'main.cf': mainCf(dir, options),
    'master.cf': masterCf(options),
    mailboxes: texthash(options.mailboxes.map((address) => [address, 'there'])),
    aliases: texthash(options.aliases ?? []),
    logins: texthash(options.mailboxes.map((address) => [address, address])),
  });
  const postqueue = postqueueProgram(dir);
  const master = (): number | undefined => pidIn(join(dir, 'queue', 'pid', 'master.pid'));

  const running = await world.start({
    name: `${options.name}-postfix`,
    command: isRoot() ? '/bin/sh' : 'fakeroot',
    args: [...(isRoot() ? [] : ['--', '/bin/sh']), '-c', takeOverAndRun, 'postfix', dir, etc],
    cwd: dir,
    ownLog: maillog,
    leader: master,
    ready: async () => {
      const { arriving, submission, reinjection } = options.ports;
      const greeted = await Promise.all([arriving, submission, reinjection].map((port) => greets(port, /^220 /)));
      return greeted.every(Boolean);
    },
  });

  const queue = async (): Promise<QueuedMail[]> => {
    const { stdout } = await run(postqueue, ['-c', etc, '-j'], { maxBuffer: 64 << 20 });
    return stdout.split('\n').filter((line) => line !== '').map(queuedMail);
  };
  return {
    ...running,
    ports: options.ports,
    maillog,
    configuration: etc,
    reload: () => {
      // The master alone: of each child that the signal ends it warns, and eleven warnings while its log's writer is one of them block it for good.
      const pid = master();
      if (pid === undefined) throw new SsmaxError('unavailable', 'process-ended', { name: `${options.name}-postfix` });
      process.kill(pid, 'SIGHUP');
    },
    queue,
    flush: async () => {
      await run(postqueue, ['-c', etc, '-f']);
    },
    release: async () => {
      const [program = '', ...args] = [...(isRoot() ? [] : ['fakeroot', '--']), '/usr/sbin/postsuper', '-c', etc, '-H', 'ALL'];
      await run(program, args);
    },
    drained: async (withinMs) => {
      const what = `empty queue of ${options.name}`;
      await until(async () => (await queue()).length === 0, { what, everyMs: 50, ...(withinMs === undefined ? {} : { withinMs }) });
    },
  };
}

// Under fakeroot the new owners exist only for its children: that is why a shell does it and becomes the master.
const takeOverAndRun = `
cd "$1/queue" && chown postfix . ../data active bounce corrupt defer deferred flush hold incoming private saved trace maildrop public &&
chgrp postdrop maildrop public && chown root . pid && exec ${masterProgram} -c "$2" -s
`;

function makeDirectories(dir: string): void {
  const make = (name: string, mode: number): void => makeDirectory(join(dir, name), mode);
  for (const name of ['etc', 'log', 'queue', 'queue/pid']) make(name, 0o755);
  make('data', 0o700);
  for (const name of ['active', 'bounce', 'corrupt', 'defer', 'deferred', 'flush', 'hold', 'incoming', 'private', 'saved', 'trace']) {
    make(`queue/${name}`, 0o700);
  }
  make('queue/maildrop', 0o730);
  make('queue/public', 0o710);
}

function writeConfiguration(etc: string, files: Readonly<Record<string, string>>): void {
  // Postfix waits until its configuration is two seconds old, for fear of reading a half-written one.
  const minuteAgo = new Date(Date.now() - 60_000);
  for (const [name, text] of Object.entries(files)) {
    const path = join(etc, name);
    writeFile(path, text, 0o644);
    utimesSync(path, minuteAgo, minuteAgo);
  }
}

/**
 * Where to run postqueue from. The system's is set-group-id and therefore refuses other configurations when an
 * ordinary user asks; a copy has the right of the caller, who owns the queue.
 */
function postqueueProgram(dir: string): string {
  const installed = '/usr/sbin/postqueue';
  if (isRoot()) return installed;
  const copy = join(dir, 'postqueue');
  copyFileSync(installed, copy);
  chmodSync(copy, 0o700);
  return copy;
}

function pidIn(path: string): number | undefined {
  if (statSync(path, { throwIfNoEntry: false }) === undefined) return undefined;
  const pid = Number.parseInt(readFileSync(path, 'latin1'), 10);
  return Number.isNaN(pid) ? undefined : pid;
}

interface PostqueueLine {
  readonly queue_name: QueuedMail['queue'];
  readonly queue_id: string;
  readonly sender: string;
  readonly recipients: readonly { readonly address: string; readonly delay_reason?: string }[];
}

function queuedMail(line: string): QueuedMail {
  const told = JSON.parse(line) as PostqueueLine;
  return {
    queue: told.queue_name,
    id: told.queue_id,
    sender: told.sender,
    recipients: told.recipients.map(({ address, delay_reason }) => ({
      address,
      ...(delay_reason === undefined ? {} : { delayReason: delay_reason }),
    })),
  };
}
