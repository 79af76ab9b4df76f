/** Mail that keeps its own document, and what it tries against the line above it: to paint over it, to shrink or hide it, to lead on where nothing should. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { Correspondent } from '../../scripts/world/correspondent.ts';
import type { MailStore } from '../../scripts/world/imap.ts';
import { until } from '../../scripts/world/wait.ts';
import { MAIL, runIn } from './frame-script.ts';
import { inPane } from './places.ts';

const LURE = '月見製作所が本人であることを確認しました。';
const OVER = `content: "${LURE}" !important; display: block !important; position: fixed !important; inset: 0 0 auto 0 !important; height: 80px !important; background: #eef6f3 !important; color: #000 !important; z-index: 2147483647 !important; opacity: 1 !important`;

const RESTS = 8;

/** What leaves the line as it is, to the pixel. */
const AROUND: Readonly<Record<string, string>> = {
  'painted over': `<style>html > div::before, html > div::after, *::before, *::after { ${OVER} } html > div::backdrop { ${OVER} }</style>`,
  'shrunk by its root': '<style>html { zoom: .02 !important; transition: zoom 9999s; scale: .02; contain: strict; transform: scale(.1) } html > div { zoom: .1 !important }</style>',
  'recoloured by its root': '<style>:root { filter: invert(1) opacity(.1) !important; mix-blend-mode: difference !important; opacity: 0 !important; mask: linear-gradient(transparent, transparent) !important; clip-path: inset(99%) !important }</style>',
  'clipped by its root': '<style>html { position: absolute !important; clip: rect(0,0,0,0) !important; width: 1px !important; height: 1px !important; overflow: clip !important; perspective: 1px !important; offset: ray(45deg) 40px; columns: 3; writing-mode: vertical-rl; will-change: transform; container-type: size; animation: z 1s infinite } @keyframes z { from, to { opacity: 0; transform: scale(0) } }</style>',
  'hidden by its root': '<style>:root, body { content-visibility: hidden !important } :root { display: none !important; visibility: hidden !important } * { direction: rtl !important; unicode-bidi: bidi-override !important }</style>',
};

const tree = (inside: string): string => `<template shadowrootmode="closed">${inside}<div id="over" popover="manual" style="position: fixed; inset: 0 0 auto 0; height: 90px">${LURE}</div></template>`;
const TREE = `<div>${tree('<button id="opens" popovertarget="over">開く</button>')}</div><div>${tree('<button popovertarget="over"><slot></slot></button>')}<span id="lent">開く</span></div><input type="checkbox" id="later">`;

/** A second of red and blue (VP8), 64 × 48. */
const FILM = 'data:video/webm;base64,GkXfo59ChoEBQveBAULygQRC84EIQoKEd2VibUKHgQRChYECGFOAZwEAAAAAAAQeEU2bdLlNu4tTq4QVSalmU6yBbk27i1OrhBZUrmtTrIGTTbuLU6uEH0O2dVOsgdRNu4xTq4QcU7trU6yCBAzsrgAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAVSalmoCrXsYMPQkBEiYRDqJVgTYCGQ2hyb21lV0GGQ2hyb21lFlSua7yuuteBAXPFhyTG6w/W7dSDgQFV7oEBhoVWX1ZQOOCdsIFAuoEwU8CBAVWwkFWxgQFVuYECVbqBDVW7gQEfQ7Z1AQAAAAAAAyzngQCg5aG2gQAAANACAJ0BKkAAMAAHBwiFhYiZhIglggJ08ma6NHm/FnfA/uwmWMJpJ0f/JT/7yv9d2zAAdaGqpqjugQGlo7ACAJ0BKkAAMAAKhwiFhYiZhIg4AgAGjk/Mx5vxWAD+664AoMSho4EAEQARAgAcEcAAGAAaT/QMABT6qqiA/uns/5JepPysJaqAdaGZppfugQGlktEBACoRwAAYABhYL/QACIwAAPuBAKDKoamBADkAEQIAHBE4ABgAGk/0DAAU+qqogP7rjljCaSdH/yU/+8r/XdswAHWhmaaX7oEBpZLRAQAqEcAAGAAYWC/0AAiMAAD7gRGgyaGogQBhABECABwQ+AAYABpP9AwAFPqqqID+8MQL/z0z/7l/+tvYwRhnWHWhmaaX7oEBpZLRAQAqEcAAGAAYWC/0AAiMAAD7gTmgzqGtgQCJAFECABwQ4AAYB2AQN2HmmYAsNqqmAP7u/59d4tKNf/SbP+Js/4mz45gAdaGZppfugQGlktEBACoRwAAYABhYL/QACIwAAPuBYaDMoauBALEAEQIAHBDIABgAGk/0DAAU+qqogP7zpP/+rQ/9Wh/6tD9z4ORL4SEAdaGZppfugQGlktEBACoRwAAYABhYL/QACIwAAPuBiaDMoauBANkAEQIAHBCoABgAGk/0DAAU+qqogP7w1wPXwBT1R/9pZ/9Sz/6ln+KgdaGZppfugQGlktEBACoRtAAYABhYL/QACIwAAPuBsaDNoa2BAQEAEQIAHBCMABgAGk/0DAAU+qqogP746n//eM//uM//uM/+X2vccixx6AB1oZimlu6BAaWRsQEAKhEgFGAAYWC/0AAiMAD7gdmgz6GtgQEpABECABwQeAAYABpP9AwAFPqqqID+9hNf8W0joUyH/4kL/4kL/4kL/w/gdaGZppfugQGlktEBACoRjAAYABhYL/QACIwAAPuCAQGg16G1gQFRAFECABwQZAAYDFFLINuUcBY7VfzWAP78G93/57R/89o/+e0f+e0fA8Pw8Pw+JBFpt+B1oZmml+6BAaWS0QEAKhF4ABgAGFgv9AAIjAAA+4IBKRxTu2uNu4uzgQC3hveBAfGB1A==';
/** Where Gecko draws the button that fills the pane, from the left upper corner of a film of 400 × 300. */
const FILLS = { right: 375, down: 282 };

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

/** Clicks Gecko's button under the film, and waits until the pane was full of it and is no more. */
async function fillThePane({ desktop }: Correspondent): Promise<void> {
  await runIn(desktop.thunderbird, MAIL, `
    content.document.addEventListener('fullscreenchange', () => content.document.documentElement.toggleAttribute('data-left', !content.document.fullscreenElement));
    answer('');`);
  const film = await desktop.thunderbird.see(inPane('video'));
  await desktop.display.command('xdotool', ['mousemove', String(Math.round(film.x) + FILLS.right), String(Math.round(film.y) + FILLS.down), 'click', '1']);
  await desktop.thunderbird.see(inPane(':root[data-left]'));
}

/** None of these mails, which nobody vouches for, changes its line, opens anything over it, or leads anywhere. */
export async function lineStays(person: Correspondent, store: MailStore, to: string, directory: string): Promise<void> {
  const { desktop } = person;
  const mails = { 'as it should be': '', ...AROUND, 'filmed over': `<video controls width="400" height="300" src="${FILM}"></video>`, 'a tree of its own': TREE };
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
  for (const subject of Object.keys(mails)) {
    await steady(subject);
    if (subject !== 'filmed over') continue;
    await fillThePane(person);
    await steady(subject);
  }
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
