/** The key server: holds the organisation's one key; its state is in the database. */
import { join } from 'node:path';
import { Hono } from 'hono';
import type { Bytes } from '../../core/bytes.ts';
import { sha256 } from '../../core/digest.ts';
import { SsmaxError } from '../../core/error.ts';
import { type Certificate, parseCertificate } from '../../core/pki/certificate.ts';
import { encodeSpki } from '../../core/pki/public-key.ts';
import type { Clock } from '../../flow/ports.ts';
import { requireIssuedByOwn } from '../../flow/organisation-keys.ts';
import { parsePins, type Trust } from '../../flow/trust.ts';
import { loadNodeCrypto, loadPrivateKey } from '../../platform/node-crypto.ts';
import { ADMIN_SOCKET, startAdminSocket } from '../shared/admin-socket.ts';
import { readPins } from '../shared/certificate-file.ts';
import { Counter } from '../shared/metrics.ts';
import { databaseAnswers, openConfiguredDatabase } from '../shared/database.ts';
import { expiryMetrics } from '../shared/expiry-metrics.ts';
import { startHealth } from '../shared/health.ts';
import { loadKey } from '../shared/keystore.ts';
import { createLogger, type Logger } from '../shared/log.ts';
import { startMemberTrust } from '../shared/member-trust.ts';
import { startPeriodic } from '../shared/periodic.ts';
import { startPinnedServer, type TlsIdentity } from '../shared/pinned-server.ts';
import { type PlainHttpsServer, startPlainHttps } from '../shared/plain-https.ts';
import { RateLimiter, rateLimit } from '../shared/rate-limit.ts';
import { startAbuse } from './abuse.ts';
import { adminRoutes } from './admin-routes.ts';
import { createApprovals } from './approvals.ts';
import { type Ca, createCa, serverCertificate } from './ca.ts';
import { loadKeyServerConfig } from './config.ts';
import { createConsents } from './consents.ts';
import { lifeRoutes } from './life-routes.ts';
import { createMailSigners } from './mail-signers.ts';
import { createMemberKeys } from './member-keys.ts';
import { loadOwnKeys } from './own-keys.ts';
import { pluginRoutes } from './plugin-routes.ts';
import { createRecoveryDesk } from './recovery.ts';
import { createRotatingKeyService } from './rotating-key-service.ts';
import { createRecords } from './records.ts';
import { createRegistry } from './registry.ts';
import { gatewayRoutes } from './routes.ts';
import { storeMetrics } from './store-metrics.ts';
import { migrations, type Store, type Tables } from './tables.ts';
import { erasureAction } from './erasure.ts';
import { traceAction } from './trace.ts';

export interface RunOptions {
  readonly clock?: Clock;
  readonly log?: Logger;
}

export interface RunningKeyServer {
  readonly ports: { readonly gateway: number; readonly plugin: number };
  close(): Promise<void>;
}

const CRL_INTERVAL = 3_600_000;
/** The own TLS certificate is made anew this long before its end, half of its life; milliseconds. */
const TLS_RENEWAL = 365 * 86_400_000;
/** It ends with the organisation's at the latest: another one that would end hardly later is not made. Milliseconds. */
const TLS_GAIN = 7 * 86_400_000;

export async function runKeyServer(configFile: string, passphrase: string, options: RunOptions = {}): Promise<RunningKeyServer> {
  const config = loadKeyServerConfig(configFile);
  const log = options.log ?? createLogger({ server: 'keyserver', level: config.logLevel });
  const native = await loadNodeCrypto();
  const clock = options.clock ?? { now: () => new Date() };
  const keys = loadOwnKeys(config, passphrase);
  const { certificate } = keys.inUse;
  const roots = parsePins(readPins(config.root)).roots;
  const tlsKey = loadKey(config.tlsKey, passphrase);
  const id = certificate.subject.organisationId;
  if (id === undefined) throw new SsmaxError('fault', 'certificate-file-unusable', { file: config.certificate });

  const store = await openConfiguredDatabase<Tables>(config.database, migrations);
  const ca = createCa(store, keys, (length) => native.random(length), clock);
  await ca.publishCrl();
  const registry = createRegistry(store, ca, config.domains, (length) => native.random(length), clock);
  const records = createRecords(store, clock);
  const consents = createConsents(store, registry, clock);
  let tlsCertificate = await ownTlsCertificate(store, ca, tlsKey, config.hostName, clock);
  const identity: TlsIdentity = { key: tlsKey, get certificates() { return [tlsCertificate.der]; } };

  const trust = await startMemberTrust(config, { identity, organisationCrl: () => ca.crl(), clock, log });
  const present = async (): Promise<Trust> => {
    const found = await trust.trust();
    // A list for a key that has just been named, or none any more for one that is not.
    if (await keys.follow(found, clock.now())) ca.publishCrl().then(() => trust.refresh(), (error: unknown) => { log.error('crl-not-published', { error }); });
    return found;
  };
  const memberKeys = createMemberKeys(store, id);
  const recovery = createRecoveryDesk(store, memberKeys, config.recovery, clock);
  const approvals = createApprovals({ store, organisation: id, clock, actions: { 'recovery-open': recovery.action, trace: traceAction(store, config.retention, clock), 'evidence-erase': erasureAction(store, clock) } });
  const abuse = startAbuse({ store, native, id, keys, ca, trust, identity, authority: config.authority, refresh: config.refresh, clock, log });
  const service = createRotatingKeyService({
    native, clock, members: registry, consents, modes: config.modes, seen: records, records, recovery: config.recovery !== undefined,
    ...(config.outside !== undefined && { outside: { signedOnly: config.outside.signedOnly, ...createMailSigners(store, ca, loadPrivateKey(loadKey(config.outside.key, passphrase)), clock) } }),
    inspection: async () => {
      const { directory } = await trust.trust();
      return serverCertificate(store, 'inspection', (await directory.byId(id))?.inspections ?? [], clock.now());
    },
    trust: present, newerThan: trust.newerThan,
  }, keys);

  const requests = new Counter('ssmax_requests_total', 'Requests answered.');
  const gateway = await startPinnedServer({
    requests, identity, listen: config.listen, maximumBody: 4 * 1024 * 1024, log,
    peers: { gateway: { pins: () => config.gateways, app: gatewayRoutes({ service, ca, records, desk: abuse.desk }) } },
  });
  const plugin = await startPlainHttps({
    requests, listen: config.plugin.listen, certificateFile: config.plugin.certificate, keyFile: config.plugin.key, maximumBody: 65_536, log,
    app: limited(pluginRoutes({
      registry, ca, records, consents, desk: abuse.desk,
      requireInForce: async (member) => requireIssuedByOwn(member, 'user', keys.inUse.certificate, await present(), clock.now(), 'allowed'),
      policy: { modes: config.modes, signedOnly: config.outside?.signedOnly ?? [] }, clock, roots: roots.map(({ der }) => der), id, keys,
      organisationType: async () => (await (await trust.trust()).directory.byId(id))?.type,
      published: { copy: trust.copy, file: trust.file, hasFile: trust.hasFile },
    }), lifeRoutes({ native, store, ca, keys, memberKeys, recovery, seen: records, trust: present, clock })),
  });
  const admin = await startAdminSocket(join(config.state, ADMIN_SOCKET), {
    app: adminRoutes({ store, registry, domains: config.domains, ca, approvals, recovery, abuse, refresh: () => trust.refresh(), clock }), maximumBody: 16 * 1024 * 1024, log, peer: 'administrator',
  });
  const health = config.health && (await startHealth({
    listen: config.health, metrics: [
      requests, ...expiryMetrics({ get server() { return tlsCertificate; }, get organisation() { return keys.inUse.certificate; } }, () => trust.trust()), ...storeMetrics(store),
    ], log,
    ready: { database: () => databaseAnswers(store), trust: () => trust.trust().then(() => true, () => false) },
  }));
  const erase = (): void => {
    const before = new Date(clock.now().getTime() - config.retention * 86_400_000);
    Promise.all([records.erase(before), abuse.erase(before)]).catch((error: unknown) => { log.error('evidence-not-erased', { error }); });
  };
  erase();
  const hourly = startPeriodic(CRL_INTERVAL, clock, () => {
    ca.publishCrl().then(() => trust.refresh(), (error: unknown) => { log.error('crl-not-published', { error }); });
    renewTls(plugin, log);
    erase();
  });
  /** Also when the organisation was certified again: what its former certificate certified ends with that one. */
  const renewIdentity = async (): Promise<void> => {
    const next = await ownTlsCertificate(store, ca, tlsKey, config.hostName, clock);
    if (next.serial === tlsCertificate.serial) return;
    tlsCertificate = next;
    gateway.renewed();
    log.info('tls-renewed');
  };
  const follow = async (): Promise<void> => {
    await present().catch((error: unknown) => { log.warn('trust-refused', { error }); });
    await renewIdentity().catch((error: unknown) => { log.error('tls-not-renewed', { error }); });
  };
  await follow();
  const following = setInterval(() => void follow(), config.refresh * 1000);
  following.unref();
  log.info('ready', { port: gateway.port });
  return {
    ports: { gateway: gateway.port, plugin: plugin.port },
    async close() {
      hourly.stop();
      clearInterval(following);
      trust.stop();
      abuse.stop();
      await Promise.all([gateway.close(), plugin.close(), admin.close(), health?.close()]);
      await store.close();
    },
  };
}

/**
 * What costs work to answer is limited by remote address; generously, as a whole organisation can stand behind one. Guessing
 * of codes is limited by mail address, in the registry.
 */
function limited(app: Hono, life: Hono): Hono {
  const limit = rateLimit(new RateLimiter({ burst: 300, perMinute: 300 }));
  return new Hono().use('/.well-known/est/simpleenroll', limit).use('/.well-known/est/simplereenroll', limit).use('/ssmax/v1/requests', limit).use('/ssmax/v1/recoveries', limit)
    .route('/', app).route('/', life);
}

/** Takes a renewed certificate for plugins into use without a restart. */
function renewTls(plugin: PlainHttpsServer, log: Logger): void {
  try {
    plugin.reload();
  } catch (error) {
    log.error('tls-not-renewed', { error });
  }
}

/** The certificate for the own TLS key: made at the first start, and again in time before it expires. Copies of the server share key and certificate. */
async function ownTlsCertificate(store: Store, ca: Ca, tlsKey: Bytes, hostName: string, clock: Clock): Promise<Certificate> {
  const { publicKey } = loadPrivateKey(tlsKey);
  const now = clock.now().getTime();
  const row = await store.query.selectFrom('certificates').select(['der', 'not_after'])
    .where('role', '=', 'key-server').where('spki_hash', '=', await sha256(encodeSpki(publicKey))).where('revoked', 'is', null)
    .orderBy('not_after', 'desc').executeTakeFirst();
  const enough = Math.min(now + TLS_RENEWAL, ca.certificate.notAfter.getTime() - TLS_GAIN);
  return row === undefined || row.not_after < enough ? ca.issueServer('key-server', hostName, publicKey) : parseCertificate(row.der);
}
