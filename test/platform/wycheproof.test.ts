/** Every P-256 case of C2SP Wycheproof over the native keys, where the corpus is at hand (its licence keeps it out). */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { type Bytes, concat, fromHex, hex } from '../../src/core/bytes.ts';
import { verifyEcdsa } from '../../src/core/ecdsa.ts';
import { encodePoint } from '../../src/core/elgamal/curve.ts';
import { multiply, operand } from '../../src/core/elgamal/native-multiply.ts';
import type { PrivateKey } from '../../src/core/keys.ts';
import { providedNative, provideNative } from '../../src/core/native.ts';
import '../../src/platform/node-native.ts';
import { createWebCrypto, loadWebPrivateKey } from '../../src/platform/web-crypto.ts';
import { privateKeyOf } from '../core/elgamal/fixed-keys.ts';

const archive = new URL('../../../shared/corpora/corpora.tar.xz', import.meta.url);
const present = existsSync(archive);
const result = z.enum(['valid', 'invalid', 'acceptable']);
const jwk = z.object({ x: z.string().optional(), y: z.string().optional(), d: z.string().optional(), crv: z.string().optional() });
type Jwk = z.infer<typeof jwk>;

const node = providedNative();
afterAll(() => { provideNative(node); });

let folder = '';
beforeAll(() => {
  if (!present) return;
  folder = mkdtempSync(join(tmpdir(), 'ssmax-wycheproof-'));
  execFileSync('tar', ['xJf', archive.pathname, '-C', folder, './wycheproof']);
});
afterAll(() => {
  if (folder !== '') rmSync(folder, { recursive: true });
});

function read<T>(name: string, test: z.ZodType<T>): T[] {
  const file = z.object({ testGroups: z.array(z.object({ tests: z.array(z.unknown()) }).loose()) });
  const { testGroups } = file.parse(JSON.parse(readFileSync(join(folder, 'wycheproof', name), 'utf8')));
  return testGroups.flatMap((group) => group.tests.map((one) => test.parse({ ...group, ...z.record(z.string(), z.unknown()).parse(one) })));
}

/** The shared x by full recovery, as the KEM does it; undefined where any step refuses. */
async function shared(key: PrivateKey, point: Bytes): Promise<string | undefined> {
  try {
    const full = encodePoint(await multiply(key, operand(point)));
    expect(await key.sharedX(point)).toEqual(full.slice(1, 33));
    return hex(full.subarray(1, 33));
  } catch (error) {
    if (error instanceof Error && error.name === 'SsmaxError') return undefined;
    throw error;
  }
}

/** The bytes of the point, with no judgement: 0x04 ‖ x ‖ y. */
function toPoint({ x, y }: Jwk): Bytes {
  return concat(Uint8Array.of(4), Buffer.from(x ?? '', 'base64url'), Buffer.from(y ?? '', 'base64url'));
}

/** The case's private key in both platforms. */
async function keys(own: Jwk): Promise<PrivateKey[]> {
  const load = (name: string, usage: KeyUsage): Promise<CryptoKey> =>
    crypto.subtle.importKey('jwk', { kty: 'EC', crv: 'P-256', x: own.x ?? '', y: own.y ?? '', d: own.d ?? '' }, { name, namedCurve: 'P-256' }, false, [usage]);
  const [ecdh, ecdsa] = await Promise.all([load('ECDH', 'deriveBits'), load('ECDSA', 'sign')]);
  const web = await loadWebPrivateKey(createWebCrypto(), { ecdh, ecdsa, publicKey: toPoint(own) });
  return [web, privateKeyOf(BigInt(`0x${Buffer.from(own.d ?? '', 'base64url').toString('hex')}`))];
}

describe.skipIf(!present)('Wycheproof (skipped where ../shared/corpora/corpora.tar.xz is missing)', () => {
  it('ECDH P-256 with JWKs', async () => {
    const cases = read('ecdh_secp256r1_webcrypto_test.json', z.object({ tcId: z.number(), public: jwk, private: jwk, shared: z.string(), result }));
    expect(cases.length).toBeGreaterThan(100);
    let agreed = 0;
    for (const { tcId, public: peer, private: own, shared: expected, result: outcome } of cases) {
      if (own.crv !== 'P-256' || peer.crv !== 'P-256') {
        expect(outcome).toBe('invalid');
        continue;
      }
      for (const key of await keys(own)) {
        expect([tcId, await shared(key, toPoint(peer))]).toEqual([tcId, outcome === 'valid' ? expected : undefined]);
        agreed++;
      }
    }
    expect(agreed).toBeGreaterThan(100);
  });

  it('ECDH P-256 with SubjectPublicKeyInfo, whose points are uncompressed', async () => {
    const cases = read('ecdh_secp256r1_test.json', z.object({ tcId: z.number(), public: z.string(), private: z.string(), shared: z.string(), result }));
    const prefix = '3059301306072a8648ce3d020106082a8648ce3d030107034200';
    let agreed = 0;
    for (const { tcId, public: spki, private: d, shared: expected, result: outcome } of cases) {
      // The other structures (curve parameters written out, compressed points) are for core/pki to refuse.
      if (!spki.startsWith(prefix)) continue;
      const got = await shared(privateKeyOf(BigInt(`0x${d}`)), fromHex(spki.slice(prefix.length)));
      if (outcome === 'valid') expect([tcId, got]).toEqual([tcId, expected]);
      else if (outcome === 'invalid') expect([tcId, got]).toEqual([tcId, undefined]);
      if (got !== undefined) agreed++;
    }
    expect(agreed).toBeGreaterThan(100);
  });

  it.each([['Node', node], ['WebCrypto', undefined]])('ECDSA P-256 with SHA-256, r ‖ s: %s', async (_, native) => {
    provideNative(native);
    const cases = read('ecdsa_secp256r1_sha256_p1363_test.json', z.object({ tcId: z.number(), publicKey: z.object({ uncompressed: z.string() }), msg: z.string(), sig: z.string(), result }));
    expect(cases.length).toBeGreaterThan(100);
    for (const { tcId, publicKey, msg, sig, result: outcome } of cases) {
      const got = await verifyEcdsa(fromHex(publicKey.uncompressed), fromHex(msg), fromHex(sig));
      expect([tcId, got]).toEqual([tcId, outcome === 'valid']);
    }
  });
});
