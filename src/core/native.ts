/**
 * What an engine does by native code that the language has no word for yet. A platform provides it when its module is loaded
 * (src/platform/node-native.ts); where nothing is provided, what is in core and mail works alone, with the same results.
 */
import type { Bytes } from './bytes.ts';

export interface Native {
  /** SHA-256 of the parts in order, 32 bytes, without joining them. */
  readonly sha256: (parts: readonly Uint8Array[]) => Bytes;
  /** HKDF-SHA256 (RFC 5869), `length` bytes. */
  readonly hkdf: (secret: Uint8Array, salt: Uint8Array, info: Uint8Array, length: number) => Bytes;
  /** As `verifyEcdsa` (core/ecdsa.ts), for a key of 65 bytes and a signature of 64; throws where the key is no point. */
  readonly verifyEcdsa: (publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array) => boolean;
  /** AES-256-GCM with a tag of 16 bytes, which stands apart, so that nothing is joined. */
  readonly sealGcm: (key: Uint8Array, nonce: Uint8Array, additional: Uint8Array, plaintext: Uint8Array) => { ciphertext: Bytes; mac: Bytes };
  /** Its reverse; throws where the tag does not fit, and then gives nothing of the plaintext. */
  readonly openGcm: (key: Uint8Array, nonce: Uint8Array, additional: Uint8Array, ciphertext: Uint8Array, mac: Uint8Array) => Bytes;
  /** Base64 decoded; undefined where the text is in any way unusual: then the strict reader of src/mail/transfer.ts decides. */
  readonly decodeBase64: (encoded: Uint8Array) => Bytes | undefined;
  /** Where `needle` first stands at or behind `from`; -1 where it does not. */
  readonly indexOf: (bytes: Uint8Array, needle: Uint8Array, from: number) => number;
}

let provided: Native | undefined;

/** `undefined` takes it back. */
export function provideNative(native: Native | undefined): void {
  provided = native;
}

export function providedNative(): Native | undefined {
  return provided;
}
