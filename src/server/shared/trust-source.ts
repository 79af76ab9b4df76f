/**
 * Keeps a server's trust material up to date: fetches directory and CRLs, keeps the last good copy on disk so that a
 * restart works while the Authority is out of reach, and verifies everything before it replaces what was there. What has
 * expired is never used: then every verification says `unavailable` (design §4). What is older than what was there is
 * never used either, be it still in date: whoever can play back an old directory or CRL could undo a revocation.
 *
 * A mirror is a web server that carries the Authority's files (docs/decisions/0071-directory-mirror.md). What it gives is verified like
 * everything else; where that is not enough, the Authority is asked.
 */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Bytes } from '../../core/bytes.ts';
import { SsmaxError } from '../../core/error.ts';
import type { Clock } from '../../flow/ports.ts';
import type { Directory, DirectorySource } from '../../flow/directory-files.ts';
import { createTrustCache, loadTrust, marksOfCopies, requireSuccessor, type Trust, type TrustMarks } from '../../flow/trust.ts';
import { createFileCache } from './file-cache.ts';
import type { Logger } from './log.ts';

export interface TrustParts {
  /** What the configuration pins, as parsePins reads it. */
  readonly root: Bytes;
  /** Where copies are kept. */
  readonly directory: string;
  /** How often to fetch; milliseconds. */
  readonly interval: number;
  readonly sources: TrustFiles;
  /** Asked first for what it has: no CRL that `sources` lack. */
  readonly mirror?: TrustFiles | undefined;
  readonly clock: Clock;
  readonly log: Logger;
}

/** How each part is had: the directory's index, its other files by their names, CRLs by the names of their copies. */
export interface TrustFiles {
  readonly index: () => Promise<Bytes>;
  readonly file: (name: string) => Promise<Bytes>;
  readonly crls: Readonly<Record<string, () => Promise<Bytes>>>;
}

export interface TrustSource {
  /** Verified trust material for now. Throws `unavailable`. */
  trust(): Promise<Trust>;
  /** The copies as fetched, by name: `index` and the CRLs'. */
  copy(name: string): Bytes;
  /** A file of the directory, from the copies or fetched now. */
  file(name: string): Promise<Bytes>;
  /** Whether that file is among the copies. */
  hasFile(name: string): boolean;
  /** Fetches everything now. */
  refresh(): Promise<void>;
  /** Asks the Authority itself for the index, unless that was done moments ago; whether there is a newer directory now than this trust's. */
  newerThan(used: Trust): Promise<boolean>;
  stop(): void;
}

/** Verified material is taken again this long before it is verified anew; milliseconds. */
const REUSE = 5_000;
/** Whoever sends mail that needs a newer directory than there is has the Authority asked no more often than this; milliseconds. */
const ASK_AGAIN = 10_000;
/** The Authority publishes every hour. A mirror with nothing newer than this holds something back, or was forgotten; milliseconds. */
export const MIRROR_AGE = 2 * 3_600_000;

type Named = Readonly<Record<string, () => Promise<Bytes>>>;

const named = ({ index, crls }: TrustFiles): Named => ({ index, ...crls });

export function createTrustSource(parts: TrustParts): TrustSource {
  const { clock, log, sources, mirror } = parts;
  let copies: ReadonlyMap<string, Bytes> = new Map();
  const cache = createTrustCache();
  const all = named(sources);
  let inUse: Directory | undefined;
  let loaded: { trust: Promise<Trust>; at: number } | undefined;
  mkdirSync(parts.directory, { recursive: true, mode: 0o700 });
  // Mail waits for a file: who gave nothing good a moment ago is asked last.
  let mirrorGood = true;
  const files = createFileCache(parts.directory, () => mirror === undefined ? [sources.file] : mirrorGood ? [mirror.file, sources.file] : [sources.file, mirror.file]);
  for (const name of Object.keys(all)) {
    try {
      copies = new Map(copies).set(name, new Uint8Array(readFileSync(join(parts.directory, `${name}.der`))));
    } catch {
      // not fetched yet
    }
  }

  function copy(name: string, among = copies): Bytes {
    const found = among.get(name);
    if (found === undefined) throw new SsmaxError('unavailable', name === 'index' ? 'directory-missing' : 'crl-missing', { name });
    return found;
  }

  const directory = (among = copies): DirectorySource => ({ index: copy('index', among), file: (name) => files.file(name) });

  async function load(now: Date, among = copies): Promise<Trust> {
    const crls = Object.keys(sources.crls).map((name) => copy(name, among));
    try {
      return await loadTrust({ root: parts.root, directory: directory(among), crls }, now, cache);
    } catch (error) {
      if (!(error instanceof SsmaxError) || error.kind !== 'refused') throw error;
      // A damaged copy says nothing against any mail: without this, all mail would be refused for good.
      throw new SsmaxError('unavailable', 'trust-invalid', { directory: parts.directory, reason: error.code }, { cause: error });
    }
  }

  /** Of what is kept, also after its time: a former delegate's key must not come back with it. */
  function known(): Promise<TrustMarks | undefined> {
    return (async () => {
      const crls = Object.keys(sources.crls).map((name) => copy(name));
      return marksOfCopies({ root: parts.root, directory: directory(), crls }, cache);
    })().catch(() => undefined); // nothing kept yet, or damaged
  }

  /** Takes over what was fetched if all of it together verifies and nothing is older than what was there. */
  async function take(fetched: ReadonlyMap<string, Bytes>): Promise<void> {
    const now = clock.now();
    const candidate = new Map([...copies, ...fetched]);
    const next = await load(now, candidate);
    await requireSuccessor(next, await known());
    if (inUse !== undefined && next.directory !== inUse) await next.directory.takeOver(inUse);
    inUse = next.directory;
    for (const [name, bytes] of fetched) {
      const file = join(parts.directory, `${name}.der`);
      writeFileSync(`${file}.new`, bytes, { mode: 0o600 });
      renameSync(`${file}.new`, file);
    }
    copies = candidate;
  }

  let underWay: Promise<void> | undefined;

  /** One at a time; whoever asks while one is under way may have a reason that came after it began. */
  async function refresh(): Promise<void> {
    while (underWay !== undefined) await underWay;
    underWay = fetchAndTake().finally(() => { underWay = undefined; });
    return underWay;
  }

  let asked = -Infinity;

  async function newerThan(used: Trust): Promise<boolean> {
    while (underWay !== undefined) await underWay;
    const now = clock.now().getTime();
    if (Math.abs(now - asked) > ASK_AGAIN) {
      asked = now;
      underWay = takeWhatComes({ index: sources.index }).then(() => undefined).finally(() => { underWay = undefined; });
      await underWay;
    }
    return isNewer(used);
  }

  async function isNewer(used: Trust): Promise<boolean> {
    const found = await trust().catch(() => used);
    return found.directory.issued > used.directory.issued;
  }

  async function fetchAndTake(): Promise<void> {
    if (mirror === undefined) {
      await takeWhatComes(all);
      return;
    }
    const carried = named(mirror);
    const fetched = await takeWhatComes({ ...all, ...carried }, 'mirror', Object.keys(carried));
    mirrorGood = await isEnough(Object.keys(carried), fetched);
    if (!mirrorGood) await takeWhatComes(all);
  }

  /** Whether the mirror's files are in use now, and the Authority can hardly have anything else. */
  async function isEnough(names: readonly string[], fetched: ReadonlyMap<string, Bytes>): Promise<boolean> {
    if (names.some((name) => fetched.get(name) === undefined || fetched.get(name) !== copies.get(name))) return false;
    const now = clock.now();
    try {
      const { directory: { issued }, authorityCrl: { thisUpdate } } = await load(now);
      const enough = Math.min(issued.getTime(), thisUpdate.getTime()) > now.getTime() - MIRROR_AGE;
      if (!enough) log.warn('mirror-behind', { peer: 'mirror' });
      return enough;
    } catch {
      return false; // why is said where it was taken
    }
  }

  /** Gives what was fetched, be it taken or not. */
  async function takeWhatComes(from: Named, peer?: string, byPeer: readonly string[] = []): Promise<ReadonlyMap<string, Bytes>> {
    const fetched = new Map<string, Bytes>();
    for (const [name, fetch] of Object.entries(from)) {
      try {
        fetched.set(name, await fetch());
      } catch (error) {
        log.warn('trust-fetch-failed', { file: name, ...(byPeer.includes(name) && { peer }), error });
      }
    }
    try {
      await take(fetched);
    } catch (error) {
      // One bad part must not keep the good ones away: a new CRL above all.
      log.warn('trust-refused', { error });
      for (const one of fetched) await take(new Map([one])).catch((reason: unknown) => { log.warn('trust-refused', { file: one[0], error: reason }); });
    }
    loaded = undefined;
    return fetched;
  }

  // A machine that takes longer for it than the interval must not take on more and more of it.
  const timer = setInterval(() => { if (underWay === undefined) void refresh(); }, parts.interval);
  timer.unref();
  async function trust(): Promise<Trust> {
    const now = clock.now();
    if (loaded === undefined || Math.abs(now.getTime() - loaded.at) > REUSE) {
      const found = load(now);
      found.then(({ directory: used }) => { inUse ??= used; }, () => undefined);
      loaded = { trust: found, at: now.getTime() };
      found.catch(() => { loaded = undefined; });
    }
    return loaded.trust;
  }

  return {
    trust,
    copy: (name) => copy(name),
    file: (name) => files.file(name),
    hasFile: (name) => files.has(name),
    refresh,
    newerThan,
    stop: () => { clearInterval(timer); },
  };
}
