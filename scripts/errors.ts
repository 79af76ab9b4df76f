/**
 * Writes docs/errors.md: every error code with kind, cause and remedy, and every verdict on a mail. `--check` only says whether the
 * file is up to date.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { explanations } from '../src/cli/explanations.ts';
import { CODE_TREES, scanCodes } from './error-codes.ts';

const locale = JSON.parse(readFileSync(join(import.meta.dirname, '../extension/locales/en/messages.json'), 'utf8')) as Partial<Record<string, { readonly message: string }>>;

const INTRODUCTION = `# Error codes

Made by \`npx tsx scripts/errors.ts\` of the sources, src/cli/explanations.ts and the plugin's English words: do not edit.

A code is stable. It stands in brackets behind the command line's messages, in the servers' logs and HTTP answers (\`{kind, code, params}\`), and
behind \`SSMAX-\` in what a mail server tells a mail program and in what the plugin shows its user. [Verdicts on a mail](#verdicts-on-a-mail) have codes too. The kind says what the caller may do:

- **refused**: the input is wrong or not allowed; trying again will not help. SMTP 550, HTTP 4xx, exit code 1.
- **not-for-me**: the input may be fine, but no key here opens it. Exit code 1.
- **unavailable**: something needed cannot be had now; try again later. SMTP 451, HTTP 503, exit code 3.
- **fault**: this program or its configuration is at fault. SMTP 451, HTTP 500 (without the code), exit code 4.

| code | kind | what happened | what to do |
|---|---|---|---|
`;

const VERDICTS_INTRODUCTION = `
## Verdicts on a mail

What plugin, \`ssmax verify\` and \`ssmax open\` say of a mail. Of a *problem*, the check that failed stands beside it (*details* in the plugin, \`detail\` of
\`--json\`) and is a code of the table above; so is the code of *cannot check now*.

| code | state | what it means | what to do |
|---|---|---|---|
`;

/** What a mail may be judged to be, beside the codes of errors. */
export const verdicts: Readonly<Record<string, readonly [state: string, meaning: string, remedy: string]>> = {
  'verified': ['verified', 'the organisations confirmed its sender, and it is as it was sealed', 'nothing'],
  'own-copy': ['verified', 'the reader sent it', 'nothing'],
  'own-draft': ['verified', 'a draft of the reader’s, sealed and not sent', 'nothing'],
  'in-transit': ['verified', 'it was on its way when this copy was made: not every organisation has inspected it', 'judge the copy that was delivered'],
  'outside': ['outside SSMAX', 'it came without a seal: nobody confirmed its sender', 'judge it as any mail; what the organisation found out stands in the details'],
  'delivery-report': ['outside SSMAX', 'a mail server’s report on a mail that was sent', 'read what it says; the code in it is one of the table above'],
  'altered': ['problem', 'a check failed: the mail is not as it was sealed, or not made as it must be', 'do not rely on it; ask its sender another way, and report it'],
  'impersonation': ['problem', 'it claims to be of somebody or of an organisation that did not confirm it', 'do not rely on it; ask its sender another way, and report it'],
};

/** The page as it should be. Throws for a code without words. */
export function errorsPage(): string {
  const { codes } = scanCodes(...CODE_TREES);
  const missing = [...codes.keys()].filter((code) => wordsOf(code) === undefined);
  if (missing.length > 0) throw new Error(`src/cli/explanations.ts has no entry for ${missing.join(', ')}`);
  const rows = [...codes].sort(([a], [b]) => (a < b ? -1 : 1)).map(([code, { kinds }]) => {
    const [sentence, remedy] = (wordsOf(code) ?? []).map((text) => text.replace(/\{(\w+)\}/g, '*$1*').replaceAll('|', '\\|'));
    return `| \`${code}\` | ${[...kinds].sort().join(', ')} | ${sentence} | ${remedy} |\n`;
  });
  const judged = Object.entries(verdicts).map(([code, [state, meaning, remedy]]) => `| \`${code}\` | ${state} | ${meaning} | ${remedy} |\n`);
  return INTRODUCTION + rows.join('') + VERDICTS_INTRODUCTION + judged.join('');
}

/** What happened and what to do: the command line's words; of what only the plugin says, the plugin's. */
export function wordsOf(code: string): readonly [sentence: string, remedy: string] | undefined {
  const [sentence, remedy] = ['why', 'fix'].map((part) => locale[`${part}_${code.replaceAll('-', '_')}`]?.message);
  return explanations[code] ?? (sentence === undefined || remedy === undefined ? undefined : [sentence, remedy]);
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
