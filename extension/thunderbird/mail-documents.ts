/**
 * Which mail a document in a message pane is of. What a tab says it shows is what is selected in its list, and that moves on before its
 * document does: a script left in the old one would be told of the next mail.
 */
import { browserApi, type MessageHeader, thunderbirdApi } from './api.ts';
import { only } from './one-message.ts';

/** Longer than Thunderbird waits between a selection by the keyboard and showing what is selected (50); milliseconds. */
const SELECTION_SETTLED = 150;

interface Bound {
  readonly documentId: string;
  readonly messageId: number;
}

/** Beside the event page: one that starts again while a mail is on the screen may be asked first when the next is selected. */
const nameOf = (tabId: number): string => `document-${tabId}`;

export class MailDocuments {
  /** By tab: a tab has one such document at a time. As it was last read or written. */
  readonly #bound = new Map<number, Bound>();

  /**
   * The message whose document this is (`documentId` as runtime.MessageSender has it), if the tab still shows it; undefined where that is not
   * certain. Once known it stays: a document shows one mail for as long as it is there.
   */
  async messageOf(tabId: number, documentId: string | undefined): Promise<MessageHeader | undefined> {
    await this.#recall(tabId);
    const message = await messageIn(tabId);
    if (message === undefined || !this.#mayBe(tabId, documentId, message.id)) return undefined;
    if (documentId !== undefined && this.#bound.get(tabId)?.documentId === documentId) return message;
    // What was selected before this is on the screen after it, or another look waits until it is: then the old document is gone.
    await new Promise((resolve) => setTimeout(resolve, SELECTION_SETTLED));
    if ((await messageIn(tabId))?.id !== message.id || !this.#mayBe(tabId, documentId, message.id)) return undefined;
    if (documentId !== undefined) {
      const bound: Bound = { documentId, messageId: message.id };
      this.#bound.set(tabId, bound);
      await browserApi.storage.session.set({ [nameOf(tabId)]: bound });
    }
    return message;
  }

  /** For tabs.onRemoved. */
  async closed(tabId: number): Promise<void> {
    this.#bound.delete(tabId);
    await browserApi.storage.session.remove(nameOf(tabId));
  }

  async #recall(tabId: number): Promise<void> {
    const name = nameOf(tabId);
    const kept = (await browserApi.storage.session.get(name))[name] as Bound | undefined;
    if (kept !== undefined && !this.#bound.has(tabId)) this.#bound.set(tabId, kept);
  }

  #mayBe(tabId: number, documentId: string | undefined, messageId: number): boolean {
    const bound = this.#bound.get(tabId);
    return bound === undefined || bound.documentId !== documentId || bound.messageId === messageId;
  }
}

async function messageIn(tabId: number): Promise<MessageHeader | undefined> {
  return only(await thunderbirdApi.messageDisplay.getDisplayedMessages(tabId));
}
