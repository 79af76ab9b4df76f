/**
 * Finding delimiter lines in large bodies by native methods only: JavaScript in Thunderbird runs without JIT, and a loop
 * over each byte of a 25 MB mail would take seconds there.
 */
import { providedNative } from '../core/native.ts';
import { latin1 } from './latin1.ts';

/** How many words may be of the needle without being one before a mail is taken to be made for it. */
const MISSES = 1_000;
/** Bytes that are made text of at a time. */
const PIECE = 1_048_576;

/**
 * Positions in bytes[start, end), ascending, at which a line begins with `prefix` (ASCII); at most `limit` + 1 of them.
 * A line begins at `start` and behind each line feed.
 *
 * Where the platform provides a search for bytes, that; else the bytes are searched as 32-bit words: a needle of seven bytes or more holds one whole aligned word in each of the
 * four ways it can lie, so four native searches for one word each find every occurrence. Shorter ones, and mails that
 * are full of such words, are searched as text: slower where bytes are not ASCII, but no input makes it a loop. Time is linear.
 */
export function lineStarts(bytes: Uint8Array, prefix: string, start: number, end: number, limit: number): number[] {
  const needle = `\n${prefix}`;
  const found: number[] = [];
  if (latin1(bytes, start, Math.min(end, start + prefix.length)) === prefix) found.push(start);
  const letters = Uint8Array.from(needle, (c) => c.charCodeAt(0));
  const lines = byEngine(bytes, letters, start, end, limit) ?? byWords(bytes, letters, start, end, limit) ?? byText(bytes, needle, start, end, limit);
  found.push(...lines.map((at) => at + 1));
  return found.sort((a, b) => a - b).slice(0, limit + 1);
}

/** Undefined where the engine has no search for bytes. */
function byEngine(bytes: Uint8Array, needle: Uint8Array, start: number, end: number, limit: number): number[] | undefined {
  const native = providedNative();
  if (native === undefined) return undefined;
  const found: number[] = [];
  const within = bytes.subarray(0, end);
  for (let i = native.indexOf(within, needle, start); i !== -1 && found.length <= limit; i = native.indexOf(within, needle, i + 1)) found.push(i);
  return found;
}

/** Undefined where words do not tell. */
function byWords(bytes: Uint8Array, needle: Uint8Array, start: number, end: number, limit: number): number[] | undefined {
  if (needle.length < 7) return undefined;
  const found: number[] = [];
  let misses = 0;
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
      if (at < start || at + needle.length > end || !startsWith(bytes, at, needle)) {
        if (++misses > MISSES) return undefined;
        continue;
      }
      found.push(at);
      hits++;
    }
  }
  return found;
}

/** Piece by piece: the text of a large mail, beside its bytes, would be twice or four times as much again. */
function byText(bytes: Uint8Array, needle: string, start: number, end: number, limit: number): number[] {
  const found: number[] = [];
  for (let from = start; from < end; from += PIECE) {
    const text = latin1(bytes, from, Math.min(end, from + PIECE + needle.length - 1));
    for (let i = text.indexOf(needle); i !== -1; i = text.indexOf(needle, i + 1)) {
      found.push(from + i);
      if (found.length > limit) return found;
    }
  }
  return found;
}

function startsWith(bytes: Uint8Array, at: number, needle: Uint8Array): boolean {
  for (let i = 0; i < needle.length; i++) if (bytes[at + i] !== needle[i]) return false;
  return true;
}
