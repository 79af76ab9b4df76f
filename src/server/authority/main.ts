/** The Authority's online part: publishes directory and CRL, signed by the delegate. The root key is never here. */
import { join } from 'node:path';
import { Hono } from 'hono';
import { z } from 'zod';
import { loadPrivateKey } from '../../platform/node-crypto.ts';
import { organisationSchema } from '../../wire/directory.ts';
import { bytesField, decodeJson, encodeJson, timeField } from '../../wire/json.ts';
import { ADMIN_SOCKET, startAdminSocket } from '../shared/admin-socket.ts';
import { auditRoutes } from '../shared/audit-routes.ts';
import { backupRoutes } from '../shared/backup.ts';
import { readCertificateFile } from '../shared/certificate-file.ts';
import { Counter } from '../shared/metrics.ts';
import { databaseAnswers, openConfiguredDatabase } from '../shared/database.ts';
import { expiryMetrics } from '../shared/expiry-metrics.ts';
import { startHealth } from '../shared/health.ts';
import { loadKey } from '../shared/keystore.ts';
import { createLogger } from '../shared/log.ts';
import { startPinnedServer } from '../shared/pinned-server.ts';
import { loadAuthorityConfig } from './config.ts';
import { createRegister, migrations, type Register, type Tables } from './register.ts';

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
  const register = createRegister(store, { key: loadPrivateKey(pkcs8), certificate }, root.der, clock);
  await register.publish();
  let members = await register.memberKeys();

  const requests = new Counter('ssmax_requests_total', 'Requests answered.');
  const server = await startPinnedServer({
    requests,
    identity: { key: pkcs8, certificates: [certificate.der] }, listen: config.listen, maximumBody: 65_536, log,
    peers: { member: { pins: () => members, app: publicRoutes(register) } },
  });
  const admin = await startAdminSocket(join(config.state, ADMIN_SOCKET), {
    log, maximumBody: 1024 * 1024, peer: 'administrator',
    app: adminRoutes(register, async () => { members = await register.memberKeys(); }, auditRoutes(store).route('/', backupRoutes(store))),
  });
  const health = config.health && (await startHealth({ listen: config.health, metrics: [requests, ...expiryMetrics({ server: certificate, root })], ready: { database: () => databaseAnswers(store) }, log }));
  const timer = setInterval(() => {
    register.publish().catch((error: unknown) => { log.error('not-published', { error }); });
  }, INTERVAL);
  timer.unref();
  log.info('ready', { port: server.port });
  return {
    port: server.port,
    async close() {
      clearInterval(timer);
      await Promise.all([server.close(), admin.close(), health?.close()]);
      await store.close();
    },
  };
}

function publicRoutes(register: Register): Hono {
  const app = new Hono();
  app.get('/v1/directory', async (context) => context.body((await register.published()).directory, 200, { 'content-type': 'application/cms' }));
  app.get('/v1/crl', async (context) => context.body((await register.published()).crl, 200, { 'content-type': 'application/pkix-crl' }));
  return app;
}

const certifySchema = z.strictObject({
  entry: organisationSchema, keyServer: bytesField({ length: 32 }),
  /** How long keys that go out of use go on counting; days. */
  overlap: z.int().min(0).max(365).optional(),
});
const DAY = 86_400_000;
const revokeSchema = z.strictObject({
  id: z.string().max(64), reason: z.enum(['keyCompromise', 'cessationOfOperation', 'superseded']), invalidSince: timeField.optional(),
});

const alwaysSignedSchema = z.strictObject({ id: z.string().max(64), domains: z.array(z.string().max(253)).max(1000) });

function adminRoutes(register: Register, changed: () => Promise<void>, audit: Hono): Hono {
  const app = new Hono();
  const post = <T>(path: string, schema: z.ZodType<T>, run: (request: T) => Promise<void>): void => {
    app.post(path, async (context) => {
      await run(decodeJson(schema, new Uint8Array(await context.req.arrayBuffer())));
      await changed();
      return context.body(encodeJson({}));
    });
  };
  post('/organisations', certifySchema, ({ entry, keyServer, overlap }) => register.certify(entry, keyServer, overlap === undefined ? undefined : overlap * DAY));
  post('/revocations/delegates', z.strictObject({ certificate: bytesField({ maximum: 16_384 }) }), ({ certificate }) => register.revokeDelegate(certificate));
  post('/revocations', revokeSchema, ({ id, reason, invalidSince }) => register.revoke(id, reason, invalidSince));
  post('/always-signed', alwaysSignedSchema, ({ id, domains }) => register.alwaysSigned(id, domains));
  app.get('/organisations', async (context) => context.body(encodeJson({ organisations: await register.organisations() })));
  app.get('/published', async (context) => context.body(encodeJson(await register.published())));
  app.route('/', audit);
  return app;
}
