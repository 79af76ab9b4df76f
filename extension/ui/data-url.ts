/** Data URLs with native base64, where the browser has it: loops over bytes are slow in Thunderbird. */
import type { Bytes } from '../../src/core/bytes.ts';

interface NativeBase64 {
  toBase64?(): string;
}

interface NativeBase64Constructor {
  fromBase64?(text: string): Bytes;
}

const CHUNK = 0x8000;

export function toDataUrl(type: string, bytes: Bytes): string {
  return `data:${type};base64,${toBase64(bytes)}`;
}

function toBase64(bytes: Bytes): string {
  const native = bytes as Bytes & NativeBase64;
  if (native.toBase64 !== undefined) return native.toBase64();
  let binary = '';
  for (let at = 0; at < bytes.length; at += CHUNK) binary += String.fromCharCode(...bytes.subarray(at, at + CHUNK));
  return btoa(binary);
}

const DATA_URL = /^data:([a-z]+\/[a-z0-9.+-]+)((?:;[^,;]*)*?)(;base64)?,/i;

/** The bytes of a data URL; undefined if it is none. */
export function fromDataUrl(url: string): { readonly type: string; readonly bytes: Bytes } | undefined {
  const head = DATA_URL.exec(url);
  if (head === null) return undefined;
  const type = (head[1] ?? '').toLowerCase();
  const data = url.slice(head[0].length);
  try {
    if (head[3] === undefined) return { type, bytes: Uint8Array.from(new TextEncoder().encode(decodeURIComponent(data))) };
    const native = Uint8Array as unknown as NativeBase64Constructor;
    const text = decodeURIComponent(data);
    return { type, bytes: native.fromBase64 === undefined ? Uint8Array.from(atob(text), (character) => character.charCodeAt(0)) : native.fromBase64(text) };
  } catch {
    return undefined;
  }
}
