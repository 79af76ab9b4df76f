/** HTML with and without colours of its own, in a dark window: who wrote it saw it on white. */
import { expect } from 'vitest';
import type { Correspondent } from '../../scripts/world/correspondent.ts';
import { pages } from '../../scripts/world/desktop.ts';
import { eventually } from '../eventually.ts';
import type { Post } from './mails.ts';
import { spoken } from './spoken.ts';

const UNCOLOURED = '<h2>Minutes 議事録</h2><p>As agreed. <a href="https://www.hinode.example/">The page</a>, https://www.hinode.example/minutes</p><blockquote><p>Quoted</p></blockquote><table border="1"><tr><th>Item</th><td>1,000</td></tr></table>';
const COLOURED = `<h2 style="color: #000080">Notice お知らせ</h2><p>Written without a colour. <font color="black">In black.</font> <span style="color: rgb(150, 0, 0)">In red.</span> <a href="https://www.hinode.example/">The page</a>, https://www.hinode.example/notice</p>
<table bgcolor="#ffffdd"><tr><td>On yellow</td></tr></table><div style="background-color: #203040; color: #f0f0f0"><p>Light on dark</p></div>`;
/** Of WCAG 2.2, 1.4.3, for text of any size. */
const LEGIBLE = 4.5;

/** Every text of the opened mail in front stands out from what is behind it. */
async function expectLegible({ desktop }: Correspondent, texts: number): Promise<void> {
  const seen = await desktop.thunderbird.find({ page: pages.message, frame: '#messagepane', selector: '.body :is(h2, p, a, font, span, th, td)' });
  expect(seen.length).toBeGreaterThanOrEqual(texts);
  for (const { text, contrast } of seen) expect(contrast, text).toBeGreaterThanOrEqual(LEGIBLE);
}

/** Sends both to this person, and looks at them in a dark window. `own`: whether that is what the window is. */
export async function legibleInTheDark(post: Post, person: Correspondent, from: string, to: string, { own, take }: { own: 'dark' | 'light'; take: (name: string) => Promise<void> }): Promise<void> {
  const { marionette } = person.desktop.thunderbird;
  await marionette.run((chrome) => chrome.setDark(true));
  for (const [subject, html, name, texts] of [['Minutes', UNCOLOURED, 'pane-html', 9], ['Notice', COLOURED, 'pane-html-coloured', 10]] as const) {
    await post.send(from, { to: [{ address: to, displayName: '' }], subject, html });
    await person.select(subject);
    await person.desktop.thunderbird.see({ page: pages.message, frame: '#messagepane', selector: '.body h2' }, 60_000);
    // The dark look comes to the mail's own process a moment later.
    await eventually('all of it legible', () => expectLegible(person, texts));
    expect((await spoken(person.desktop.thunderbird, '.body [role=link]')).inside.replace(/\s+/g, ' ')).toBe('The page → www.hinode.example');
    await take(name);
    await marionette.run((chrome) => chrome.setDark(true));
  }
  await marionette.run((chrome, dark) => chrome.setDark(dark), own === 'dark');
}
