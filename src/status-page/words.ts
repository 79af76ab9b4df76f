/** Sentences of the page in the reader's language. */
import { en } from './locales/en.ts';
import { ja } from './locales/ja.ts';
import type { Key } from './texts.ts';

export const LANGUAGES = ['ja', 'en'] as const;
export type Language = (typeof LANGUAGES)[number];

export interface Words {
  readonly language: Language;
  text(key: Key, values?: Readonly<Record<string, string | number>>): string;
  /** For a name that a server made: `fallback` if there is no text of that key. */
  named(key: string, fallback: string): string;
  reason(code: string): string;
  number(value: number): string;
  /** Date and time, milliseconds since 1970. */
  moment(at: number): string;
  /** Time of day with seconds. */
  clock(at: number): string;
  hour(at: number): string;
  day(at: number): string;
  /** Bytes. */
  size(bytes: number): string;
  list(items: readonly string[]): string;
}

export function createWords(language: Language): Words {
  const texts = language === 'ja' ? ja : en;
  const number = new Intl.NumberFormat(language);
  const format = (options: Intl.DateTimeFormatOptions) => {
    const formatter = new Intl.DateTimeFormat(language, options);
    return (at: number): string => formatter.format(at);
  };
  const all: Readonly<Record<string, unknown>> = texts;
  return {
    language,
    text: (key, values = {}) => texts[key].replace(/\{(\w+)\}/g, (whole, name: string) => {
      const value = values[name];
      return typeof value === 'number' ? number.format(value) : value ?? whole;
    }),
    named: (key, fallback) => (typeof all[key] === 'string' ? all[key] : fallback),
    reason: (code) => (Object.hasOwn(texts.reasons, code) ? texts.reasons[code] : undefined) ?? texts.otherReason,
    number: (value) => number.format(value),
    moment: format({ month: 'short', day: 'numeric', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }),
    clock: format({ hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' }),
    hour: format({ hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }),
    day: format({ year: 'numeric', month: 'short', day: 'numeric' }),
    size: (bytes) => `${number.format(Math.round(bytes / 1_000_000))} MB`,
    list: (items) => items.join(language === 'ja' ? '、' : ', '),
  };
}
