/**
 * Three years in the life of certificates, with the real programs on a clock of the test's own: renewal, lost devices, new keys
 * of an organisation, its servers and the Authority's delegate, lists that are out of date, and old mail that stays what it was.
 */
import { X509Certificate } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { HINODE, type LocalOrganisation, type LocalWorld, PASSPHRASE, startLocalWorld, TSUKIMI } from '../../scripts/world/local-world.ts';
import { World } from '../../scripts/world/process.ts';
import { runSsmax, ssmax, startSsmax } from '../../scripts/world/ssmax.ts';
import { until } from '../../scripts/world/wait.ts';
import { splitCrls } from '../../src/core/pki/crl.ts';
import { CommandLineMember } from './command-line-member.ts';
import { Correspondent } from './correspondent.ts';
import { createWorldClock, type WorldClock } from './world-clock.ts';

vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 });

let world: World;
let clock: WorldClock;
let local: LocalWorld;
let hinode: LocalOrganisation;
let tsukimi: LocalOrganisation;
let taro: CommandLineMember;
let hanako: CommandLineMember;
let jiro: CommandLineMember;

beforeAll(async () => {
  world = await World.open();
  clock = createWorldClock(world);
  local = await startLocalWorld(world, [HINODE, { ...TSUKIMI, recovery: true }], { env: clock.env, now: () => clock.now(), refresh: 1 });
  [hinode, tsukimi] = local.organisations as [LocalOrganisation, LocalOrganisation];
  [taro, hanako, jiro] = await Promise.all([
    new CommandLineMember(local, hinode, 'taro').enrol(), new CommandLineMember(local, tsukimi, 'hanako').enrol(), new CommandLineMember(local, tsukimi, 'jiro').enrol(),
  ]);
});
afterAll(async () => {
  await world.stop();
});

const HANAKO = 'hanako@tsukimi.example';
const MEI = 'mei@tsukimi.example';
const reviewSchema = z.object({ members: z.array(z.object({ id: z.string(), measured: z.object({ daysWithoutStatement: z.int() }) })) });
const VERIFIED = { state: 'verified', content: 'opened' };
/** What hanako got on the first day. */
let oldMail: Uint8Array;
/** What jiro got by the first gateway's successor. */
let laterMail: Uint8Array;

/** Submits until the servers have taken note of what has just changed; gives the reply that is no "later". */
async function answered(sender: CommandLineMember, raw: Uint8Array, to: string): Promise<string> {
  return until(async () => {
    const reply = await sender.submit(raw, to);
    return !reply.startsWith('451 ') && reply;
  }, { what: 'an answer other than "later"', withinMs: 120_000, everyMs: 500 });
}

/** A mail that arrives, as it lies in the mailbox. */
async function delivered(sender: CommandLineMember, reader: CommandLineMember, raw?: Uint8Array): Promise<Uint8Array> {
  const before = (await reader.mailbox().list()).length;
  expect(await answered(sender, raw ?? await sender.seal(reader.address, 'hello'), reader.address)).toMatch(/^250 /);
  const messages = await reader.mailbox().waitFor(before + 1, { withinMs: 120_000 });
  const last = messages.at(-1);
  if (last === undefined) throw new Error('no mail');
  return last.raw;
}

/** Lets the time pass, and waits until lists of that time are published everywhere. */
async function onDay(number: number): Promise<void> {
  clock.day(number);
  await Promise.all([taro, hanako].map((member) => until(() => member.fetchTrust().then(() => true, () => false), { what: 'lists of the day', withinMs: 120_000, everyMs: 200 })));
}

/** What `ssmax renew` says to each. */
function renewed(...members: readonly CommandLineMember[]): Promise<string[]> {
  return Promise.all(members.map(async (member) => (await member.renew()).stdout.toString()));
}

/** For how many days hinode has stated nothing to the Authority, as its review shows it. */
async function daysUnstated(): Promise<number | undefined> {
  const { stdout } = await runSsmax(['authority', 'review', '--json', '--state', local.authority.state]);
  const { members } = reviewSchema.parse(JSON.parse(stdout.toString()));
  return members.find(({ id }) => id === HINODE.id)?.measured.daysWithoutStatement;
}

const of = (organisation: LocalOrganisation, name: string): string => join(organisation.dir, name);
const spkiIn = (output: string): string => /spki ([0-9a-f]{64})/.exec(output)?.[1] ?? '';

/** As JSON, which is YAML: what the world wrote. */
function rewrite(file: string, change: (config: Record<string, unknown>) => object): void {
  const config = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;
  writeFileSync(file, JSON.stringify({ ...config, ...change(config) }));
}
const configure = (organisation: LocalOrganisation, server: 'keyserver' | 'gateway' | 'inspection', change: (config: Record<string, unknown>) => object): void =>
  rewrite(of(organisation, `${server}.yaml`), change);

async function restart(organisation: LocalOrganisation, ...servers: ('keyServer' | 'gateway' | 'inspection')[]): Promise<void> {
  await Promise.all(servers.map((server) => organisation.servers[server].stop()));
  // The others ask the key server when they start.
  if (servers.includes('keyServer')) await organisation.restart('keyServer');
  await Promise.all(servers.filter((server) => server !== 'keyServer').map((server) => organisation.restart(server)));
}

/** SPKI hashes of servers that have another key than at first, by organisation. */
const newKeys = new Map<string, { gateway: string; inspection: string }>();

/** The Authority certifies the organisation again: the same key with the same request. `root` names its files. */
async function certifyAgain({ plan, spki: first }: LocalOrganisation, csr: string, out: string, root = 'root'): Promise<void> {
  const { dir, state } = local.authority;
  const spki = { ...first, ...newKeys.get(plan.id) };
  await ssmax([
    'authority', 'certify', '--state', state, '--root', join(dir, `${root}.pem`), '--root-key', join(dir, `${root}.key`), '--csr', csr, '--id', plan.id,
    '--name-ja', plan.names.ja, '--name-en', plan.names.en, '--domain', plan.domain, '--host-name', plan.domain, '--always-signed', plan.domain,
    '--vetted', '2026-10-01', '--gateway-spki', spki.gateway, '--inspection-spki', spki.inspection, '--key-server-spki', spki.keyServer, '--out', out,
  ], { passphrase: PASSPHRASE });
}

/** The servers' own certificates, issued anew for the same keys. */
async function certifyServers(organisation: LocalOrganisation): Promise<void> {
  await Promise.all((['gateway', 'inspection'] as const).map(async (role) => {
    const out = of(organisation, `${role}-${clock.now().getTime()}.pem`);
    const [csr = ''] = [`${role}-2/${role}.csr`, `${role}.csr`].map((name) => of(organisation, name)).filter(existsSync);
    await ssmax(['keyserver', 'certify', '--state', organisation.state, '--role', role, '--csr', csr, '--host-name', `${role}.${organisation.plan.domain}`, '--out', out]);
    configure(organisation, role, () => ({ certificate: out }));
  }));
  await restart(organisation, 'inspection', 'gateway');
}

describe('the first days', () => {
  it('a mail arrives; one to a member who enrols later waits, and opens after that', async () => {
    oldMail = await delivered(taro, hanako);
    expect(await hanako.verify(oldMail)).toMatchObject(VERIFIED);
    const mei = new CommandLineMember(local, tsukimi, 'mei');
    const waiting = await delivered(taro, mei, await taro.seal(MEI, 'welcome'));
    await mei.enrol();
    expect(await mei.verify(waiting)).toMatchObject({ state: 'cannot-check', code: 'key-missing' });
    const { code, stdout } = await mei.recover(waiting);
    expect(stdout.toString()).toContain('welcome body');
    expect(code).toBe(0);
  });

  it('without a list of the day gateways say "later" and readers "cannot check now"; when it is there again, all goes on', async () => {
    const raw = await taro.seal(HANAKO, 'waits');
    await hanako.verify(oldMail);
    await local.authority.running.stop();
    clock.day(2);
    await until(async () => /^451 .*SSMAX-(directory|crl)-stale/.test(await taro.submit(raw, HANAKO)), { what: 'the stale lists to count', withinMs: 60_000 });
    expect(await hanako.verify(oldMail, false)).toMatchObject({ state: 'cannot-check', content: 'not opened' });
    await local.restartAuthority();
    expect(await answered(taro, raw, HANAKO)).toMatch(/^250 /);
    expect(await hanako.verify(oldMail)).toMatchObject(VERIFIED);
  });
});

describe('a one-time code', () => {
  it('ends after its days; who tries at will is stopped, the right code too, and gets in with that later', async () => {
    const mei = new CommandLineMember(local, tsukimi, 'mei', 'second');
    const old = await tsukimi.code('mei');
    await onDay(20);
    await expect(mei.enrol(old)).rejects.toThrow(/enrolment-refused/);
    const right = await tsukimi.code('mei');
    for (let i = 1; i < 10; i++) await expect(Correspondent.enrol(local, tsukimi, 'mei', undefined, 'AAAA-BBBB-CCCC')).rejects.toThrow(/^401 .*"enrolment-refused"/);
    await expect(Correspondent.enrol(local, tsukimi, 'mei', undefined, right)).rejects.toThrow(/^429 .*"enrolment-rate-limited"/);
    await expect(mei.enrol(right)).rejects.toThrow(/enrolment-rate-limited/);
    await onDay(21);
    await mei.enrol(right);
  });
});

describe('renewal', () => {
  it('does nothing until two thirds of the certificate’s life are over, then renews it in silence', async () => {
    expect((await taro.renew()).stdout.toString()).toMatch(/^not due: /);
    await onDay(250);
    // Nobody anchors anything here: what servers state by themselves arrives, and agrees with the chain.
    await until(async () => await daysUnstated() === 0, { what: 'the daily statement', withinMs: 120_000, everyMs: 500 });
    expect(await ssmax(['audit', 'verify', '--state', hinode.state])).toMatch(/^good: [^]*^compared with [1-9]\d* heads that the Authority keeps$/m);
    for (const said of await renewed(taro, hanako)) expect(said).toMatch(/^renewed until 202[89]/);
    expect((await taro.renew()).stdout.toString()).toMatch(/^not due: /);
    expect(await hanako.verify(await delivered(taro, hanako))).toMatchObject(VERIFIED);
  });

  it('still works for some time after the end, for which nothing can be sent; old mail stays verified', async () => {
    await onDay(380);
    await expect(jiro.seal(HANAKO, 'too late')).rejects.toThrow(/certificate-expired|expired/);
    expect((await jiro.renew()).stdout.toString()).toMatch(/^renewed until /);
    await delivered(jiro, hanako);
    expect(await hanako.verify(oldMail)).toMatchObject(VERIFIED);
  });
});

describe('a new key of the organisation', () => {
  it('comes into use by the directory, and mail on its way to the old one is delivered', async () => {
    await onDay(600);
    await renewed(taro, hanako, jiro);
    const onItsWay = await hanako.seal(jiro.address, 'sealed to the old key');
    const toOld = await taro.seal(HANAKO, 'on its way between the organisations');
    await tsukimi.servers.gateway.stop(); // leg 2 waits in hinode's queue
    expect(await answered(taro, toOld, HANAKO)).toMatch(/^250 /);
    await until(async () => (await hinode.postfix.queue()).length > 0, { what: 'leg 2 in the queue', withinMs: 60_000 });

    await ssmax(['keyserver', 'rotate-key', '--dir', tsukimi.dir, '--name', tsukimi.plan.names.ja], { passphrase: PASSPHRASE });
    configure(tsukimi, 'keyserver', () => ({ next: { key: 'organisation-next.key' } }));
    await restart(tsukimi, 'keyServer');
    await certifyAgain(tsukimi, of(tsukimi, 'organisation-next.csr'), of(tsukimi, 'organisation-2.pem'));
    const before = (await hanako.mailbox().list()).length;
    await tsukimi.restart('gateway');
    await hinode.postfix.flush();
    const [arrived] = (await hanako.mailbox().waitFor(before + 1, { withinMs: 120_000 })).slice(before);
    expect(await hanako.verify(arrived?.raw ?? new Uint8Array())).toMatchObject(VERIFIED);
    await delivered(hanako, jiro, onItsWay);
    expect(await hanako.verify(oldMail)).toMatchObject(VERIFIED);

    const list = of(tsukimi, 'lists.crl');
    await ssmax(['keyserver', 'export-crl', '--state', tsukimi.state, '--out', list]);
    expect(splitCrls(new Uint8Array(readFileSync(list)))).toHaveLength(2);
  });

  it('signs what members and servers renew, and needs nothing of the old key when the overlap is over', async () => {
    for (const said of await renewed(hanako, jiro)) expect(said).toMatch(/^renewed until /);
    await certifyServers(tsukimi);
    configure(tsukimi, 'keyserver', () => ({
      key: 'organisation-next.key', certificate: 'organisation-2.pem', next: undefined, former: [{ key: 'organisation.key', certificate: 'organisation.pem' }],
    }));
    await Promise.all([restart(tsukimi, 'keyServer'), certifyServers(hinode)]);
    await onDay(632);
    expect(await hanako.verifyAll([await delivered(taro, hanako), oldMail])).toMatchObject([VERIFIED, VERIFIED]);
    await delivered(hanako, jiro);
  });

  it('recovers what was delivered under the old one for a member who lost the device', async () => {
    const admin = (name: string): string[] => ['--admin-key', of(tsukimi, `${name}.key`)];
    await Promise.all(['sato', 'ito'].map(async (name) => {
      await ssmax(['admin', 'init', '--name', name, '--key', of(tsukimi, `${name}.key`), '--csr', of(tsukimi, `${name}.csr`)], { passphrase: PASSPHRASE });
      await ssmax(['admin', 'add', '--state', tsukimi.state, '--csr', of(tsukimi, `${name}.csr`)]);
    }));
    await ssmax(['member', 'revoke', HANAKO, '--reason', 'keyCompromise', '--state', tsukimi.state]);
    const again = await new CommandLineMember(local, tsukimi, 'hanako', 'second').enrol();
    expect((await again.recover(oldMail)).stderr).toContain('recovery-not-open');
    const asked = await ssmax([
      'recovery', 'open', HANAKO, '--reference', 'E1001', '--hours', '72', '--mails', '10', '--state', tsukimi.state, ...admin('sato'),
    ], { passphrase: PASSPHRASE });
    const id = /ssmax approve ([0-9a-f-]{36})/.exec(asked)?.[1] ?? '';
    expect(await ssmax(['approve', id, '--state', tsukimi.state, ...admin('ito')], { passphrase: PASSPHRASE })).toContain('done');
    const { stdout, code } = await again.recover(oldMail);
    expect(stdout.toString()).toContain('hello body');
    expect(code).toBe(0);
    expect(await ssmax(['recovery', 'list', '--state', tsukimi.state])).toContain('1 of 10 mails');
    hanako = again;
  });
});

describe('a new key of a gateway', () => {
  it('comes into use by the directory, and mail that the old one signed stays verified', async () => {
    const dir = of(hinode, 'gateway-2');
    mkdirSync(dir);
    const spki = spkiIn(await ssmax(['gateway', 'init', '--dir', dir, '--host-name', 'gateway.hinode.example'], { passphrase: PASSPHRASE }));
    await ssmax(['keyserver', 'certify', '--state', hinode.state, '--role', 'gateway', '--csr', join(dir, 'gateway.csr'), '--host-name', 'gateway.hinode.example', '--out', join(dir, 'gateway.pem')]);
    const pins = (config: Record<string, unknown>): object => ({ gateways: [...config['gateways'] as string[], spki] });
    configure(hinode, 'keyserver', pins);
    configure(hinode, 'inspection', pins);
    await restart(hinode, 'keyServer', 'inspection');
    await ssmax(['authority', 'servers', hinode.plan.id, '--state', local.authority.state, '--gateway-spki', spki, '--inspection-spki', hinode.spki.inspection]);
    configure(hinode, 'gateway', () => ({ key: join(dir, 'gateway.key'), certificate: join(dir, 'gateway.pem') }));
    newKeys.set(hinode.plan.id, { gateway: spki, inspection: hinode.spki.inspection });
    await restart(hinode, 'gateway');
    laterMail = await delivered(taro, jiro);
    expect(await jiro.verify(laterMail)).toMatchObject(VERIFIED);
  });
});

describe('a new key of an inspection server', () => {
  it('comes into use with an overlap: mail is inspected by the old server, then by the new one, and none is lost in between', async () => {
    const dir = of(hinode, 'inspection-2');
    mkdirSync(dir);
    const spki = spkiIn(await ssmax(['inspection', 'init', '--dir', dir, '--host-name', 'inspection.hinode.example'], { passphrase: PASSPHRASE }));
    await ssmax(['keyserver', 'certify', '--state', hinode.state, '--role', 'inspection', '--csr', join(dir, 'inspection.csr'), '--host-name', 'inspection.hinode.example', '--out', join(dir, 'inspection.pem')]);
    const address = `127.0.0.1:${await world.ports.take()}`;
    const file = of(hinode, 'inspection-2.yaml');
    copyFileSync(of(hinode, 'inspection.yaml'), file);
    rewrite(file, () => ({
      listen: address, key: join(dir, 'inspection.key'), certificate: join(dir, 'inspection.pem'), state: join(dir, 'state'), database: join(dir, 'state', 'inspection.sqlite'),
    }));
    const another = await startSsmax(world, 'hinode-inspection-2', ['inspection', 'run', '--config', file], PASSPHRASE, clock.env);
    const both = [{ address: `127.0.0.1:${hinode.ports.inspection}`, spki: hinode.spki.inspection }, { address, spki }];
    configure(hinode, 'gateway', () => ({ inspection: both }));
    await restart(hinode, 'gateway');
    const inspected = (server: string): number => readFileSync(join(world.dir, 'log', `${server}.log`), 'utf8').split('"event":"inspected"').length - 1;
    const before = { old: inspected('hinode-inspection'), mails: (await jiro.mailbox().list()).length };
    await delivered(taro, jiro);
    expect([inspected('hinode-inspection') > before.old, inspected('hinode-inspection-2')]).toEqual([true, 0]);

    const { gateway } = newKeys.get(hinode.plan.id) ?? hinode.spki;
    // Mail goes on while the directory changes, until the new server has been asked.
    const list = (...spkis: string[]): Promise<string> =>
      ssmax(['authority', 'servers', hinode.plan.id, '--state', local.authority.state, '--gateway-spki', gateway, '--inspection-spki', ...spkis]);
    const changed = list(hinode.spki.inspection, spki);
    let sent = 1;
    do {
      expect(await answered(taro, await taro.seal(jiro.address, 'on its way'), jiro.address)).toMatch(/^250 /);
      sent++;
      expect(sent).toBeLessThan(60);
    } while (inspected('hinode-inspection-2') === 0);
    await changed;

    await hinode.servers.inspection.stop();
    await list(spki);
    configure(hinode, 'gateway', () => ({ inspection: [{ address, spki }] }));
    await restart(hinode, 'gateway');
    newKeys.set(hinode.plan.id, { gateway, inspection: spki });
    copyFileSync(file, of(hinode, 'inspection.yaml'));
    hinode.servers.inspection = another;
    await delivered(taro, jiro);
    const all = (await jiro.mailbox().waitFor(before.mails + sent + 1, { withinMs: 120_000 })).slice(before.mails);
    const some = [all[0], all.at(-2), all.at(-1)].flatMap((one) => (one === undefined ? [] : [one.raw]));
    expect(await jiro.verifyAll(some)).toMatchObject([VERIFIED, VERIFIED, VERIFIED]);
  });
});

describe('the Authority', () => {
  const page = readFileSync('docs/admin/certificates.md', 'utf8');
  const inDir = (name: string): string => join(local.authority.dir, name);

  /** Runs a command of the page as it stands there, where the Authority's files are. */
  async function asOnPage(verb: string): Promise<string> {
    const command = new RegExp(`\`ssmax (authority ${verb} [^\`]*)\``).exec(page)?.[1];
    if (command === undefined) throw new Error(`no ${verb} on the page`);
    const words = command.replace('--state …', `--state ${local.authority.state}`).split(' ').map((word) => (/^[a-z0-9-]+\.(?:pem|key)$/.test(word) ? inDir(word) : word));
    return ssmax(words, verb.startsWith('rotate') ? { passphrase: PASSPHRASE } : {});
  }

  /** Changes the configuration of all servers of all members, and starts them again. */
  async function everywhere(change: (config: Record<string, unknown>, server: string) => object): Promise<void> {
    for (const organisation of [hinode, tsukimi]) {
      for (const server of ['keyserver', 'gateway', 'inspection'] as const) configure(organisation, server, (config) => change(config, server));
    }
    await Promise.all([hinode, tsukimi].map((organisation) => restart(organisation, 'keyServer', 'inspection', 'gateway')));
  }

  async function newDelegate(number: number, make: () => Promise<string>): Promise<void> {
    const spki = spkiIn(await make());
    await everywhere((config, server) => {
      if (server === 'inspection') return {}; // asks its key server, which asks the Authority
      const authority = config['authority'] as { address: string; spki: string | string[] };
      return { authority: { ...authority, spki: [...[authority.spki].flat(), spki] } };
    });
    await local.authority.running.stop();
    rewrite(inDir('authority.yaml'), () => ({ delegateKey: `delegate-${number}.key`, delegateCertificate: `delegate-${number}.pem`, ...(number === 3 && { root: 'root-2.pem' }) }));
    await local.restartAuthority();
  }

  it('replaces its delegate, and revokes the former one', async () => {
    await onDay(900);
    for (const said of await renewed(taro, hanako, jiro)) expect(said).toMatch(/^renewed until /);
    await newDelegate(2, () => asOnPage('rotate-delegate --root root.pem'));
    await asOnPage('revoke-delegate');
    expect(await jiro.verifyAll([await delivered(taro, jiro), laterMail])).toMatchObject([VERIFIED, VERIFIED]);
  });

  it('is followed to its next root, and certifies organisations again before their certificates end', async () => {
    await onDay(1080);
    await renewed(taro, hanako, jiro);
    await asOnPage('rotate-root');
    const pins = inDir('pins.pem');
    writeFileSync(pins, readFileSync(inDir('root.pem'), 'utf8') + readFileSync(inDir('root-2.pem'), 'utf8'));
    await everywhere((config, server) => (server === 'inspection' ? { trust: { ...config['trust'] as object, root: pins } } : { root: pins }));
    for (const member of [taro, hanako, jiro]) member.pin(pins);
    expect(await jiro.verify(await delivered(taro, jiro))).toMatchObject(VERIFIED);
    await newDelegate(3, () => ssmax([
      'authority', 'rotate-delegate', '--root', inDir('root-2.pem'), '--root-key', inDir('root-2.key'), '--key', inDir('delegate-3.key'), '--certificate', inDir('delegate-3.pem'),
    ], { passphrase: PASSPHRASE }));
    await certifyAgain(hinode, of(hinode, 'organisation.csr'), of(hinode, 'organisation-3.pem'), 'root-2');
    await certifyAgain(tsukimi, of(tsukimi, 'organisation-next.csr'), of(tsukimi, 'organisation-3.pem'), 'root-2');
    // What hinode's first certificate had certified would end with it.
    await Promise.all([hinode, tsukimi].map(({ state }) => ssmax(['keyserver', 'refresh', '--state', state])));
    await restart(hinode, 'keyServer');
    await certifyServers(hinode);
    expect(await jiro.verifyAll([await delivered(taro, jiro), laterMail])).toMatchObject([VERIFIED, VERIFIED]);
    await delivered(jiro, taro);
  });

  it('has organisations beyond the end of their first certificates: members’ that ended with one are renewed in silence, and old mail stays verified', async () => {
    await onDay(1100);
    expect(Date.parse(new X509Certificate(readFileSync(of(hinode, 'organisation.pem'))).validTo)).toBeLessThan(clock.now().getTime());
    await expect(taro.seal(jiro.address, 'too late')).rejects.toThrow(/expired/);
    expect(await renewed(taro)).toEqual([expect.stringMatching(/^renewed until /)]);
    expect(await jiro.verifyAll([await delivered(taro, jiro), laterMail])).toMatchObject([VERIFIED, VERIFIED]);
    expect(await taro.verify(await delivered(jiro, taro))).toMatchObject(VERIFIED);
  });

  it('revokes an organisation for good: its mail is refused, and what it sent before stays verified', async () => {
    const raw = await taro.seal(HANAKO, 'by nobody');
    await ssmax(['authority', 'revoke', hinode.plan.id, '--reason', 'cessationOfOperation', '--state', local.authority.state]);
    await until(async () => /^550 .*SSMAX-certificate-revoked/.test(await taro.submit(raw, HANAKO)), { what: 'the revocation to count', withinMs: 60_000 });
    expect(await jiro.verify(laterMail)).toMatchObject(VERIFIED);
    await delivered(jiro, hanako);
  });
});
