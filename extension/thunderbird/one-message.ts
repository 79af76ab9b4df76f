/** What a tab shows, where that is one message. */
import type { Displayed, MessageHeader } from './api.ts';

/** The message, if there is exactly one. */
export function only(displayed: Displayed): MessageHeader | undefined {
  const list = 'messages' in displayed ? displayed.messages : displayed;
  return list.length === 1 ? list[0] : undefined;
}
