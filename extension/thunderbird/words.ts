/** The words of Thunderbird's own language. */
import { createWords, type Words } from '../ui/words.ts';
import { browserApi } from './api.ts';

export const words: Words = createWords(
  /^ja\b/.test(browserApi.i18n.getUILanguage()) ? 'ja' : 'en',
  (key) => browserApi.i18n.getMessage(key),
);
