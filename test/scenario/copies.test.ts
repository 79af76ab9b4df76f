/**
 * Two key servers and two gateways of one organisation on one PostgreSQL, behind one Postfix; one of each is killed while mail
 * flows. Nothing is lost, the chain has no gap, and what doubles is what a queue took before its gateway was killed.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { HINODE, type LocalOrganisation, PASSPHRASE, startLocalWorld, TSUKIMI } from '../../scripts/world/local-world.ts';
import { type Running, World } from '../../scripts/world/process.ts';
import { runSsmax, startSsmax } from '../../scripts/world/ssmax.ts';
import { until } from '../../scripts/world/wait.ts';
import { type Cluster, postgresMissing, startPostgres } from '../server/shared/postgres.ts';
import type { Trust } from '../../src/flow/trust.ts';
import { Correspondent, type Sealed } from './correspondent.ts';

// Real servers on a busy machine: slow is no failure.
vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 });

const MAILS = 24;
const KILL_AFTER = 6;

let world: World;
let cluster: Cluster;
let database: string;
let hinode: LocalOrganisation;
let tsukimi: LocalOrganisation;
let second: { keyServer: Running; gateway: Running };
let taro: Correspondent;
let readers: readonly Correspondent[];
const trusts = new Map<Correspondent, Trust>();
const healthPorts: number[] = [];
const gateways: Record<'submission' | 'arriving', number[]> = { submission: [], arriving: [] };

/** What a TCP balancer in front of the gateways does: in turn, and past who does not answer. */
async function balance(name: 'submission' | 'arriving', first: number): Promise<number> {
  gateways[name].push(first);
  const port = await world.ports.take();
  let turn = 0;
  const server = createServer((client) => {
    const ports = [...gateways[name]];
    const start = turn++;
    const attempt = (tried: number): void => {
      const target = ports[(start + tried) % ports.length];
      if (target === undefined || tried === ports.length) return void client.destroy();
      const far: Socket = connect(target, '127.0.0.1');
      const next = (): void => attempt(tried + 1);
      far.once('error', next);
      far.once('connect', () => {
        far.off('error', next);
        far.on('error', () => client.destroy());
        far.on('close', () => client.destroy());
        client.on('close', () => far.destroy());
        client.pipe(far).pipe(client);
      });
    };
    client.on('error', () => undefined);
    attempt(0);
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  world.closing(() => { server.close(); });
  return port;
}

function change(file: string, edit: (config: Record<string, unknown>) => Record<string, unknown>, to = file): void {
  writeFileSync(join(hinode.dir, to), JSON.stringify(edit(JSON.parse(readFileSync(join(hinode.dir, file), 'utf8')) as Record<string, unknown>)));
}

beforeAll(async () => {
  if (postgresMissing() !== undefined) return;
  [world, cluster] = await Promise.all([World.open(), startPostgres()]);
  database = await cluster.freshDatabase();
  const local = await startLocalWorld(world, [HINODE, TSUKIMI], {
    database: (organisation) => (organisation === 'hinode' ? database : undefined),
    detour: (organisation, hop, port) => (organisation === 'hinode' && (hop === 'submission' || hop === 'arriving') ? balance(hop, port) : port),
  });
  [hinode, tsukimi] = local.organisations as [LocalOrganisation, LocalOrganisation];
  await startCopies();
  taro = await Correspondent.enrol(local, hinode, 'taro');
  readers = [await Correspondent.enrol(local, tsukimi, 'hanako'), await Correspondent.enrol(local, hinode, 'yuki')];
  // A plugin finds another copy by its name; here it is asked before one is killed.
  for (const reader of readers) {
    const trust = await reader.trust();
    trusts.set(reader, trust);
    // Looked up while both key servers are there: one of them will be killed.
    for (const { plan } of [hinode, tsukimi]) await trust.directory.byDomain(plan.domain);
  }
}, 300_000);
afterAll(async () => {
  await world?.stop();
  await cluster?.stop();
});

/** The second key server gets its database by DATABASE_URL; both gateways know both key servers. */
async function startCopies(): Promise<void> {
  const take = async (): Promise<string> => `127.0.0.1:${await world.ports.take()}`;
  const keyServer = await take();
  change('keyserver.yaml', ({ database: _, plugin, ...config }) =>
    ({ ...config, state: 'state-2', listen: keyServer, plugin: { ...(plugin as object), listen: '127.0.0.1:0' } }), 'keyserver-2.yaml');
  const gatewayPorts = { submission: await world.ports.take(), arriving: await world.ports.take() };
  const health = [await world.ports.take(), await world.ports.take()];
  change('gateway.yaml', (config) => ({
    ...config, health: `127.0.0.1:${health[0]}`, keyServer: [config['keyServer'], { ...(config['keyServer'] as object), address: keyServer }],
  }));
  change('gateway.yaml', (config) => ({
    ...config, state: 'gateway-state-2', health: `127.0.0.1:${health[1]}`,
    listen: { submission: `127.0.0.1:${gatewayPorts.submission}`, arriving: `127.0.0.1:${gatewayPorts.arriving}` },
    keyServer: [...(config['keyServer'] as unknown[])].reverse(),
  }), 'gateway-2.yaml');
  await hinode.servers.gateway.stop();
  const start = (name: 'keyserver' | 'gateway', env: Record<string, string>): Promise<Running> =>
    startSsmax(world, `hinode-${name}-2`, [name, 'run', '--config', join(hinode.dir, `${name}-2.yaml`)], PASSPHRASE, env);
  second = { keyServer: await start('keyserver', { DATABASE_URL: database }), gateway: await start('gateway', {}) };
  await hinode.restart('gateway');
  for (const name of ['submission', 'arriving'] as const) gateways[name].push(gatewayPorts[name]);
  healthPorts.push(...health);
}

/** As a mail client does: the same bytes again until they are taken. */
async function deliver({ raw }: Sealed): Promise<number> {
  for (let attempt = 1; ; attempt++) {
    const answer = await taro.submit(raw, readers.map(({ address }) => address)).then(({ final }) => final.text, (error: unknown) => `400 ${String(error)}`);
    if (answer.startsWith('250')) return attempt;
    expect(answer).toMatch(/^4/);
    expect(attempt, answer).toBeLessThan(20);
  }
}

describe.skipIf(postgresMissing() !== undefined)('copies side by side', () => {
  let sealed: Sealed[];
  let repeated = 0;

  it('both gateways take mail, and one of each kind may die in the midst of it', async () => {
    sealed = [];
    for (let index = 0; index < MAILS; index++) sealed.push(await taro.seal({ to: readers.map(({ address }) => ({ address, displayName: address })), subject: `第${index}便` }));
    let done = 0;
    const queue = [...sealed];
    const worker = async (): Promise<void> => {
      for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
        repeated += (await deliver(next)) - 1;
        if (++done === KILL_AFTER) {
          const figures = await Promise.all(healthPorts.map(async (port) => (await fetch(`http://127.0.0.1:${port}/metrics`)).text()));
          for (const text of figures) expect(text).toMatch(/ssmax_mails_total\{listener="submission",answer="taken",outcome="relayed"\} [1-9]/);
          hinode.servers.keyServer.kill('SIGKILL');
          hinode.servers.gateway.kill('SIGKILL');
        }
      }
    };
    await Promise.all(Array.from({ length: 4 }, worker));
    expect(done).toBe(MAILS);
  }, 300_000);

  it('nothing is lost; nothing doubles but what was repeated', async () => {
    for (const reader of readers) {
      await until(async () => new Set(await digests(reader)).size === MAILS, { what: `all mails of ${reader.address}`, withinMs: 120_000, everyMs: 200 });
      await hinode.postfix.drained(60_000);
      await tsukimi.postfix.drained(60_000);
      expect((await digests(reader)).length - MAILS).toBeLessThanOrEqual(repeated);
      const trust = trusts.get(reader);
      if (trust === undefined) throw new Error('no trust');
      for (const { raw } of (await reader.mailbox().list()).slice(0, 3)) expect(await reader.judge(raw, { trust })).toMatchObject({ state: 'verified' });
    }
  }, 300_000);

  it('the chain has no gap, and each leg its evidence once', async () => {
    const { code, stdout } = await runSsmax(['audit', 'verify', '--state', join(hinode.dir, 'state-2')]);
    expect([code, stdout.toString()]).toEqual([0, expect.stringMatching(/^good: /) as string]);
    const client = new pg.Client({ connectionString: database });
    await client.connect();
    const { rows } = await client.query<{ mails: string; rows: string }>('select count(distinct content_digest) as mails, count(*) as rows from evidence where leg = 1');
    await client.end();
    expect(rows).toEqual([{ mails: String(MAILS), rows: String(MAILS) }]);
  });

  it('no log of any server holds an address, a name or a subject', () => {
    const logs = readdirSync(join(world.dir, 'log')).filter((name) => /-(?:gateway|keyserver|inspection)/.test(name));
    expect(logs.length).toBeGreaterThanOrEqual(7);
    for (const name of logs) {
      const text = readFileSync(join(world.dir, 'log', name), 'utf8');
      expect(text).toContain('"event":"ready"');
      expect([name, /@(?:hinode|tsukimi)\.example|taro|hanako|yuki|山田|佐藤|鈴木|第\d+便|local world/.exec(text)?.[0]]).toEqual([name, undefined]);
    }
  });

  it('those that are left do all the work', async () => {
    expect([second.keyServer.alive(), second.gateway.alive()]).toEqual([true, true]);
    expect(await deliver(await taro.seal({ to: readers.map(({ address }) => ({ address, displayName: address })), subject: '後' }))).toBe(1);
  });
});

async function digests(reader: Correspondent): Promise<string[]> {
  return (await reader.mailbox().list()).map(({ raw }) => /^X-SSMAX-Content: ([0-9a-f]{64})/m.exec(Buffer.from(raw).toString('latin1'))?.[1] ?? '');
}
