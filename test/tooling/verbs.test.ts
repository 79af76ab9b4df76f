/** The page of verbs is what the program has. */
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { verbsPage } from '../../scripts/verbs.ts';

it('docs/verbs.md names every verb and option (npx tsx scripts/verbs.ts)', async () => {
  expect(readFileSync('docs/verbs.md', 'utf8')).toBe(await verbsPage());
});
