import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isSearchable, keywordMatcher } from '../../src/flow/keywords.ts';

describe('a keyword is found', () => {
  test.each([
    ['as it is', '極秘', 'これは極秘です'],
    ['across a line break', '極秘', 'これは極\r\n  秘です'],
    ['in half-width kana', 'マル秘', 'ﾏﾙ秘'],
    ['in half-width kana with voicing marks', 'プロジェクト', 'ﾌﾟﾛｼﾞｪｸﾄ'],
    ['in full-width letters', 'Secret', 'ＴＯＰ　ＳＥＣＲＥＴ'],
    ['in another case', 'STRASSE', 'straße'],
    ['in Greek with its final letter', 'ΟΔΟΣ', 'οδος'],
    ['with invisible characters in it', 'secret', 's\u00ade\u200bc\u2060r\ufeffe\u200dt'],
    ['with spread letters', 'secret', 'this is s e c r e t !'],
    ['inside a longer word', 'secret', 'secrets'],
    ['when it has a space and the text a line break', 'top secret', 'top\n\tsecret'],
    ['when it has a space and the text has none', 'top secret', 'a topsecret plan'],
    ['with characters that mean something in patterns', 'C++ (v1.0)', 'about c++ (v1.0).'],
    ['with a composed letter written in two', 'ガ', 'か\u3099カ\u3099'],
    ['beyond the first piece of a long text', '極秘', `${'あ'.repeat(2_500_000)}極秘`],
    ['across the border of two pieces', '極秘', `${'あ'.repeat((1 << 20) - 1)}極 秘`],
    ['with very much white space in it', '極秘', `${'あ'.repeat((1 << 20) - 1)}極${' '.repeat(100_000)}秘`],
  ])('%s', (_, word, text) => {
    expect(keywordMatcher([word])(text)).toBe(true);
  });

  test('wherever it stands, however it is spread and capitalised', () => {
    const letters = fc.constantFrom(...'abcxyz極秘社外');
    fc.assert(fc.property(fc.string(), fc.array(letters, { minLength: 1, maxLength: 8 }), fc.string(), fc.boolean(), (before, word, after, spread) => {
      const written = word.map((letter) => letter.toUpperCase()).join(spread ? ' \u200b ' : '\u200b');
      expect(keywordMatcher([word.join('')])(`${before} ${written} ${after}`)).toBe(true);
    }));
  });
});

test('each of many words that begin, end and overlap alike', () => {
  const words = ['abcd', 'bc', 'bcx', 'cde', 'dea'];
  const found = (text: string): string[] => words.filter((word) => keywordMatcher([word])(text));
  fc.assert(fc.property(fc.array(fc.constantFrom(...'abcdex '), { maxLength: 12 }), (letters) => {
    const text = letters.join('');
    expect(keywordMatcher(words)(text)).toBe(found(text).length > 0);
    for (const word of words) if (text.includes(word)) expect(found(text)).toContain(word);
  }));
});

describe('a keyword is not found', () => {
  test.each([
    ['where it is absent', '極秘', '秘密ではない極上の品'],
    ['in letters of several words that only meet', 'ps', 'stop secretly'],
    ['in a longer word when its own parts are joined', 'top secret', 'untopsecretly'],
    ['in another script', 'secret', 'ｃｒｅｔｅ'],
  ])('%s', (_, word, text) => {
    expect(keywordMatcher([word])(text)).toBe(false);
  });
});

test('very many combining marks, in the order that is worst to sort, take no longer than other text', () => {
  const marks = 'a' + '\u0301'.repeat(500_000) + '\u0316\uff9e'.repeat(500_000);
  expect(keywordMatcher(['極秘'])(`${marks}極秘`)).toBe(true);
});

test('a word of nothing visible cannot be searched for', () => {
  expect(isSearchable('\u200b \u00ad')).toBe(false);
  expect(isSearchable('秘')).toBe(true);
});
