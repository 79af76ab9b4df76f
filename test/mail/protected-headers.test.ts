import { describe, expect, test } from 'vitest';
import { parseHeaders } from '../../src/mail/header.ts';
import { parseMime } from '../../src/mail/mime.ts';
import { compareHeaders, readProtectedHeaders } from '../../src/mail/protected-headers.ts';
import { bytes, codeOf } from './bytes.ts';

const INNER =
  'From: "Yamada, Taro" <taro@hinode.example>\r\nTo: hanako@tsukimi.example, =?utf-8?B?5bGx?= <jiro@tsukimi.example>\r\nSubject: Re: Quotation\r\nDate: Sun, 22 Nov 2026 10:02:03 +0900\r\n' +
  'HP-Outer: Subject: [...]\r\nContent-Type: text/plain; charset=utf-8; hp="cipher"\r\n\r\nx';
const inner = readProtectedHeaders(parseMime(bytes(INNER), 'sealed'));
const OUTER = { From: '"Yamada, Taro" <taro@hinode.example>', To: 'Jiro <JIRO@tsukimi.example>, hanako@tsukimi.example', Subject: 'Re: Quotation' };

function conflicts(fields: Record<string, string | undefined>): string[] {
  const header = Object.entries({ ...OUTER, ...fields }).flatMap(([name, value]) => (value === undefined ? [] : [`${name}: ${value}\r\n`]));
  return compareHeaders(inner, parseHeaders(bytes(`${header.join('')}\r\n`), 'outer').headers).map(({ field }) => field);
}

test('reads what is protected', () => {
  expect(inner).toEqual({
    protection: 'cipher',
    from: { address: 'taro@hinode.example', displayName: 'Yamada, Taro' },
    to: [
      { address: 'hanako@tsukimi.example', displayName: '' },
      { address: 'jiro@tsukimi.example', displayName: '山' },
    ],
    cc: [],
    replyTo: [],
    subject: 'Re: Quotation',
    date: new Date('2026-11-22T01:02:03Z'),
    outerSubject: '[...]',
  });
});

test.each([
  ['no hp parameter', INNER.replace('; hp="cipher"', ''), 'protected-headers-missing'],
  ['an unknown hp', INNER.replace('"cipher"', '"both"'), 'protected-headers-missing'],
  ['no From', INNER.replace('From', 'X-From'), 'protected-headers-missing'],
  ['several Froms', INNER.replace('<taro@hinode.example>', '<taro@hinode.example>, boss@corp.example'), 'from-several'],
  ['a comment in From', INNER.replace('<taro@', '(x) <taro@'), 'address-invalid'],
  ['two records of the outer Subject', INNER.replace('HP-Outer', 'HP-Outer: subject: a\r\nHP-Outer'), 'header-duplicate'],
])('%s', (_, entity, code) => {
  expect(codeOf(() => readProtectedHeaders(parseMime(bytes(entity), 'sealed')))).toBe(code);
});

describe('no conflict', () => {
  test.each([
    ['the same in another spelling and order', {}],
    ['a list tag', { Subject: 'Re: [staff 123] Quotation' }],
    ['a list tag in front', { Subject: '[staff] Re: Quotation' }],
    ['the Subject hidden as HP-Outer says', { Subject: '[...]' }],
    ['folded and encoded', { Subject: '=?utf-8?Q?Re:_Quotati?=\r\n =?utf-8?Q?on?=' }],
    ['no display name outside', { From: 'taro@hinode.example' }],
    ['other fields', { Date: 'Mon, 23 Nov 2026 00:00:00 +0000', 'X-Spam': 'no' }],
  ])('%s', (_, fields) => {
    expect(conflicts(fields)).toEqual([]);
  });
});

describe('conflict', () => {
  test.each([
    ['another sender', { From: 'boss@hinode.example' }, ['from']],
    ['another display name', { From: '"The Boss" <taro@hinode.example>' }, ['from']],
    ['no From', { From: undefined }, ['from']],
    ['unreadable From', { From: 'taro@hinode.example(x)' }, ['from']],
    ['somebody added', { To: `${OUTER.To}, mei@tsukimi.example` }, ['to']],
    ['somebody left out', { To: 'hanako@tsukimi.example' }, ['to']],
    ['Cc added', { Cc: 'mei@tsukimi.example' }, ['cc']],
    ['Reply-To added', { 'Reply-To': 'evil@evil.example' }, ['reply-to']],
    ['another Subject', { Subject: 'Re: Invoice' }, ['subject']],
    ['two tags', { Subject: '[a] [b] Re: Quotation' }, ['subject']],
    ['a reply mark added', { Subject: 'Fwd: Re: Quotation' }, ['subject']],
  ])('%s', (_, fields, expected) => {
    expect(conflicts(fields)).toEqual(expected);
  });

  test('a field that is there twice', () => {
    const outer = parseHeaders(bytes('From: taro@hinode.example\r\nFrom: boss@corp.example\r\nTo: hanako@tsukimi.example, jiro@tsukimi.example\r\nSubject: Re: Quotation\r\n\r\n'), 'outer');
    expect(compareHeaders(inner, outer.headers)).toEqual([
      { field: 'from', inner: 'Yamada, Taro <taro@hinode.example>', outer: 'taro@hinode.example / boss@corp.example' },
    ]);
  });
});
