import { browserApi } from './api.ts';

/**
 * Opens a page in the main window, which comes to the front where another window asked for it. One that is open is brought to the
 * front instead: what was typed there stays, and there are no two of it.
 */
export async function openTab(page: 'enrolment.html' | 'options.html' | 'search.html'): Promise<void> {
  const url = browserApi.runtime.getURL(page);
  // Thunderbird tells the addresses of the add-on's own pages alone, and takes none to look for without a permission for all.
  const open = (await browserApi.tabs.query({})).find((tab) => tab.url === url);
  const { windowId } = open?.id === undefined ? await browserApi.tabs.create({ url }) : await browserApi.tabs.update(open.id, { active: true });
  if (windowId !== undefined) await browserApi.windows.update(windowId, { focused: true });
}
