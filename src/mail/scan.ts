/**
 * Finding delimiter lines in large bodies by native methods only: JavaScript in Thunderbird runs without JIT, and a loop
 * over each byte of a 25 MB mail would take seconds there.
 */
import { latin1 } from './latin1.ts';

const LINE_FEED = 0x0a;

/**
 * Positions in bytes[start, end), ascending, at which a line begins with `prefix` (ASCII); at most `limit` + 1 of them.
 * A line begins at `start` and behind each line feed.
 *
 * The bytes are searched as 32-bit words: a needle of seven bytes or more holds one whole aligned word in each of the
 * four ways it can lie, so four native searches for one word each find every occurrence. Time is linear.
 */
export function lineStarts(bytes: Uint8Array, prefix: string, start: number, end: number, limit: number): number[] {
  const needle = Uint8Array.from(`\n${prefix}`, (c) => c.charCodeAt(0));
  const found: number[] = [];
  if (latin1(bytes, start, Math.min(end, start + prefix.length)) === prefix) found.push(start);
  const lines = needle.length < 7 ? shortNeedle(bytes, needle, start, end, limit) : longNeedle(bytes, needle, start, end, limit);
  found.push(...lines.map((at) => at + 1));
  return found.sort((a, b) => a - b).slice(0, limit + 1);
}

function longNeedle(bytes: Uint8Array, needle: Uint8Array, start: number, end: number, limit: number): number[] {
  const found: number[] = [];
  const first = Math.ceil((bytes.byteOffset + start) / 4) * 4;
  const count = Math.floor((bytes.byteOffset + end - first) / 4);
  if (count < 1) return found;
  const words = new Uint32Array(bytes.buffer, first, count);
  const offset = first - bytes.byteOffset;
  for (let lead = 0; lead < 4; lead++) {
    // The platform's own byte order, by copying.
    const word = new Uint32Array(needle.slice(lead, lead + 4).buffer)[0] ?? 0;
    let hits = 0;
    for (let i = words.indexOf(word); i !== -1 && hits <= limit; i = words.indexOf(word, i + 1)) {
      const at = offset + i * 4 - lead;
      if (at < start || at + needle.length > end || !startsWith(bytes, at, needle)) continue;
      found.push(at);
      hits++;
    }
  }
  return found;
}

/** Boundaries of three letters or less: hardly ever seen, so line by line will do. */
function shortNeedle(bytes: Uint8Array, needle: Uint8Array, start: number, end: number, limit: number): number[] {
  const found: number[] = [];
  for (let at = bytes.indexOf(LINE_FEED, start); at !== -1 && at + needle.length <= end && found.length <= limit; at = bytes.indexOf(LINE_FEED, at + 1)) {
    if (startsWith(bytes, at, needle)) found.push(at);
  }
  return found;
}

function startsWith(bytes: Uint8Array, at: number, needle: Uint8Array): boolean {
  for (let i = 0; i < needle.length; i++) if (bytes[at + i] !== needle[i]) return false;
  return true;
}
