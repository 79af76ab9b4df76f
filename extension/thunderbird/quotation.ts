/** What a compose window quotes of another mail: finding Thunderbird's own quotation, and writing ours in its place. */
import type { Reading } from '../member/read.ts';
import type { Judgement } from '../../src/flow/open.ts';
import type { Mailbox } from '../../src/mail/address.ts';
import { CARRIER_NOTICE } from '../../src/mail/carrier.ts';
import type { Content } from '../../src/mail/content.ts';
import type { ProtectedHeaders } from '../../src/mail/protected-headers.ts';
import { shownMailbox, shownText } from '../../src/mail/shown-text.ts';
import { createSafeHtml } from '../ui/safe-html.ts';
import { textOfContent } from '../ui/html-text.ts';
import { type ComposeDetails, thunderbirdApi } from './api.ts';
import { words } from './words.ts';

const { compose } = thunderbirdApi;
const safeHtml = createSafeHtml(window);

/** How often a window is looked at again: Thunderbird may write its own quotation late. */
export const TRIES = 5;
/** Milliseconds. */
const LOOK_AGAIN = 150;
/** A member may have turned quoting off: then it is not waited for any longer than this. Milliseconds. */
const QUOTED_WITHIN = 5_000;

/** Resolves when it is time to look at a window again. */
export function untilLooked(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN));
}

/** What the window holds once Thunderbird has put its own quotation there. */
export async function quoted(tabId: number): Promise<ComposeDetails> {
  const deadline = Date.now() + QUOTED_WITHIN;
  for (;;) {
    const details = await compose.getComposeDetails(tabId) as ComposeDetails;
    if (quotes(details) || quotesNotice(details) || Date.now() > deadline) return details;
    if (isWhole(details) && (details.plainTextBody ?? '').trim() !== '') return details;
    await untilLooked();
  }
}

/** Of another mail: the lines above it, and what stands in it. */
interface Quoted {
  readonly prefix: string;
  readonly content: Pick<Content, 'text' | 'html' | 'beside' | 'images'>;
}

export interface Quotation extends Quoted {
  /** What it passed on of others. */
  readonly further?: readonly Quoted[];
}

type Body = Pick<ComposeDetails, 'body' | 'plainTextBody'>;

/** The window's text with this in place of what Thunderbird quoted. `signature`: the text of the member's own. */
export function withQuotation(details: ComposeDetails, quotation: Quotation, signature: string): Body {
  return details.isPlainText === true ? { plainTextBody: plainBody(details, quotation, signature) } : { body: htmlBody(details, quotation) };
}

/** Whether Thunderbird puts the other mail into the window as it is, with nothing to tell it from what the member writes. */
export function isWhole({ type }: ComposeDetails): boolean {
  return type === 'new' || type === 'redirect';
}

/** The window's text without anything of the mail that Thunderbird quoted, whoever wrote that. */
export function emptied(details: ComposeDetails, signature: string): Body {
  return details.isPlainText === true ? { plainTextBody: withoutQuotation(details, signature) } : { body: htmlBody(details, undefined, signature) };
}

/** As the member's own paragraphs. */
export function paragraphs({ isPlainText }: ComposeDetails, text: string): Body {
  if (isPlainText === true) return { plainTextBody: `${text}\n` };
  const page = new DOMParser().parseFromString('', 'text/html');
  for (const line of text.split('\n')) {
    const paragraph = emptyParagraph(page);
    if (line !== '') paragraph.textContent = line;
    page.body.append(paragraph);
  }
  return { body: page.documentElement.outerHTML };
}

/**
 * The member's signature below a quotation in plain text. An answer marks each line that is another's; elsewhere a line of another's may
 * look like the beginning of a signature, so that only what is the member's own counts.
 */
function signatureBelow({ type, plainTextBody = '' }: ComposeDetails, own: string): string {
  const at = plainTextBody.lastIndexOf('\n-- \n');
  const found = at < 0 ? '' : plainTextBody.slice(at);
  return (type === 'reply' ? !/^>/m.test(found) : same(found, `-- ${own}`)) ? found : '';
}

function same(one: string, other: string): boolean {
  return one.replace(/\s+/g, '') === other.replace(/\s+/g, '');
}

/** Of plain text: an answer's quotation, or the line that Thunderbird puts above what it forwards. */
const QUOTATION = /^>|^-{8} .+ -{8}$/m;

export function quotes({ isPlainText, body = '', plainTextBody = '' }: ComposeDetails): boolean {
  return isPlainText === true ? QUOTATION.test(plainTextBody) : /moz-cite-prefix|moz-forward-container|<blockquote/i.test(body);
}

function withoutQuotation(details: ComposeDetails, own: string): string {
  const { type, plainTextBody = '' } = details;
  const written = isWhole(details) ? '' : type === 'reply' ? writtenText(plainTextBody) : plainTextBody.slice(0, QUOTATION.exec(plainTextBody)?.index ?? 0).trimEnd();
  return `${written}\n${signatureBelow(details, own)}`;
}

export function quotesNotice({ plainTextBody = '' }: ComposeDetails): boolean {
  const text = plainTextBody.replace(/[\s>]+/g, '');
  return CARRIER_NOTICE.some((line) => text.includes(line.replace(/\s+/g, '')));
}

/** A mail that was opened. In an answer only its sender's own words are quoted. */
export function quotationOf(type: ComposeDetails['type'], { judgement, forwarded }: Reading, content: Content): Quotation {
  const further = type === 'reply' ? [] : forwarded.flatMap(({ headers, content: inner }) => (headers === undefined || inner === undefined ? [] : [{ prefix: forwardPrefix(headers), content: inner }]));
  return { prefix: prefixOf(type, judgement), content, further };
}

const people = (list: readonly Mailbox[]): string => words.list(list.map(shownMailbox));

/** The lines above what is quoted. */
function prefixOf(type: ComposeDetails['type'], judgement: Judgement): string {
  const headers = judgement.message?.headers;
  if (headers === undefined) return '';
  // A name alone only where the organisation vouches for it: any other is what the sender calls himself.
  const name = headers.from.displayName === judgement.sender?.displayName ? headers.from.displayName : people([headers.from]);
  return type === 'reply' ? words.text('reply_prefix', { date: headers.date === undefined ? '' : words.moment(headers.date), name }) : forwardPrefix(headers);
}

function forwardPrefix(headers: ProtectedHeaders): string {
  return [
    words.text('forward_prefix'),
    `${words.text('field_subject')}: ${shownText(headers.subject)}`,
    `${words.text('field_date')}: ${headers.date === undefined ? '' : words.moment(headers.date)}`,
    `${words.text('field_from')}: ${people([headers.from])}`,
    `${words.text('field_to')}: ${people(headers.to)}`,
    ...(headers.cc.length > 0 ? [`${words.text('field_cc')}: ${people(headers.cc)}`] : []),
  ].join('\n');
}

function linesOf(content: Quoted['content']): string {
  return textOfContent(content).replace(/\r\n?/g, '\n').trimEnd();
}

function plainBody(details: ComposeDetails, { prefix, content, further = [] }: Quotation, own: string): string {
  const lines = [linesOf(content), ...further.map((one) => `\n${one.prefix}\n\n${linesOf(one.content)}`)].join('\n');
  if (details.type === 'new') return lines;
  const quotation = details.type === 'reply' ? lines.split('\n').map((line) => (line.startsWith('>') ? `>${line}` : `> ${line}`)).join('\n') : `\n${lines}`;
  return `${writtenText(details.plainTextBody ?? '')}\n\n${prefix}\n${quotation}\n${signatureBelow(details, own)}`;
}

/** What the member has typed so far above Thunderbird's own quotation, which begins with a line about its sender. */
function writtenText(body: string): string {
  const lines = body.split('\n');
  const cited = lines.findIndex((line) => line.startsWith('>'));
  return cited < 1 ? '' : lines.slice(0, cited - 1).join('\n').trimEnd();
}

/** Thunderbird's own frame (empty paragraph, signature) stays; what it quotes is replaced, or goes where there is nothing verified to quote. */
function htmlBody(details: ComposeDetails, quotation?: Quotation, own = ''): string {
  const page = new DOMParser().parseFromString(details.body ?? '', 'text/html');
  // One inside the quotation is its writer's.
  const signature = [...page.querySelectorAll('.moz-signature')].filter((element) => element.closest('blockquote') === null).at(-1);
  if (quotation === undefined) {
    const kept = signature !== undefined && (details.type === 'reply' || same(signature.textContent, `-- ${own}`) && signature.querySelector('[href], [src]') === null);
    page.body.replaceChildren(...(isWhole(details) ? [emptyParagraph(page)] : written(page)), ...(kept ? [signature] : []));
    return page.documentElement.outerHTML;
  }
  const { prefix, content, further = [] } = quotation;
  const quote = page.createElement(details.type === 'reply' ? 'blockquote' : 'div');
  if (details.type === 'reply') quote.setAttribute('type', 'cite');
  fill(page, quote, content);
  for (const one of further) {
    const inner = page.createElement('div');
    fill(page, inner, one.content);
    quote.append(above(page, one.prefix), inner);
  }
  if (details.type === 'new') {
    page.body.replaceChildren(quote);
    return page.documentElement.outerHTML;
  }
  const line = above(page, prefix);
  line.className = details.type === 'reply' ? 'moz-cite-prefix' : 'moz-forward-container';
  page.body.replaceChildren(...written(page), line, quote, ...(signature === undefined ? [] : [signature]));
  return page.documentElement.outerHTML;
}

function above(page: Document, prefix: string): HTMLElement {
  const line = page.createElement('div');
  line.style.whiteSpace = 'pre-line';
  line.textContent = prefix;
  return line;
}

function fill(page: Document, quote: HTMLElement, content: Quoted['content']): void {
  if (content.html === undefined) {
    const text = page.createElement('div');
    text.style.whiteSpace = 'pre-wrap';
    text.textContent = content.text ?? '';
    quote.append(text);
  } else {
    const safe = new DOMParser().parseFromString(safeHtml(content.html, { images: content.images, links: true, ...(content.beside !== undefined && { beside: content.beside }) }).html, 'text/html');
    quote.append(...safe.body.childNodes);
  }
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
  return [emptyParagraph(page)];
}

function emptyParagraph(page: Document): Element {
  const empty = page.createElement('p');
  empty.append(page.createElement('br'));
  return empty;
}
