/** PEM (RFC 7468 §3, strict): lines of 64, no text outside the blocks, canonical base64. */
import type { Bytes } from '../bytes.ts';
import { refused } from '../error.ts';

export interface PemBlock {
  /** For instance `CERTIFICATE`, `X509 CRL`, `CERTIFICATE REQUEST`, `PRIVATE KEY`, `PUBLIC KEY`. */
  readonly label: string;
  readonly der: Bytes;
}

/** Largest PEM text read, in characters: a CRL of the largest size fits. */
const MAX_TEXT = 8 * 1024 * 1024;
const LABEL = /^[A-Z0-9]+(?: [A-Z0-9]+)*$/;

export function encodePem(label: string, der: Uint8Array): string {
  const base64 = toBase64(der);
  const lines = base64.match(/.{1,64}/g) ?? [];
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ''].join('\n');
}

/**
 * All blocks of a text, in order. Lines end in LF or CRLF; blank lines may stand between blocks, nothing else may.
 * Throws `pem-invalid` with the line number, also if there is no block; `pem-label` if `label` is given and another found.
 */
export function decodePem(text: string, label?: string): readonly PemBlock[] {
  if (text.length > MAX_TEXT) throw refused('pem-invalid', { line: 0 });
  const blocks: PemBlock[] = [];
  let open: { label: string; lines: string[] } | undefined;
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    const invalid = refused.bind(undefined, 'pem-invalid', { line: index + 1 });
    const border = /^-----(BEGIN|END) ([^-]*)-----$/.exec(line);
    if (border === null) {
      if (open !== undefined && /^[A-Za-z0-9+/=]{1,64}$/.test(line)) open.lines.push(line);
      else if (open !== undefined || line !== '') throw invalid();
    } else if (border[1] === 'BEGIN') {
      const found = border[2] ?? '';
      if (open !== undefined || !LABEL.test(found)) throw invalid();
      if (label !== undefined && found !== label) throw refused('pem-label', { expected: label, found });
      open = { label: found, lines: [] };
    } else {
      if (open === undefined || open.label !== border[2]) throw invalid();
      const der = decodeLines(open.lines);
      if (der === undefined) throw invalid();
      blocks.push({ label: open.label, der });
      open = undefined;
    }
  }
  if (open !== undefined || blocks.length === 0) throw refused('pem-invalid', { line: 0 });
  return blocks;
}

/** The bytes, or undefined unless all lines but the last are 64 long and the base64 is canonical. */
function decodeLines(lines: readonly string[]): Bytes | undefined {
  if (lines.length === 0 || !lines.slice(0, -1).every((line) => line.length === 64)) return undefined;
  const base64 = lines.join('');
  try {
    const der = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
    // atob forgives missing padding and stray bits: one text per byte string is what we want.
    return toBase64(der) === base64 ? der : undefined;
  } catch {
    return undefined;
  }
}

function toBase64(bytes: Uint8Array): string {
  let binary = '';
  for (let offset = 0; offset < bytes.length; offset += 0x8000) binary += String.fromCharCode(...bytes.subarray(offset, offset + 0x8000));
  return btoa(binary);
}
