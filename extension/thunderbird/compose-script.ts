/**
 * Runs in the text of every compose window. Thunderbird's own Ctrl+S would store the text in clear before any add-on hears of
 * it; pressed in the text, the key comes here first. One file without imports: Thunderbird loads it as a classic script.
 */
import type { Request } from './protocol.ts';

declare const browser: { readonly runtime: { sendMessage(request: Request): Promise<unknown> } };

/** Whether drafts of this account are sealed; until it is known, they are taken to be. */
let sealed = true;

/** The account is chosen above the text: when the cursor comes back, it may be another. */
function ask(): void {
  browser.runtime.sendMessage({ kind: 'seals-drafts' }).then((answer) => { sealed = answer !== false; }, () => undefined);
}

window.addEventListener('focus', ask, true);
ask();

window.addEventListener('keydown', (event) => {
  // With a layout that has no Latin letters (kana, Cyrillic) Thunderbird goes by the key's place, and so does this.
  const letter = /^[\x20-\x7e]$/.test(event.key) ? event.key.toLowerCase() : event.code === 'KeyS' ? 's' : '';
  const save = (event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey && letter === 's';
  if (!save || !sealed || !event.isTrusted) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  void browser.runtime.sendMessage({ kind: 'save-draft' });
}, true);
