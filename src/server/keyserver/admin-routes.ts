/** What the command line asks of the running key server, over its Unix socket. */
import { Hono } from 'hono';
import { z } from 'zod';
import { parseCsr } from '../../core/pki/csr.ts';
import type { Clock } from '../../flow/ports.ts';
import { bytesField, decodeJson, encodeJson, timeField } from '../../wire/json.ts';
import { appendAudit } from '../shared/audit-chain.ts';
import { auditRoutes } from '../shared/audit-routes.ts';
import { approvalRoutes } from './approval-routes.ts';
import type { Approvals } from './approvals.ts';
import type { Ca } from './ca.ts';
import type { Registry } from './registry.ts';
import type { Store } from './tables.ts';

interface Parts {
  readonly store: Store;
  readonly registry: Registry;
  readonly ca: Ca;
  readonly approvals: Approvals;
  readonly refresh: () => Promise<void>;
  readonly clock: Clock;
}

const reference = z.string().min(1).max(64);
const memberSchema = z.strictObject({
  address: z.string().max(320), reference, displayName: z.string().min(1).max(64), pseudonym: z.boolean(), identityCheck: reference,
});
const aliasSchema = z.strictObject({ address: z.string().max(320), mailbox: z.string().max(320) });
const codeSchema = z.strictObject({ address: z.string().max(320), reference: reference.optional() });
const revokeSchema = z.strictObject({
  address: z.string().max(320), reason: z.enum(['keyCompromise', 'cessationOfOperation', 'superseded']), invalidSince: timeField.optional(),
});
const certifySchema = z.strictObject({
  role: z.enum(['gateway', 'inspection']), hostName: z.string().max(253), request: bytesField({ maximum: 16_384 }),
});

export function adminRoutes({ store, registry, ca, approvals, refresh, clock }: Parts): Hono {
  const app = new Hono();
  const post = <T>(path: string, schema: z.ZodType<T>, run: (request: T) => Promise<unknown>): void => {
    app.post(path, async (context) => {
      const answer = await run(decodeJson(schema, new Uint8Array(await context.req.arrayBuffer())));
      return context.body(encodeJson(answer ?? {}), 200, { 'content-type': 'application/json' });
    });
  };
  const note = (kind: string, details: Readonly<Record<string, string | number>>): Promise<unknown> => appendAudit(store, clock.now(), kind, details);

  post('/members', memberSchema, async (member) => {
    const added = await registry.add(member);
    await note('member-added', { member: added.id });
    return added;
  });
  app.get('/members', async (context) => context.body(encodeJson({ members: await registry.list() })));
  post('/aliases', aliasSchema, ({ address, mailbox }) => registry.addAlias(address, mailbox));
  post('/codes', codeSchema, async ({ address, reference: of }) => {
    const code = await registry.newCode(address, of);
    await note('code-issued', { address });
    return code;
  });
  post('/revocations', revokeSchema, async ({ address, reason, invalidSince }) => {
    const count = await registry.revokeAddress(address, reason, invalidSince);
    await note('revoked', { address, reason, count });
    await refresh();
    return { revoked: count };
  });
  post('/certifications', certifySchema, async ({ role, hostName, request }) => {
    const { publicKey } = await parseCsr(request);
    const certificate = await ca.issueServer(role, hostName, publicKey);
    return { certificate: certificate.der };
  });
  post('/refresh', z.strictObject({}), refresh);
  app.get('/crl', async (context) => context.body(await ca.crl()));
  app.route('/', approvalRoutes(approvals));
  app.route('/', auditRoutes(store));
  return app;
}
