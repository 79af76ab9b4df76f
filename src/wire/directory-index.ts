/**
 * The directory as a set of files for any web server (docs/protocol-directory.md): a signed index, pages of hashes, and shards
 * of a few organisations, each but the index named by its SHA-256. Who looks one organisation up fetches a few of them.
 */
import { z } from 'zod';
import { type Bytes, hex } from '../core/bytes.ts';
import { lengthPrefixed, sha256 } from '../core/digest.ts';
import { refused } from '../core/error.ts';
import { organisationSchema } from './directory.ts';
import { bytesField, decodeJson, encodeJson, timeField } from './json.ts';

export const INDEX_FILE = 'index.cms';
/** The Authority's revocation list, which lies beside the index. */
export const CRL_FILE = 'authority.crl';
/** Shards are numbered by so many bits at most. */
const MAX_BITS = 20;

const indexSchema = z.strictObject({
  version: z.literal(1),
  issued: timeField,
  nextUpdate: timeField,
  /** 2^bits shards, in 2^pageBits pages. */
  bits: z.int().min(0).max(MAX_BITS),
  pageBits: z.int().min(0).max(MAX_BITS),
  /** SHA-256 of each page. */
  pages: z.array(bytesField({ length: 32 })).max(2 ** (MAX_BITS / 2)),
});
export type DirectoryIndex = z.output<typeof indexSchema>;

const shardSchema = z.strictObject({
  organisations: z.array(organisationSchema),
  /** Which organisation has a domain: whose entry is in the shard of its identifier. */
  domains: z.array(z.strictObject({ domain: z.string().max(253), id: z.string().min(1).max(64) })),
});
export type DirectoryShard = z.output<typeof shardSchema>;

export function encodeIndex(index: DirectoryIndex): Bytes {
  return encodeJson(index);
}

/** Throws `json-invalid`, `directory-invalid`. */
export function decodeIndex(bytes: Bytes): DirectoryIndex {
  const index = decodeJson(indexSchema, bytes);
  if (index.pageBits > index.bits || index.pages.length !== 2 ** index.pageBits) throw refused('directory-invalid', { what: 'index' });
  return index;
}

export function encodeShard(shard: DirectoryShard): Bytes {
  return encodeJson(shard);
}

/** Throws `json-invalid`. */
export function decodeShard(bytes: Bytes): DirectoryShard {
  return decodeJson(shardSchema, bytes);
}

/** The hashes on a page; throws `directory-invalid` where it does not hold `count` of them. */
export function decodePage(bytes: Bytes, count: number): Bytes[] {
  if (bytes.length !== count * 32) throw refused('directory-invalid', { what: 'page' });
  return Array.from({ length: count }, (_, i) => bytes.slice(i * 32, i * 32 + 32));
}

/** Whether this is the name of a page or shard. */
export function isFileName(name: string): boolean {
  return /^files\/[0-9a-f]{64}$/.test(name);
}

/** Where a page or shard is: `files/` and its SHA-256. */
export function fileName(hash: Bytes): string {
  return `files/${hex(hash)}`;
}

/** The number of the shard for an identifier or a domain: the first `bits` bits of a hash. */
export async function shardOf(kind: 'id' | 'domain', name: string, bits: number): Promise<number> {
  const hash = await sha256(lengthPrefixed('SSMAX-v1/directory'), lengthPrefixed(kind), lengthPrefixed(name));
  return bits === 0 ? 0 : new DataView(hash.buffer).getUint32(0) >>> (32 - bits);
}
