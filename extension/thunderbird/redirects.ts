/**
 * Windows that redirect a mail and were looked at as they opened (redirecting.ts), by tab: in any other, the text of another stands as if the
 * member had written it. Beside the event page, which may be ended while somebody writes.
 */
import { browserApi } from './api.ts';

const nameOf = (tabId: number): string => `redirect-${tabId}`;

export const redirects = {
  /** Whether it is said in this window whose mail it redirects. */
  async looked(tabId: number): Promise<boolean> {
    const name = nameOf(tabId);
    return (await browserApi.storage.session.get(name))[name] === true;
  },
  async mark(tabId: number): Promise<void> {
    await browserApi.storage.session.set({ [nameOf(tabId)]: true });
  },
  async forget(tabId: number): Promise<void> {
    await browserApi.storage.session.remove(nameOf(tabId));
  },
};
