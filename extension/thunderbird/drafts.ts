/**
 * Sealed drafts. A member saves by Ctrl+S in the text (compose-script.ts) or the add-on's button; the sealed mail is stored beside the
 * window, in which nothing changes, so that nothing typed meanwhile is lost. Thunderbird's own saving tells add-ons only
 * afterwards: what it stored in clear is replaced at once (docs/quirks-thunderbird.md, decision 41).
 */
import type { Bytes } from '../../src/core/bytes.ts';
import { refused, SsmaxError } from '../../src/core/error.ts';
import { domainOf, formatMailbox } from '../../src/mail/address.ts';
import { buildCarrier, CARRIER_FIELD, CARRIER_NAME, mailBytes } from '../../src/mail/carrier.ts';
import { readContent } from '../../src/mail/content.ts';
import { formatDate, formatText } from '../../src/mail/header.ts';
import { parseMime } from '../../src/mail/mime.ts';
import { type Draft, HIDDEN_SUBJECT, readMailbox } from '../member/draft.ts';
import { choosesHidden } from '../member/plan.ts';
import { loadSettings } from '../member/preferences.ts';
import { type Reading, readMail } from '../member/read.ts';
import type { SealParts } from '../member/seal.ts';
import { isSealable, sealForLater } from '../member/sealed-draft.ts';
import { htmlToText } from '../ui/html-text.ts';
import { reasonOf, reasonOfError } from '../ui/reasons.ts';
import { browserApi, type ComposeDetails, type MessageHeader, type SaveInfo, type Tab, thunderbirdApi } from './api.ts';
import { choices } from './choices.ts';
import { addressesOf, draftOf, type Original, readFiles, readWindow, typedAbove } from './compose.ts';
import { explain } from './explanations.ts';
import { identityOf } from './identity-of.ts';
import { keepAlive } from './keep-alive.ts';
import { logFault } from './log.ts';
import { openedContent } from './opened-content.ts';
import { rawOf } from './raw-mail.ts';
import { reopen } from './reopening.ts';
import { remove, replaced } from './replaced.ts';
import type { Replying } from './reply.ts';
import { words } from './words.ts';

const { compose, folders, messages } = thunderbirdApi;

/** What Thunderbird stored in clear, and what is to lie there in its place. */
interface Stored {
  readonly tabId: number;
  readonly details: ComposeDetails;
  /** Undefined where the window was gone before they could be read. */
  readonly files: File[] | undefined;
  /** Where Thunderbird said which mail it is. */
  readonly named: number | undefined;
  /** Milliseconds since 1970. */
  readonly at: number;
}

export class Drafts {
  readonly #member: SealParts;
  readonly #replying: Pick<Replying, 'leave'>;
  readonly #say: (tabId: number, text: string) => Promise<void>;
  readonly #demandKey: () => Promise<void>;
  /** What is being stored now, by tab. */
  readonly #storing = new Map<number, Promise<boolean>>();
  /** What waits in clear for a locked key, the last of each window, by tab; `release` lets this program end. */
  readonly #waiting = new Map<number, Stored & { readonly release: () => void }>();

  /** `say`: tells the member something in passing, at this compose window. `demandKey`: asks for the passphrase of a locked key, throws where it is not given. */
  constructor(member: SealParts, say: (tabId: number, text: string) => Promise<void>, replying: Pick<Replying, 'leave'>, demandKey: () => Promise<void> = () => Promise.resolve()) {
    this.#member = member;
    this.#say = say;
    this.#replying = replying;
    this.#demandKey = demandKey;
  }

  /** Whether drafts of this window are sealed: then Ctrl+S in its text is this add-on's. */
  async wanted(tabId: number): Promise<boolean> {
    return await this.#sealer(tabId, await compose.getComposeDetails(tabId)) !== undefined;
  }

  /** Saves the mail in this window as a sealed draft; says why if it cannot. */
  async save(tabId: number): Promise<void> {
    const given = await compose.getComposeDetails(tabId);
    const done = await this.#once(tabId, given, async () => {
      await this.#demandKey();
      await this.#store(tabId, await readWindow(tabId, given, 'lists as they are'));
      const waiting = this.#waiting.get(tabId);
      if (waiting === undefined) return;
      await remove(waiting.named ?? await copyOf(waiting.details, waiting.at));
      this.#settled(tabId);
    });
    if (done) await unmodified(tabId, given);
  }

  /**
   * For onAfterSave: what Thunderbird stored in clear is replaced. Whoever saved himself is asked for the passphrase of a locked key; what was
   * saved unasked waits until the key is used for something else.
   */
  async saved(tab: Tab, { error, mode, messages: [named], details }: SaveInfo): Promise<void> {
    const tabId = tab.id ?? -1;
    if (error !== undefined || mode === 'template') return;
    const at = Date.now();
    const given = details ?? await compose.getComposeDetails(tabId);
    await this.#once(tabId, given, async () => {
      // Settings that cannot be followed are told: it lies there in clear.
      if (await this.#sealer(tabId, given) === undefined) return;
      // After "Save" in the question on closing, the window may be gone already.
      const stored: Stored = { tabId, details: given, files: await readFiles(tabId).catch(() => undefined), named: named?.id, at };
      if (mode === 'draft') await this.#demandKey().catch(ifLocked);
      await this.#replace(stored).catch(async (cause: unknown) => {
        ifLocked(cause);
        this.#settled(tabId);
        this.#waiting.set(tabId, { ...stored, release: keepAlive() });
        await this.#say(tabId, words.text('draft_waits')).catch(() => { throw new SsmaxError('unavailable', 'draft-waits'); });
      });
    });
  }

  /** A key was unlocked: what waits for it is sealed. */
  async unlocked(): Promise<void> {
    for (const [tabId, { details }] of [...this.#waiting]) {
      await this.#once(tabId, details, async () => {
        const stored = this.#waiting.get(tabId);
        if (stored === undefined) return; // saved once more meanwhile
        // Thunderbird removes what it saved unasked where the mail was then sent or thrown away.
        if (stored.named !== undefined && await messages.get(stored.named).catch(() => undefined) === undefined) this.#settled(tabId);
        else await this.#replace(stored);
      });
    }
  }

  #settled(tabId: number): void {
    this.#waiting.get(tabId)?.release();
    this.#waiting.delete(tabId);
  }

  /** Stores a sealed draft, then removes what lies there in clear. */
  async #replace({ tabId, details, files, named, at }: Stored): Promise<void> {
    await this.#store(tabId, { details, given: details, files: files ?? [] });
    const copy = named ?? await copyOf(details, at); // storing has made Thunderbird look into the folder
    if (files === undefined) {
      const inside = await filesOf(copy);
      if (inside.length > 0) await this.#store(tabId, { details, given: details, files: inside });
    }
    await remove(copy);
    this.#settled(tabId);
  }

  /** For tabs.onCreated: in place of a sealed draft that is opened for editing, a window with what is in it. */
  async opened(tab: Tab): Promise<void> {
    if (tab.id === undefined || tab.type !== 'messageCompose') return;
    const tabId = tab.id;
    const release = keepAlive();
    try {
      const details = await compose.getComposeDetails(tabId);
      const { type, relatedMessageId, identityId } = details;
      if (type !== 'draft' || relatedMessageId === undefined || !(await holdsCarrier(tabId))) return;
      const reading = await readStored(this.#member, relatedMessageId);
      if (reading.draft === undefined || reading.content === undefined) {
        const { judgement: { code, detail } } = reading;
        await explain(details.subject ?? '', reasonOf(words, 'draft-unreadable', { code: detail ?? code }), 'draft-opened');
        return;
      }
      const begun = typedAbove(await compose.getComposeDetails(tabId));
      const sealedBy = reading.judgement.sender?.address ?? readMailbox(addressesOf(details).from).address;
      const window = await reopen(reading.draft, reading.content, { begun, identityId, sealedBy, replying: this.#replying });
      await replaced.put(window, relatedMessageId);
      await compose.setComposeDetails(window, { isModified: begun !== '' });
      await compose.setComposeDetails(tabId, { isModified: false });
      await browserApi.tabs.remove(tabId);
    } catch (error) {
      if (!(error instanceof SsmaxError)) throw error;
      await explain('', reasonOfError(words, error), 'draft-opened');
    } finally {
      release();
    }
  }

  /** The mail of this window went: its draft is no longer needed. */
  async sent(tabId: number): Promise<void> {
    await this.#storing.get(tabId);
    const former = await replaced.by(tabId);
    if (former === undefined) return;
    await replaced.forget(tabId);
    await remove(former);
  }

  /** The sender as whom drafts of this window are sealed; undefined where they are left as they are. */
  async #sealer(tabId: number, details: ComposeDetails): Promise<string | undefined> {
    const { from } = addressesOf(details);
    if (await isSealable(this.#member, from)) return (await loadSettings(this.#member.ports)).sealedDrafts ? from : undefined;
    return openedContent.of(tabId); // of a mail that was opened as another: in clear it would lie with another provider
  }

  /** One after the other for each window. False, and the member told, where it failed. */
  async #once(tabId: number, { subject = '' }: ComposeDetails, work: () => Promise<void>): Promise<boolean> {
    const release = keepAlive();
    const before = this.#storing.get(tabId);
    const done = (async () => {
      await before;
      try {
        await work();
        return true;
      } catch (error) {
        if (!(error instanceof SsmaxError)) logFault(error);
        await explain(subject, reasonOfError(words, error), 'draft-saved');
        return false;
      }
    })();
    this.#storing.set(tabId, done);
    try {
      return await done;
    } finally {
      if (this.#storing.get(tabId) === done) this.#storing.delete(tabId);
      release();
    }
  }

  /** First the new one, then the former goes: whatever fails, one of them is there. */
  async #store(tabId: number, original: Original): Promise<void> {
    const { details } = original;
    const written = await draftOf(original);
    const from = await this.#sealer(tabId, details) ?? written.from;
    const draft = { ...written, from };
    const identityId = from === addressesOf(details).from ? details.identityId : await identityOf(from);
    const { answersHidden, ...chosen } = await choices.of(tabId);
    const hidden = choosesHidden(await loadSettings(this.#member.ports), { ...chosen, ...(answersHidden !== undefined && { answersHidden }) });
    const choice = { ...chosen, ...(answersHidden === true && { hideSubject: hidden }) };
    const answers = await answeredBy(details);
    const cms = await sealForLater(this.#member, draft, { plainText: details.isPlainText === true, choice, ...(answers !== undefined && { answers }) }, hidden);
    const copy = await store(identityId, carrierOf({ ...draft, subject: hidden ? HIDDEN_SUBJECT : draft.subject }, identityId, cms));
    const former = await replaced.by(tabId);
    await replaced.put(tabId, copy.id);
    if (former !== undefined) await remove(former);
    await this.#say(tabId, words.text('draft_saved')).catch(() => undefined); // the window may be gone
  }
}

function carrierOf({ from, subject }: Pick<Draft, 'from' | 'subject'>, identityId: string | undefined, cms: Bytes): Bytes {
  const mailbox = readMailbox(from);
  return mailBytes(buildCarrier([
    ['From', formatMailbox(mailbox)], ['Subject', formatText(subject, 'Subject')], ['Date', formatDate(new Date())],
    ['Message-ID', `<${crypto.randomUUID()}@${domainOf(mailbox.address)}>`],
    ...(identityId === undefined ? [] : [['X-Identity-Key', identityId] as const]), // so Thunderbird opens it for this identity
  ], cms));
}

/** Puts a mail into the drafts of this identity's account. Throws `draft-not-stored`. */
async function store(identityId: string | undefined, mail: Bytes): Promise<MessageHeader> {
  const folder = await draftsFolder(identityId);
  try {
    return await messages.import(new File([mail], 'draft.eml', { type: 'message/rfc822' }), folder, { read: true });
  } catch (cause) {
    throw new SsmaxError('unavailable', 'draft-not-stored', {}, { cause });
  }
}

async function draftsFolder(identityId: string | undefined): Promise<string> {
  const accounts = await thunderbirdApi.accounts.list(false);
  const account = accounts.find(({ identities }) => identities.some(({ id }) => id === identityId));
  const [own] = account === undefined ? [] : await folders.query({ accountId: account.id, specialUse: ['drafts'] });
  const folder = own ?? (await folders.query({ specialUse: ['drafts'] }))[0];
  if (folder === undefined) throw refused('draft-not-stored');
  return folder.id;
}

/**
 * What Thunderbird stored in clear, where it cannot say which mail that is (seen: where the folder was not open). It is known by all that it
 * says: no other draft may be taken for it. `at`: when it was stored, milliseconds since 1970. Throws `draft-left-readable`.
 */
async function copyOf({ identityId, subject = '', isPlainText, body = '', plainTextBody = '' }: ComposeDetails, at: number): Promise<number> {
  const text = plain(isPlainText === true ? plainTextBody : htmlToText(body));
  // Policy may have Thunderbird store in another folder than this add-on does (decision 41).
  const all = new Set([await draftsFolder(identityId), ...(await folders.query({ specialUse: ['drafts'] })).map(({ id }) => id)]);
  for (let tries = 0; tries < TRIES; tries++) {
    for (const folderId of all) {
      const { messages: recent } = await messages.query({ folderId, fromDate: new Date(at - RECENT) });
      for (const { id, subject: one } of recent) {
        if (one.trim() !== subject.trim()) continue;
        const mail = parseMime(await rawOf(id), 'outer');
        const { html, text: stored = '' } = readContent(mail);
        const [by = identityId] = mail.headers.all('X-Identity-Key');
        if (by === identityId && mail.headers.all(CARRIER_FIELD).length === 0 && plain(html === undefined ? stored : htmlToText(html)) === text) return id;
      }
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN));
  }
  throw new SsmaxError('unavailable', 'draft-left-readable');
}

/** Throws what it is given, unless that says that a key is locked. */
function ifLocked(error: unknown): void {
  if (!(error instanceof SsmaxError) || error.code !== 'key-locked') throw error;
}

const plain = (text: string): string => text.replace(/\s+/g, '');
/** How much earlier the mail server may say that it was stored, milliseconds: clocks differ. */
const RECENT = 10 * 60_000;
const TRIES = 20;
/** Milliseconds. */
const LOOK_AGAIN = 500;

/** Who closes the window now is not asked, unless something was typed since the draft was read. */
async function unmodified(tabId: number, given: ComposeDetails): Promise<void> {
  const same = async (): Promise<boolean> => written(await compose.getComposeDetails(tabId)) === written(given);
  if (!(await same())) return;
  await compose.setComposeDetails(tabId, { isModified: false });
  if (!(await same())) await compose.setComposeDetails(tabId, { isModified: true });
}

function written({ subject, body, plainTextBody, to, cc, bcc, replyTo, attachments }: ComposeDetails): string {
  return JSON.stringify([subject, body, plainTextBody, to, cc, bcc, replyTo, attachments?.length]);
}

/** Message-ID of the mail that is answered, or of the one that the draft answered that was opened. */
async function answeredBy({ type, relatedMessageId }: ComposeDetails): Promise<string | undefined> {
  if (type !== 'reply' || relatedMessageId === undefined) return undefined;
  return (await messages.get(relatedMessageId).catch(() => undefined))?.headerMessageId; // it may be deleted by now
}

async function holdsCarrier(tabId: number): Promise<boolean> {
  return (await compose.listAttachments(tabId)).some(({ name }) => name === CARRIER_NAME);
}

async function readStored(member: SealParts, id: number): Promise<Reading> {
  return readMail(member, await rawOf(id), member.ports.clock.now());
}

/** The files of a draft that Thunderbird stored in clear. */
async function filesOf(copy: number): Promise<File[]> {
  const out: File[] = [];
  for (const { partName, name, contentType } of await messages.listAttachments(copy)) {
    const file = await messages.getAttachmentFile(copy, partName);
    out.push(new File([await file.arrayBuffer()], name, { type: contentType }));
  }
  return out;
}
