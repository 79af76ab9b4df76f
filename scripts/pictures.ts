/**
 * `npm run pictures -- DIR`: takes the pictures of the documents from DIR, the record of a run of
 * `npm run demo -- --headless --out DIR`. Only from steps that held, and small enough to be committed.
 */
import { mkdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { shrinkPng } from './world/display.ts';

/** Name under docs/images ← screenshot of the story; its number is the step's. */
const chosen: Readonly<Record<string, string>> = {
  enrolment: '1-enrol-taro-ja-light',
  writing: '2-writing-ja-light',
  verified: '3-verified-hanako-ja-dark',
  'not-sent': '7-not-sent-ja-light',
  impersonation: '9-impersonation-ja-dark',
};
const target = 'docs/images';
const maximumBytes = 60_000;

const [directory] = process.argv.slice(2);
if (directory === undefined) throw new Error('usage: npm run pictures -- DIR');
const result: unknown = JSON.parse(readFileSync(join(directory, 'result.json'), 'utf8'));
const { steps } = z.object({ steps: z.array(z.object({ id: z.number(), ok: z.boolean() })) }).parse(result);

mkdirSync(target, { recursive: true });
for (const [name, source] of Object.entries(chosen)) {
  const step = Number.parseInt(source, 10);
  if (!steps.some(({ id, ok }) => id === step && ok)) {
    console.log(`${name}: left as it is, step ${step} did not hold`);
    continue;
  }
  const from = join(directory, 'screenshots', `${source}.png`);
  const to = join(target, `${name}.png`);
  rmSync(to, { force: true });
  for (const width of [1_000, 900, 800, 700]) {
    await shrinkPng(from, to, width);
    if (statSync(to).size <= maximumBytes) break;
  }
  console.log(`${to}: ${statSync(to).size} bytes`);
}
