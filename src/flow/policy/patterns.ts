/** Regular expressions of policies, by RE2's rules and in its time: linear in the text, whatever expression and text. */
import { RE2JS } from 're2js';

/** True where the expression can be used: RE2's syntax, and it does not match the empty text. */
export function isPattern(expression: string): boolean {
  try {
    return !compile(expression).matcher('').find();
  } catch {
    return false;
  }
}

function compile(expression: string): RE2JS {
  return RE2JS.compile(expression, RE2JS.CASE_INSENSITIVE | RE2JS.MULTILINE);
}

/** Matches of a text, counted up to a limit. */
export type PatternCounter = (text: string, limit: number) => number;

/** `expressions` as isPattern found them good. Texts are compared in compatibility form (NFKC): full-width letters and digits too. */
export function patternCounter(expressions: readonly string[]): PatternCounter {
  const compiled = expressions.map(compile);
  return (text, limit) => {
    const normal = text.normalize('NFKC');
    let count = 0;
    for (const expression of compiled) {
      const matcher = expression.matcher(normal);
      while (count < limit && matcher.find()) count++;
    }
    return count;
  };
}
