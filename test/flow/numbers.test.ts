import { expect, test } from 'vitest';
import { cardNumbers, individualNumbers } from '../../src/flow/policy/numbers.ts';

test.each([
  ['Visa, 16 digits', '4111111111111111'], ['Visa, 13', '4222222222222'], ['Visa, 19', '4000000000000000006'],
  ['Mastercard, 51–55', '5555555555554444'], ['Mastercard, first of 2221–2720', '2221000000000009'], ['Mastercard, last', '2720990000000007'],
  ['JCB', '3530111333300000'], ['JCB, last of 3528–3589', '3589000000000003'],
  ['American Express', '378282246310005'], ['Diners 30', '30569309025904'], ['Diners 38', '38520000023237'], ['Discover', '6011111111111117'],
  ['UnionPay', '6200000000000005'],
  ['in groups', '4111 1111 1111 1111'], ['with hyphens', '3782-822463-10005'], ['full-width', '４１１１－１１１１－１１１１－１１１１'], ['with dots', '4111.1111.1111.1111'],
])('a card number: %s', (_, text) => {
  expect(cardNumbers(`番号は${text}です`)).toEqual(new Set([text.normalize('NFKC').replace(/\D/g, '')]));
});

test.each([
  ['a wrong check digit', '4111111111111112'], ['two digits changed about', '4111111111111111'.replace('4111', '1411')],
  ['a right check digit, but nobody\'s beginning', '9999999999999995'], ['below Mastercard\'s 2221', '2220990000000000'], ['above its 2720', '2721000000000004'], ['below JCB\'s 3528', '3527000000000008'],
  ['Visa with 14 digits', '41111111111110'], ['part of a longer run of digits', '41111111111111110000'], ['one digit all over', '4444444444444444'],
  ['two lines', '41111111\n11111111'],
])('no card number: %s', (_, text) => {
  expect(cardNumbers(text)).toEqual(new Set());
});

test('the same number, written in two ways, is one; others are others', () => {
  expect(cardNumbers('4111111111111111 と 4111-1111-1111-1111, 5555555555554444').size).toBe(2);
});

test.each([
  ['in one run', '123456789018', 1], ['in groups', '1234 5678 9018', 1], ['in boxes', '1 2 3 4 5 6 7 8 9 0 1 8', 1], ['full-width', '１２３４－５６７８－９０１８', 1],
  ['with a wrong check digit', '123456789017', 0], ['in a longer run', '1234567890181', 0], ['one digit all over', '000000000000', 0],
  ['that is three groups of a card number', '4000 0000 0009 0003', 0], ['beside a card number', '4000 0000 0009 0003 / 1234 5678 9018', 1], ['in a row of a table', '1234 5678 9018\t4000 0000 0009', 2],
])('an Individual Number %s', (_, text, count) => {
  expect(individualNumbers(text).size).toBe(count);
});

/** As they stand on cards, in contracts and in letters: no text speaks of an Individual Number, and one in six would hold one by chance. */
test('of a thousand numbers of four groups with hyphens none is an Individual Number', () => {
  const numbers = Array.from({ length: 1000 }, (_, i) => String(7_000_000_000_000_000 + i * 1_234_567_891_011).replace(/\d{4}(?=\d)/g, '$&-'));
  expect(new Set(numbers.map((number) => number.length))).toEqual(new Set([19]));
  expect(individualNumbers(numbers.map((number, i) => `お客様番号${i % 2 === 0 ? '：' : ' '}${number}`).join('\n'))).toEqual(new Set());
  expect(individualNumbers(numbers.map((number) => number.replaceAll('-', ' ')).join('\n')).size).toBeGreaterThan(100);
});
