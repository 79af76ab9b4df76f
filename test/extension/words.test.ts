import { describe, expect, it } from 'vitest';
import { createWords } from '../../extension/ui/words.ts';

const words = createWords('en', (key) => ({ verdict_own_copy: '**{name}** and {other}' })[key] ?? '');

describe('sentences', () => {
  it('fill in values, which cannot emphasise or fill in themselves', () => {
    expect(words.pieces('verdict_own_copy', { name: '**x** {other}', other: '$&' })).toEqual([
      { text: '**x** {other}', strong: true }, { text: ' and $&', strong: false },
    ]);
  });

  it('say sizes as people do', () => {
    expect([12, 1_536, 5_242_880].map((size) => createWords('ja', (key) => (key === 'size_bytes' ? '{size}バイト' : '')).size(size))).toEqual(['12バイト', '1.5 KB', '5.0 MB']);
  });
});
