/** Domain names that look like others: by Unicode's confusable characters (UTS #39 §4), or one letter away. */
import punycode from 'punycode/punycode.js';
import unhomoglyph from 'unhomoglyph';

/** A label this short is one letter away from too many others. */
const SHORTEST = 5;

/** What two names share when they look the same. `domain` is in A-labels. */
function skeleton(domain: string): string {
  let letters = domain;
  try {
    letters = punycode.toUnicode(domain);
  } catch {
    // malformed A-labels are compared as they stand
  }
  return unhomoglyph(letters.normalize('NFKD').toLowerCase()).toLowerCase().replaceAll('vv', 'w').replaceAll('cl', 'd');
}

/** The known domain that `domain` could be mistaken for; undefined where there is none, or where it is known itself. */
export function lookalikeOf(domain: string, known: Iterable<string>): string | undefined {
  const all = [...known];
  if (all.includes(domain)) return undefined;
  const shape = skeleton(domain);
  return all.find((one) => skeleton(one) === shape) ?? all.find((one) => isNear(one, domain));
}

/** The same but for one letter added, left out, replaced or swapped with its neighbour, or but for the top-level domain. */
function isNear(known: string, domain: string): boolean {
  const [label = '', ...rest] = known.split('.');
  const [other = '', ...otherRest] = domain.split('.');
  if (Math.min(label.length, other.length) < SHORTEST) return false;
  const sameRest = rest.join('.') === otherRest.join('.');
  return sameRest ? oneEdit(label, other) : label === other;
}

function oneEdit(a: string, b: string): boolean {
  if (Math.abs(a.length - b.length) > 1) return false;
  let start = 0;
  while (start < Math.min(a.length, b.length) && a[start] === b[start]) start++;
  let end = 0;
  while (end < Math.min(a.length, b.length) - start && a.at(-1 - end) === b.at(-1 - end)) end++;
  const [left, right] = [a.slice(start, a.length - end), b.slice(start, b.length - end)];
  if (left.length <= 1 && right.length <= 1) return true;
  return left.length === 2 && right.length === 2 && left[0] === right[1] && left[1] === right[0];
}
