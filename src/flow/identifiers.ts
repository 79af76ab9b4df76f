/**
 * Japan's Individual Number (個人番号, マイナンバー): 12 digits, the last of which is a check digit (行政手続における特定の個人を
 * 識別するための番号の利用等に関する法律の規定による通知カード及び個人番号カード並びに情報提供ネットワークシステムによる特定個人情報の
 * 提供等に関する省令, 平成26年総務省令第85号, §5). The law forbids to keep it for purposes such as ours, so it is recognised and refused.
 */

/** True for exactly 12 ASCII digits with a valid check digit. One in eleven of all 12-digit numbers is valid by chance. */
export function isIndividualNumber(digits: string): boolean {
  if (!/^[0-9]{12}$/.test(digits)) return false;
  // P1 is the digit beside the check digit; its weights go 2, 3, 4, 5, 6, 7, 2, 3, 4, 5, 6.
  const [check = 0, ...rest] = [...digits].reverse().map(Number);
  const remainder = rest.reduce((sum, digit, index) => sum + digit * ((index % 6) + 2), 0) % 11;
  return check === (remainder <= 1 ? 0 : 11 - remainder);
}

/** What people put between the groups of a number: one or two blanks, dashes, dots and the like, also invisible ones. */
const SEPARATOR = String.raw`[\p{Z}\p{Pd}\p{Cf}\t−ー・./_:,]{1,3}`;
const GROUPS = new RegExp(`\\d+(?:${SEPARATOR}\\d+)*`, 'gu');
const BETWEEN = new RegExp(SEPARATOR, 'u');

/**
 * True if a text holds an Individual Number: alone or among other text, also in full-width digits, and in groups with
 * separators between them (`1234-5678-9018`). Whole groups only: a longer number that happens to hold one is none.
 */
export function holdsIndividualNumber(text: string): boolean {
  return [...text.normalize('NFKC').matchAll(GROUPS)].some(([run]) => {
    const groups = run.split(BETWEEN);
    return groups.some((_, start) => startsWithIndividualNumber(groups, start));
  });
}

function startsWithIndividualNumber(groups: readonly string[], start: number): boolean {
  let digits = '';
  for (let at = start; at < groups.length && digits.length < 12; at++) digits += groups[at] ?? '';
  return isIndividualNumber(digits);
}
