/** Making and reading the directory as a set of files (docs/protocol-directory.md). */
import { type Bytes, concat, equal } from '../core/bytes.ts';
import { parseSignedData, signObject, verifySignedObject } from '../core/cms/signed-data.ts';
import { sha256 } from '../core/digest.ts';
import { refused, SsmaxError } from '../core/error.ts';
import { OID } from '../core/oids.ts';
import { type Certificate, parseCertificate } from '../core/pki/certificate.ts';
import type { Issuer } from '../core/pki/issue.ts';
import { validatePath } from '../core/pki/path.ts';
import type { SignatureCache } from '../core/pki/signed.ts';
import type { Organisation } from '../wire/directory.ts';
import {
  decodeIndex, decodePage, decodeShard, type DirectoryIndex, type DirectoryShard, encodeIndex, encodeShard, fileName, INDEX_FILE, shardOf,
} from '../wire/directory-index.ts';

/** Organisations a shard on average, at most: a shard is some ten kilobytes. */
const SHARD = 8;
const SKEW = 10 * 60_000;
/** Shards that a reader keeps as objects; the one that was not used for longest is forgotten first. */
const MAX_SHARDS = 256;
/** Names that a reader remembers having looked up. */
const MAX_NAMES = 1024;

/** All files by name. The same organisations give the same pages and shards, to the byte. */
export async function directoryFiles(
  organisations: readonly Organisation[], publication: { issued: Date; nextUpdate: Date }, delegate: Issuer,
): Promise<Map<string, Bytes>> {
  const bits = Math.max(0, Math.ceil(Math.log2(organisations.length / SHARD || 1)));
  const pageBits = Math.floor(bits / 2);
  const shards: { organisations: Organisation[]; domains: DirectoryShard['domains'] }[] = Array.from({ length: 2 ** bits }, () => ({ organisations: [], domains: [] }));
  for (const organisation of organisations) {
    shards[await shardOf('id', organisation.id, bits)]?.organisations.push(organisation);
    for (const domain of organisation.domains) shards[await shardOf('domain', domain, bits)]?.domains.push({ domain, id: organisation.id });
  }
  const files = new Map<string, Bytes>();
  const add = async (bytes: Bytes): Promise<Bytes> => {
    const hash = await sha256(bytes);
    files.set(fileName(hash), bytes);
    return hash;
  };
  const hashes: Bytes[] = [];
  for (const shard of shards) {
    shard.organisations.sort((a, b) => (a.id < b.id ? -1 : 1));
    shard.domains.sort((a, b) => (a.domain < b.domain ? -1 : 1));
    hashes.push(await add(encodeShard(shard)));
  }
  const size = 2 ** (bits - pageBits);
  const pages: Bytes[] = [];
  for (let i = 0; i < hashes.length; i += size) pages.push(await add(concat(...hashes.slice(i, i + size))));
  const { key, certificate } = delegate;
  files.set(INDEX_FILE, await signObject(
    { type: OID.directoryIndex, value: encodeIndex({ version: 1, ...publication, bits, pageBits, pages }), signingTime: publication.issued },
    { key, certificate: certificate.der, subjectKeyIdentifier: certificate.subjectKeyIdentifier },
  ));
  return files;
}

/** Where the files of a directory are: some web server, a copy on disk, a map. */
export interface DirectorySource {
  readonly index: Bytes;
  /** A page or shard by its name. Throws `unavailable` where it cannot be had. */
  file(name: string): Promise<Bytes>;
}

/**
 * Verifies an index up to a pinned root; without `now` whoever signed it, whenever that was. Throws `unavailable`: `clock-wrong`,
 * `directory-stale`; refused: `directory-invalid` and what path and signature throw. The delegate's revocation is the caller's to check.
 */
export async function verifyIndex(
  der: Bytes, roots: readonly Certificate[], now: Date | undefined, signatures?: SignatureCache,
): Promise<{ index: DirectoryIndex; delegate: Certificate }> {
  const signed = parseSignedData(der);
  // the root may be carried too, and a SET's order says nothing
  const delegate = signed.certificates.map((one) => parseCertificate(one)).find((one) => equal(one.subjectKeyIdentifier, signed.signer.subjectKeyIdentifier));
  if (delegate === undefined) throw refused('directory-invalid', { what: 'certificate' });
  await validatePath({ leaf: delegate, intermediates: [], root: roots, at: now ?? delegate.notBefore, role: 'delegate', ...(signatures && { cache: signatures }) });
  await verifySignedObject(signed, { contentType: OID.directoryIndex, certificate: delegate.der, publicKey: delegate.publicKey });
  const index = decodeIndex(signed.eContent);
  if (now === undefined) return { index, delegate };
  if (index.issued.getTime() > now.getTime() + SKEW) throw new SsmaxError('unavailable', 'clock-wrong');
  if (index.nextUpdate < now) throw new SsmaxError('unavailable', 'directory-stale');
  return { index, delegate };
}

/**
 * The organisations that one verified index names. What is looked up is fetched when it is asked for, compared with the hash under
 * which the index signs for it, and kept. Throws `unavailable`: `directory-damaged`, and what fetching throws; never is anything missing
 * taken for "there is none".
 */
export class Directory {
  readonly issued: Date;
  readonly nextUpdate: Date;
  readonly #index: DirectoryIndex;
  readonly #file: (name: string) => Promise<Bytes>;
  readonly #shards = new Map<number, Promise<DirectoryShard>>();
  readonly #asked = new Map<string, { kind: 'id' | 'domain'; name: string }>();

  constructor(index: DirectoryIndex, file: (name: string) => Promise<Bytes>) {
    this.issued = index.issued;
    this.nextUpdate = index.nextUpdate;
    this.#index = index;
    this.#file = file;
  }

  async byId(id: string): Promise<Organisation | undefined> {
    const { organisations } = await this.#lookUp('id', id);
    return organisations.find((organisation) => organisation.id === id);
  }

  /** The organisation certified for a mail domain (exact match, as the design asks). */
  async byDomain(domain: string): Promise<Organisation | undefined> {
    const { domains } = await this.#lookUp('domain', domain);
    const entry = domains.find((one) => one.domain === domain);
    if (entry === undefined) return undefined;
    const organisation = await this.byId(entry.id);
    // Pointer and entry are signed together: if they differ, the set is broken, and nobody is told "outside SSMAX" for that.
    if (organisation?.domains.includes(domain) !== true) throw damaged(domain);
    return organisation;
  }

  /**
   * Looks up what was looked up in an earlier one, so that the answers are at hand when this one takes its place, whoever is away then.
   * Throws where nothing of it can be had.
   */
  async takeOver(former: Directory): Promise<void> {
    const asked = [...former.#asked.values()];
    const looked = await Promise.allSettled(asked.map(({ kind, name }) => this.#lookUp(kind, name)));
    const [first, ...others] = looked;
    if (first?.status === 'rejected' && others.every(({ status }) => status === 'rejected')) throw first.reason;
  }

  /** The names of all pages and shards, some perhaps twice; fetches the pages. */
  async *names(): AsyncGenerator<string> {
    const { bits, pageBits, pages } = this.#index;
    for (const page of pages) {
      yield fileName(page);
      for (const hash of decodePage(await this.#verified(page), 2 ** (bits - pageBits))) yield fileName(hash);
    }
  }

  async #lookUp(kind: 'id' | 'domain', name: string): Promise<DirectoryShard> {
    const asked = `${kind} ${name}`;
    const number = await shardOf(kind, name, this.#index.bits);
    const shard = this.#shards.get(number) ?? this.#fetch(number);
    keep(this.#shards, number, shard, MAX_SHARDS);
    keep(this.#asked, asked, { kind, name }, MAX_NAMES);
    return shard;
  }

  #fetch(number: number): Promise<DirectoryShard> {
    const { bits, pageBits, pages } = this.#index;
    const size = 2 ** (bits - pageBits);
    const shard = (async () => {
      try {
        const hashes = decodePage(await this.#verified(pages[Math.floor(number / size)]), size);
        return decodeShard(await this.#verified(hashes[number % size]));
      } catch (error) {
        // It says nothing against the mail for which it was asked.
        if (error instanceof SsmaxError && error.kind === 'refused') throw new SsmaxError('unavailable', 'directory-damaged', { file: error.code }, { cause: error });
        throw error;
      }
    })();
    // A failure is not kept: the next look-up asks again.
    shard.catch(() => { if (this.#shards.get(number) === shard) this.#shards.delete(number); });
    return shard;
  }

  /** A file that is not what the index says is no answer at all: a cache may be broken, or somebody plays back an old one. */
  async #verified(hash: Bytes | undefined): Promise<Bytes> {
    if (hash === undefined) throw damaged(INDEX_FILE);
    const name = fileName(hash);
    const bytes = await this.#file(name);
    if (!equal(await sha256(bytes), hash)) throw damaged(name);
    return bytes;
  }
}

/** As the newest of at most `maximum`. */
function keep<K, V>(map: Map<K, V>, key: K, value: V, maximum: number): void {
  map.delete(key);
  map.set(key, value);
  for (const oldest of map.keys()) {
    if (map.size <= maximum) return;
    map.delete(oldest);
  }
}

function damaged(file: string): SsmaxError {
  return new SsmaxError('unavailable', 'directory-damaged', { file });
}
