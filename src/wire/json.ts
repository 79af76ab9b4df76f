/** JSON bodies: bytes as base64 (RFC 4648 §4), everything validated by zod before use. */
import { z } from 'zod';
import { type Bytes, fromUtf8, utf8 } from '../core/bytes.ts';
import { refused } from '../core/error.ts';

/** Base64 with padding, no line breaks. For small structures: whole messages never travel in JSON. */
export function toBase64(bytes: Uint8Array): string {
  let binary = '';
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary);
}

/** Strict base64: throws `base64-invalid` on anything but the canonical form. */
export function fromBase64(text: string): Bytes {
  let binary;
  try {
    binary = atob(text);
  } catch (cause) {
    throw refused('base64-invalid', {}, cause);
  }
  const bytes = Uint8Array.from(binary, (character) => character.charCodeAt(0));
  if (toBase64(bytes) !== text) throw refused('base64-invalid');
  return bytes;
}

/** A base64 field of exactly `length` bytes, or of at most `maximum`. */
export function bytesField(limits: { length?: number; maximum?: number } = {}): z.ZodPipe<z.ZodString, z.ZodTransform<Bytes, string>> {
  const { length, maximum = 65_536 } = limits;
  return z.string().max(Math.ceil((length ?? maximum) / 3) * 4 + 4).transform((text, context) => {
    let bytes: Bytes | undefined;
    try {
      bytes = fromBase64(text);
    } catch {
      bytes = undefined;
    }
    if (bytes === undefined || (length === undefined ? bytes.length > maximum : bytes.length !== length)) {
      context.addIssue({ code: 'custom', message: length === undefined ? 'base64 is due' : `${length} bytes in base64 are due` });
      return z.NEVER;
    }
    return bytes;
  });
}

/** An instant as ISO 8601 in UTC. */
export const timeField = z.iso.datetime().transform((text) => new Date(text));

/** Replaces bytes by base64 and dates by ISO 8601 while writing JSON. */
export function encodeJson(value: unknown): Bytes {
  return utf8(JSON.stringify(encodable(value)));
}

function encodable(value: unknown): unknown {
  if (value instanceof Uint8Array) return toBase64(value);
  if (value instanceof Date) return value.toISOString();
  if (Array.isArray(value)) return value.map(encodable);
  if (value !== null && typeof value === 'object') {
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, encodable(inner)]));
  }
  return value;
}

/** Reads JSON bytes by a schema; throws `json-invalid` naming the first wrong field, never its value. */
export function decodeJson<T>(schema: z.ZodType<T>, bytes: Uint8Array): T {
  let parsed: unknown;
  try {
    parsed = JSON.parse(fromUtf8(bytes));
  } catch {
    throw refused('json-invalid', { field: '', reason: 'not JSON' });
  }
  const result = schema.safeParse(parsed);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw refused('json-invalid', { field: issue?.path.join('.') ?? '', reason: issue?.message ?? '' });
}
