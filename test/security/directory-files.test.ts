/** The directory as files that anybody may carry: no look-up believes an old shard, an old index, or a frozen one. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Bytes } from '../../src/core/bytes.ts';
import { directoryFiles, DirectoryFiles, verifyIndex } from '../../src/flow/directory-files.ts';
import type { Organisation } from '../../src/wire/directory.ts';
import { fileName, INDEX_FILE } from '../../src/wire/directory-index.ts';
import { createScene, flip, refusal, type Scene } from './scene.ts';

let scene: Scene;
let server: Server;
let url: string;
let served = new Map<string, Bytes>();
let asked: string[] = [];
let all: Organisation[];
const HOUR = 3_600_000;

beforeAll(async () => {
  scene = await createScene();
  all = Array.from({ length: 100 }, (_, i) => ({
    ...scene.hinode.entry, id: `NTRJP-${i}`, domains: [`d${i}.example`, `e${i}.example`], alwaysSigned: [`d${i}.example`],
  }));
  // As plain as a web server can be.
  server = createServer((request, response) => {
    const name = (request.url ?? '').slice(1);
    asked.push(name);
    const bytes = served.get(name);
    response.writeHead(bytes === undefined ? 404 : 200).end(bytes);
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => new Promise((resolve) => server.close(resolve)));

const publish = (number: number, organisations = all, issued = scene.world.now): Promise<Map<string, Bytes>> =>
  directoryFiles(organisations, { number, issued, nextUpdate: new Date(issued.getTime() + HOUR) }, scene.world.delegate);
const get = async (name: string): Promise<Bytes> => new Uint8Array(await (await fetch(`${url}/${name}`)).arrayBuffer());
async function open(known = 0, now = scene.world.now): Promise<DirectoryFiles> {
  const { index } = await verifyIndex(await get(INDEX_FILE), scene.world.root, now, known);
  return new DirectoryFiles(index, get);
}

describe('a directory of files', () => {
  it('finds every organisation by identifier and domain, and fetches a few files for it', async () => {
    served = await publish(1);
    const directory = await open();
    for (const entry of all) {
      expect((await directory.byId(entry.id))?.id).toBe(entry.id);
      for (const domain of entry.domains) expect((await directory.byDomain(domain))?.id).toBe(entry.id);
    }
    expect(await directory.byDomain('outside.example')).toBeUndefined();
    expect(await directory.byId('nobody')).toBeUndefined();
    asked = [];
    await directory.byDomain('d7.example');
    expect(new Set(asked).size).toBeLessThanOrEqual(4);
    expect(served.size).toBeGreaterThan(16);
  });

  it('changes a few files when one organisation changes', async () => {
    const [before, after] = [await publish(1), await publish(2, all.map((one, i) => (i === 3 ? { ...one, vetted: '2026-11-01' } : one)))];
    expect([...after.keys()].filter((name) => !before.has(name))).toHaveLength(2); // its shard and page; the index keeps its name
  });

  it('works for no organisation and for one', async () => {
    for (const some of [[], all.slice(0, 1)]) {
      served = await publish(1, some);
      expect((await (await open()).byDomain('d0.example'))?.id).toBe(some[0]?.id);
    }
  });
});

describe('who carries the files', () => {
  it('cannot play back an old shard or page under a new index', async () => {
    const old = await publish(1);
    const next = await publish(2, all.map((one) => ({ ...one, standing: { state: 'suspended' as const, since: scene.world.now } })));
    served = new Map([...next].map(([name, bytes]) => [name, name === INDEX_FILE ? bytes : [...old.values()][1] ?? bytes]));
    await expect((await open()).byDomain('d7.example')).rejects.toMatchObject({ kind: 'unavailable', code: 'directory-damaged' });
  });

  it('cannot go back to an old index, nor freeze one beyond its time', async () => {
    served = await publish(6);
    await expect(open(7)).rejects.toMatchObject({ kind: 'unavailable', code: 'trust-rollback' });
    await open(6);
    await expect(open(0, new Date(scene.world.now.getTime() + 2 * HOUR))).rejects.toMatchObject({ kind: 'unavailable', code: 'directory-stale' });
    await expect(open(0, new Date(scene.world.now.getTime() - 2 * HOUR))).rejects.toMatchObject({ kind: 'unavailable', code: 'clock-wrong' });
  });

  it('cannot say that a domain is outside by leaving its files out', async () => {
    served = await publish(1);
    const index = served.get(INDEX_FILE) ?? new Uint8Array(0);
    served = new Map([[INDEX_FILE, index]]);
    await expect((await open()).byDomain('d7.example')).rejects.toMatchObject({ kind: 'unavailable', code: 'directory-damaged' });
    expect(fileName(new Uint8Array(32))).toMatch(/^files\/0{64}$/);
  });

  it('cannot sign an index of his own, nor alter one', async () => {
    const { world, hinode } = scene;
    served = await directoryFiles(all, { number: 9, issued: world.now, nextUpdate: new Date(world.now.getTime() + HOUR) }, hinode.issuer);
    await expect(open()).rejects.toMatchObject({ kind: 'refused' });
    const good = (await publish(1)).get(INDEX_FILE) ?? new Uint8Array(0);
    served = new Map([[INDEX_FILE, flip(good, good.length - 8)]]);
    await expect(open()).rejects.toMatchObject(refusal('signature-invalid'));
  });
});
