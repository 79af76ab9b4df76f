/** The icons stand on Thunderbird's own toolbars, light or dark, which an icon of one colour does not know. */
import { readdirSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

/** Thunderbird's toolbars, the spaces' included: white to gray 10, gray 80 to gray 90 of its palette. */
const GROUNDS = ['#ffffff', '#fafafa', '#f4f4f5', '#27272a', '#18181b'];
/** For what is no text (WCAG 2.2, 1.4.11). */
const LEAST = 3;

/** WCAG 2.2's relative luminance, 0 to 1. */
function luminance(colour: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16) / 255).map((one) => (one <= 0.04045 ? one / 12.92 : ((one + 0.055) / 1.055) ** 2.4));
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(one: string, other: string): number {
  const [dark = 0, light = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
}

it('measures contrast as the standard does', () => {
  expect([contrast('#000000', '#ffffff'), contrast('#777777', '#ffffff').toFixed(2)]).toEqual([21, '4.48']);
});

it.each(readdirSync('extension/icons'))('%s can be told from a light toolbar and from a dark one', (name) => {
  const colours = [...readFileSync(`extension/icons/${name}`, 'utf8').matchAll(/(?:stroke|fill)="(#[0-9a-f]{6})"/g)].map(([, colour = '']) => colour);
  expect(colours).not.toEqual([]);
  for (const colour of new Set(colours)) for (const ground of GROUNDS) expect(contrast(colour, ground), `${colour} on ${ground}`).toBeGreaterThanOrEqual(LEAST);
});
