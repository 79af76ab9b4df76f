/** Replying and forwarding: what is quoted is the verified text, and it goes to the protected addressees. */
import { readMailbox } from '../member/draft.ts';
import type { Reading } from '../member/read.ts';
import type { SealParts } from '../member/seal.ts';
import { isSealedFile } from '../member/sealed-files.ts';
import type { Mailbox } from '../../src/mail/address.ts';
import { CARRIER_NOTICE } from '../../src/mail/carrier.ts';
import type { Content } from '../../src/mail/content.ts';
import { shownMailbox, shownText } from '../../src/mail/shown-text.ts';
import { createSafeHtml } from '../ui/safe-html.ts';
import { fileName } from '../ui/file-name.ts';
import { htmlToText } from '../ui/html-text.ts';
import { type ComposeDetails, type MessageHeader, type Tab, thunderbirdApi } from './api.ts';
import { addressees } from './addressees.ts';
import { choices } from './choices.ts';
import { doubtful } from './doubtful.ts';
import { keepAlive } from './keep-alive.ts';
import type { ReadingDesk } from './reading.ts';
import { words } from './words.ts';

const { compose } = thunderbirdApi;
const safeHtml = createSafeHtml(window);

export class Replying {
  readonly #member: SealParts;
  readonly #desk: ReadingDesk;
  /** Windows that are being filled, by tab. */
  readonly #filling = new Map<number, Promise<void>>();
  /** Mails whose next answer is left as it is. */
  readonly #left = new Set<number>();

  constructor(member: SealParts, desk: ReadingDesk) {
    this.#member = member;
    this.#desk = desk;
  }

  /** Resolves once nothing more is written into this window; to whether that had to be waited for. Never rejects. */
  async filled(tabId: number): Promise<boolean> {
    const filling = this.#filling.get(tabId);
    await filling?.catch(() => undefined); // told to whoever opened it
    return filling !== undefined;
  }

  /** The next answer to this mail is left as it is: it holds what the member wrote before. */
  leave(messageId: number): void {
    this.#left.add(messageId);
  }

  /**
   * For tabs.onCreated. What came from outside, and what cannot be checked now, is left as Thunderbird quotes it; of a mail with a problem nothing
   * is taken over, and before the answer goes the member is asked (sending.ts).
   */
  async opened(tab: Tab): Promise<void> {
    const { id } = tab;
    if (id === undefined || tab.type !== 'messageCompose') return;
    const filling = this.#open(id);
    this.#filling.set(id, filling);
    await filling.finally(() => this.#filling.delete(id));
  }

  async #open(tabId: number): Promise<void> {
    const release = keepAlive();
    try {
      const details = await compose.getComposeDetails(tabId) as ComposeDetails;
      const { relatedMessageId, type } = details;
      if (relatedMessageId === undefined || type === 'draft' || type === 'redirect') return;
      const left = this.#left.delete(relatedMessageId);
      const { reading } = await this.#desk.read({ id: relatedMessageId, date: new Date() } as MessageHeader);
      if ((reading === undefined || reading.judgement.state === 'problem') && !(type === 'new' && await this.#isOwn(relatedMessageId))) {
        // Written anew from it, its text would go on as the member's own.
        await doubtful.mark(tabId, type === 'reply' ? 'reply' : 'forward');
        if (!left) await this.#empty(tabId, details);
        return;
      }
      if (left) return;
      const content = reading?.content;
      if (reading?.judgement.state !== 'verified' || content === undefined) return;
      await this.#fill(tabId, details, reading, content);
    } finally {
      release();
    }
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

  /** Takes out what Thunderbird quoted, and the files it took over with that. A mail that is forwarded as a file stays one. */
  async #empty(tabId: number, first: ComposeDetails): Promise<void> {
    let emptied = false;
    // Here too Thunderbird's own quotation may come late.
    for (let tries = 0; tries < TRIES; tries++) {
      const details = { ...first, ...await (tries === 0 ? quoted(tabId) : compose.getComposeDetails(tabId)) };
      if (!quotes(details) && !(first.type === 'new' && !emptied)) break;
      emptied = true;
      await compose.setComposeDetails(tabId, details.isPlainText === true ? { plainTextBody: withoutQuotation(details) } : { body: htmlBody(details) });
      await pause(LOOK_AGAIN);
    }
    if (!emptied || first.type === 'reply') return;
    for (const { id } of await compose.listAttachments(tabId)) await compose.removeAttachment(tabId, id);
  }

  async #fill(tabId: number, first: ComposeDetails, reading: Reading, content: Content): Promise<void> {
    const own = new Set((await this.#member.identities.all()).map(({ address }) => address));
    const { subject = '', outerSubject } = reading.judgement.message?.headers ?? {};
    // A subject that its writer hid does not come out by an answer.
    if (outerSubject !== undefined) await choices.choose(tabId, { hideSubject: true });
    // Thunderbird writes its own quotation late, if the machine is busy; what it writes over is written once more.
    for (let tries = 0; tries < TRIES; tries++) {
      // Whoever types fast has begun while the mail was opened: what is there now counts.
      const details = { ...first, ...await quoted(tabId) };
      await compose.setComposeDetails(tabId, {
        ...(details.isPlainText === true ? { plainTextBody: plainBody(details, reading, content) } : { body: htmlBody(details, reading, content) }),
        ...addressees(details, reading.judgement, own), ...subjectOf(details, subject), isModified: false,
      });
      await pause(LOOK_AGAIN);
      if (!quotesNotice(await compose.getComposeDetails(tabId))) break;
    }
    if (first.type === 'reply') return;
    // Its content is there now: the sealed part, or the whole sealed mail where Thunderbird forwards mails as attachments, goes.
    for (const { id, name = '' } of await compose.listAttachments(tabId)) {
      const file = await compose.getAttachmentFile(id);
      const attachment = { name, type: file.type, bytes: new Uint8Array(await file.arrayBuffer()) };
      if (isSealedFile(attachment)) await compose.removeAttachment(tabId, id);
    }
    for (const [i, { name, type, bytes }] of content.attachments.entries()) {
      await compose.addAttachment(tabId, { file: new File([bytes], fileName(words, name, i), { type }) });
    }
  }
}

const TRIES = 5;
/** Milliseconds. */
const LOOK_AGAIN = 150;
/** A member may have turned quoting off: then it is not waited for any longer than this. Milliseconds. */
const QUOTED_WITHIN = 5_000;

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/** What the window holds once Thunderbird has put its own quotation there. */
async function quoted(tabId: number): Promise<ComposeDetails> {
  const deadline = Date.now() + QUOTED_WITHIN;
  for (;;) {
    const details = await compose.getComposeDetails(tabId) as ComposeDetails;
    if (quotes(details) || quotesNotice(details) || Date.now() > deadline) return details;
    if (details.type === 'new' && (details.plainTextBody ?? '').trim() !== '') return details;
    await pause(LOOK_AGAIN);
  }
}

/** In plain text. */
const SIGNATURE = /\n-- \n[\s\S]*$/;
/** Of plain text: an answer's quotation, or the line that Thunderbird puts above what it forwards. */
const QUOTATION = /^>|^-{8} .+ -{8}$/m;

function quotes({ isPlainText, body = '', plainTextBody = '' }: ComposeDetails): boolean {
  return isPlainText === true ? QUOTATION.test(plainTextBody) : /moz-cite-prefix|moz-forward-container|<blockquote/i.test(body);
}

function withoutQuotation({ type, plainTextBody = '' }: ComposeDetails): string {
  const signature = SIGNATURE.exec(plainTextBody)?.[0] ?? '';
  const written = type === 'reply' ? writtenText(plainTextBody) : plainTextBody.slice(0, QUOTATION.exec(plainTextBody)?.index ?? 0).trimEnd();
  return `${written}\n${signature}`;
}

function quotesNotice({ plainTextBody = '' }: ComposeDetails): boolean {
  const text = plainTextBody.replace(/[\s>]+/g, '');
  return CARRIER_NOTICE.some((line) => text.includes(line.replace(/\s+/g, '')));
}

/** The outer subject may be another; the prefix is Thunderbird's. */
function subjectOf(details: ComposeDetails, subject: string): Pick<ComposeDetails, 'subject'> {
  const prefix = /^(?:[A-Za-z]{2,4}: )+/.exec(details.subject ?? '')?.[0] ?? '';
  const bare = subject.replace(/^(?:re|fwd?|aw|wg): */i, '');
  return { subject: details.type === 'new' ? subject : `${prefix}${bare}` };
}

function prefixOf(type: ComposeDetails['type'], { judgement, content }: Reading): string {
  const headers = judgement.message?.headers;
  if (headers === undefined || content === undefined) return '';
  const people = (list: readonly Mailbox[]): string => words.list(list.map(shownMailbox));
  // A name alone only where the organisation vouches for it: any other is what the sender calls himself.
  const name = headers.from.displayName === judgement.sender?.displayName ? headers.from.displayName : people([headers.from]);
  if (type === 'reply') return words.text('reply_prefix', { date: headers.date === undefined ? '' : words.moment(headers.date), name });
  return [
    words.text('forward_prefix'),
    `${words.text('field_subject')}: ${shownText(headers.subject)}`,
    `${words.text('field_date')}: ${headers.date === undefined ? '' : words.moment(headers.date)}`,
    `${words.text('field_from')}: ${people([headers.from])}`,
    `${words.text('field_to')}: ${people(headers.to)}`,
    ...(headers.cc.length > 0 ? [`${words.text('field_cc')}: ${people(headers.cc)}`] : []),
  ].join('\n');
}

function plainBody(details: ComposeDetails, reading: Reading, content: Content): string {
  const text = content.text ?? htmlToText(content.html ?? '');
  const signature = SIGNATURE.exec(details.plainTextBody ?? '')?.[0] ?? '';
  const lines = text.replace(/\r\n?/g, '\n').trimEnd();
  if (details.type === 'new') return lines;
  const quoted = details.type === 'reply' ? lines.split('\n').map((line) => (line.startsWith('>') ? `>${line}` : `> ${line}`)).join('\n') : `\n${lines}`;
  return `${writtenText(details.plainTextBody ?? '')}\n\n${prefixOf(details.type, reading)}\n${quoted}\n${signature}`;
}

/** What the member has typed so far above Thunderbird's own quotation, which begins with a line about its sender. */
function writtenText(body: string): string {
  const lines = body.split('\n');
  const cited = lines.findIndex((line) => line.startsWith('>'));
  return cited < 1 ? '' : lines.slice(0, cited - 1).join('\n').trimEnd();
}

/** Thunderbird's own frame (empty paragraph, signature) stays; what it quotes is replaced, or goes where there is nothing verified to quote. */
function htmlBody(details: ComposeDetails, reading?: Reading, content?: Content): string {
  const page = new DOMParser().parseFromString(details.body ?? '', 'text/html');
  const signature = page.querySelector('.moz-signature');
  if (reading === undefined || content === undefined) {
    page.body.replaceChildren(...written(page), ...(signature === null ? [] : [signature]));
    return page.documentElement.outerHTML;
  }
  const quote = page.createElement(details.type === 'reply' ? 'blockquote' : 'div');
  if (details.type === 'reply') quote.setAttribute('type', 'cite');
  if (content.html === undefined) {
    const text = page.createElement('div');
    text.style.whiteSpace = 'pre-wrap';
    text.textContent = content.text ?? '';
    quote.append(text);
  } else {
    const safe = new DOMParser().parseFromString(safeHtml(content.html, { images: content.images, links: true }).html, 'text/html');
    quote.append(...safe.body.childNodes);
  }
  if (details.type === 'new') {
    page.body.replaceChildren(quote);
    return page.documentElement.outerHTML;
  }
  const prefix = page.createElement('div');
  prefix.className = details.type === 'reply' ? 'moz-cite-prefix' : 'moz-forward-container';
  prefix.style.whiteSpace = 'pre-line';
  prefix.textContent = prefixOf(details.type, reading);
  page.body.replaceChildren(...written(page), prefix, quote, ...(signature === null ? [] : [signature]));
  return page.documentElement.outerHTML;
}

/** What stands above Thunderbird's own quotation: what the member has typed so far, or an empty paragraph. */
function written(page: Document): Node[] {
  const cited = page.querySelector('.moz-cite-prefix, .moz-forward-container, blockquote[type="cite"]');
  const nodes: Node[] = [];
  for (const node of page.body.childNodes) {
    if (node === cited) break;
    nodes.push(node);
  }
  const typed = cited !== null && nodes.some((node) => node.textContent?.trim() !== '' || (node instanceof Element && node.querySelector('img') !== null));
  if (typed) return nodes;
  const empty = page.createElement('p');
  empty.append(page.createElement('br'));
  return [empty];
}
