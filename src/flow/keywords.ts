/**
 * Finding forbidden words in text, however it is written: compatibility forms (NFKC), letter case, invisible characters
 * and white space make no difference.
 *
 * Known gaps: letters of other scripts that look alike, and words with other marks between their letters, are not found.
 */

/** Characters that show nothing: format characters, soft hyphens, variation selectors, fillers. */
const INVISIBLE = /[\p{Cf}\p{Default_Ignorable_Code_Point}]+/gu;
const WHITE_SPACE = /\s+/gu;
/**
 * Combining marks (and what becomes one) beyond what any writing needs. Putting them in order takes quadratic time, so
 * texts are made stream-safe first (UAX #15 §13).
 */
const MARKS = /([\p{M}\uff9e\uff9f]{30})[\p{M}\uff9e\uff9f]+/gu;

/**
 * NFKC makes up to 18 characters of one, so long texts are normalised in pieces of this many UTF-16 units, which keeps
 * the memory bounded. Pieces overlap by more than the longest match.
 */
const PIECE = 1 << 20;
/** Units of source text per unit of a keyword that a match may take: a letter, its combining mark, a space. */
const STRETCH = 4;

/** Words whose letters are joined without spaces between words: a match may begin and end anywhere. */
const JOINED = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]/u;
const LETTER = /[\p{L}\p{N}]/u;

function fold(text: string): string {
  // Upper then lower case comes near Unicode's full case folding: it joins ß with ss and both small sigmas.
  return text.normalize('NFKC').toUpperCase().toLowerCase().replaceAll('ς', 'σ').normalize('NFKC').replace(INVISIBLE, '').replace(WHITE_SPACE, ' ');
}

function literal(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');
}

/**
 * The word's letters with or without a space between each two. Spread letters of a script that separates words must
 * begin and end as a word does: else "stop secretly" would hold "ps".
 */
function pattern(folded: string): RegExp {
  const letters = Array.from(folded.replaceAll(' ', ''));
  const spread = letters.map(literal).join(' ?');
  const edge = (letter: string | undefined): boolean => letter !== undefined && LETTER.test(letter) && !JOINED.test(letter);
  const before = edge(letters[0]) ? '(?<![\\p{L}\\p{N}])' : '';
  const after = edge(letters.at(-1)) ? '(?![\\p{L}\\p{N}])' : '';
  return new RegExp(`${literal(folded)}|${before}${spread}${after}`, 'u');
}

/** Whether a text holds one of the words. */
export type KeywordMatcher = (text: string) => boolean;

/** True for what is left when all is taken away that a matcher passes over: such a "word" would be in every text. */
export function isSearchable(word: string): boolean {
  return fold(word).trim() !== '';
}

/** Prepares a search for `words`, each of them searchable. */
export function keywordMatcher(words: readonly string[]): KeywordMatcher {
  const folded = words.map((word) => fold(word).trim());
  const patterns = folded.map(pattern);
  const overlap = STRETCH * Math.max(0, ...folded.map((word) => word.length)) + 64;
  return (text) => {
    const visible = text.replace(INVISIBLE, '').replace(MARKS, '$1').replace(WHITE_SPACE, ' ');
    for (let from = 0; from < visible.length; from += PIECE) {
      const piece = fold(visible.slice(from, from + PIECE + overlap));
      if (patterns.some((one) => one.test(piece))) return true;
    }
    return false;
  };
}
