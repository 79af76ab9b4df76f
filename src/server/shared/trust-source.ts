/**
 * Keeps a server's trust material up to date: fetches directory and CRLs, keeps the last good copy on disk so that a
 * restart works while the Authority is out of reach, and verifies everything before it is used. What has expired is never
 * used: then every verification says `unavailable` (design §4).
 */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Bytes } from '../../core/bytes.ts';
import { SsmaxError } from '../../core/error.ts';
import { createSignatureCache } from '../../core/pki/signed.ts';
import type { Clock } from '../../flow/ports.ts';
import { loadTrust, type Trust } from '../../flow/trust.ts';
import type { Logger } from './log.ts';

export interface TrustParts {
  /** DER certificate of the Authority's root, from the configuration. */
  readonly root: Bytes;
  /** Where copies are kept. */
  readonly directory: string;
  /** How often to fetch; milliseconds. */
  readonly interval: number;
  /** By file name, how each part is had; the first is the directory, the others are CRLs. */
  readonly sources: { readonly directory: () => Promise<Bytes>; readonly crls: Readonly<Record<string, () => Promise<Bytes>>> };
  readonly clock: Clock;
  readonly log: Logger;
}

export interface TrustSource {
  /** Verified trust material for now. Throws `unavailable`. */
  trust(): Promise<Trust>;
  /** The copies as fetched, by name. */
  copy(name: string): Bytes;
  /** Fetches everything now. */
  refresh(): Promise<void>;
  stop(): void;
}

/** Verified material is taken again this long before it is verified anew; milliseconds. */
const REUSE = 5_000;

export function createTrustSource(parts: TrustParts): TrustSource {
  const { clock, log } = parts;
  const copies = new Map<string, Bytes>();
  const signatures = createSignatureCache();
  const all: Readonly<Record<string, () => Promise<Bytes>>> = { directory: parts.sources.directory, ...parts.sources.crls };
  let loaded: { trust: Promise<Trust>; at: number } | undefined;
  mkdirSync(parts.directory, { recursive: true, mode: 0o700 });
  for (const name of Object.keys(all)) {
    try {
      copies.set(name, new Uint8Array(readFileSync(join(parts.directory, `${name}.der`))));
    } catch {
      // not fetched yet
    }
  }

  function copy(name: string): Bytes {
    const found = copies.get(name);
    if (found === undefined) throw new SsmaxError('unavailable', name === 'directory' ? 'directory-missing' : 'crl-missing', { name });
    return found;
  }

  function load(now: Date): Promise<Trust> {
    const crls = Object.keys(parts.sources.crls).map(copy);
    return loadTrust({ root: parts.root, directory: copy('directory'), crls }, now, signatures);
  }

  async function refresh(): Promise<void> {
    for (const [name, fetch] of Object.entries(all)) {
      try {
        const bytes = await fetch();
        copies.set(name, bytes);
        const file = join(parts.directory, `${name}.der`);
        writeFileSync(`${file}.new`, bytes, { mode: 0o600 });
        renameSync(`${file}.new`, file);
      } catch (error) {
        log.warn('trust-fetch-failed', { file: name, error });
      }
    }
    loaded = undefined;
  }

  const timer = setInterval(() => void refresh(), parts.interval);
  timer.unref();
  return {
    async trust() {
      const now = clock.now();
      if (loaded === undefined || Math.abs(now.getTime() - loaded.at) > REUSE) {
        const trust = load(now);
        loaded = { trust, at: now.getTime() };
        trust.catch(() => { loaded = undefined; });
      }
      return loaded.trust;
    },
    copy,
    refresh,
    stop: () => { clearInterval(timer); },
  };
}
