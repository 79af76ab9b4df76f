import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { SsmaxError } from '../../../src/core/error.ts';
import type { Policy } from '../../../src/flow/policy/rules.ts';
import { DEFAULT_LIMITS } from '../../../src/mail/mime.ts';
import { loadPolicy, needsScanner } from '../../../src/server/inspection/policy.ts';

let directory: string;
beforeAll(() => (directory = mkdtempSync(join(tmpdir(), 'ssmax-policy-'))));
afterAll(() => rmSync(directory, { recursive: true }));

function load(text: string): Policy {
  const file = join(directory, 'policy.yaml');
  writeFileSync(file, text);
  return loadPolicy(file);
}

const GOOD = `version: 2026-11-22
outbound:
  - check: keywords
    words: [極秘, "top secret"]
  - check: keywords
    words: [draft]
    result: tag
inbound:
  - check: malware
`;

test('a policy is read with its rules in order and the usual limits', () => {
  const policy = load(GOOD);
  expect(policy.version).toBe('2026-11-22');
  expect(policy.limits).toEqual(DEFAULT_LIMITS);
  expect(policy.organisation.outbound).toEqual([
    { check: 'keywords', name: 'keywords #1', words: ['極秘', 'top secret'], result: 'refuse' }, { check: 'keywords', name: 'keywords #2', words: ['draft'], result: 'tag' },
  ]);
  expect(policy.organisation.inbound).toEqual([{ check: 'malware', name: 'malware #1', result: 'refuse', encrypted: 'refuse' }]);
});

test('limits may be lowered, a version may be a number', () => {
  const policy = load(`${GOOD.replace('2026-11-22', '7')}limits:\n  parts: 10\n`);
  expect(policy).toMatchObject({ version: '7', limits: { ...DEFAULT_LIMITS, parts: 10 } });
});

test('the scanner is needed only where a rule asks for it', () => {
  expect(needsScanner(load(GOOD))).toBe(true);
  expect(needsScanner(load('version: 1\noutbound: []\ninbound: []\n'))).toBe(false);
});

describe('what is wrong is told with its line', () => {
  test.each([
    ['an unknown check', GOOD.replace('malware', 'malwares'), 9],
    ['a version that no verdict may carry', GOOD.replace('2026-11-22', '"a b"'), 1],
    ['an unknown key', GOOD.replace('result: tag', 'results: tag'), 7],
    ['no words', GOOD.replace('[draft]', '[]'), 6],
    ['a word that would be in every mail', GOOD.replace('draft', '"\u200b"'), 6],
    ['a direction left out', GOOD.replace(/inbound:[^]*/, ''), 1],
    ['a limit beyond what can be parsed', `${GOOD}limits:\n  depth: 100\n`, 11],
  ])('%s', (_, text, line) => {
    let thrown: unknown;
    try {
      load(text);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(SsmaxError);
    expect(thrown).toMatchObject({ kind: 'fault', params: { file: join(directory, 'policy.yaml'), line } });
  });
});
