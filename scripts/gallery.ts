/**
 * `npm run gallery`: takes the pictures that tests left in dist/gallery over to docs/gallery, small enough to be committed,
 * and writes the index. `PICTURES=1 npx vitest run test/e2e/plugin-pages.test.ts test/e2e/living.test.ts
 * test/e2e/reading.test.ts test/e2e/ways-of-writing.test.ts` leaves them. Refuses a gallery that
 * lacks a language or a look of anything, and names what it lacks.
 */
import { mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { shrinkPng } from './world/display.ts';

const source = 'dist/gallery';
const target = 'docs/gallery';
const maximumBytes = 40_000;
const looks = ['ja-light', 'ja-dark', 'en-light', 'en-dark'];

const pngs = (directory: string): string[] => readdirSync(directory).filter((name) => name.endsWith('.png'));
mkdirSync(target, { recursive: true });
const pictures = new Set([...pngs(target), ...pngs(source)]);
const scenes = [...new Set([...pictures].map((name) => name.replace(/-(?:ja|en)-(?:light|dark)\.png$/, '')))].sort();
const missing = scenes.flatMap((scene) => looks.map((look) => `${scene}-${look}.png`)).filter((name) => !pictures.has(name));
if (missing.length > 0) throw new Error(`not there, in ${source} or ${target}: ${missing.join(', ')}`);

for (const name of pngs(source)) {
  const to = join(target, name);
  rmSync(to, { force: true });
  for (const width of [900, 760, 640, 520, 440]) {
    await shrinkPng(join(source, name), to, width);
    if (statSync(to).size <= maximumBytes) break;
  }
}

const rows = scenes.map((scene) => `| ${scene} | ${looks.map((look) => `[picture](${scene}-${look}.png)`).join(' | ')} |`);
writeFileSync(join(target, 'README.md'), `# Gallery

Every page of the plugin, as the tests saw it. Pictures with Thunderbird's window around are of a real Thunderbird; the others show the packaged pages in Chromium, where each state can be made. Made by \`npm run gallery\`; no picture is edited by hand.

| page and state | ${looks.join(' | ').replaceAll('-', ', ')} |
|---|${looks.map(() => '---|').join('')}
${rows.join('\n')}
`);
console.log(`${pictures.size} pictures`);
