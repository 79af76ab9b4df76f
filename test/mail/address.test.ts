import { describe, expect, test } from 'vitest';
import fc from 'fast-check';
import { claimedDomains, domainOf, formatAddressList, formatMailbox, normalizeAddress, parseAddressList, parseFrom } from '../../src/mail/address.ts';
import vectors from '../vectors/mail-address.json' with { type: 'json' };
import { codeOf } from './bytes.ts';

interface FromCase {
  name: string;
  value: string;
  mailbox?: string[];
  error?: string;
}

interface ListCase {
  name: string;
  value: string;
  mailboxes?: string[][];
  error?: string;
}

describe('From', () => {
  test.each(vectors.from as FromCase[])('$name', ({ value, mailbox, error }) => {
    if (error !== undefined) expect(codeOf(() => parseFrom(value))).toBe(error);
    else expect(parseFrom(value)).toEqual({ address: mailbox?.[0], displayName: mailbox?.[1] });
  });
});

describe('address list', () => {
  test.each(vectors.list as ListCase[])('$name', ({ value, mailboxes, error }) => {
    if (error !== undefined) expect(codeOf(() => parseAddressList(value))).toBe(error);
    else expect(parseAddressList(value).map(({ address, displayName }) => [address, displayName])).toEqual(mailboxes);
  });

  test('an endless list is refused', () => {
    expect(codeOf(() => parseAddressList(Array<string>(3000).fill('a@x.example').join(',')))).toBe('address-list-too-long');
  });
});

test('From and one-member lists agree on every input: they are one tokenizer', () => {
  const piece = fc.constantFrom('a', 'boss', '@', '.', 'x.example', '<', '>', ',', ';', ':', '"', '\\', '(', ')', ' ', '\t', '\r', '\n', '\0', '=?utf-8?Q?=40?=', '山', '[', ']');
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
      const value = pieces.join('');
      const from = codeOf(() => parseFrom(value));
      const list = codeOf(() => parseAddressList(value));
      if (from === 'no error') expect(parseAddressList(value)).toEqual([parseFrom(value)]);
      if (list !== 'no error') expect(from).not.toBe('no error');
    }),
    { numRuns: 3000 },
  );
});

test('what is formatted is parsed back', () => {
  const name = fc.string({ unit: 'grapheme', maxLength: 80 }).map((text) => text.replace(/[\p{Cc}\p{Zl}\p{Zp}]/gu, '').trim());
  fc.assert(
    fc.property(fc.array(name, { minLength: 1, maxLength: 4 }), (names) => {
      const list = names.map((displayName, i) => ({ address: `u${i}@hinode.example`, displayName }));
      expect(parseAddressList(formatAddressList(list))).toEqual(list);
      expect(formatAddressList(list)).toMatch(/^[\x20-\x7e]*$/);
    }),
  );
});

test('normal form is stable', () => {
  for (const { value, mailbox } of vectors.from as FromCase[]) {
    const address = mailbox?.[0];
    if (address !== undefined) expect(normalizeAddress(address), value).toBe(address);
  }
  expect(domainOf('"a..b"@hinode.example')).toBe('hinode.example');
});

test('nothing can be smuggled in through a display name', () => {
  expect(codeOf(() => formatMailbox({ address: 'a@x.example', displayName: 'a\r\nBcc: b@x.example' }))).toBe('header-injection');
  expect(codeOf(() => formatMailbox({ address: 'a@x.example\r\nBcc: b@x.example', displayName: '' }))).toBe('address-invalid');
});

test('domains that malformed mail claims', () => {
  expect(claimedDomains(['boss@HINODE.example(x)@evil.example, =?utf-8?Q?x=40corp=2Eexample?= <a@b.example.>'])).toEqual(
    expect.arrayContaining(['hinode.example', 'evil.example', 'corp.example', 'b.example']),
  );
});
