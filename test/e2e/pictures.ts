/** Pictures of a real Thunderbird for the gallery, light and dark. Only where PICTURES is set: then they lie in dist/gallery. */
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Correspondent } from '../../scripts/world/correspondent.ts';

const FOLDER = 'dist/gallery';
const LOOKS = ['light', 'dark'] as const;
/** Looks at the screen until it no longer changes. */
const TRIES = 20;

export async function takePictures(person: Correspondent, language: 'ja' | 'en', own: typeof LOOKS[number], name: string): Promise<void> {
  if (process.env.PICTURES === undefined) return;
  mkdirSync(FOLDER, { recursive: true });
  const { display, thunderbird } = person.desktop;
  // Its own look last: the test goes on in it.
  for (const look of [...LOOKS].sort((a) => (a === own ? 1 : -1))) {
    await thunderbird.marionette.run((chrome, dark) => chrome.setDark(dark), look === 'dark');
    const path = join(FOLDER, `${name}-${language}-${look}.png`);
    let before: Buffer | undefined;
    for (let i = 0; i < TRIES; i++) {
      await display.screenshot(path);
      const now = readFileSync(path);
      if (before?.equals(now) === true && i > 3) break;
      before = now;
    }
  }
}
