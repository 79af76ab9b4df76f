import type { Bytes } from './bytes.ts';

/**
 * A native P-256 private key that JavaScript never sees (WebCrypto, OpenSSL). It offers just two operations: the x
 * coordinate of a scalar multiplication, and an ECDSA signature. core/elgamal makes full points of two x coordinates.
 */
export interface PrivateKey {
  /** The public point, 65 bytes uncompressed. */
  readonly publicKey: Bytes;
  /** x(k·point), 32 bytes big-endian; `point` is 65 bytes uncompressed and on the curve. */
  sharedX(point: Bytes): Promise<Bytes>;
  /** ECDSA P-256 with SHA-256 over `message`: r ‖ s, 64 bytes (IEEE P1363). */
  sign(message: Bytes): Promise<Bytes>;
}

/** A one-time P-256 scalar: its value is needed for the proofs' responses, its multiplications run natively. */
export interface Ephemeral {
  readonly scalar: bigint;
  /** scalar·G, 65 bytes uncompressed. */
  readonly publicKey: Bytes;
  sharedX(point: Bytes): Promise<Bytes>;
}

/** Cryptography that differs between browser and Node; implemented in src/platform. */
export interface NativeCrypto {
  /** Cryptographically strong random bytes. */
  random(length: number): Bytes;
  /** Node's own hash is twenty times faster than WebCrypto's on the short inputs of the proofs. */
  sha256(data: Bytes): Promise<Bytes>;
  /**
   * A fresh one-time scalar. Where the platform can (Node), it is hedged: HKDF over `hedge` (the secret and transcript)
   * and 32 random bytes; else it comes from the platform's key generator.
   */
  ephemeral(hedge: Bytes): Promise<Ephemeral>;
  /** Faster arithmetic on public points than core/elgamal's own, where the platform has it. */
  readonly publicArithmetic?: PublicArithmetic;
}

/** One summand: scalar in [0, n−1]; affine coordinates of a point that is known to be on the curve. */
export interface PublicTerm {
  readonly scalar: bigint;
  readonly x: bigint;
  readonly y: bigint;
}

/** Multi-scalar multiplication for verifying proofs. Variable time: public data only. */
export interface PublicArithmetic {
  /** Whether Σ scalar·point is the point at infinity. */
  vanishes(terms: readonly PublicTerm[]): Promise<boolean>;
}

/**
 * The commitment of a Schnorr proof about an organisation's private key a: a fresh k inside the key's own module,
 * of which only k·G and multiplications can be had.
 */
export interface KeyCommitment {
  /** k·G, 65 bytes uncompressed. */
  readonly publicKey: Bytes;
  /** x(k·point), 32 bytes big-endian. */
  sharedX(point: Bytes): Promise<Bytes>;
  /** k + challenge·a mod n. Works once (a second answer would give a away): then `commitment-spent`, kind fault. */
  respond(challenge: bigint): bigint;
}

/** The key server's key: beside the native operations it answers for the proof of re-encryption. */
export interface OrganisationKey extends PrivateKey {
  /** A fresh one-time scalar, hedged with the private key: HKDF over key, `transcript` and 32 random bytes. */
  ephemeral(transcript: Bytes): Promise<Ephemeral>;
  /** A fresh commitment, hedged in the same way. */
  commit(transcript: Bytes): Promise<KeyCommitment>;
}
