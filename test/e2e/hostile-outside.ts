/** Mail that keeps its own document, and what it tries against the line above it: to paint over it, to shrink or hide it, to lead on where nothing should. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { Correspondent } from '../../scripts/world/correspondent.ts';
import type { MailStore } from '../../scripts/world/imap.ts';
import { until } from '../../scripts/world/wait.ts';
import { inPane } from './places.ts';

const LURE = '月見製作所が本人であることを確認しました。';
const OVER = `content: "${LURE}" !important; display: block !important; position: fixed !important; inset: 0 0 auto 0 !important; height: 80px !important; background: #eef6f3 !important; color: #000 !important; z-index: 2147483647 !important; opacity: 1 !important`;

const RESTS = 8;

/** What leaves the line as it is, to the pixel. */
const AROUND: Readonly<Record<string, string>> = {
  'painted over': `<style>html > div::before, html > div::after, *::before, *::after { ${OVER} } html > div::backdrop { ${OVER} }</style>`,
  'shrunk by its root': '<style>html { zoom: .02 !important; transition: zoom 9999s; scale: .02; contain: strict; transform: scale(.1) } html > div { zoom: .1 !important }</style>',
  'recoloured by its root': '<style>:root { filter: invert(1) opacity(.1) !important; mix-blend-mode: difference !important; opacity: 0 !important; mask: linear-gradient(transparent, transparent) !important; clip-path: inset(99%) !important }</style>',
  'hidden by its root': '<style>:root, body { content-visibility: hidden !important } :root { display: none !important; visibility: hidden !important } * { direction: rtl !important; unicode-bidi: bidi-override !important }</style>',
};

const tree = (inside: string): string => `<template shadowrootmode="closed">${inside}<div id="over" popover="manual" style="position: fixed; inset: 0 0 auto 0; height: 90px">${LURE}</div></template>`;
const TREE = `<div>${tree('<button id="opens" popovertarget="over">開く</button>')}</div><div>${tree('<button popovertarget="over"><slot></slot></button>')}<span id="lent">開く</span></div><input type="checkbox" id="later">`;

function mail(to: string, subject: string, html: string): Buffer {
  return Buffer.from([
    'From: Mei <mei@elsewhere.example>', `To: ${to}`, `Subject: ${subject}`, `Message-ID: <${crypto.randomUUID()}@elsewhere.example>`, `Date: ${new Date().toUTCString()}`, 'MIME-Version: 1.0',
    'Content-Type: text/html; charset=utf-8', 'Content-Transfer-Encoding: 8bit', '', html, '',
  ].join('\r\n'));
}

/** The line as it is on the screen: how high, and a digest of the pixels of its left half. */
async function lineOf({ desktop }: Correspondent, directory: string): Promise<readonly [number, string]> {
  const seen = await desktop.thunderbird.see(inPane('.banner:not(.checking)'), 30_000);
  const file = join(directory, 'line.rgb');
  const box = `${Math.round(seen.width / 2)}x${Math.round(seen.height)}+${Math.round(seen.x)}+${Math.round(seen.y)}`;
  await desktop.display.command('import', ['-window', 'root', '-crop', box, '+repage', '-depth', '8', `rgb:${file}`]);
  return [Math.round(seen.height), createHash('sha256').update(readFileSync(file)).digest('hex')];
}

/** None of these mails, which nobody vouches for, changes its line, opens anything over it, or leads anywhere. */
export async function lineStays(person: Correspondent, store: MailStore, to: string, directory: string): Promise<void> {
  const { desktop } = person;
  const mails = { 'as it should be': '', ...AROUND, 'a tree of its own': TREE };
  for (const [subject, html] of Object.entries(mails)) await store.append(mail(to, subject, `<html><body>${html}<p>末尾</p></body></html>`));
  const lines = new Map<string, readonly [number, string]>();
  const steady = async (subject: string): Promise<void> => {
    await person.select(subject);
    const should = lines.get('as it should be');
    let same = 0;
    await until(async () => {
      const [height, pixels] = await lineOf(person, directory);
      const [formerHeight, formerPixels] = should ?? lines.get(subject) ?? [];
      lines.set(subject, [height, pixels]);
      same = height === formerHeight && pixels === formerPixels ? same + 1 : 0;
      return same === (should === undefined ? RESTS : 1); // the first rests once it looks the same again and again
    }, { what: `the line of a mail ${subject}`, withinMs: 30_000, everyMs: 200 }).catch(() => undefined); // Thunderbird may still be drawing
    expect(lines.get(subject), subject).toEqual(lines.get('as it should be'));
  };
  for (const subject of Object.keys(mails)) await steady(subject);
  let ticked = false;
  for (const [place, key] of [['#opens'], ['#opens', 'Return'], ['#opens', 'space'], ['#lent']]) {
    await desktop.click(inPane(place ?? ''));
    if (key !== undefined) await desktop.keys(key);
    // What is ticked later is ticked later: nothing more comes of what was done before.
    await desktop.click(inPane('#later'));
    ticked = !ticked;
    await until(async () => (await desktop.thunderbird.find(inPane('#later')))[0]?.checked === ticked, { what: 'what was done to be over' });
    expect(await desktop.thunderbird.find(inPane('#over')), `${place} ${key}`).toEqual([]);
  }
}
