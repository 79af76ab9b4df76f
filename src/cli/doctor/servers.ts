/** What each server's configuration needs around it. Nothing is changed, no passphrase is asked for, no mail is sent. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { equal, hex, type Bytes } from '../../core/bytes.ts';
import { SsmaxError } from '../../core/error.ts';
import type { Certificate } from '../../core/pki/certificate.ts';
import { loadTrust, parsePins, type Trust } from '../../flow/trust.ts';
import { loadAuthorityConfig } from '../../server/authority/config.ts';
import { loadGatewayConfig } from '../../server/gateway/config.ts';
import { loadStages, type Stages } from '../../server/gateway/stages.ts';
import { Clamd } from '../../server/inspection/clamd.ts';
import { loadInspectionConfig } from '../../server/inspection/config.ts';
import { checkInspection } from '../../server/inspection/main.ts';
import { loadKeyServerConfig } from '../../server/keyserver/config.ts';
import { ADMIN_SOCKET, createAdminClient } from '../../server/shared/admin-socket.ts';
import { readPins } from '../../server/shared/certificate-file.ts';
import { databaseProblem } from '../../server/shared/database.ts';
import { checkDatabaseFile, checkEnd, checkKeyFile, checkPrivateFile, checkState, certified, readCertificate } from './files.ts';
import { type Finding, finding } from './finding.ts';
import { checkMirror, checkPeer, isLoopback } from './network.ts';
import { checkPostfix } from './postfix.ts';

export async function checkGateway(file: string, now: Date, postfix: string | undefined): Promise<Finding[]> {
  const config = loadGatewayConfig(file);
  const found = [...checkKeyFile(config.key), ...checkState(config.state)];
  const { own } = await checkCertificates(config, now, found);
  for (const [key, { host }] of Object.entries({ 'listen.submission': config.listen.submission, 'listen.arriving': config.listen.arriving, ...(config.health && { health: config.health }) })) {
    if (!isLoopback(host)) found.push(finding('listens-openly', { key, host }));
  }
  const trust = await checkTrust(config, now, found);
  if (trust !== undefined) await checkDirectory(trust, { organisation: config.organisation, own, role: 'gateway', stages: config.stages }, found);
  found.push(...await checkMirror(config.authority.mirror, pinned(config.root), now));
  found.push(...await peers([['the Authority', [config.authority]], ['the key server', config.keyServer], ['the inspection server', config.inspection]]));
  if (postfix !== undefined) found.push(...await checkPostfix(postfix, config));
  return found;
}

export async function checkKeyServer(file: string, now: Date, environment: NodeJS.ProcessEnv): Promise<Finding[]> {
  const config = loadKeyServerConfig(file);
  const found = [...checkKeyFile(config.key), ...checkKeyFile(config.tlsKey), ...checkPrivateFile(config.plugin.key), ...checkState(config.state)];
  await checkCertificates({ root: config.root, organisation: config.certificate }, now, found);
  if (!existsSync(config.plugin.certificate)) found.push(finding('file-missing', { file: config.plugin.certificate }));
  if (config.health !== undefined && !isLoopback(config.health.host)) found.push(finding('listens-openly', { key: 'health', host: config.health.host }));
  const trust = await checkTrust(config, now, found);
  if (trust !== undefined) await checkDirectory(trust, { organisation: config.certificate }, found);
  found.push(...await checkMirror(config.authority.mirror, pinned(config.root), now));
  found.push(...await peers([['the Authority', [config.authority]]]), ...await checkDatabase(config, environment));
  return found;
}

export async function checkAuthority(file: string, now: Date, environment: NodeJS.ProcessEnv): Promise<Finding[]> {
  const config = loadAuthorityConfig(file);
  const found = [...checkKeyFile(config.delegateKey), ...checkState(config.state)];
  const root = readCertificate(config.root, found);
  const delegate = readCertificate(config.delegateCertificate, found);
  if (root !== undefined) found.push(...checkEnd(config.root, root, now));
  if (delegate !== undefined) found.push(...checkEnd(config.delegateCertificate, delegate, now));
  found.push(...await checkDatabase(config, environment));
  return found;
}

export async function checkInspectionServer(file: string, now: Date, clamdConf: string | undefined): Promise<Finding[]> {
  const config = loadInspectionConfig(file);
  checkInspection(file);
  const found = [...checkKeyFile(config.key)];
  const organisation = readCertificate(config.organisation, found);
  const own = readCertificate(config.certificate, found);
  if (own !== undefined) found.push(...checkEnd(config.certificate, own, now));
  if (own !== undefined && organisation !== undefined && !(await certified(own, organisation))) {
    found.push(finding('certificate-other-key', { file: config.certificate, organisation: config.organisation }));
  }
  if (config.state !== undefined) found.push(...checkState(config.state));
  if (config.state !== undefined && config.trust !== undefined) {
    const trust = await checkTrust({ state: config.state, root: config.trust.root }, now, found);
    if (trust !== undefined) await checkDirectory(trust, { organisation: config.organisation, own, role: 'inspection' }, found);
  }
  if (config.gateways.length === 0) found.push(finding('gateways-not-pinned', { file }));
  if (config.clamd !== undefined && !(await new Clamd({ socket: config.clamd.socket, timeoutMs: 5_000 }).ready())) {
    found.push(finding('clamd-unreachable', { file: config.clamd.socket }));
  }
  if (clamdConf !== undefined) found.push(...checkClamdConf(clamdConf));
  return found;
}

/** Parts of 64 MiB reach clamd (docs/admin/inspection.md). */
const STREAM = 64;

function checkClamdConf(file: string): Finding[] {
  if (!existsSync(file)) return [finding('file-missing', { file })];
  const value = (name: string): string | undefined => new RegExp(`^\\s*${name}\\s+(\\S+)`, 'mi').exec(readFileSync(file, 'utf8'))?.[1];
  const match = /^(\d+)([KMG]?)$/i.exec(value('StreamMaxLength') ?? '100M');
  const limit = Math.floor(Number(match?.[1] ?? 0) * ({ K: 1 / 1024, M: 1, G: 1024 }[(match?.[2] ?? '').toUpperCase()] ?? 1 / 1024 ** 2));
  return [
    ...(limit < STREAM ? [finding('clamd-stream-limit', { limit, file })] : []),
    ...(/^(yes|true|1)$/i.test(value('AlertExceedsMax') ?? 'no') ? [] : [finding('clamd-exceeds-silent', { file })]),
  ];
}

interface CertificateFiles {
  readonly root: string;
  readonly organisation: string;
  readonly certificate?: string;
}

async function checkCertificates(files: CertificateFiles, now: Date, found: Finding[]): Promise<{ own: Certificate | undefined }> {
  const pins = pinned(files.root);
  if (pins === undefined) found.push(finding('file-missing', { file: files.root }));
  // Two while the Authority changes to another.
  const roots = pins === undefined ? [] : parsePins(pins).roots;
  const organisation = readCertificate(files.organisation, found);
  const own = files.certificate === undefined ? undefined : readCertificate(files.certificate, found);
  for (const [file, certificate] of [...roots.map((root) => [files.root, root] as const), [files.organisation, organisation], [files.certificate ?? '', own]] as const) {
    if (certificate !== undefined) found.push(...checkEnd(file, certificate, now));
  }
  if (roots.length > 0 && organisation !== undefined && !(await Promise.all(roots.map((root) => certified(organisation, root)))).includes(true)) {
    found.push(finding('certificate-not-certified', { file: files.root }));
  }
  if (own !== undefined && organisation !== undefined && !(await certified(own, organisation))) {
    found.push(finding('certificate-other-key', { file: files.certificate ?? '', organisation: files.organisation }));
  }
  return { own };
}

/** What the servers pin; undefined where they could not read it. */
function pinned(file: string): Bytes | undefined {
  try {
    return readPins(file);
  } catch {
    return undefined;
  }
}

/** The copies that the server fetched. */
async function checkTrust(config: { readonly state: string; readonly root: string }, now: Date, found: Finding[]): Promise<Trust | undefined> {
  const directory = join(config.state, 'trust');
  const copy = (name: string): Bytes => new Uint8Array(readFileSync(join(directory, `${name}.der`)));
  const root = pinned(config.root);
  if (root === undefined) return undefined;
  if (!existsSync(join(directory, 'index.der'))) {
    found.push(finding('directory-never-fetched', { file: directory }));
    return undefined;
  }
  try {
    const trust = await loadTrust({ root, directory: { index: copy('index'), file: async (name) => new Uint8Array(readFileSync(join(directory, name))) }, crls: ['authority', 'organisation'].map(copy) }, now);
    if (trust.organisationCrls.some(({ nextUpdate }) => nextUpdate < now)) found.push(finding('trust-stale', { reason: 'crl-stale' }));
    return trust;
  } catch (error) {
    found.push(finding('trust-stale', { reason: error instanceof SsmaxError ? error.code : 'unreadable' }));
    return undefined;
  }
}

interface Here {
  readonly organisation: string;
  readonly own?: Certificate | undefined;
  readonly role?: 'gateway' | 'inspection';
  readonly stages?: string | undefined;
}

async function checkDirectory({ directory }: Trust, { organisation: file, own, role, stages }: Here, found: Finding[]): Promise<void> {
  const organisation = readCertificate(file, []);
  const id = organisation?.subject.organisationId;
  const entry = id === undefined ? undefined : await directory.byId(id).catch(() => undefined);
  if (entry === undefined || organisation === undefined || !equal(entry.certificate, organisation.der)) {
    found.push(finding('organisation-not-in-directory'));
    return;
  }
  if (own !== undefined && role !== undefined && !entry[`${role}s`].some((hash) => equal(hash, own.spkiSha256))) {
    found.push(finding('spki-not-in-directory', { role, spki: hex(own.spkiSha256) }));
  }
  const here: Stages = stages === undefined ? { domains: {}, groups: {} } : loadStages(stages);
  for (const domain of entry.alwaysSigned) if (here.domains[domain] === 'observe') found.push(finding('stage-behind-directory', { domain }));
}

type PeerConfig = { readonly address: { readonly host: string; readonly port: number }; readonly spki: Bytes | readonly Bytes[] };

async function peers(list: readonly (readonly [name: string, copies: readonly PeerConfig[]])[]): Promise<Finding[]> {
  const found = await Promise.all(list.flatMap(([name, copies]) => copies.map(({ address, spki }) => checkPeer(name, address, spki instanceof Uint8Array ? [spki] : spki))));
  return found.flat();
}

/** PostgreSQL is asked; the embedded file belongs to the running server, which is asked instead. */
async function checkDatabase(config: { readonly state: string; readonly database?: string | undefined }, environment: NodeJS.ProcessEnv): Promise<Finding[]> {
  const postgres = (environment['DATABASE_URL'] ?? '') !== '' || /^postgres/.test(config.database ?? '');
  const found = postgres || config.database === undefined ? [] : checkDatabaseFile(config.database);
  if (postgres) {
    const reason = await databaseProblem(config.database, environment);
    if (reason !== undefined) found.push(finding('database-unusable', { reason }));
  }
  const socket = join(config.state, ADMIN_SOCKET);
  const client = createAdminClient(socket);
  await client.get('/audit/head').catch(() => found.push(finding('server-not-running', { file: socket })));
  client.close();
  return found;
}
