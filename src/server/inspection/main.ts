/** The inspection server as a program. */
import { join } from 'node:path';
import { equal, hex } from '../../core/bytes.ts';
import { SsmaxError } from '../../core/error.ts';
import type { Certificate } from '../../core/pki/certificate.ts';
import { checkProfile, names } from '../../core/pki/profile.ts';
import { isSignedBy } from '../../core/pki/signed.ts';
import type { HeldMails, InspectionParts } from '../../flow/inspect.ts';
import type { Scanner } from '../../flow/judge.ts';
import { certificateInUse, certificatesOf, ownEntry } from '../../flow/organisation-keys.ts';
import type { Trust } from '../../flow/trust.ts';
import type { HeldRecord } from '../../wire/held.ts';
import type { Policy } from '../../flow/policy/rules.ts';
import type { Clock } from '../../flow/ports.ts';
import { loadNodeCrypto, loadPrivateKey } from '../../platform/node-crypto.ts';
import { startAdminSocket, ADMIN_SOCKET } from '../shared/admin-socket.ts';
import { auditRoutes } from '../shared/audit-routes.ts';
import { readCertificateFile } from '../shared/certificate-file.ts';
import { databaseAnswers, openDatabase } from '../shared/database.ts';
import { Counter, Gauge } from '../shared/metrics.ts';
import { expiryMetrics } from '../shared/expiry-metrics.ts';
import { startHealth } from '../shared/health.ts';
import { loadKey } from '../shared/keystore.ts';
import { createLogger, type Logger } from '../shared/log.ts';
import { startPinnedServer } from '../shared/pinned-server.ts';
import type { TrustSource } from '../shared/trust-source.ts';
import { Clamd } from './clamd.ts';
import { type InspectionConfig, loadInspectionConfig } from './config.ts';
import { createHeldStore, type HeldStore } from './held-mails.ts';
import { heldAdminRoutes } from './held-routes.ts';
import { loadPolicy, mayHold, needsDirectory, needsScanner } from './policy.ts';
import { openPolicyFile } from './policy-file.ts';
import { createReaderPool } from './reading/reader-pool.ts';
import { inspectionRoutes, MAX_SUBMISSION } from './routes.ts';
import { Slots } from './slots.ts';
import { migrations, type Tables } from './tables-inspection.ts';
import { startInspectionTrust } from './trust.ts';

/** Reads configuration and policy as `runInspection` would, and throws what it would; gives the policy's version. */
export function checkInspection(configFile: string): string {
  return readPolicy(loadInspectionConfig(configFile)).version;
}

export interface RunningInspection {
  readonly port: number;
  /** Of the listener for monitoring; undefined without one. */
  readonly healthPort: number | undefined;
  /** Reads the policy file again. What is wrong with it goes to the log, and the policy in force stays. */
  reloadPolicy(): void;
  /** Takes no more; resolves when what is under way is answered. */
  close(): Promise<void>;
}

export interface RunOptions {
  readonly clock?: Clock;
  readonly log?: Logger;
}

/**
 * Starts the server. Throws (fault) what is wrong with configuration, policy, key or certificates, `scanner-not-configured`,
 * and what listening throws.
 */
export async function runInspection(configFile: string, passphrase: string, options: RunOptions = {}): Promise<RunningInspection> {
  const config = loadInspectionConfig(configFile);
  const log = options.log ?? createLogger({ server: 'inspection', level: config.logLevel });
  const clock = options.clock ?? { now: () => new Date() };
  const policyFile = openPolicyFile(config.policy, () => readPolicy(config), log);
  const organisation = readCertificateFile(config.organisation);
  checkProfile(organisation, 'organisation');
  const pkcs8 = loadKey(config.key, passphrase);
  const key = loadPrivateKey(pkcs8);
  const clamd = config.clamd && new Clamd({ socket: config.clamd.socket, timeoutMs: config.clamd.timeout * 1000 });
  const reader = createReaderPool({ timeoutMs: config.reading.seconds * 1000, memory: config.reading.megabytes * 1_048_576, log });
  const trust = await startInspectionTrust(config, clock, log);
  const organisations = async (): Promise<Certificate[]> => [organisation, ...await listedCertificates(trust, organisation, clock, log)];
  const certificate = await readOwnCertificate(config, await organisations(), clock.now());
  if (!equal(key.publicKey, certificate.publicKey)) throw new SsmaxError('fault', 'certificate-key-mismatch', { file: config.certificate });
  const trusted = async (): Promise<Trust> => {
    if (trust === undefined) throw new SsmaxError('fault', 'trust-not-configured', { file: configFile });
    return trust.trust();
  };
  const looks = (): boolean => policyFile.policy.approversSee === 'text';
  const held = await openHeld(config, { organisation, organisationId: organisationId(organisation), trust: trusted, clock, looks }, certificate, log);
  const parts: InspectionParts = {
    credential: { key, certificate },
    native: await loadNodeCrypto(),
    sealers: async () => (await organisations()).map(({ sha256 }) => sha256),
    organisation: organisationId(organisation),
    get policy() {
      return policyFile.policy;
    },
    scanner: clamd ?? NO_SCANNER,
    reader,
    directory: async () => (await trusted()).directory,
    held: held?.store ?? NOTHING_HELD,
    clock,
  };
  const inspections = new Counter('ssmax_inspections_total', 'Verdicts given.');
  const server = await startPinnedServer({
    identity: { key: pkcs8, certificates: [certificate.der] },
    listen: config.listen,
    peers: { gateway: { pins: () => config.gateways, app: inspectionRoutes({ parts, slots: new Slots(config.concurrency, MAX_WAITING), inspections, log, ...(held && { held: held.store }), ...(trust && { directory: trust }) }) } },
    maximumBody: MAX_SUBMISSION,
    log,
  });
  pkcs8.fill(0);
  const scanner = async (): Promise<boolean> => !needsScanner(policyFile.policy) || (await clamd?.ready()) === true;
  const health = config.health && (await startHealth({ listen: config.health, metrics: [inspections, ...figuresOf(policyFile, held?.store), ...expiryMetrics({ server: certificate, organisation })], ready: {
    clamd: scanner, ...(held && { database: held.answers }), ...(trust && { trust: () => trust.trust().then(() => true, () => false) }),
  }, warnings: { policy: () => !policyFile.rejected }, log }).catch(async (error: unknown) => {
    await server.close();
    throw error;
  }));
  log.info('ready', { port: server.port, spki: hex(certificate.spkiSha256), version: policyFile.policy.version });
  return {
    port: server.port,
    healthPort: health?.port,
    reloadPolicy: () => { policyFile.reload(); },
    async close() {
      policyFile.stop();
      await Promise.all([server.close(), health?.close()]);
      trust?.stop();
      reader.close();
      await held?.close();
    },
  };
}

/** Held mail needs a store, somebody who can say who an approver is, and a socket for the command line. */
async function openHeld({ database, state }: InspectionConfig, parts: Omit<Parameters<typeof createHeldStore>[0], 'store'>, own: Certificate, log: Logger): Promise<{ store: HeldStore; answers: () => Promise<boolean>; close(): Promise<void> } | undefined> {
  if (database === undefined || state === undefined) return undefined;
  const tables = await openDatabase<Tables>(database, migrations);
  const store = createHeldStore({ ...parts, store: tables });
  const admin = heldAdminRoutes(store, parts.organisationId, own.sha256).route('/', auditRoutes(tables));
  const socket = await startAdminSocket(join(state, ADMIN_SOCKET), { app: admin, maximumBody: 1_048_576, log, peer: 'administrator' });
  return {
    store,
    answers: () => databaseAnswers(tables),
    async close() {
      await socket.close();
      await tables.close();
    },
  };
}

function figuresOf(policyFile: { readonly rejected: boolean }, held: HeldStore | undefined): Gauge[] {
  return [
    new Gauge('ssmax_policy_rejected', '1 while the policy file is not in force because something is wrong with it.', () => (policyFile.rejected ? 1 : 0)),
    new Gauge('ssmax_held_mails', 'Mails that wait for an approver.', async () => (await waiting(held)).length),
    new Gauge('ssmax_held_reasons', 'Mails that wait for an approver, by direction and code of what was found; a mail with several findings counts for each.', async () => reasonsOf(await waiting(held))),
  ];
}

async function waiting(held: HeldStore | undefined): Promise<HeldRecord[]> {
  return (await held?.list() ?? []).filter(({ state }) => state === 'waiting');
}

function reasonsOf(mails: readonly HeldRecord[]): (readonly [{ direction: string; code: string }, number])[] {
  const counts = new Map<string, readonly [{ direction: string; code: string }, number]>();
  for (const { direction, findings } of mails) {
    for (const code of new Set(findings.map((finding) => finding.code))) {
      const [labels, count] = counts.get(`${direction} ${code}`) ?? [{ direction, code }, 0];
      counts.set(`${direction} ${code}`, [labels, count + 1]);
    }
  }
  return [...counts.values()];
}

/** Submissions that may wait for their turn; more are told to come again. */
const MAX_WAITING = 64;

/** `readPolicy` sees to it that no rule asks it. */
const NO_SCANNER: Scanner = { scan: () => Promise.reject(new SsmaxError('fault', 'scanner-not-configured')) };

/** `readPolicy` sees to it that no rule holds. */
const NOTHING_HELD: HeldMails = {
  refusal: () => Promise.resolve(undefined),
  viewers: () => Promise.resolve([]),
  decision: () => Promise.reject(new SsmaxError('fault', 'hold-not-configured')),
  show: () => Promise.reject(new SsmaxError('fault', 'hold-not-configured')),
};

function readPolicy({ policy: file, clamd, database, state, trust }: InspectionConfig): Policy {
  const policy = loadPolicy(file);
  if (needsScanner(policy) && clamd === undefined) throw new SsmaxError('fault', 'scanner-not-configured', { file });
  if (needsDirectory(policy) && (trust === undefined || state === undefined)) throw new SsmaxError('fault', 'trust-not-configured', { file });
  if (mayHold(policy) && (database === undefined || state === undefined || trust === undefined)) throw new SsmaxError('fault', 'hold-not-configured', { file });
  return policy;
}

/** The own certificate must be an inspection server's, in force, and of the own organisation. */
async function readOwnCertificate({ certificate: file }: InspectionConfig, organisations: readonly Certificate[], now: Date): Promise<Certificate> {
  const certificate = readCertificateFile(file);
  const issuer = organisations.find((one) => names(one, certificate));
  const issued = issuer !== undefined && (await isSignedBy(certificate, issuer.publicKey, hex(certificate.sha256)));
  if (!issued) throw new SsmaxError('fault', 'certificate-of-another-organisation', { file });
  checkProfile(certificate, 'inspection');
  if (now < certificate.notBefore || now > certificate.notAfter) throw new SsmaxError('fault', 'certificate-not-in-force', { file });
  return certificate;
}

/** The organisation's certificates as the directory has them now; none where it cannot be had. */
async function listedCertificates(trust: TrustSource | undefined, organisation: Certificate, clock: Clock, log: Logger): Promise<Certificate[]> {
  if (trust === undefined) return [];
  try {
    const found = await trust.trust();
    await certificateInUse(found, organisation, clock.now());
    return certificatesOf(await ownEntry(found, organisation));
  } catch (error) {
    log.warn('trust-refused', { error });
    return [];
  }
}

function organisationId({ subject }: Certificate): string {
  if (subject.organisationId === undefined) throw new SsmaxError('fault', 'certificate-profile', { role: 'organisation', what: 'organisation' });
  return subject.organisationId;
}
