/** Files as their programs write them, made here: no fixture is somebody else's. */
import CFB from 'cfb';
import { strToU8, zipSync } from 'fflate';
import { utf8 } from '../../../../src/core/bytes.ts';
import { fromBase64 } from '../../../../src/wire/json.ts';

type Files = Readonly<Record<string, string | Uint8Array>>;

export function zip(files: Files, level: 0 | 6 = 6): Uint8Array {
  return zipSync(Object.fromEntries(Object.entries(files).map(([name, content]) => [name, typeof content === 'string' ? strToU8(content) : content])), { level });
}

/** A zip of one file "a.txt" with the text "secret", encrypted with the password "pw" (ZipCrypto). */
export const ENCRYPTED_ZIP = fromBase64(
  'UEsDBAoACQAAALAYdl3l6KJcEgAAAAYAAAAFABwAYS50eHRVVAkAA/tbAmv7WwJrdXgLAAEEAAAAAAQAAAAAs5QQvW8IliDDzBZdB/mJVUnKUEsHCOXoolwSAAAABgAAAFBLAQIeAwoACQAAALAYdl3l6KJcEgAAAAYAAAAFABgAAAAAAAEAAACkgQAAAABhLnR4dFVUBQAD+1sCa3V4CwABBAAAAAAEAAAAAFBLBQYAAAAAAQABAEsAAABhAAAAAAA=',
);

/** Method 99 (AES) and the encryption flag, in local header and central directory alike. */
export function aesZip(name = 'a.txt'): Uint8Array {
  const bytes = zip({ [name]: 'not really encrypted' }, 0);
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  for (let at = 0; at + 12 < bytes.length; at++) {
    const signature = view.getUint32(at, true);
    const flags = signature === 0x04034b50 ? at + 6 : signature === 0x02014b50 ? at + 8 : undefined;
    if (flags === undefined) continue;
    view.setUint16(flags, 1, true);
    view.setUint16(flags + 2, 99, true);
  }
  return bytes;
}

const TYPES = (main: string): string => `<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Override PartName="/x" ContentType="application/vnd.${main}+xml"/></Types>`;

export function docx(paragraphs: readonly (readonly string[])[], more: Files = {}, main = 'openxmlformats-officedocument.wordprocessingml.document.main'): Uint8Array {
  const body = paragraphs.map((runs) => `<w:p>${runs.map((run) => `<w:r><w:t>${run}</w:t></w:r>`).join('')}</w:p>`).join('');
  return zip({ '[Content_Types].xml': TYPES(main), 'word/document.xml': `<?xml version="1.0"?><w:document xmlns:w="w"><w:body>${body}</w:body></w:document>`, ...more });
}

export function docm(): Uint8Array {
  return docx([['macro']], { 'word/vbaProject.bin': ole({ 'VBA/dir': 'x' }) }, 'ms-word.document.macroEnabled.main');
}

/** Strings go into the shared strings, numbers into cells. */
export function xlsx(cells: readonly (string | number)[], more: Files = {}): Uint8Array {
  const strings = cells.filter((cell) => typeof cell === 'string');
  const sheet = cells.map((cell) => (typeof cell === 'string' ? `<c t="s"><v>${strings.indexOf(cell)}</v></c>` : `<c><v>${cell}</v></c>`)).join('');
  return zip({
    '[Content_Types].xml': TYPES('openxmlformats-officedocument.spreadsheetml.sheet.main'),
    'xl/workbook.xml': '<workbook><sheets><sheet name="一覧" sheetId="1" state="veryHidden"/></sheets></workbook>',
    'xl/sharedStrings.xml': `<sst>${strings.map((text) => `<si><r><t>${text.slice(0, 2)}</t></r><r><t>${text.slice(2)}</t></r></si>`).join('')}</sst>`,
    'xl/worksheets/sheet1.xml': `<worksheet><sheetData><row>${sheet}</row></sheetData></worksheet>`,
    ...more,
  });
}

export function pptx(texts: readonly string[]): Uint8Array {
  return zip({
    '[Content_Types].xml': TYPES('openxmlformats-officedocument.presentationml.presentation.main'),
    'ppt/slides/slide1.xml': `<p:sld xmlns:a="a" xmlns:p="p">${texts.map((text) => `<a:p><a:r><a:t>${text}</a:t></a:r></a:p>`).join('')}</p:sld>`,
  });
}

export function odt(text: string): Uint8Array {
  return zip({ mimetype: 'application/vnd.oasis.opendocument.text', 'content.xml': `<office:document-content xmlns:text="t"><text:p>${text}</text:p></office:document-content>` }, 0);
}

/** An OLE compound file with these streams. */
export function ole(streams: Files): Uint8Array {
  const file = CFB.utils.cfb_new();
  for (const [path, content] of Object.entries(streams)) CFB.utils.cfb_add(file, `/${path}`, Buffer.from(typeof content === 'string' ? utf8(content) : content));
  return Uint8Array.from(CFB.write(file, { type: 'buffer' }) as Buffer);
}

export function utf16(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text, 'utf16le'));
}

/** A BIFF8 stream of records. */
export function biff(...records: readonly (readonly [type: number, body: Uint8Array])[]): Uint8Array {
  return Buffer.concat(records.map(([type, body]) => {
    const head = Buffer.alloc(4);
    head.writeUInt16LE(type);
    head.writeUInt16LE(body.length, 2);
    return Buffer.concat([head, body]);
  }));
}

export function doubleCell(value: number): Uint8Array {
  const body = Buffer.alloc(14);
  body.writeDoubleLE(value, 6);
  return body;
}

interface PdfParts {
  /** In the document's catalogue, its trailer, the page's resources. */
  readonly more?: string;
  readonly trailer?: string;
  readonly resources?: string;
  readonly objects?: string;
  readonly font?: string;
  /** Operators before the text, and between the choice of the font and the text. */
  readonly page?: string;
  readonly before?: string;
}

/** One page with one line of text, or of codes `<…>` in hexadecimal. */
export function pdf(text: string, { more = '', objects = '', trailer = '', resources = '', font = '<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>', page = '', before = '' }: PdfParts = {}): Uint8Array {
  const stream = `${page}BT /F1 12 Tf 10 100 Td ${before}${/^<.*>$/.test(text) ? text : `(${text})`} Tj ET`;
  return utf8(`%PDF-1.4
1 0 obj<</Type/Catalog/Pages 2 0 R${more}>>endobj
2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj
3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 300]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>${resources}>>>>endobj
4 0 obj<</Length ${stream.length}>>stream
${stream}
endstream endobj
5 0 obj${font}endobj
${objects}
trailer<</Root 1 0 R${trailer}>>
%%EOF
`);
}

/**
 * A PDF in MS Mincho, not embedded, as Japanese programs write it: `codes` (hexadecimal) mean what the map `encoding` says.
 * `toUnicode`: lines of a map of the file's own, from codes to UTF-16.
 */
export function japanesePdf(codes: string, { encoding, ordering = 'Japan1', toUnicode }: { encoding: string; ordering?: string; toUnicode?: string }): Uint8Array {
  const descendant = `<</Type/Font/Subtype/CIDFontType2/BaseFont/MS-Mincho/CIDSystemInfo<</Registry(Adobe)/Ordering(${ordering})/Supplement 2>>/FontDescriptor 8 0 R>>`;
  const descriptor = '8 0 obj<</Type/FontDescriptor/FontName/MS-Mincho/Flags 4/FontBBox[0 0 1000 1000]/ItalicAngle 0/Ascent 800/Descent -200/CapHeight 700/StemV 80>>endobj';
  const map = `begincmap 1 begincodespacerange <0000> <ffff> endcodespacerange ${toUnicode ?? ''} endcmap`;
  return pdf(`<${codes}>`, {
    font: `<</Type/Font/Subtype/Type0/BaseFont/MS-Mincho/Encoding/${encoding}/DescendantFonts[${descendant}]${toUnicode === undefined ? '' : '/ToUnicode 9 0 R'}>>`,
    objects: `${descriptor}\n9 0 obj<</Length ${map.length}>>stream\n${map}\nendstream endobj`,
  });
}

/** A PDF with a user password: the standard security handler, whose key nobody has. */
export function lockedPdf(): Uint8Array {
  const hex = (byte: string): string => `<${byte.repeat(32)}>`;
  return pdf('locked', { objects: `6 0 obj<</Filter/Standard/V 1/R 2/O${hex('11')}/U${hex('22')}/P -4>>endobj`, trailer: `/Encrypt 6 0 R/ID[${hex('33')}${hex('33')}]` });
}

/** A tar of one file (POSIX ustar). */
export function tar(name: string, content: Uint8Array): Uint8Array {
  const header = Buffer.alloc(512);
  header.write(name);
  header.write('0000644\0', 100);
  header.write('0000000\0', 108);
  header.write('0000000\0', 116);
  header.write(`${content.length.toString(8).padStart(11, '0')}\0`, 124);
  header.write('00000000000\0', 136);
  header.write('        ', 148);
  header.write('0', 156);
  header.write('ustar\u000000', 257);
  header.write(`${header.reduce((sum, byte) => sum + byte, 0).toString(8).padStart(6, '0')}\0 `, 148);
  return Buffer.concat([header, content, Buffer.alloc((512 - (content.length % 512)) % 512 + 1024)]);
}
