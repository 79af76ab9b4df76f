/** What the command line asks of the running key server, over its Unix socket. */
import { Hono } from 'hono';
import { z } from 'zod';
import { parseCsr } from '../../core/pki/csr.ts';
import type { Clock } from '../../flow/ports.ts';
import { bytesField, decodeJson, encodeJson, timeField } from '../../wire/json.ts';
import { appendAudit } from '../shared/audit-chain.ts';
import { auditRoutes } from '../shared/audit-routes.ts';
import { backupRoutes } from '../shared/backup.ts';
import type { Abuse } from './abuse.ts';
import { approvalRoutes } from './approval-routes.ts';
import type { Approvals } from './approvals.ts';
import type { Ca } from './ca.ts';
import { POSTING } from './groups.ts';
import { importMembers } from './member-import.ts';
import type { RecoveryDesk } from './recovery.ts';
import type { Registry } from './registry.ts';
import type { Store } from './tables.ts';

interface Parts {
  readonly store: Store;
  readonly registry: Registry;
  /** The organisation's mail domains. */
  readonly domains: readonly string[];
  readonly ca: Ca;
  readonly approvals: Approvals;
  readonly recovery: RecoveryDesk;
  readonly abuse: Pick<Abuse, 'routes' | 'exchange'>;
  readonly refresh: () => Promise<void>;
  readonly clock: Clock;
}

const address = z.string().max(320);
const reference = z.string().min(1).max(64);
const days = z.int().min(1).max(90).optional();
const memberSchema = z.strictObject({
  address, reference, displayName: z.string().min(1).max(64), pseudonym: z.boolean(), identityCheck: z.string().max(64),
  person: z.string().min(1).max(64).optional(), kind: z.enum(['person', 'service']).default('person'),
}).refine(({ kind, identityCheck }) => kind === 'service' || identityCheck !== '', { path: ['identityCheck'], message: 'due for a person' });
const importSchema = z.strictObject({ file: bytesField({ maximum: 8 * 1024 * 1024 }), dryRun: z.boolean(), leavers: z.int().min(0).optional() });
const holderSchema = z.strictObject({ address, reference: reference.optional() });
const aliasSchema = z.strictObject({ address, mailbox: address });
const codeSchema = z.strictObject({ address, reference: reference.optional(), days });
const revokeSchema = z.strictObject({
  address, reference: reference.optional(), reason: z.enum(['keyCompromise', 'cessationOfOperation', 'superseded']), invalidSince: timeField.optional(),
});
const listSchema = z.strictObject({
  address, name: z.string().min(1).max(64).optional(), posting: z.enum(POSTING).optional(), owner: address.optional(), members: z.array(address).max(10_000),
});
const certifySchema = z.strictObject({
  role: z.enum(['gateway', 'inspection']), hostName: z.string().max(253), request: bytesField({ maximum: 16_384 }),
});

export function adminRoutes({ store, registry, domains, ca, approvals, recovery, abuse, refresh, clock }: Parts): Hono {
  const app = new Hono();
  const post = <T>(path: string, schema: z.ZodType<T>, run: (request: T) => Promise<unknown>): void => {
    app.post(path, async (context) => {
      const answer = await run(decodeJson(schema, new Uint8Array(await context.req.arrayBuffer())));
      return context.body(encodeJson(answer ?? {}), 200, { 'content-type': 'application/json' });
    });
  };
  const note = (kind: string, details: Readonly<Record<string, string | number>>): Promise<unknown> => appendAudit(store, clock.now(), kind, details);

  const get = (path: string, run: () => Promise<unknown>): void => {
    app.get(path, async (context) => context.body(encodeJson(await run()), 200, { 'content-type': 'application/json' }));
  };

  post('/members', memberSchema, ({ person, ...member }) => registry.add({ ...member, ...(person !== undefined && { person }) }));
  get('/members', async () => ({ members: await registry.list() }));
  post('/members/import', importSchema, async ({ leavers, ...order }) => {
    const report = await importMembers(store, ca, domains, clock, { ...order, ...(leavers !== undefined && { leavers }) });
    if (report.revoked > 0) await refresh();
    return report;
  });
  post('/members/leave', holderSchema, async ({ address: of, reference: whose }) => {
    const left = await registry.remove(of, whose);
    await refresh();
    return left;
  });
  post('/aliases', aliasSchema, ({ address: alias, mailbox }) => registry.addAlias(alias, mailbox));
  post('/aliases/remove', z.strictObject({ address, mailbox: address.optional() }), ({ address: alias, mailbox }) => registry.removeAlias(alias, mailbox));
  get('/aliases', async () => ({ aliases: await registry.aliases() }));
  post('/codes', codeSchema, ({ address: of, reference: whose, days: valid }) => registry.newCode(of, whose, valid));
  post('/codes/all', z.strictObject({ reissue: z.boolean(), days }), async ({ reissue, days: valid }) =>
    ({ codes: await registry.newCodes({ reissue, ...(valid !== undefined && { days: valid }) }) }));
  post('/codes/withdraw', holderSchema, async ({ address: of, reference: whose }) => ({ withdrawn: await registry.withdrawCodes(of, whose) }));
  get('/codes', async () => ({ codes: await registry.openCodes() }));
  post('/lists', listSchema, ({ name, posting, owner, ...list }) => registry.addToList({ ...list, ...(name !== undefined && { name }), ...(owner !== undefined && { owner }), ...(posting !== undefined && { posting }) }));
  post('/lists/remove', z.strictObject({ address, members: z.union([z.array(address).min(1).max(10_000), z.literal('whole list')]) }), ({ address: list, members }) =>
    registry.removeFromList(list, members));
  get('/lists', async () => ({ lists: await registry.lists() }));
  post('/revocations', revokeSchema, async ({ address: of, reason, invalidSince, reference: whose }) => {
    const count = await registry.revokeAddress(of, reason, invalidSince, whose);
    await note('revoked', { address: of, reason, count });
    await refresh();
    return { revoked: count };
  });
  post('/certifications', certifySchema, async ({ role, hostName, request }) => {
    const { publicKey } = await parseCsr(request);
    const certificate = await ca.issueServer(role, hostName, publicKey);
    return { certificate: certificate.der };
  });
  post('/refresh', z.strictObject({}), async () => {
    await refresh();
    await abuse.exchange.run();
  });
  app.get('/crl', async (context) => context.body(await ca.crl()));
  app.route('/', approvalRoutes(approvals));
  app.get('/recoveries', async (context) => context.body(encodeJson({ recoveries: await recovery.list() })));
  post('/recoveries/end', z.strictObject({ address: z.string().max(320), reference }), async ({ address, reference: of }) => ({ closed: await recovery.close(address, of) }));
  app.route('/', abuse.routes);
  app.route('/', auditRoutes(store, () => abuse.exchange.heads()));
  app.route('/', backupRoutes(store));
  return app;
}
