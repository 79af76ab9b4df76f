/**
 * Byte searching by native methods. JavaScript in Thunderbird may run without JIT, so a loop over each byte of a 25 MB
 * mail would take seconds: bytes are turned into strings of one code unit a byte, and the engine searches those.
 */

// WHATWG calls this windows-1252: every byte becomes exactly one UTF-16 code unit, and ASCII stays ASCII. Nothing else
// about the mapping is relied on (engines differ at 0x80–0x9F).
const decoder = new TextDecoder('latin1');

/** One code unit a byte; ASCII bytes as themselves, others as something non-ASCII. */
export function latin1(bytes: Uint8Array, start = 0, end = bytes.length): string {
  return decoder.decode(bytes.subarray(start, end));
}

const WINDOW = 1 << 20;

/**
 * All positions at which `needle` (ASCII) stands in bytes[start, end), in order. Works in windows of 1 MiB, so that
 * memory stays flat; time is linear.
 */
export function* positions(bytes: Uint8Array, needle: string, start: number, end: number): Generator<number> {
  const overlap = needle.length - 1;
  for (let from = start; from + overlap < end; from += WINDOW) {
    const text = latin1(bytes, from, Math.min(end, from + WINDOW + overlap));
    for (let at = text.indexOf(needle); at !== -1; at = text.indexOf(needle, at + needle.length)) yield from + at;
  }
}

/** A line feed without carriage return before it, or the reverse (RFC 5322 §2.3 allows neither). */
export const BARE_LINE_BREAK = /\r(?!\n)|(?<!\r)\n/;
