import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fromHex, utf8 } from '../../../../src/core/bytes.ts';
import type { Piece } from '../../../../src/flow/policy/reading.ts';
import { Budget } from '../../../../src/server/inspection/reading/budget.ts';
import { createFileReader } from '../../../../src/server/inspection/reading/file-reader.ts';
import { aesZip, biff, docm, docx, doubleCell, ENCRYPTED_ZIP, lockedPdf, odt, ole, pdf, pptx, tar, utf16, xlsx, zip } from './fixtures.ts';

const LIMITS = { expanded: 20 * 1024 * 1024, files: 200, nesting: 4 };

function read(bytes: Uint8Array, name?: string, limits = LIMITS): Promise<Piece[]> {
  return createFileReader(new Budget(limits))({ bytes, name, type: 'application/octet-stream', part: 2 });
}
const text = async (bytes: Uint8Array, name?: string): Promise<string> => (await read(bytes, name)).map((piece) => piece.text).join('\n');
const first = async (bytes: Uint8Array, name?: string): Promise<Piece | undefined> => (await read(bytes, name))[0];

const SECRET = '極秘資料';

describe('text is taken out of', () => {
  test.each<[string, () => Uint8Array, string]>([
    ['docx, across runs', () => docx([['極', '秘', '資料'], ['other']]), 'a.docx'],
    ['docx, header, footer, comments and deleted text', () => docx([['x']], { 'word/comments.xml': `<w:comments><w:delText>${SECRET}</w:delText></w:comments>` }), 'a.docx'],
    ['xlsx, shared strings of several runs', () => xlsx([SECRET]), 'a.xlsx'],
    ['pptx', () => pptx([SECRET]), 'a.pptx'],
    ['odt', () => odt(SECRET), 'a.odt'],
    ['doc', () => ole({ WordDocument: Buffer.concat([Buffer.alloc(64), utf16(`前 ${SECRET} 後`)]) }), 'a.doc'],
    ['xls', () => ole({ Workbook: biff([0xfc, Buffer.concat([Buffer.alloc(11), utf16(SECRET)])]) }), 'a.xls'],
    ['ppt', () => ole({ 'PowerPoint Document': Buffer.concat([fromHex('0000a00f08000000'), utf16(SECRET)]) }), 'a.ppt'],
    ['msg', () => ole({ '__properties_version1.0': 'x'.repeat(40), '__substg1.0_1000001F': utf16(SECRET) }), 'a.msg'],
    ['rtf in Unicode', () => utf8('{\\rtf1\\ansi\\u26997?\\u31192?\\u36039?\\u26009?\\par}'), 'a.rtf'],
    ['rtf in Shift_JIS', () => utf8("{\\rtf1\\ansicpg932 \\'8b\\'c9\\'94\\'e9\\'8e\\'91\\'97\\'bf}"), 'a.rtf'],
    ['zip', () => zip({ 'a.txt': SECRET }), 'a.zip'],
    ['the names in a zip', () => zip({ [`${SECRET}.png`]: 'x' }), 'a.zip'],
    ['tar', () => tar('a.txt', utf8(SECRET)), 'a.tar'],
    ['tar.gz', () => gzipSync(tar('a.txt', utf8(SECRET))), 'a.tgz'],
    ['a zip in a zip in a zip', () => zip({ 'a.zip': zip({ 'b.zip': zip({ 'a.txt': SECRET }) }) }), 'a.zip'],
    ['a docx in a zip', () => zip({ 'a.docx': docx([[SECRET]]) }), 'a.zip'],
    ['a file embedded in a docx', () => docx([['x']], { 'word/embeddings/a.xlsx': xlsx([SECRET]) }), 'a.docx'],
    ['an attached mail in a zip', () => zip({ 'a.eml': `Subject: x\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n${SECRET}\r\n` }), 'a.zip'],
    ['UTF-16 text', () => Buffer.concat([fromHex('fffe'), utf16(SECRET)]), 'a.txt'],
  ])('%s', async (_, make, name) => {
    const found = await read(make(), name);
    expect(found.filter(({ problem }) => problem !== undefined)).toEqual([]);
    expect(found.map((piece) => piece.text).join('\n')).toContain(SECRET);
    expect(new Set(found.map(({ part }) => part))).toEqual(new Set([2]));
  });

  test('PDF: pages, form fields, notes, information, attached files', async () => {
    expect(await text(pdf('Top Secret'), 'a.pdf')).toContain('Top Secret');
    const info = pdf('x', { objects: '7 0 obj<</Title(Secret Title)>>endobj', trailer: '/Info 7 0 R' });
    expect(await text(info, 'a.pdf')).toContain('Secret Title');
  });

  test('numbers of cells, also those written with an exponent', async () => {
    expect(await text(xlsx([123456789018]), 'a.xlsx')).toContain('123456789018');
    expect(await text(zip({ '[Content_Types].xml': '', 'xl/worksheets/sheet1.xml': '<c><v>1.23456789018E11</v></c>' }), 'a.xlsx')).toMatch(/123456789018/);
    expect(await text(ole({ Workbook: biff([0x203, doubleCell(123456789018)]) }), 'a.xls')).toContain('123456789018');
  });
});

describe('what a file is, is told by its content', () => {
  test.each<[string, Uint8Array, string]>([
    ['exe', Buffer.concat([utf8('MZ'), Buffer.alloc(200)]), 'invoice.pdf'],
    ['pdf', pdf('x'), 'a.exe'],
    ['docx', docx([['x']]), 'a.bin'],
    ['docm', docm(), 'a.docx'],
    ['xlsx', xlsx([1]), 'a'],
    ['zip', zip({ a: 'x' }), 'a.docx'],
    ['encrypted-office', ole({ EncryptedPackage: 'x', EncryptionInfo: 'x' }), 'a.docx'],
    ['html', utf8('<html><script>1</script>'), 'a.jpg'],
    ['script', utf8('WScript.Echo 1'), 'a.vbs'],
    ['image', fromHex('89504e470d0a1a0a0000000d49484452'), 'a.png'],
    ['lnk', fromHex('4c0000000114020000000000c000000000000046'), 'a.txt'],
    ['unknown', fromHex('00010203'), 'a.dat'],
  ])('%s', async (kind, bytes, name) => {
    expect((await first(bytes, name))?.kind).toBe(kind);
  });
});

test('7z', async () => {
  const content = utf8(SECRET);
  const size = content.length.toString(16).padStart(2, '0');
  // one stream, one folder with the coder "copy", one file named a.txt
  const header = fromHex(`0104` + `06000109${size}00` + `070b0100` + `010100` + `0c${size}00` + `0800` + `00` + `0501110d00` + `61002e007400780074000000` + `00` + `00`);
  expect((await read(sevenZip(content, header), 'a.7z')).map((piece) => piece.problem ?? piece.text).join()).toContain('a.txt');
});

describe('a password is seen on', () => {
  test.each<[string, Uint8Array]>([
    ['zip (ZipCrypto)', ENCRYPTED_ZIP],
    ['zip (AES)', aesZip()],
    ['a zip in a zip', zip({ 'inner.zip': aesZip() })],
    ['7z', SEVEN_ZIP_AES()],
    ['7z with encrypted names', SEVEN_ZIP_HEADER()],
    ['rar 5 with encrypted names', RAR5_HEADER()],
    ['rar 4 with encrypted names', RAR4_HEADER()],
    ['docx', ole({ EncryptedPackage: 'x', EncryptionInfo: 'x' })],
    ['doc', ole({ WordDocument: Buffer.concat([fromHex('eca5c100000000000000000001'), Buffer.alloc(100)]).fill(1, 11, 12) })],
    ['xls', ole({ Workbook: biff([0x809, Buffer.alloc(16)], [0x2f, Buffer.alloc(54)]) })],
    ['pdf', lockedPdf()],
  ])('%s', async (_, bytes) => {
    expect((await read(bytes, 'a.bin')).some(({ encrypted }) => encrypted)).toBe(true);
  });

  test('nothing else', async () => {
    for (const bytes of [zip({ a: 'x' }), docx([['x']]), pdf('x'), ole({ WordDocument: Buffer.alloc(100) }), tar('a', utf8('x'))]) {
      expect((await read(bytes)).some(({ encrypted }) => encrypted)).toBe(false);
    }
  });
});

describe('macros are seen in', () => {
  test.each<[string, Uint8Array]>([
    ['docm', docm()],
    ['docm that is called docx, in a zip', zip({ 'a.docx': docm() })],
    ['xlsx with Excel 4 macro sheets', xlsx(['x'], { 'xl/macrosheets/sheet1.xml': '<x/>' })],
    ['docx that fetches its template', docx([['x']], { 'word/_rels/settings.xml.rels': '<Relationship Type="http://x/attachedTemplate" Target="http://x/a.dotm" TargetMode="External"/>' })],
    ['doc', ole({ WordDocument: Buffer.alloc(100), 'Macros/VBA/dir': 'x' })],
    ['xls', ole({ Workbook: biff([0x809, Buffer.alloc(16)]), '_VBA_PROJECT_CUR/VBA/dir': 'x' })],
    ['xls with an Excel 4 macro sheet', ole({ Workbook: biff([0x85, fromHex('0000000000010161')]) })],
    ['pdf with JavaScript', pdf('x', { more: '/OpenAction<</S/JavaScript/JS(app.alert(1))>>' })],
  ])('%s', async (_, bytes) => {
    expect((await read(bytes, 'a')).some(({ macros }) => macros)).toBe(true);
  });

  test('nothing else', async () => {
    for (const bytes of [docx([['x']]), xlsx(['x']), pdf('x'), ole({ WordDocument: Buffer.alloc(100) })]) expect((await read(bytes)).some(({ macros }) => macros)).toBe(false);
  });
});

describe('too much inside is said to be so, and what else there is goes on', () => {
  test('one file of a thousand times its size', async () => {
    const found = await read(zip({ 'a.txt': new Uint8Array(40 * 1024 * 1024) }));
    expect(found.map(({ problem }) => problem)).toContain('too-much');
  });

  test('bombs in bombs, as 42.zip has them', async () => {
    let bomb = zip({ 'a.txt': new Uint8Array(2 * 1024 * 1024) });
    for (let layer = 0; layer < 3; layer++) bomb = zip(Object.fromEntries(Array.from({ length: 8 }, (_, index) => [`${index}.zip`, bomb])));
    expect((await read(bomb)).map(({ problem }) => problem)).toContain('too-much');
  });

  test('gzip in gzip in gzip', async () => {
    let bomb: Uint8Array = new Uint8Array(30 * 1024 * 1024);
    for (let layer = 0; layer < 3; layer++) bomb = gzipSync(bomb);
    expect((await read(bomb, 'a.gz')).map(({ problem }) => problem)).toContain('too-much');
  });

  test('archives nested too deep, too many files', async () => {
    let deep = zip({ 'a.txt': 'x' });
    for (let layer = 0; layer < 6; layer++) deep = zip({ 'a.zip': deep });
    expect((await read(deep)).map(({ problem }) => problem)).toContain('too-much');
    expect((await read(zip(Object.fromEntries(Array.from({ length: 300 }, (_, index) => [`${index}`, 'x']))))).map(({ problem }) => problem)).toContain('too-much');
  });

  test('an Office file that is a bomb', async () => {
    expect((await read(docx([['x']], { 'word/big.xml': new Uint8Array(40 * 1024 * 1024) }))).map(({ problem }) => problem)).toContain('too-much');
  });
});

describe('damaged files are said to be so', () => {
  test.each<[string, Uint8Array]>([
    ['zip, cut off', zip({ 'a.txt': SECRET.repeat(1000) }).slice(0, 60)],
    ['docx, cut off', docx([[SECRET.repeat(100)]]).slice(0, 200)],
    ['gzip, cut off', gzipSync(utf8(SECRET.repeat(1000))).subarray(0, 40)],
    ['OLE, cut off', ole({ WordDocument: Buffer.alloc(10_000) }).slice(0, 600)],
    ['7z, cut off', SEVEN_ZIP_AES().slice(0, 40)],
  ])('%s', async (_, bytes) => {
    expect((await read(bytes, 'a')).map(({ problem }) => problem)).toContain('unreadable');
  });

  test('a zip with another name in its local header', async () => {
    const bytes = zip({ 'a.txt': 'x' });
    bytes[30] = 0x62;
    expect((await read(bytes)).map(({ problem }) => problem)).toContain('unreadable');
  });
});

test('no bytes, whatever they are, make the reader throw', async () => {
  const seeds = [zip({ 'a.txt': SECRET }), docx([[SECRET]]), xlsx([SECRET, 1]), ole({ WordDocument: utf16(SECRET), Workbook: biff([0x203, doubleCell(5)]) }), pdf(SECRET), gzipSync(utf8(SECRET)), tar('a', utf8('x')), ENCRYPTED_ZIP, utf8("{\\rtf1 \\'8b}")];
  await fc.assert(fc.asyncProperty(fc.constantFrom(...seeds), fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { maxLength: 20 }), fc.nat(), async (seed, changes, cut) => {
    const bytes = Uint8Array.from(seed);
    for (const [at, value] of changes) bytes[at % bytes.length] = value;
    const found = await read(cut % 3 === 0 ? bytes.slice(0, cut % bytes.length) : bytes, 'a.bin');
    expect(found.length).toBeGreaterThan(0);
  }), { numRuns: 150 });
});

/** A 7z whose plain header names the AES coder (7zFormat.txt in the LZMA SDK). */
function SEVEN_ZIP_AES(): Uint8Array {
  const header = fromHex(
    '01' + '04' + '06' + '00' + '01' + '09' + '10' + '00' // main streams: pack info at 0, one stream of 16 bytes
    + '07' + '0b' + '01' + '00' + '01' + '24' + '06f10701' + '02' + '0700' + '0c' + '10' + '00' // one folder, coder AES with two bytes of properties, unpack size 16
    + '08' + '0a' + '01' + '00000000' + '00' + '00'
    + '05' + '01' + '11' + '09' + '00' + '6100 2e00 7400 0000'.replaceAll(' ', '') + '00' + '00',
  );
  return sevenZip(Buffer.alloc(16, 7), header);
}

/** A 7z whose header itself is encoded with AES: its names are locked too. */
function SEVEN_ZIP_HEADER(): Uint8Array {
  const header = fromHex('17' + '06' + '00' + '01' + '09' + '10' + '00' + '07' + '0b' + '01' + '00' + '01' + '24' + '06f10701' + '02' + '0700' + '0c' + '10' + '00' + '00');
  return sevenZip(Buffer.alloc(16, 7), header);
}

function sevenZip(packed: Uint8Array, header: Uint8Array): Uint8Array {
  const start = Buffer.alloc(20);
  start.writeBigUInt64LE(BigInt(packed.length));
  start.writeBigUInt64LE(BigInt(header.length), 8);
  start.writeUInt32LE(crc32(header), 16);
  const crc = Buffer.alloc(4);
  crc.writeUInt32LE(crc32(start));
  return Buffer.concat([fromHex('377abcaf271c0004'), crc, start, packed, header]);
}

/** Signature, then the archive encryption header (type 4), RAR 5.0 archive format. */
function RAR5_HEADER(): Uint8Array {
  const block = Buffer.concat([fromHex('0400' + '00' + '00' + '0f'), Buffer.alloc(16, 1)]);
  const sized = Buffer.concat([Buffer.from([block.length]), block]);
  const crc = Buffer.alloc(4);
  crc.writeUInt32LE(crc32(sized));
  return Buffer.concat([fromHex('526172211a070100'), crc, sized, Buffer.alloc(64, 9)]);
}

/** Signature, then a main header with the flag "headers are encrypted". */
function RAR4_HEADER(): Uint8Array {
  const block = fromHex('73' + '8000' + '0d00' + '000000000000');
  const crc = Buffer.alloc(2);
  crc.writeUInt16LE(crc32(block) & 0xffff);
  return Buffer.concat([fromHex('526172211a0700'), crc, block, Buffer.alloc(64, 9)]);
}

function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return (crc ^ 0xffffffff) >>> 0;
}
