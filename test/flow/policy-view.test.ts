/** What an approver is shown of a mail: places that every rule finds again, texts cut, nothing without end. */
import { expect, it } from 'vitest';
import type { ReadingRule } from '../../src/flow/policy/checks.ts';
import type { Piece } from '../../src/flow/policy/reading.ts';
import { viewOf } from '../../src/flow/policy/view.ts';

const piece = (text: string, fields: Partial<Piece> = {}): Piece => ({ part: 1, name: undefined, text, kind: undefined, encrypted: false, macros: false, problem: undefined, ...fields });
const words: ReadingRule = { name: 'words', check: 'keywords', words: ['部外秘'], result: 'hold' };
const numbers: ReadingRule = { name: 'numbers', check: 'my-number', atLeast: 2, result: 'hold' };

it('shows each place with what stands around it, wherever in a long text it is', () => {
  for (const at of [0, 100, 119, 120, 239, 240, 5000, 19_997]) {
    const text = `${'あ'.repeat(at)}部 外 秘${'い'.repeat(20_000 - at)}`;
    const { places, pieces } = viewOf({ pieces: [piece(text)], size: 0 }, [words]);
    expect(places, `${at}`).toMatchObject([{ rule: 'words', code: 'keyword', part: 1 }]);
    expect(places[0]?.text).toContain('部 外 秘');
    expect(pieces).toMatchObject([{ cut: true }]);
    expect(pieces[0]?.text.length).toBe(16_384);
  }
});

it('counts for a place what a rule counts, one by one; what looks at no text has no places', () => {
  const found = viewOf({ pieces: [piece('1234 5678 9018'), piece('x', { part: 2, name: 'a.zip', kind: 'zip', encrypted: true })], size: 0 }, [numbers, { name: 'ppap', check: 'password', result: 'hold' }]);
  expect(found.places).toMatchObject([{ rule: 'numbers', part: 1, text: '1234 5678 9018' }]);
  expect(found.pieces).toMatchObject([{ part: 1, marks: [] }, { part: 2, name: 'a.zip', kind: 'zip', marks: ['encrypted'] }]);
});

it('has bounds: pieces, text, places', () => {
  const many = Array.from({ length: 300 }, (_, part) => piece(`部外秘${'x'.repeat(30_000)}部外秘`.repeat(4), { part }));
  const { pieces, places, cut } = viewOf({ pieces: many, size: 0 }, [words]);
  expect([pieces.length, places.length, cut]).toEqual([200, 100, true]);
  expect(pieces.reduce((sum, { text }) => sum + text.length, 0)).toBe(131_072);
});
