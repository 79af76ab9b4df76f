/**
 * Numbers with check digits in the texts of mails. Stricter about what stands between the digits than the registry's
 * search (identifiers.ts), which must miss nothing: here one in eleven of all 12-digit numbers would be a false alarm.
 */
import { isIndividualNumber } from '../identifiers.ts';

const SEPARATOR = String.raw`[\p{Z}\p{Pd}\p{Cf}\t−ー・.]`;
/** Twelve digits in one run, in groups of four, or each in a box of its own; never part of a longer run. */
const TWELVE = new RegExp(String.raw`(?<!\d)(?:\d{12}|\d{4}${SEPARATOR}{1,3}\d{4}${SEPARATOR}{1,3}\d{4}|\d(?:[\p{Z}\t|]{1,3}\d){11})(?!\d)`, 'gu');
/**
 * Sixteen digits in four groups, joined by one and the same visible sign: a member's, a contract's, a product's number as it is printed on cards.
 * With blanks between them they count all the same: the row "1001 1234 5678 9018" of a list looks no different.
 */
const SIXTEEN = /(?<!\d|\d[\p{Pd}−ー・.])\d{4}([\p{Pd}−ー・.])\d{4}\1\d{4}\1\d{4}(?!\d|[\p{Pd}−ー・.]\d)/gu;
/** In a text that speaks of Individual Numbers, one may stand behind somebody's number, joined to it. */
const ITS_NAME = /個人番号|マイ ?ナンバー|my ?number|individual number/i;
/** Digits with one separator at most between them. */
const CARD = new RegExp(String.raw`(?<!\d)\d(?:${SEPARATOR}?\d){12,18}(?!\d)`, 'gu');

/** Prefixes and lengths (ISO/IEC 7812) of Visa, Mastercard, JCB, American Express, Diners, Discover, UnionPay. */
const BRANDS = /^(?:4\d{12}(?:\d{3}){0,2}|5[1-5]\d{14}|2(?:22[1-9]|2[3-9]\d|[3-6]\d\d|7[01]\d|720)\d{12}|35(?:2[89]|[3-8]\d)\d{12}|3[47]\d{13}|3(?:0[0-5]|[689]\d)\d{11}|6(?:011|5\d\d|4[4-9]\d)\d{12}|62\d{14,17})$/;
const SAME_DIGIT = /^(\d)\1+$/;

function luhn(digits: string): boolean {
  let sum = 0;
  for (let i = 0; i < digits.length; i++) {
    const digit = Number(digits[digits.length - 1 - i]);
    sum += i % 2 === 0 ? digit : digit * 2 - (digit > 4 ? 9 : 0);
  }
  return sum % 10 === 0;
}

function found(text: string, form: RegExp, valid: (digits: string) => boolean): Set<string> {
  const runs = [...text.matchAll(form)].map(([run]) => digitsOf(run));
  return new Set(runs.filter((digits) => !SAME_DIGIT.test(digits) && valid(digits)));
}

const digitsOf = (run: string): string => run.replace(/\D/g, '');
const isCardNumber = (digits: string): boolean => BRANDS.test(digits) && luhn(digits);

/** Different Individual Numbers (My Number) in a text, also in full-width digits and in groups. Three of a longer number's four groups are none. */
export function individualNumbers(text: string): Set<string> {
  const plain = text.normalize('NFKC');
  const withoutCards = plain.replace(CARD, (run) => (isCardNumber(digitsOf(run)) ? '#' : run));
  return found(ITS_NAME.test(plain) ? withoutCards : withoutCards.replace(SIXTEEN, '#'), TWELVE, isIndividualNumber);
}

/** Different payment card numbers in a text, also in full-width digits and in groups. */
export function cardNumbers(text: string): Set<string> {
  return found(text.normalize('NFKC'), CARD, isCardNumber);
}
