/**
 * Every page of the plugin for everyone: Japanese and English, light and dark, by axe-core, by keyboard alone, enlarged to
 * 200 %. With PICTURES set it leaves pictures in dist/gallery (`npm run gallery` makes docs/gallery of them).
 */
import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PANES } from './pane-scenes.ts';
import { SCENES } from './plugin-scenes.ts';
import { enrolHere, LANGUAGES, openStage, type Stage, violations } from './plugin-stage.ts';
import { intoStoreOf010 } from './store-of-0.1.0.ts';

const pictures = 'dist/gallery';
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

describe.each(LANGUAGES)('in %s', (language) => {
  it.each(SCENES.map((scene) => [scene.name, scene] as const))('%s', async (name, scene) => {
    const { page, complaints } = await stage.open(language, scene);
    expect(await page.getAttribute('html', 'lang')).toBe(language);
    expect(await page.title()).not.toBe('SSMAX');
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      // Colours, roles and names are made alike in both languages.
      if (language === 'ja') expect(await violations(page), colorScheme).toEqual([]);
      if (process.env.PICTURES !== undefined) await page.screenshot({ path: join(pictures, `${name}-${language}-${colorScheme}.png`), fullPage: true });
    }
    // The same elements in both languages, and the same frames around longer words.
    if (language === 'ja') expect(await outOfReach(page), 'cannot be reached by Tab').toEqual([]);
    const { width, height } = page.viewportSize() ?? { width: 900, height: 900 };
    await page.setViewportSize({ width: Math.floor(width / 2), height: Math.floor(height / 2) });
    expect(await tooWide(page), 'does not fit at 200 %').toEqual([]);
    expect(complaints).toEqual([]);
    await page.close();
  });
});

/** Of a whole page. The pane is a frame of Thunderbird's window; its document is the mail's, and what the add-on puts there names its own language. */
const OF_PAGES = ['document-title', 'html-has-lang', 'landmark-one-main', 'page-has-heading-one', 'region'];

describe.each(LANGUAGES)('in the message pane, in %s', (language) => {
  it.each(PANES.map((scene) => [scene.name, scene] as const))('%s', async (_, scene) => {
    const { page, complaints } = await stage.open(language, scene);
    await page.addStyleTag({ content: ':root { color-scheme: light dark; background: light-dark(#fff, #18181b) }' }); // Thunderbird's own
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      if (language === 'ja') expect(await violations(page, OF_PAGES), colorScheme).toEqual([]);
    }
    expect(await outOfReach(page), 'cannot be reached by Tab').toEqual([]);
    expect(await page.locator('.banner').getAttribute('role')).toBe(scene.name === 'a forgery' ? 'alert' : 'note');
    await page.setViewportSize({ width: 450, height: 450 });
    expect(await tooWide(page), 'does not fit at 200 %').toEqual([]);
    expect(complaints).toEqual([]);
    await page.close();
  });
});

it('keeps the keys of version 0.1.0', async () => {
  const { page } = await stage.open('ja', { name: '', page: 'enrolment.html', act: enrolHere, ready: '.notice.verified' });
  await page.evaluate(intoStoreOf010);
  await page.goto(page.url().replace('enrolment', 'options'));
  await page.getByText('鍵の控え：ありません').waitFor();
  await page.locator('#diagnose').click();
  expect(await page.locator('#report').inputValue()).toContain('key of taro@hinode.example: works');
  await page.close();
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
