/** The directory as files that anybody may carry: no look-up believes an old shard, an old index, or a frozen one. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Bytes } from '../../src/core/bytes.ts';
import { sha256 } from '../../src/core/digest.ts';
import { Directory, directoryFiles, verifyIndex } from '../../src/flow/directory-files.ts';
import { impersonatedBy } from '../../src/flow/impersonation.ts';
import type { Organisation } from '../../src/wire/directory.ts';
import { type DirectoryIndex, encodeShard, fileName, INDEX_FILE } from '../../src/wire/directory-index.ts';
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

const publish = (organisations = all, issued = scene.world.now): Promise<Map<string, Bytes>> =>
  directoryFiles(organisations, { issued, nextUpdate: new Date(issued.getTime() + HOUR) }, scene.world.delegate);
const get = async (name: string): Promise<Bytes> => new Uint8Array(await (await fetch(`${url}/${name}`)).arrayBuffer());
async function index(files: ReadonlyMap<string, Bytes>): Promise<DirectoryIndex> {
  return (await verifyIndex(files.get(INDEX_FILE) ?? new Uint8Array(0), [scene.world.root], scene.world.now)).index;
}
async function open(now = scene.world.now): Promise<Directory> {
  const verified = await verifyIndex(await get(INDEX_FILE), [scene.world.root], now);
  return new Directory(verified.index, get);
}

describe('a directory of files', () => {
  it('finds every organisation by identifier and domain, and fetches a few files for it', async () => {
    served = await publish();
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
    const [before, after] = [await publish(), await publish(all.map((one, i) => (i === 3 ? { ...one, vetted: '2026-11-01' } : one)))];
    expect([...after.keys()].filter((name) => !before.has(name))).toHaveLength(2); // its shard and page; the index keeps its name
  });

  it('works for no organisation and for one', async () => {
    for (const some of [[], all.slice(0, 1)]) {
      served = await publish(some);
      expect((await (await open()).byDomain('d0.example'))?.id).toBe(some[0]?.id);
    }
  });
});

/** A directory of this one shard. */
async function directoryOf(shard: Bytes, given = shard): Promise<Directory> {
  const page = await sha256(shard);
  const files = new Map([[fileName(page), given], [fileName(await sha256(page)), page]]);
  const index = { version: 1 as const, issued: scene.world.now, nextUpdate: scene.world.now, bits: 0, pageBits: 0, pages: [await sha256(page)] };
  return new Directory(index, async (name) => files.get(name) ?? new Uint8Array(0));
}

describe('who asks', () => {
  it('shows of a domain outside no more than a shard, once', async () => {
    served = await publish();
    const directory = await open();
    asked = [];
    for (let i = 0; i < 3; i++) expect(await directory.byDomain('outside.example')).toBeUndefined();
    expect(asked).toHaveLength(2);
    for (const name of asked) expect(name).toMatch(/^files\/[0-9a-f]{64}$/);
  });

  it('finds in the next directory what he looked up in the one before, also when nobody can be asked any more', async () => {
    served = await publish();
    const before = await open();
    expect((await before.byDomain('d7.example'))?.id).toBe('NTRJP-7');
    served = await publish(all.map((one) => ({ ...one, vetted: '2026-11-01' })));
    const next = await open();
    await next.takeOver(before);
    served = new Map();
    expect((await next.byDomain('d7.example'))?.vetted).toBe('2026-11-01');
    const nothing = new Directory({ ...(await index(await publish())), pages: [new Uint8Array(32)], bits: 0, pageBits: 0 }, get);
    await expect(nothing.takeOver(before)).rejects.toMatchObject({ kind: 'unavailable' });
  });

  it('does not look up more domains than a mail can have senders', async () => {
    served = await publish();
    const directory = await open();
    expect((await impersonatedBy(['outside.example', 'd7.example'], directory))?.id).toBe('NTRJP-7');
    expect(await impersonatedBy(['e7.example'], directory)).toBeUndefined();
    await expect(impersonatedBy(Array.from({ length: 17 }, (_, i) => `x${i}.example`), directory)).rejects.toMatchObject(refusal('address-list-too-long'));
  });
});

describe('who carries the files', () => {
  it('cannot play back an old shard or page under a new index', async () => {
    const old = await publish();
    const next = await publish(all.map((one) => ({ ...one, standing: { state: 'suspended' as const, since: scene.world.now } })));
    served = new Map([...next].map(([name, bytes]) => [name, name === INDEX_FILE ? bytes : [...old.values()][1] ?? bytes]));
    await expect((await open()).byDomain('d7.example')).rejects.toMatchObject({ kind: 'unavailable', code: 'directory-damaged' });
    const [shard, former] = [[], all.slice(0, 1)].map((organisations) => encodeShard({ organisations, domains: [] }));
    await expect((await directoryOf(shard ?? new Uint8Array(0), former)).byId('NTRJP-0')).rejects.toMatchObject({ kind: 'unavailable', code: 'directory-damaged' });
  });

  it('cannot freeze an index beyond its time', async () => {
    served = await publish();
    await expect(open(new Date(scene.world.now.getTime() + 2 * HOUR))).rejects.toMatchObject({ kind: 'unavailable', code: 'directory-stale' });
    await expect(open(new Date(scene.world.now.getTime() - 2 * HOUR))).rejects.toMatchObject({ kind: 'unavailable', code: 'clock-wrong' });
  });

  it('cannot say that a domain is outside by leaving its files out', async () => {
    served = await publish();
    served = new Map([[INDEX_FILE, served.get(INDEX_FILE) ?? new Uint8Array(0)]]);
    await expect((await open()).byDomain('d7.example')).rejects.toMatchObject({ kind: 'unavailable', code: 'directory-damaged' });
    expect(fileName(new Uint8Array(32))).toMatch(/^files\/0{64}$/);
  });

  it('cannot name an organisation for a domain that it has not', async () => {
    const [first, second] = all;
    if (first === undefined || second === undefined) throw new Error('two are there');
    // Only the Authority could sign this; a reader that finds it knows that the set is broken.
    const shard = encodeShard({ organisations: [first], domains: [{ domain: 'd1.example', id: first.id }] });
    const directory = await directoryOf(shard);
    await expect(directory.byDomain('d1.example')).rejects.toMatchObject({ kind: 'unavailable', code: 'directory-damaged' });
  });

  it('has nothing refused by a shard that cannot be read, be it signed for', async () => {
    const directory = await directoryOf(new TextEncoder().encode('{"organisations":[],"domains":[],"more":1}'));
    await expect(directory.byId('NTRJP-1')).rejects.toMatchObject({ kind: 'unavailable', code: 'directory-damaged' });
  });

  it('cannot sign an index of his own, nor alter one', async () => {
    const { world, hinode } = scene;
    served = await directoryFiles(all, { issued: world.now, nextUpdate: new Date(world.now.getTime() + HOUR) }, hinode.issuer);
    await expect(open()).rejects.toMatchObject({ kind: 'refused' });
    const good = (await publish()).get(INDEX_FILE) ?? new Uint8Array(0);
    served = new Map([[INDEX_FILE, flip(good, good.length - 8)]]);
    await expect(open()).rejects.toMatchObject(refusal('signature-invalid'));
  });
});
