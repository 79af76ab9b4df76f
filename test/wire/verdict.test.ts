import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fromHex } from '../../src/core/bytes.ts';
import { DIRECTIONS } from '../../src/wire/leg.ts';
import { decodeVerdict, encodeVerdict, type Verdict, VERDICT_RESULTS } from '../../src/wire/verdict.ts';

const verdicts: fc.Arbitrary<Verdict> = fc.record({
  contentDigest: fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => Uint8Array.from(bytes)),
  leg: fc.constantFrom(1 as const, 2 as const),
  direction: fc.constantFrom(...DIRECTIONS),
  organisation: fc.stringMatching(/^[A-Z0-9-]{1,64}$/),
  policy: fc.stringMatching(/^[0-9A-Za-z.秘密-]{1,40}$/),
  result: fc.constantFrom(...VERDICT_RESULTS),
  findings: fc.array(fc.record({ code: fc.stringMatching(/^[a-z]{1,20}(-[a-z]{1,20})?$/), part: fc.nat({ max: 1000 }) }), { maxLength: 32 }),
  time: fc.date({ min: new Date('2020-01-01'), max: new Date('2090-01-01'), noInvalidDate: true }).map((date) => new Date(Math.floor(date.getTime() / 1000) * 1000)),
  recipients: fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => Uint8Array.from(bytes)),
  sender: fc.stringMatching(/^[a-z]{1,20}@[a-z]{1,20}\.example$/),
});

test('what is written is read back', () => {
  fc.assert(fc.property(verdicts, (verdict) => {
    expect(decodeVerdict(encodeVerdict(verdict))).toEqual(verdict);
  }));
});

test('no byte can be changed without being seen or refused', () => {
  fc.assert(fc.property(verdicts, fc.nat(), fc.integer({ min: 1, max: 255 }), (verdict, at, change) => {
    const der = encodeVerdict(verdict);
    der[at % der.length]! ^= change;
    let read: Verdict | undefined;
    try {
      read = decodeVerdict(der);
    } catch {
      return;
    }
    expect(read).not.toEqual(verdict);
  }));
});

test('more findings than a verdict holds are cut off, the first ones stay', () => {
  const [verdict] = fc.sample(verdicts, 1);
  const findings = Array.from({ length: 40 }, (_, part) => ({ code: 'keyword', part }));
  expect(decodeVerdict(encodeVerdict({ ...verdict!, findings })).findings).toEqual(findings.slice(0, 32));
});

test('another structure is refused', () => {
  expect(() => decodeVerdict(fromHex('3003020102'))).toThrow('verdict-invalid');
  expect(() => decodeVerdict(fromHex('0500'))).toThrow('der-invalid');
});
