/** What the command line asks of the running Authority, over its Unix socket. */
import { Hono } from 'hono';
import { z } from 'zod';
import { organisationSchema, STANDINGS } from '../../wire/directory.ts';
import { bytesField, decodeJson, encodeJson, timeField } from '../../wire/json.ts';
import { auditRoutes } from '../shared/audit-routes.ts';
import { backupRoutes } from '../shared/backup.ts';
import type { Database } from '../shared/database.ts';
import { directoryRoutes } from './directory-routes.ts';
import type { Register, Tables } from './register.ts';
import type { Review } from './review.ts';
import type { Statements } from './statements.ts';

const id = z.string().min(1).max(64);
const reason = z.string().min(1).max(500);
const certifySchema = z.strictObject({
  entry: organisationSchema, keyServer: bytesField({ length: 32 }),
  /** How long keys that go out of use go on counting; days. */
  overlap: z.int().min(0).max(365).optional(),
});
const DAY = 86_400_000;
const revokeSchema = z.strictObject({
  id, reason: z.enum(['keyCompromise', 'cessationOfOperation', 'superseded']), invalidSince: timeField.optional(),
  certificate: bytesField({ maximum: 16_384 }).optional(),
});
const spkis = z.array(bytesField({ length: 32 })).min(1).max(32);
const serversSchema = z.strictObject({
  id, gateways: spkis, inspections: spkis, keyServer: bytesField({ length: 32 }).optional(), overlap: z.int().min(0).max(365).optional(),
});
const alwaysSignedSchema = z.strictObject({ id: z.string().max(64), domains: z.array(z.string().max(253)).max(1000) });
const standingSchema = z.strictObject({ id, state: z.enum(STANDINGS), reason });
const auditSchema = z.strictObject({ id, date: z.iso.date(), auditor: z.string().min(1).max(200), hash: bytesField({ length: 32 }) });
const candidateSchema = z.strictObject({ id, name: z.string().min(1).max(200), domains: z.array(z.string().regex(/^[a-z0-9.-]{1,253}$/)).min(1).max(1000) });
const acceptSchema = z.strictObject({ id, reason });

interface Parts {
  readonly store: Database<Tables>;
  readonly register: Register;
  readonly review: Review;
  readonly statements: Statements;
  /** Members, or their servers, are others now. */
  readonly changed: () => Promise<void>;
}

export function adminRoutes({ store, register, review, statements, changed }: Parts): Hono {
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
  post('/revocations', revokeSchema, (request) => register.revoke(request.id, request.reason, request.invalidSince, request.certificate));
  post('/servers', serversSchema, ({ overlap, ...request }) => register.servers(request.id, { ...request, keyServer: request.keyServer }, overlap === undefined ? undefined : overlap * DAY));
  post('/always-signed', alwaysSignedSchema, (request) => register.alwaysSigned(request.id, request.domains));
  post('/standings', standingSchema, (request) => review.setStanding(request.id, request.state, request.reason));
  post('/audits', auditSchema, (request) => review.recertify(request.id, request));
  post('/candidates', candidateSchema, (candidate) => review.addCandidate(candidate));
  post('/chains', acceptSchema, (request) => statements.acceptChain(request.id, request.reason));
  app.get('/review', async (context) => context.body(encodeJson(await review.members())));
  app.route('/directory', directoryRoutes(register));
  app.get('/organisations', async (context) => context.body(encodeJson({ organisations: await register.organisations() })));
  app.route('/', auditRoutes(store));
  app.route('/', backupRoutes(store));
  return app;
}
