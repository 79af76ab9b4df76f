/**
 * What an engine does by native code that the language has no word for yet. A platform provides it when its module is loaded
 * (src/platform/node-native.ts); where nothing is provided, what is in core and mail works alone, with the same results.
 */
import type { Bytes } from './bytes.ts';

export interface Native {
  /** SHA-256 of the parts in order, 32 bytes, without joining them. */
  readonly sha256: (parts: readonly Uint8Array[]) => Bytes;
  /** Base64 decoded; undefined where the text is in any way unusual: then the strict reader of src/mail/transfer.ts decides. */
  readonly decodeBase64: (encoded: Uint8Array) => Bytes | undefined;
  /** Where `needle` first stands at or behind `from`; -1 where it does not. */
  readonly indexOf: (bytes: Uint8Array, needle: Uint8Array, from: number) => number;
}

let provided: Native | undefined;

export function provideNative(native: Native): void {
  provided = native;
}

export function providedNative(): Native | undefined {
  return provided;
}
