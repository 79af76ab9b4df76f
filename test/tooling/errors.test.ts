/** Error codes, their words, and docs/errors.md belong together. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { scanCodes } from '../../scripts/error-codes.ts';
import { errorsPage } from '../../scripts/errors.ts';
import { explanations } from '../../src/cli/explanations.ts';

const { codes, unreadable } = scanCodes('src');

describe('error codes', () => {
  it('each have words: what happened, what to do', () => {
    expect([...codes.keys()].filter((code) => explanations[code] === undefined)).toEqual([]);
  });

  it('are thrown somewhere, if they have words', () => {
    expect(Object.keys(explanations).filter((code) => !codes.has(code))).toEqual([]);
  });

  it('are kebab-case literals that the scan can read', () => {
    expect(unreadable).toEqual([]);
    expect([...codes.keys()].filter((code) => !/^[a-z0-9]+(?:-[a-z0-9]+)*$/.test(code))).toEqual([]);
  });

  it('stand in docs/errors.md (npx tsx scripts/errors.ts)', () => {
    expect(readFileSync('docs/errors.md', 'utf8')).toBe(errorsPage());
  });
});

describe('the scan', () => {
  it.each([
    ["refused('a')", ['a']],
    ["new SsmaxError('fault', x ? 'a' : y ?? 'b')", ['a', 'b']],
    ["const no = (code: string) => refused(code); no('a')", ['a']],
    ["class C { no(what: string, code: string) { throw refused(code) } f() { this.no('x', 'a') } }", ['a']],
    ["const no = refused.bind(undefined, 'a')", ['a']],
    ["other('a')", []],
  ])('finds the codes of %s', (text, expected) => {
    expect([...scan(text).codes.keys()].sort()).toEqual(expected);
  });

  it('says where it cannot read a code', () => {
    expect(scan('const code = choose();\nthrow refused(code);').unreadable).toEqual([expect.stringMatching(/:2$/)]);
  });

  function scan(text: string): ReturnType<typeof scanCodes> {
    const directory = mkdtempSync(join(tmpdir(), 'ssmax-scan-'));
    try {
      writeFileSync(join(directory, 'a.ts'), text);
      return scanCodes(directory);
    } finally {
      rmSync(directory, { recursive: true });
    }
  }
});
