/** Compose windows that answer, or pass on, a mail with a problem, by tab. Beside the event page, which may be ended while somebody writes. */
import { browserApi } from './api.ts';

const nameOf = (tabId: number): string => `doubtful-${tabId}`;

export const doubtful = {
  async of(tabId: number): Promise<'reply' | 'forward' | undefined> {
    const name = nameOf(tabId);
    return (await browserApi.storage.session.get(name))[name] as 'reply' | 'forward' | undefined;
  },
  async mark(tabId: number, as: 'reply' | 'forward'): Promise<void> {
    await browserApi.storage.session.set({ [nameOf(tabId)]: as });
  },
  async forget(tabId: number): Promise<void> {
    await browserApi.storage.session.remove(nameOf(tabId));
  },
};
