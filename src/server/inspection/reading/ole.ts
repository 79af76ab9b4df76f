/**
 * OLE compound files ([MS-CFB], read by the library cfb): Word, Excel and PowerPoint until 2003, Outlook's .msg, and the
 * wrapping of encrypted Office files. Streams of text formats that only Office reads whole are searched for runs of text:
 * UTF-16, and bytes in Shift_JIS; Excel's cells are read record by record ([MS-XLS]).
 */
import CFB from 'cfb';
import type { FileKind } from '../../../flow/policy/kinds.ts';
import { Unreadable } from './budget.ts';

export interface ReadOle {
  readonly kind: FileKind;
  readonly text: string;
  readonly encrypted: boolean;
  readonly macros: boolean;
  readonly attachments: readonly { readonly name: string; readonly content: Uint8Array }[];
}

interface Stream {
  /** With its storages, as `Root Entry/Macros/VBA/dir`. */
  readonly path: string;
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** Throws `Unreadable`. */
export function readOle(bytes: Uint8Array): ReadOle {
  const streams = streamsOf(bytes);
  const has = (name: string): Stream | undefined => streams.find((one) => one.name === name);
  const kind = kindOf(streams);
  const workbook = has('Workbook') ?? has('Book');
  const records = workbook === undefined ? undefined : excelRecords(workbook.bytes);
  const word = has('WordDocument')?.bytes;
  return {
    kind,
    text: streams.filter(isTextStream).map((stream) => runsOfText(stream.bytes)).join('\n') + (records === undefined ? '' : `\n${records.numbers.join('\n')}`),
    encrypted: kind === 'encrypted-office' || records?.encrypted === true || (word !== undefined && wordIsEncrypted(word)) || has('EncryptedSummary') !== undefined,
    macros: records?.macroSheet === true || streams.some(({ path, name }) => /(?:^|\/)(?:Macros|_VBA_PROJECT_CUR|VBA)\//i.test(path) || name === '_VBA_PROJECT'),
    attachments: streams.flatMap(attachment),
  };
}

function streamsOf(bytes: Uint8Array): Stream[] {
  let file: ReturnType<typeof CFB.parse>;
  try {
    file = CFB.read(bytes, { type: 'buffer' });
  } catch {
    throw new Unreadable();
  }
  return file.FullPaths.flatMap((path, index) => {
    const entry = file.FileIndex[index];
    if (entry === undefined || entry.type !== 2 || entry.size === 0) return [];
    return [{ path, name: entry.name, bytes: Uint8Array.from(entry.content) }];
  });
}

function kindOf(streams: readonly Stream[]): FileKind {
  const names = new Set(streams.map(({ name }) => name));
  if (names.has('EncryptedPackage')) return 'encrypted-office';
  if (names.has('WordDocument')) return 'doc';
  if (names.has('Workbook') || names.has('Book')) return 'xls';
  if (names.has('PowerPoint Document')) return 'ppt';
  if (names.has('__properties_version1.0')) return 'msg';
  // Installer packages write their tables under names of a script of their own (U+3800 to U+4840).
  if (streams.some(({ name }) => /^[\u3800-\u4840]/.test(name))) return 'msi';
  return 'ole';
}

/** Text only: no pictures, no code, no property sets of layout. */
function isTextStream({ name }: Stream): boolean {
  return /^(?:WordDocument|[01]Table|Workbook|Book|PowerPoint Document|.?(?:Document)?SummaryInformation|__substg1\.0_[0-9A-F]{4}00(?:1E|1F)|__substg1\.0_(?:1013|1009)0102|Contents|Current User)$/.test(name);
}

/** FibBase.fEncrypted, [MS-DOC] 2.5.2. */
function wordIsEncrypted(word: Uint8Array): boolean {
  return word.length > 12 && ((word[11] ?? 0) & 1) !== 0;
}

/** Files inside: Outlook's attachments, embedded Office files, and objects that hold any file ([MS-OLEDS] 2.3.6). */
function attachment({ name, bytes }: Stream): { name: string; content: Uint8Array }[] {
  if (/^__substg1\.0_37010102$/.test(name) || name === 'Package') return [{ name: '', content: bytes }];
  if (name !== '\u0001Ole10Native') return [];
  // size, flags, label, path, then more fields and the file: it is looked for by the two zero-terminated names
  const zero = (from: number): number => bytes.indexOf(0, from);
  const label = zero(6);
  const path = label < 0 ? -1 : zero(label + 1);
  if (path < 0) return [{ name: '', content: bytes.subarray(4) }];
  const fileName = new TextDecoder('shift_jis').decode(bytes.subarray(6, label));
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const afterPath = path + 1 + 4; // marker
  const temporary = afterPath + 4 <= bytes.length ? view.getUint32(afterPath, true) : 0;
  const data = afterPath + 4 + temporary + 4;
  return [{ name: fileName, content: data <= bytes.length ? bytes.subarray(data) : bytes.subarray(4) }];
}

interface ExcelRecords {
  readonly numbers: readonly string[];
  readonly encrypted: boolean;
  readonly macroSheet: boolean;
}

const FILEPASS = 0x2f;
const BOUNDSHEET = 0x85;
const NUMBER = 0x203;
const RK = 0x27e;
const MULRK = 0xbd;
const FORMULA = 0x06;

/** Numbers in cells, and what the records say of passwords and Excel 4 macro sheets. */
function excelRecords(bytes: Uint8Array): ExcelRecords {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const numbers: string[] = [];
  let encrypted = false;
  let macroSheet = false;
  const add = (value: number): void => {
    if (Number.isSafeInteger(value)) numbers.push(String(value));
  };
  for (let at = 0; at + 4 <= bytes.length;) {
    const [type, length, body] = [view.getUint16(at, true), view.getUint16(at + 2, true), at + 4];
    at = body + length;
    if (at > bytes.length) break;
    if (type === FILEPASS) encrypted = true;
    else if (type === BOUNDSHEET && length >= 6) macroSheet ||= view.getUint8(body + 5) === 1;
    else if ((type === NUMBER || type === FORMULA) && length >= 14) add(view.getFloat64(body + 6, true));
    else if (type === RK && length >= 10) add(rkNumber(view.getUint32(body + 6, true)));
    else if (type === MULRK) for (let rk = body + 6; rk + 4 <= at - 2; rk += 6) add(rkNumber(view.getUint32(rk, true)));
  }
  return { numbers, encrypted, macroSheet };
}

/** [MS-XLS] 2.5.218: 30 bits of an integer or of a float, perhaps times 100. */
function rkNumber(rk: number): number {
  const value = (rk & 2) !== 0 ? rk >> 2 : floatOf(rk & 0xfffffffc);
  return (rk & 1) !== 0 ? value / 100 : value;
}

function floatOf(high: number): number {
  const view = new DataView(new ArrayBuffer(8));
  view.setInt32(0, high);
  return view.getFloat64(0);
}

const CHARACTER = /[\p{L}\p{N}\p{P}\p{S}\p{Zs}\t]/u;

/** Runs of at least two characters: UTF-16LE at even and odd offsets, then Shift_JIS. */
export function runsOfText(bytes: Uint8Array): string {
  const wide = [0, 1].flatMap((offset) => runs(new TextDecoder('utf-16le').decode(bytes.subarray(offset)), isLikelyWide));
  return [...wide, ...runs(new TextDecoder('shift_jis').decode(bytes), (character) => CHARACTER.test(character) && character !== '\ufffd')].join('\n');
}

/** Any two bytes make a letter of UTF-16: only those that Japanese and European texts have count. */
function isLikelyWide(character: string): boolean {
  const code = character.charCodeAt(0);
  return (code >= 0x20 && code < 0x7f) || code === 9 || (code >= 0xa0 && code < 0x460) || (code >= 0x2010 && code < 0x2700) || (code >= 0x3000 && code < 0xa000) || (code >= 0xff00 && code < 0xfff0);
}

function runs(text: string, counts: (character: string) => boolean): string[] {
  const found: string[] = [];
  let start = -1;
  for (let at = 0; at <= text.length; at++) {
    const inside = at < text.length && counts(text[at] ?? '');
    if (inside && start < 0) start = at;
    if (!inside && start >= 0) {
      if (at - start >= 2) found.push(text.slice(start, at));
      start = -1;
    }
  }
  return found;
}
