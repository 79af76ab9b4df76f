import { createECDH, createHash, generateKeyPairSync } from 'node:crypto';
import { p256 } from '@noble/curves/nist.js';
import { describe, expect, it, vi } from 'vitest';
import { fromHex, hex, utf8 } from '../../src/core/bytes.ts';
import { verifyEcdsa } from '../../src/core/ecdsa.ts';
import { createNodeCrypto, generatePrivateKey, loadNodeCrypto, loadOrganisationKey, loadPrivateKey } from '../../src/platform/node-crypto.ts';

const { Fn } = p256.Point;

describe('private keys in Node', () => {
  it('sign and multiply', async () => {
    const key = loadPrivateKey(generatePrivateKey());
    const message = utf8('message');
    expect(await verifyEcdsa(key.publicKey, message, await key.sign(message))).toBe(true);
    const peer = createECDH('prime256v1');
    const point = new Uint8Array(peer.generateKeys());
    expect(await key.sharedX(point)).toEqual(new Uint8Array(peer.computeSecret(key.publicKey)));
  });

  it('show nothing of the scalar', () => {
    const pkcs8 = generatePrivateKey();
    const scalar = hex(pkcs8.subarray(36, 68));
    for (const key of [loadPrivateKey(pkcs8), loadOrganisationKey(pkcs8)]) {
      const shown = JSON.stringify(Object.entries(key).map(([name, value]) => [name, value instanceof Uint8Array ? hex(value) : String(value)]));
      expect(shown).toContain(hex(key.publicKey));
      expect(shown).not.toContain(scalar);
    }
  });

  it.each([
    ['no DER', utf8('-----BEGIN PRIVATE KEY-----')],
    ['another curve', der('ec', { namedCurve: 'P-384' })],
    ['another algorithm', der('ed25519')],
    ['empty', new Uint8Array()],
  ])('refuse %s', (_, pkcs8) => {
    expect(() => loadPrivateKey(pkcs8)).toThrow('private-key-invalid');
  });

  it('refuse a public point that is not theirs', () => {
    const [one, other] = [generatePrivateKey(), generatePrivateKey()];
    const mixed = Uint8Array.from(one);
    mixed.set(other.subarray(-65), one.length - 65);
    expect(() => loadPrivateKey(mixed)).toThrow(/key-mismatch|private-key-invalid/);
  });
});

function der(type: 'ec' | 'ed25519', options?: { namedCurve: string }): Uint8Array<ArrayBuffer> {
  const { privateKey } = type === 'ec' ? generateKeyPairSync('ec', options ?? { namedCurve: 'P-256' }) : generateKeyPairSync('ed25519');
  return new Uint8Array(privateKey.export({ format: 'der', type: 'pkcs8' }));
}

describe('nonces', () => {
  it('are fresh for the same transcript, and match their points', async () => {
    const native = createNodeCrypto();
    const organisation = loadOrganisationKey(generatePrivateKey());
    const transcript = utf8('the same');
    const made = await Promise.all(Array.from({ length: 20 }, (_, i) => (i % 2 ? native : organisation).ephemeral(transcript)));
    expect(new Set(made.map(({ scalar }) => scalar)).size).toBe(20);
    for (const { scalar, publicKey } of made) expect(hex(publicKey)).toBe(p256.Point.BASE.multiply(scalar).toHex(false));
  });

  it('take transcripts of any length', async () => {
    const { scalar } = await createNodeCrypto().ephemeral(new Uint8Array(100_000));
    expect(scalar).toBeGreaterThan(0n);
  });
});

describe('commitments of the organisation’s key', () => {
  it('answer k + e·a once', async () => {
    const organisation = loadOrganisationKey(generatePrivateKey());
    const commitment = await organisation.commit(utf8('transcript'));
    const e = 0x1234567890abcdefn;
    const z = commitment.respond(e);
    const { Point } = p256;
    const [A, T] = [Point.fromBytes(organisation.publicKey), Point.fromBytes(commitment.publicKey)];
    expect(Point.BASE.multiply(z).equals(T.add(A.multiply(e)))).toBe(true);
    expect(z).toBe(Fn.create(z));
    for (const again of [e, e + 1n, 0n]) {
      expect(() => commitment.respond(again)).toThrow('commitment-spent');
    }
  });
});

describe('hash', () => {
  it('is SHA-256', async () => {
    expect(await createNodeCrypto().sha256(fromHex('616263'))).toEqual(new Uint8Array(createHash('sha256').update('abc').digest()));
  });
});

describe('the arithmetic for proofs', () => {
  it('is there when a server starts, or the server does not start', async () => {
    expect(await (await loadNodeCrypto()).publicArithmetic?.vanishes([])).toBe(true);
    vi.doMock('mcl-wasm', () => ({ init: () => Promise.reject(new Error('no memory')), NIST_P256: 0 }));
    vi.resetModules();
    const anew: { loadNodeCrypto: typeof loadNodeCrypto } = await import('../../src/platform/node-crypto.ts');
    await expect(anew.loadNodeCrypto()).rejects.toThrow('no memory');
    vi.doUnmock('mcl-wasm');
  });
});
