import { expect, it } from 'vitest';
import { reasonOf } from '../../extension/ui/reasons.ts';
import { wordsOf } from './words.ts';

it.each(['constructor', 'toString', '__proto__', 'has-own-property'])('a code that somebody else chose, %s, has the general sentence', (code) => {
  const words = wordsOf('en');
  expect(reasonOf(words, code)).toEqual({ why: words.text('why_other'), fix: words.text('fix_other'), code });
});

it('a sentence that lacks a value is not shown with its gap', () => {
  const words = wordsOf('ja');
  expect(reasonOf(words, 'not-enrolled')).toEqual({ why: words.text('why_other'), fix: words.text('fix_not_enrolled'), code: 'not-enrolled' });
  expect(reasonOf(words, 'not-enrolled', { address: '{address}@a.example' }).why).toContain('{address}@a.example');
});
