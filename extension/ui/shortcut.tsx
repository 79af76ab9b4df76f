/** At the end of what is said about one mail: which keys open it, or close its window. */
import type { VNode } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { ShortcutHost } from '../host.ts';
import type { Words } from './words.ts';

export function Shortcut({ host, words }: { readonly host: ShortcutHost; readonly words: Words }): VNode | null {
  const [keys, setKeys] = useState<string>();
  useEffect(() => void host.shortcut().then(setKeys, () => undefined), []);
  if (host.ownWindow) return <p class="faint">{words.text('shortcut_close')}</p>;
  return keys === undefined ? null : <p class="faint">{words.text('shortcut_open', { keys })}</p>;
}
