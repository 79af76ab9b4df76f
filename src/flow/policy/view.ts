/**
 * What a second person sees of a held mail (docs/protocol.md §8.2): its texts, cut where they are long, and the places where the
 * rules found something. Content: it is sealed to that person before anything is kept of it.
 */
import { CODE_OF, type Checker, checkerFor, type ReadingRule } from './checks.ts';
import type { Piece, Reading } from './reading.ts';
import { readsContent } from './rules.ts';

/** One thing that was read: the header (part 0), a text, a file, also one in another. */
export interface SeenPiece {
  readonly part: number;
  readonly name?: string;
  readonly kind?: string;
  /** What else is to be said of a file. */
  readonly marks: readonly ('encrypted' | 'macros' | 'unreadable' | 'too-much')[];
  readonly text: string;
  /** There is more of the text. */
  readonly cut: boolean;
}

/** A place where a rule found something. */
export interface SeenPlace {
  readonly rule: string;
  readonly code: string;
  readonly part: number;
  readonly name?: string;
  readonly text: string;
}

export interface MailView {
  readonly pieces: readonly SeenPiece[];
  readonly places: readonly SeenPlace[];
  /** Not everything is here: there are more pieces. */
  readonly cut: boolean;
}

/** UTF-16 units of one piece's text, and of all together. */
const PIECE_TEXT = 16_384;
const ALL_TEXT = 131_072;
const PIECES = 200;
/** Places shown of one rule in one piece, and about so many of all; units of text looked through for them. */
const PLACES = 5;
const ALL_PLACES = 100;
const SEARCHED = 8_000_000;
/** Units shown around a place: windows overlap by half, so that whatever is no longer than that stands in one of them whole. */
const WINDOW = 240;

export function viewOf({ pieces }: Reading, rules: readonly ReadingRule[]): MailView {
  let left = ALL_TEXT;
  const shown: SeenPiece[] = [];
  for (const piece of pieces.slice(0, PIECES)) {
    const text = piece.text.slice(0, Math.min(PIECE_TEXT, left));
    left -= text.length;
    shown.push({ ...placeOf(piece), ...(piece.kind !== undefined && { kind: piece.kind }), marks: marksOf(piece), text, cut: text.length < piece.text.length });
  }
  const places: SeenPlace[] = [];
  const budget = { units: SEARCHED };
  for (const rule of rules.filter(readsContent)) {
    const checker = checkerFor('atLeast' in rule ? { ...rule, atLeast: 1 } : rule);
    for (const piece of pieces) {
      if (places.length >= ALL_PLACES || budget.units <= 0) break;
      for (const text of placesIn(piece, checker, budget)) places.push({ rule: rule.name, code: CODE_OF[rule.check], ...placeOf(piece), text });
    }
  }
  return { pieces: shown, places, cut: pieces.length > PIECES || places.length >= ALL_PLACES || budget.units <= 0 };
}

function placeOf({ part, name }: Piece): { part: number; name?: string } {
  return { part, ...(name !== undefined && { name: name.slice(0, 500) }) };
}

function marksOf({ encrypted, macros, problem }: Piece): SeenPiece['marks'] {
  return [...(encrypted ? ['encrypted' as const] : []), ...(macros ? ['macros' as const] : []), ...(problem === undefined ? [] : [problem])];
}

/** The rule decides again, window by window: so the places are where it finds something, whatever it looks for. */
function placesIn(piece: Piece, checker: Checker, budget: { units: number }): string[] {
  const finds = (text: string, name?: string): boolean => {
    budget.units -= text.length;
    return checker({ pieces: [{ ...piece, name, text }], size: 0 }, NOBODY, []).length > 0;
  };
  if (!finds(piece.text, piece.name)) return [];
  const places: string[] = [];
  for (let from = 0; from < piece.text.length && places.length < PLACES && budget.units > 0; from += WINDOW / 2) {
    const window = piece.text.slice(from, from + WINDOW);
    if (!finds(window)) continue;
    places.push(window);
    from += WINDOW / 2; // the next window would show the same place again
  }
  return places;
}

const NOBODY = { sender: '', recipients: [] };
