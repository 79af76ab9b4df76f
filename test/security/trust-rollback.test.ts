/** Nobody who can play back an older directory or CRL, though still in date, undoes a revocation (docs/protocol.md §9.1). */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Bytes } from '../../src/core/bytes.ts';
import { SsmaxError } from '../../src/core/error.ts';
import { issueCrl } from '../../src/core/pki/crl.ts';
import { loadTrust, requireSuccessor, type TrustMaterial, trustMarks } from '../../src/flow/trust.ts';
import { createLogger } from '../../src/server/shared/log.ts';
import { createTrustSource, type TrustSource } from '../../src/server/shared/trust-source.ts';
import { createScene, flip, type Scene } from './scene.ts';

let scene: Scene;
let state: string;
beforeAll(async () => {
  scene = await createScene();
  state = mkdtempSync(join(tmpdir(), 'ssmax-rollback-'));
});
afterAll(() => {
  rmSync(state, { recursive: true, force: true });
});

const MINUTE = 60_000;
async function materialAt(minutes: number): Promise<TrustMaterial> {
  const { world } = scene;
  const before = world.now;
  world.now = new Date(before.getTime() + minutes * MINUTE);
  try {
    return await world.material();
  } finally {
    world.now = before;
  }
}

async function namesOf(material: TrustMaterial): Promise<Set<string>> {
  const names = new Set<string>();
  for await (const name of (await loadTrust(material, scene.world.now)).directory.names()) names.add(name);
  return names;
}

/** A source whose servers answer with `served`, whatever that is at the time. */
function source(name: string, served: { current: TrustMaterial }): TrustSource {
  const at = (index: number): Promise<Bytes> => Promise.resolve(served.current.crls[index] ?? new Uint8Array(0));
  return createTrustSource({
    root: scene.world.root.der, directory: join(state, name), interval: 3_600_000, clock: { now: () => scene.world.now },
    sources: { index: () => Promise.resolve(served.current.directory.index), file: (file) => served.current.directory.file(file), crls: { authority: () => at(0), organisation: () => at(1) } },
    log: createLogger({ server: 'test', level: 'error', write: () => undefined }),
  });
}

describe('a trust source', () => {
  it('keeps the newer of directory and CRLs, also across a restart', async () => {
    const [older, newer] = [await materialAt(0), await materialAt(5)];
    const served = { current: newer };
    const first = source('restart', served);
    await first.refresh();
    served.current = older;
    await first.refresh();
    first.stop();
    const second = source('restart', served);
    await second.refresh();
    for (const one of [first, second]) {
      expect(one.copy('index')).toEqual(newer.directory.index);
      expect(one.copy('authority')).toEqual(newer.crls[0]);
      expect(one.copy('organisation')).toEqual(newer.crls[1]);
    }
    expect((await second.trust()).directory.issued).toEqual(new Date(scene.world.now.getTime() + 5 * MINUTE - 1000));
    second.stop();
  });

  it('takes a newer CRL even where the directory that came with it is no good', async () => {
    const [older, newer] = [await materialAt(0), await materialAt(5)];
    const served = { current: older };
    const one = source('partial', served);
    await one.refresh();
    served.current = { ...newer, directory: { ...newer.directory, index: flip(newer.directory.index, newer.directory.index.length - 5) } };
    await one.refresh();
    expect(one.copy('index')).toEqual(older.directory.index);
    expect(one.copy('authority')).toEqual(newer.crls[0]);
    one.stop();
  });

  it('keeps the newer CRL of an organisation whose entry in the directory it kept cannot be had any more', async () => {
    const [older, newer] = [await materialAt(0), await materialAt(5)];
    const served = { current: newer };
    const first = source('entry', served);
    await first.refresh();
    first.stop();
    rmSync(join(state, 'entry', 'files'), { recursive: true });
    const gone = await namesOf(newer);
    await scene.world.addOrganisation('fresh.example', { ja: '新', en: 'Fresh' }); // the directory has other files now
    const newest = await materialAt(10);
    scene.world.organisations.delete('fresh.example');
    const there = await namesOf(newest);
    const file = (name: string): Promise<Bytes> => (gone.has(name) && !there.has(name) ? Promise.reject(new SsmaxError('unavailable', 'network-unreachable')) : newest.directory.file(name));
    served.current = { ...newest, directory: { ...newest.directory, file }, crls: [newest.crls[0], older.crls[1]].filter((der) => der !== undefined) };
    const second = source('entry', served);
    await second.refresh();
    second.stop();
    expect(second.copy('organisation')).toEqual(newer.crls[1]);
  });

  it('never replaces what is good by what nobody signed', async () => {
    const good = await materialAt(0);
    const served = { current: good };
    const one = source('garbage', served);
    await one.refresh();
    served.current = { ...good, directory: { ...good.directory, index: new Uint8Array(10) }, crls: [new Uint8Array(10), new Uint8Array(10)] };
    await one.refresh();
    expect((await one.trust()).directory.issued).toEqual(new Date(scene.world.now.getTime() - 1000));
    one.stop();
  });
});

describe('a successor', () => {
  const load = (material: TrustMaterial): ReturnType<typeof loadTrust> => loadTrust(material, scene.world.now);
  it('is not older in any part', async () => {
    const [older, newer] = [await materialAt(0), await materialAt(5)];
    await requireSuccessor(await load(newer), trustMarks(await load(older)));
    await requireSuccessor(await load(newer), trustMarks(await load(newer)));
    const rollback = (what: string): object => ({ kind: 'unavailable', code: 'trust-rollback', params: { what } });
    await expect(requireSuccessor(await load({ ...newer, directory: older.directory }), trustMarks(await load(newer)))).rejects.toMatchObject(rollback('directory'));
    for (const index of [0, 1, 2]) {
      const crls = newer.crls.map((der, i) => (i === index ? older.crls[i] ?? der : der));
      await expect(requireSuccessor(await load({ ...newer, crls }), trustMarks(await load(newer)))).rejects.toMatchObject(rollback('CRL'));
    }
  });

  it('holds no CRL with a high number that its issuer did not sign', async () => {
    const material = await materialAt(0);
    const huge = await issueCrl({
      issuer: scene.hinode.issuer, number: 2n ** 100n, thisUpdate: scene.world.now, nextUpdate: new Date(scene.world.now.getTime() + MINUTE), revoked: [],
    });
    const crls = [...material.crls, flip(huge.der, huge.der.length - 3)];
    await expect(requireSuccessor(await load({ ...material, crls }), undefined)).rejects.toMatchObject({ kind: 'unavailable', code: 'crl-signature' });
  });
});
