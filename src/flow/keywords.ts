/**
 * Finding forbidden words in text, however it is written: compatibility forms (NFKC), letter case, invisible characters
 * and white space make no difference. All words are looked for in one pass (Aho and Corasick's automaton), so that time
 * is linear in the text, whatever the words and the text.
 *
 * Known gaps: letters of other scripts that look alike, and words with other marks between their letters, are not found.
 */

/** Characters that show nothing: format characters, soft hyphens, variation selectors, fillers. */
const INVISIBLE = /[\p{Cf}\p{Default_Ignorable_Code_Point}]+/gu;
/** All white space but single spaces, which are left as they are. */
const WHITE_SPACE = /[^\S ]\s*| \s+/gu;
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

/** Scripts whose words are joined without spaces: a match may begin and end anywhere. */
const JOINED = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]/u;
const LETTER = /[\p{L}\p{N}]/u;
const SPACE = 0x20;

function fold(text: string): string {
  // Upper then lower case comes near Unicode's full case folding: it joins ß with ss and both small sigmas.
  return text.normalize('NFKC').toUpperCase().toLowerCase().replaceAll('ς', 'σ').normalize('NFKC').replace(INVISIBLE, '').replace(WHITE_SPACE, ' ');
}

/** A state of the automaton: the longest beginning of any word that the text read so far ends with. */
interface State {
  readonly next: Map<number, State>;
  /** The state of the longest proper ending of this one. */
  fall: State | undefined;
  /** Folded words, spaces included, that end here. */
  words: readonly string[];
}

const newState = (): State => ({ next: new Map(), fall: undefined, words: [] });

/** Builds the automaton over the words' letters without spaces. */
function build(words: readonly string[]): State {
  const root = newState();
  for (const word of words) {
    let state = root;
    for (const unit of units(word)) {
      const next = state.next.get(unit) ?? newState();
      state.next.set(unit, next);
      state = next;
    }
    state.words = [...state.words, word];
  }
  const queue = [root];
  for (const state of queue) {
    for (const [unit, next] of state.next) {
      next.fall = state === root ? root : step(root, state.fall ?? root, unit);
      next.words = [...next.words, ...next.fall.words];
      queue.push(next);
    }
  }
  return root;
}

function* units(word: string): Generator<number> {
  for (let i = 0; i < word.length; i++) if (word.charCodeAt(i) !== SPACE) yield word.charCodeAt(i);
}

function step(root: State, from: State, unit: number): State {
  for (let state: State | undefined = from; state !== undefined; state = state.fall) {
    const next = state.next.get(unit);
    if (next !== undefined) return next;
  }
  return root;
}

/**
 * Whether the letters of `word` that end before text[end] are the word. Written as the word is, they count inside longer
 * words too; with other spaces they must begin and end as words do: else "stop secretly" would hold "ps".
 */
function isWord(text: string, end: number, word: string): boolean {
  if (text.endsWith(word, end)) return true;
  let start = end;
  for (let left = word.replaceAll(' ', '').length; left > 0; start--) if (text.charCodeAt(start - 1) !== SPACE) left--;
  return !continues(text.at(start), text[start - 1]) && !continues(text[end - 1], text[end]);
}

/** Whether a letter at a word's edge and its neighbour belong to one word. */
function continues(edge: string | undefined, neighbour: string | undefined): boolean {
  return edge !== undefined && neighbour !== undefined && LETTER.test(edge) && !JOINED.test(edge) && LETTER.test(neighbour);
}

/** Whether a text holds one of the words. */
export type KeywordMatcher = (text: string) => boolean;

/** False for what is nothing once all is taken away that a search passes over: such a "word" would be in every text. */
export function isSearchable(word: string): boolean {
  return fold(word).trim() !== '';
}

/** Prepares a search for `words`, each of them searchable. */
export function keywordMatcher(words: readonly string[]): KeywordMatcher {
  const folded = words.map((word) => fold(word).trim());
  const root = build(folded);
  const overlap = STRETCH * folded.reduce((most, { length }) => Math.max(most, length), 0) + 64;
  return (text) => {
    const visible = text.replace(INVISIBLE, '').replace(MARKS, '$1').replace(WHITE_SPACE, ' ');
    for (let from = 0; from < visible.length; from += PIECE) {
      if (holdsWord(fold(visible.slice(from, from + PIECE + overlap)), root)) return true;
    }
    return false;
  };
}

function holdsWord(text: string, root: State): boolean {
  let state = root;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit === SPACE) continue;
    state = step(root, state, unit);
    if (state.words.some((word) => isWord(text, i + 1, word))) return true;
  }
  return false;
}
