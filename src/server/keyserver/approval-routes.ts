/** Administrators and their approvals, over the administration socket. */
import { Hono } from 'hono';
import { z } from 'zod';
import { refused } from '../../core/error.ts';
import { parseCsr } from '../../core/pki/csr.ts';
import { bytesField, decodeJson, encodeJson } from '../../wire/json.ts';
import type { Approvals } from './approvals.ts';

const addSchema = z.strictObject({ csr: bytesField({ maximum: 8192 }) });
const requestSchema = z.strictObject({ kind: z.string().max(32), payload: bytesField({ maximum: 4096 }) });
const signatureSchema = z.strictObject({ id: z.uuid(), publicKey: bytesField({ length: 65 }), signature: bytesField({ length: 64 }) });

export function approvalRoutes(approvals: Approvals): Hono {
  const app = new Hono();
  app.get('/administrators', async (context) => context.body(encodeJson({ administrators: await approvals.administrators() })));
  app.post('/administrators', async (context) => {
    const { csr } = decodeJson(addSchema, new Uint8Array(await context.req.arrayBuffer()));
    const { publicKey, subject } = await parseCsr(csr);
    if (subject.commonName === undefined) throw refused('csr-malformed', { what: 'name' });
    const approval = await approvals.addAdministrator(subject.commonName, publicKey);
    return context.body(encodeJson({ name: subject.commonName, ...(approval !== undefined && { approval }) }));
  });
  app.get('/approvals', async (context) => context.body(encodeJson({ approvals: await approvals.pending() })));
  app.post('/approvals', async (context) => {
    const { kind, payload } = decodeJson(requestSchema, new Uint8Array(await context.req.arrayBuffer()));
    return context.body(encodeJson(await approvals.request(kind, payload)));
  });
  app.post('/approvals/signatures', async (context) => {
    const { id, publicKey, signature } = decodeJson(signatureSchema, new Uint8Array(await context.req.arrayBuffer()));
    return context.body(encodeJson(await approvals.sign(id, publicKey, signature)));
  });
  return app;
}
