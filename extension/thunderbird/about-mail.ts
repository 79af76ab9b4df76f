/** For pages about one mail: in the popup on a button, or in the window that the shortcut opened (mail-windows.ts). */
import type { ShortcutHost } from '../host.ts';
import { browserApi } from './api.ts';
import { closePage } from './page.tsx';
import { shortcutNow } from './shortcut.ts';

const named = new URLSearchParams(location.search).get('tab');
const ownWindow = named !== null;

/** Of the mail that the page is about; -1 where there is none. */
export async function tabOfMail(): Promise<number> {
  if (ownWindow) return Number(named);
  const [tab] = await browserApi.tabs.query({ active: true, currentWindow: true });
  return tab?.id ?? -1;
}

/** Closes the popup or the window. */
export function leave(): void {
  if (ownWindow) closePage();
  else window.close();
}

/** Closes it, and gives the keyboard back to the window of the mail. */
export async function goBack(): Promise<void> {
  const { windowId } = await browserApi.tabs.get(await tabOfMail());
  if (ownWindow && windowId !== undefined) await browserApi.windows.update(windowId, { focused: true });
  leave();
}

export const shortcutHost: ShortcutHost = {
  ownWindow,
  shortcut: shortcutNow,
};

if (ownWindow) {
  document.addEventListener('keydown', ({ key, isComposing }) => {
    if (key === 'Escape' && !isComposing) void goBack().catch(leave);
  });
}
