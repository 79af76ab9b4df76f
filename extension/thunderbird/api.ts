/**
 * Thunderbird's API as this add-on uses it. The polyfill gives the parts that all browsers share, Thunderbird adds its
 * own to the same object; what the published types do not know yet (they stop at 127) is typed here.
 */
import polyfill, { type Runtime } from 'webextension-polyfill';

type Messenger = typeof messenger;
export type ComposeDetails = messenger.compose.ComposeDetails & {
  readonly selectedEncryptionTechnology?: { readonly encryptBody?: boolean; readonly signMessage?: boolean };
  readonly attachPublicPGPKey?: boolean;
};
/** Who asks; of a document in a tab, which one. */
export type Sender = Runtime.MessageSender & { readonly documentId?: string };
export type MessageHeader = messenger.messages.MessageHeader;
export type Tab = messenger.tabs.Tab;
/** Manifest V3 gives a list in pages, of which the first is enough to know whether there is one message or several. */
export type Displayed = readonly MessageHeader[] | { readonly messages: readonly MessageHeader[] };

export type BeforeSendAnswer = { readonly cancel: true } | { readonly details: ComposeDetails } | undefined;

export interface SendInfo {
  readonly mode?: string | undefined;
  /** Null where the server refused the mail. */
  readonly headerMessageId?: string | null | undefined;
  /** Only where the mail never came as far as a server. */
  readonly error?: string | undefined;
}

/** What was stored; of the window's content as it was stored, older versions tell nothing. */
export interface SaveInfo {
  readonly mode: string;
  readonly messages: readonly MessageHeader[];
  readonly error?: string | undefined;
  readonly details?: ComposeDetails;
}

interface MessagePage {
  /** Of the list that goes on; null, or not there, where this is its end. */
  readonly id?: string | null;
  readonly messages: readonly MessageHeader[];
}

interface ThunderbirdParts {
  readonly runtime: { getBrowserInfo(): Promise<{ readonly name: string; readonly version: string }> };
  readonly accounts: Messenger['accounts'];
  /** Sender addresses. An account's first is told as one that was created too. */
  readonly identities: {
    readonly onCreated: WebExtEvent<(id: string, identity: { readonly email?: string }) => void>;
    readonly onUpdated: WebExtEvent<(id: string, changed: { readonly email?: string }) => void>;
  };
  /** The tab in front, for an event that the published types give none to. */
  readonly commands: { readonly onCommand: WebExtEvent<(name: string, tab: Tab) => void> };
  readonly compose: Omit<Messenger['compose'], 'onBeforeSend' | 'onAfterSend' | 'onAfterSave'> & {
    readonly onBeforeSend: WebExtEvent<(tab: Tab, details: ComposeDetails) => Promise<BeforeSendAnswer>>;
    readonly onAfterSend: WebExtEvent<(tab: Tab, info: SendInfo) => void>;
    readonly onAfterSave: WebExtEvent<(tab: Tab, info: SaveInfo) => void>;
  };
  readonly composeAction: Messenger['composeAction'];
  readonly messageDisplayAction: Messenger['messageDisplayAction'];
  readonly spaces: {
    query(which: { readonly isSelfOwned: true; readonly name: string }): Promise<readonly { readonly id: number }[]>;
    create(name: string, tab: { readonly url: string }, button: { readonly title: string; readonly defaultIcons: string }): Promise<unknown>;
    remove(id: number): Promise<void>;
  };
  readonly messages: {
    readonly onDeleted: WebExtEvent<(deleted: { readonly messages: readonly MessageHeader[] }) => void>;
    get(id: number): Promise<MessageHeader>;
    listAttachments(id: number): Promise<readonly { readonly name: string; readonly partName: string; readonly contentType: string }[]>;
    getAttachmentFile(id: number, partName: string): Promise<File>;
    import(mail: File, folderId: string, properties: { readonly read: boolean }): Promise<MessageHeader>;
    delete(ids: readonly number[], options: { readonly deletePermanently: true }): Promise<void>;
    readonly onUpdated: WebExtEvent<(message: MessageHeader, changed: { readonly tags?: readonly string[] }) => void>;
    readonly onNewMailReceived: WebExtEvent<(folder: unknown, list: { readonly messages: readonly MessageHeader[] }) => void>;
    query(what: { readonly headerMessageId: string } | { readonly folderId: string; readonly fromDate?: Date } | { readonly tags: { readonly mode: 'any'; readonly tags: Readonly<Record<string, true>> } }): Promise<MessagePage>;
    continueList(listId: string): Promise<MessagePage>;
    update(id: number, properties: { readonly tags: readonly string[] }): Promise<void>;
    /** With the permission for tags alone. */
    readonly tags: {
      create(key: string, tag: string, color: string): Promise<unknown>;
      update(key: string, properties: { readonly tag: string; readonly color: string }): Promise<void>;
      delete(key: string): Promise<void>;
    };
    getRaw(id: number, options: { readonly data_format: 'File' }): Promise<File> };
  readonly folders: {
    query(which: { readonly accountId?: string; readonly specialUse: readonly ['drafts' | 'outbox'] }): Promise<readonly { readonly id: string }[]>;
  };
  readonly messageDisplay: {
    open(what: { readonly messageId: number; readonly location: 'tab' }): Promise<unknown>;
    getDisplayedMessages(tabId: number): Promise<Displayed>;
    readonly onMessagesDisplayed: WebExtEvent<(tab: Tab, displayed: Displayed) => void>;
  };
  readonly scripting: {
    readonly compose: {
      getRegisteredScripts(): Promise<readonly { readonly id: string }[]>;
      registerScripts(scripts: readonly { readonly id: string; readonly js: readonly string[]; readonly runAt: 'document_start' }[]): Promise<void>;
    };
    readonly messageDisplay: {
      getRegisteredScripts(): Promise<readonly { readonly id: string }[]>;
      registerScripts(scripts: readonly { readonly id: string; readonly js: readonly string[]; readonly css: readonly string[]; readonly runAt: 'document_start' }[]): Promise<void>;
    };
  };
  readonly windows: { openDefaultBrowser(url: string): Promise<void> };
}

/** What every WebExtension has. */
export const browserApi = polyfill;
/** What only Thunderbird has. */
export const thunderbirdApi = polyfill as unknown as ThunderbirdParts;
