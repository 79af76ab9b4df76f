/** Bombs: refused by a limit, or read in time that grows with the size and not with its square. */
import { describe, expect, test, vi } from 'vitest';
import { claimedDomains, parseAddressList, parseFrom } from '../../src/mail/address.ts';
import { decodeWords } from '../../src/mail/encoded-word.ts';
import { parseHeaders } from '../../src/mail/header.ts';
import { htmlText, inspectableText } from '../../src/mail/inspectable.ts';
import { parseMime } from '../../src/mail/mime.ts';
import { parseStructured } from '../../src/mail/parameters.ts';
import { decodeBase64, decodeQuotedPrintable } from '../../src/mail/transfer.ts';
import { bytes, codeOf } from './bytes.ts';

const head = (boundary: string) => `Content-Type: multipart/mixed; boundary=${boundary}\r\n\r\n`;

describe.each(['sealed', 'outer'] as const)('limits, %s', (level) => {
  const refusal = (text: string) => codeOf(() => parseMime(bytes(text), level));

  test('20,000 multiparts in one another', () => {
    let nested = '';
    for (let i = 0; i < 20_000; i++) nested += `${head(`b${i}x`)}--b${i}x\r\n`;
    expect(refusal(nested)).toBe(level === 'sealed' ? 'mime-unclosed' : 'mime-too-deep');
    let closed = 'Content-Type: text/plain\r\n\r\nx';
    for (let i = 0; i < 40; i++) closed = `${head(`b${i}x`)}--b${i}x\r\n${closed}\r\n--b${i}x--\r\n`;
    expect(refusal(closed)).toBe('mime-too-deep');
  });

  test('20,000 parts', () => {
    expect(refusal(`${head('b')}${'--b\r\n\r\nx\r\n'.repeat(20_000)}--b--\r\n`)).toBe('mime-too-many-parts');
  });

  test('as many parts, spread over many multiparts', () => {
    const inner = `--c\r\n${'\r\nx\r\n--c\r\n'.repeat(99)}\r\nx\r\n--c--`;
    const all = Array.from({ length: 20 }, () => `--b\r\n${head('c')}${inner}\r\n`).join('');
    expect(refusal(`${head('b')}${all}--b--\r\n`)).toBe('mime-too-many-parts');
  });

  test.each([
    ['100,000 fields', 'X: y\r\n'.repeat(100_000)],
    ['2,000 fields', 'X: y\r\n'.repeat(2000)],
    ['one field of 1 MB', `X: ${'y'.repeat(1 << 20)}\r\n`],
    ['one field folded 100,000 times', `X:${' y\r\n'.repeat(100_000)}`],
  ])('%s', (_, header) => {
    expect(refusal(`${header}\r\nbody`)).toBe('header-too-large');
  });

  test('10,000 parameters', () => {
    const parameters = Array.from({ length: 10_000 }, (_, i) => `; p${i}=x`).join('');
    expect(refusal(`Content-Type: text/plain${parameters}\r\n\r\n`)).toBe('header-too-large');
  });

  test('more bytes than allowed', () => {
    expect(codeOf(() => parseMime(bytes('\r\n12345'), level, { depth: 1, parts: 1, bytes: 6 }))).toBe('mail-too-large');
  });
});

/** Does what it likes, refusing included; only the time counts. */
function attempt(run: () => unknown): void {
  codeOf(run);
}

/** The least of a few runs, in milliseconds. */
function time(run: () => unknown): number {
  let least = Number.POSITIVE_INFINITY;
  for (let i = 0; i < 3; i++) {
    const start = performance.now();
    attempt(run);
    least = Math.min(least, performance.now() - start);
  }
  return least;
}

const outer = (text: string) => inspectableText(parseMime(bytes(text), 'outer'));
const structured = (text: string) => parseStructured(text, 'outer', () => undefined);

/** Each with the size (bytes, roughly) at which to begin: eight times as much must not take 64 times as long. */
const GROWING: [name: string, size: number, run: (size: number) => unknown][] = [
  ['delimiter look-alikes', 200_000, (n) => outer(`${head('bbbbbbbb')}${'\n--bbbbbbb'.repeat(n / 10)}`)],
  ['a word of the boundary over and over', 400_000, (n) => outer(`${head('b'.repeat(70))}${'b'.repeat(n)}`)],
  ['line feeds, short boundary', 100_000, (n) => outer(`${head('b')}${'\n'.repeat(n)}`)],
  ['hyphens', 400_000, (n) => outer(`${head('-'.repeat(70))}${'-'.repeat(n)}`)],
  ['parts nested as deep as allowed', 100_000, (n) => outer(Array.from({ length: 11 }, (_, i) => `${head(`b${i}x`)}--b${i}x\r\n`).join('') + '\r\n' + 'x'.repeat(n))],
  ['base64 of white space', 400_000, (n) => decodeBase64(bytes(' '.repeat(n)))],
  ['base64, letters apart', 400_000, (n) => decodeBase64(bytes('A '.repeat(n / 2)))],
  ['base64, padding', 400_000, (n) => decodeBase64(bytes('='.repeat(n)))],
  ['quoted-printable of white space', 400_000, (n) => decodeQuotedPrintable(bytes(' '.repeat(n)), false)],
  ['quoted-printable, = and white space', 20_000, (n) => decodeQuotedPrintable(bytes('= '.repeat(n / 2)), false)],
  ['quoted-printable, = before white space', 20_000, (n) => decodeQuotedPrintable(bytes(`${'='.repeat(n)}${' '.repeat(n)}x`), false)],
  ['header of spaces', 30_000, (n) => parseHeaders(bytes(`X: ${' '.repeat(n)}y\r\n\r\n`), 'outer')],
  ['header of folded spaces', 30_000, (n) => parseHeaders(bytes(`X: ${'\r\n '.repeat(n / 3)}y\r\n\r\n`), 'sealed')],
  ['encoded words, begun', 30_000, (n) => decodeWords('=?a?q?'.repeat(n / 6))],
  ['encoded words, questions', 30_000, (n) => decodeWords('=?'.repeat(n / 2))],
  ['encoded words, one letter each', 30_000, (n) => decodeWords('=?iso-2022-jp?b?GyQ=?= '.repeat(n / 23))],
  ['comments, begun', 30_000, (n) => structured('('.repeat(n))],
  ['comments and semicolons', 30_000, (n) => structured('a;(\\('.repeat(n / 5))],
  ['quotes, begun', 30_000, (n) => structured(`a${';b="\\"'.repeat(n / 6)}`)],
  ['repeated parameters', 30_000, (n) => structured(`a${'; b=c'.repeat(n / 5)}`)],
  ['From of angles', 30_000, (n) => parseFrom('<'.repeat(n))],
  ['From of words', 30_000, (n) => parseFrom('a '.repeat(n / 2))],
  ['From of quotes', 30_000, (n) => parseFrom('"" '.repeat(n / 3))],
  ['From of escapes', 30_000, (n) => parseFrom(`"${'\\\\'.repeat(n / 2)}`)],
  ['From with an endless domain', 30_000, (n) => parseFrom(`a@${'a.'.repeat(n / 2)}b`)],
  ['list of groups', 30_000, (n) => parseAddressList('a:'.repeat(n / 2))],
  ['list of words and colons', 30_000, (n) => parseAddressList(`${'a '.repeat(n / 2)}:;`)],
  ['domains claimed', 30_000, (n) => claimedDomains(['@ '.repeat(n / 2), '@'.repeat(n)])],
  ['HTML of open elements', 100_000, (n) => htmlText('<x>'.repeat(n / 3) + '</y>'.repeat(n / 4))],
  ['HTML of angles', 100_000, (n) => htmlText('<'.repeat(n))],
  ['HTML of comments, begun', 100_000, (n) => htmlText('<!--'.repeat(n / 4))],
  ['HTML of entities, begun', 100_000, (n) => htmlText('&'.repeat(n))],
  ['HTML of long entities', 100_000, (n) => htmlText(`&#${'0'.repeat(n)}`)],
  ['HTML of attributes', 100_000, (n) => htmlText(`<a ${'b="&amp;" '.repeat(n / 10)}`)],
  ['HTML of quotes, begun', 100_000, (n) => htmlText('<a b="'.repeat(n / 6))],
  ['HTML of titles, begun', 100_000, (n) => htmlText('<title>'.repeat(n / 7))],
  ['HTML of spaces', 100_000, (n) => htmlText(`a${' '.repeat(n)}b`)],
];

test.each(GROWING)('linear: %s', (_, size, run) => {
  attempt(() => run(size));
  const small = time(() => run(size));
  const large = time(() => run(size * 8));
  // Half a millisecond of noise; linear is 8, quadratic 64.
  expect(large / (small + 0.5)).toBeLessThan(30);
});

/** Twelve multiparts in one another, each with a boundary made by `boundary`. */
const nested = (boundary: (level: number) => string): string => Array.from({ length: 12 }, (_, i) => `${head(boundary(i))}--${boundary(i)}\r\n`).join('');

test.each([
  ['line feeds and boundaries of one letter', nested((i) => String.fromCharCode(97 + i)), '\n'],
  ['lines that begin as all boundaries do', nested((i) => `aaaaaaaaaa${i}z`), '\n--a'],
  ['a letter that all boundaries are full of', nested((i) => `aaaaaaaaaa${i}z`), 'a'],
])('a mail made for the search is searched in few steps: %s', (_, parts, flood) => {
  const raw = bytes(`${parts}\r\n${flood.repeat(400_000 / flood.length)}`);
  let steps = 0;
  const typed = Object.getPrototypeOf(Uint8Array.prototype) as Uint8Array;
  for (const of of [typed, String.prototype]) {
    const native = of.indexOf as (...args: unknown[]) => number;
    vi.spyOn(of as { indexOf: typeof native }, 'indexOf').mockImplementation(function counted(this: unknown, ...args: unknown[]) {
      steps++;
      return native.apply(this, args);
    });
  }
  try {
    parseMime(raw, 'outer');
  } finally {
    vi.restoreAllMocks();
  }
  // With each line feed a step, it would be millions.
  expect(steps).toBeLessThan(20_000);
});

test('the measure sees what is quadratic', () => {
  const quadratic = (n: number) => /x+y/.test('x'.repeat(n));
  attempt(() => quadratic(3000));
  expect(time(() => quadratic(24_000)) / (time(() => quadratic(3000)) + 0.5)).toBeGreaterThan(30);
});
