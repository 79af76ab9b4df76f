/** The gateway: a stateless before-queue SMTP filter. Any number of copies may run side by side. */
import { join } from 'node:path';
import { z } from 'zod';
import type { Bytes } from '../../core/bytes.ts';
import { SsmaxError } from '../../core/error.ts';
import { createNodeCrypto, loadPrivateKey } from '../../platform/node-crypto.ts';
import { readCertificateFile } from '../shared/certificate-file.ts';
import { type ConfigFields, loadConfig } from '../shared/config.ts';
import { Counter } from '../shared/counter.ts';
import { startHealth } from '../shared/health.ts';
import { loadKey } from '../shared/keystore.ts';
import { createLogger, type Logger } from '../shared/log.ts';
import { createPinnedClient } from '../shared/pinned-client.ts';
import { createTrustSource } from '../shared/trust-source.ts';
import { handle, type HandlerParts, type ListenerName } from './handle.ts';
import { inspectionPeer, keyServerPeer } from './peers.ts';
import { createQueue } from './reinject.ts';
import { replyTo } from './replies.ts';
import { type Envelope, listen, type Listener } from './smtp.ts';

/** gateway.yaml */
const gatewayConfig = ({ path, address, spki }: ConfigFields) => z.strictObject({
  /** Where copies of directory and CRLs are kept. */
  state: path,
  key: path,
  certificate: path,
  /** The own organisation's certificate. */
  organisation: path,
  /** The Authority's root certificate. */
  root: path,
  listen: z.strictObject({ submission: address, arriving: address }),
  /** The MTA's listener for checked mail, on loopback. */
  queue: address,
  /** How many connections that listener may get at once: fewer than it serves (Postfix: maxproc in master.cf). */
  queueConnections: z.int().min(1).max(1000).default(40),
  authority: z.strictObject({ address, spki }),
  keyServer: z.strictObject({ address, spki }),
  inspection: z.strictObject({ address, spki }),
  maximumSize: z.int().min(65_536).max(256 * 1024 * 1024).default(64 * 1024 * 1024),
  maximumRecipients: z.int().min(1).max(500).default(100),
  /** Where monitoring asks (`/healthz`, `/readyz`, `/metrics`), in the clear: a loopback address. */
  health: address.optional(),
  /** How often directory and CRLs are fetched; seconds. */
  refresh: z.int().min(1).max(86_400).default(60),
  logLevel: z.enum(['debug', 'info', 'warn', 'error']).default('info'),
});

export interface RunningGateway {
  readonly ports: { readonly submission: number; readonly arriving: number };
  close(): Promise<void>;
}

export async function runGateway(configFile: string, passphrase: string): Promise<RunningGateway> {
  const config = loadConfig(configFile, gatewayConfig);
  const log = createLogger({ server: 'gateway', level: config.logLevel });
  const pkcs8 = loadKey(config.key, passphrase);
  const certificate = readCertificateFile(config.certificate);
  const organisation = readCertificateFile(config.organisation);
  const identity = { key: pkcs8, certificates: [certificate.der] };
  const client = (peer: string, { address, spki }: typeof config.keyServer) =>
    createPinnedClient({ identity, peer, server: address, pins: () => [spki] });
  const authority = client('Authority', config.authority);
  const keyServerClient = client('key server', config.keyServer);
  const inspectionClient = client('inspection server', config.inspection);
  const keyServer = keyServerPeer(keyServerClient);
  const clock = { now: () => new Date() };
  const trust = createTrustSource({
    root: readCertificateFile(config.root).der,
    directory: join(config.state, 'trust'),
    interval: config.refresh * 1000,
    sources: {
      directory: () => authority.request({ method: 'GET', path: '/v1/directory', deadline: 30_000, maximumAnswer: 256 * 1024 * 1024 }),
      crls: {
        authority: () => authority.request({ method: 'GET', path: '/v1/crl', deadline: 30_000, maximumAnswer: 16 * 1024 * 1024 }),
        organisation: () => keyServer.crl(),
      },
    },
    clock,
    log,
  });
  await trust.refresh();

  const parts: Omit<HandlerParts, 'reinject'> = {
    native: createNodeCrypto(),
    credential: { key: loadPrivateKey(pkcs8), certificate },
    organisation,
    keyServer,
    inspection: inspectionPeer(inspectionClient),
    trust: () => trust.trust(),
    clock,
    reportRefusal: keyServer.reportRefusal,
  };
  const mails = new Counter('ssmax_mails_total', 'Mails taken or refused.');
  const queue = createQueue({ ...config.queue, deadline: 60_000 }, config.queueConnections);
  const start = (name: ListenerName): Promise<Listener> => listen({
    ...config.listen[name],
    maximumSize: config.maximumSize,
    maximumRecipients: config.maximumRecipients,
    take: (envelope, raw, waits) => take({ ...parts, reinject: (copies) => queue.take(copies, waits) }, name, envelope, raw, log, mails),
  });
  const [submission, arriving] = await Promise.all([start('submission'), start('arriving')]);
  const health = config.health && (await startHealth({
    listen: config.health, counters: [mails], ready: { trust: () => trust.trust().then(() => true, () => false) }, log,
  }));
  log.info('ready', { port: submission.port });
  return {
    ports: { submission: submission.port, arriving: arriving.port },
    async close() {
      trust.stop();
      await Promise.all([submission.close(), arriving.close(), health?.close()]);
      for (const one of [authority, keyServerClient, inspectionClient]) one.close();
    },
  };
}

async function take(parts: HandlerParts, listener: ListenerName, envelope: Envelope, raw: Bytes, log: Logger, mails: Counter): Promise<void> {
  const started = performance.now();
  const fields = (): { direction: string; bytes: number; milliseconds: number } =>
    ({ direction: listener, bytes: raw.length, milliseconds: Math.round(performance.now() - started) });
  try {
    const { copies, contentDigest } = await handle(parts, listener, envelope, raw);
    mails.add({ listener, outcome: 'relayed' });
    log.info('relayed', { ...fields(), count: copies.length, ...(contentDigest !== undefined && { contentDigest }) });
  } catch (error) {
    const { code } = replyTo(error);
    mails.add({ listener, outcome: error instanceof SsmaxError ? error.code : 'fault' });
    log[error instanceof SsmaxError && error.kind !== 'fault' ? 'info' : 'error']('not-relayed', { ...fields(), status: code, error });
    throw error;
  }
}
