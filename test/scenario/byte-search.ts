/** Looks for something secret in bytes, in every way in which mail, JSON, logs and databases could write it down. */
import { lstatSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathsBelow } from '../../scripts/world/files.ts';

export interface Needle {
  /** What is looked for, and how it is written: `C2 of leg 1, base64 +1`. */
  readonly name: string;
  readonly pattern: Buffer;
}

/** As it is, hexadecimal, and base64 at each of the three places where it can begin in a group. */
export function byteNeedles(name: string, secret: Uint8Array): Needle[] {
  const bytes = Buffer.from(secret);
  const hex = bytes.toString('hex');
  return [
    { name, pattern: bytes },
    { name: `${name}, hexadecimal`, pattern: Buffer.from(hex) },
    { name: `${name}, HEXADECIMAL`, pattern: Buffer.from(hex.toUpperCase()) },
    ...[0, 1, 2].flatMap((offset) => {
      // Characters that hold bits of what stands before or behind are left out.
      const whole = Buffer.concat([Buffer.alloc(offset), bytes]).toString('base64').replaceAll('=', '');
      const own = whole.slice(Math.ceil((offset * 4) / 3), Math.floor(((offset + bytes.length) * 8) / 6));
      return [
        { name: `${name}, base64 +${offset}`, pattern: Buffer.from(own) },
        { name: `${name}, base64url +${offset}`, pattern: Buffer.from(own.replaceAll('+', '-').replaceAll('/', '_')) },
      ];
    }),
  ].filter(distinct);
}

/** All that `byteNeedles` looks for, for UTF-8 and UTF-16; and quoted-printable, percent signs, JSON and HTML escapes. */
export function textNeedles(name: string, secret: string): Needle[] {
  const utf8 = Buffer.from(secret, 'utf8');
  const little = Buffer.from(secret, 'utf16le');
  const escaped = (each: (byte: number) => string): Buffer =>
    Buffer.from([...utf8].map((byte) => (byte > 0x7e || byte < 0x21 || byte === 0x3d || byte === 0x25 ? each(byte) : String.fromCharCode(byte))).join(''));
  const units = (each: (unit: number) => string): Buffer => Buffer.from(secret.split('').map((char) => (char.charCodeAt(0) > 0x7e ? each(char.charCodeAt(0)) : char)).join(''));
  const two = (byte: number): string => byte.toString(16).padStart(2, '0');
  return [
    ...byteNeedles(name, utf8),
    ...byteNeedles(`${name}, UTF-16LE`, little),
    ...byteNeedles(`${name}, UTF-16BE`, Buffer.from(little).swap16()),
    { name: `${name}, quoted-printable`, pattern: escaped((byte) => `=${two(byte).toUpperCase()}`) },
    { name: `${name}, percent`, pattern: escaped((byte) => `%${two(byte).toUpperCase()}`) },
    { name: `${name}, JSON`, pattern: units((unit) => `\\u${unit.toString(16).padStart(4, '0')}`) },
    { name: `${name}, HTML`, pattern: units((unit) => `&#${unit};`) },
  ].filter(distinct);
}

function distinct({ pattern }: Needle, index: number, all: readonly Needle[]): boolean {
  return pattern.length > 0 && all.findIndex((other) => other.pattern.equals(pattern)) === index;
}

/** Names of the needles in these bytes, where a needle may also be folded into lines. */
export function findIn(bytes: Uint8Array, needles: readonly Needle[]): string[] {
  const raw = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  // latin1 maps bytes to characters one to one. An equals sign at a line's end is quoted-printable's soft break.
  const unfolded = Buffer.from(raw.toString('latin1').replace(/=?\r?\n/g, ''), 'latin1');
  return needles.filter(({ pattern }) => raw.includes(pattern) || unfolded.includes(pattern)).map(({ name }) => name);
}

/** `file: needle` for every needle in any file below these directories, file names included. */
export function findInFiles(directories: readonly string[], needles: readonly Needle[], except: (path: string) => boolean = () => false): string[] {
  const found: string[] = [];
  for (const directory of directories) {
    for (const name of pathsBelow(directory)) {
      const path = join(directory, name);
      if (except(path)) continue;
      found.push(...findIn(Buffer.from(name), needles).map((needle) => `${path}: ${needle} (name)`));
      const bytes = readIfFile(path);
      if (bytes !== undefined) found.push(...findIn(bytes, needles).map((needle) => `${path}: ${needle}`));
    }
  }
  return found;
}

function readIfFile(path: string): Buffer | undefined {
  try {
    return lstatSync(path).isFile() ? readFileSync(path) : undefined;
  } catch {
    return undefined; // gone in the meantime, as queue files go
  }
}
