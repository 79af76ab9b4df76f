/**
 * Whether a file can only be opened with a password, by its structure: ZIP (APPNOTE 6.3.10), 7z (7zFormat.txt), RAR 4 and 5 (their technical notes),
 * Office documents that Office encrypted (MS-OFFCRYPTO 2.3: a compound file with a stream `EncryptedPackage`). Known gaps: documents of Office
 * before 2007, PDF files, archives inside archives. Reads no more than the lists of contents, and of those a bounded part.
 */
import type { Bytes } from '../../src/core/bytes.ts';

/** Entries, blocks or sectors that are looked at. */
const MOST = 10_000;

export function needsPassword(bytes: Bytes): boolean {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  try {
    if (begins(bytes, [0x50, 0x4b, 3, 4])) return zip(view);
    if (begins(bytes, [0x37, 0x7a, 0xbc, 0xaf, 0x27, 0x1c])) return sevenZip(bytes, view);
    if (begins(bytes, [0x52, 0x61, 0x72, 0x21, 0x1a, 0x07, 0x01, 0x00])) return rar5(view);
    if (begins(bytes, [0x52, 0x61, 0x72, 0x21, 0x1a, 0x07, 0x00])) return rar4(view);
    if (begins(bytes, [0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1])) return encryptedOffice(bytes, view);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error; // a list of contents that leads out of the file: nobody can open it
  }
  return false;
}

function begins(bytes: Bytes, signature: readonly number[]): boolean {
  return signature.every((byte, i) => bytes[i] === byte);
}

/** The central directory names every entry; a folder's is never encrypted, and may come first. */
function zip(view: DataView): boolean {
  const directory = centralDirectory(view);
  if (directory === undefined) return (view.getUint16(6, true) & 1) === 1; // cut off: by its first entry
  for (let at = directory, i = 0; i < MOST && view.getUint32(at, true) === 0x02014b50; i++) {
    if ((view.getUint16(at + 8, true) & 1) === 1) return true;
    at += 46 + view.getUint16(at + 28, true) + view.getUint16(at + 30, true) + view.getUint16(at + 32, true);
    if (at + 46 > view.byteLength) break;
  }
  return false;
}

/** Where it begins; undefined where the file has no end record. One of ZIP64 lies just before its own end record. */
function centralDirectory(view: DataView): number | undefined {
  for (let at = view.byteLength - 22; at >= Math.max(0, view.byteLength - 22 - 0xffff); at--) {
    if (view.getUint32(at, true) !== 0x06054b50) continue;
    const start = view.getUint32(at + 16, true);
    if (start !== 0xffffffff) return start;
    const record = Number(view.getBigUint64(at - 12, true)); // the locator, 20 bytes before
    return Number(view.getBigUint64(record + 48, true));
  }
  return undefined;
}

/**
 * The coder AES-256 stands in the list of coders. That list is compressed as a rule; then what is known is that encrypted data fills
 * whole blocks of 16 bytes, which other data does by chance only (one file in sixteen is asked about without need).
 */
function sevenZip(bytes: Bytes, view: DataView): boolean {
  const at = 32 + Number(view.getBigUint64(12, true));
  const header = bytes.subarray(at, at + Math.min(Number(view.getBigUint64(20, true)), 1_000_000));
  for (let i = 0; i + 4 <= header.length; i++) {
    if (header[i] === 0x06 && header[i + 1] === 0xf1 && header[i + 2] === 0x07 && header[i + 3] === 0x01) return true;
  }
  if (header[0] !== 0x17 || header[1] !== 0x06) return false;
  const packed = sevenZipNumber(header, 2); // the compressed header lies behind all data
  return packed > 0 && packed % 16 === 0;
}

/** As many leading ones in the first byte as bytes follow; its other bits are the highest. */
function sevenZipNumber(bytes: Bytes, at: number): number {
  const first = bytes[at] ?? 0;
  let value = 0;
  let follow = 0;
  for (let mask = 0x80; mask > 0 && (first & mask) !== 0; mask >>= 1) value += (bytes[at + ++follow] ?? 0) * 256 ** (follow - 1);
  return value + (first & (0x7f >> follow)) * 256 ** follow;
}

/** A header for encryption comes first where names are hidden too; else each file's has a record of it. */
function rar5(view: DataView): boolean {
  let records = 0;
  for (let at = 8, i = 0; i < MOST && at + 7 < view.byteLength; i++) {
    const size = vint(view, at + 4);
    const end = size.end + size.value;
    const type = vint(view, size.end);
    if (type.value === 4) return true;
    if (type.value === 5) return false;
    const flags = vint(view, type.end);
    const extra = (flags.value & 1) === 0 ? { value: 0, end: flags.end } : vint(view, flags.end);
    const data = (flags.value & 2) === 0 ? 0 : vint(view, extra.end).value;
    if (type.value === 2 || type.value === 3) {
      // At the end of its own block, whatever length it gives.
      for (let record = Math.max(extra.end, end - extra.value); record < end && records < MOST; records++) {
        const length = vint(view, record);
        if (vint(view, length.end).value === 1) return true;
        record = length.end + length.value;
      }
    }
    at = end + data;
  }
  return false;
}

/** Seven bits a byte, the lowest first. */
function vint(view: DataView, at: number): { readonly value: number; readonly end: number } {
  let value = 0;
  for (let i = 0; i < 7; i++) {
    const byte = view.getUint8(at + i);
    value += (byte & 0x7f) * 128 ** i;
    if (byte < 0x80) return { value, end: at + i + 1 };
  }
  throw new RangeError('no number');
}

function rar4(view: DataView): boolean {
  for (let at = 7, i = 0; i < MOST && at + 7 <= view.byteLength; i++) {
    const [type, flags, size] = [view.getUint8(at + 2), view.getUint16(at + 3, true), view.getUint16(at + 5, true)];
    if (type === 0x73 && (flags & 0x80) !== 0 || type === 0x74 && (flags & 4) !== 0) return true;
    if (type === 0x7b || size < 7) return false;
    at += size + ((flags & 0x8000) === 0 ? 0 : view.getUint32(at + 7, true));
  }
  return false;
}

const PACKAGE = [...'EncryptedPackage\0'].flatMap((letter) => [letter.charCodeAt(0), 0]);

/** Follows the chain of the directory's sectors (MS-CFB 2.2, 2.6). */
function encryptedOffice(bytes: Bytes, view: DataView): boolean {
  const shift = view.getUint16(30, true);
  if (shift !== 9 && shift !== 12) return false; // there are no others
  const sector = 2 ** shift;
  const offset = (number: number): number => (number + 1) * sector;
  const next = (number: number): number => {
    const table = Math.floor(number / (sector / 4));
    return table < 109 ? view.getUint32(offset(view.getUint32(76 + 4 * table, true)) + 4 * (number % (sector / 4)), true) : 0xffffffff;
  };
  for (let at = view.getUint32(48, true), i = 0; i < 64 && at < 0xfffffffa; at = next(at), i++) {
    for (let entry = offset(at); entry < offset(at) + sector; entry += 128) {
      if (PACKAGE.every((byte, j) => bytes[entry + j] === byte)) return true;
    }
  }
  return false;
}
