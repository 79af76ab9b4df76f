/** Japanese PDF files: what a map names is read, and where a map is missing the file counts as unread. */
import { describe, expect, test } from 'vitest';
import type { Piece } from '../../../../src/flow/policy/reading.ts';
import { Budget } from '../../../../src/server/inspection/reading/budget.ts';
import { createFileReader } from '../../../../src/server/inspection/reading/file-reader.ts';
import { japanesePdf, pdf } from './fixtures.ts';

async function read(bytes: Uint8Array): Promise<Piece> {
  const [piece] = await createFileReader(new Budget({ expanded: 20 * 1024 * 1024, files: 200, nesting: 4 }))({ bytes, name: 'a.pdf', type: 'application/pdf', part: 2 });
  if (piece === undefined) throw new Error('nothing read');
  return piece;
}

const SECRET = '極秘資料';
const UTF16 = '697579d88cc76599';
const mapped = (pairs: readonly string[]): string => `${pairs.length} beginbfchar ${pairs.join(' ')} endbfchar`;
const ALL = mapped(['<0001> <6975>', '<0002> <79d8>', '<0003> <8cc7>', '<0004> <6599>']);

describe('the text of a PDF whose font', () => {
  test.each<[string, Uint8Array]>([
    ['has Shift_JIS codes (90ms-RKSJ-H)', japanesePdf('8bc994e98e9197bf', { encoding: '90ms-RKSJ-H' })],
    ['is written downwards (90ms-RKSJ-V, which uses the map of lines)', japanesePdf('8bc994e98e9197bf', { encoding: '90ms-RKSJ-V' })],
    ['has EUC codes (EUC-H)', japanesePdf('b6cbc8ebbbf1cec1', { encoding: 'EUC-H' })],
    ['has UCS-2 codes (UniJIS-UCS2-H)', japanesePdf(UTF16, { encoding: 'UniJIS-UCS2-H' })],
    ['has UTF-16 codes (UniJIS-UTF16-H)', japanesePdf(UTF16, { encoding: 'UniJIS-UTF16-H' })],
    ['has glyph numbers of Adobe-Japan1 (Identity-H)', japanesePdf('06c30d7f08bf0f89', { encoding: 'Identity-H' })],
    ['has glyph numbers of its own, and a ToUnicode', japanesePdf('0001000200030004', { encoding: 'Identity-H', ordering: 'Identity', toUnicode: ALL })],
    ['has a ToUnicode that names a standard map', japanesePdf('0001000200030004', { encoding: 'Identity-H', ordering: 'Identity', toUnicode: `/Adobe-Japan1-UCS2 usecmap ${ALL}` })],
  ])('%s', async (_, bytes) => {
    expect(await read(bytes)).toMatchObject({ text: expect.stringContaining(SECRET) as string, problem: undefined });
  });

  test('has one sign without a character: the rest is its text', async () => {
    expect(await read(japanesePdf('00010002000300040009', { encoding: 'Identity-H', ordering: 'Identity', toUnicode: ALL }))).toMatchObject({ text: expect.stringContaining(SECRET) as string, problem: undefined });
  });
});

describe('a PDF counts as unread whose font', () => {
  test.each<[string, Uint8Array]>([
    ['has glyph numbers of its own, and nothing that says which characters they are', japanesePdf('0001000200030004', { encoding: 'Identity-H', ordering: 'Identity' })],
    ['has a ToUnicode that cannot be read', japanesePdf('0001000200030004', { encoding: 'Identity-H', ordering: 'Identity', toUnicode: `/No-Such-Map usecmap ${ALL}` })],
    ['has a ToUnicode without most of its signs', japanesePdf('0001000200030004', { encoding: 'Identity-H', ordering: 'Identity', toUnicode: mapped(['<0001> <6975>', '<0009> <79d8>']) })],
    ['has a ToUnicode that says "no character" of them', japanesePdf('0001000200030004', { encoding: 'Identity-H', ordering: 'Identity', toUnicode: '1 beginbfrange <0001> <0004> [<fffd> <fffd> <fffd> <fffd>] endbfrange' })],
    ['names a map that nobody has', japanesePdf(UTF16, { encoding: 'No-Such-Map-H' })],
    ['names a map outside the directory of maps', japanesePdf(UTF16, { encoding: '..#2f..#2fpackage' })],
    ['is of a collection that nobody has', japanesePdf(UTF16, { encoding: 'UniJIS-UCS2-H', ordering: 'Nowhere1' })],
    ['has codes of one byte that are no letters', pdf('<0102030405>', { font: '<</Type/Font/Subtype/TrueType/BaseFont/ABCDEF+MS-Mincho/FirstChar 1/LastChar 5/Widths[1 1 1 1 1]>>' })],
  ])('%s', async (_, bytes) => {
    expect(await read(bytes)).toMatchObject({ problem: 'unreadable' });
  });
});

test('fonts used within forms and given by a graphics state are looked at, and what stood before goes on after them', async () => {
  const form = 'BT /F2 12 Tf <00010002> Tj ET';
  const nobody = '<</Type/Font/Subtype/Type0/BaseFont/X/Encoding/Identity-H/DescendantFonts[<</Type/Font/Subtype/CIDFontType2/BaseFont/X/CIDSystemInfo<</Registry(Adobe)/Ordering(Identity)/Supplement 0>>>>]>>';
  const withForm = (inside: string): Uint8Array => pdf('Plain', {
    page: '/Form Do ', objects: `10 0 obj<</Type/XObject/Subtype/Form/BBox[0 0 9 9]/Resources<</Font<</F2 ${inside}>>>>/Length ${form.length}>>stream\n${form}\nendstream endobj`,
    resources: '/XObject<</Form 10 0 R>>',
  });
  expect(await read(withForm(nobody))).toMatchObject({ problem: 'unreadable' });
  const state = pdf('<00010002>', { page: '', resources: `/ExtGState<</G <</Font[${nobody} 12]>>>>`, before: '/G gs ' });
  expect(await read(state)).toMatchObject({ problem: 'unreadable' });
});

test('pictures are not looked at: a page of nothing else has no text, and no fault', async () => {
  const picture = '10 0 obj<</Type/XObject/Subtype/Image/Width 100/Height 100/ColorSpace/DeviceGray/BitsPerComponent 8/Filter/JPXDecode/Length 4>>stream\nabcd\nendstream endobj';
  expect(await read(pdf('', { page: '/Scan Do ', objects: picture, resources: '/XObject<</Scan 10 0 R>>' }))).toMatchObject({ text: '\n1.4', problem: undefined });
});
