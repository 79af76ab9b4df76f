/** What a file is by its content: the library file-type, and what it leaves to others: texts, OLE files, archives by name of entries. */
import { fileTypeFromBuffer } from 'file-type';
import { extensionOf, type FileKind, KINDS, SCRIPT_EXTENSIONS } from '../../../flow/policy/kinds.ts';

const ALL: ReadonlySet<string> = new Set(Object.values(KINDS).flat());
/** file-type's words for what we call otherwise. */
const OTHER_WORDS: Readonly<Record<string, FileKind>> = {
  dotx: 'docx', dotm: 'docm', xltx: 'xlsx', xltm: 'xlsm', potx: 'pptx', potm: 'pptm', ppsx: 'pptx', ppsm: 'pptm', ott: 'odt', ots: 'ods', otp: 'odp', odg: 'odp',
  'tar.gz': 'gz', lz: 'xz', lzma: 'xz', Z: 'gz', ar: 'deb', cfb: 'ole', xpi: 'zip', epub: 'zip', '3mf': 'zip', vhdx: 'vhd', vmdk: 'vhd', mht: 'eml',
};

/** Never throws. */
export async function kindOf(bytes: Uint8Array, name: string | undefined): Promise<FileKind> {
  const own = ownSigns(bytes) ?? (isWideText(bytes) ? textKind(bytes, name) : undefined);
  if (own !== undefined) return own;
  const type = await fileTypeFromBuffer(bytes).catch(() => undefined);
  if (type !== undefined) {
    const named = OTHER_WORDS[type.ext] ?? (ALL.has(type.ext) ? (type.ext as FileKind) : undefined);
    if (named !== undefined) return named;
    const [group] = type.mime.split('/');
    if (group === 'image' || group === 'audio' || group === 'video') return type.mime === 'image/svg+xml' ? 'svg' : group;
    if (type.mime.endsWith('xml')) return 'xml';
    if (type.mime.startsWith('application/x-ms-shortcut')) return 'lnk';
  }
  return textKind(bytes, name) ?? 'unknown';
}

/** Signs that the library does not know, or takes for something wider. */
function ownSigns(bytes: Uint8Array): FileKind | undefined {
  const ascii = (from: number, text: string): boolean => [...text].every((character, index) => bytes[from + index] === character.charCodeAt(0));
  if (ascii(0, 'MZ')) return 'exe';
  if (ascii(2, '-lh') || ascii(2, '-lz')) return 'lzh';
  if (ascii(0, '{\\rtf')) return 'rtf';
  if (bytes[0] === 0x60 && bytes[1] === 0xea) return 'arj';
  if (ascii(7, '**ACE**')) return 'ace';
  if (bytes[0] === 0x4c && bytes[1] === 0 && bytes[4] === 0x01 && bytes[5] === 0x14) return 'lnk';
  if (ascii(0, 'conectix') || ascii(0, 'vhdxfile')) return 'vhd';
  if (ascii(0x8001, 'CD001')) return 'iso';
  // Some readers look for it in the first kilobyte, and so do we.
  if (Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, 1024)).includes('%PDF-')) return 'pdf';
  return undefined;
}

/** UTF-16 with its mark: the library takes it for sound. */
function isWideText(bytes: Uint8Array): boolean {
  const [first, second] = bytes;
  if (!(first === 0xff && second === 0xfe) && !(first === 0xfe && second === 0xff)) return false;
  const text = new TextDecoder(first === 0xff ? 'utf-16le' : 'utf-16be').decode(bytes.subarray(2, 2048));
  // eslint-disable-next-line no-control-regex -- control characters are what no text has
  return !/[\u0000-\u0008\u000e-\u001f\ufffe\uffff]/.test(text);
}

function textKind(bytes: Uint8Array, name: string | undefined): FileKind | undefined {
  const extension = extensionOf(name);
  const probe = bytes.subarray(0, 4096);
  const [first, second] = probe;
  const wide = (first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff);
  if (!wide && probe.includes(0)) return undefined;
  if (SCRIPT_EXTENSIONS.has(extension)) return 'script';
  if (extension === 'url' || extension === 'eml' || extension === 'csv' || extension === 'json') return extension;
  const start = new TextDecoder(wide && first === 0xfe ? 'utf-16be' : wide ? 'utf-16le' : 'latin1').decode(probe).trimStart().toLowerCase();
  if (start.startsWith('#!')) return 'script';
  if (/^(?:\ufeff|ï»¿)?<(?:!doctype html|html|head|body|script|iframe|meta)\b/.test(start)) return 'html';
  if (/^(?:\ufeff|ï»¿)?(?:<\?xml[^>]*>\s*)?(?:<!--[^]*?-->\s*)?<svg\b/.test(start)) return 'svg';
  if (start.startsWith('<?xml')) return 'xml';
  return 'txt';
}
