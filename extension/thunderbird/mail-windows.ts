/**
 * What the shortcut opens: the page of the button, in a window of its own, since a popup on a button takes no keys. Such a window
 * is about one mail and goes with it: nothing may be done there to a mail that it does not speak of.
 */
import { browserApi, type Tab, thunderbirdApi } from './api.ts';
import { only } from './one-message.ts';

interface Opened {
  readonly windowId: number;
  /** Of the mail that is read; undefined for one that is written. */
  readonly messageId: number | undefined;
}

/** Beside the event page, which may be ended while the window is open. */
const nameOf = (tabId: number): string => `window-${tabId}`;

export class MailWindows {
  /** One after the other: a key pressed twice opens one window. */
  #last: Promise<unknown> = Promise.resolve();

  /** For commands.onCommand: about the mail in the tab in front. */
  async open(tab: Tab): Promise<void> {
    return this.#inTurn(async () => {
      if (tab.id === undefined || tab.windowId === undefined || (await browserApi.windows.get(tab.windowId)).type === 'popup') return; // such a window itself
      const before = await openedFor(tab.id);
      if (before !== undefined && await focus(before.windowId)) return;
      const written = tab.type === 'messageCompose';
      const messageId = written ? undefined : await messageIn(tab.id);
      const page = browserApi.runtime.getURL(written ? 'composing.html' : 'details.html');
      const { id: windowId = -1 } = await browserApi.windows.create({ type: 'popup', url: `${page}?tab=${tab.id}`, width: 540, height: 640 });
      await browserApi.storage.session.set({ [nameOf(tab.id)]: { windowId, messageId } satisfies Opened });
    });
  }

  /** For messageDisplay.onMessagesDisplayed: the window of the mail before goes. */
  async displayed(tabId: number): Promise<void> {
    return this.#inTurn(async () => {
      const opened = await openedFor(tabId);
      if (opened !== undefined && opened.messageId !== await messageIn(tabId)) await close(tabId, opened);
    });
  }

  /** For tabs.onRemoved. */
  async closed(tabId: number): Promise<void> {
    return this.#inTurn(async () => {
      const opened = await openedFor(tabId);
      if (opened !== undefined) await close(tabId, opened);
    });
  }

  async #inTurn(work: () => Promise<void>): Promise<void> {
    const done = this.#last.then(work);
    this.#last = done.catch(() => undefined); // told to whoever asked for it
    return done;
  }
}

/** The one message that a tab shows; undefined where there is none, such as on a page of an add-on. */
async function messageIn(tabId: number): Promise<number | undefined> {
  return thunderbirdApi.messageDisplay.getDisplayedMessages(tabId).then((displayed) => only(displayed)?.id, () => undefined);
}

async function openedFor(tabId: number): Promise<Opened | undefined> {
  return (await browserApi.storage.session.get(nameOf(tabId)))[nameOf(tabId)] as Opened | undefined;
}

/** False where the window is no more. */
async function focus(windowId: number): Promise<boolean> {
  return browserApi.windows.update(windowId, { focused: true }).then(() => true, () => false);
}

async function close(tabId: number, { windowId }: Opened): Promise<void> {
  await browserApi.storage.session.remove(nameOf(tabId));
  await browserApi.windows.remove(windowId).catch(() => undefined); // closed by the member
}
