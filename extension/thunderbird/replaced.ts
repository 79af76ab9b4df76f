/** The stored mail (a draft, a mail in the outbox) that each compose window replaces when it is saved or sent. Beside the event page, which may start again. */
import { browserApi, thunderbirdApi } from './api.ts';
import { logFault } from './log.ts';

const nameOf = (tabId: number): string => `replaces-${tabId}`;

export const replaced = {
  async by(tabId: number): Promise<number | undefined> {
    return (await browserApi.storage.session.get(nameOf(tabId)))[nameOf(tabId)] as number | undefined;
  },
  put: (tabId: number, messageId: number): Promise<void> => browserApi.storage.session.set({ [nameOf(tabId)]: messageId }),
  forget: (tabId: number): Promise<void> => browserApi.storage.session.remove(nameOf(tabId)),
};

/** Removes a mail for good. Whoever was quicker, Thunderbird or another computer: gone is gone. */
export async function remove(id: number): Promise<void> {
  await thunderbirdApi.messages.delete([id], { deletePermanently: true }).catch(logFault);
}
