/** A web server that carries the directory's files may be away, broken, or in somebody's hands: it can neither lie nor hold back for long. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Bytes, hex } from '../../src/core/bytes.ts';
import { SsmaxError } from '../../src/core/error.ts';
import type { TrustMaterial } from '../../src/flow/trust.ts';
import { createLogger } from '../../src/server/shared/log.ts';
import { createTrustSource, MIRROR_AGE, type TrustFiles, type TrustSource } from '../../src/server/shared/trust-source.ts';
import { createScene, flip, type Scene } from './scene.ts';

const MINUTE = 60_000;
let scene: Scene;
let state: string;
let now: Date;
let mirror: Carrier;
let authority: Carrier;
let source: TrustSource;
let events: string[];

/** Carries what it is given, and counts what it is asked for. */
interface Carrier extends TrustFiles {
  carried: Partial<Record<'index' | 'authority', Bytes>>;
  material: TrustMaterial | undefined;
  asked: string[];
}

function carrier(): Carrier {
  const answer = (name: string, bytes: Bytes | undefined): Promise<Bytes> => {
    self.asked.push(name);
    return bytes === undefined ? Promise.reject(new SsmaxError('unavailable', 'network-unreachable')) : Promise.resolve(bytes);
  };
  const self: Carrier = {
    carried: {}, material: undefined, asked: [],
    index: () => answer('index', self.carried.index ?? self.material?.directory.index),
    file: async (name) => answer('file', await self.material?.directory.file(name)),
    crls: { authority: () => answer('authority', self.carried.authority ?? self.material?.crls[0]) },
  };
  return self;
}

async function publishedAt(minutes: number): Promise<TrustMaterial> {
  const { world } = scene;
  const before = world.now;
  world.now = new Date(before.getTime() + minutes * MINUTE);
  try {
    return await world.material();
  } finally {
    world.now = before;
  }
}

beforeEach(async () => {
  scene = await createScene();
  now = scene.world.now;
  state = mkdtempSync(join(tmpdir(), 'ssmax-mirror-'));
  [mirror, authority] = [carrier(), carrier()];
  events = [];
  const organisation = (): Promise<Bytes> => Promise.resolve(authority.material?.crls[1] ?? mirror.material?.crls[1] ?? new Uint8Array(0));
  source = createTrustSource({
    root: scene.world.root.der, directory: state, interval: 86_400_000, clock: { now: () => now },
    mirror, sources: { ...authority, crls: { ...authority.crls, organisation } },
    log: createLogger({ server: 'test', level: 'warn', write: (line) => void events.push((JSON.parse(line) as { event: string }).event) }),
  });
});
afterEach(() => {
  source.stop();
  rmSync(state, { recursive: true, force: true });
});

const copy = (name: string): string => hex(source.copy(name));
const lookUp = async (): Promise<string | undefined> => (await (await source.trust()).directory.byDomain('hinode.example'))?.id;

describe('a mirror', () => {
  it('that carries what is published now is enough: the Authority is not asked, and may be away', async () => {
    mirror.material = await publishedAt(0);
    await source.refresh();
    expect(await lookUp()).toBe(scene.hinode.entry.id);
    expect(authority.asked).toEqual([]);
    expect(events).toEqual([]);
  });

  it('that is away, or has lost a file, is replaced by the Authority', async () => {
    authority.material = await publishedAt(0);
    await source.refresh();
    expect(await lookUp()).toBe(scene.hinode.entry.id);
    expect(events).toContain('trust-fetch-failed');
    mirror.material = { ...authority.material, directory: { index: authority.material.directory.index, file: () => Promise.reject(new SsmaxError('unavailable', 'answer-invalid')) } };
    await source.refresh();
    expect(await (await source.trust()).directory.byDomain('tsukimi.example')).toBeDefined();
    // What was fetched is still good enough; but the Authority may have news.
    mirror.material = undefined;
    now = new Date(now.getTime() + 5 * MINUTE);
    authority.material = await publishedAt(5);
    await source.refresh();
    expect(copy('index')).toBe(hex(authority.material.directory.index));
  });

  it('that gives other files than those published is not believed', async () => {
    authority.material = await publishedAt(0);
    const { directory: { index } } = authority.material;
    mirror.material = { ...authority.material, directory: { index: flip(index, index.length - 3), file: () => Promise.resolve(new Uint8Array([1, 2, 3])) } };
    await source.refresh();
    expect(copy('index')).toBe(hex(index));
    expect(await lookUp()).toBe(scene.hinode.entry.id);
    expect(events).toContain('trust-refused');
  });

  it('that plays back what is older than what was seen, index or list, is not believed', async () => {
    const [older, newer] = [await publishedAt(0), await publishedAt(5)];
    now = new Date(now.getTime() + 6 * MINUTE);
    authority.material = newer;
    await source.refresh();
    for (const carried of [{ index: older.directory.index }, { authority: older.crls[0] ?? new Uint8Array(0) }]) {
      mirror.material = newer;
      mirror.carried = carried;
      await source.refresh();
      expect(copy('index')).toBe(hex(newer.directory.index));
      expect(copy('authority')).toBe(hex(newer.crls[0] ?? new Uint8Array(0)));
    }
  });

  it.each(['index', 'authority'] as const)('that keeps an old %s in date hides news for two hours at most', async (held) => {
    const older = await publishedAt(0);
    mirror.material = older;
    await source.refresh();
    const newer = await publishedAt((MIRROR_AGE + MINUTE) / MINUTE);
    now = new Date(now.getTime() + MIRROR_AGE + 2 * MINUTE);
    authority.material = newer;
    mirror.material = newer;
    mirror.carried = held === 'index' ? { index: older.directory.index } : { authority: older.crls[0] ?? new Uint8Array(0) };
    await source.refresh();
    expect(events).toContain('mirror-behind');
    expect(copy('index')).toBe(hex(newer.directory.index));
    expect(copy('authority')).toBe(hex(newer.crls[0] ?? new Uint8Array(0)));
  });

  it('that does not have the newest yet is gone past for who needs that one, but no more often than every ten seconds', async () => {
    mirror.material = await publishedAt(0);
    authority.material = await publishedAt(5);
    await source.refresh();
    const used = await source.trust();
    const indexes = (): number => authority.asked.filter((name) => name === 'index').length;
    expect(indexes()).toBe(0);
    now = new Date(now.getTime() + 5 * MINUTE);
    expect(await Promise.all([source.newerThan(used), source.newerThan(used)])).toEqual([true, true]);
    expect(indexes()).toBe(1);
    const newest = await source.trust();
    expect(await source.newerThan(newest)).toBe(false);
    expect(indexes()).toBe(1);
    now = new Date(now.getTime() + 11_000);
    authority.material = await publishedAt(0);
    expect(await source.newerThan(newest)).toBe(false);
    expect(indexes()).toBe(2);
    expect(copy('index')).not.toBe(hex(authority.material.directory.index));
  });

  it('that is old serves all the same, for the day that its files are in force, while the Authority is away', async () => {
    mirror.material = await publishedAt(0);
    now = new Date(now.getTime() + 23 * 60 * MINUTE);
    await source.refresh();
    expect(await lookUp()).toBe(scene.hinode.entry.id);
    now = new Date(now.getTime() + 120 * MINUTE);
    await expect(source.trust()).rejects.toMatchObject({ kind: 'unavailable' });
  });
});
