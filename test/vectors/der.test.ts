/** test/vectors/der.json: every value is read as said and written as the same bytes; every refusal is `der-invalid`. */
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { hex } from '../../src/core/bytes.ts';
import { boolean, type DerCursor, generalizedTime, ia5String, integer, octetString, oid, readDer, readSequence, rfc5280Time, sequence, setOf, TAG, utf8String } from '../../src/core/der.ts';
import { expectation, hexBytes, load, outcome, spelled } from './load.ts';

const depth = (cursor: DerCursor): number => readSequence(cursor, (inner) => (inner.done ? 1 : 1 + depth(inner)));
const nested = (levels: number): Uint8Array<ArrayBuffer> => sequence(...(levels > 1 ? [nested(levels - 1)] : []));
const all = <T>(one: (value: T) => Uint8Array) => (values: readonly T[]): Uint8Array[] => values.map((value) => one(value));

/** How each kind is read, and written again. */
const kinds = {
  integer: both((c) => c.integer(), integer),
  enumerated: both((c) => c.small(TAG.enumerated), (value) => integer(value, TAG.enumerated)),
  boolean: both((c) => c.boolean(), boolean),
  'octet-string': both((c) => c.octets(), octetString),
  'object-identifier': both((c) => c.oid(), oid),
  'utf8-string': both((c) => c.text(), utf8String),
  'ia5-string': both((c) => c.ascii(), ia5String),
  'generalized-time': both((c) => c.generalizedTime(), generalizedTime),
  'rfc5280-time': both((c) => c.rfc5280Time(), rfc5280Time),
  'sequence-of-integer': both((c) => readSequence(c, (inner) => inner.list((one) => one.integer(), 10)), (values) => sequence(...all(integer)(values))),
  'set-of-octet-string': both((c) => readSequence(c, (inner) => inner.setList((one) => one.octets(), 10), TAG.set), (values) => setOf(...all(octetString)(values))),
  nested: both(depth, nested),
};

function both<T>(read: (cursor: DerCursor) => T, write: (value: T) => Uint8Array) {
  return (der: Uint8Array<ArrayBuffer>): unknown => {
    const value = readDer(der, read);
    expect(hex(write(value))).toBe(hex(der));
    return value;
  };
}

const { cases } = load('der', {
  cases: z.array(z.strictObject({ name: z.string(), kind: z.enum(Object.keys(kinds) as (keyof typeof kinds)[]), der: hexBytes, expect: expectation, value: z.unknown().optional() })),
});

describe('der.json', () => {
  test.each(cases)('$kind: $name → $expect', async ({ kind, der, expect: due, value }) => {
    let found: unknown;
    expect(await outcome(() => { found = kinds[kind](der); })).toBe(due);
    if (due === 'ok') {
      const read = spelled(found);
      expect(kind === 'enumerated' ? String(read) : read).toEqual(value);
    }
  });
});
