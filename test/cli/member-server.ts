/** The key server's HTTPS interface for members, over an organisation of the test world. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createCa } from '../../src/server/keyserver/ca.ts';
import { createConsents } from '../../src/server/keyserver/consents.ts';
import { pluginRoutes } from '../../src/server/keyserver/plugin-routes.ts';
import { createRecords } from '../../src/server/keyserver/records.ts';
import { createRegistry } from '../../src/server/keyserver/registry.ts';
import { migrations, type Tables } from '../../src/server/keyserver/tables.ts';
import { openDatabase } from '../../src/server/shared/database.ts';
import { createLogger } from '../../src/server/shared/log.ts';
import { startPlainHttps } from '../../src/server/shared/plain-https.ts';
import { fileOf, native, type TestOrganisation, type TestWorld } from '../flow/world.ts';

export interface MemberServer {
  readonly url: string;
  close(): Promise<void>;
}

/** Leaves `tls.pem` and one-time codes (`code`, `second-code`) for batch@hinode.example in `directory`. */
export async function startMemberServer(world: TestWorld, organisation: TestOrganisation, directory: string): Promise<MemberServer> {
  const state = join(directory, 'server');
  mkdirSync(state);
  const [keyFile, certificateFile] = [join(state, 'tls.key'), join(directory, 'tls.pem')];
  execFileSync('openssl', [
    'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2', '-subj', '/CN=127.0.0.1',
    '-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', keyFile, '-out', certificateFile,
  ], { stdio: 'ignore' });
  const clock = { now: () => new Date() };
  const random = (length: number) => native.random(length);
  const store = await openDatabase<Tables>(join(state, 'state.sqlite'), migrations);
  const ca = createCa(store, organisation.issuer, random, clock);
  await ca.publishCrl();
  const registry = createRegistry(store, ca, organisation.entry.domains, random, clock);
  await registry.add({ address: 'batch@hinode.example', reference: 'B-1', displayName: '請求システム', pseudonym: false, identityCheck: 'contract 7' });
  for (const name of ['code', 'second-code']) {
    writeFileSync(join(directory, name), `${(await registry.newCode('batch@hinode.example')).code}\n`);
  }
  const { directory: { index }, crls: [authorityCrl = new Uint8Array(0)] } = await world.material();
  const never = (): never => { throw new Error('not to be called'); };
  const app = pluginRoutes({
    registry, ca, clock, policy: { modes: ['protect-all'], signedOnly: [] }, requireInForce: never, desk: { file: never, due: never, sent: never, take: never }, records: createRecords(store, clock), roots: [world.root.der],
    consents: createConsents(store, registry, clock), organisationType: async () => organisation.entry.type,
    id: organisation.id, keys: { inUse: organisation.issuer },
    published: { copy: (name) => (name === 'index' ? index : authorityCrl), file: (name) => fileOf(world, name), hasFile: () => true },
  });
  const log = createLogger({ server: 'keyserver', level: 'error', write: () => undefined });
  const server = await startPlainHttps({ keyFile, certificateFile, listen: { host: '127.0.0.1', port: 0 }, app, maximumBody: 100_000, log });
  return {
    url: `https://127.0.0.1:${server.port}`,
    async close() {
      await server.close();
      await store.close();
    },
  };
}
