/**
 * Every page of the plugin for everyone: Japanese and English, light and dark, by axe-core, by keyboard alone, enlarged to
 * 200 %. With PICTURES set it leaves pictures in dist/gallery (`npm run gallery` makes docs/gallery of them).
 */
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { COLOURS, prepareAxe } from './axe.ts';
import { PANES } from './pane-scenes.ts';
import { SCENES } from './plugin-scenes.ts';
import { LANGUAGES, openStage, type Stage } from './plugin-stage.ts';

const pictures = 'dist/gallery';
const LOOKS = ['light', 'dark'] as const;
let stage: Stage;

beforeAll(async () => {
  mkdirSync(pictures, { recursive: true });
  stage = await openStage();
}, 120_000);
afterAll(() => stage.close());

it('each page has a scene', () => {
  const pages = readdirSync('extension/thunderbird').filter((name) => name.endsWith('-page.tsx')).map((name) => name.replace('-page.tsx', '.html'));
  const shown = new Set(SCENES.map(({ page }) => (typeof page === 'string' ? page : page({ text: () => '', has: () => false } as never)).replace(/[?#].*/, '')));
  expect([...shown].sort()).toEqual(pages.sort());
});

describe.concurrent.each(LANGUAGES)('in %s', { timeout: 300_000 }, (language) => {
  it.each(SCENES.map((scene) => [scene.name, scene] as const))('%s', async (name, scene) => {
    const { page, complaints, close } = await stage.open(language, scene);
    expect(await page.getAttribute('html', 'lang')).toBe(language);
    expect(await page.title()).not.toBe('SSMAX');
    const axe = await prepareAxe(page);
    for (const colorScheme of LOOKS) {
      await page.emulateMedia({ colorScheme });
      // Of two looks only the colours differ.
      expect(await axe(colorScheme === 'light' ? {} : { only: COLOURS }), colorScheme).toEqual([]);
      if (process.env.PICTURES !== undefined) writeFileSync(join(pictures, `${name}-${language}-${colorScheme}.png`), await picture(page));
    }
    expect(await outOfReach(page), 'cannot be reached by Tab').toEqual([]);
    const { width, height } = page.viewportSize() ?? { width: 900, height: 900 };
    await page.setViewportSize({ width: Math.floor(width / 2), height: Math.floor(height / 2) });
    expect(await tooWide(page), 'does not fit at 200 %').toEqual([]);
    expect(complaints).toEqual([]);
    await close();
  });
});

/** The whole page; taken until two pictures are the same, as one taken under load may repeat its first tile all over. */
async function picture(page: Page): Promise<Buffer> {
  for (let before = await page.screenshot({ fullPage: true }); ;) {
    const now = await page.screenshot({ fullPage: true });
    if (now.equals(before)) return now;
    before = now;
  }
}

/** Of a whole page. The pane is a frame of Thunderbird's window; its document is the mail's, and what the add-on puts there names its own language. */
const OF_PAGES = ['document-title', 'html-has-lang', 'landmark-one-main', 'page-has-heading-one', 'region'];

describe.concurrent.each(LANGUAGES)('in the message pane, in %s', { timeout: 300_000 }, (language) => {
  it.each(PANES.map((scene) => [scene.name, scene] as const))('%s', async (_, scene) => {
    const { page, complaints, close } = await stage.open(language, scene);
    await page.addStyleTag({ content: ':root { color-scheme: light dark; background: light-dark(#fff, #18181b) }' }); // Thunderbird's own
    const axe = await prepareAxe(page);
    for (const colorScheme of LOOKS) {
      await page.emulateMedia({ colorScheme });
      expect(await axe(colorScheme === 'light' ? { without: OF_PAGES } : { only: COLOURS }), colorScheme).toEqual([]);
    }
    expect(await outOfReach(page), 'cannot be reached by Tab').toEqual([]);
    expect(await page.locator('.banner').getAttribute('role')).toBe(scene.name === 'a forgery' ? 'alert' : 'note');
    await page.setViewportSize({ width: 450, height: 450 });
    expect(await tooWide(page), 'does not fit at 200 %').toEqual([]);
    expect(complaints).toEqual([]);
    await close();
  });
});

const ACTIVE = 'a[href], button:not(:disabled), input:not(:disabled), select:not(:disabled), textarea:not(:disabled), summary';

/** What can be used by mouse but is never met by Tab, or shows no focus when it is. */
async function outOfReach(page: Page): Promise<string[]> {
  const count = await page.locator(ACTIVE).count();
  await page.evaluate(() => {
    if (document.activeElement instanceof HTMLElement) document.activeElement.blur();
  });
  for (let i = 0; i <= count; i++) {
    await page.keyboard.press('Tab');
    await page.evaluate(() => {
      let now = document.activeElement;
      while (now?.shadowRoot?.activeElement) now = now.shadowRoot.activeElement;
      if (now === null || now === document.body) return;
      const { outlineStyle, outlineWidth } = getComputedStyle(now);
      if (outlineStyle !== 'none' && outlineWidth !== '0px') now.setAttribute('data-met', '');
    });
  }
  // Of a group of radio buttons Tab meets the chosen one; the arrow keys lead to the others.
  return page.locator(ACTIVE).evaluateAll((all) => all.filter((one) => one.checkVisibility() && !one.hasAttribute('data-met') && !(one instanceof HTMLInputElement && one.type === 'radio'))
    .map(({ outerHTML }) => outerHTML));
}

/** What sticks out of the window sideways. */
async function tooWide(page: Page): Promise<string[]> {
  return page.evaluate(() => (document.documentElement.scrollWidth <= document.documentElement.clientWidth ? []
    : [...document.querySelectorAll('body *')].filter((one) => one.getBoundingClientRect().right > document.documentElement.clientWidth).map(({ outerHTML }) => outerHTML.slice(0, 200))));
}
