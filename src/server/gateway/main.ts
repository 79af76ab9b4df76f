/** The gateway: a stateless before-queue SMTP filter. Any number of copies may run side by side. */
import { type Bytes, equal, hex } from '../../core/bytes.ts';
import { SsmaxError } from '../../core/error.ts';
import { loadNodeCrypto, loadPrivateKey } from '../../platform/node-crypto.ts';
import { anyOf } from '../shared/any-of.ts';
import { readCertificateFile } from '../shared/certificate-file.ts';
import { expiryMetrics } from '../shared/expiry-metrics.ts';
import { startHealth } from '../shared/health.ts';
import type { HostPort } from '../shared/config.ts';
import { loadKey } from '../shared/keystore.ts';
import { createLogger, type Logger } from '../shared/log.ts';
import { startMemberTrust } from '../shared/member-trust.ts';
import { Counter, Gauge, Histogram, type Metric } from '../shared/metrics.ts';
import { createPinnedClient, type PinnedClient } from '../shared/pinned-client.ts';
import { Admission } from './admission.ts';
import { type GatewayConfig, loadGatewayConfig } from './config.ts';
import { consentClass } from './consent-class.ts';
import { handle, type HandlerParts, type ListenerName } from './handle.ts';
import { createOutsideDesk } from './outside.ts';
import { inspectionPeer, keyServerPeer } from './peers.ts';
import { type Hold, startHold } from './hold.ts';
import { createQueue, type Queue } from './reinject.ts';
import { replyTo } from './replies.ts';
import { type Envelope, listen, type Listener } from './smtp.ts';
import { followStages } from './stages.ts';

export interface RunningGateway {
  readonly ports: { readonly submission: number; readonly arriving: number };
  close(): Promise<void>;
}

export async function runGateway(configFile: string, passphrase: string): Promise<RunningGateway> {
  const config = loadGatewayConfig(configFile);
  const log = createLogger({ server: 'gateway', level: config.logLevel });
  const clock = { now: () => new Date() };
  const pkcs8 = loadKey(config.key, passphrase);
  const certificate = readCertificateFile(config.certificate);
  const organisation = readCertificateFile(config.organisation);
  const identity = { key: pkcs8, certificates: [certificate.der] };
  const client = (peer: string, copies: GatewayConfig['keyServer']): PinnedClient =>
    anyOf(copies.map(({ address, spki }) => createPinnedClient({ identity, peer, server: address, pins: () => [spki] })));
  const keyServerClient = client('key server', config.keyServer);
  const inspectionClient = client('inspection server', config.inspection);
  const byKey = new Map<string, PinnedClient>();
  const inspectionWith = (spki: Bytes): PinnedClient => {
    const copies = config.inspection.filter((copy) => equal(copy.spki, spki));
    // The key server goes by the directory, which lists a key that this gateway's configuration does not have yet.
    if (copies.length === 0) throw new SsmaxError('unavailable', 'peer-not-pinned', { peer: 'inspection server' });
    const found = byKey.get(hex(spki)) ?? client('inspection server', copies);
    byKey.set(hex(spki), found);
    return found;
  };
  const keyServer = keyServerPeer(keyServerClient);
  const trust = await startMemberTrust(config, { identity, organisationCrl: () => keyServer.crl(), clock, log });

  const parts: Omit<HandlerParts, 'reinject'> = {
    native: await loadNodeCrypto(),
    credential: { key: loadPrivateKey(pkcs8), certificate },
    organisation,
    keyServer,
    inspection: inspectionPeer((server) => server === undefined ? inspectionClient : inspectionWith(server)),
    trust: () => trust.trust(),
    newerThan: trust.newerThan,
    clock,
    recovery: config.recovery,
    reportRefusal: keyServer.reportRefusal,
    stages: followStages(config.stages, log),
    outside: createOutsideDesk({ config: config.outside, credential: { key: loadPrivateKey(pkcs8), certificate }, organisation: organisation.subject.organisationId ?? '', clock }),
    report: keyServer.report,
  };
  const admission = new Admission(config.memory);
  const figures = createFigures(admission);
  const queue = createQueue({ ...config.queue, deadline: 60_000 }, config.queueConnections);
  const hold = holdOf(config, inspectionClient, queue, log);
  const start = (name: ListenerName): Promise<Listener> => listen({
    ...config.listen[name],
    maximumSize: config.maximumSize,
    maximumRecipients: config.maximumRecipients,
    maximumConnections: config.maximumConnections,
    admission,
    ...(name === 'arriving' && { classOf: (address: string) => consentClass(parts, address) }),
    take: (envelope, raw, waits) => take({ ...parts, reinject: (copies) => queue.take(copies, waits), ...(hold && { hold: (from, to, mail, contentDigest) => hold.take({ listener: from, envelope: to, raw: mail, contentDigest, waits }) }) }, name, envelope, raw, log, figures),
  });
  const [submission, arriving] = await Promise.all([start('submission'), start('arriving')]);
  const health = config.health && (await startHealth({
    listen: config.health, metrics: [...figures.all, ...expiryMetrics({ server: certificate, organisation }, () => trust.trust())],
    ready: { trust: () => trust.trust().then(() => true, () => false) }, log,
  }));
  log.info('ready', { port: submission.port });
  return {
    ports: { submission: submission.port, arriving: arriving.port },
    async close() {
      hold?.stop();
      trust.stop();
      await Promise.all([submission.close(), arriving.close(), health?.close()]);
      for (const one of [keyServerClient, inspectionClient, ...byKey.values()]) one.close();
    },
  };
}

function holdOf({ hold, queueConnections }: GatewayConfig, inspection: PinnedClient, queue: Queue, log: Logger): Hold | undefined {
  if (hold === undefined) return undefined;
  const listener = (address: HostPort): Queue => createQueue({ ...address, deadline: 60_000 }, queueConnections);
  return startHold({
    inspection, queue, queues: { submission: listener(hold.submission), arriving: listener(hold.arriving) }, release: hold.release, interval: hold.interval * 1000, log,
  });
}

interface Figures {
  readonly mails: Counter;
  readonly bytes: Counter;
  readonly seconds: Histogram;
  working: number;
  readonly all: readonly Metric[];
}

function createFigures(admission: Admission): Figures {
  const mails = new Counter('ssmax_mails_total', 'Mails by listener, answer (taken, refused, later) and outcome: relayed, observed, held, the code of the refusal, or fault.');
  const bytes = new Counter('ssmax_mail_bytes_total', 'Size of the mails, bytes.');
  const seconds = new Histogram('ssmax_mail_seconds', 'Time from the last byte of a mail to its answer.', [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120]);
  const figures: Figures = { mails, bytes, seconds, working: 0, all: [
    mails, bytes, seconds,
    new Gauge('ssmax_mails_in_work', 'Mails being worked on now.', () => figures.working),
    new Gauge('ssmax_mails_waiting', 'Mails that wait for memory.', () => admission.waiting),
    new Gauge('ssmax_mail_memory_bytes', 'Memory given to mails, of what the configuration allows.', () => admission.taken),
  ] };
  return figures;
}

async function take(parts: HandlerParts, listener: ListenerName, envelope: Envelope, raw: Bytes, log: Logger, figures: Figures): Promise<void> {
  const started = performance.now();
  const fields = (): { direction: string; bytes: number; milliseconds: number } =>
    ({ direction: listener, bytes: raw.length, milliseconds: Math.round(performance.now() - started) });
  figures.working++;
  figures.bytes.add({ listener }, raw.length);
  try {
    const { copies, contentDigest, observed, held } = await handle(parts, listener, envelope, raw);
    const outcome = observed === true ? 'observed' : held === true ? 'held' : 'relayed';
    figures.mails.add({ listener, answer: 'taken', outcome });
    log.info(outcome, { ...fields(), count: copies.length, ...(contentDigest !== undefined && { contentDigest }) });
  } catch (error) {
    const { code } = replyTo(error);
    const reason = error instanceof SsmaxError && error.kind !== 'fault' ? error.code : undefined;
    figures.mails.add({ listener, answer: code < 500 ? 'later' : 'refused', outcome: reason ?? 'fault' });
    log[reason !== undefined ? 'info' : 'error']('not-relayed', { ...fields(), status: code, error });
    throw error;
  } finally {
    figures.working--;
    figures.seconds.observe((performance.now() - started) / 1000, { listener });
  }
}
