import { SsmaxError } from '../../src/core/error.ts';
import type { Bytes } from '../../src/core/bytes.ts';

/** One byte for each character (U+0000 to U+00FF). */
export function bytes(text: string): Bytes {
  return new Uint8Array(Buffer.from(text, 'latin1'));
}

/** One character for each byte. */
export function characters(data: Uint8Array): string {
  return Buffer.from(data).toString('latin1');
}

/** The code of the SsmaxError that `run` throws, or `no error`. Other exceptions pass: they are bugs. */
export function codeOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof SsmaxError) return error.code;
    throw error;
  }
  return 'no error';
}

/** Deterministic bytes in place of random ones. */
export function fixedRandom(length: number): Bytes {
  return Uint8Array.from({ length }, (_, i) => (i * 37 + 11) & 0xff);
}
