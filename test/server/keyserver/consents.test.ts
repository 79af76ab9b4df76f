/** Statements of consent at the key server: kept in order, never an old one again, each in the audit chain (docs/protocol.md §9.4). */
import type { Hono } from 'hono';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Bytes } from '../../../src/core/bytes.ts';
import { SsmaxError } from '../../../src/core/error.ts';
import { type ConsentParts, readConsent, stateConsent } from '../../../src/flow/consent.ts';
import type { Credential } from '../../../src/flow/ports.ts';
import { generatePrivateKey, loadPrivateKey } from '../../../src/platform/node-crypto.ts';
import { createCa } from '../../../src/server/keyserver/ca.ts';
import { type ConsentStore, createConsents } from '../../../src/server/keyserver/consents.ts';
import { pluginRoutes } from '../../../src/server/keyserver/plugin-routes.ts';
import { migrations, type Store, type Tables } from '../../../src/server/keyserver/tables.ts';
import { openDatabase } from '../../../src/server/shared/database.ts';
import { encodeProblem } from '../../../src/wire/problem.ts';
import { signStatement, statementOf } from '../../flow/isp.ts';
import { createWorld, native, type TestOrganisation, type TestWorld } from '../../flow/world.ts';
import { onBothDatabases } from '../shared/databases.ts';

const AOI = 'aoi@nagisa.example';

let world: TestWorld;
let nagisa: TestOrganisation;
let store: Store;
let consents: ConsentStore;
let app: Hono;
let aoi: Credential;
/** Certificates in force by mailbox, as the registry would expand them. */
const held = new Map<string, Bytes[]>();

async function open(location: string): Promise<void> {
  world = await createWorld();
  nagisa = await world.addOrganisation('nagisa.example', { ja: '渚ネット', en: 'Nagisa Net' }, 'isp');
  store = await openDatabase<Tables>(location, migrations);
  const clock = { now: () => world.now };
  const ca = createCa(store, nagisa.issuer, (length) => native.random(length), clock);
  held.clear();
  aoi = await issue(AOI, 'M-1');
  consents = createConsents(store, { expand: async (address) => [...held].filter(([mailbox]) => mailbox === address || address === 'family@nagisa.example').map(([mailbox, certificates]) => ({ mailbox, certificates })) }, clock);
  const never = (): never => { throw new Error('not to be called'); };
  app = pluginRoutes({
    ...({} as Parameters<typeof pluginRoutes>[0]), ca, clock, consents, roots: [world.root.der], published: { copy: never, file: never, hasFile: never }, organisationType: async () => nagisa.entry.type,
    registry: { enrol: never, certificateByKey: async () => aoi.certificate }, id: nagisa.id, keys: { inUse: nagisa.issuer },
  });
  app.onError((error) => {
    if (!(error instanceof SsmaxError)) throw error;
    const { status, body } = encodeProblem(error);
    return new Response(body, { status });
  });

  async function issue(address: string, member: string): Promise<Credential> {
    const key = loadPrivateKey(generatePrivateKey());
    const certificate = await ca.issueUser({ id: member, address, displayName: '青井 葵', pseudonym: false }, key.publicKey);
    held.set(address, [...held.get(address) ?? [], certificate.der]);
    return { key, certificate };
  }
}

async function member(): Promise<ConsentParts> {
  return {
    url: 'http://nagisa', credential: aoi, trust: await world.trust(), clock: { now: () => world.now }, random: (length) => native.random(length),
    http: async ({ body }) => {
      const answer = await app.request('/ssmax/v1/requests', { method: 'POST', ...(body !== undefined && { body }) });
      return { status: answer.status, header: () => undefined, body: new Uint8Array(await answer.arrayBuffer()) };
    },
  };
}

const post = async (der: Bytes): Promise<unknown> => (await app.request('/ssmax/v1/requests', { method: 'POST', body: der })).json();

onBothDatabases('statements of consent', (fresh) => {
  beforeEach(async () => open(await fresh()));
  afterEach(() => store.close());

  describe('a member', () => {
    it('says what may be inspected, in each direction, and takes it back', async () => {
      const parts = await member();
      expect(await readConsent(parts)).toEqual({ outbound: false, inbound: false });
      expect(await stateConsent(parts, { inbound: true })).toEqual({ outbound: false, inbound: true });
      expect([(await consents.given('inbound', AOI)).length, (await consents.given('outbound', AOI)).length]).toEqual([1, 0]);
      expect(await stateConsent(parts, { outbound: true, inbound: false })).toEqual({ outbound: true, inbound: false });
      expect([(await consents.given('inbound', AOI)).length, (await consents.given('outbound', AOI)).length]).toEqual([0, 1]);
      const entries = await store.query.selectFrom('audit_entries').select('kind').where('kind', '=', 'consent').execute();
      expect(entries).toHaveLength(2);
    });

    it('may ask again when the answer was lost: nothing is said twice', async () => {
      const der = await signStatement(statementOf(nagisa, aoi), aoi);
      for (const _ of [1, 2]) await app.request('/ssmax/v1/requests', { method: 'POST', body: der });
      expect(await store.query.selectFrom('consents').select('number').execute()).toEqual([{ number: 1 }]);
    });

    it('of an organisation has nothing to consent to', async () => {
      nagisa.entry.type = 'organisation';
      expect(await post(await signStatement(statementOf(nagisa, aoi), aoi))).toMatchObject({ code: 'consent-not-applicable' });
    });
  });

  describe('refused', () => {
    it('is an old statement after a newer one, and one that skips', async () => {
      const given = await signStatement(statementOf(nagisa, aoi), aoi);
      const withdrawn = await signStatement(statementOf(nagisa, aoi, { number: 2, outbound: false, inbound: false }), aoi);
      for (const der of [given, withdrawn]) await app.request('/ssmax/v1/requests', { method: 'POST', body: der });
      expect(await post(given)).toMatchObject({ code: 'consent-superseded', params: { number: 2 } });
      expect(await post(await signStatement(statementOf(nagisa, aoi, { number: 4 }), aoi))).toMatchObject({ code: 'consent-superseded' });
      expect(await consents.given('inbound', AOI)).toEqual([]);
    });

    it('is a statement that waited', async () => {
      expect(await post(await signStatement(statementOf(nagisa, aoi, { time: new Date(world.now.getTime() - 11 * 60_000) }), aoi))).toMatchObject({ code: 'clock-wrong' });
    });

    it('is one for another address, and one to another organisation', async () => {
      expect(await post(await signStatement(statementOf(nagisa, aoi, { address: 'ren@nagisa.example' }), aoi))).toMatchObject({ code: 'request-invalid' });
      expect(await post(await signStatement(statementOf(nagisa, aoi, { audience: 'other' }), aoi))).toMatchObject({ code: 'request-invalid' });
    });

    it('is one by a revoked certificate', async () => {
      await store.query.updateTable('certificates').set({ revoked: world.now.getTime() }).execute();
      expect(await post(await signStatement(statementOf(nagisa, aoi), aoi))).toMatchObject({ code: 'request-invalid' });
    });
  });

  describe('an address that several read', () => {
    it('is inspected only when each of them consented', async () => {
      held.set('ren@nagisa.example', []);
      await stateConsent(await member(), { inbound: true });
      expect(await consents.given('inbound', AOI)).toHaveLength(1);
      expect(await consents.given('inbound', 'family@nagisa.example')).toEqual([]);
    });

    it('a statement with a key that was lost before does not count', async () => {
      await stateConsent(await member(), { inbound: true });
      await store.query.updateTable('certificates').set({ revoked: world.now.getTime() + 1000, invalid_since: world.now.getTime() - 1000 }).execute();
      expect(await consents.given('inbound', AOI)).toEqual([]);
    });
  });
});
