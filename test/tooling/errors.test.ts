/** Error codes, their words, and docs/errors.md belong together. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CODE_TREES, scanCodes } from '../../scripts/error-codes.ts';
import { errorsPage, verdicts, wordsOf } from '../../scripts/errors.ts';
import { explanations } from '../../src/cli/explanations.ts';
import { messagesOf } from '../extension/words.ts';

const { codes, unreadable } = scanCodes(...CODE_TREES);
const texts = CODE_TREES.flatMap((root) => readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((name) => /\.tsx?$/.test(name)).map((name) => readFileSync(join(root, name), 'utf8')));

describe('error codes', () => {
  it('each have words: what happened, what to do', () => {
    expect([...codes.keys()].filter((code) => wordsOf(code) === undefined)).toEqual([]);
  });

  it('of the command line and the servers have the command line’s words', () => {
    expect([...scanCodes('src').codes.keys()].filter((code) => explanations[code] === undefined && code !== 'fault')).toEqual([]);
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

  it('are all that the plugin has words for, and all that it names itself', () => {
    // `trust-stale` stands for several codes, each of which is shown by its own name.
    const worded = Object.keys(messagesOf('en')).flatMap((key) => /^why_(.*)$/.exec(key)?.[1]?.replaceAll('_', '-') ?? []).filter((code) => code !== 'trust-stale');
    const named = texts.flatMap((text) => [...text.matchAll(/\breasonOf\(words, [^)]*?'([a-z0-9-]+)'/g)].map(([, code = '']) => code));
    expect(named).toContain('smtp-refused');
    expect([...worded, ...named].filter((code) => !codes.has(code))).toEqual([]);
  });

  it('are all that an SMTP reply can name', () => {
    const named = texts.flatMap((text) => [...text.matchAll(/\b[45]\.\d\.\d+ SSMAX-([a-z][a-z0-9-]*)/g)].map(([, code = '']) => code));
    expect(named).toEqual(expect.arrayContaining(['too-many-recipients', 'consent-mixed', 'fault']));
    expect(named.filter((code) => !codes.has(code))).toEqual([]);
    const worded = [...readFileSync('src/server/gateway/replies.ts', 'utf8').matchAll(/^ {2}'?([a-z0-9-]+)'?: \{ status: '5/gm)].map(([, code = '']) => code);
    expect(worded.length).toBeGreaterThan(40);
    expect(worded.filter((code) => !codes.has(code))).toEqual([]);
  });
});

describe('verdicts on a mail', () => {
  it('each stand in docs/errors.md: those with a name of their own below, the others among the codes', () => {
    const named = ['src/flow/open.ts', 'extension/member/read.ts', 'extension/ui/verdict.ts'].flatMap((file) => {
      const places = readFileSync(file, 'utf8').match(/\bcode: '.*|\bconst code = .*|\): '.* \{$/gm) ?? [];
      return places.flatMap((place) => [...place.matchAll(/'([a-z]+(?:-[a-z]+)*)'/g)].map(([, code = '']) => code));
    }).filter((code) => !['problem', 'cannot-check', 'unsigned', 'not-opened', 'opened', 'unlock', 'enrol'].includes(code));
    expect([...new Set(named)].filter((code) => !(code in verdicts) && !codes.has(code))).toEqual([]);
    expect(Object.keys(verdicts).filter((code) => !named.includes(code))).toEqual([]);
  });
});

describe('the scan', () => {
  it.each([
    ["refused('a')", ['a']],
    ["new SsmaxError('fault', x ? 'a' : y ?? 'b')", ['a', 'b']],
    ["const no = (code: string) => refused(code); no('a')", ['a']],
    ["class C { no(what: string, code: string) { throw refused(code) } f() { this.no('x', 'a') } }", ['a']],
    ["const no = refused.bind(undefined, 'a')", ['a']],
    ["reply(452, '4.5.3 SSMAX-a Too much.')", ['a']],
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
