/** Making and reading the directory as a set of files (docs/protocol-directory.md). */
import { type Bytes, concat, equal } from '../core/bytes.ts';
import { parseSignedData, signObject, verifySignedObject } from '../core/cms/signed-data.ts';
import { sha256 } from '../core/digest.ts';
import { refused, SsmaxError } from '../core/error.ts';
import { OID } from '../core/oids.ts';
import { type Certificate, parseCertificate } from '../core/pki/certificate.ts';
import type { Issuer } from '../core/pki/issue.ts';
import { validatePath } from '../core/pki/path.ts';
import type { Organisation } from '../wire/directory.ts';
import {
  decodeIndex, decodePage, decodeShard, type DirectoryIndex, type DirectoryShard, encodeIndex, encodeShard, fileName, INDEX_FILE, shardOf,
} from '../wire/directory-index.ts';

/** Organisations a shard on average, at most: a shard is some ten kilobytes. */
const SHARD = 8;
const SKEW = 10 * 60_000;

/** All files by name. The same organisations give the same pages and shards, to the byte. */
export async function directoryFiles(
  organisations: readonly Organisation[], publication: { number: number; issued: Date; nextUpdate: Date }, delegate: Issuer,
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

/**
 * Verifies an index up to the pinned root. `known` is the number of the newest one seen before: an older index is never taken
 * (`trust-rollback`), nor one whose time is over (`directory-stale`). The delegate's revocation is the caller's to check.
 * @internal No server looks organisations up so yet: all still fetch the one signed directory.
 */
export async function verifyIndex(der: Bytes, root: Certificate, now: Date, known = 0): Promise<{ index: DirectoryIndex; delegate: Certificate }> {
  const signed = parseSignedData(der);
  const delegate = signed.certificates.map((one) => parseCertificate(one)).find((one) => equal(one.subjectKeyIdentifier, signed.signer.subjectKeyIdentifier));
  if (delegate === undefined) throw refused('directory-invalid', { what: 'certificate' });
  await validatePath({ leaf: delegate, intermediates: [], root, at: now, role: 'delegate' });
  await verifySignedObject(signed, { contentType: OID.directoryIndex, certificate: delegate.der, publicKey: delegate.publicKey });
  const index = decodeIndex(signed.eContent);
  if (index.issued.getTime() > now.getTime() + SKEW) throw new SsmaxError('unavailable', 'clock-wrong');
  if (index.nextUpdate < now) throw new SsmaxError('unavailable', 'directory-stale');
  if (index.number < known) throw new SsmaxError('unavailable', 'trust-rollback', { what: 'directory' });
  return { index, delegate };
}

/**
 * Looks organisations up in the files of one index; `fetch` gives a file by name, from the network or a cache.
 * @internal No server does so yet.
 */
export class DirectoryFiles {
  constructor(
    private readonly index: DirectoryIndex,
    private readonly fetch: (name: string) => Promise<Bytes>,
  ) {}

  async byId(id: string): Promise<Organisation | undefined> {
    const { organisations } = await this.#shard('id', id);
    return organisations.find((organisation) => organisation.id === id);
  }

  /** The organisation certified for a mail domain (exact match). */
  async byDomain(domain: string): Promise<Organisation | undefined> {
    const { domains } = await this.#shard('domain', domain);
    const entry = domains.find((one) => one.domain === domain);
    if (entry === undefined) return undefined;
    const organisation = await this.byId(entry.id);
    // Pointer and entry are signed together: if they differ, the set is broken, and nobody is told "outside SSMAX" for that.
    if (organisation?.domains.includes(domain) !== true) throw new SsmaxError('unavailable', 'directory-damaged', { file: domain });
    return organisation;
  }

  async #shard(kind: 'id' | 'domain', name: string): Promise<DirectoryShard> {
    const { bits, pageBits, pages } = this.index;
    const number = await shardOf(kind, name, bits);
    const size = 2 ** (bits - pageBits);
    const hashes = decodePage(await this.#file(pages[Math.floor(number / size)]), size);
    return decodeShard(await this.#file(hashes[number % size]));
  }

  /** A file that is not what the index says is no answer at all: a cache may be broken, or somebody plays back an old one. */
  async #file(hash: Bytes | undefined): Promise<Bytes> {
    if (hash === undefined) throw refused('directory-invalid', { what: 'index' });
    const name = fileName(hash);
    const bytes = await this.fetch(name);
    if (!equal(await sha256(bytes), hash)) throw new SsmaxError('unavailable', 'directory-damaged', { file: name });
    return bytes;
  }
}
