/**
 * Node's keys and random numbers (OpenSSL). Multiplications go through createECDH: twice as fast as WebCrypto's, which
 * hops through the thread pool each time. Private scalars live in this file's closures and nowhere else in JavaScript.
 */
import { createECDH, createHash, createHmac, createPrivateKey, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import { type Bytes, concat, equal, utf8 } from '../core/bytes.ts';
import { createMclArithmetic } from '../core/elgamal/mcl-arithmetic.ts';
import { SsmaxError } from '../core/error.ts';
import type { Ephemeral, KeyCommitment, NativeCrypto, OrganisationKey, PrivateKey } from '../core/keys.ts';
import { hkdf } from './node-native.ts';

const CURVE = 'prime256v1';
/** The order of P-256. */
const N = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;

function random(length: number): Bytes {
  return new Uint8Array(randomBytes(length));
}

function toScalar(bytes: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(bytes).toString('hex')}`);
}

function scalarBytes(scalar: bigint): Buffer {
  return Buffer.from(scalar.toString(16).padStart(64, '0'), 'hex');
}

const NONCE = utf8('SSMAX-v1/nonce');

interface NativeScalar {
  readonly publicKey: Bytes;
  sharedX(point: Bytes): Promise<Bytes>;
}

/** OpenSSL checks both the range of the scalar and that `point` is on the curve. */
function nativeScalar(scalar: Uint8Array): NativeScalar {
  const ecdh = createECDH(CURVE);
  ecdh.setPrivateKey(scalar);
  return {
    publicKey: new Uint8Array(ecdh.getPublicKey()),
    sharedX: (point) => Promise.resolve(new Uint8Array(ecdh.computeSecret(point))),
  };
}

/**
 * A one-time scalar that stays secret if either the random numbers or the long-term secret do: HKDF-SHA256 over both
 * and the transcript, 48 bytes reduced (bias below 2^−128), never zero.
 */
function hedgedScalar(secret: Uint8Array, transcript: Bytes): bigint {
  const wide = hkdf(concat(secret, random(32)), new Uint8Array(0), concat(NONCE, hash(transcript)), 48);
  return (toScalar(wide) % (N - 1n)) + 1n;
}

function hash(data: Uint8Array): Uint8Array {
  return createHash('sha256').update(data).digest();
}

/** A one-time scalar of known value. For the vectors; everything else takes `createNodeCrypto().ephemeral`. */
export function unsafeEphemeral(scalar: bigint): Ephemeral {
  return { scalar, ...nativeScalar(scalarBytes(scalar)) };
}

export function createNodeCrypto(): NativeCrypto {
  const secret = random(32);
  return {
    random,
    sha256: (data) => Promise.resolve(new Uint8Array(hash(data))),
    ephemeral: (hedge) => Promise.resolve(unsafeEphemeral(hedgedScalar(secret, hedge))),
    publicArithmetic: createMclArithmetic(),
  };
}

/** The same for a server, with all that it loads (tens of milliseconds): one that could not check a proof does not start. */
export async function loadNodeCrypto(): Promise<NativeCrypto> {
  const native = createNodeCrypto();
  await native.publicArithmetic?.vanishes([]);
  return native;
}

/** A new private key as PKCS#8 DER (unencrypted: the caller wraps it before it touches a disk). */
export function generatePrivateKey(): Bytes {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: CURVE });
  return new Uint8Array(privateKey.export({ format: 'der', type: 'pkcs8' }));
}

interface Loaded {
  readonly key: PrivateKey;
  readonly scalar: Buffer;
}

function load(pkcs8: Bytes): Loaded {
  const { keyObject, scalar, claimed } = parse(pkcs8);
  const native = nativeScalar(scalar);
  // The recovery of y needs K = kG to be true: the one that came with the key is not believed.
  if (!equal(native.publicKey, claimed)) throw new SsmaxError('fault', 'key-mismatch');
  const key: PrivateKey = {
    ...native,
    sign: (message) => Promise.resolve(new Uint8Array(sign('sha256', message, { key: keyObject, dsaEncoding: 'ieee-p1363' }))),
  };
  return { key, scalar };
}

function parse(pkcs8: Bytes): { keyObject: KeyObject; scalar: Buffer; claimed: Uint8Array } {
  try {
    const keyObject = createPrivateKey({ key: Buffer.from(pkcs8), format: 'der', type: 'pkcs8' });
    const { crv, d, x, y } = keyObject.export({ format: 'jwk' });
    if (crv !== 'P-256' || d === undefined || x === undefined || y === undefined) throw new TypeError('not a P-256 key');
    const claimed = concat(Uint8Array.of(4), Buffer.from(x, 'base64url'), Buffer.from(y, 'base64url'));
    return { keyObject, scalar: Buffer.from(d, 'base64url'), claimed };
  } catch (cause) {
    throw new SsmaxError('fault', 'private-key-invalid', {}, { cause });
  }
}

/** Loads PKCS#8 DER. Throws `private-key-invalid` or `key-mismatch`, kind fault. */
export function loadPrivateKey(pkcs8: Bytes): PrivateKey {
  return load(pkcs8).key;
}

/**
 * The key server's key. The proof of re-encryption needs k + e·a, which neither ECDH nor ECDSA gives, so the scalar is
 * held here, in this one closure; this is why an HSM is a later option (design §3). BigInt's time depends on its
 * operands, so every response uses another representative a + t·n of the key, t random.
 */
export function loadOrganisationKey(pkcs8: Bytes): OrganisationKey {
  const { key, scalar } = load(pkcs8);
  const a = toScalar(scalar);
  const nonceSecret = createHmac('sha256', scalar).update('SSMAX-v1/nonce-secret').digest();
  return {
    ...key,
    ephemeral: (transcript) => Promise.resolve(unsafeEphemeral(hedgedScalar(nonceSecret, transcript))),
    commit(transcript): Promise<KeyCommitment> {
      let k: bigint | undefined = hedgedScalar(nonceSecret, transcript);
      return Promise.resolve({
        ...nativeScalar(scalarBytes(k)),
        respond(challenge) {
          if (k === undefined) throw new SsmaxError('fault', 'commitment-spent');
          const blinded = a + toScalar(random(16)) * N;
          const response = (k + challenge * blinded) % N;
          k = undefined;
          return response;
        },
      });
    },
  };
}
