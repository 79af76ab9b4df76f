/**
 * What Thunderbird sends without asking add-ons (docs/quirks-thunderbird.md), brought about as a member would: mails that ask for it lie in
 * the mailbox, and the button that Thunderbird shows above them is clicked.
 */
import type { Correspondent } from '../../scripts/world/correspondent.ts';
import type { Place } from '../../scripts/world/chrome-side.ts';
import { pages } from '../../scripts/world/desktop.ts';
import type { MailStore } from '../../scripts/world/imap.ts';
import { until } from '../../scripts/world/wait.ts';

/** Of the program itself, where functions given to `run` stand. */
declare const ChromeUtils: { importESModule(url: string): unknown };
declare const Ci: { readonly nsMsgSearchAttrib: { readonly Subject: number }; readonly nsMsgSearchOp: { readonly Contains: number }; readonly nsMsgFilterAction: { readonly Forward: number; readonly Reply: number }; readonly nsIMsgLocalMailFolder: unknown };

export const RECEIPT = 'Receipt wanted';
export const INVITATION = 'Invitation';

/** Where Thunderbird asks, above a mail: for a receipt, for an answer to an invitation. */
export const receiptButton: Place = { page: pages.message, selector: 'notification-message button' };
export const invitationBar: Place = { page: pages.message, selector: '.calendar-notification-bar' };
const acceptButton: Place = { page: pages.message, selector: '#imipAcceptButton' };

interface LocalFolder {
  readonly URI: string;
  createSubfolder(name: string, window: null): void;
  containsChildNamed(name: string): boolean;
  getChildNamed(name: string): LocalFolder;
  QueryInterface(kind: unknown): LocalFolder;
  addMessage(mail: string): unknown;
}
interface Term { attrib: number; op: number; value: { attrib: number; str: string }; booleanAnd: boolean }
interface Action { type: number; strValue: string }
interface Filter { enabled: boolean; filterType: number; createTerm(): Term; appendTerm(term: Term): void; createAction(): Action; appendAction(action: Action): void }
interface Filters { createFilter(name: string): Filter; insertFilterAt(at: number, filter: Filter): void }

/** Something that goes past add-ons, once it is asked for by a mail of `from`. */
export class PastAddOns {
  readonly #person: Correspondent;
  readonly #mailbox: MailStore;
  readonly #from: string;
  readonly #to: string;

  /** `from`: who asks, and would be answered. `to`: whose mailbox it is. */
  constructor(person: Correspondent, mailbox: MailStore, addresses: { readonly from: string; readonly to: string }) {
    this.#person = person;
    this.#mailbox = mailbox;
    this.#from = addresses.from;
    this.#to = addresses.to;
  }

  /** Opens a mail that asks for a receipt. */
  async openRequest(): Promise<void> {
    await this.#arrives(RECEIPT, [`Disposition-Notification-To: <${this.#from}>`, 'Content-Type: text/plain; charset=utf-8'], 'Please confirm.');
    await this.#person.select(RECEIPT);
  }

  /** Opens an invitation, as somebody who uses Thunderbird's calendar for the first account. */
  async openInvitation(): Promise<void> {
    await this.#person.desktop.thunderbird.marionette.run(() => {
      interface Calendar { setProperty(name: string, value: unknown): void }
      const { cal } = ChromeUtils.importESModule('resource:///modules/calendar/calUtils.sys.mjs') as { cal: { manager: { getCalendars(): Calendar[] } } };
      const [home] = cal.manager.getCalendars();
      home?.setProperty('imip.identity.key', 'id1');
      home?.setProperty('disabled', false);
    });
    await this.#arrives(INVITATION, ['Content-Type: text/calendar; charset=utf-8; method=REQUEST'], [
      'BEGIN:VCALENDAR', 'VERSION:2.0', 'PRODID:-//test//EN', 'METHOD:REQUEST', 'BEGIN:VEVENT', `UID:${crypto.randomUUID()}`, 'DTSTAMP:20261120T000000Z', 'DTSTART:20361201T010000Z',
      'DTEND:20361201T020000Z', 'SUMMARY:Meeting', `ORGANIZER:mailto:${this.#from}`, `ATTENDEE;RSVP=TRUE;PARTSTAT=NEEDS-ACTION:mailto:${this.#to}`, 'SEQUENCE:0', 'END:VEVENT', 'END:VCALENDAR',
    ].join('\r\n'));
    await this.#person.select(INVITATION);
  }

  /** Sends a receipt, and gives what Thunderbird's alert says. */
  async confirm(): Promise<string> {
    await this.openRequest();
    await this.#person.desktop.click(receiptButton);
    return this.#alert();
  }

  /** Accepts an invitation, and gives what Thunderbird's alert says. */
  async accept(): Promise<string> {
    await this.openInvitation();
    await this.#person.desktop.click(acceptButton);
    return this.#alert();
  }

  /** Lets a filter forward a mail that comes, and gives what Thunderbird's alert says. */
  filterForwards(): Promise<string> {
    return this.#filtered('Passed on by a filter', 'Forward', () => Promise.resolve(this.#from));
  }

  /** Lets a filter answer a mail that comes with a template, and gives what Thunderbird's alert says. */
  filterReplies(): Promise<string> {
    return this.#filtered('Answered by a filter', 'Reply', () => this.#person.desktop.thunderbird.marionette.run(async (chrome, to) => {
      const { MailServices } = ChromeUtils.importESModule('resource:///modules/MailServices.sys.mjs') as { MailServices: { accounts: { localFoldersServer: { rootFolder: LocalFolder } } } };
      const local = MailServices.accounts.localFoldersServer.rootFolder;
      local.createSubfolder('Templates', null);
      await chrome.until(() => local.containsChildNamed('Templates'), 'the folder of templates');
      const templates = local.getChildNamed('Templates').QueryInterface(Ci.nsIMsgLocalMailFolder);
      templates.addMessage(['From - Mon Jan 1 00:00:00 2024', `From: ${to}`, 'Subject: Away', 'Message-ID: <template@test>', 'MIME-Version: 1.0', 'Content-Type: text/plain; charset=utf-8', '', 'I am away.', ''].join('\n'));
      // As Thunderbird's own window for filters writes it: the folder, then the mail in it.
      return `${templates.URI}?messageId=template@test&subject=Away`;
    }, this.#to));
  }

  /** A filter does this with a mail of such a subject, which then comes. */
  async #filtered(subject: string, action: 'Forward' | 'Reply', value: () => Promise<string>): Promise<string> {
    const { marionette } = this.#person.desktop.thunderbird;
    await marionette.run((chrome, wanted, kind, strValue) => {
      const filters = (chrome.imapServer() as unknown as { getFilterList(window: null): Filters }).getFilterList(null);
      // When mail comes to the inbox.
      const filter = Object.assign(filters.createFilter(wanted), { enabled: true, filterType: 1 });
      const term = filter.createTerm();
      const { Subject } = Ci.nsMsgSearchAttrib;
      Object.assign(term, { attrib: Subject, op: Ci.nsMsgSearchOp.Contains, booleanAnd: true });
      term.value = Object.assign(term.value, { attrib: Subject, str: wanted });
      filter.appendTerm(term);
      filter.appendAction(Object.assign(filter.createAction(), { type: Ci.nsMsgFilterAction[kind], strValue }));
      filters.insertFilterAt(0, filter);
    }, subject, action, await value());
    await this.#arrives(subject, ['Content-Type: text/plain; charset=utf-8'], 'For somebody else.');
    await marionette.run((chrome) => {
      const folder = chrome.folder('INBOX');
      if (folder !== undefined) chrome.imapServer().getNewMessages(folder, chrome.mainWindow().msgWindow, null);
    });
    return this.#alert();
  }

  /** Nothing of it lies in a folder of what was sent, nor waits to be. */
  async nothingKept(): Promise<boolean> {
    const waiting = await this.#person.desktop.thunderbird.marionette.run((chrome) => chrome.outbox());
    return waiting === 0 && (await this.#mailbox.list('Sent').catch(() => [])).every(({ raw }) => Buffer.from(raw).includes('message.ssmax'));
  }

  async #arrives(subject: string, fields: readonly string[], body: string): Promise<void> {
    await this.#mailbox.append(Buffer.from([
      `From: ${this.#from}`, `To: ${this.#to}`, `Subject: ${subject}`, `Date: ${new Date().toUTCString()}`, `Message-ID: <${crypto.randomUUID()}@elsewhere.example>`, 'MIME-Version: 1.0', ...fields, '', body, '',
    ].join('\r\n')));
  }

  /** Opening takes a moment; the alert is closed. */
  async #alert(): Promise<string> {
    const { desktop } = this.#person;
    await until(async () => (await desktop.dialog()) !== undefined, { what: 'the alert', withinMs: 60_000 });
    return (await desktop.closeDialog()).text;
  }
}
