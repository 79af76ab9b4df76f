/**
 * Japanese pages say what their English twins say: the same blocks in the same order, so that whatever runs the English page's
 * blocks (`npm run rehearsal`, the tests of commands) covers both; the same headings, commands and codes. Who changes a page
 * changes its twin.
 */
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';

const pages = readdirSync('docs/admin/ja').sort();
const twins = [
  ...pages.map((name) => ({ japanese: `docs/admin/ja/${name}`, english: `docs/admin/${name}`, toJapanese: `ja/${name}`, toEnglish: `../${name}` })),
  { japanese: 'docs/user-guide.ja.md', english: 'docs/user-guide.md', toJapanese: 'user-guide.ja.md', toEnglish: 'user-guide.md' },
];
const readmes = { japanese: 'README.ja.md', english: 'README.md', toJapanese: 'README.ja.md', toEnglish: 'README.md' };

/** Fences with what stands behind their first backticks, and lines that are code by four blanks, in the page's order. */
function blocks(text: string): string[] {
  return [...text.matchAll(/^( *)```(.*)\n([\s\S]*?)^\1```$|^ {4,}\S.*$/gm)].map(([whole]) => whole);
}

/** What is outside blocks. */
function prose(text: string): string {
  return blocks(text).reduce((rest, block) => rest.replace(block, () => ''), text);
}

function headings(text: string): number[] {
  return [...prose(text).matchAll(/^(#+) /gm)].map(([, marks = '']) => marks.length);
}

/** `ssmax …` within sentences, and the codes that tables explain, each once. */
function named(text: string): string[] {
  const commands = [...prose(text).matchAll(/`(ssmax [^`]*)`/g)];
  const codes = [...prose(text).matchAll(/^\| ((?:`[^`|]+`(?:, )?)+)[^|]* \|/gm)];
  return [...new Set([...commands, ...codes].map(([, found = '']) => found))].sort();
}

const read = (file: string): string => (existsSync(file) ? readFileSync(file, 'utf8') : '');

describe.each([...twins, readmes])('$japanese', ({ japanese, english, toJapanese, toEnglish }) => {
  const [ours, theirs] = [read(japanese), read(english)];

  it('has its English twin, and each links to the other', () => {
    expect(theirs).not.toBe('');
    expect(ours).toContain(`](${toEnglish})`);
    expect(theirs).toContain(`](${toJapanese})`);
  });

  it('links to Japanese pages where there are any', () => {
    const targets = [...ours.matchAll(/\]\(([^)#\s]+\.md)(?:#[^)]*)?\)/g)].map(([, target = '']) => target).filter((target) => target !== toEnglish);
    expect(targets.filter((target) => twins.some((twin) => twin.english === join(dirname(japanese), target)))).toEqual([]);
  });
});

describe.each(twins)('$japanese', ({ japanese, english }) => {
  const [ours, theirs] = [read(japanese), read(english)];

  it('has exactly the blocks of its English twin, in the same order', () => {
    expect(blocks(ours)).toEqual(blocks(theirs));
  });

  it('has the headings of its English twin, and names the same commands and codes', () => {
    expect(headings(ours)).toEqual(headings(theirs));
    expect(named(ours)).toEqual(named(theirs));
  });
});
