/** Words of the locales as they stand in the sources. */
import { readFileSync } from 'node:fs';
import { createWords, type Words } from '../../extension/ui/words.ts';

export type Messages = Readonly<Record<string, { readonly message: string }>>;

export function messagesOf(language: 'ja' | 'en'): Messages {
  return JSON.parse(readFileSync(`extension/locales/${language}/messages.json`, 'utf8')) as Messages;
}

export function wordsOf(language: 'ja' | 'en'): Words {
  const messages = messagesOf(language);
  return createWords(language, (key) => messages[key]?.message ?? '');
}
