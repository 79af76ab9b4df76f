/** Replying and forwarding: what is quoted is the verified text, and it goes to the protected addressees. */
import { readMailbox } from '../member/draft.ts';
import { Planner } from '../member/plan.ts';
import type { Reading } from '../member/read.ts';
import type { SealParts } from '../member/seal.ts';
import { isSealedFile } from '../member/sealed-files.ts';
import type { Content } from '../../src/mail/content.ts';
import { nameOfFile } from '../ui/file-name.ts';
import { type ComposeDetails, type MessageHeader, type Tab, thunderbirdApi } from './api.ts';
import { addressees, answerTo } from './addressees.ts';
import { choices } from './choices.ts';
import { addressesOf, removeAttachments } from './compose.ts';
import { doubtful } from './doubtful.ts';
import { identityOf, signatureOf } from './identity-of.ts';
import { keepAlive } from './keep-alive.ts';
import { openedContent } from './opened-content.ts';
import { emptied, isWhole, quotationOf, quoted, quotes, quotesNotice, TRIES, untilLooked, withQuotation } from './quotation.ts';
import type { ReadingDesk } from './reading.ts';
import { passOn } from './redirecting.ts';
import { redirects } from './redirects.ts';
import { words } from './words.ts';

const { compose } = thunderbirdApi;

export class Replying {
  readonly #member: SealParts;
  readonly #desk: ReadingDesk;
  readonly #planner: Pick<Planner, 'mayForward'>;
  /** Windows that are being filled, by tab. */
  readonly #filling = new Map<number, Promise<unknown>>();
  /** Mails whose next answer is left as it is. */
  readonly #left = new Set<number>();

  constructor(member: SealParts, desk: ReadingDesk, planner: Pick<Planner, 'mayForward'> = new Planner(member)) {
    this.#member = member;
    this.#desk = desk;
    this.#planner = planner;
  }

  /** Resolves once nothing more is written into this window; to whether that had to be waited for. Never rejects. */
  async filled(tabId: number): Promise<boolean> {
    const filling = this.#filling.get(tabId);
    await filling; // its errors are told to whoever opened it
    return filling !== undefined;
  }

  /** The next answer to this mail, whose window is being opened, is left as it is: it holds what the member wrote before. */
  leave(messageId: number, window: Promise<unknown>): void {
    this.#left.add(messageId);
    window.catch(() => this.#left.delete(messageId)); // whoever opens it hears of that; the member's own answer is not it
  }

  /**
   * For tabs.onCreated. What came from outside, and what cannot be checked now, is left as Thunderbird quotes it; of a mail with a problem nothing
   * is taken over, and before the answer goes the member is asked (sending.ts).
   */
  async opened(tab: Tab): Promise<void> {
    const { id } = tab;
    if (id === undefined || tab.type !== 'messageCompose') return;
    await this.#during(id, this.#open(id));
  }

  /**
   * For a window that was open before this add-on ran, as when it is switched off and on: what was remembered of it is gone. Nothing is written
   * into it, but it is held to what the mail that it answers asks for; one of the member's own may hold a draft that lay sealed.
   */
  async found(tabId: number): Promise<void> {
    await this.#during(tabId, this.#hold(tabId));
  }

  async #during(tabId: number, filling: Promise<void>): Promise<void> {
    // At a start a window may be found and heard of at once: whoever waits, waits for both.
    const both = Promise.allSettled([this.#filling.get(tabId), filling]);
    this.#filling.set(tabId, both);
    await both;
    if (this.#filling.get(tabId) === both) this.#filling.delete(tabId);
    await filling; // its error is the caller's
  }

  async #hold(tabId: number): Promise<void> {
    const release = keepAlive();
    try {
      const details = await compose.getComposeDetails(tabId) as ComposeDetails;
      const { relatedMessageId, type } = details;
      const signed = await this.#isSigned(details);
      if (signed) await openedContent.mark(tabId, readMailbox(addressesOf(details).from).address);
      if (relatedMessageId === undefined || type === 'draft') return;
      const { reading } = await this.#desk.read({ id: relatedMessageId, date: new Date() } as MessageHeader);
      if (await this.#isDoubtful(reading, type, relatedMessageId)) return await doubtful.mark(tabId, type === 'reply' ? 'reply' : 'forward');
      if (reading?.marked !== true) return;
      const { state, code, mode, sender, deliveredTo, message } = reading.judgement;
      // What cannot be opened now, as its key is locked again, could be before.
      const unknown = state !== 'verified';
      if (unknown || message?.headers.outerSubject !== undefined) await choices.choose(tabId, { answersHidden: true });
      const own = (await this.#member.identities.all()).map(({ address }) => address);
      const by = unknown ? own[0] : own.find((address) => address === (code === 'own-copy' ? sender?.address : deliveredTo));
      if (!signed && mode !== 'sign-only' && by !== undefined) await openedContent.mark(tabId, by);
    } finally {
      release();
    }
  }

  /** Of a mail with a problem, or that could not be read, nothing is taken for what its sender wrote, unless the member writes his own anew. */
  async #isDoubtful(reading: Reading | undefined, type: ComposeDetails['type'], messageId: number): Promise<boolean> {
    return (reading === undefined || reading.judgement.state === 'problem') && !(type === 'new' && await this.#isOwn(messageId));
  }

  async #open(tabId: number): Promise<void> {
    const release = keepAlive();
    try {
      const details = await compose.getComposeDetails(tabId) as ComposeDetails;
      const { relatedMessageId, type } = details;
      if (relatedMessageId === undefined || type === 'draft') return;
      // What another account redirects is none of our business; where there is no key here yet, it is refused as it leaves.
      if (type === 'redirect' && !(await this.#isSigned(details))) return;
      await this.#answer(tabId, details, relatedMessageId);
      if (type === 'redirect') await redirects.mark(tabId);
    } finally {
      release();
    }
  }

  async #answer(tabId: number, details: ComposeDetails, relatedMessageId: number): Promise<void> {
    const { type } = details;
    const left = this.#left.delete(relatedMessageId);
    const { reading } = await this.#desk.read({ id: relatedMessageId, date: new Date() } as MessageHeader);
    if (await this.#isDoubtful(reading, type, relatedMessageId)) {
      // Written anew from it, its text would go on as the member's own.
      await doubtful.mark(tabId, type === 'reply' ? 'reply' : 'forward');
      if (!left) await this.#empty(tabId, details);
      return;
    }
    if (left || reading === undefined) return;
    if (type === 'redirect' && await passOn(this.#member, tabId, relatedMessageId, reading, await this.#planner.mayForward(addressesOf(details).from))) return;
    const { content } = reading;
    if (reading.judgement.state !== 'verified' || content === undefined) return;
    await this.#fill(tabId, details, reading, content);
  }

  /** Whether a mail bears one of the member's addresses: a template, or what he sent before his mail was sealed. */
  async #isOwn(messageId: number): Promise<boolean> {
    const { author } = await thunderbirdApi.messages.get(messageId);
    const own = await this.#member.identities.all();
    try {
      const { address } = readMailbox(author);
      return own.some((identity) => identity.address === address);
    } catch {
      return false;
    }
  }

  async #isSigned(details: ComposeDetails): Promise<boolean> {
    try {
      return await this.#member.identities.signer(readMailbox(addressesOf(details).from).address) !== undefined;
    } catch {
      return false; // no address
    }
  }

  /** Takes out what Thunderbird quoted, and the files it took over with that. A mail that is forwarded as a file stays one. */
  async #empty(tabId: number, first: ComposeDetails): Promise<void> {
    const signature = await signatureOf(first.identityId);
    let done = false;
    // Here too Thunderbird's own quotation may come late.
    for (let tries = 0; tries < TRIES; tries++) {
      const details = { ...first, ...await (tries === 0 ? quoted(tabId) : compose.getComposeDetails(tabId)) };
      if (!quotes(details) && !(isWhole(first) && !done)) break;
      done = true;
      await compose.setComposeDetails(tabId, emptied(details, signature));
      await untilLooked();
    }
    // Its writer, to whom answers to a redirected mail would go, is whoever it says.
    if (first.type === 'redirect') await compose.setComposeDetails(tabId, { replyTo: [] });
    if (done && first.type !== 'reply') await removeAttachments(tabId);
  }

  /**
   * Has what was opened leave by an account that can seal it; gives the window's details with that account. Undefined where there is none:
   * then Thunderbird's quotation of the sealed mail stays, in which nothing is.
   */
  async #byMember(tabId: number, details: ComposeDetails, { judgement: { code, mode, deliveredTo, sender } }: Reading): Promise<ComposeDetails | undefined> {
    // Anybody on the way could read it.
    if (mode === 'sign-only') return details;
    if (await this.#isSigned(details)) {
      await openedContent.mark(tabId, readMailbox(addressesOf(details).from).address);
      return details;
    }
    const address = code === 'own-copy' ? sender?.address : deliveredTo;
    if (address === undefined || await this.#member.identities.signer(address) === undefined) return undefined;
    const identityId = await identityOf(address);
    if (identityId === undefined) return undefined;
    await compose.setComposeDetails(tabId, { identityId });
    await openedContent.mark(tabId, address);
    return { ...details, identityId };
  }

  async #fill(tabId: number, given: ComposeDetails, reading: Reading, content: Content): Promise<void> {
    const first = await this.#byMember(tabId, given, reading);
    if (first === undefined) return;
    const own = new Set((await this.#member.identities.all()).map(({ address }) => address));
    const { headers } = reading.judgement.message ?? {};
    const { subject = '', outerSubject } = headers ?? {};
    const signature = await signatureOf(first.identityId);
    // What cannot be redirected as it is goes on in the member's own mail, as a forward does.
    const type = first.type === 'redirect' ? 'forward' : first.type;
    // A subject that its writer hid does not come out by an answer.
    if (outerSubject !== undefined) await choices.choose(tabId, { answersHidden: true });
    // Thunderbird writes its own quotation late, if the machine is busy; what it writes over is written once more.
    for (let tries = 0; tries < TRIES; tries++) {
      // Whoever types fast has begun while the mail was opened: what is there now counts.
      const details = { ...first, ...await quoted(tabId), type };
      await compose.setComposeDetails(tabId, {
        ...withQuotation(details, quotationOf(type, reading, content), signature),
        ...addressees(details, reading.judgement, own), ...(first.type === 'redirect' && headers !== undefined && { replyTo: answerTo(headers) }),
        ...subjectOf(details, subject), isModified: false,
      });
      await untilLooked();
      if (!quotesNotice(await compose.getComposeDetails(tabId))) break;
    }
    if (type === 'reply') return;
    // Its content is there now: the sealed part, or the whole sealed mail where Thunderbird forwards mails as attachments, goes.
    for (const { id, name = '' } of await compose.listAttachments(tabId)) {
      const file = await compose.getAttachmentFile(id);
      const attachment = { name, type: file.type, bytes: new Uint8Array(await file.arrayBuffer()) };
      if (isSealedFile(attachment)) await compose.removeAttachment(tabId, id);
    }
    for (const [i, file] of reading.files.entries()) {
      await compose.addAttachment(tabId, { file: new File([file.bytes], nameOfFile(words, file, i), { type: file.type }) });
    }
  }
}

/** The outer subject may be another; the prefix is Thunderbird's. */
function subjectOf(details: ComposeDetails, subject: string): Pick<ComposeDetails, 'subject'> {
  const prefix = /^(?:[A-Za-z]{2,4}: )+/.exec(details.subject ?? '')?.[0] ?? '';
  const bare = subject.replace(/^(?:re|fwd?|aw|wg): */i, '');
  return { subject: details.type === 'new' ? subject : `${prefix}${bare}` };
}
