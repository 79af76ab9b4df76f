/** What members' servers ask of the Authority: directory and CRL, reports in transit, statements (docs/protocol.md §9.1, protocol-abuse.md). */
import type { TLSSocket } from 'node:tls';
import type { HttpBindings } from '@hono/node-server';
import { type Context, Hono } from 'hono';
import type { Bytes } from '../../core/bytes.ts';
import { refused } from '../../core/error.ts';
import { decodeJson, encodeJson } from '../../wire/json.ts';
import { postedReportSchema, takenReportsSchema } from '../../wire/report.ts';
import { peerPin } from '../shared/pinned-server.ts';
import { directoryRoutes } from './directory-routes.ts';
import type { Register } from './register.ts';
import type { Reports } from './reports.ts';
import type { Statements } from './statements.ts';

interface Parts {
  readonly register: Register;
  readonly reports: Reports;
  readonly statements: Statements;
}

export function memberRoutes({ register, reports, statements }: Parts): Hono {
  const app = new Hono();
  app.route('/v1/directory', directoryRoutes(register));

  /** Only the key server speaks for its organisation: by the key that the connection proved. Throws `peer-not-allowed`. */
  const caller = async (context: Context): Promise<string> => {
    const pin = peerPin((context.env as HttpBindings).incoming.socket as TLSSocket);
    const organisation = pin === undefined ? undefined : await register.organisationOfKeyServer(pin);
    if (organisation === undefined) throw refused('peer-not-allowed');
    return organisation;
  };
  const body = async (context: Context): Promise<Bytes> => new Uint8Array(await context.req.arrayBuffer());

  app.post('/v1/reports', async (context) => {
    await reports.post(await caller(context), decodeJson(postedReportSchema, await body(context)));
    return context.body(encodeJson({}));
  });
  app.get('/v1/reports', async (context) => context.body(encodeJson({ reports: await reports.waiting(await caller(context)) })));
  app.post('/v1/reports/taken', async (context) => {
    await reports.taken(await caller(context), decodeJson(takenReportsSchema, await body(context)).ids);
    return context.body(encodeJson({}));
  });
  app.post('/v1/statements', async (context) => {
    await statements.take(await caller(context), await body(context));
    return context.body(encodeJson({}));
  });
  app.get('/v1/heads', async (context) => context.body(encodeJson({ heads: await statements.heads(await caller(context)) })));
  return app;
}
