/** Reads test/vectors/*.json of the legs and mails; zod turns a typo in a vector into a failure instead of a skipped check. */
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { type Bytes, fromHex, hex } from '../../src/core/bytes.ts';
import { SsmaxError } from '../../src/core/error.ts';
import type { DirectorySource } from '../../src/flow/directory-files.ts';
import type { TrustMaterial } from '../../src/flow/trust.ts';
import { fromBase64 } from '../../src/wire/json.ts';

export const hexBytes = z.string().regex(/^(?:[0-9a-f]{2})*$/).transform((text): Bytes => fromHex(text));
export const base64Bytes = z.string().transform((text): Bytes => fromBase64(text));
/** `ok` or an error code. */
export const expectation = z.string().regex(/^[a-z0-9]+(?:-[a-z0-9]+)*$/);
const head = { about: z.string(), specification: z.string().regex(/^docs\/protocol(?:-[a-z]+)?\.md#[a-z0-9-]+$/) };

export function load<T extends z.ZodRawShape>(name: string, shape: T) {
  return z.strictObject({ ...head, ...shape }).parse(JSON.parse(readFileSync(new URL(`./${name}.json`, import.meta.url), 'utf8')));
}

/** As the vectors spell a value: bytes in hexadecimal, times in ISO 8601, big integers in decimal. */
export function spelled(value: unknown): unknown {
  if (value instanceof Uint8Array) return hex(value);
  if (value instanceof Date) return value.toISOString();
  if (typeof value === 'bigint') return value.toString();
  if (Array.isArray(value)) return value.map(spelled);
  if (value !== null && typeof value === 'object') return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, spelled(inner)]));
  return value;
}

/** `ok`, or the code with which it was refused. Anything that is no SsmaxError goes on. */
export async function outcome(run: () => unknown): Promise<string> {
  try {
    await run();
    return 'ok';
  } catch (error) {
    if (error instanceof SsmaxError) return error.code;
    throw error;
  }
}

const held = { d: z.string().length(64), certificate: base64Bytes };
const holder = z.strictObject(held);
const situation = z.strictObject({ directory: z.string(), crls: z.array(z.string()) });

export const trustVectors = load('trust', {
  now: z.iso.datetime().transform((text) => new Date(text)),
  root: base64Bytes,
  people: z.record(z.string(), z.strictObject({ address: z.string(), ...held })),
  organisations: z.record(z.string(), z.strictObject({ id: z.string(), ...held, gateway: holder, inspection: holder })),
  directories: z.record(z.string(), base64Bytes),
  files: z.record(z.string(), base64Bytes),
  lookUps: z.array(z.strictObject({ directory: z.string(), domain: z.string(), id: z.string().nullable() })),
  shards: z.array(z.strictObject({ kind: z.enum(['id', 'domain']), name: z.string(), bits: z.int(), shard: z.int() })),
  crls: z.record(z.string(), base64Bytes),
  situations: z.record(z.string(), situation),
  loading: z.array(z.strictObject({ situation: z.string(), expect: expectation })),
});

/** A directory of vectors: its index and its other files by name. */
export function sourceOf(index: Bytes, files: Readonly<Record<string, Bytes>>): DirectorySource {
  return {
    index,
    file: async (name) => {
      const found = files[name];
      if (found === undefined) throw new Error(`no file ${name}`);
      return found;
    },
  };
}

/** What `loadTrust` takes, in a situation of trust.json. */
export function materialOf(name: string): TrustMaterial {
  const { root, directories, files, crls, situations } = trustVectors;
  const found = situations[name];
  const directory = directories[found?.directory ?? ''];
  if (found === undefined || directory === undefined) throw new Error(`no situation ${name}`);
  return {
    root, directory: sourceOf(directory, files),
    crls: found.crls.map((crl) => {
      const der = crls[crl];
      if (der === undefined) throw new Error(`no CRL ${crl}`);
      return der;
    }),
  };
}
