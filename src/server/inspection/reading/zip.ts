/** Zip files: their list by yauzl, which compares local headers with the central directory; contents by zlib, bounded. */
import { inflateRawSync } from 'node:zlib';
import { type Entry, fromBuffer, type LocalFileHeader, type ZipFile } from 'yauzl';
import { type Budget, TooMuch, Unreadable } from './budget.ts';

export interface ZipEntry {
  readonly name: string;
  readonly encrypted: boolean;
  /** Unpacks it; throws `TooMuch`, `Unreadable`. */
  open(): Uint8Array;
}

const STORED = 0;
const DEFLATED = 8;
const ENCRYPTED = 1;

/** The files in a zip, in the order of its central directory. Throws `TooMuch`, `Unreadable`; undefined where another method than deflate is used. */
export async function readZip(bytes: Uint8Array, budget: Budget): Promise<ZipEntry[] | undefined> {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const zip = await new Promise<ZipFile>((resolve, reject) => {
    fromBuffer(buffer, { lazyEntries: true, decodeStrings: false, validateEntrySizes: false }, (error, file) => {
      if (error !== null) reject(new Unreadable());
      else resolve(file);
    });
  });
  const found = await list(zip, budget);
  if (found.some(({ entry }) => (entry.generalPurposeBitFlag & ENCRYPTED) === 0 && entry.compressionMethod !== STORED && entry.compressionMethod !== DEFLATED)) return undefined;
  return found.map(({ entry, start }) => ({
    name: decodeName(entry),
    encrypted: (entry.generalPurposeBitFlag & ENCRYPTED) !== 0,
    open: () => {
      const packed = bytes.subarray(start, start + entry.compressedSize);
      if (packed.length !== entry.compressedSize) throw new Unreadable();
      const content = entry.compressionMethod === STORED ? packed : inflate(packed, budget);
      budget.spend(content.length);
      return content;
    },
  }));
}

interface Found {
  readonly entry: Entry;
  /** Where its bytes begin. */
  readonly start: number;
}

function list(zip: ZipFile, budget: Budget): Promise<Found[]> {
  return new Promise((resolve, reject) => {
    const found: Found[] = [];
    zip.on('error', () => { reject(new Unreadable()); });
    zip.on('end', () => { resolve(found); });
    zip.on('entry', (entry: Entry) => {
      try {
        budget.file();
      } catch (error) {
        reject(error instanceof TooMuch ? error : new Unreadable());
        return;
      }
      if (entry.fileNameRaw.at(-1) === 0x2f) {
        zip.readEntry();
        return;
      }
      zip.readLocalFileHeader(entry, { minimal: false }, (error: Error | null, header: LocalFileHeader) => {
        // Two names for one file: other programs would show another one than we looked at.
        if (error !== null || !entry.fileNameRaw.equals(header.fileName)) reject(new Unreadable());
        else {
          found.push({ entry, start: header.fileDataStart });
          zip.readEntry();
        }
      });
    });
    zip.readEntry();
  });
}

function inflate(packed: Uint8Array, budget: Budget): Uint8Array {
  try {
    return inflateRawSync(packed, { maxOutputLength: budget.remaining });
  } catch (error) {
    throw isTooLarge(error) ? new TooMuch() : new Unreadable();
  }
}

/** zlib's word for "more than maxOutputLength". */
export function isTooLarge(error: unknown): boolean {
  return error instanceof TooMuch || (error instanceof RangeError && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE');
}

/** Names are UTF-8 where bit 11 says so; Japanese programs write Shift_JIS without a word. */
function decodeName({ fileNameRaw, generalPurposeBitFlag }: Entry): string {
  const charsets = (generalPurposeBitFlag & 0x800) === 0 ? ['utf-8', 'shift_jis'] : ['utf-8'];
  for (const charset of charsets) {
    try {
      return new TextDecoder(charset, { fatal: true }).decode(fileNameRaw);
    } catch {
      // not this one
    }
  }
  return fileNameRaw.toString('latin1');
}
