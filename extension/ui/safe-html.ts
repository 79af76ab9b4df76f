/**
 * HTML of a mail made safe to show and to quote: an allow-list of elements, attributes and style properties. Nothing
 * loads from outside unless it is asked for, nothing runs, nothing leaves its place or depends on where it is shown (attacks: EFAIL, CSS
 * conditional content, UI redressing).
 */
import createDOMPurify from 'dompurify';
import { toDataUrl } from './data-url.ts';
import { UNSEEN } from './html-text.ts';
import { percentDecoded } from './percent.ts';
import type { ContentImage } from '../../src/mail/content.ts';

export interface SafeHtml {
  readonly html: string;
  /** It sets colours of its own, so that it needs the paper that its writer had. */
  readonly coloured: boolean;
  /** Servers outside that hold pictures of it, each once. */
  readonly servers: readonly string[];
}

const TAGS = [
  'a', 'abbr', 'address', 'article', 'aside', 'b', 'bdi', 'bdo', 'big', 'blockquote', 'br', 'caption', 'center', 'cite', 'code', 'col', 'colgroup',
  'dd', 'del', 'details', 'dfn', 'div', 'dl', 'dt', 'em', 'figcaption', 'figure', 'font', 'footer', 'h1', 'h2', 'h3', 'h4', 'h5', 'h6', 'header', 'hr',
  'i', 'img', 'ins', 'kbd', 'li', 'main', 'mark', 'nav', 'ol', 'p', 'pre', 'q', 'rp', 'rt', 'ruby', 's', 'samp', 'section', 'small', 'span', 'strike',
  'strong', 'sub', 'summary', 'sup', 'table', 'tbody', 'td', 'tfoot', 'th', 'thead', 'time', 'tr', 'tt', 'u', 'ul', 'var', 'wbr',
];
const ATTRIBUTES = [
  'align', 'alt', 'bgcolor', 'border', 'cellpadding', 'cellspacing', 'color', 'cols', 'colspan', 'dir', 'face', 'height', 'href', 'lang', 'reversed',
  'rowspan', 'scope', 'size', 'span', 'src', 'start', 'style', 'title', 'type', 'valign', 'value', 'width',
];
const STYLES = new Set([
  'color', 'background-color', 'font-family', 'font-size', 'font-style', 'font-weight', 'font-variant', 'line-height', 'letter-spacing', 'text-align',
  'text-decoration', 'text-decoration-line', 'text-decoration-color', 'text-decoration-style', 'vertical-align', 'list-style-type', 'direction',
  'width', 'max-width', 'min-width', 'height', 'border-collapse', 'border-spacing',
  'white-space', 'white-space-collapse', 'text-wrap-mode', // the first is made of the others where browsers know them
  ...['top', 'right', 'bottom', 'left'].flatMap((side) =>
    [`padding-${side}`, `margin-${side}`, `border-${side}-width`, `border-${side}-style`, `border-${side}-color`]),
]);
/** A value of these properties can neither load anything nor look anything up. */
const HARMLESS_VALUE = /^[\w\s#%.,()'"+-]*$/;
const FUNCTION = /(\w[\w-]*)\s*\(/g;
const COLOUR_FUNCTIONS = new Set(['rgb', 'rgba', 'hsl', 'hsla']);
const IMAGE_TYPES = new Set(['image/png', 'image/jpeg', 'image/gif', 'image/webp', 'image/bmp']);

export interface SafeHtmlOptions {
  readonly images: readonly ContentImage[];
  /** Text to stand below it: joined before it is sanitised, one part could open what another closes (EFAIL). */
  readonly beside?: string;
  /** Links may be followed. */
  readonly links: boolean;
  /** Pictures are fetched from servers outside (HTTPS only); else they are only counted. */
  readonly outside?: boolean;
  /** For a page of ours, whose policy refuses `style` attributes whoever wrote them: styles stand in PAGE_STYLE instead. */
  readonly page?: boolean;
}

/** See `page`; mail-body.tsx makes styles of it. */
export const PAGE_STYLE = 'data-style';

/** Sanitises HTML in the window of this page, whose scripts must not be the mail's. */
export function createSafeHtml(window: Window & typeof globalThis): (html: string, options: SafeHtmlOptions) => SafeHtml {
  return (html, { images, beside, links, outside = false, page = false }) => {
    const sources = new Map(images.filter(({ type }) => IMAGE_TYPES.has(type)).map((image) => [image.contentId, image]));
    const servers = new Set<string>();
    let coloured = false;
    const purify = createDOMPurify(window);
    purify.addHook('afterSanitizeAttributes', (node) => {
      if (!(node instanceof window.HTMLElement)) return;
      if (node.hasAttribute('style')) keepStyles(node, page ? PAGE_STYLE : 'style');
      if (node.hasAttribute('src')) setImage(node, sources, servers, outside);
      if (node.tagName !== 'A' && node.closest('a') !== null) node.removeAttribute('title'); // that of the link says where it leads
      if (node.hasAttribute('href')) setLink(node, links);
      coloured ||= node.hasAttribute('bgcolor') || node.hasAttribute('color') || /color/.test(node.getAttribute(page ? PAGE_STYLE : 'style') ?? '');
    });
    const safe = purify.sanitize(html, {
      ALLOWED_TAGS: TAGS, ALLOWED_ATTR: ATTRIBUTES, ALLOW_DATA_ATTR: false, ALLOW_ARIA_ATTR: false, WHOLE_DOCUMENT: false,
      FORBID_CONTENTS: UNSEEN,
      ALLOWED_URI_REGEXP: /^(?:(?:https?|mailto|cid):|[^a-z]|[a-z+.-]+(?:[^a-z+.\-:]|$))/i, // values of other attributes pass through it too
    });
    return { html: beside === undefined ? safe : `${safe}<hr><pre ${page ? PAGE_STYLE : 'style'}="white-space: pre-wrap">${escaped(beside)}</pre>`, coloured, servers: [...servers] };
  };
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

function keepStyles(node: HTMLElement, attribute: string): void {
  const kept: string[] = [];
  for (const name of Array.from(node.style)) {
    const value = node.style.getPropertyValue(name);
    if (STYLES.has(name) && isHarmless(name, value)) kept.push(`${name}: ${value}`);
  }
  node.removeAttribute('style');
  if (kept.length > 0) node.setAttribute(attribute, kept.join('; '));
}

function isHarmless(name: string, value: string): boolean {
  if (!HARMLESS_VALUE.test(value)) return false;
  if (/^(?:margin|letter-spacing)/.test(name) && value.trim().startsWith('-')) return false; // one thing over another, letters that go backwards
  return [...value.matchAll(FUNCTION)].every(([, called = '']) => COLOUR_FUNCTIONS.has(called.toLowerCase()));
}

/** Images come out of the mail itself, or from outside where that was asked for. */
function setImage(node: HTMLElement, sources: ReadonlyMap<string, ContentImage>, servers: Set<string>, outside: boolean): void {
  const source = node.getAttribute('src') ?? '';
  node.removeAttribute('src');
  if (node.tagName !== 'IMG') return;
  const image = /^cid:/i.test(source) ? sources.get(percentDecoded(source.slice(4))) : undefined;
  if (image !== undefined) node.setAttribute('src', toDataUrl(image.type, image.bytes));
  else if (/^data:image\/(?:png|jpeg|gif|webp|bmp);base64,[A-Za-z0-9+/=\s]*$/i.test(source)) node.setAttribute('src', source);
  const server = serverOf(source);
  if (server === undefined) return;
  servers.add(server);
  if (!outside) return;
  node.setAttribute('src', source);
  node.setAttribute('referrerpolicy', 'no-referrer');
}

/** The server that a picture would be fetched from; undefined for what is not fetched from anywhere. */
function serverOf(source: string): string | undefined {
  if (!/^https:/i.test(source) || !URL.canParse(source)) return undefined;
  const { host, username, password } = new URL(source);
  return username === '' && password === '' ? host : undefined;
}

/** A mail address link keeps address and subject: others could attach files or fill in a text. */
function setLink(node: HTMLElement, links: boolean): void {
  const target = node.getAttribute('href') ?? '';
  node.removeAttribute('href');
  if (!links || node.tagName !== 'A') return;
  if (/^https?:/i.test(target)) node.setAttribute('href', target);
  else if (/^mailto:/i.test(target)) {
    const subject = /[?&]subject=([^&#]*)/i.exec(target)?.[1];
    node.setAttribute('href', `${target.split(/[?#]/)[0] ?? ''}${subject === undefined ? '' : `?subject=${subject}`}`);
  } else return;
  node.setAttribute('rel', 'noreferrer noopener');
  node.setAttribute('title', target);
}
