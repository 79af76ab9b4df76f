import CFB from 'cfb';
import { describe, expect, it, vi } from 'vitest';
import { needsPassword } from '../../extension/member/password-archive.ts';
import { type Bytes, concat, utf8 } from '../../src/core/bytes.ts';

const u = (size: 1 | 2 | 4 | 8, value: number): Bytes => {
  const view = new DataView(new ArrayBuffer(8));
  view.setBigUint64(0, BigInt(value), true);
  return new Uint8Array(view.buffer.slice(0, size));
};

interface Entry {
  readonly name: string;
  readonly flags: number;
}

/** A ZIP file whose entries hold nothing, with its central directory and end record (APPNOTE 4.3); `zip64`: the directory's place stands in the other record. */
function zip(entries: readonly Entry[], { comment = '', zip64 = false } = {}): Bytes {
  const fields = ({ name, flags }: Entry): Bytes => concat(u(2, 20), u(2, flags), u(2, 0), u(4, 0), u(4, 0), u(4, 0), u(4, 0), u(2, utf8(name).length), u(2, 0));
  const locals = entries.map((one) => concat(utf8('PK'), u(2, 0x0403), fields(one), utf8(one.name)));
  const central = concat(...entries.map((one) => concat(utf8('PK'), u(2, 0x0201), u(2, 20), fields(one), u(2, 0), u(2, 0), u(2, 0), u(4, 0), u(4, 0), utf8(one.name))));
  const files = concat(...locals);
  const end = concat(utf8('PK'), u(2, 0x0605), u(4, 0), u(2, entries.length), u(2, entries.length), u(4, central.length), u(4, zip64 ? 0xffffffff : files.length), u(2, comment.length), utf8(comment));
  const other = !zip64 ? new Uint8Array(0) : concat(
    utf8('PK'), u(2, 0x0606), u(8, 44), u(4, 0), u(4, 0), u(4, 0), u(8, entries.length), u(8, entries.length), u(8, central.length), u(8, files.length),
    utf8('PK'), u(2, 0x0706), u(4, 0), u(8, files.length + central.length), u(4, 1),
  );
  return concat(files, central, other, end);
}

/** A 7z file with so many bytes of data, then its header. */
function sevenZip(data: number, header: Bytes): Bytes {
  return concat(new Uint8Array([0x37, 0x7a, 0xbc, 0xaf, 0x27, 0x1c, 0, 4]), u(4, 0), u(8, data), u(8, header.length), u(4, 0), new Uint8Array(data), header);
}

/** A compressed header, that lies after so many bytes of data (below 128). */
const compressed = (data: number): Bytes => new Uint8Array([0x17, 0x06, data, 1, 9, 40, 0, 7, 11, 1, 0, 1, 0x23, 3, 1, 1, 5]);
const AES = new Uint8Array([0x24, 0x06, 0xf1, 0x07, 0x01]);

const rar5 = (...blocks: readonly Bytes[]): Bytes => concat(utf8('Rar!\x1a\x07\x01\0'), ...blocks);
/** Bytes after the checksum, their number before them. */
const block5 = (...bytes: readonly number[]): Bytes => concat(u(4, 0), new Uint8Array([bytes.length, ...bytes]));
const MAIN5 = block5(1, 0, 0);
const END5 = block5(5, 0, 0);
/** A file with three bytes of data behind its header and a record of this type beside it. */
const file5 = (record: number): Bytes => concat(block5(2, 3, 3, 3, 0, 0, 0, 0, 0, 1, 0x61, 2, record, 0), utf8('xyz'));

const rar4 = (...blocks: readonly Bytes[]): Bytes => concat(utf8('Rar!\x1a\x07\0'), ...blocks);
const block4 = (type: number, flags: number, data = 0): Bytes => concat(u(2, 0), u(1, type), u(2, flags), u(2, 13), u(4, data), u(2, 0), new Uint8Array(data));

function office(names: readonly string[]): Bytes {
  const file = CFB.utils.cfb_new();
  for (const name of names) CFB.utils.cfb_add(file, name, Buffer.from('x'.repeat(5000)));
  return new Uint8Array(CFB.write(file, { type: 'buffer' }) as Buffer);
}

describe('a file that opens with a password only', () => {
  it.each<[string, Bytes]>([
    ['ZIP', zip([{ name: 'a', flags: 1 }])],
    ['ZIP, a folder first', zip([{ name: '資料/', flags: 0x800 }, { name: '資料/a', flags: 0x801 }])],
    ['ZIP, readable entries first', zip([...Array(200).keys()].map((i) => ({ name: `${i}`, flags: i === 199 ? 1 : 0 })), { comment: 'コメント PK' })],
    ['ZIP64', zip([{ name: 'a/', flags: 0 }, { name: 'a/b', flags: 9 }], { zip64: true })],
    ['ZIP, cut off', zip([{ name: 'a', flags: 1 }]).slice(0, 40)],
    ['7z, names hidden', sevenZip(32, concat(compressed(20), AES))],
    ['7z, names readable', sevenZip(48, compressed(48))],
    ['RAR 5, names hidden', rar5(block5(4, 0, 0, 0, 15), new Uint8Array(40))],
    ['RAR 5', rar5(MAIN5, file5(3), file5(1), END5)],
    ['RAR 4, names hidden', rar4(block4(0x73, 0x80))],
    ['RAR 4', rar4(block4(0x73, 0), block4(0x74, 0x8000, 5), block4(0x74, 0x8004, 5))],
    ['Office', office(['/EncryptionInfo', '/EncryptedPackage'])],
    ['Office, late in its directory', office([...[...Array(20).keys()].map((i) => `/x${i}`), '/EncryptedPackage'])],
  ])('is known: %s', (_, bytes) => {
    expect(needsPassword(bytes)).toBe(true);
  });

  it.each<[string, Bytes]>([
    ['ZIP', zip([{ name: 'a/', flags: 0 }, { name: 'a/b', flags: 0x800 }])], ['7z', sevenZip(47, compressed(47))], ['7z, nothing in it', sevenZip(0, new Uint8Array(0))],
    ['RAR 5', rar5(MAIN5, file5(3), END5, block5(4, 0, 0))], ['RAR 4', rar4(block4(0x73, 0), block4(0x74, 0x8000, 5), block4(0x7b, 0))],
    ['Office before 2007', office(['/Workbook'])], ['text', utf8('PK')], ['nothing', new Uint8Array(0)],
  ])('is not taken for one: %s', (_, bytes) => {
    expect(needsPassword(bytes)).toBe(false);
  });

  it('is looked through once, however far back its records are said to reach', () => {
    const far = block5(2, 1, 0xff, 0xff, 0x7f);
    const reads = vi.spyOn(DataView.prototype, 'getUint8');
    try {
      expect(needsPassword(rar5(block5(1, 2, 0xa0, 0x8d, 6), new Uint8Array(100_000), ...Array.from({ length: 500 }, () => far)))).toBe(false);
      expect(reads.mock.calls.length).toBeLessThan(50_000);
    } finally {
      reads.mockRestore();
    }
  });

  it('never throws, and comes to an end, whatever the file says', () => {
    const heads = [zip([{ name: 'a', flags: 0 }], { zip64: true }), sevenZip(5, compressed(5)), rar5(MAIN5, file5(3)), rar4(block4(0x73, 0), block4(0x74, 0x8000, 5)), office(['/Workbook'])];
    for (const [n, bytes] of heads.entries()) {
      for (let i = 0; i < 600; i++) {
        const spoilt = bytes.slice(0, bytes.length - (i % 7));
        for (let j = 0; j < 4; j++) spoilt[8 + ((i * 31 + j * 17 + n) % Math.min(spoilt.length - 8, 200))] = (i * 7 + j * 101) & 255;
        expect(typeof needsPassword(spoilt)).toBe('boolean');
      }
    }
  });
});
