/**
 * Keys, nonces and random numbers that anybody can compute, so that the vectors come out the same on every run.
 * Whatever is made with them protects nothing.
 */
import { createHash } from 'node:crypto';
import { p256 } from '@noble/curves/nist.js';
import { type Bytes, concat, fromHex, hex, utf8 } from '../../src/core/bytes.ts';
import { encodeScalar, modN, N } from '../../src/core/elgamal/curve.ts';
import type { Ephemeral, NativeCrypto, OrganisationKey, PrivateKey } from '../../src/core/keys.ts';
import { createNodeCrypto, loadOrganisationKey, loadPrivateKey, unsafeEphemeral } from '../../src/platform/node-crypto.ts';
import type { Source } from '../../test/flow/world.ts';

function hash(...parts: readonly Uint8Array[]): Bytes {
  return new Uint8Array(createHash('sha256').update(concat(...parts)).digest());
}

/** SHA-256("SSMAX test vector: " ‖ what), reduced to [1, n−1]. */
function testScalar(...what: readonly (string | Uint8Array)[]): bigint {
  const digest = hash(utf8('SSMAX test vector: '), ...what.map((part) => (typeof part === 'string' ? utf8(part) : part)));
  return (BigInt(`0x${hex(digest)}`) % (N - 1n)) + 1n;
}

function pkcs8(scalar: bigint): Bytes {
  return concat(fromHex('3041020100301306072a8648ce3d020106082a8648ce3d030107042730250201010420'), encodeScalar(scalar));
}

/** ECDSA with the nonce of RFC 6979. */
function deterministic<T extends PrivateKey>(key: T, scalar: bigint): T {
  return { ...key, sign: async (message) => Uint8Array.from(p256.sign(message, encodeScalar(scalar))) };
}

export function testKey(name: string): PrivateKey {
  const scalar = testScalar('key ', name);
  return deterministic(loadPrivateKey(pkcs8(scalar)), scalar);
}

/** Each use of one transcript gives another scalar. */
function ephemerals(seed: string): (transcript: Bytes) => bigint {
  const uses = new Map<string, number>();
  return (transcript) => {
    const name = hex(hash(transcript));
    const use = uses.get(name) ?? 0;
    uses.set(name, use + 1);
    return testScalar('nonce ', seed, ` ${use} `, transcript);
  };
}

function testOrganisationKey(name: string): OrganisationKey {
  const scalar = testScalar('key ', name);
  const next = ephemerals(name);
  return {
    ...deterministic(loadOrganisationKey(pkcs8(scalar)), scalar),
    ephemeral: async (transcript): Promise<Ephemeral> => unsafeEphemeral(next(transcript)),
    commit: async (transcript) => {
      const { scalar: k, ...point } = unsafeEphemeral(next(transcript));
      return { ...point, respond: (challenge) => modN(k + challenge * scalar) };
    },
  };
}

/** Random numbers that follow from `seed`. */
export function testNative(seed: string): NativeCrypto {
  const next = ephemerals(seed);
  let block = 0;
  return {
    ...createNodeCrypto(),
    random: (length) => {
      const blocks = Array.from({ length: Math.ceil(length / 32) }, () => hash(utf8(`SSMAX test vector: random ${seed} ${block++}`)));
      return concat(...blocks).slice(0, length);
    },
    ephemeral: async (hedge) => unsafeEphemeral(next(hedge)),
  };
}

/** A source for a world; records which scalar belongs to which public key. */
export function testSource(name: string): Source & { readonly scalars: ReadonlyMap<string, bigint> } {
  const scalars = new Map<string, bigint>();
  let count = 0;
  const named = <T extends PrivateKey>(make: (keyName: string) => T): T => {
    const keyName = `${name} ${++count}`;
    const key = make(keyName);
    scalars.set(hex(key.publicKey), testScalar('key ', keyName));
    return key;
  };
  return { native: testNative(name), key: () => named(testKey), organisationKey: () => named(testOrganisationKey), scalars };
}
