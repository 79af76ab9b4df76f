/**
 * The key server's part in the life of a key, with its own database: members who enrol, lose their keys, renew and recover. The
 * chain around it is that of test/flow/world.ts; the wire is a function call.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SsmaxError } from '../../../src/core/error.ts';
import type { Credential, Http } from '../../../src/flow/ports.ts';
import { generatePrivateKey, loadPrivateKey } from '../../../src/platform/node-crypto.ts';
import { type Ca, createCa } from '../../../src/server/keyserver/ca.ts';
import { lifeRoutes } from '../../../src/server/keyserver/life-routes.ts';
import { createMemberKeys } from '../../../src/server/keyserver/member-keys.ts';
import { createOwnKeys, type OwnKeys } from '../../../src/server/keyserver/own-keys.ts';
import { createRecords } from '../../../src/server/keyserver/records.ts';
import { createRecoveryDesk, type RecoveryDesk } from '../../../src/server/keyserver/recovery.ts';
import { createRegistry, type Registry } from '../../../src/server/keyserver/registry.ts';
import { migrations, type Store, type Tables } from '../../../src/server/keyserver/tables.ts';
import { openDatabase } from '../../../src/server/shared/database.ts';
import { encodeJson } from '../../../src/wire/json.ts';
import { encodeProblem } from '../../../src/wire/problem.ts';
import { native, type TestOrganisation, type TestWorld } from '../../flow/world.ts';

export interface LifeWorld {
  readonly store: Store;
  readonly ca: Ca;
  readonly keys: OwnKeys;
  readonly registry: Registry;
  readonly recovery: RecoveryDesk;
  readonly notices: string;
  /** The key server's plugin interface. */
  readonly http: Http;
  /** The last body that was asked, for replays. */
  readonly asked: { last?: Parameters<Http>[0] };
  /** A registered member; `enrol` gives him a certificate for a new key. */
  register(address: string, reference: string): Promise<void>;
  enrol(address: string, reference: string): Promise<Credential>;
  revoke(address: string, reference: string): Promise<void>;
  /** Opens a recovery as if two administrators had approved it. */
  open(address: string, reference: string, limits?: { hours?: number; mails?: number }): Promise<void>;
  close(): Promise<void>;
}

/** `location`: of its database, one of its own on SQLite if none is given. */
export async function createLifeWorld(world: TestWorld, organisation: TestOrganisation, location?: string): Promise<LifeWorld> {
  const dir = mkdtempSync(join(tmpdir(), 'ssmax-life-'));
  const notices = join(dir, 'notices');
  const store = await openDatabase<Tables>(location ?? join(dir, 'state.sqlite'), migrations);
  const clock = { now: () => world.now };
  const random = (length: number) => native.random(length);
  const keys = createOwnKeys([{ key: organisation.serviceParts.key, certificate: organisation.issuer.certificate }]);
  const ca = createCa(store, keys, random, clock);
  const registry = createRegistry(store, ca, organisation.entry.domains, random, clock);
  const memberKeys = createMemberKeys(store, organisation.id);
  const recovery = createRecoveryDesk(store, memberKeys, { notices, hours: 100, mails: 100 }, clock);
  const app = lifeRoutes({ native, store, ca, keys, memberKeys, recovery, seen: createRecords(store, clock), trust: () => world.trust(), clock });
  app.onError((error) => {
    if (!(error instanceof SsmaxError)) throw error;
    const { status, body } = encodeProblem(error);
    return new Response(body, { status });
  });
  const asked: LifeWorld['asked'] = {};
  const follow = async (address: string): Promise<void> => {
    const [member] = await registry.expand(address);
    if (member !== undefined) organisation.members.set(address, member);
  };
  return {
    store, ca, keys, registry, recovery, notices, asked,
    async http(request) {
      asked.last = request;
      const { method, url, headers, body } = request;
      const answer = await app.request(new URL(url).pathname, { method, ...(headers !== undefined && { headers }), ...(body !== undefined && { body }) });
      return { status: answer.status, header: (name) => answer.headers.get(name) ?? undefined, body: new Uint8Array(await answer.arrayBuffer()) };
    },
    async register(address, reference) {
      await registry.add({ address, reference, displayName: reference, pseudonym: false, identityCheck: 'HR' });
      await follow(address);
    },
    async enrol(address, reference) {
      const { code } = await registry.newCode(address, reference);
      const key = loadPrivateKey(generatePrivateKey());
      const credential = { key, certificate: await registry.enrol(address, code, key.publicKey) };
      organisation.users.set(address, credential);
      await follow(address);
      return credential;
    },
    async revoke(address, reference) {
      await registry.revokeAddress(address, 'keyCompromise', undefined, reference);
      const rows = await store.query.selectFrom('certificates').select('serial').where('revoked', 'is not', null).execute();
      for (const { serial } of rows) if (!organisation.revoked.some((one) => one.serial === serial)) organisation.revoked.push({ serial, date: world.now, reason: 'keyCompromise' });
      await follow(address);
    },
    async open(address, reference, { hours = 48, mails = 10 } = {}) {
      await recovery.action.run(encodeJson({ address, reference, hours, mails }));
    },
    async close() {
      await store.close();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
