/** Ends one process after the other, by kill -9 or in good order, and starts it again after a while. */
import { readFileSync } from 'node:fs';
import type { LocalOrganisation, LocalWorld } from '../world/local-world.ts';
import { ownedProcesses, signal } from '../world/owned.ts';
import type { Postgres } from '../world/postgres.ts';
import type { Running } from '../world/process.ts';
import { pause } from '../world/wait.ts';
import type { Random } from './random.ts';

/** Daemons of Postfix that are killed by themselves; its master starts them again. */
const POSTFIX_PARTS = ['smtpd', 'cleanup', 'qmgr', 'smtp', 'lmtp', 'bounce', 'trivial-rewrite'];

interface Victim {
  readonly name: string;
  /** Undefined where the program that watches over it does that. */
  readonly heal?: () => Promise<void>;
  /** True if there was something to be killed. */
  readonly strike: (how: 'kill' | 'stop') => Promise<boolean>;
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
 * Strikes until `over`, in two lanes side by side: whole programs, and the daemons of Postfix. Every whole program is killed
 * once, however soon it is over. Gives how often each was killed.
 */
export async function killUntil(over: () => boolean, parts: KillerParts): Promise<ReadonlyMap<string, number>> {
  const { local, random } = parts;
  const lanes = [programs(parts), local.organisations.flatMap((organisation) => daemons(local, organisation))];
  const kills = new Map(lanes.flat().map(({ name }) => [name, 0]));
  await Promise.all(lanes.map((victims) => killInTurn(over, victims, { pause: parts.pause, random: random.fork(), kills })));
  return kills;
}

async function killInTurn(
  over: () => boolean, victims: readonly Victim[], { random, kills, pause: between }: { random: Random; kills: Map<string, number>; pause: number },
): Promise<void> {
  for (let round = 0; round === 0 || !over(); round++) {
    for (const { name, strike, heal } of random.shuffled(victims)) {
      if (round > 0 && over()) return;
      await pause(between);
      // Those whom somebody else starts again are only ever killed.
      const how = round > 0 && heal !== undefined && random.chance(0.2) ? 'stop' : 'kill';
      const struck = await strike(how);
      if (struck && how === 'kill') kills.set(name, (kills.get(name) ?? 0) + 1);
      if (heal === undefined) continue;
      await pause(random.between(0, 1_500));
      await heal();
    }
  }
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

function daemons(local: LocalWorld, organisation: LocalOrganisation): Victim[] {
  return POSTFIX_PARTS.map((part) => ({ name: `${organisation.plan.name} postfix ${part}`, strike: async () => killPart(local, organisation, part) }));
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
      return true;
    },
  };
}

/** All processes of this daemon: some run at times only. */
function killPart({ world }: LocalWorld, { postfix }: LocalOrganisation, part: string): boolean {
  const pids = new Set(postfix.pids());
  const found = ownedProcesses({ world: world.id }).filter(({ pid }) => pids.has(pid) && nameOf(pid) === part);
  for (const one of found) signal(one, 'SIGKILL');
  return found.length > 0;
}

function nameOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/comm`, 'latin1').trim();
  } catch {
    return ''; // gone in the meantime
  }
}
