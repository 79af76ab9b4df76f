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

/** Milliseconds between two looks for new mail. */
const REFRESH = 2_000;

export class Correspondent {
  /** Whose folders are looked at, where the profile has several accounts: 0 is the first. */
  account = 0;

  constructor(readonly desktop: Desktop) {}

  /** Opens a compose window (Ctrl+N), types everything in, and leaves it open. */
  async write(draft: Draft): Promise<void> {
    await this.#openCompose('ctrl+n');
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

  /** Presses Ctrl+Return, or another key that sends, in the compose window in front, once that is not at work. */
  async pressSend(key: 'ctrl+Return' | 'ctrl+shift+Return' = 'ctrl+Return'): Promise<void> {
    await this.#composeReady();
    await this.desktop.keys(key);
  }

  /** Sends the mail in front, and gives the dialog that came, or nothing once its window has gone. */
  async send(withinMs = 120_000): Promise<Dialog | undefined> {
    const sent = await this.#inFront();
    await this.pressSend();
    const outcome = await until(
      async () => {
        const dialog = await this.desktop.dialog();
        if (dialog !== undefined) return dialog;
        return (await this.#windows()).includes(sent) ? undefined : 'sent';
      },
      { what: 'the mail to go', withinMs, everyMs: 50 },
    );
    return outcome === 'sent' ? undefined : outcome;
  }

  /** Closes the compose window in front, and answers the question whether to save its mail, where it comes. */
  async discard(answer: 'save' | 'do not save' = 'do not save'): Promise<void> {
    const closed = await this.#inFront();
    await this.#composeReady();
    await this.desktop.keys('ctrl+w');
    // "Save this mail?": its third button is "Don't save".
    const button = { page: pages.dialog, selector: `button[dlgtype="${answer === 'save' ? 'accept' : 'extra1'}"]` };
    await until(
      async () => {
        if (!(await this.#windows()).includes(closed)) return true;
        if ((await this.#thunderbird.find(button)).length > 0) await this.desktop.click(button);
        return false;
      },
      { what: 'the compose window to close', everyMs: 300 },
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
    const folder = `#folderTree li[data-mode="all"] > ul > :nth-child(${this.account + 1} of li[data-server-type="imap"]) li[data-folder-type="${type}"]`;
    const name: Place = { page: pages.mailTab, selector: `${folder} > .container .name` };
    const shown = async (place: Place): Promise<boolean> => (await this.#thunderbird.find(place)).length > 0;
    // Alt+1 is Thunderbird's key for the first tab. A page that just closes takes the key along; one that opens by itself comes in front.
    if (!(await shown(name))) await this.desktop.again('the first tab', async () => {
      await this.desktop.activate({ page: pages.main, selector: '#tabmail' });
      await this.desktop.keys('alt+1');
    }, () => shown(name));
    await this.desktop.again(`${type} to be selected`, () => this.desktop.click(name), () => shown({ ...name, selector: `${folder}.selected > .container .name` }));
    // The mails of the folder before are listed for a moment longer.
    await until(() => this.#thunderbird.marionette.run((chrome) => chrome.folderListed()), { what: `the mails in ${type} to be listed` });
  }

  /** Fetches new mail into the folder and clicks on the topmost mail whose subject (or other text in its row) contains this. */
  async select(text: string, folder: FolderType = 'inbox', withinMs = 60_000): Promise<void> {
    await this.openFolder(folder);
    const row: Place = { page: pages.mailTab, selector: rows, text };
    await this.#awaitRow(row, folder, withinMs);
    // A mail that comes between look and click moves the rows. The mail shown before is still there for a moment: wait for the row to be selected and for its mail.
    await this.desktop.again(`the mail with "${text}" to be selected`, () => this.desktop.click(row), async () => (await this.#thunderbird.find({ ...row, selector: `${rows}.selected` })).length > 0);
    await this.#messageLoaded();
  }

  /** Like `select`, but opens the mail in a tab of its own, by double click. */
  async openInTab(text: string, folder: FolderType = 'inbox', withinMs = 60_000): Promise<void> {
    await this.openFolder(folder);
    const row: Place = { page: pages.mailTab, selector: rows, text };
    await this.#awaitRow(row, folder, withinMs);
    await this.desktop.click(row, { double: true });
    await until(async () => (await this.#thunderbird.find({ page: pages.mailTab, selector: rows })).length === 0, { what: 'the tab of the mail' });
    await this.#messageLoaded();
  }

  /** Closes the tab in front (Ctrl+W). */
  async closeTab(): Promise<void> {
    const count = async (): Promise<number> => this.#thunderbird.marionette.run((chrome) => chrome.mainWindow().document.querySelectorAll('#tabmail-tabs .tabmail-tab').length);
    const before = await count();
    await this.desktop.activate({ page: pages.main, selector: '#tabmail' });
    await this.desktop.keys('ctrl+w');
    // The key takes its way through the page in it: what is opened meanwhile would be closed in its place.
    await until(async () => (await count()) < before, { what: 'the tab to close' });
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
    const popup = async (text: string): Promise<Seen | undefined> => (await this.#thunderbird.find({ page: pages.addon, selector: 'body', text })).find((seen) => seen.inPopup);
    // What stands on the button may change between look and click, and move it.
    await this.desktop.again('the popup', () => this.desktop.click(headerButton(addonId)), async () => (await popup('')) !== undefined);
    return until(() => popup(containing), { what: `the popup with "${containing}"` });
  }

  /** Closes a popup or menu by Escape. */
  async closePopup(): Promise<void> {
    await this.desktop.again('the popup to close', () => this.desktop.keys('Escape'), async () => !(await this.#thunderbird.find({ page: pages.addon, selector: 'body' })).some((seen) => seen.inPopup));
  }

  /** Answers the message in front (Ctrl+R), leaving the compose window open; `body` is typed above the quotation. */
  async reply(draft: Draft): Promise<void> {
    await this.#openCompose('ctrl+r');
    await this.continueWriting(draft);
  }

  get #thunderbird() {
    return this.desktop.thunderbird;
  }

  async #awaitRow(row: Place, folder: FolderType, withinMs: number): Promise<void> {
    const name = { inbox: 'INBOX', sent: 'Sent', drafts: 'Drafts', templates: 'Templates', trash: 'Trash', junk: 'Junk' }[folder];
    let refreshed = -Infinity;
    await until(
      async () => {
        if ((await this.#thunderbird.find(row)).length > 0) return true;
        // Not at every look: each is a command to the server, and they would queue up before the mail itself.
        if (performance.now() - refreshed > REFRESH) {
          await this.#thunderbird.refresh(name, this.account);
          refreshed = performance.now();
        }
        return false;
      },
      { what: `a mail with "${row.text ?? ''}" in ${name}`, withinMs, everyMs: 200 },
    );
  }

  async #messageLoaded(): Promise<void> {
    await until(() => this.#thunderbird.marionette.run((chrome) => chrome.messageLoaded()), { what: 'the mail to be loaded', withinMs: 60_000 });
    await this.#thunderbird.see({ page: pages.message, selector: '#expandedsubjectBox' });
  }

  async #composeReady(): Promise<void> {
    await this.desktop.activate(editor);
    await until(() => this.#thunderbird.marionette.run((chrome) => chrome.composeReady()), { what: 'the compose window to be ready' });
  }

  /** Waits for the window that this key of the main window opens: one may be open already. */
  async #openCompose(key: string): Promise<void> {
    const before = await this.#windows();
    await this.desktop.activate({ page: pages.main, selector: '#tabmail' });
    await this.desktop.keys(key);
    await until(async () => (await this.#thunderbird.find(editorBody)).some(({ windowId }) => !before.includes(windowId)), { what: 'the compose window' });
    await this.#composeReady();
  }

  /** Compose windows, that in front first. */
  async #windows(): Promise<number[]> {
    return (await this.#thunderbird.find(editor)).map(({ windowId }) => windowId);
  }

  async #inFront(): Promise<number> {
    return (await this.#thunderbird.see(editor)).windowId;
  }

  async #addRecipient(kind: 'to' | 'cc' | 'bcc', address: string): Promise<void> {
    const input: Place = { page: pages.compose, selector: `#${kind}AddrInput` };
    if ((await this.#thunderbird.find(input)).length === 0) await this.desktop.click({ page: pages.compose, selector: `#addr_${kind}ShowAddressRowButton` });
    await this.desktop.enter(input);
    // Return makes an address of what was typed, once it has arrived.
    await this.#pasteInto(input, { ...input, text: address }, address);
    await this.desktop.keys('Return');
    await this.#thunderbird.see({ page: pages.compose, selector: `#addressRow${kind[0]?.toUpperCase() ?? ''}${kind.slice(1)} mail-address-pill`, text: address });
  }

  /** Pastes into the field that has the focus and waits for the text; as somebody would, once more where nothing came. */
  async #pasteInto(field: Place, arrived: Place, text: string): Promise<void> {
    await this.desktop.paste(text);
    try {
      await this.#thunderbird.see(arrived, 15_000);
    } catch {
      await this.desktop.enter(field);
      await this.desktop.paste(text);
      await this.#thunderbird.see(arrived);
    }
  }

  async #typeBody(draft: Draft): Promise<void> {
    await this.desktop.enter(editor);
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
