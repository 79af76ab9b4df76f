/** What the documents say about the repository is there: links, functions, commands, pictures, codes. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';

const documents = ['README.md', 'README.ja.md', 'SECURITY.md', 'CHANGELOG.md', ...filesBelow('docs').filter((name) => name.endsWith('.md'))];
const sources = ['src', 'extension'].flatMap(filesBelow).filter((name) => /\.tsx?$/.test(name)).map((name) => readFileSync(name, 'utf8')).join('\n');
const cli = filesBelow('src/cli').map((name) => readFileSync(name, 'utf8'));

function filesBelow(directory: string): string[] {
  return readdirSync(directory, { recursive: true, encoding: 'utf8' }).map((name) => join(directory, name)).filter((name) => statSync(name).isFile());
}

function matches(text: string, pattern: RegExp): string[][] {
  return [...text.matchAll(pattern)].map((match) => match.slice(1).map((group: string | undefined) => group ?? ''));
}

/** `[text](target)` and `![text](target)`, targets inside this repository only. */
function links(document: string): { text: string; file: string }[] {
  return matches(readFileSync(document, 'utf8'), /\[([^\]]*)\]\(([^)\s]+)\)/g)
    .filter(([, target = '']) => !/^(?:https?:|mailto:|#)/.test(target))
    .map(([text = '', target = '']) => ({ text, file: join(dirname(document), target.replace(/#.*$/, '')) }));
}

describe.each(documents)('%s', (document) => {
  const text = readFileSync(document, 'utf8');

  it('links to files that are there', () => {
    expect(links(document).map(({ file }) => file).filter((file) => !existsSync(file))).toEqual([]);
  });

  it('links functions to the files that hold them', () => {
    const named = links(document).flatMap(({ text: label, file }) => matches(label, /^`([A-Za-z]+)`$/g).map(([name = '']) => ({ name, file })));
    expect(named.filter(({ name, file }) => /\.tsx?$/.test(file) && !new RegExp(`\\b${name}\\b`).test(readFileSync(file, 'utf8')))).toEqual([]);
  });

  it('names scripts of package.json', () => {
    const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: Record<string, string> };
    const commands = matches(text, /\bnpm (?:run ([a-z][a-z:]*)|(test))\b/g).map(([script = '', test = '']) => script || test);
    expect(commands.filter((name) => !(name in scripts))).toEqual([]);
  });

  it('names verbs that the command line has', () => {
    const used = matches(text, /(?:^\s*|`)ssmax ([a-z]+)(?: ([a-z][a-z-]*))?/gm);
    const missing = used.filter(([verb = '', action = '']) => {
      const file = cli.find((source) => source.includes(`new Command('${verb}')`));
      if (file === undefined) return true;
      if (cli.some((source) => source.startsWith('/** The verbs of') && source.includes(`ssmax ${verb} `) && new RegExp(`\\.command\\('${action}[' ]`).test(source))) return false;
      return action !== '' && file.includes('.command(') && !new RegExp(`\\.command\\('${action}[' ]`).test(file) && !file.includes(`'${action}'`) && !cli.some((source) => source.includes(`new Command('${action}')`));
    });
    expect(missing).toEqual([]);
  });

  it('shows pictures that are there and small', () => {
    const pictures = links(document).map(({ file }) => file).filter((file) => /\.(?:png|svg|jpe?g)$/.test(file));
    expect(pictures.filter((file) => statSync(file).size > 100_000)).toEqual([]);
  });
});

describe('error codes named in the specification', () => {
  it.each(documents.filter((name) => /protocol|errors/.test(name)))('%s: each is in the code', (document) => {
    const codes = new Set(matches(readFileSync(document, 'utf8'), /`([a-z][a-z0-9]*(?:-[a-z0-9]+)+)`/g).flat());
    expect([...codes].filter((code) => !sources.includes(`'${code}'`))).toEqual([]);
  });
});

describe('configuration files in docs/running.md', () => {
  const examples = matches(readFileSync('docs/running.md', 'utf8'), /```yaml\n# (\w+)\.yaml\n([\s\S]*?)```/g);

  it('are those of three servers; inspection.md has the fourth', () => {
    expect(examples.map(([name]) => name)).toEqual(['authority', 'keyserver', 'gateway']);
  });

  it.each(examples)('%s.yaml has exactly the keys that the server knows', (name, example) => {
    const source = readFileSync(`src/server/${name}/config.ts`, 'utf8');
    const schema = /Config = \([^)]*\) => z\.strictObject\(\{\n([\s\S]*?)\n\}\);/.exec(source)?.[1] ?? '';
    const known = matches(schema, /^ {2}([a-zA-Z]+)[:,]/gm).flat();
    expect(known.length).toBeGreaterThan(5);
    expect(Object.keys(parse(example) as object).sort()).toEqual(known.sort());
  });
});

describe('docs/progress', () => {
  it('names tests and vectors that are there', () => {
    const pages = filesBelow('docs/progress').map((name) => readFileSync(name, 'utf8'));
    const named = pages.flatMap((page) => matches(page, /\b(test\/[\w/.-]*\w)/g).flat());
    expect(named.length).toBeGreaterThan(60);
    expect([...new Set(named)].filter((file) => !existsSync(file))).toEqual([]);
  });
});

it('the program names pages that are there', () => {
  const named = new Set(['src', 'extension'].flatMap(filesBelow).filter((name) => /\.tsx?$/.test(name)).flatMap((name) => matches(readFileSync(name, 'utf8'), /\b(docs\/[a-z/-]+\.md)\b/g).flat()));
  expect([...named].filter((name) => !existsSync(name))).toEqual([]);
});
