import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { FINDINGS } from '../../../src/cli/doctor/finding.ts';

it('docs/admin/doctor.md lists every finding as the program words it', () => {
  const page = readFileSync(new URL('../../../docs/admin/doctor.md', import.meta.url), 'utf8');
  const rows = Object.entries(FINDINGS).map(([code, [level, sentence, remedy]]) => `| \`${code}\` | ${level} | ${cell(sentence)} | ${cell(remedy)} |`);
  expect(page.split('\n').filter((line) => line.startsWith('| `'))).toEqual(rows);
});

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('{', '*').replaceAll('}', '*');
}
