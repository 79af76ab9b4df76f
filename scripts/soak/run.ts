/** A soak: mixed load on two whole organisations while their processes are killed, until every mail is accounted for. */
import { readFileSync } from 'node:fs';
import { MODES } from '../../src/wire/leg.ts';
import { HINODE, type LocalOrganisation, type LocalWorld, type OrganisationPlan, startLocalWorld, TSUKIMI } from '../world/local-world.ts';
import { startPostgres } from '../world/postgres.ts';
import type { Running, World } from '../world/process.ts';
import { runSsmax, ssmax } from '../world/ssmax.ts';
import { pause, until } from '../world/wait.ts';
import { approveUntil, enrolWithFiles } from './approver.ts';
import { growing, type Growth, GrowthWatch } from './growth.ts';
import { killUntil } from './killer.ts';
import { LeakSearch } from './leaks.ts';
import { describe, Ledger, type Totals } from './ledger.ts';
import { canaryOf, WORD_TO_APPROVE } from './mails.ts';
import { Random } from './random.ts';
import { MailReader } from './reader.ts';
import { sendUntil } from './sender.ts';

export interface SoakOptions {
  readonly seconds: number;
  readonly seed: number;
  readonly say: (line: string) => void;
}

export interface SoakResult {
  readonly totals: Totals;
  /** What is wrong, in words; empty when all is well. */
  readonly problems: readonly string[];
  readonly kills: ReadonlyMap<string, number>;
  readonly growth: readonly Growth[];
  /** Faults that the servers' logs tell of. */
  readonly faults: ReadonlyMap<string, number>;
  /** Held mails that somebody approved. */
  readonly approved: number;
  /** Mails on hold of which nobody knew any more, and that were let go by hand (docs/admin/inspection.md). */
  readonly letGo: number;
}

const LIST = 'staff@hinode.example';
const PLANS: readonly OrganisationPlan[] = [{ ...HINODE, aliases: { [LIST]: LIST } }, TSUKIMI].map((plan) => ({ ...plan, modes: MODES, toApprove: [WORD_TO_APPROVE] }));

/** The last part of the load runs without kills, so that processes live long enough to show whether they grow. */
const CALM = 0.3;
/** Milliseconds in which what is under way at the end has to arrive. */
const AFTERMATH = 600_000;

export async function soak(world: World, { seconds, seed, say }: SoakOptions): Promise<SoakResult> {
  const random = new Random(seed);
  const canary = canaryOf(seed);
  const postgres = await startPostgres(world);
  if (postgres === undefined) say('PostgreSQL is not installed: both key servers use SQLite');
  const local = await startLocalWorld(world, PLANS, { database: (name) => (name === HINODE.name ? postgres?.url : undefined) });
  const people = await Promise.all(local.organisations.flatMap((organisation) => organisation.plan.members.map(({ user }) => enrolWithFiles(local, organisation, user))));
  const [first] = local.organisations as [LocalOrganisation];
  const list = await addList(first);

  const ledger = new Ledger();
  const search = new LeakSearch(local, canary);
  const watch = new GrowthWatch(local);
  const started = performance.now();
  const passed = (): number => (performance.now() - started) / 1000;
  let retries = 0;
  let finished = false;
  let killing = true;
  const loadOver = (): boolean => passed() >= seconds && !killing;
  const members = people.map((who) => ({ who, reader: new MailReader(who, ledger) }));
  const senders = members.map(({ who, reader: { kept } }) => sendUntil(loadOver, {
    local, who, ledger, canary, list, kept, random: random.fork(), others: people.filter((one) => one !== who).map(({ address }) => address), onRetry: () => { retries++; },
  }));
  const readers = members.map(({ reader }) => reader.readUntil(() => finished));
  const ended: string[] = [];
  const killer = killUntil(() => passed() >= seconds * (1 - CALM), { local, postgres, random: random.fork(), pause: Math.min(5_000, seconds * 10), onEnded: (name) => ended.push(name) })
    .finally(() => { killing = false; });
  let hurry = false;
  const approvers = local.organisations.map((organisation) => approveUntil(() => finished, { organisation, ledger, random: random.fork(), hurry: () => hurry }));
  const observer = observe(() => finished, { ledger, search, watch, say, seconds, passed, retries: () => retries });

  // Whoever fails ends the soak; the world is stopped by its owner.
  const [kills] = await Promise.race([
    Promise.all([killer, ...senders]), Promise.all([...readers, ...approvers, observer]).then(() => { throw new Error('the readers ended early'); }),
  ]);
  say(`the load is over after ${Math.round(passed())} s; waiting for what is under way`);
  hurry = true;
  const letGo = await settle(local, ledger);
  finished = true;
  const approved = (await Promise.all(approvers)).reduce((sum, count) => sum + count, 0);
  await Promise.all([...readers, observer]);
  ended.push(...programsOf(local).filter((one) => !one.alive()).map(({ name }) => name));
  const unsearched = await finalChecks(local, { ledger, search, watch });
  const problems = [...ledger.problems, ...ended.map((name) => `ended by itself: ${name}`), ...unsearched.map((name) => `memory not readable, so not searched: ${name}`), ...ledger.leaks, ...ledger.outstanding().map((entry) => `lost: ${describe(entry)}`), ...await brokenChains(local)];
  return { totals: ledger.totals(), problems, kills, growth: watch.results(), faults: faultsIn(local), approved, letGo };
}

/** A mailing list to which everybody may post. */
async function addList({ plan, state }: LocalOrganisation): Promise<{ address: string; members: readonly string[] }> {
  const members = plan.members.map(({ user }) => `${user}@${plan.domain}`);
  await ssmax(['list', 'add', LIST, ...members, '--name', '全職員', '--posting', 'anyone', '--owner', members[0] ?? '', '--state', state]);
  return { address: LIST, members };
}

/**
 * Until every mail is delivered or refused and every queue is empty; what is still missing then is lost. Gives how many were
 * let go by hand: copies on hold of mails that have all arrived.
 */
async function settle({ organisations }: LocalWorld, ledger: Ledger): Promise<number> {
  const deadline = performance.now() + AFTERMATH;
  let letGo = 0;
  while (performance.now() < deadline) {
    await Promise.all(organisations.map(({ postfix }) => postfix.flush()));
    const queued = (await Promise.all(organisations.map(({ postfix }) => postfix.queue()))).flat();
    const outstanding = ledger.outstanding().filter(({ refusal }) => refusal === undefined).length; // what was refused does not come any more
    if (queued.length === 0 && outstanding === 0) break;
    if (outstanding === 0 && queued.every(({ queue }) => queue === 'hold')) {
      letGo += queued.length;
      await Promise.all(organisations.map(({ postfix }) => postfix.release()));
    }
    await pause(1_000);
  }
  return letGo;
}

interface Observation {
  readonly ledger: Ledger;
  readonly search: LeakSearch;
  readonly watch: GrowthWatch;
  readonly say: (line: string) => void;
}

/** Samples all the time; searches for plaintext and says how it goes a few times in the run. */
async function observe(over: () => boolean, parts: Observation & { seconds: number; passed: () => number; retries: () => number }): Promise<void> {
  const { ledger, search, watch, say, seconds, passed, retries } = parts;
  let next = seconds / 6;
  let told = 0;
  while (!over()) {
    watch.sample();
    for (; told < ledger.problems.length; told++) say(`problem: ${ledger.problems[told]}`);
    if (passed() >= next && passed() < seconds) {
      next += Math.min(seconds / 6, 300);
      ledger.leaks.push(...search.files(false));
      const { sent, delivered, refused, doubled } = ledger.totals();
      say(`${Math.round(passed())} s: ${sent} sent, ${delivered} delivered, ${refused} refused, ${sent - delivered - refused} under way, ${doubled} doubled, ${retries()} sent again, ${ledger.leaks.length} leaks`);
    }
    await pause(1_000);
  }
}

function programsOf({ organisations, authority, clamd, dovecot }: LocalWorld): Running[] {
  return [authority.running, clamd, dovecot, ...organisations.flatMap(({ servers, postfix }) => [...Object.values(servers), postfix])];
}

/** Gives the processes whose memory could not be searched. */
async function finalChecks({ clamd }: LocalWorld, { ledger, search, watch }: Pick<Observation, 'ledger' | 'search' | 'watch'>): Promise<readonly string[]> {
  await until(() => clamd.leftovers().length === 0, { what: 'an empty directory of clamd', withinMs: 60_000 });
  ledger.leaks.push(...search.files(true));
  const { found, unreadable } = search.memory();
  ledger.leaks.push(...found);
  ledger.leaks.push(...growing(watch.results()));
  return unreadable;
}

async function brokenChains({ organisations }: LocalWorld): Promise<string[]> {
  const checked = await Promise.all(organisations.map(async ({ plan: { name }, state }) => ({ name, outcome: await runSsmax(['audit', 'verify', '--state', state]) })));
  return checked.filter(({ outcome }) => outcome.code !== 0).map(({ name, outcome }) => `audit chain of ${name}: ${outcome.stdout.toString()}${outcome.stderr}`);
}

/** Faults (not refusals, not outages) that the servers' logs tell of: event and code with their numbers. */
function faultsIn({ organisations, authority }: Pick<LocalWorld, 'organisations' | 'authority'>): ReadonlyMap<string, number> {
  const logs = [authority.running.log, ...organisations.flatMap(({ servers }: LocalOrganisation) => Object.values(servers).map(({ log }) => log))];
  const counts = new Map<string, number>();
  for (const line of logs.flatMap((log) => readFileSync(log, 'utf8').split('\n'))) {
    if (!line.includes('"level":"error"')) continue;
    const { server, event, error } = JSON.parse(line) as { server: string; event: string; error?: { code?: string; name?: string } };
    const name = `${server} ${event} ${error?.code ?? error?.name ?? ''}`;
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return counts;
}

/** The line that says it all. */
export function summary({ sent, delivered, refused, lost, doubled, noted, leaks }: Totals): string {
  return `${sent} sent, ${delivered} delivered, ${refused} refused, ${lost} lost, ${doubled} doubled, ${noted} noted, ${leaks} leaks`;
}

export function isGood({ totals: { lost, doubled, noted, leaks }, problems }: SoakResult): boolean {
  return lost === 0 && doubled === noted && leaks === 0 && problems.length === 0;
}
