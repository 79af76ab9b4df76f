/**
 * Names and subjects as somebody else wrote them, on a screen of ours: they may say anything, but not turn the words beside
 * them around, hide, or pass for an address or for a line of their own (Unicode UAX #9, UTS #39 §5).
 */
import type { Mailbox } from './address.ts';

/** What shows nothing, or steers what is shown: control and format characters, private use, letters that are blank. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}]|\u034f|[\u115f\u1160]|[\u17b4\u17b5]|[\u180b-\u180f]|[\u2800\u3164\uffa0]/u;
const EVERY_UNSEEN = new RegExp(UNSEEN, 'gu');
const BREAKS = /[\p{Cc}\p{Zl}\p{Zp}]+/gu;
/** Joins pictures to one, as of a family. */
const JOINED = /(?<=[\p{Extended_Pictographic}\ufe0f]\p{Emoji_Modifier}?)\u200d(?=\p{Extended_Pictographic})/gu;
/** Marks on one letter, beyond which they only cover other lines. */
const TOO_MANY_MARKS = /(\p{M}{4})\p{M}+/gu;
/** Blanks that push what follows out of sight. */
const LONG_GAP = /[\p{Zs}]{3,}/gu;
const RIGHT_TO_LEFT = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\u{10800}-\u{10fff}\u{1e800}-\u{1efff}]/u;
/** What was made by {@link shownText}: nothing in it reaches out of it. */
const ISOLATED = /(\u2068[^\u2066-\u2069]*\u2069)/;

/**
 * A text as it may stand in a sentence or a row: one line; writing from right to left keeps to itself. Twice is as once.
 */
export function shownText(text: string): string {
  // Splitting by a group puts what it matched at the odd places.
  return text.split(ISOLATED).map((part, i) => (i % 2 === 1 ? isolate(visibleText(part.slice(1, -1))) : isolate(visibleText(part)))).join('');
}

/** As {@link shownText}, for a text that may have lines. */
export function shownLines(text: string): string {
  return text.split(/\r\n|[\r\n]/).map(shownText).join('\n');
}

/** What somebody calls himself; empty where there is nothing to see, or what could be taken for his address. */
export function shownName(displayName: string): string {
  const name = shownText(displayName).trim();
  return /[@<>]/.test(name.normalize('NFKC')) ? '' : name;
}

/** Somebody as rows name him: his address, and before it his name. */
export function shownMailbox({ displayName, address }: Mailbox): string {
  const name = shownName(displayName);
  return name === '' ? address : `${name} <${address}>`;
}

/** For a terminal, and for files that people read: whatever could steer it is marked. */
export function printable(text: string): string {
  return text.replace(EVERY_UNSEEN, '\u{fffd}');
}

/** What of a text shows, in one line; writing from right to left may still reach what stands beside it. */
export function visibleText(text: string): string {
  if (!UNSEEN.test(text) && !/\p{M}{5}|\p{Zs}{3}/u.test(text)) return text;
  const joined = text.replace(BREAKS, ' ').split(JOINED).map((part) => part.replace(EVERY_UNSEEN, '')).join('\u200d');
  return joined.replace(TOO_MANY_MARKS, '$1').replace(LONG_GAP, ' ');
}

function isolate(text: string): string {
  return RIGHT_TO_LEFT.test(text) ? `\u2068${text}\u2069` : text;
}
