/** Why a mail was refused is told to who signed it, and nobody else can put a reason in its place. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { SsmaxError } from '../../src/core/error.ts';
import type { Bytes } from '../../src/core/bytes.ts';
import { parseSignedData } from '../../src/core/cms/signed-data.ts';
import { readLegContent } from '../../src/flow/leg-content.ts';
import { keepReason } from '../../src/server/gateway/refusal-reason.ts';
import { createRecords, type KeyServerRecords } from '../../src/server/keyserver/records.ts';
import { migrations, type Tables } from '../../src/server/keyserver/tables.ts';
import { type Database, openDatabase } from '../../src/server/shared/database.ts';
import { craft } from './craft.ts';
import { chain, createScene, flip, KEN, type Scene, TARO } from './scene.ts';

let scene: Scene;
let directory: string;
let store: Database<Tables>;
let records: KeyServerRecords;

beforeEach(async () => {
  scene = await createScene();
  directory = mkdtempSync(join(tmpdir(), 'ssmax-reasons-'));
  store = await openDatabase<Tables>(join(directory, 'db.sqlite'), migrations);
  records = createRecords(store, { now: () => scene.world.now });
});
afterEach(async () => {
  await store.close();
  rmSync(directory, { recursive: true, force: true });
});

const keep = (cms: Bytes, code: string, trust = () => scene.world.trust()): Promise<void> =>
  keepReason({ organisation: scene.hinode.issuer.certificate, trust, reportRefusal: (refusal) => records.refuse(refusal) }, cms, new SsmaxError('refused', code));
const digestOf = async (cms: Bytes): Promise<Bytes> => (await readLegContent(parseSignedData(cms))).contentDigest;
const reasonFor = async (cms: Bytes, sender: string): Promise<string | undefined> => (await records.refusal(await digestOf(cms), sender))?.code;

it('a reason is for the member who signed, also when the lists that would say more cannot be had', async () => {
  const { leg1 } = await chain(scene);
  await keep(leg1, 'keyword');
  expect([await reasonFor(leg1, TARO), await reasonFor(leg1, KEN)]).toEqual(['keyword', undefined]);
  await keep(leg1, 'crl-stale', () => Promise.reject(new SsmaxError('unavailable', 'crl-stale')));
  expect(await reasonFor(leg1, TARO)).toBe('crl-stale');
});

it('another who seals the same content, or hands in what he received of it, changes nothing for the first', async () => {
  const { leg1, leg2, leg3 } = await chain(scene);
  await keep(leg1, 'keyword');
  for (const cms of [leg2, leg3]) {
    expect(await digestOf(cms)).toEqual(await digestOf(leg1));
    await keep(cms, 'leg-not-for-us');
  }
  expect(await reasonFor(leg1, TARO)).toBe('keyword');
  await records.refuse({ contentDigest: await digestOf(leg1), sender: KEN, code: 'ciphertext-reused', params: {} });
  expect([await reasonFor(leg1, TARO), await reasonFor(leg1, KEN)]).toEqual(['keyword', 'ciphertext-reused']);
});

it('what no member of ours signed has no reason here', async () => {
  const foreign = await craft(scene, 1, { signer: scene.hanako });
  const { leg1 } = await chain(scene);
  for (const cms of [foreign.cms, flip(leg1, leg1.length - 3)]) {
    await keep(cms, 'keyword');
    expect(await reasonFor(cms, TARO)).toBeUndefined();
  }
  expect(await store.query.selectFrom('refusals').selectAll().execute()).toEqual([]);
});
