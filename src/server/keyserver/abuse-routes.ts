/** Cases of abuse over the administration socket (`ssmax abuse …`). */
import { Hono } from 'hono';
import { z } from 'zod';
import { decodeJson, encodeJson } from '../../wire/json.ts';
import type { AbuseCases } from './abuse-cases.ts';
import type { Exchange } from './authority-exchange.ts';
import type { Store } from './tables.ts';

const reasonSchema = z.strictObject({ reason: z.string().min(1).max(500) });
const closeSchema = z.strictObject({ outcome: z.enum(['confirmed', 'unfounded']), reason: z.string().min(1).max(500) });

const anchorSchema = z.strictObject({ day: z.iso.date() });

export function abuseRoutes(cases: AbuseCases, exchange: Exchange, store: Store): Hono {
  const app = new Hono();
  const post = <T>(path: string, schema: z.ZodType<T>, run: (id: string, request: T) => Promise<unknown>): void => {
    app.post(path, async (context) => {
      const answer = await run(context.req.param('id') ?? '', decodeJson(schema, new Uint8Array(await context.req.arrayBuffer())));
      return context.body(encodeJson(answer ?? {}));
    });
  };
  app.get('/abuse/cases', async (context) => context.body(encodeJson({ cases: await cases.list(context.req.query('all') === 'true') })));
  app.get('/abuse/cases/:id', async (context) => context.body(encodeJson(await cases.show(context.req.param('id')))));
  post('/abuse/cases/:id/warn', reasonSchema, (id, { reason }) => cases.warn(id, reason));
  post('/abuse/cases/:id/suspend', reasonSchema, async (id, { reason }) => ({ certificates: await cases.suspend(id, reason) }));
  post('/abuse/cases/:id/reinstate', reasonSchema, (id, { reason }) => cases.reinstate(id, reason));
  post('/abuse/cases/:id/close', closeSchema, (id, { outcome, reason }) => cases.close(id, outcome, reason));
  app.post('/audit/anchor', async (context) => {
    const { day } = decodeJson(anchorSchema, new Uint8Array(await context.req.arrayBuffer()));
    return context.body(encodeJson(await exchange.state(day)));
  });
  // What own members reported about others: no addresses of reporters.
  app.get('/abuse/reports', async (context) => {
    const rows = await store.query.selectFrom('abuse_reports').select(['id', 'channel', 'category', 'sender', 'organisation', 'state', 'code', 'at'])
      .orderBy('at', 'desc').limit(1000).execute();
    return context.body(encodeJson({ reports: rows.map(({ at, code, ...row }) => ({ ...row, ...(code !== null && { code }), at: new Date(at) })) }));
  });
  return app;
}
