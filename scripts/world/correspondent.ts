/** What somebody does with mail at the screen (desktop.ts): writes, sends, reads, answers, saves. */
import type { Place, Seen } from './chrome-side.ts';
import { pages, type Desktop, type Dialog } from './desktop.ts';
import { until } from './wait.ts';

/** A mail as its author types it. */
export interface Draft {
  readonly to?: readonly string[];
  readonly cc?: readonly string[];
  readonly bcc?: readonly string[];
  readonly subject?: string;
  /** Paragraphs, typed one after the other; a paragraph in stars (`*so*`) is typed bold, which makes the mail HTML. */
  readonly body?: readonly string[];
  /** PNG files' content, pasted after the body. */
  readonly images?: readonly Uint8Array[];
  /** Absolute paths. */
  readonly attachments?: readonly string[];
}

export type FolderType = 'inbox' | 'sent' | 'drafts' | 'templates' | 'trash' | 'junk';

/** What the message in front shows. */
export interface Reading {
  readonly subject: string;
  readonly from: string;
  readonly body: string;
  /** Names in Thunderbird's own attachment list (of the mail as it arrived). */
  readonly attachments: readonly string[];
}

const editor: Place = { page: pages.compose, selector: '#messageEditor' };
const editorBody: Place = { page: pages.compose, frame: '#messageEditor', selector: 'body' };
/** The displayed mail, in whatever documents the add-on put it. */
const messageBody: Place = { page: pages.message, frame: '#messagepane', selector: 'body' };
const rows = '#threadTree tr[is]';

export class Correspondent {
  /** Whose folders are looked at, where the profile has several accounts: 0 is the first. */
  account = 0;

  constructor(readonly desktop: Desktop) {}

  /** Opens a compose window (Ctrl+N), types everything in, and leaves it open. */
  async write(draft: Draft): Promise<void> {
    await this.desktop.activate({ page: pages.main, selector: '#tabmail' });
    await this.desktop.keys('ctrl+n');
    await this.#composeReady();
    await this.continueWriting(draft);
  }

  /** Types into the compose window in front what is given, and leaves it open. */
  async continueWriting(draft: Draft): Promise<void> {
    for (const kind of ['to', 'cc', 'bcc'] as const) for (const address of draft[kind] ?? []) await this.#addRecipient(kind, address);
    if (draft.subject !== undefined) await this.desktop.fill({ page: pages.compose, selector: '#msgSubject' }, draft.subject);
    if (draft.body !== undefined || draft.images !== undefined) await this.#typeBody(draft);
    for (const path of draft.attachments ?? []) await this.attach(path);
  }

  /** Attaches a file to the mail in front through the file dialog. */
  async attach(path: string): Promise<void> {
    const name = path.slice(path.lastIndexOf('/') + 1);
    await this.desktop.activate(editor);
    await this.desktop.keys('ctrl+shift+a');
    await this.desktop.chooseFile(path);
    await this.#thunderbird.see({ page: pages.compose, selector: '#attachmentBucket > *', text: name });
  }

  /** Presses Ctrl+Return in the compose window in front, and gives the dialog that came, or nothing once the window has gone. */
  async send(withinMs = 60_000): Promise<Dialog | undefined> {
    await this.desktop.activate(editor);
    await this.desktop.keys('ctrl+Return');
    const outcome = await until(
      async () => {
        const dialog = await this.desktop.dialog();
        if (dialog !== undefined) return dialog;
        return (await this.#thunderbird.find(editor)).length === 0 ? 'sent' : undefined;
      },
      { what: 'the mail to go', withinMs, everyMs: 50 },
    );
    return outcome === 'sent' ? undefined : outcome;
  }

  /** Closes the compose window in front without saving. */
  async discard(): Promise<void> {
    await this.desktop.activate(editor);
    await this.desktop.keys('ctrl+w');
    await until(
      async () => {
        if ((await this.#thunderbird.find(editor)).length === 0) return true;
        // "Save this mail?": its third button is "Don't save".
        if ((await this.desktop.dialog()) !== undefined) await this.desktop.click({ page: pages.dialog, selector: 'button[dlgtype="extra1"]' });
        return false;
      },
      { what: 'the compose window to close', everyMs: 100 },
    );
  }

  /** What the compose window in front holds. */
  async draft(): Promise<{ readonly subject: string; readonly body: string; readonly recipients: readonly string[]; readonly attachments: readonly string[] }> {
    const [subject] = await this.#thunderbird.find({ page: pages.compose, selector: '#msgSubject' });
    const ofThatWindow = async (place: Place): Promise<Seen[]> => (await this.#thunderbird.find(place)).filter(({ windowId }) => windowId === subject?.windowId);
    const find = (selector: string): Promise<Seen[]> => ofThatWindow({ page: pages.compose, selector });
    const [body] = await ofThatWindow(editorBody);
    return {
      subject: subject?.value ?? '',
      body: body?.text ?? '',
      recipients: (await find('mail-address-pill')).map((pill) => pill.text),
      attachments: (await find('#attachmentBucket > *')).map((row) => row.text),
    };
  }

  /** Opens a folder in the first tab by clicking on it. */
  async openFolder(type: FolderType): Promise<void> {
    const tabs = await this.#thunderbird.find({ page: pages.main, selector: '#tabmail-tabs .tabmail-tab' });
    // Alt+1 is Thunderbird's key for the first tab.
    if (tabs.length > 1) {
      await this.desktop.activate({ page: pages.main, selector: '#tabmail' });
      await this.desktop.keys('alt+1');
    }
    await this.desktop.click({ page: pages.mailTab, selector: `#folderTree li[data-mode="all"] > ul > :nth-child(${this.account + 1} of li[data-server-type="imap"]) li[data-folder-type="${type}"] > .container .name` });
  }

  /** Fetches new mail into the folder and clicks on the topmost mail whose subject (or other text in its row) contains this. */
  async select(text: string, folder: FolderType = 'inbox', withinMs = 30_000): Promise<void> {
    await this.openFolder(folder);
    const row: Place = { page: pages.mailTab, selector: rows, text };
    await this.#awaitRow(row, folder, withinMs);
    await this.desktop.click(row);
    // The mail shown before is still there for a moment: wait for the row to be selected and for its mail.
    await this.#thunderbird.see({ ...row, selector: `${rows}.selected` });
    await this.#messageLoaded();
  }

  /** Like `select`, but opens the mail in a tab of its own, by double click. */
  async openInTab(text: string, folder: FolderType = 'inbox', withinMs = 30_000): Promise<void> {
    await this.openFolder(folder);
    const row: Place = { page: pages.mailTab, selector: rows, text };
    await this.#awaitRow(row, folder, withinMs);
    await this.desktop.click(row, { double: true });
    await until(async () => (await this.#thunderbird.find({ page: pages.mailTab, selector: rows })).length === 0, { what: 'the tab of the mail' });
    await this.#messageLoaded();
  }

  /** Closes the tab in front (Ctrl+W). */
  async closeTab(): Promise<void> {
    await this.desktop.activate({ page: pages.main, selector: '#tabmail' });
    await this.desktop.keys('ctrl+w');
  }

  /** What the message in front shows once its body contains this text; `body` is what is displayed, after an add-on has changed it. */
  async reading(containing = ''): Promise<Reading> {
    const find = (selector: string): Promise<Seen[]> => this.#thunderbird.find({ page: pages.message, selector });
    await this.#thunderbird.see({ ...messageBody, text: containing });
    const [subject] = await find('#expandedsubjectBox');
    const [from] = await find('#expandedfromBox');
    return {
      subject: subject?.text ?? '',
      from: from?.text ?? '',
      body: (await this.#thunderbird.find(messageBody)).map((seen) => seen.text).join('\n'),
      // The list itself is folded away as a rule.
      attachments: await this.#thunderbird.marionette.run((chrome) => chrome.displayedAttachments()),
    };
  }

  /** The add-on's button in the header of the message in front, as it is labelled; undefined while there is none. */
  async headerButton(addonId: string): Promise<string | undefined> {
    return (await this.#thunderbird.find(headerButton(addonId)))[0]?.text;
  }

  /** Clicks the add-on's button in the message header and gives the text of its popup once that contains this. */
  async openHeaderPopup(addonId: string, containing = ''): Promise<Seen> {
    await this.desktop.click(headerButton(addonId));
    return until(async () => (await this.#thunderbird.find({ page: pages.addon, selector: 'body', text: containing })).find((seen) => seen.inPopup), {
      what: `the popup with "${containing}"`,
    });
  }

  /** Closes a popup or menu by Escape. */
  async closePopup(): Promise<void> {
    await this.desktop.keys('Escape');
    await until(async () => !(await this.#thunderbird.find({ page: pages.addon, selector: 'body' })).some((seen) => seen.inPopup), { what: 'the popup to close' });
  }

  /** Answers the message in front (Ctrl+R), leaving the compose window open; `body` is typed above the quotation. */
  async reply(draft: Draft): Promise<void> {
    await this.desktop.activate({ page: pages.main, selector: '#tabmail' });
    await this.desktop.keys('ctrl+r');
    await this.#composeReady();
    await this.continueWriting(draft);
  }

  get #thunderbird() {
    return this.desktop.thunderbird;
  }

  async #awaitRow(row: Place, folder: FolderType, withinMs: number): Promise<void> {
    const name = { inbox: 'INBOX', sent: 'Sent', drafts: 'Drafts', templates: 'Templates', trash: 'Trash', junk: 'Junk' }[folder];
    await until(
      async () => {
        if ((await this.#thunderbird.find(row)).length > 0) return true;
        await this.#thunderbird.refresh(name, this.account);
        return false;
      },
      { what: `a mail with "${row.text ?? ''}" in ${name}`, withinMs, everyMs: 200 },
    );
  }

  async #messageLoaded(): Promise<void> {
    await until(() => this.#thunderbird.marionette.run((chrome) => chrome.messageLoaded()), { what: 'the mail to be loaded', withinMs: 30_000 });
    await this.#thunderbird.see({ page: pages.message, selector: '#expandedsubjectBox' });
  }

  async #composeReady(): Promise<void> {
    await this.#thunderbird.see(editorBody);
    await this.desktop.activate(editor);
    await until(() => this.#thunderbird.marionette.run((chrome) => chrome.composeReady()), { what: 'the compose window to be ready' });
  }

  async #addRecipient(kind: 'to' | 'cc' | 'bcc', address: string): Promise<void> {
    const input: Place = { page: pages.compose, selector: `#${kind}AddrInput` };
    if ((await this.#thunderbird.find(input)).length === 0) await this.desktop.click({ page: pages.compose, selector: `#addr_${kind}ShowAddressRowButton` });
    await this.desktop.click(input);
    await this.desktop.paste(address);
    // Return makes an address of what was typed, once it has arrived.
    await until(async () => (await this.#thunderbird.find(input)).some((seen) => seen.value.includes(address)), { what: `${address} to be typed` });
    await this.desktop.keys('Return');
    await this.#thunderbird.see({ page: pages.compose, selector: `#addressRow${kind[0]?.toUpperCase() ?? ''}${kind.slice(1)} mail-address-pill`, text: address });
  }

  /** Clicks into a field until that has the focus: a window that has just opened may still move it. */
  async #enter(place: Place): Promise<void> {
    await until(
      async () => {
        await this.desktop.click(place);
        return until(async () => (await this.#thunderbird.find(place)).some(({ active, focused }) => active && focused), { what: 'the focus', withinMs: 1_000 }).catch(() => false);
      },
      { what: `${place.selector} to have the focus` },
    );
  }

  /** Pastes into the field that has the focus and waits for the text; as somebody would, once more where nothing came. */
  async #pasteInto(field: Place, arrived: Place, text: string): Promise<void> {
    await this.desktop.paste(text);
    try {
      await this.#thunderbird.see(arrived, 5_000);
    } catch {
      await this.#enter(field);
      await this.desktop.paste(text);
      await this.#thunderbird.see(arrived);
    }
  }

  async #typeBody(draft: Draft): Promise<void> {
    await this.#enter(editor);
    // To the very start: above a quotation.
    await this.desktop.keys('ctrl+Home');
    for (const paragraph of draft.body ?? []) {
      const bold = /^\*(.+)\*$/s.exec(paragraph)?.[1];
      if (bold !== undefined) await this.desktop.keys('ctrl+b');
      await this.#pasteInto(editor, { ...editorBody, text: bold ?? paragraph }, bold ?? paragraph);
      if (bold !== undefined) await this.desktop.keys('ctrl+b');
      await this.desktop.keys('Return');
    }
    for (const image of draft.images ?? []) {
      const count = async (): Promise<number> => (await this.#thunderbird.find({ ...editorBody, selector: 'img' })).length;
      const before = await count();
      await this.desktop.pastePng(image);
      await until(async () => (await count()) > before, { what: 'the pasted image' });
    }
  }
}

/** Where an add-on's button in the message header is. */
function headerButton(addonId: string): Place {
  return { page: pages.message, selector: `#header-view-toolbar [data-extensionid="${addonId}"]` };
}
