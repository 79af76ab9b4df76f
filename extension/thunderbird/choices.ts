/**
 * What the member chose for the mail in each compose window. Kept in memory, beside the event page: that may be ended and
 * start again while somebody writes, and a hidden subject must not come out by that; kept until Thunderbird ends, as what was saved
 * is heard of when its window is gone.
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
};
