import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { utf8 } from '../../src/core/bytes.ts';
import { SsmaxError } from '../../src/core/error.ts';
import { encodeCsv } from '../../src/flow/csv.ts';
import { readMemberTable } from '../../src/flow/member-table.ts';

const HEADER = '職員番号,氏名,仮名,メールアドレス,別名,本人確認,種別';
const read = (...lines: string[]) => readMemberTable(utf8([HEADER, ...lines].join('\r\n')));
const problems = (...lines: string[]) => read(...lines).errors.map(({ line, column, code }) => [line, column, code]);

describe('a table of members', () => {
  it('is read with Japanese column names', () => {
    const { rows, errors, unused } = read('1001,山田 太郎,,Taro@Hinode.example,yamada@hinode.example 太郎@hinode.example,HR-1,', '1002,鈴木 雪,住民相談窓口 07,soudan07@hinode.example,,HR-2,個人', '1001,請求システム,,billing@hinode.example,,,サービス');
    expect(errors).toMatchObject([{ line: 2, column: '別名', code: 'address-invalid' }]);
    expect(unused).toEqual([]);
    expect(rows).toEqual([
      { line: 3, address: 'soudan07@hinode.example', reference: '1002', displayName: '住民相談窓口 07', pseudonym: true, person: '鈴木 雪', identityCheck: 'HR-2', kind: 'person', aliases: [] },
      { line: 4, address: 'billing@hinode.example', reference: '1001', displayName: '請求システム', pseudonym: false, person: '', identityCheck: '', kind: 'service', aliases: [] },
    ]);
  });

  it('is read with English column names, in any order, with columns of its own', () => {
    const { rows, errors, unused } = readMemberTable(utf8('E-Mail,Department,Employee_Number,Identity  Check,Display Name\ntaro@hinode.example,Water,1001,HR-1,Taro\n'));
    expect(errors).toEqual([]);
    expect(unused).toEqual(['Department']);
    expect(rows).toMatchObject([{ address: 'taro@hinode.example', reference: '1001', displayName: 'Taro', pseudonym: false, aliases: undefined }]);
  });

  it('says what is wrong with every line', () => {
    expect(problems(',山田,,taro@hinode.example,,HR-1,')).toEqual([[2, '職員番号', 'field-empty']]);
    expect(problems('1,,,taro@hinode.example,,,', '2,雪,,yuki,,HR,')).toEqual([[2, '本人確認', 'field-empty'], [2, '氏名', 'field-empty'], [3, 'メールアドレス', 'address-invalid']]);
    expect(problems('1,a\u202eb,,t@hinode.example,,HR,ロボット')).toEqual([[2, '種別', 'kind-unknown'], [2, '氏名', 'field-invalid']]);
    expect(problems(`1,${'あ'.repeat(65)},,t@hinode.example,,HR,`)).toEqual([[2, '氏名', 'field-too-long']]);
    expect(problems('1,a,,t@hinode.example,,HR,,,x')).toEqual([[2, undefined, 'row-too-long']]);
    expect(problems('1,a,,t@hinode.example,,HR,', '1,b,,T@hinode.example,,HR,')).toEqual([[3, undefined, 'row-repeated']]);
    expect(problems('1,a,,t@hinode.example,x@hinode.example,HR,', '2,b,,u@hinode.example,x@hinode.example t@hinode.example,HR,')).toEqual([[3, undefined, 'address-taken'], [3, undefined, 'address-taken']]);
  });

  it.each(['123456789018', '1234-5678-9018', '１２３４　５６７８　９０１８', '個人番号:123456789018'])('refuses an Individual Number in any field: %s', (number) => {
    for (let field = 0; field < 7; field++) {
      const fields = ['1', 'a', '', 't@hinode.example', '', 'HR', ''];
      fields[field] = number;
      expect(problems(fields.join(','))).toContainEqual([2, HEADER.split(',')[field], 'national-number']);
    }
    expect(readMemberTable(utf8(`${HEADER},備考\n1,a,,t@hinode.example,,HR,,${number}`)).errors).toMatchObject([{ column: '備考', code: 'national-number' }]);
  });

  it('lets the holders of a mailbox share its aliases', () => {
    const { rows } = read('1,a,,info@hinode.example,x@hinode.example,HR,', '2,b,,info@hinode.example,y@hinode.example,HR,');
    expect(rows.map(({ aliases }) => aliases)).toEqual([['x@hinode.example', 'y@hinode.example'], ['x@hinode.example', 'y@hinode.example']]);
  });

  it.each([
    ['', 'csv-empty'], [HEADER, 'csv-empty'], ['氏名,メールアドレス,本人確認\na,b,c', 'column-missing'], ['職員番号,社員番号,氏名,メールアドレス,本人確認\n1,2,3,4,5', 'column-twice'],
    ['a,b\n1,2', 'column-missing'], [`${HEADER}\n"1`, 'csv-quotes'],
  ])('is refused as a whole: %j', (text, code) => {
    expect(() => readMemberTable(utf8(text))).toThrow(expect.objectContaining({ code }) as Error);
  });

  it('is read or refused, whatever is in it', () => {
    const field = fc.oneof(fc.string({ unit: 'grapheme', maxLength: 12 }), fc.constantFrom('a@hinode.example', '1', '=x', '123456789018', ''));
    fc.assert(fc.property(fc.array(fc.array(field, { minLength: 7, maxLength: 7 }), { minLength: 1, maxLength: 6 }), (rows) => {
      // Numbers differ by a letter: a digit before the twelve would make thirteen, which is no Individual Number.
      const table = readMemberTable(encodeCsv([HEADER.split(','), ...rows.map((fields, index) => [`${'abcdef'.charAt(index)}${fields[0] ?? ''}`, ...fields.slice(1)])].map((fields) => fields.map((one) => one.replaceAll('\0', '')))));
      // A line is taken, or there is something wrong with it.
      const said = new Set([...table.rows.map(({ line }) => line), ...table.errors.map(({ line }) => line)]);
      expect(said.size).toBe(rows.length);
      for (const row of table.rows) expect(JSON.stringify(row)).not.toContain('123456789018');
    }));
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      expect(() => readMemberTable(new Uint8Array(bytes))).toThrow(SsmaxError);
    }));
  });
});
