/** Keys and nonces of known value, for the vectors and for comparing with noble. */
import { type Bytes, concat, fromHex } from '../../../src/core/bytes.ts';
import { encodeScalar, modN, N } from '../../../src/core/elgamal/curve.ts';
import type { Ephemeral, NativeCrypto, OrganisationKey, PrivateKey } from '../../../src/core/keys.ts';
import { createNodeCrypto, loadOrganisationKey, loadPrivateKey, unsafeEphemeral } from '../../../src/platform/node-crypto.ts';

/** PKCS#8 around ECPrivateKey without its optional public key (RFC 5915). */
function pkcs8(scalar: bigint): Bytes {
  return concat(fromHex('3041020100301306072a8648ce3d020106082a8648ce3d030107042730250201010420'), encodeScalar(scalar));
}

export function privateKeyOf(scalar: bigint): PrivateKey {
  return loadPrivateKey(pkcs8(scalar));
}

/** Gives the scalars in order and throws when there is none left. */
function sequence(scalars: readonly bigint[]): () => bigint {
  const left = [...scalars];
  return () => {
    const next = left.shift();
    if (next === undefined) throw new Error('no nonce left');
    return next;
  };
}

/** Node's cryptography with ephemerals of known value. */
export function nativeWith(...scalars: bigint[]): NativeCrypto {
  const next = sequence(scalars);
  return { ...createNodeCrypto(), ephemeral: (): Promise<Ephemeral> => Promise.resolve(unsafeEphemeral(next())) };
}

/** An organisation's key of known value, with ephemerals (r′, s, k_r per target) and commitments (k_a) of known value. */
export function organisationKeyOf(scalar: bigint, ephemerals: readonly bigint[], commitments: readonly bigint[]): OrganisationKey {
  const [nextEphemeral, nextCommitment] = [sequence(ephemerals), sequence(commitments)];
  return {
    ...loadOrganisationKey(pkcs8(scalar)),
    ephemeral: () => Promise.resolve(unsafeEphemeral(nextEphemeral())),
    commit: () => {
      const { scalar: k, ...point } = unsafeEphemeral(nextCommitment());
      return Promise.resolve({ ...point, respond: (challenge) => modN(k + challenge * scalar) });
    },
  };
}

/** A scalar in [1, n−1] from 32 random bytes. */
export function toScalar(bytes: Uint8Array): bigint {
  return (bytes.reduce((value, byte) => (value << 8n) | BigInt(byte), 0n) % (N - 1n)) + 1n;
}
