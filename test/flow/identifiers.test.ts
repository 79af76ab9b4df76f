import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { holdsIndividualNumber, isIndividualNumber } from '../../src/flow/identifiers.ts';

const digits = (length: number) => fc.array(fc.integer({ min: 0, max: 9 }), { minLength: length, maxLength: length });

/** The ordinance's formula as it is written: Pn counted from the check digit, Qn = n + 1 up to 6, else n - 5. */
function checkDigit(eleven: readonly number[]): number {
  let sum = 0;
  for (let n = 1; n <= 11; n++) sum += (eleven[11 - n] ?? 0) * (n <= 6 ? n + 1 : n - 5);
  return sum % 11 <= 1 ? 0 : 11 - (sum % 11);
}
const number = digits(11).map((eleven) => [...eleven, checkDigit(eleven)].join(''));

describe('an Individual Number', () => {
  it('is 12 digits with a valid check digit', () => {
    expect(isIndividualNumber('123456789018')).toBe(true);
    for (const text of ['123456789012', '12345678901', '1234567890180', '', '１２３４５６７８９０１８', '1234-5678-9018']) expect(isIndividualNumber(text)).toBe(false);
    fc.assert(fc.property(number, (text) => {
      expect(isIndividualNumber(text)).toBe(true);
      expect(isIndividualNumber(text.slice(0, 11) + String((Number(text[11]) + 1) % 10))).toBe(false);
    }));
  });

  it.each([
    '123456789018', '１２３４５６７８９０１８', '1234 5678 9018', '1234　5678　9018', '1234-5678-9018', '１２３４－５６７８－９０１８', '1234‐5678‐9018', '1234ー5678ー9018',
    '1234−5678−9018', '1234\u200b5678\u200b9018', '1234 - 5678 - 9018', '個人番号123456789018です', 'E123456789018', 'HR-2026-1234-5678-9018', '1234.5678.9018', '1 2 3 4 5 6 7 8 9 0 1 8', '1234-5678-9018 2026',
  ])('is found in %j', (text) => {
    expect(holdsIndividualNumber(text)).toBe(true);
  });

  it.each([
    'E1001', 'HR-2026-1001', '1234567890180', '0123456789018', '123456789012', '03-1234-5678', '2026-10-01', '1000020123456', '12345678901A8', '', '山田 太郎', '1234-5678-90189',
  ])('is not found in %j', (text) => {
    expect(holdsIndividualNumber(text)).toBe(false);
  });

  it('is found in any text around it and in any groups', () => {
    const separator = fc.constantFrom('', ' ', '-', '　', '－', '・', '/', ' - ');
    fc.assert(fc.property(number, fc.array(separator, { minLength: 11, maxLength: 11 }), fc.constantFrom('', '番号', 'E', '. x'), (text, separators, around) => {
      const written = [...text].map((digit, index) => digit + (separators[index] ?? '')).join('');
      expect(holdsIndividualNumber(around + written + around)).toBe(true);
    }));
  });
});
