// WHATWG calls this windows-1252: every byte becomes exactly one UTF-16 code unit, and ASCII stays ASCII. Nothing else
// about the mapping is relied on (engines differ at 0x80–0x9F). Node is slow at it where bytes are not ASCII: for
// headers and text, not for attachments.
const decoder = new TextDecoder('latin1');

/** One code unit a byte; ASCII bytes as themselves, others as something non-ASCII. */
export function latin1(bytes: Uint8Array, start = 0, end = bytes.length): string {
  return decoder.decode(bytes.subarray(start, end));
}

/** A line feed without carriage return before it, or the reverse (RFC 5322 §2.3 allows neither). */
export const BARE_LINE_BREAK = /\r(?!\n)|(?<!\r)\n/;
