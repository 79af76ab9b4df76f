/**
 * A complete SSMAX world on this machine: an Authority, and organisations with key server, inspection server, gateway and
 * a private Postfix each, one private Dovecot and one clamd for all. Real processes of the built program; all keys are new.
 */
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { z } from 'zod';
import type { Mode } from '../../src/wire/leg.ts';
import { type Clamd, startClamd } from './clamd.ts';
import { type Account, type Dovecot, startDovecot } from './dovecot.ts';
import { isRoot } from './packages.ts';
import { type Postfix, startPostfix } from './postfix.ts';
import type { Running, World } from './process.ts';
import { ssmax, startSsmax } from './ssmax.ts';

const run = promisify(execFile);

export interface MemberPlan {
  /** Local part. */
  readonly user: string;
  readonly name: string;
  readonly pseudonym?: boolean;
  /** False for a mail account whose holders are registered later, or never. */
  readonly registered?: boolean;
}

export interface OrganisationPlan {
  readonly name: string;
  readonly domain: string;
  readonly id: string;
  readonly names: { readonly ja: string; readonly en: string };
  readonly type?: 'organisation' | 'isp';
  readonly members: readonly MemberPlan[];
  /** Addresses that Postfix takes mail for, and what it makes of them: its virtual_alias_maps. */
  readonly aliases?: Readonly<Record<string, string>>;
  /** Words that may not leave it. */
  readonly forbidden: readonly string[];
  /** Words that may leave it when another member has approved it. */
  readonly toApprove?: readonly string[];
  /** Old mail of members who lost their key can be recovered. */
  readonly recovery?: boolean;
  /** What its members may send; the key server's default unless told. */
  readonly modes?: readonly Mode[];
  /** Domains outside SSMAX to which its mail goes signed only. */
  readonly signedOnly?: readonly string[];
}

/** The two organisations of the demo and of most tests. */
export const HINODE: OrganisationPlan = {
  name: 'hinode', domain: 'hinode.example', id: 'NTRJP-1000020123456', names: { ja: '日之出市役所', en: 'Hinode City Office' },
  members: [{ user: 'taro', name: '山田 太郎' }, { user: 'yuki', name: '鈴木 雪' }, { user: 'ken', name: '田中 健' }],
  forbidden: ['社外秘'],
};
export const TSUKIMI: OrganisationPlan = {
  name: 'tsukimi', domain: 'tsukimi.example', id: 'NTRJP-7010401234567', names: { ja: '月見製作所', en: 'Tsukimi Works' },
  members: [{ user: 'hanako', name: '佐藤 花子' }, { user: 'jiro', name: '佐藤 次郎' }, { user: 'mei', name: '高橋 芽衣' }],
  forbidden: ['社外秘'],
};

/** A provider: its members are individuals. */
export const NAGISA: OrganisationPlan = {
  name: 'nagisa', domain: 'nagisa.example', id: 'NTRJP-5010401234567', names: { ja: '渚ネット', en: 'Nagisa Net' }, type: 'isp',
  members: [{ user: 'aoi', name: '青井 葵' }, { user: 'ren', name: '蓮', pseudonym: true }],
  forbidden: ['社外秘'],
};

/** What clamd's one signature finds. */
export const MALWARE_MARKER = 'SSMAX-DEMO-MALWARE-MARKER';

export interface OrganisationPorts {
  readonly keyServer: number;
  readonly plugin: number;
  readonly inspection: number;
  readonly gateway: { readonly submission: number; readonly arriving: number };
  readonly postfix: {
    readonly arriving: number; readonly submission: number; readonly reinjection: number; readonly hold: { readonly submission: number; readonly arriving: number };
  };
}

export interface LocalOrganisation {
  readonly plan: OrganisationPlan;
  readonly dir: string;
  /** State directory of its key server, for `--state`. */
  readonly state: string;
  readonly ports: OrganisationPorts;
  /** SHA-256 of its servers' keys as they were made. */
  readonly spki: Prepared['spki'];
  /** `https://localhost:…` for plugins. */
  readonly pluginUrl: string;
  readonly accounts: readonly Account[];
  /** Ports that answer monitoring, where that was asked for. */
  readonly health?: { readonly keyServer: number; readonly inspection: number; readonly gateway: number };
  postfix: Postfix;
  readonly servers: { keyServer: Running; inspection: Running; gateway: Running };
  /** A new one-time enrolment code. */
  code(user: string): Promise<string>;
  revoke(user: string): Promise<void>;
  /** Starts a server again, after it was killed. */
  restart(server: 'keyServer' | 'inspection' | 'gateway'): Promise<void>;
  restartPostfix(): Promise<void>;
}

export interface LocalWorld {
  readonly world: World;
  readonly authority: { readonly dir: string; readonly state: string; running: Running };
  /** DER of the Authority's root certificate. */
  readonly root: Buffer;
  /** PEM of the CA whose certificates the plugins' endpoints show: to be trusted by the mail client. */
  readonly webCa: string;
  /** The same two, as PEM files. */
  readonly rootFile: string;
  readonly webCaFile: string;
  /** Where the mirror is looked for, and key and certificate to serve it with (PEM files); whoever wants one starts it. */
  readonly mirror?: { readonly port: number } & WebCa;
  /** The world's time. */
  now(): Date;
  readonly organisations: readonly LocalOrganisation[];
  /** The mail server without SSMAX, where there is one. */
  readonly outside?: Postfix;
  dovecot: Dovecot;
  clamd: Clamd;
  account(address: string): Account;
  restartAuthority(): Promise<void>;
  restartDovecot(): Promise<void>;
  restartClamd(): Promise<void>;
}

/** Passphrase of all keys of this world: it lives as long as the world. */
export const PASSPHRASE = 'local world';

/** A connection to or from an organisation's gateway, or from its servers to the Authority. */
export type Hop = 'submission' | 'arriving' | 'keyServer' | 'inspection' | 'queue' | 'authority';

export interface WorldOptions {
  /** Gives the port to call in place of `port`: for a test that puts something of its own between. */
  readonly detour?: (organisation: string, hop: Hop, port: number) => number | Promise<number>;
  /** The port to which mail for a domain goes instead of its organisation's arriving port (a wire tap). */
  readonly route?: (domain: string, port: number) => Promise<number>;
  /** The time that `env` makes the servers see. */
  readonly now?: () => Date;
  /** How often servers fetch directory and CRL; seconds, 5 unless told. */
  readonly refresh?: number;
  /** Added to the environment of every server: a clock of the test's own, for instance. */
  readonly env?: Readonly<Record<string, string>>;
  /** The location of an organisation's database; SQLite in its own directory unless told. */
  readonly database?: (organisation: string) => string | undefined;
  /** A mail server without SSMAX, and who has a mailbox there. */
  readonly outside?: { readonly domain: string; readonly users: readonly string[] };
  /** What else stands in every gateway.yaml. */
  readonly gateway?: object;
  /** Servers answer monitoring. */
  readonly health?: boolean;
  /** Key servers and gateways ask a web server on loopback for the directory's files first: `mirror` of the world says where. */
  readonly mirror?: boolean;
}

export async function startLocalWorld(world: World, plans: readonly OrganisationPlan[], options: WorldOptions = {}): Promise<LocalWorld> {
  const authorityDir = world.directory('authority');
  const webCa = await makeWebCa(world.directory('web-ca'));
  const withMailbox = [...plans.map(({ domain, members }) => ({ domain, users: members.map(({ user }) => user) })), ...(options.outside === undefined ? [] : [options.outside])];
  const accounts = withMailbox.flatMap(({ domain, users }) => users.map((user) => ({ address: `${user}@${domain}`, password: `${user}-secret` })));
  const dovecotPorts = { imap: await world.ports.take(), lmtp: await world.ports.take() };
  const start = {
    dovecot: () => startDovecot(world, { accounts, ports: dovecotPorts }),
    clamd: () => startClamd(world, { marker: MALWARE_MARKER }),
  };
  const [authority, dovecot, clamd] = await Promise.all([startAuthority(world, authorityDir, options.env), start.dovecot(), start.clamd()]);
  const prepared = await Promise.all(plans.map((plan) => prepare(world, plan)));
  for (const one of prepared) await certify(authority, one); // one after the other: each publishes a directory
  const routes = new Map(await Promise.all(prepared.map(async ({ plan: { domain }, ports: { postfix } }) =>
    [domain, await options.route?.(domain, postfix.arriving) ?? postfix.arriving] as const)));
  const outside = options.outside && await startOutside(world, options.outside, dovecot, routes);
  const mirror = options.mirror === true ? { port: await world.ports.take(), ...await issueWeb(webCa, world.directory('mirror')) } : undefined;
  const organisations = await Promise.all(prepared.map((one) => startOrganisation(world, one, { authority, webCa, dovecot, clamd, routes, options, mirror })));
  const local: LocalWorld = {
    world, authority, dovecot, clamd, organisations, ...(outside !== undefined && { outside }), ...(mirror !== undefined && { mirror }),
    root: pemToDer(readFileSync(join(authorityDir, 'root.pem'), 'utf8')),
    webCa: readFileSync(webCa.certificate, 'utf8'),
    rootFile: join(authorityDir, 'root.pem'), webCaFile: webCa.certificate,
    now: options.now ?? (() => new Date()),
    account(address) {
      const found = accounts.find((account) => account.address === address);
      if (found === undefined) throw new Error(`no account ${address}`);
      return found;
    },
    async restartAuthority() {
      authority.running = await startSsmax(world, 'authority', ['authority', 'run', '--config', join(authorityDir, 'authority.yaml')], PASSPHRASE, options.env);
    },
    restartDovecot: async () => { local.dovecot = await start.dovecot(); },
    restartClamd: async () => { local.clamd = await start.clamd(); },
  };
  return local;
}

/** A plain Postfix, which the organisations reach as they reach each other. */
async function startOutside(world: World, { domain, users }: NonNullable<WorldOptions['outside']>, dovecot: Dovecot, routes: Map<string, number>): Promise<Postfix> {
  const ports = { arriving: await world.ports.take(), submission: await world.ports.take(), reinjection: await world.ports.take() };
  const organisations = new Map(routes);
  routes.set(domain, ports.arriving);
  return startPostfix(world, {
    name: 'outside', domain, mailboxes: users.map((user) => `${user}@${domain}`), ports, lmtpPort: dovecot.ports.lmtp, routes: organisations, authSocket: dovecot.authSocket,
  });
}

interface Authority {
  readonly dir: string;
  readonly state: string;
  readonly port: number;
  readonly spki: string;
  running: Running;
}

async function startAuthority(world: World, dir: string, env: WorldOptions['env']): Promise<Authority> {
  const port = await world.ports.take();
  const spki = spkiOf(await ssmax(['authority', 'init', '--dir', dir, '--name', 'SSMAX管理組織（見本）'], { passphrase: PASSPHRASE }));
  const state = join(dir, 'state');
  mkdirSync(state, { mode: 0o700 });
  writeYaml(join(dir, 'authority.yaml'), {
    state: 'state', database: 'state/authority.sqlite', root: 'root.pem', delegateKey: 'delegate.key', delegateCertificate: 'delegate.pem',
    listen: `127.0.0.1:${port}`,
  });
  const running = await startSsmax(world, 'authority', ['authority', 'run', '--config', join(dir, 'authority.yaml')], PASSPHRASE, env);
  return { dir, state, port, spki, running };
}

interface Prepared {
  readonly plan: OrganisationPlan;
  readonly dir: string;
  readonly ports: OrganisationPorts;
  readonly spki: { readonly keyServer: string; readonly inspection: string; readonly gateway: string };
}

/** Keys and certification requests of one organisation's three servers. */
async function prepare(world: World, plan: OrganisationPlan): Promise<Prepared> {
  const dir = world.directory(plan.name);
  const take = (): Promise<number> => world.ports.take();
  const ports: OrganisationPorts = {
    keyServer: await take(), plugin: await take(), inspection: await take(),
    gateway: { submission: await take(), arriving: await take() },
    postfix: { arriving: await take(), submission: await take(), reinjection: await take(), hold: { submission: await take(), arriving: await take() } },
  };
  const host = (name: string): string => `${name}.${plan.domain}`;
  writeYaml(join(dir, 'policy.yaml'), policyYaml(plan));
  const [keyServer, gateway, inspection] = await Promise.all([
    ssmax(['keyserver', 'init', '--dir', dir, '--name', plan.names.ja, '--host-name', host('keyserver')], { passphrase: PASSPHRASE }),
    ssmax(['gateway', 'init', '--dir', dir, '--host-name', host('gateway')], { passphrase: PASSPHRASE }),
    ssmax(['inspection', 'init', '--dir', dir, '--host-name', host('inspection')], { passphrase: PASSPHRASE }),
  ]);
  if (plan.signedOnly !== undefined) await ssmax(['keyserver', 'outside-key', '--out', join(dir, 'outside.key')], { passphrase: PASSPHRASE });
  return { plan, dir, ports, spki: { keyServer: spkiOf(keyServer), gateway: spkiOf(gateway), inspection: spkiOf(inspection) } };
}

async function certify(authority: Authority, { plan, dir, spki }: Prepared): Promise<void> {
  await ssmax([
    'authority', 'certify', '--state', authority.state, '--root', join(authority.dir, 'root.pem'), '--root-key', join(authority.dir, 'root.key'),
    '--csr', join(dir, 'organisation.csr'), '--id', plan.id, '--name-ja', plan.names.ja, '--name-en', plan.names.en, '--domain', plan.domain,
    '--host-name', plan.domain, '--type', plan.type ?? 'organisation', '--always-signed', plan.domain, '--vetted', '2026-10-01', '--gateway-spki', spki.gateway,
    '--inspection-spki', spki.inspection, '--key-server-spki', spki.keyServer, '--out', join(dir, 'organisation.pem'),
  ], { passphrase: PASSPHRASE });
}

interface Surroundings {
  readonly authority: Authority;
  readonly webCa: WebCa;
  readonly dovecot: Dovecot;
  readonly clamd: Clamd;
  readonly routes: ReadonlyMap<string, number>;
  readonly options: WorldOptions;
  readonly mirror: LocalWorld['mirror'];
}

async function startOrganisation(world: World, prepared: Prepared, around: Surroundings): Promise<LocalOrganisation> {
  const { plan, dir, ports, spki } = prepared;
  const { authority, webCa, dovecot, clamd, options, mirror } = around;
  const { refresh = 5 } = options;
  const health = options.health === true ? { keyServer: await world.ports.take(), inspection: await world.ports.take(), gateway: await world.ports.take() } : undefined;
  const answering = (server: keyof NonNullable<typeof health>): object => (health === undefined ? {} : { health: `127.0.0.1:${health[server]}` });
  const state = join(dir, 'state');
  const root = join(authority.dir, 'root.pem');
  const web = await issueWeb(webCa, dir);
  const detour = async (hop: Hop, port: number): Promise<number> => await options.detour?.(plan.name, hop, port) ?? port;
  const via = async (hop: Hop, port: number): Promise<string> => `127.0.0.1:${await detour(hop, port)}`;
  const authorityPeer = {
    address: await via('authority', authority.port), spki: authority.spki,
    ...(mirror !== undefined && { mirror: { url: `https://localhost:${mirror.port}/ssmax`, tlsCa: webCa.certificate } }),
  };
  writeYaml(join(dir, 'keyserver.yaml'), {
    state: 'state', database: options.database?.(plan.name) ?? 'state/keyserver.sqlite', key: 'organisation.key', certificate: 'organisation.pem', tlsKey: 'tls.key',
    hostName: `keyserver.${plan.domain}`, root, domains: [plan.domain], listen: `127.0.0.1:${ports.keyServer}`, authority: authorityPeer,
    ...(plan.modes !== undefined && { modes: plan.modes }), ...(plan.signedOnly !== undefined && { outside: { key: 'outside.key', signedOnly: plan.signedOnly } }), ...(plan.recovery === true && { recovery: { notices: 'notices' } }), gateways: [spki.gateway], plugin: { listen: `127.0.0.1:${ports.plugin}`, certificate: web.certificate, key: web.key }, refresh, ...answering('keyServer'),
  });
  writeYaml(join(dir, 'inspection.yaml'), { ...inspectionYaml(ports, [spki.gateway], clamd.socket, { root, tlsCa: webCa.certificate, refresh }), ...answering('inspection') });
  writeYaml(join(dir, 'gateway.yaml'), {
    state: 'gateway-state', key: 'gateway.key', certificate: 'gateway.pem', organisation: 'organisation.pem', root,
    listen: { submission: `127.0.0.1:${ports.gateway.submission}`, arriving: `127.0.0.1:${ports.gateway.arriving}` },
    queue: await via('queue', ports.postfix.reinjection), authority: authorityPeer,
    keyServer: { address: await via('keyServer', ports.keyServer), spki: spki.keyServer },
    inspection: { address: await via('inspection', ports.inspection), spki: spki.inspection }, refresh, ...(plan.recovery === true && { recovery: true }), ...options.gateway, ...answering('gateway'),
    hold: {
      submission: `127.0.0.1:${ports.postfix.hold.submission}`, arriving: `127.0.0.1:${ports.postfix.hold.arriving}`, interval: 1,
      release: [...(isRoot() ? [] : ['fakeroot', '--']), '/usr/sbin/postsuper', '-c', join(dir, 'postfix', 'etc'), '-H', '-'],
    },
  });
  const accounts = plan.members.map(({ user }) => ({ address: `${user}@${plan.domain}`, password: `${user}-secret` }));
  const filter = { submission: await detour('submission', ports.gateway.submission), arriving: await detour('arriving', ports.gateway.arriving) };
  const start = {
    keyServer: () => startSsmax(world, `${plan.name}-keyserver`, ['keyserver', 'run', '--config', join(dir, 'keyserver.yaml')], PASSPHRASE, options.env),
    inspection: () => startSsmax(world, `${plan.name}-inspection`, ['inspection', 'run', '--config', join(dir, 'inspection.yaml')], PASSPHRASE, options.env),
    gateway: () => startSsmax(world, `${plan.name}-gateway`, ['gateway', 'run', '--config', join(dir, 'gateway.yaml')], PASSPHRASE, options.env),
    postfix: () => startPostfix(world, {
      name: plan.name, domain: plan.domain, mailboxes: accounts.map(({ address }) => address), aliases: Object.entries(plan.aliases ?? {}), ports: ports.postfix, gateway: filter,
      lmtpPort: dovecot.ports.lmtp, routes: new Map([...around.routes].filter(([domain]) => domain !== plan.domain)), authSocket: dovecot.authSocket,
      ...(plan.type === 'isp' && { answersRecipients: true }),
    }),
  };
  const keyServer = await start.keyServer();
  await Promise.all((['gateway', 'inspection'] as const).map((role) => ssmax([
    'keyserver', 'certify', '--state', state, '--role', role, '--csr', join(dir, `${role}.csr`), '--host-name', `${role}.${plan.domain}`, '--out', join(dir, `${role}.pem`),
  ])));
  const addMembers = async (): Promise<void> => {
    for (const [index, { user, name, pseudonym = false, registered = true }] of plan.members.entries()) {
      if (!registered) continue;
      await ssmax(['member', 'add', `${user}@${plan.domain}`, '--state', state, '--reference', `E${1001 + index}`, '--name', name,
        '--identity-check', `HR-2026-${1001 + index}`, ...(pseudonym ? ['--pseudonym'] : [])]);
    }
  };
  const [inspection, gateway, postfix] = await Promise.all([start.inspection(), start.gateway(), start.postfix(), addMembers()]);
  const servers = { keyServer, inspection, gateway };
  const local: LocalOrganisation = {
    plan, dir, state, ports, spki, accounts, postfix, servers, ...(health !== undefined && { health }),
    pluginUrl: `https://localhost:${ports.plugin}`,
    async code(user) {
      const answer: unknown = JSON.parse(await ssmax(['member', 'code', `${user}@${plan.domain}`, '--state', state]));
      return z.object({ code: z.string() }).parse(answer).code;
    },
    async revoke(user) {
      await ssmax(['member', 'revoke', `${user}@${plan.domain}`, '--state', state]);
    },
    async restart(server) {
      servers[server] = await start[server]();
    },
    async restartPostfix() {
      local.postfix = await start.postfix();
    },
  };
  return local;
}

function inspectionYaml(ports: OrganisationPorts, gateways: readonly string[], clamdSocket: string, trust: { readonly root: string; readonly tlsCa: string; readonly refresh: number }): object {
  return {
    listen: `127.0.0.1:${ports.inspection}`, key: 'inspection.key', certificate: 'inspection.pem', organisation: 'organisation.pem',
    gateways, policy: 'policy.yaml', clamd: { socket: clamdSocket }, state: 'inspection-state', database: 'inspection-state/inspection.sqlite',
    trust: { ...trust, server: `https://localhost:${ports.plugin}` },
  };
}

function policyYaml({ name, domain, members, forbidden, toApprove }: OrganisationPlan): object {
  return {
    version: `${name}-1`,
    ...(toApprove !== undefined && { approvers: members.map(({ user }) => `${user}@${domain}`) }),
    outbound: [{ check: 'keywords', words: forbidden }, ...(toApprove === undefined ? [] : [{ check: 'keywords', words: toApprove, result: 'hold' }])],
    inbound: [{ check: 'malware' }],
  };
}

/** JSON is YAML. */
function writeYaml(file: string, value: object): void {
  writeFileSync(file, `${JSON.stringify(value, null, 2)}\n`);
}

function spkiOf(output: string): string {
  const spki = /^spki:? ([0-9a-f]{64})$/m.exec(output)?.[1];
  if (spki === undefined) throw new Error('no spki in the output');
  return spki;
}

function pemToDer(pem: string): Buffer {
  return Buffer.from(pem.replace(/-----[A-Z ]+-----/g, ''), 'base64');
}

interface WebCa {
  readonly certificate: string;
  readonly key: string;
}

/** An ordinary web CA, as a public one or a company's own would be: for the HTTPS that plugins see. */
async function makeWebCa(dir: string): Promise<WebCa> {
  const [key, certificate] = [join(dir, 'ca.key'), join(dir, 'ca.pem')];
  await run('openssl', [
    'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', key, '-out', certificate, '-days', '30',
    '-subj', '/CN=SSMAX demo web CA', '-addext', 'basicConstraints=critical,CA:TRUE', '-addext', 'keyUsage=critical,keyCertSign,cRLSign',
  ]);
  return { certificate, key };
}

async function issueWeb(ca: WebCa, dir: string): Promise<WebCa> {
  const [key, request, certificate, extensions] = ['web.key', 'web.csr', 'web.pem', 'web.ext'].map((name) => join(dir, name)) as [string, string, string, string];
  await run('openssl', ['req', '-new', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', key, '-out', request, '-subj', '/CN=localhost']);
  writeFileSync(extensions, 'subjectAltName=DNS:localhost,IP:127.0.0.1\nextendedKeyUsage=serverAuth\nbasicConstraints=CA:FALSE\n');
  // Not -CAcreateserial: organisations are made side by side, and would share its file.
  const serial = `0x${randomBytes(16).toString('hex')}`;
  await run('openssl', ['x509', '-req', '-in', request, '-CA', ca.certificate, '-CAkey', ca.key, '-set_serial', serial, '-days', '30', '-extfile', extensions, '-out', certificate]);
  return { certificate, key };
}
