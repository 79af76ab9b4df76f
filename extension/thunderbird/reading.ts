/** Reading: the verdict on the button in the message header, the mail's content in the message pane. */
import type { Bytes } from '../../src/core/bytes.ts';
import { SsmaxError } from '../../src/core/error.ts';
import type { Person } from '../../src/flow/open.ts';
import { shownText } from '../../src/mail/shown-text.ts';
import { contactOf } from '../../src/wire/managed-settings.ts';
import type { AttachedMailView, AttachmentView, OutsidePicturesView } from '../host.ts';
import { readAttached } from '../member/attached-mail.ts';
import { copyPolicy } from '../member/copies.ts';
import { loadSettings } from '../member/preferences.ts';
import { type Reading, readMail } from '../member/read.ts';
import type { MailFile } from '../member/reading-content.ts';
import type { SealParts } from '../member/seal.ts';
import { nameOfFile } from '../ui/file-name.ts';
import { invitationOf, isCalendar } from '../ui/invitation.ts';
import { actionsOf } from '../ui/mail-actions.ts';
import { faultView, type VerdictView, viewOf } from '../ui/verdict.ts';
import { browserApi, type Displayed, type MessageHeader, type Tab, thunderbirdApi } from './api.ts';
import { keepAlive } from './keep-alive.ts';
import { logFault } from './log.ts';
import { MailDocuments } from './mail-documents.ts';
import { only } from './one-message.ts';
import { attachedMailView, paneOf, picturesOf } from './pane-view.ts';
import type { DetailsAnswer, PaneRequest, PaneView } from './protocol.ts';
import { rawOf } from './raw-mail.ts';
import { words } from './words.ts';

const { messageDisplay, messageDisplayAction } = thunderbirdApi;

export interface Shown {
  readonly message: MessageHeader;
  /** Undefined where this program failed. */
  readonly reading: Reading | undefined;
  readonly view: VerdictView;
}

interface Current {
  readonly messageId: number;
  readonly since: number;
  readonly shown: Promise<Shown>;
}

/** The event and the pane's script ask for the same message within moments; later it is judged anew. Milliseconds. */
const SAME_DISPLAY = 3_000;

export class ReadingDesk {
  readonly #member: SealParts;
  /** Hears of every mail that was judged because somebody looks at it, and gets its bytes. */
  readonly #onRead: (shown: Shown, raw: Bytes | undefined) => void;
  readonly #current = new Map<number, Current>();
  readonly #documents = new MailDocuments();

  constructor(member: SealParts, onRead: (shown: Shown, raw: Bytes | undefined) => void) {
    this.#member = member;
    this.#onRead = onRead;
  }

  /** For onMessagesDisplayed. Of several selected messages none is opened. */
  async displayed(tab: Tab, displayed: Displayed): Promise<void> {
    const tabId = tab.id ?? -1;
    const message = only(displayed);
    if (message === undefined) {
      this.#current.delete(tabId);
      await clearButton(tabId);
      return;
    }
    await this.#show(tabId, message);
  }

  /** What this document in the message pane is to show; undefined if its tab shows another message by now. */
  async pane(tabId: number, documentId: string | undefined): Promise<PaneView | undefined> {
    const message = await this.#documents.messageOf(tabId, documentId);
    if (message === undefined) return undefined;
    const shown = await this.#show(tabId, message);
    return (await this.#documents.messageOf(tabId, documentId))?.id === message.id ? paneOf(shown, await this.#picturesAllowed(), await this.#copies(), contactOf(await this.#member.ports.managed().catch(() => undefined))) : undefined;
  }

  /** For the popup on the button. */
  async details(tabId: number): Promise<DetailsAnswer | undefined> {
    const shown = await this.shown(tabId);
    if (shown === undefined) return undefined;
    const { state, heading, sentence, notes, details, remedy } = shown.view;
    const possible = actionsOf(shown.reading);
    const copies = !possible.includes('copy') || await this.#copies();
    const named = (await loadSettings(this.#member.ports).catch(() => undefined))?.reportsNameMember; // settings at fault stop the report too, and it says so
    const { message, reading } = shown;
    const about = [[words.text('field_subject'), reading?.judgement.message?.headers.subject ?? message.subject], [words.text('field_from'), reading?.judgement.sender?.address ?? message.author]] as const;
    return { messageId: message.id, about: about.map(([name, value]) => [name, shownText(value)] as const), state, heading, sentence, notes, groups: details, enrol: remedy === 'enrol', actions: possible.filter((action) => action !== 'copy' || copies), copies, sealedNames: shown.reading?.judgement.sealedNames ?? [], ...(named !== undefined && { reportsNameMember: named }) };
  }

  /** The message of this tab, judged. The event page may have been ended in between: then it is judged again. */
  async shown(tabId: number): Promise<Shown | undefined> {
    const message = only(await messageDisplay.getDisplayedMessages(tabId));
    if (message === undefined) return undefined;
    const current = this.#current.get(tabId);
    return current?.messageId === message.id ? current.shown : this.#show(tabId, message);
  }

  /** The message of this document, judged; undefined if its tab shows another one by now. */
  async shownIn(tabId: number, documentId: string | undefined): Promise<Shown | undefined> {
    const message = await this.#documents.messageOf(tabId, documentId);
    const shown = message === undefined ? undefined : await this.shown(tabId);
    return shown?.message.id === message?.id ? shown : undefined;
  }

  /** An attachment of the message that this tab shows; undefined if it shows another one or they are off. */
  async attachment(tabId: number, messageId: number, index: number): Promise<AttachmentView | undefined> {
    const found = await this.#file(tabId, messageId, index);
    if (found === undefined) return undefined;
    const { file, from } = found;
    const invitation = isCalendar(file) ? invitationOf(words, file.bytes, from.address) : undefined;
    return {
      name: nameOfFile(words, file, index), type: file.type, bytes: file.bytes.slice(), copies: await this.#copies(), sender: from.displayName, organisation: from.organisation.names[words.language],
      ...(file.charset !== undefined && { charset: file.charset }), ...(invitation !== undefined && { invitation }),
    };
  }

  /** The same of an attached mail, opened. */
  async attachedMail(tabId: number, messageId: number, index: number): Promise<AttachedMailView | undefined> {
    const found = await this.#file(tabId, messageId, index);
    if (found === undefined) return undefined;
    const release = keepAlive();
    try {
      return attachedMailView(await readAttached(this.#member, found.file.bytes), nameOfFile(words, found.file, index), found.from.displayName, await this.#copies());
    } finally {
      release();
    }
  }

  async #file(tabId: number, messageId: number, index: number): Promise<{ file: MailFile; from: Person } | undefined> {
    const shown = await this.shown(tabId);
    const file = shown?.reading?.files[index];
    const from = file?.from ?? shown?.reading?.judgement.sender;
    if (shown === undefined || file === undefined || from === undefined || !shown.view.trusted) return undefined;
    return messageId === shown.message.id ? { file, from } : undefined;
  }

  /** The message of this tab with its pictures from outside; undefined if it shows another one or none may be fetched. */
  async pictures(tabId: number, messageId: number): Promise<OutsidePicturesView | undefined> {
    const shown = await this.shown(tabId);
    return shown?.message.id === messageId && await this.#picturesAllowed() ? picturesOf(shown) : undefined;
  }

  /** Whether what is opened may be saved; no where that cannot be read. */
  async #copies(): Promise<boolean> {
    return copyPolicy(this.#member.ports).then(({ copies }) => copies, () => false);
  }

  /** What the organisation says, and no where that cannot be read. */
  async #picturesAllowed(): Promise<boolean> {
    return loadSettings(this.#member.ports).then(({ outsidePictures }) => outsidePictures, () => false);
  }

  /** Keys have changed: whatever is shown is judged once more. */
  async again(): Promise<void> {
    this.#current.clear();
    const request: PaneRequest = { kind: 'again' };
    for (const { id } of await browserApi.tabs.query({})) {
      if (id !== undefined) await browserApi.tabs.sendMessage(id, request).catch(() => undefined); // it shows no mail
    }
  }

  /** The tab was closed: nothing of its mail is kept. */
  async closed(tabId: number): Promise<void> {
    this.#current.delete(tabId);
    await this.#documents.closed(tabId);
  }

  #show(tabId: number, message: MessageHeader): Promise<Shown> {
    const current = this.#current.get(tabId);
    const now = Date.now();
    if (current?.messageId === message.id && now - current.since < SAME_DISPLAY) return current.shown;
    const shown = this.#judge(tabId, message);
    this.#current.set(tabId, { messageId: message.id, since: now, shown });
    return shown;
  }

  async #judge(tabId: number, message: MessageHeader): Promise<Shown> {
    const release = keepAlive();
    try {
      // Of a mail that is looked at once more the former word stands meanwhile.
      if (this.#current.get(tabId)?.messageId !== message.id) await showButton(tabId, { state: 'cannot-check', label: words.text('label_checking'), heading: words.text('banner_checking') });
      const { shown, raw } = await this.#read(message);
      this.#onRead(shown, raw);
      if (this.#current.get(tabId)?.messageId === message.id) {
        await showButton(tabId, { ...shown.view, heading: shown.view.sentence.map(({ text }) => text).join('') });
      }
      return shown;
    } finally {
      release();
    }
  }

  /** Judges and opens a message. Never throws: what fails here is shown as such. */
  async read(message: MessageHeader): Promise<Shown> {
    return (await this.#read(message)).shown;
  }

  async #read(message: MessageHeader): Promise<{ shown: Shown; raw?: Bytes }> {
    try {
      const raw = await rawOf(message.id);
      const reading = await readMail(this.#member, raw, new Date(message.date));
      return { shown: { message, reading, view: viewOf(words, reading) }, raw };
    } catch (error) {
      if (!(error instanceof SsmaxError)) logFault(error);
      return { shown: { message, reading: undefined, view: faultView(words, error) } };
    }
  }
}

const ICONS: Readonly<Record<VerdictView['state'], string>> = {
  'verified': 'icons/verified.svg', 'outside': 'icons/outside.svg', 'problem': 'icons/problem.svg', 'cannot-check': 'icons/cannot-check.svg',
};

async function showButton(tabId: number, view: Pick<VerdictView, 'state' | 'label' | 'heading'>): Promise<void> {
  await messageDisplayAction.enable(tabId);
  await messageDisplayAction.setLabel({ tabId, label: view.label });
  await messageDisplayAction.setTitle({ tabId, title: view.heading });
  await messageDisplayAction.setIcon({ tabId, path: ICONS[view.state] });
}

async function clearButton(tabId: number): Promise<void> {
  await messageDisplayAction.setLabel({ tabId, label: words.text('extension_name') });
  await messageDisplayAction.setTitle({ tabId, title: words.text('extension_name') });
  await messageDisplayAction.setIcon({ tabId, path: ICONS.outside });
  await messageDisplayAction.disable(tabId);
}
