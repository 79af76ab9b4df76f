/** Writes docs/errors.md: every error code with kind, cause and remedy. `--check` only says whether the file is up to date. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { explanations } from '../src/cli/explanations.ts';
import { scanCodes } from './error-codes.ts';

const INTRODUCTION = `# Error codes

Made by \`npx tsx scripts/errors.ts\` of the sources and src/cli/explanations.ts: do not edit.

A code is stable. It stands in brackets behind the command line's messages, in the servers' logs and HTTP answers (\`{kind, code, params}\`), and
behind \`SSMAX-\` in what a mail server tells a mail program. The kind says what the caller may do:

- **refused**: the input is wrong or not allowed; trying again will not help. SMTP 550, HTTP 4xx, exit code 1.
- **not-for-me**: the input may be fine, but no key here opens it. Exit code 1.
- **unavailable**: something needed cannot be had now; try again later. SMTP 451, HTTP 503, exit code 3.
- **fault**: this program or its configuration is at fault. SMTP 451, HTTP 500 (without the code), exit code 4.

| code | kind | what happened | what to do |
|---|---|---|---|
`;

/** The page as it should be. Throws for a code without words. */
export function errorsPage(): string {
  const { codes } = scanCodes('src');
  const missing = [...codes.keys()].filter((code) => explanations[code] === undefined);
  if (missing.length > 0) throw new Error(`src/cli/explanations.ts has no entry for ${missing.join(', ')}`);
  const rows = [...codes].sort(([a], [b]) => (a < b ? -1 : 1)).map(([code, { kinds }]) => {
    const [sentence, remedy] = (explanations[code] ?? []).map((text) => text.replace(/\{(\w+)\}/g, '*$1*').replaceAll('|', '\\|'));
    return `| \`${code}\` | ${[...kinds].sort().join(', ')} | ${sentence} | ${remedy} |\n`;
  });
  return INTRODUCTION + rows.join('');
}

function main(): void {
  process.chdir(join(import.meta.dirname, '..'));
  const file = 'docs/errors.md';
  const page = errorsPage();
  if (process.argv.includes('--check')) {
    if (!existsSync(file) || readFileSync(file, 'utf8') !== page) {
      console.error(`${file} is not up to date: npx tsx scripts/errors.ts`);
      process.exitCode = 1;
    }
  } else writeFileSync(file, page);
}

if (process.argv[1] === import.meta.filename) main();
