/**
 * What the plugin's own tests run against: a real Thunderbird with the built add-on, a real Dovecot, and the chain of
 * test/flow/world.ts behind one HTTPS server (the key server's plugin side) and one SMTP server (both gateways). The
 * whole world of real servers is test/scenario's and the demo's; here single answers can be bent.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import nodemailer from 'nodemailer';
import { SMTPServer } from 'smtp-server';
import { packXpi } from '../../scripts/package.ts';
import { Correspondent } from '../../scripts/world/correspondent.ts';
import { Desktop } from '../../scripts/world/desktop.ts';
import { startDisplay } from '../../scripts/world/display.ts';
import { startDovecot } from '../../scripts/world/dovecot.ts';
import { MailStore } from '../../scripts/world/imap.ts';
import type { World } from '../../scripts/world/process.ts';
import { type Identity, makeProfile } from '../../scripts/world/profile.ts';
import { ssmax } from '../../scripts/world/ssmax.ts';
import { startThunderbird, type Thunderbird } from '../../scripts/world/thunderbird.ts';
import { until } from '../../scripts/world/wait.ts';
import { type Bytes, hex } from '../../src/core/bytes.ts';
import { parseSignedData, signObject } from '../../src/core/cms/signed-data.ts';
import { SsmaxError } from '../../src/core/error.ts';
import { OID } from '../../src/core/oids.ts';
import { encodeCertsOnly } from '../../src/core/pki/certs-only.ts';
import type { Certificate } from '../../src/core/pki/certificate.ts';
import { issueCrl } from '../../src/core/pki/crl.ts';
import { parseCsr } from '../../src/core/pki/csr.ts';
import { issueUser } from '../../src/core/pki/issue.ts';
import { encodePem } from '../../src/core/pki/pem.ts';
import { readLegContent } from '../../src/flow/leg-content.ts';
import { relay } from '../../src/flow/relay.ts';
import { verifyDelivery } from '../../src/flow/report.ts';
import { domainOf, parseAddressList, parseFrom } from '../../src/mail/address.ts';
import { findCarrier, mailBytes, replaceCarrier } from '../../src/mail/carrier.ts';
import { parseMime } from '../../src/mail/mime.ts';
import { INDEX_FILE } from '../../src/wire/directory-index.ts';
import { decodeJson, encodeJson, fromBase64, toBase64 } from '../../src/wire/json.ts';
import type { Mode } from '../../src/wire/leg.ts';
import { memberRequestSchema } from '../../src/wire/member-requests.ts';
import { encodeProblem } from '../../src/wire/problem.ts';
import type { ReportRequest } from '../../src/wire/report.ts';
import type { LifeWorld } from '../server/keyserver/life-world.ts';
import { startHttps } from './https.ts';
import { OLDER_DIRECTORY, olderDirectory } from './older-addon.ts';
import { fileOf, createWorld, native, readSubmission, signVerdict, type TestOrganisation, type TestWorld } from '../flow/world.ts';
import { onPage } from './places.ts';

export const ADDON_ID = (JSON.parse(readFileSync('manifest.json', 'utf8')) as { browser_specific_settings: { gecko: { id: string } } }).browser_specific_settings.gecko.id;
const PASSWORD = 'correct horse';
/** Where the HTTPS server stands for one outside. */
const PICTURES = '/pictures/';
/** Where it stands for the web server that the add-on comes from. */
const SOFTWARE = '/software/';
const YEAR = 365 * 86_400_000;
/** An SMTP server hangs up on who says nothing for a minute, unless told. Thunderbird keeps its connection, and loses the mail that begins in that very moment. Milliseconds. */
export const PATIENCE = 3_600_000;

interface Look {
  readonly locale: 'ja' | 'en-US';
  readonly dark: boolean;
  readonly plainText?: boolean;
  readonly managed?: Readonly<Record<string, unknown>>;
  /** Set up by what `ssmax member policies` writes with these options; the built add-on comes from a file unless they say from where. */
  readonly byPolicies?: readonly string[];
  /** With these beside them, as a software distribution sets them for one computer. */
  readonly settings?: Readonly<Record<string, unknown>>;
  /** What waits to be sent, from before the add-on came. */
  readonly outbox?: readonly Bytes[];
  /** Of the same account. */
  readonly identities?: readonly Identity[];
  /** Other accounts; without an SMTP port at the same servers. */
  readonly more?: readonly (Identity & { readonly smtpPort?: number })[];
}

export interface PluginWorld {
  readonly chain: TestWorld;
  readonly hinode: TestOrganisation;
  readonly tsukimi: TestOrganisation;
  /** Mails as they were submitted. */
  readonly submitted: { readonly recipients: readonly string[]; readonly raw: Buffer }[];
  /** Content digests of all that was submitted, refused mail too. */
  readonly digests: string[];
  /** Codes that enrol, by address. */
  readonly codes: Map<string, string>;
  /** A server outside, for pictures, and what was asked of it. */
  readonly outside: { url: string; readonly asked: string[] };
  /** The web server that the add-on comes from: files by name. */
  readonly software: { url: string; readonly files: Map<string, Uint8Array | string> };
  /** Where the mail server keeps all mail. */
  readonly mailDirectory: string;
  /** Content digests of mails that were reported as malicious. */
  readonly reports: string[];
  /** A code with which the next submission is refused. */
  refuseNext: string | undefined;
  /** What members may send. */
  modes: readonly Mode[];
  /** Of certificates that are issued. */
  validity(): { readonly notBefore: Date; readonly notAfter: Date };
  /** With this code renewals are refused. */
  refuseRenewal: string;
  /** Domains outside SSMAX to which it may go, signed only. */
  signedOnly: readonly string[];
  /** The plugin's HTTPS server answers. */
  reachable: boolean;
  /** The plugin's HTTPS server takes requests and answers none; switched off, it hangs up on those who wait. */
  silent(on: boolean): void;
  /** The key server's own code for what becomes of tsukimi's keys in time: enrolment with its codes, renewal, recovery. */
  life?: LifeWorld;
  open(name: string, address: string, displayName: string, look: Look): Promise<Correspondent>;
  store(address: string): MailStore;
}

/** Starts everything but Thunderbird; the add-on must have been built. */
export async function startPluginWorld(world: World): Promise<PluginWorld> {
  const chain = await createWorld();
  Object.defineProperty(chain, 'now', { get: () => new Date() });
  const hinode = await chain.addOrganisation('hinode.example', { ja: '日之出市役所', en: 'Hinode City Office' });
  const tsukimi = await chain.addOrganisation('tsukimi.example', { ja: '月見製作所', en: 'Tsukimi Works' });
  for (const one of [hinode, tsukimi]) inspectNow(one);
  const [imap, lmtp] = [await world.ports.take(), await world.ports.take()];
  const addresses = ['taro@hinode.example', 'yuki@hinode.example', 'hanako@tsukimi.example', 'jiro@tsukimi.example', 'taro@private.example'];
  const { mailDirectory } = await startDovecot(world, { accounts: addresses.map((address) => ({ address, password: PASSWORD })), ports: { imap, lmtp } });
  const refusals = new Map<string, string>();
  let unanswered: ServerResponse[] | undefined;

  const plugin: PluginWorld = {
    chain, hinode, tsukimi, mailDirectory, submitted: [], digests: [], outside: { url: '', asked: [] }, software: { url: '', files: new Map() }, reports: [], codes: new Map(), refuseNext: undefined, refuseRenewal: 'member-unknown',
    validity: () => ({ notBefore: new Date(Date.now() - 60_000), notAfter: new Date(Date.now() + YEAR / 2) }), modes: ['protect-all'], signedOnly: [], reachable: true,
    silent(on) {
      for (const response of unanswered ?? []) response.destroy();
      unanswered = on ? [] : undefined;
    },
    store: (address) => new MailStore(imap, { address, password: PASSWORD }),
    async open(name, address, displayName, look) {
      const display = await startDisplay(world, { name });
      const profile = makeProfile({
        dir: world.directory(`profile-${name}`),
        account: { name: displayName, email: address, user: address, password: PASSWORD, imapPort: imap, smtpPort: smtp },
        identities: look.identities ?? [],
        more: (look.more ?? []).map((one) => ({ user: one.email, password: PASSWORD, imapPort: imap, smtpPort: smtp, ...one })),
        locale: look.locale,
        dark: look.dark,
        prefs: { 'mail.identity.id1.compose_html': look.plainText !== true },
        ...(look.byPolicies === undefined && {
          certificates: [https.authority],
          managed: { [ADDON_ID]: { organisationUrl: `${https.url}${domainOf(address)}`, root: toBase64(chain.root.der), ...look.managed } },
        }),
      });
      const thunderbird = await startThunderbird(world, { name, profile, display, ...(look.byPolicies !== undefined
        && { policies: await policies(world, `${https.url}${domainOf(address)}`, chain.root.der, https.authorityFile, look.byPolicies, look.settings) }) });
      for (const mail of look.outbox ?? []) await intoOutbox(thunderbird, join(world.directory(`profile-${name}`), 'waiting.eml'), mail);
      if (look.byPolicies === undefined) await thunderbird.installAddon(join(process.cwd(), 'dist/thunderbird'));
      return new Correspondent(new Desktop(display, thunderbird));
    },
  };
  const https = await startHttps(world, (request, body, response) => {
    if (unanswered !== undefined) return Promise.resolve(void unanswered.push(response));
    if (request.url?.startsWith(SOFTWARE) === true) {
      const file = plugin.software.files.get(request.url.slice(SOFTWARE.length));
      response.writeHead(file === undefined ? 404 : 200).end(file);
      return Promise.resolve();
    }
    if (request.url?.startsWith(PICTURES) !== true) return answer(plugin, refusals, request, body, response);
    plugin.outside.asked.push(request.url.slice(PICTURES.length));
    response.writeHead(200, { 'Content-Type': 'image/png' }).end(readFileSync('docs/images/enrolment.png'));
    return Promise.resolve();
  });
  plugin.outside.url = `${https.url.slice(0, -1)}${PICTURES}`;
  plugin.software.url = `${https.url.slice(0, -1)}${SOFTWARE}`;
  const smtp = await startSmtp(world, plugin, refusals, lmtp);
  return plugin;
}

/** On the page that opens by itself, with a code; the page is closed then. With a passphrase the key rests under it, and is locked afterwards. */
export async function enrol(plugin: PluginWorld, { desktop }: Correspondent, address: string, passphrase?: string): Promise<void> {
  plugin.codes.set(address, 'ABCD-1234');
  await desktop.fill(onPage('#code'), 'ABCD-1234');
  if (passphrase !== undefined) await desktop.click(onPage('#lock-key'));
  await desktop.click(onPage('#enrol'));
  if (passphrase !== undefined) {
    await desktop.thunderbird.see(onPage('#lock-passphrase'), 60_000);
    await desktop.fill(onPage('#lock-passphrase'), passphrase);
    await desktop.fill(onPage('#lock-again'), passphrase);
    await desktop.click(onPage('#lock'));
  }
  await desktop.thunderbird.see(onPage('.notice.verified'), 60_000);
  await closeEnrolment(desktop);
}

/** Closes the page where somebody has enrolled, and waits until it has gone: a page that just closes takes keys along. */
export async function closeEnrolment(desktop: Desktop): Promise<void> {
  await desktop.click(onPage('#close-enrolment'));
  await until(async () => (await desktop.thunderbird.find(onPage('#close-enrolment'))).length === 0, { what: 'the page to close' });
}

/** Puts a mail among those that wait to be sent, as Thunderbird itself does. */
async function intoOutbox(thunderbird: Thunderbird, path: string, mail: Bytes): Promise<void> {
  writeFileSync(path, mail);
  await thunderbird.marionette.run(async (chrome, file) => {
    const { MailServices } = ChromeUtils.importESModule('resource:///modules/MailServices.sys.mjs') as MailModule;
    const { FileUtils } = ChromeUtils.importESModule('resource://gre/modules/FileUtils.sys.mjs') as { FileUtils: { File: new (path: string) => unknown } };
    const QUEUE = 0x800;
    const outbox = MailServices.accounts.localFoldersServer.rootFolder.getFolderWithFlags(QUEUE);
    let done = false;
    MailServices.copy.copyFileMessage(new FileUtils.File(file), outbox, null, false, 0, '', { onStartCopy: () => undefined, onProgress: () => undefined, setMessageKey: () => undefined, onStopCopy: () => { done = true; } }, null);
    await chrome.until(() => done && chrome.outbox() > 0, 'the mail to be in the outbox');
  }, path);
}

/** Of the program itself, where functions given to `run` stand. */
declare const ChromeUtils: { importESModule(url: string): unknown };
interface MailModule {
  readonly MailServices: {
    readonly accounts: { readonly localFoldersServer: { readonly rootFolder: { getFolderWithFlags(flags: number): unknown } } };
    readonly copy: { copyFileMessage(...values: unknown[]): void };
  };
}

/** What an administrator writes with the command line (docs/admin/roll-out.md): the add-on itself comes by it too. */
async function policies(world: World, server: string, root: Bytes, webCa: string, more: readonly string[], settings: object = {}): Promise<string> {
  const [rootFile, addon] = ['root.pem', 'ssmax.xpi'].map((name) => join(world.directory('policies'), name)) as [string, string];
  writeFileSync(addon, packXpi('dist/thunderbird'));
  writeFileSync(rootFile, encodePem('CERTIFICATE', root));
  const written = await ssmax(['member', 'policies', '--server', server, '--root', rootFile, '--tls-ca', webCa, ...(more.includes('--addon') ? [] : ['--addon', pathToFileURL(addon).href]), ...more]);
  const file = JSON.parse(written) as { policies: { '3rdparty': { Extensions: Record<string, object> } } };
  Object.assign(file.policies['3rdparty'].Extensions[ADDON_ID] ?? {}, settings);
  return JSON.stringify(file);
}

/** Verdicts of this moment: those of test/flow are of a fixed one. */
function inspectNow(organisation: TestOrganisation): void {
  organisation.parts = {
    ...organisation.parts,
    inspection: {
      async inspect(submission, leg, direction, sender, form) {
        const { contentDigest, recipients } = await readSubmission(submission, form);
        return signVerdict(organisation, { contentDigest, leg, direction, time: new Date(), sender }, recipients);
      },
    },
  };
}

/** The key server's plugin side, one organisation a path: /hinode.example/ssmax/v1/directory/index.cms. */
async function answer(plugin: PluginWorld, refusals: Map<string, string>, request: IncomingMessage, body: Buffer, response: ServerResponse): Promise<void> {
  const { chain } = plugin;
  const [, domain = '', path = ''] = /^\/([^/]+)(\/.*)$/.exec(request.url ?? '') ?? [];
  const organisation = chain.organisations.get(domain);
  const reply = (status: number, content: Uint8Array | string = ''): void => {
    response.writeHead(status, { 'Access-Control-Allow-Origin': '*', 'Access-Control-Allow-Headers': 'authorization, content-type, content-transfer-encoding' });
    response.end(content);
  };
  if (!plugin.reachable || organisation === undefined) return reply(503);
  if (request.method === 'OPTIONS') return reply(204);
  if (plugin.life !== undefined && organisation === plugin.tsukimi && /^\/(\.well-known\/est\/simplereenroll|ssmax\/v1\/recoveries)$/.test(path)) {
    const lived = await plugin.life.http({ method: 'POST', url: `https://keys.example${path}`, headers: { 'Content-Type': 'application/cms' }, body: new Uint8Array(body) });
    return reply(lived.status, lived.body);
  }
  const { delegate } = chain;
  const validity = { thisUpdate: new Date(Date.now() - 1000), nextUpdate: new Date(Date.now() + 86_400_000) };
  const file = /^\/ssmax\/v1\/directory\/(files\/[0-9a-f]{64})$/.exec(path)?.[1];
  if (file !== undefined) return reply(200, await fileOf(chain, file));
  switch (path) {
    case '/ssmax/v1/directory/index.cms':
      return reply(200, (await chain.publish()).get(INDEX_FILE));
    case OLDER_DIRECTORY:
      return reply(200, await olderDirectory(chain));
    case '/ssmax/v1/crl/authority':
      return reply(200, (await issueCrl({ issuer: delegate, number: Date.now(), ...validity, revoked: chain.revoked })).der);
    case '/ssmax/v1/crl/organisation':
      return reply(200, (await issueCrl({ issuer: organisation.issuer, number: Date.now(), ...validity, revoked: organisation.revoked })).der);
    case '/.well-known/est/simpleenroll': {
      const [address = '', code = ''] = Buffer.from(request.headers.authorization?.replace('Basic ', '') ?? '', 'base64').toString().split(':');
      if (plugin.life !== undefined && organisation === plugin.tsukimi) {
        const { der } = await plugin.life.registry.enrol(address, code, (await parseCsr(fromBase64(body.toString('latin1')))).publicKey);
        const [known] = await plugin.life.registry.expand(address);
        if (known !== undefined) organisation.members.set(address, known);
        return reply(200, toBase64(encodeCertsOnly([der])));
      }
      if (plugin.codes.get(address) !== code) {
        const problem = encodeProblem(new SsmaxError('refused', 'enrolment-refused'));
        return reply(problem.status, problem.body);
      }
      const { publicKey } = await parseCsr(fromBase64(body.toString('latin1')));
      const certificate = await issueUser({
        publicKey, issuer: organisation.issuer, random: (length) => native.random(length), email: address, commonName: NAMES[address] ?? address,
        validity: plugin.validity(),
      });
      organisation.members.set(address, { mailbox: address, certificates: [certificate.der] });
      plugin.codes.delete(address);
      return reply(200, toBase64(encodeCertsOnly([certificate.der])));
    }
    case '/.well-known/est/simplereenroll': {
      const problem = encodeProblem(new SsmaxError('refused', plugin.refuseRenewal));
      return reply(problem.status, problem.body);
    }
    case '/ssmax/v1/requests': {
      const asked = decodeJson(memberRequestSchema, parseSignedData(new Uint8Array(body)).eContent);
      const { key, certificate } = organisation.issuer;
      const about = { contentDigest: 'contentDigest' in asked ? asked.contentDigest : new Uint8Array(32), nonce: asked.nonce };
      let value: Bytes;
      if (asked.type === 'refusal') value = encodeJson({ type: 'refusal', ...about, params: {}, code: refusals.get(hex(about.contentDigest)) });
      else if (asked.type === 'report') value = encodeJson({ type: 'report', ...about, ...await fileReport(plugin, certificate, asked) });
      else if (asked.type === 'sending-policy') value = encodeJson({ type: 'sending-policy', modes: plugin.modes, signedOnly: plugin.signedOnly, nonce: asked.nonce });
      else return reply(404);
      return reply(200, await signObject({ type: OID.organisationAnswer, value, signingTime: new Date() },
        { key, certificate: certificate.der, subjectKeyIdentifier: certificate.subjectKeyIdentifier }));
    }
    default: return reply(404);
  }
}

/** As the desk checks it: this organisation delivered the mail. */
async function fileReport(plugin: PluginWorld, own: Certificate, { evidence, contentDigest }: ReportRequest): Promise<{ report: string; known: boolean }> {
  await verifyDelivery({ own, trust: await plugin.chain.trust(), now: new Date() }, evidence, contentDigest, undefined);
  const known = plugin.reports.includes(hex(contentDigest));
  if (!known) plugin.reports.push(hex(contentDigest));
  return { report: '3b2d1c9e-4f60-4a81-9b57-0d7c5a1e2f34', known };
}

const NAMES: Readonly<Record<string, string>> = {
  'taro@hinode.example': '山田 太郎', 'yuki@hinode.example': '鈴木 雪', 'hanako@tsukimi.example': '佐藤 花子', 'jiro@tsukimi.example': '佐藤 次郎',
};

/** Relays as both gateways would. */
export async function relayAll(plugin: PluginWorld, recipients: readonly string[], raw: Bytes): Promise<{ readonly to: string; readonly raw: Bytes }[]> {
  const outer = parseMime(raw, 'outer');
  const from = parseFrom(outer.headers.single('From') ?? '').address;
  const visible = ['To', 'Cc'].flatMap((name) => parseAddressList(outer.headers.single(name) ?? '')).map(({ address }) => address);
  const carrier = findCarrier(outer);
  if (carrier.kind === 'none') throw new SsmaxError('refused', 'not-protected');
  const sending = plugin.chain.organisations.get(domainOf(from));
  if (sending === undefined) throw new SsmaxError('refused', 'organisation-unknown');
  const out: { to: string; raw: Bytes }[] = [];
  const first = await relay(sending.parts, 'submission', { cms: carrier.cms, recipients, from, visible });
  for (const departure of first.departures) {
    if (departure.purpose === 'deliver') {
      for (const to of departure.recipients) out.push({ to, raw: mailBytes(replaceCarrier(raw, departure.cms)) });
      continue;
    }
    // Nobody is there.
    if (departure.purpose === 'outside') continue;
    const receiving = plugin.chain.organisations.get(domainOf(departure.recipients[0] ?? ''));
    if (receiving === undefined) throw new SsmaxError('refused', 'organisation-unknown');
    const second = await relay(receiving.parts, 'arriving', { cms: departure.cms, recipients: departure.recipients, from, visible });
    for (const last of second.departures) for (const to of last.recipients) out.push({ to, raw: mailBytes(replaceCarrier(raw, last.cms)) });
  }
  return out;
}

async function startSmtp(world: World, plugin: PluginWorld, refusals: Map<string, string>, lmtpPort: number): Promise<number> {
  // Typed for SMTP only, but LMTP is one of its options (nodemailer.com/smtp).
  const lmtp = nodemailer.createTransport({ host: '127.0.0.1', port: lmtpPort, ...{ lmtp: true }, secure: false, ignoreTLS: true });
  const take = async (recipients: readonly string[], raw: Buffer): Promise<void> => {
    const bytes = new Uint8Array(raw);
    const carrier = findCarrier(parseMime(bytes, 'outer'));
    const digest = carrier.kind === 'carrier' ? hex((await readLegContent(parseSignedData(carrier.cms))).contentDigest) : '';
    plugin.digests.push(digest);
    if (plugin.refuseNext !== undefined) {
      const code = plugin.refuseNext;
      plugin.refuseNext = undefined;
      refusals.set(digest, code);
      throw new SsmaxError('refused', code);
    }
    for (const { to, raw: mail } of await relayAll(plugin, recipients, bytes)) await lmtp.sendMail({ envelope: { from: '', to }, raw: Buffer.from(mail) });
    plugin.submitted.push({ recipients, raw });
  };
  const server = new SMTPServer({
    disabledCommands: ['STARTTLS'],
    allowInsecureAuth: true,
    socketTimeout: PATIENCE,
    size: 100 * 1024 * 1024,
    onAuth: (auth, _session, done) => done(null, { user: auth.username }),
    onData: (stream, session, done) => {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        take(session.envelope.rcptTo.map(({ address }) => address), Buffer.concat(chunks)).then(() => done(null), (error: unknown) => {
          const code = error instanceof SsmaxError ? error.code : 'fault';
          if (!(error instanceof SsmaxError)) console.error(error);
          done(Object.assign(new Error(`5.7.1 SSMAX-${code} Refused`), { responseCode: 550 }));
        });
      });
    },
  });
  const port = await world.ports.take();
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', () => resolve()));
  world.closing(() => new Promise<void>((resolve) => server.close(() => resolve())));
  return port;
}
