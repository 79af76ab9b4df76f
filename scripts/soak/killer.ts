/** Ends one process after the other, by kill -9 or in good order, and starts it again after a while. */
import { readdirSync, readFileSync } from 'node:fs';
import { SsmaxError } from '../../src/core/error.ts';
import { isErrno } from '../world/owned.ts';
import type { LocalOrganisation, LocalWorld } from '../world/local-world.ts';
import type { Postgres } from '../world/postgres.ts';
import type { Running } from '../world/process.ts';
import { pause, until } from '../world/wait.ts';
import type { Random } from './random.ts';

interface Victim {
  readonly name: string;
  readonly heal: () => Promise<void>;
  readonly strike: (how: 'kill' | 'stop') => Promise<void>;
}

export interface KillerParts {
  readonly local: LocalWorld;
  readonly postgres: Postgres | undefined;
  readonly random: Random;
  /** Milliseconds between a recovery and the next strike. */
  readonly pause: number;
  /** Told of a program that had ended by itself. */
  readonly onEnded: (name: string) => void;
}

/**
 * Strikes until `over`, in two lanes side by side: whole programs, and the processes that programs start for themselves.
 * Every whole program is killed once, however soon it is over. Gives how often each was killed.
 */
export async function killUntil(over: () => boolean, parts: KillerParts): Promise<ReadonlyMap<string, number>> {
  const victims = programs(parts);
  const kills = new Map(victims.map(({ name }) => [name, 0]));
  await Promise.all([
    killInTurn(over, victims, { pause: parts.pause, random: parts.random.fork(), kills }),
    killChildren(over, parts, kills),
  ]);
  return kills;
}

async function killInTurn(
  over: () => boolean, victims: readonly Victim[], { random, kills, pause: between }: { random: Random; kills: Map<string, number>; pause: number },
): Promise<void> {
  for (let round = 0; round === 0 || !over(); round++) {
    for (const { name, strike, heal } of random.shuffled(victims)) {
      if (round > 0 && over()) return;
      await pause(between);
      const how = round > 0 && random.chance(0.2) ? 'stop' : 'kill';
      await strike(how);
      if (how === 'kill') kills.set(name, (kills.get(name) ?? 0) + 1);
      await pause(random.between(0, 1_500));
      await startAgain(name, heal);
    }
  }
}

/** As a service manager does: a server that is started while its database comes up ends, and is started once more. */
async function startAgain(name: string, heal: () => Promise<void>): Promise<void> {
  await until(async () => {
    try {
      await heal();
      return true;
    } catch (error) {
      if (!(error instanceof SsmaxError) || error.code !== 'process-ended') throw error;
      return false;
    }
  }, { what: `${name} to start again`, withinMs: 120_000, everyMs: 1_000 });
}

function programs({ local, postgres, onEnded }: KillerParts): Victim[] {
  const { authority } = local;
  const whole = (name: string, running: () => Running, heal: () => Promise<void>): Victim => program(name, running, heal, onEnded);
  return [
    ...local.organisations.flatMap((organisation) => servers(organisation, whole)),
    whole('authority', () => authority.running, () => local.restartAuthority()),
    whole('dovecot', () => local.dovecot, () => local.restartDovecot()),
    whole('clamd', () => local.clamd, () => local.restartClamd()),
    ...(postgres === undefined ? [] : [whole('postgresql', () => postgres.running(), () => postgres.restart())]),
  ];
}

function servers(organisation: LocalOrganisation, whole: (name: string, running: () => Running, heal: () => Promise<void>) => Victim): Victim[] {
  const { plan: { name } } = organisation;
  return [
    ...(['gateway', 'keyServer', 'inspection'] as const).map((server) => whole(`${name} ${server}`, () => organisation.servers[server], () => organisation.restart(server))),
    whole(`${name} postfix`, () => organisation.postfix, () => organisation.restartPostfix()),
  ];
}

function program(name: string, running: () => Running, heal: () => Promise<void>, onEnded: (name: string) => void): Victim {
  return {
    name, heal,
    async strike(how) {
      const victim = running();
      if (!victim.alive()) onEnded(name);
      if (how === 'stop') {
        await victim.stop(30_000);
      } else {
        victim.kill('SIGKILL');
        await victim.exited;
        await victim.stop(); // until its last child is gone as well
      }
    },
  };
}

/**
 * Strikes one child process after another: Postfix's daemons, Dovecot's, PostgreSQL's, and those that read mails for
 * inspection. Who started it starts it again. Each kind that is there has the same chance.
 */
async function killChildren(over: () => boolean, { local, postgres, random, pause: between }: KillerParts, kills: Map<string, number>): Promise<void> {
  const chance = random.fork();
  while (!over()) {
    await pause(between);
    const parents = [
      ...local.organisations.flatMap(({ plan: { name }, postfix, servers: { inspection } }) => [{ name: `${name} postfix`, parent: postfix }, { name: `${name} inspection`, parent: inspection }]),
      { name: 'dovecot', parent: local.dovecot },
      ...(postgres === undefined ? [] : [{ name: 'postgresql', parent: postgres.running() }]),
    ];
    const found = parents.flatMap(({ name, parent }) => childrenOf(parent).map(({ pid, program }) => ({ pid, kind: `${name}: ${program}` })));
    if (found.length === 0) continue;
    const kind = chance.pick([...new Set(found.map((child) => child.kind))].sort());
    for (const { pid } of found.filter((child) => child.kind === kind)) killNow(pid);
    kills.set(kind, (kills.get(kind) ?? 0) + 1);
  }
}

/**
 * What its main process started and starts again. Not the one that recovers PostgreSQL's data after another was killed: without
 * that, PostgreSQL does not come back by itself (seen with version 15). A process that was forked just now still has its parent's
 * title, and may be that one.
 */
function childrenOf({ main }: Running): { pid: number; program: string }[] {
  const own = statusOf(main());
  return readdirSync('/proc').map(Number).filter((pid) => pid > 0).flatMap((pid) => {
    const { parent, program, title } = statusOf(pid);
    return parent !== undefined && parent === main() && title !== own.title && !/^postgres: (.*: )?startup\b/.test(title) ? [{ pid, program }] : [];
  });
}

/** proc(5); nothing of a process that has ended meanwhile. */
function statusOf(pid: number): { parent: number | undefined; program: string; title: string } {
  try {
    const title = readFileSync(`/proc/${pid}/cmdline`, 'latin1');
    const status = readFileSync(`/proc/${pid}/status`, 'latin1');
    return { parent: Number(/^PPid:\s+(\d+)/m.exec(status)?.[1]), program: /^Name:\s+(.+)/m.exec(status)?.[1] ?? '', title };
  } catch {
    return { parent: undefined, program: '', title: '' };
  }
}

function killNow(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if (!isErrno(error, 'ESRCH')) throw error;
  }
}
