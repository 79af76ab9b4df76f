/** test/vectors/structures.json: each structure is read to its fields and written as the same bytes, or refused with its code. */
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { type Bytes, hex } from '../../src/core/bytes.ts';
import { decodeKemct, decodeKemHeader, encodeKemct, encodeKemHeader } from '../../src/wire/kemct.ts';
import { decodeLabel, encodeLabel } from '../../src/wire/label.ts';
import { decodeLeg, encodeLeg } from '../../src/wire/leg.ts';
import { decodeVerdict, encodeVerdict } from '../../src/wire/verdict.ts';
import { expectation, hexBytes, load, outcome, spelled } from './load.ts';

const codec = <T>(decode: (der: Bytes) => T, encode: (value: T) => Bytes) => (der: Bytes): unknown => {
  const value = decode(der);
  expect(hex(encode(value))).toBe(hex(der));
  return value;
};
const codecs = {
  label: codec(decodeLabel, encodeLabel), kemct: codec(decodeKemct, encodeKemct), 'kem-header': codec(decodeKemHeader, encodeKemHeader),
  leg: codec(decodeLeg, encodeLeg), verdict: codec(decodeVerdict, encodeVerdict),
};

const { cases } = load('structures', {
  cases: z.array(z.strictObject({
    name: z.string(), structure: z.enum(Object.keys(codecs) as (keyof typeof codecs)[]), der: hexBytes, expect: expectation, fields: z.record(z.string(), z.unknown()).optional(),
  })),
});

describe('structures.json', () => {
  test.each(cases)('$structure: $name → $expect', async ({ structure, der, expect: due, fields }) => {
    let found: unknown;
    expect(await outcome(() => { found = codecs[structure](der); })).toBe(due);
    expect(spelled(found)).toEqual(fields);
  });
});
