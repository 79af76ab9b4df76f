/**
 * Compose windows that hold what was opened from a sealed mail, by tab, with the address whose key sealed it or opened it: it leaves this
 * computer sealed again, or not at all. Beside the event page, which may be ended while somebody writes;
 * kept until Thunderbird ends, as what was saved is heard of when its window is gone.
 */
import { browserApi } from './api.ts';

const nameOf = (tabId: number): string => `opened-${tabId}`;

export const openedContent = {
  /** The address as which what is in this window can be sealed again; undefined where nothing opened is in it. */
  async of(tabId: number): Promise<string | undefined> {
    const name = nameOf(tabId);
    return (await browserApi.storage.session.get(name))[name] as string | undefined;
  },
  async mark(tabId: number, address: string): Promise<void> {
    await browserApi.storage.session.set({ [nameOf(tabId)]: address });
  },
};
