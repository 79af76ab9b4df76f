import { expect, test } from 'vitest';
import { isPattern, patternCounter } from '../../src/flow/policy/patterns.ts';

test.each<[string, string[], string, number]>([
  ['a match', ['契約番号[A-Z]{2}-\\d{4}'], '契約番号AB-1234', 1],
  ['whatever the letter case', ['project-[a-z]+'], 'PROJECT-TANUKI', 1],
  ['full-width', ['AB-\\d{4}'], 'ＡＢ－１２３４', 1],
  ['each match', ['\\bK\\d{3}\\b'], 'K001, K002 and K003', 3],
  ['of several expressions', ['K\\d{3}', 'L\\d{3}'], 'K001 L001', 2],
  ['at the beginning of a line', ['^秘'], '一行目\n秘の二行目', 1],
  ['none', ['AB-\\d{4}'], 'AB-12', 0],
])('%s is counted', (_, expressions, text, count) => {
  expect(patternCounter(expressions)(text, 10)).toBe(count);
});

test('no more is counted than was asked for', () => {
  expect(patternCounter(['a'])('aaaaaaaa', 3)).toBe(3);
});

test('what RE2 does not know, or what is in every mail, is no pattern', () => {
  expect(['a(?=b)', '(a)\\1', '(', 'a*', ''].map(isPattern)).toEqual([false, false, false, false, false]);
  expect(isPattern('a+b')).toBe(true);
});

test('an expression that would keep others busy for years is answered', () => {
  expect(patternCounter(['(a+)+$'])(`${'a'.repeat(50_000)}!`, 1)).toBe(0);
});
