/** Two organisations' desks with their databases, and the Authority between them: real legs, real reports, no sockets. */
import type { Bytes } from '../../../src/core/bytes.ts';
import { SsmaxError } from '../../../src/core/error.ts';
import type { Credential } from '../../../src/flow/ports.ts';
import { deliveryEvidence } from '../../../src/flow/report.ts';
import { createRegister, migrations as authorityMigrations, type Register, type Tables as AuthorityTables } from '../../../src/server/authority/register.ts';
import { createReports } from '../../../src/server/authority/reports.ts';
import { createStatements, type Statements } from '../../../src/server/authority/statements.ts';
import { type AbuseCases, createAbuseCases } from '../../../src/server/keyserver/abuse-cases.ts';
import { type AbuseDesk, createAbuseDesk } from '../../../src/server/keyserver/abuse-desk.ts';
import { createExchange, type Exchange } from '../../../src/server/keyserver/authority-exchange.ts';
import { type Ca, createCa } from '../../../src/server/keyserver/ca.ts';
import { createRecords } from '../../../src/server/keyserver/records.ts';
import { createSuspensions } from '../../../src/server/keyserver/suspension.ts';
import { migrations, type Store, type Tables } from '../../../src/server/keyserver/tables.ts';
import { type Database, openDatabase } from '../../../src/server/shared/database.ts';
import { createLogger } from '../../../src/server/shared/log.ts';
import { decodeJson, encodeJson } from '../../../src/wire/json.ts';
import type { Complaint, DeliveryEvidence } from '../../../src/wire/report.ts';
import { postedReportSchema, takenReportsSchema } from '../../../src/wire/report.ts';
import type { TestOrganisation } from '../../flow/world.ts';
import { native } from '../../flow/world.ts';
import { chain, createScene, HANAKO, mail, type Scene } from '../../security/scene.ts';

export interface TestDesk {
  readonly organisation: TestOrganisation;
  readonly store: Store;
  readonly ca: Ca;
  readonly cases: AbuseCases;
  readonly desk: AbuseDesk;
  readonly exchange: Exchange;
  /** What the log said. */
  readonly logged: string[];
}

export interface Desks {
  readonly scene: Scene;
  readonly hinode: TestDesk;
  readonly tsukimi: TestDesk;
  readonly authority: { readonly store: Database<AuthorityTables>; readonly register: Register; readonly statements: Statements };
  /** Whether the Authority can be reached. */
  reachable: boolean;
  close(): Promise<void>;
}

export const COMPLAINT: Complaint = { category: 'abuse', disclose: { reporter: false, comment: false } };

/** @param fresh gives the location of an empty store */
export async function createDesks(fresh: () => Promise<string>): Promise<Desks> {
  const scene = await createScene();
  const { world } = scene;
  const clock = { now: () => world.now };
  const store = await openDatabase<AuthorityTables>(await fresh(), authorityMigrations);
  const register = createRegister(store, world.delegate, clock);
  const [reports, statements] = [createReports(store, clock), createStatements(store, register, clock)];
  for (const { entry } of [scene.hinode, scene.tsukimi, scene.kasumi]) await register.certify(entry, new Uint8Array(32).fill(Number(entry.id.at(-1))));

  /** The Authority as the key server of one organisation sees it. */
  const authorityOf = (id: string) => ({
    async request({ method, path, body }: { method: string; path: string; body?: unknown }): Promise<Bytes> {
      if (!desks.reachable) throw new SsmaxError('unavailable', 'peer-unreachable', { peer: 'Authority', reason: 'planted' });
      const bytes = body as Bytes;
      switch (`${method} ${path}`) {
        case 'POST /v1/reports': await reports.post(id, decodeJson(postedReportSchema, bytes)); break;
        case 'GET /v1/reports': return encodeJson({ reports: await reports.waiting(id) });
        case 'POST /v1/reports/taken': await reports.taken(id, decodeJson(takenReportsSchema, bytes).ids); break;
        case 'POST /v1/statements': await statements.take(id, bytes); break;
        case 'GET /v1/heads': return encodeJson({ heads: await statements.heads(id) });
        default: throw new Error(`${method} ${path}`);
      }
      return encodeJson({});
    },
  });

  async function desk(organisation: TestOrganisation): Promise<TestDesk> {
    const own = await openDatabase<Tables>(await fresh(), migrations);
    const ca = createCa(own, organisation.issuer, (length) => native.random(length), clock);
    await ca.publishCrl();
    const records = createRecords(own, clock);
    Object.assign(organisation.serviceParts.records, { evidence: records.evidence.bind(records) });
    let number = 0;
    for (const [address, { certificate }] of organisation.users) {
      await own.query.insertInto('members').values({
        id: `member-${++number}`, address, reference: `E${number}`, display_name: certificate.subject.commonName ?? '', pseudonym: 0, kind: 'person', identity_check: `HR-${number}`, created: 0,
      }).execute();
      await keepCertificate(own, { certificate }, 'user', address, `member-${number}`);
    }
    await keepCertificate(own, organisation.gateway, 'gateway', '', null);
    const cases = createAbuseCases(own, createSuspensions(own, () => ca.publishCrl(), () => Promise.resolve(), clock), clock);
    const only = { key: organisation.serviceParts.key, certificate: organisation.issuer.certificate };
    const parts = { ...only, id: organisation.id, keys: [only] };
    const made = createAbuseDesk({ store: own, native, organisation: parts, cases, trust: () => world.trust(), clock });
    const logged: string[] = [];
    const log = createLogger({ server: 'test', level: 'debug', write: (line) => { logged.push(line); } });
    const exchange = createExchange({ store: own, authority: authorityOf(organisation.id), desk: made, organisation: parts, clock, log });
    return { organisation, store: own, ca, cases, desk: made, exchange, logged };
  }
  const desks: Desks = {
    scene, hinode: await desk(scene.hinode), tsukimi: await desk(scene.tsukimi), authority: { store, register, statements }, reachable: true,
    async close() {
      await Promise.all([desks.hinode.store.close(), desks.tsukimi.store.close(), store.close()]);
    },
  };
  return desks;
}

/** What the CA would have kept. */
async function keepCertificate(store: Store, { certificate }: Pick<Credential, 'certificate'>, role: string, address: string, member: string | null): Promise<void> {
  await store.query.insertInto('certificates').values({
    serial: certificate.serial, role, address, member, der: certificate.der, spki_hash: certificate.spkiSha256, not_after: certificate.notAfter.getTime(),
    revoked: null, reason: null, invalid_since: null,
  }).execute();
}

/** A mail of taro to hanako as it lies in her mailbox. */
export async function delivered({ scene }: Desks): Promise<{ mail: Bytes; contentDigest: Bytes; evidence: DeliveryEvidence }> {
  const { leg3 } = await chain(scene);
  const raw = mail(leg3, [HANAKO]);
  return { mail: raw, ...deliveryEvidence(raw) };
}
