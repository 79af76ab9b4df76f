import { describe, expect, test } from 'vitest';
import { type Bytes, concat, fromHex, fromUtf8, utf8 } from '../../src/core/bytes.ts';
import { SsmaxError } from '../../src/core/error.ts';
import { judge as judgeMail, type Judgement, type Scanner, type ScanResult } from '../../src/flow/judge.ts';
import type { Policy, Rule } from '../../src/flow/policy/rules.ts';
import { toBase64 } from '../../src/wire/json.ts';
import type { Direction } from '../../src/wire/leg.ts';
import { NO_DIRECTORY, policyOf, readingHere } from './policies.ts';

/** 極秘 in the charsets of Japanese mail. */
const CONFIDENTIAL = {
  'iso-2022-jp': fromHex('1b2442364b486b1b2842'),
  shift_jis: fromHex('8bc994e9'),
  'euc-jp': fromHex('b6cbc8eb'),
  'utf-8': fromHex('e6a5b5e7a798'),
  'utf-16le': fromHex('fffe7569d879'),
};

const WORDS = ['極秘', 'Project Tanuki'];
const KEYWORDS: Rule = { check: 'keywords', name: 'words', words: WORDS, result: 'refuse' };
const policy = policyOf({ outbound: [KEYWORDS], inbound: [{ check: 'malware', name: 'malware', result: 'refuse', encrypted: 'refuse' }] });

const CORRESPONDENTS = { sender: 'taro@hinode.example', recipients: ['hanako@tsukimi.example'] };

async function judge(mail: Bytes, direction: Direction, by: Policy, clamd: Scanner): Promise<Pick<Judgement, 'result' | 'findings'>> {
  const { result, findings } = await judgeMail(mail, direction, CORRESPONDENTS, { policy: by, scanner: clamd, reader: readingHere(), directory: NO_DIRECTORY });
  return { result, findings };
}

/** Scans nothing and records what it was given; `results` are its answers in order, then `clean`. */
function scanner(...results: ScanResult[]): Scanner & { readonly scanned: Bytes[] } {
  const scanned: Bytes[] = [];
  return { scanned, scan: (bytes) => (scanned.push(bytes.slice()), Promise.resolve(results.shift() ?? 'clean')) };
}

const never: Scanner = { scan: () => Promise.reject(new Error('not to be called')) };

type Piece = string | Uint8Array;
const join = (...pieces: readonly Piece[]): Bytes => concat(...pieces.map((piece) => (typeof piece === 'string' ? utf8(piece) : piece)));
const lines = (...all: string[]): string => all.map((line) => `${line}\r\n`).join('');

const TOP = lines('From: taro@hinode.example', 'To: hanako@tsukimi.example', 'Subject: hello', 'MIME-Version: 1.0');
const leaf = (header: string[], body: Piece): Bytes => join(TOP, lines(...header), '\r\n', body);
const mixed = (...parts: readonly { header: string[]; body: Piece }[]): Bytes =>
  join(TOP, 'Content-Type: multipart/mixed; boundary=b\r\n\r\n', ...parts.flatMap(({ header, body }, i) =>
    [i === 0 ? '--b\r\n' : '\r\n--b\r\n', lines(...header), '\r\n', body]), '\r\n--b--\r\n');
const text = { header: ['Content-Type: text/plain'], body: 'nothing here' };

const outbound = (mail: Bytes): ReturnType<typeof judge> => judge(mail, 'outbound', policy, never);
const KEYWORD = (part: number): Pick<Judgement, 'result' | 'findings'> => ({ result: 'refuse', findings: [{ code: 'keyword', part }] });

describe('a forbidden word is found', () => {
  test.each(Object.entries(CONFIDENTIAL))('in a body in %s', async (charset, word) => {
    expect(await outbound(leaf([`Content-Type: text/plain; charset=${charset}`, 'Content-Transfer-Encoding: binary'], word))).toEqual(KEYWORD(1));
  });

  test.each(Object.entries(CONFIDENTIAL))('in an attachment in %s that is declared as plain bytes', async (_, word) => {
    const body = join(word, '\r\n');
    const file = { header: ['Content-Type: application/octet-stream; name="memo.bin"', 'Content-Transfer-Encoding: binary'], body };
    expect(await outbound(mixed(text, file))).toEqual(KEYWORD(2));
  });

  test('in base64 text', async () => {
    const file = {
      header: ['Content-Type: text/csv; charset=iso-2022-jp', 'Content-Transfer-Encoding: base64', 'Content-Disposition: attachment'],
      body: toBase64(join('a,', CONFIDENTIAL['iso-2022-jp'], ',b\r\n')),
    };
    expect(await outbound(mixed(text, file))).toEqual(KEYWORD(2));
  });

  test('in quoted-printable with soft line breaks', async () => {
    const body = '=E6=A5=\r\n=B5=E7=A7=98';
    expect(await outbound(leaf(['Content-Type: text/plain; charset=utf-8', 'Content-Transfer-Encoding: quoted-printable'], body))).toEqual(KEYWORD(1));
  });

  test.each([
    ['between tags', '<p>極<b>秘</b></p>'],
    ['with a comment in it', '<p>極<!-- x -->秘</p>'],
    ['across lines', '<p>Project\r\n   <i>Tanuki</i></p>'],
    ['in character references', '<p>&#26997;&#x79d8;</p>'],
    ['cut by an invisible element', '<p>Project&nbsp;Ta&#8203;nuki</p>'],
    ['in an attribute', '<img src="x" alt="極秘">'],
    ['split by single letters', '<span>P</span> r o j e c t &nbsp; T a n u k i'],
  ])('in HTML, %s', async (_, html) => {
    const header = ['Content-Type: text/html; charset=utf-8', 'Content-Transfer-Encoding: 8bit'];
    expect(await outbound(leaf(header, `<html><body>${html}</body></html>\r\n`))).toEqual(KEYWORD(1));
  });

  test('in the subject', async () => {
    const mail = fromUtf8(leaf(['Content-Type: text/plain'], 'x')).replace('Subject: hello', 'Subject: =?ISO-2022-JP?B?GyRCNktIaxsoQg==?=');
    expect(await outbound(utf8(mail))).toEqual(KEYWORD(0));
  });

  test('in an attachment’s name', async () => {
    const file = { header: ['Content-Type: image/png', "Content-Disposition: attachment; filename*=utf-8''%E6%A5%B5%E7%A7%98.png"], body: 'PNG' };
    expect(await outbound(mixed(text, file))).toEqual(KEYWORD(2));
  });

  test('in a mail that is attached, for the part that it is', async () => {
    const inner = leaf(['Content-Type: text/plain; charset=utf-8', 'Content-Transfer-Encoding: base64'], toBase64(CONFIDENTIAL['utf-8']));
    const file = { header: ['Content-Type: message/rfc822', 'Content-Transfer-Encoding: binary'], body: inner };
    expect(await outbound(mixed(text, file, text))).toEqual(KEYWORD(2));
  });

  test('in several parts, each named once', async () => {
    const word = { header: ['Content-Type: text/plain; charset=utf-8', 'Content-Transfer-Encoding: binary'], body: join(CONFIDENTIAL['utf-8'], CONFIDENTIAL['utf-8']) };
    const { findings } = await outbound(mixed(word, text, word));
    expect(findings.map(({ part }) => part)).toEqual([1, 3]);
  });
});

describe('rules', () => {
  const mail = (): Bytes => leaf(['Content-Type: text/plain; charset=utf-8', 'Content-Transfer-Encoding: binary'], CONFIDENTIAL['utf-8']);

  test('let a mail pass in which nothing is found', async () => {
    expect(await outbound(mixed(text))).toEqual({ result: 'pass', findings: [] });
  });

  test('apply in their own direction only', async () => {
    expect((await judge(mail(), 'inbound', policy, scanner())).result).toBe('pass');
  });

  test('can tag instead of refuse; the severest result counts', async () => {
    const tag: Rule = { ...KEYWORDS, name: 'tag', result: 'tag' };
    const found = { code: 'keyword', part: 1 };
    expect(await judge(mail(), 'outbound', policyOf({ outbound: [tag] }), never)).toEqual({ result: 'tag', findings: [found] });
    expect((await judge(mail(), 'outbound', policyOf({ outbound: [KEYWORDS, tag] }), never)).result).toBe('refuse');
  });
});

describe('malware', () => {
  const file = (body: Piece): { header: string[]; body: Piece } =>
    ({ header: ['Content-Type: application/zip', 'Content-Transfer-Encoding: base64', 'Content-Disposition: attachment'], body: toBase64(join(body)) });

  test('is looked for in every decoded part and in the whole', async () => {
    const clamd = scanner();
    const mail = mixed(text, file('zip content'));
    const whole = mail.slice();
    expect(await judge(mail, 'inbound', policy, clamd)).toEqual({ result: 'pass', findings: [] });
    expect(clamd.scanned).toEqual([utf8('nothing here'), utf8('zip content'), whole]);
  });

  test.each(['malware', 'encrypted-archive', 'too-large'] as const)('or what cannot be scanned is refused with the part: %s', async (code) => {
    expect(await judge(mixed(text, file('zip')), 'inbound', policy, scanner('clean', code))).toEqual({ result: 'refuse', findings: [{ code, part: 2 }] });
    expect(await judge(mixed(text, file('zip')), 'inbound', policy, scanner('clean', 'clean', code))).toEqual({ result: 'refuse', findings: [{ code, part: 0 }] });
  });

  test('is never assumed to be absent when the scanner cannot say', async () => {
    const away: Scanner = { scan: () => Promise.reject(new SsmaxError('unavailable', 'scanner-unavailable')) };
    await expect(judge(mixed(text), 'inbound', policy, away)).rejects.toMatchObject({ kind: 'unavailable', code: 'scanner-unavailable' });
  });
});

describe('a mail that could be read in two ways is refused', () => {
  test.each([
    ['two Content-Type fields', leaf(['Content-Type: text/plain', 'Content-Type: text/html'], 'x')],
    ['a boundary line that goes on', mixed({ ...text, body: '--b x' })],
    ['an epilogue', join(mixed(text), 'more')],
    ['no closing delimiter', mixed(text).slice(0, -6)],
    ['bad base64', leaf(['Content-Type: text/plain', 'Content-Transfer-Encoding: base64'], 'QQ=Q')],
    ['a bare line feed in its header', join('Subject: a\nFrom: b\r\n\r\n')],
    ['a message in pieces', leaf(['Content-Type: message/partial; id=x; number=1; total=2'], 'x')],
  ])('%s', async (_, mail) => {
    expect(await outbound(mail)).toEqual({ result: 'refuse', findings: [{ code: 'mime-ambiguous', part: 0 }] });
  });

  test.each<[string, Partial<Policy['limits']>, string]>([
    ['size', { bytes: 50 }, 'too-large'],
    ['parts', { parts: 2 }, 'too-many-parts'],
    ['depth', { depth: 0 }, 'too-many-parts'],
  ])('and so is one beyond the limit of %s', async (_, limits, code) => {
    const judgement = await judge(mixed(text, text), 'inbound', { ...policy, limits: { ...policy.limits, ...limits } }, never);
    expect(judgement).toEqual({ result: 'refuse', findings: [{ code, part: 0 }] });
  });
});

test('what was decoded is gone afterwards', async () => {
  const decoded: Bytes[] = [];
  const keeper: Scanner = { scan: (bytes) => (decoded.push(bytes), Promise.resolve('clean')) };
  const file = { header: ['Content-Type: text/plain', 'Content-Transfer-Encoding: base64'], body: toBase64(utf8('CANARY')) };
  await judge(mixed(file), 'inbound', policy, keeper);
  expect(decoded[0]).toEqual(new Uint8Array(6));
});
