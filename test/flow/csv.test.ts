import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { utf8 } from '../../src/core/bytes.ts';
import { SsmaxError } from '../../src/core/error.ts';
import { decodeTable, encodeCsv, fieldOf, parseCsv } from '../../src/flow/csv.ts';

const iconv = (text: string): Uint8Array<ArrayBuffer> => new Uint8Array(execFileSync('iconv', ['-f', 'UTF-8', '-t', 'CP932'], { input: text }));
const fieldsOf = (text: string): string[][] => parseCsv(text).map(({ fields }) => [...fields]);

describe('the text of a table', () => {
  const text = '職員番号,氏名\r\n1001,髙橋 ①纊\r\n';
  it.each([['UTF-8', utf8(text), 'utf-8'], ['UTF-8 with byte order mark', utf8(`\ufeff${text}`), 'utf-8'], ['code page 932', iconv(text), 'shift_jis']] as const)(
    'is read in %s', (_, bytes, encoding) => { expect(decodeTable(bytes)).toEqual({ text, encoding }); });

  it.each([
    ['UTF-16', new Uint8Array(Buffer.from(`\ufeff${text}`, 'utf16le'))], ['nothing known', new Uint8Array([0x61, 0xa0, 0xff])],
    ['an XLSX file', utf8('PK\u0003\u0004\0\0')],
  ])('is refused in %s', (_, bytes) => {
    expect(() => decodeTable(bytes)).toThrow(expect.objectContaining({ code: 'csv-encoding' }) as Error);
  });
});

describe('rows', () => {
  it.each([
    ['a,b\r\n1,2\r\n', [['a', 'b'], ['1', '2']]], ['a,b\n1,2', [['a', 'b'], ['1', '2']]], ['a,b\r1,2\r', [['a', 'b'], ['1', '2']]],
    ['"a","b, c"\n', [['a', 'b, c']]], ['"a ""b"""\n', [['a "b"']]], ['"a\r\nb",c\n', [['a\r\nb', 'c']]], ['a\tb\n1,5\t2\n', [['a', 'b'], ['1,5', '2']]],
    ['a,\n,b\n', [['a', ''], ['', 'b']]], ['\n\na\n,,\n', [['a']]], ['', []], ['""', []], [',', []],
  ])('of %j', (text, rows) => { expect(fieldsOf(text)).toEqual(rows); });

  it('know their lines, also after fields of several lines', () => {
    expect(parseCsv('a\n\n"b\nc"\r\nd\n').map(({ line }) => line)).toEqual([1, 3, 5]);
  });

  it.each([['a"b\n', 1], ['a\n"b\n', 2], ['a\n"b"c\n', 2], ['a\n\n"b" ,c', 3]])('with marks out of place, %j, are refused', (text, line) => {
    expect(() => parseCsv(text)).toThrow(expect.objectContaining({ code: 'csv-quotes', params: { line } }) as Error);
  });

  const field = fc.oneof(fc.string(), fc.string({ unit: 'grapheme' }), fc.constantFrom('"', '""', ',', '\r\n', '=1+1', "'", "'=x", '@', '山田 太郎', '\t'));
  it('come back as they were written', () => {
    fc.assert(fc.property(fc.array(fc.array(field.filter((one) => !one.includes('\0')), { minLength: 1, maxLength: 5 }), { minLength: 1, maxLength: 8 }), (rows) => {
      const kept = rows.map((fields) => ['x', ...fields]);
      expect(fieldsOf(decodeTable(encodeCsv(kept)).text).map((fields) => fields.map(fieldOf))).toEqual(kept);
    }));
  });

  it('never begin a field with what a spreadsheet runs', () => {
    fc.assert(fc.property(field.filter((one) => !one.includes('\0')), (text) => {
      const [[written = ''] = []] = fieldsOf(decodeTable(encodeCsv([[text, 'x']])).text);
      expect(written).not.toMatch(/^[=+\-@\t\r]/);
    }));
  });

  it('are read or refused, whatever comes', () => {
    fc.assert(fc.property(fc.string({ unit: fc.constantFrom('"', ',', '\r', '\n', '\t', 'a', '漢') }), (text) => {
      try {
        const rows = parseCsv(text);
        expect(rows.every(({ line }, index) => line > (rows[index - 1]?.line ?? 0))).toBe(true);
      } catch (error) {
        expect(error).toBeInstanceOf(SsmaxError);
      }
    }));
    fc.assert(fc.property(fc.uint8Array(), (bytes) => {
      try {
        decodeTable(new Uint8Array(bytes));
      } catch (error) {
        expect(error).toBeInstanceOf(SsmaxError);
      }
    }));
  });
});
