/** Kills one server of an organisation with -9 at a chosen moment of its gateway's relay steps (docs/protocol.md §11). */
import type { World } from '../../scripts/world/process.ts';
import { type Hop, type LocalOrganisation, PASSPHRASE, type WorldOptions } from '../../scripts/world/local-world.ts';
import { until } from '../../scripts/world/wait.ts';
import { callCheckpoint, smtpCheckpoint, type Verdict } from './checkpoint.ts';
import { serverIdentities } from './identities.ts';

export type Victim = keyof LocalOrganisation['servers'];

/** A moment between two relay steps, seen from outside. */
export interface Moment {
  /** For the reader of a failure: which relay step it lies before, after or in. */
  readonly step: string;
  /** `<hop> <event>` as Killer.on is told. */
  readonly event: string;
  /** Which of several such events in one attempt; 1 unless told. */
  readonly nth?: number;
  /** Waits for this event beforehand. */
  readonly after?: string;
}

/** The servers between which each hop runs: where one is dead, nothing passes any more. */
const ENDS: Readonly<Record<Exclude<Hop, 'authority'>, readonly Victim[]>> = {
  submission: ['gateway'], arriving: ['gateway'], queue: ['gateway'], keyServer: ['gateway', 'keyServer'], inspection: ['gateway', 'inspection'],
};

export class Killer {
  #organisation: LocalOrganisation | undefined;
  #aim: { readonly moment: Moment; readonly victim: Victim } | undefined;
  #killing: { readonly victim: Victim; readonly done: Promise<void> } | undefined;
  readonly #seen = new Map<string, number>();

  /** Whose servers are killed; told when the world runs. */
  set organisation(organisation: LocalOrganisation) {
    this.#organisation = organisation;
  }

  /** True once the victim of the present aim has been killed. */
  get fired(): boolean {
    return this.#killing !== undefined;
  }

  /** What was seen since `aim`, for the message of a failure. */
  get seen(): string {
    return [...this.#seen].map(([event, times]) => `${event} ×${times}`).join(', ');
  }

  aim(moment: Moment, victim: Victim): void {
    this.#killing = undefined;
    this.#seen.clear();
    this.#aim = { moment, victim };
  }

  /** Starts the victim again if it was killed. Nothing is killed from here on until the next aim. */
  async heal(): Promise<void> {
    this.#aim = undefined;
    const killing = this.#killing;
    if (killing === undefined) return;
    await killing.done;
    this.#killing = undefined;
    await this.#organisation?.restart(killing.victim);
  }

  async on(hop: Exclude<Hop, 'authority'>, name: string): Promise<Verdict> {
    const event = `${hop} ${name}`;
    const times = (this.#seen.get(event) ?? 0) + 1;
    this.#seen.set(event, times);
    const aim = this.#aim;
    if (aim !== undefined && this.#killing === undefined && aim.moment.event === event && times === (aim.moment.nth ?? 1)) {
      const { after } = aim.moment;
      if (after !== undefined) await until(() => this.#seen.has(after), { what: after, withinMs: 60_000 });
      this.#killing = { victim: aim.victim, done: this.#kill(aim.victim) };
    }
    if (this.#killing === undefined) return 'pass';
    await this.#killing.done;
    return ENDS[hop].includes(this.#killing.victim) ? 'cut' : 'pass';
  }

  async #kill(victim: Victim): Promise<void> {
    const server = this.#organisation?.servers[victim];
    if (server === undefined) throw new Error('no organisation');
    server.kill('SIGKILL');
    await server.exited;
  }
}

/** The checkpoints around the gateway of each organisation that has a killer. */
export function checkpoints(world: World, killers: Readonly<Record<string, Killer>>): NonNullable<WorldOptions['detour']> {
  return async (organisation, hop, target) => {
    const killer = killers[organisation];
    if (killer === undefined || hop === 'authority') return target;
    const port = await world.ports.take();
    if (hop === 'keyServer' || hop === 'inspection') {
      await callCheckpoint(world, { port, target }, () => serverIdentities(world, organisation, hop, target, PASSPHRASE), {
        on: (path, event) => killer.on(hop, `${path} ${event}`),
      });
    } else {
      await smtpCheckpoint(world, { port, target }, (event) => killer.on(hop, event));
    }
    return port;
  };
}
