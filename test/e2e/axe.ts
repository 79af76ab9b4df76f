/** What axe-core finds in a page, in words: in Chromium, and in a page of the add-on in a real Thunderbird. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { AxeResults } from 'axe-core';
import type { Page } from 'playwright-core';
import type { Thunderbird } from '../../scripts/world/thunderbird.ts';
import { until } from '../../scripts/world/wait.ts';
import { runIn } from './frame-script.ts';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** By their names in axe-core. */
export interface Rules {
  readonly only?: readonly string[];
  readonly without?: readonly string[];
}

/** Rules that look at colours. */
export const COLOURS = ['color-contrast', 'link-in-text-block'];

/** Puts axe-core into a page. Gives what it finds by its rules, as often as it is asked. */
export async function prepareAxe(page: Page): Promise<(rules?: Rules) => Promise<string[]>> {
  await page.evaluate(axe);
  return async (rules = {}) => inWords(await page.evaluate<AxeResults>(command(rules)));
}

/** What axe-core finds in that page of the add-on (`options.html`), which is open in a tab, a window or a popup. */
async function axeInThunderbird(thunderbird: Thunderbird, page: string, rules: Rules = {}): Promise<string[]> {
  // The sandbox belongs to the page as its scripts do, but not to its content security policy.
  const answer = await runIn(thunderbird, page, `
    const sandbox = Cu.Sandbox(content, { sandboxPrototype: content, wantXrays: false });
    Cu.evalInSandbox(${JSON.stringify(axe)}, sandbox);
    Cu.exportFunction(answer, sandbox, { defineAs: 'answer' });
    Cu.evalInSandbox(${JSON.stringify(`window.${command(rules)}.then((results) => answer(JSON.stringify(results)), (error) => answer(String(error)))`)}, sandbox);`);
  return inWords(JSON.parse(answer) as AxeResults);
}

/** What is wrong with that page of the add-on for people who need it dark, large, or read aloud. */
export async function troublesOf(thunderbird: Thunderbird, page: string): Promise<string[]> {
  const found = await axeInThunderbird(thunderbird, page);
  await turn(thunderbird, page, true);
  found.push(...await axeInThunderbird(thunderbird, page, { only: COLOURS }));
  await turn(thunderbird, page, false);
  found.push(...await tooWideInThunderbird(thunderbird, page));
  return found;
}

/** Turns Thunderbird dark or light, and waits until the page is. */
async function turn(thunderbird: Thunderbird, page: string, dark: boolean): Promise<void> {
  await thunderbird.marionette.run((chrome, wanted) => chrome.setDark(wanted), dark);
  await until(async () => await runIn(thunderbird, page, `answer(String(content.matchMedia('(prefers-color-scheme: dark)').matches));`) === String(dark), { what: `${page} to be ${dark ? 'dark' : 'light'}` });
}

/** What sticks out of that page sideways while Thunderbird enlarges it to 200 %. */
async function tooWideInThunderbird(thunderbird: Thunderbird, page: string): Promise<string[]> {
  const answer = await runIn(thunderbird, page, `
    const { document } = content;
    const before = content.innerWidth;
    docShell.browsingContext.fullZoom = 2;
    const measure = () => {
      if (content.innerWidth > before / 2 + 1) return void content.requestAnimationFrame(measure);
      const { clientWidth, scrollWidth } = document.documentElement;
      const out = scrollWidth <= clientWidth ? [] : [...document.querySelectorAll('body *')].filter((one) => one.getBoundingClientRect().right > clientWidth).map(({ outerHTML }) => outerHTML.slice(0, 200));
      docShell.browsingContext.fullZoom = 1;
      answer(JSON.stringify(out));
    };
    measure();`);
  return JSON.parse(answer) as string[];
}

function command({ only, without = [] }: Rules): string {
  const options = { resultTypes: ['violations'], rules: Object.fromEntries(without.map((rule) => [rule, { enabled: false }])), ...(only !== undefined && { runOnly: only }) };
  return `axe.run(document, ${JSON.stringify(options)})`;
}

function inWords({ violations }: AxeResults): string[] {
  return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html, failureSummary }) => `${html} ${failureSummary ?? ''}`).join(' ')}`);
}
