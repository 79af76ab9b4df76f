/**
 * Writes docs/dependencies.md: every package that this project asks for, with its version range and licence as the
 * package itself states it. `--check` writes nothing and exits 1 when the page is out of date or a runtime package has no
 * permissive licence.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const page = 'docs/dependencies.md';
// MPL-2.0 reaches no further than its own files, which are used unchanged.
const permissive = /^\(?(?:MIT|MIT-0|ISC|0BSD|BSD-[23]-Clause|Apache-2\.0|MPL-2\.0|MPL-2\.0 OR Apache-2\.0)\)?$/;

interface Manifest {
  readonly name: string;
  readonly description?: string;
  readonly license?: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

function manifest(path: string): Manifest {
  return JSON.parse(readFileSync(path, 'utf8')) as Manifest;
}

function rows(packages: Readonly<Record<string, string>>): string[] {
  return Object.entries(packages)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, range]) => {
      const { license = 'not stated', description = '' } = manifest(join('node_modules', name, 'package.json'));
      return `| ${name} | ${range} | ${license} | ${description.replaceAll('|', '\\|').replace(/\s+/g, ' ').trim()} |`;
    });
}

/** Names of runtime packages whose licence is not permissive. */
function notPermissive(packages: Readonly<Record<string, string>>): string[] {
  return Object.keys(packages).filter((name) => !permissive.test(manifest(join('node_modules', name, 'package.json')).license ?? ''));
}

function render(own: Manifest): string {
  const head = ['| package | range | licence | what it is |', '|---|---|---|---|'];
  return [
    '# Dependencies and their licences',
    '',
    'Made by `npm run licenses` from `package.json`; `npm test` fails when it is out of date. This project itself is under Apache-2.0.',
    '',
    '## At run time',
    '',
    ...head,
    ...rows(own.dependencies ?? {}),
    '',
    '## For development and tests only',
    '',
    ...head,
    ...rows(own.devDependencies ?? {}),
    '',
  ].join('\n');
}

const own = manifest('package.json');
const text = render(own);
const strict = notPermissive(own.dependencies ?? {});
if (strict.length > 0) {
  console.error(`not a permissive licence: ${strict.join(', ')}`);
  process.exitCode = 1;
}
if (!process.argv.includes('--check')) {
  writeFileSync(page, text);
} else if (!existsSync(page) || readFileSync(page, 'utf8') !== text) {
  console.error(`${page} is out of date: npm run licenses`);
  process.exitCode = 1;
}
