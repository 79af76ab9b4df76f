/** The inspection server as a program. */
import { equal, hex } from '../../core/bytes.ts';
import { SsmaxError } from '../../core/error.ts';
import type { Certificate } from '../../core/pki/certificate.ts';
import { checkProfile, names } from '../../core/pki/profile.ts';
import { isSignedBy } from '../../core/pki/signed.ts';
import type { InspectionParts } from '../../flow/inspect.ts';
import type { Scanner } from '../../flow/judge.ts';
import type { Clock } from '../../flow/ports.ts';
import { createNodeCrypto, loadPrivateKey } from '../../platform/node-crypto.ts';
import { readCertificateFile } from '../shared/certificate-file.ts';
import { Counter } from '../shared/metrics.ts';
import { expiryMetrics } from '../shared/expiry-metrics.ts';
import { startHealth } from '../shared/health.ts';
import { loadKey } from '../shared/keystore.ts';
import { createLogger, type Logger } from '../shared/log.ts';
import { startPinnedServer } from '../shared/pinned-server.ts';
import { Clamd } from './clamd.ts';
import { type InspectionConfig, loadInspectionConfig } from './config.ts';
import { loadPolicy, needsScanner } from './policy.ts';
import { inspectionRoutes, MAX_SUBMISSION } from './routes.ts';
import { Slots } from './slots.ts';

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
  let policy = readPolicy(config);
  const organisation = readCertificateFile(config.organisation);
  checkProfile(organisation, 'organisation');
  const certificate = await readOwnCertificate(config, organisation, clock.now());
  const pkcs8 = loadKey(config.key, passphrase);
  const key = loadPrivateKey(pkcs8);
  if (!equal(key.publicKey, certificate.publicKey)) throw new SsmaxError('fault', 'certificate-key-mismatch', { file: config.certificate });
  const clamd = config.clamd && new Clamd({ socket: config.clamd.socket, timeoutMs: config.clamd.timeout * 1000 });
  const parts: InspectionParts = {
    credential: { key, certificate },
    native: createNodeCrypto(),
    sealer: organisation.sha256,
    organisation: organisationId(organisation),
    get policy() {
      return policy;
    },
    scanner: clamd ?? NO_SCANNER,
    clock,
  };
  const inspections = new Counter('ssmax_inspections_total', 'Verdicts given.');
  const server = await startPinnedServer({
    identity: { key: pkcs8, certificates: [certificate.der] },
    listen: config.listen,
    peers: { gateway: { pins: () => config.gateways, app: inspectionRoutes({ parts, slots: new Slots(config.concurrency, MAX_WAITING), inspections, log }) } },
    maximumBody: MAX_SUBMISSION,
    log,
  });
  pkcs8.fill(0);
  const scanner = async (): Promise<boolean> => !needsScanner(policy) || (await clamd?.ready()) === true;
  const health = config.health && (await startHealth({ listen: config.health, metrics: [inspections, ...expiryMetrics({ server: certificate, organisation })], ready: { clamd: scanner }, log }).catch(async (error: unknown) => {
    await server.close();
    throw error;
  }));
  log.info('ready', { port: server.port, spki: hex(certificate.spkiSha256), version: policy.version });
  return {
    port: server.port,
    healthPort: health?.port,
    reloadPolicy() {
      try {
        policy = readPolicy(config);
        log.info('policy-reloaded', { version: policy.version });
      } catch (error) {
        log.error('policy-not-reloaded', { version: policy.version, error });
      }
    },
    close: async () => void (await Promise.all([server.close(), health?.close()])),
  };
}

/** Submissions that may wait for their turn; more are told to come again. */
const MAX_WAITING = 64;

/** `readPolicy` sees to it that no rule asks it. */
const NO_SCANNER: Scanner = { scan: () => Promise.reject(new SsmaxError('fault', 'scanner-not-configured')) };

function readPolicy({ policy: file, clamd }: InspectionConfig): InspectionParts['policy'] {
  const policy = loadPolicy(file);
  if (needsScanner(policy) && clamd === undefined) throw new SsmaxError('fault', 'scanner-not-configured', { file });
  return policy;
}

/** The own certificate must be an inspection server's, in force, and of the own organisation. */
async function readOwnCertificate({ certificate: file }: InspectionConfig, organisation: Certificate, now: Date): Promise<Certificate> {
  const certificate = readCertificateFile(file);
  const issued = names(organisation, certificate) && (await isSignedBy(certificate, organisation.publicKey, hex(certificate.sha256)));
  if (!issued) throw new SsmaxError('fault', 'certificate-of-another-organisation', { file });
  checkProfile(certificate, 'inspection');
  if (now < certificate.notBefore || now > certificate.notAfter) throw new SsmaxError('fault', 'certificate-not-in-force', { file });
  return certificate;
}

function organisationId({ subject }: Certificate): string {
  if (subject.organisationId === undefined) throw new SsmaxError('fault', 'certificate-profile', { role: 'organisation', what: 'organisation' });
  return subject.organisationId;
}
