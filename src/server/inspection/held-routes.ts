/** Held mail: what the gateway asks (docs/protocol.md §8), and what the command line does on the administration socket. */
import { Hono } from 'hono';
import type { Bytes } from '../../core/bytes.ts';
import { heldAtSchema, releasesSchema, signedDecisionSchema } from '../../wire/held.ts';
import { decodeJson, encodeJson } from '../../wire/json.ts';
import type { HeldStore } from './held-mails.ts';

const JSON_TYPE = { 'content-type': 'application/json', 'cache-control': 'no-store' };

/** `POST /v1/held`, `GET /v1/held/releases`, `POST /v1/held/releases`; see src/wire/held.ts. */
export function heldGatewayRoutes(app: Hono, held: HeldStore): void {
  app.post('/v1/held', async (context) => {
    const { contentDigest, queueId } = decodeJson(heldAtSchema, new Uint8Array(await context.req.arrayBuffer()));
    return context.body(encodeJson(await held.lies(contentDigest, queueId)), 200, JSON_TYPE);
  });
  app.get('/v1/held/releases', async (context) => context.body(encodeJson({ queueIds: await held.releases() }), 200, JSON_TYPE));
  app.post('/v1/held/releases', async (context) => {
    const { queueIds } = decodeJson(releasesSchema, new Uint8Array(await context.req.arrayBuffer()));
    await held.released(queueIds);
    return context.body(encodeJson({}), 200, JSON_TYPE);
  });
}

/** `GET /held`, `GET /held/:id`, `POST /held/decisions`, `POST /held/looks`, `GET /held/:id/looks/:approver`, `GET /organisation` (whom a decision is for). */
export function heldAdminRoutes(held: HeldStore, organisation: string, sealer: Bytes): Hono {
  const app = new Hono();
  app.get('/organisation', (context) => context.json({ organisation }));
  app.get('/held', async (context) => context.body(encodeJson({ held: await held.list() }), 200, JSON_TYPE));
  app.get('/held/:id', async (context) => context.body(encodeJson(await held.get(context.req.param('id'))), 200, JSON_TYPE));
  app.post('/held/decisions', async (context) => {
    const { signed } = decodeJson(signedDecisionSchema, new Uint8Array(await context.req.arrayBuffer()));
    return context.body(encodeJson(await held.decide(signed)), 200, JSON_TYPE);
  });
  app.post('/held/looks', async (context) => {
    const { signed } = decodeJson(signedDecisionSchema, new Uint8Array(await context.req.arrayBuffer()));
    await held.look(signed);
    return context.body(encodeJson({}), 200, JSON_TYPE);
  });
  app.get('/held/:id/looks/:approver', async (context) => {
    const sealed = await held.seen(context.req.param('id'), context.req.param('approver'));
    return context.body(encodeJson({ ...(sealed !== undefined && { sealed }), sealer }), 200, JSON_TYPE);
  });
  return app;
}
