import { charsetDecoder } from './encoded-word.ts';
import type { Entity } from './mime.ts';

/** A text part as text, by its charset; where that is missing or unknown, by what its bytes allow. */
export function decodeText(entity: Entity): string {
  const bytes = entity.body();
  const charset = entity.params.get('charset');
  const declared = charset === undefined ? undefined : charsetDecoder(charset, false);
  return declared?.decode(bytes) ?? guessText(bytes) ?? new TextDecoder('windows-1252').decode(bytes);
}

/** UTF-8, or one of the Japanese charsets, if the bytes are valid in it; else undefined. */
export function guessText(bytes: Uint8Array): string | undefined {
  // ISO-2022-JP is ASCII bytes with escapes, hence valid UTF-8 too.
  const charsets = bytes.includes(0x1b) ? ['iso-2022-jp', 'utf-8'] : ['utf-8', 'euc-jp', 'shift_jis'];
  for (const charset of charsets) {
    try {
      return new TextDecoder(charset, { fatal: true }).decode(bytes);
    } catch {
      // Not this one.
    }
  }
  return undefined;
}
