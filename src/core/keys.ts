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
  /**
   * A fresh one-time scalar. Where the platform can (Node), it is hedged: HKDF over `hedge` (the secret and transcript)
   * and 32 random bytes; else it comes from the platform's key generator.
   */
  ephemeral(hedge: Bytes): Promise<Ephemeral>;
}
