/** Kinds of files as policies name them, and which names go with which content. */

/** By group; a policy may name a kind or a group. */
export const KINDS = {
  executable: ['exe', 'msi', 'elf', 'macho', 'jar', 'apk', 'deb', 'rpm', 'class', 'wasm'],
  script: ['script'],
  shortcut: ['lnk', 'url'],
  'disk-image': ['iso', 'vhd', 'dmg'],
  archive: ['zip', '7z', 'rar', 'tar', 'gz', 'bz2', 'xz', 'zst', 'lzh', 'cab', 'arj', 'ace', 'cpio'],
  'macro-office': ['docm', 'xlsm', 'pptm', 'xlsb', 'xlam'],
  office: ['docx', 'xlsx', 'pptx', 'odt', 'ods', 'odp', 'vsdx'],
  'old-office': ['doc', 'xls', 'ppt', 'rtf', 'ole'],
  encrypted: ['encrypted-office'],
  pdf: ['pdf'],
  mail: ['eml', 'msg'],
  html: ['html', 'svg'],
  text: ['txt', 'csv', 'xml', 'json'],
  image: ['image'],
  audio: ['audio'],
  video: ['video'],
  unknown: ['unknown'],
} as const;

export type KindGroup = keyof typeof KINDS;
export type FileKind = (typeof KINDS)[KindGroup][number];

const GROUP_OF = new Map<string, KindGroup>((Object.keys(KINDS) as KindGroup[]).flatMap((group) => KINDS[group].map((kind): [string, KindGroup] => [kind, group])));

export function groupOf(kind: FileKind): KindGroup {
  return GROUP_OF.get(kind) ?? 'unknown';
}

/** Everything that a policy may write under `types`. */
export const TYPE_NAMES: readonly (FileKind | KindGroup)[] = [...new Set([...(Object.keys(KINDS) as KindGroup[]), ...GROUP_OF.keys()])] as (FileKind | KindGroup)[];

export function isOfType(kind: FileKind, types: readonly (FileKind | KindGroup)[]): boolean {
  return types.includes(kind) || types.includes(groupOf(kind));
}

/** Text that a double click runs: only the name tells, as the content is any text. */
export const SCRIPT_EXTENSIONS: ReadonlySet<string> = new Set(
  'bat cmd com cpl hta js jse mjs pif ps1 psc1 psm1 py pyw reg scf scr sct sh vb vbe vbs ws wsc wsf wsh'.split(' '),
);

/** The content that a name promises, by its extension; extensions that are not here promise nothing. */
const PROMISED: Readonly<Record<string, readonly (FileKind | KindGroup)[]>> = {
  pdf: ['pdf'], docx: ['docx', 'encrypted-office'], xlsx: ['xlsx', 'encrypted-office'], pptx: ['pptx', 'encrypted-office'], docm: ['docm', 'encrypted-office'],
  xlsm: ['xlsm', 'encrypted-office'], pptm: ['pptm', 'encrypted-office'], xlsb: ['xlsb', 'encrypted-office'], doc: ['doc', 'rtf'], dot: ['doc'], xls: ['xls'], xlt: ['xls'], ppt: ['ppt'], pps: ['ppt'],
  odt: ['odt'], ods: ['ods'], odp: ['odp'], rtf: ['rtf'], msg: ['msg'], eml: ['eml', 'text'],
  txt: ['text'], csv: ['text'], log: ['text'], md: ['text'], json: ['text'], xml: ['text'], html: ['html', 'text'], htm: ['html', 'text'], svg: ['html', 'text', 'image'],
  zip: ['archive', 'office', 'macro-office', 'jar'], '7z': ['7z'], rar: ['rar'], tar: ['tar'], gz: ['gz'], tgz: ['gz'], lzh: ['lzh'], cab: ['cab'],
  ...Object.fromEntries('jpg jpeg png gif bmp tif tiff webp heic ico'.split(' ').map((name) => [name, ['image']])),
  ...Object.fromEntries('mp3 wav ogg m4a flac wma aac'.split(' ').map((name) => [name, ['audio', 'video']])),
  ...Object.fromEntries('mp4 mov avi wmv mkv webm mpg mpeg m4v'.split(' ').map((name) => [name, ['video', 'audio']])),
};

/** Characters that turn the writing direction round: `cod.exe` is shown as `exe.doc`. */
const DIRECTION_MARKS = /[\u200e\u200f\u202a-\u202e\u2066-\u2069]/;
/** A harmless-looking extension before one that runs: `invoice.pdf.exe`, also with many blanks between. */
const DOUBLE_EXTENSION = /\.(?:pdf|docx?|xlsx?|pptx?|txt|csv|jpe?g|png|zip|html?)\s*\.\s*(?:exe|scr|com|bat|cmd|pif|js|jse|vbs|vbe|hta|lnk|msi|jar|ps1|wsf)\s*$/i;

export function extensionOf(name: string | undefined): string {
  return /\.([^./\\\s]+)\s*$/.exec(name ?? '')?.[1]?.toLowerCase() ?? '';
}

/** Whether a file's name tells something else than its content, or is made to be misread. */
export function nameMisleads(name: string | undefined, kind: FileKind): boolean {
  if (name === undefined) return false;
  if (DIRECTION_MARKS.test(name) || DOUBLE_EXTENSION.test(name)) return true;
  const promised = PROMISED[extensionOf(name)];
  return promised !== undefined && kind !== 'unknown' && !isOfType(kind, promised);
}
