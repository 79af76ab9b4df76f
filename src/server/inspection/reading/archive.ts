/** Archives other than zip (tar, 7z, rar, lzh, cab, iso …; compressed with bzip2, xz, zstd …) by libarchive in WebAssembly. */
import { ArchiveReader, libarchiveWasm } from 'libarchive-wasm';
import { type Budget, Unreadable } from './budget.ts';

export interface ArchiveEntry {
  readonly name: string;
  readonly encrypted: boolean;
  /** Empty where it is encrypted. */
  readonly content: Uint8Array;
}

/** Bytes unpacked at a time: what an archive says of its sizes is not believed. */
const CHUNK = 1 << 20;

let loaded: ReturnType<typeof libarchiveWasm> | undefined;

/** All files of an archive. `locked`: that there is something, perhaps the list of files itself, under a password. */
export async function readArchive(bytes: Uint8Array, budget: Budget): Promise<{ entries: ArchiveEntry[]; locked: boolean }> {
  loaded ??= libarchiveWasm();
  const library = await loaded;
  let reader: ArchiveReader;
  try {
    reader = new ArchiveReader(library, new Int8Array(bytes.buffer, bytes.byteOffset, bytes.length));
  } catch {
    throw new Unreadable();
  }
  const entries: ArchiveEntry[] = [];
  try {
    for (;;) {
      const pointer = reader.nextEntryPointer();
      if (pointer === 0) break;
      if (reader.getEntryFiletype(pointer) !== 'File') continue;
      budget.file();
      const encrypted = reader.isEntryEncrypted(pointer);
      entries.push({ name: reader.getEntryPathname(pointer) || '', encrypted, content: encrypted ? new Uint8Array(0) : readContent(reader, budget) });
    }
    const message = library.error_string(reader.archive) as string | null;
    const locked = reader.hasEncryptedData() === true || /encrypt|passphrase/i.test(message ?? '');
    if (!locked && message !== null && message !== '') throw new Unreadable();
    return { entries, locked };
  } finally {
    reader.free();
  }
}

function readContent(reader: ArchiveReader, budget: Budget): Uint8Array {
  const chunks: Uint8Array[] = [];
  for (;;) {
    let chunk: Int8Array;
    try {
      chunk = reader.readData(Math.min(CHUNK, budget.remaining + 1));
    } catch (error) {
      throw error instanceof Error && /encrypt|passphrase/i.test(error.message) ? new Locked() : error;
    }
    if (chunk.length === 0) return Buffer.concat(chunks);
    budget.spend(chunk.length);
    chunks.push(new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.length));
  }
}

/** Some formats say only when they are read that there is a password. */
export class Locked extends Error {}
