/**
 * What the member chose for the mail in each compose window. Kept in memory, beside the event page: that may be ended and
 * start again while somebody writes, and a hidden subject must not come out by that.
 */
import type { Choice } from '../member/plan.ts';
import { browserApi } from './api.ts';

const nameOf = (tabId: number): string => `choice-${tabId}`;

export const choices = {
  async of(tabId: number): Promise<Choice> {
    const name = nameOf(tabId);
    return (await browserApi.storage.session.get(name))[name] as Choice | undefined ?? {};
  },
  /** What is left out stays as it is. */
  async choose(tabId: number, choice: Choice): Promise<void> {
    await browserApi.storage.session.set({ [nameOf(tabId)]: { ...await choices.of(tabId), ...choice } });
  },
  async forget(tabId: number): Promise<void> {
    await browserApi.storage.session.remove(nameOf(tabId));
  },
};
