/** The Authority's online part: publishes directory and CRL, signed by the delegate. The root key is never here. */
import { join } from 'node:path';
import { loadPrivateKey } from '../../platform/node-crypto.ts';
import { ADMIN_SOCKET, startAdminSocket } from '../shared/admin-socket.ts';
import { readCertificateFile } from '../shared/certificate-file.ts';
import { Counter, Gauge } from '../shared/metrics.ts';
import { databaseAnswers, openConfiguredDatabase } from '../shared/database.ts';
import { expiryMetrics } from '../shared/expiry-metrics.ts';
import { startHealth } from '../shared/health.ts';
import { loadKey } from '../shared/keystore.ts';
import { createLogger } from '../shared/log.ts';
import { startPeriodic } from '../shared/periodic.ts';
import { startPinnedServer } from '../shared/pinned-server.ts';
import { adminRoutes } from './admin-routes.ts';
import { loadAuthorityConfig } from './config.ts';
import { DEFAULT_CRITERIA, loadCriteria } from './criteria.ts';
import { memberRoutes } from './member-routes.ts';
import { createRegister, migrations, type Tables } from './register.ts';
import { createReports } from './reports.ts';
import { createReview } from './review.ts';
import { createStatements } from './statements.ts';

export interface RunningAuthority {
  readonly port: number;
  close(): Promise<void>;
}

/** Directory and CRL are made anew this often; milliseconds. */
const INTERVAL = 3_600_000;

export async function runAuthority(configFile: string, passphrase: string): Promise<RunningAuthority> {
  const config = loadAuthorityConfig(configFile);
  const log = createLogger({ server: 'authority', level: config.logLevel });
  const clock = { now: () => new Date() };
  const root = readCertificateFile(config.root);
  const pkcs8 = loadKey(config.delegateKey, passphrase);
  const certificate = readCertificateFile(config.delegateCertificate);
  const store = await openConfiguredDatabase<Tables>(config.database, migrations);
  const register = createRegister(store, { key: loadPrivateKey(pkcs8), certificate }, clock);
  await register.publish();
  let members = await register.memberKeys();
  const statements = createStatements(store, register, clock);
  const criteria = config.criteria === undefined ? DEFAULT_CRITERIA : loadCriteria(config.criteria);
  const review = createReview(store, register, criteria, clock);

  const requests = new Counter('ssmax_requests_total', 'Requests answered.');
  const server = await startPinnedServer({
    requests,
    identity: { key: pkcs8, certificates: [certificate.der] }, listen: config.listen, maximumBody: 524_288, log,
    peers: { member: { pins: () => members, app: memberRoutes({ register, reports: createReports(store, clock), statements }) } },
  });
  const admin = await startAdminSocket(join(config.state, ADMIN_SOCKET), {
    log, maximumBody: 1024 * 1024, peer: 'administrator',
    app: adminRoutes({ store, register, review, statements, changed: async () => { members = await register.memberKeys(); } }),
  });
  const health = config.health && (await startHealth({ listen: config.health, metrics: [requests, new Gauge('ssmax_authority_alarms', 'Alarms about members that nobody has looked into.', () => review.openAlarms()), ...expiryMetrics({ server: certificate, root })], ready: { database: () => databaseAnswers(store) }, log }));
  const hourly = startPeriodic(INTERVAL, clock, () => {
    register.publish().catch((error: unknown) => { log.error('not-published', { error }); });
  });
  log.info('ready', { port: server.port });
  return {
    port: server.port,
    async close() {
      hourly.stop();
      await Promise.all([server.close(), admin.close(), health?.close()]);
      await store.close();
    },
  };
}
