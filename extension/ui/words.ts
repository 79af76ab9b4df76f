/** Sentences for people: templates of the locale with names in them. `**…**` is emphasised, `{name}` is filled in. */
import { shownText } from '../../src/mail/shown-text.ts';
import type messages from '../locales/en/messages.json';

export type MessageKey = keyof typeof messages;
export type Values = Readonly<Record<string, string | number>>;

/** A run of text; the strong ones are names. */
export interface Piece {
  readonly text: string;
  readonly strong: boolean;
}

export interface Words {
  readonly language: 'ja' | 'en';
  text(key: MessageKey, values?: Values): string;
  pieces(key: MessageKey, values?: Values): readonly Piece[];
  /** Whether a key made at run time has a sentence. */
  has(key: string): key is MessageKey;
  /** Date and time, short. */
  moment(date: Date): string;
  /** Date alone. */
  day(date: Date): string;
  /** From one moment, or day, to another. */
  span(from: Date, to: Date | undefined, withTime: boolean): string;
  /** 5242880 → 5.0 MB */
  size(bytes: number): string;
  /** Names joined as the language does. */
  list(items: readonly string[]): string;
  /** A name and what it has, with the language's colon. */
  pair(name: string, value: string): string;
  /** Sentences one after the other. */
  sentences(all: readonly string[]): string;
}

/** `template` gives the locale's text for a key, or an empty string. */
export function createWords(language: 'ja' | 'en', template: (key: string) => string): Words {
  const pieces = (key: MessageKey, values: Values = {}): Piece[] =>
    // Emphasis is found before values are filled in: a value can hold anything.
    template(key).split('**').map((part, i) => ({ text: fill(part, values), strong: i % 2 === 1 })).filter(({ text }) => text !== '');
  const number = new Intl.NumberFormat(language, { minimumFractionDigits: 1, maximumFractionDigits: 1 });
  return {
    language,
    pieces,
    text: (key, values) => pieces(key, values).map(({ text }) => text).join(''),
    has: (key): key is MessageKey => template(key) !== '',
    moment: (date) => new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeStyle: 'short' }).format(date),
    day: (date) => new Intl.DateTimeFormat(language, { dateStyle: 'long' }).format(date),
    span(from, to, withTime) {
      const day = new Intl.DateTimeFormat(language, { dateStyle: 'full' });
      const time = new Intl.DateTimeFormat(language, { timeStyle: 'short' });
      const whole = (date: Date): string => (withTime ? `${day.format(date)} ${time.format(date)}` : day.format(date));
      if (to === undefined) return whole(from);
      // A range of Intl's own writes dates in another form than dates alone.
      const end = day.format(from) === day.format(to) ? time.format(to) : whole(to);
      return language === 'ja' ? `${whole(from)}～${end}` : `${whole(from)} – ${end}`;
    },
    size(bytes) {
      // As Thunderbird writes the same file's size beside it: by 1,024, with one decimal.
      if (bytes < 1000) return fill(template('size_bytes'), { size: bytes });
      const [size, unit] = bytes < 1000 * 1024 ? [bytes / 1024, 'KB'] : [bytes / 1024 ** 2, 'MB'];
      return `${number.format(size)} ${unit}`;
    },
    list: (items) => items.map(shownText).join(language === 'ja' ? '、' : ', '),
    pair: (name, value) => `${name}${language === 'ja' ? '：' : ': '}${value}`,
    sentences: (all) => all.join(language === 'ja' ? '' : ' '),
  };
}

/** Values are what somebody else may have written. */
function fill(template: string, values: Values): string {
  return template.replace(/\{(\w+)\}/g, (whole, name: string) => (values[name] === undefined ? whole : shownText(String(values[name]))));
}
