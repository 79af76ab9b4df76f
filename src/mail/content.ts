/**
 * What a reader shows of a sealed entity: one text, one HTML with its images, attachments. Every leaf comes out in one
 * of these places, so that nothing inside a seal stays unseen: an image that the HTML does not name is an attachment.
 */
import type { Bytes } from '../core/bytes.ts';
import type { Entity } from './mime.ts';
import { decodeText } from './text.ts';

export interface ContentFile {
  /** As its sender named it; empty where he did not. May hold path separators. */
  readonly name: string;
  /** `type/subtype`, lower case. */
  readonly type: string;
  /** As declared, of a text. */
  readonly charset?: string;
  readonly bytes: Bytes;
}

export interface ContentImage extends ContentFile {
  /** Without angle brackets, as the HTML's `cid:` says. */
  readonly contentId: string;
}

export interface Content {
  readonly text?: string;
  readonly html?: string;
  /** Of the text, what is no alternative to any HTML: to be shown too, where there is HTML. */
  readonly beside?: string;
  /** Images that stand beside the HTML in a multipart/related. */
  readonly images: readonly ContentImage[];
  readonly attachments: readonly ContentFile[];
}

interface Found {
  texts: string[];
  htmls: string[];
  besides: string[];
  images: ContentImage[];
  attachments: ContentFile[];
}

/** Takes an entity apart that was parsed at the sealed level. Never throws for such a one. */
export function readContent(root: Entity): Content {
  const found: Found = { texts: [], htmls: [], besides: [], images: [], attachments: [] };
  visit(root, { related: false, alternative: false }, found);
  const html = found.htmls.join('<hr>');
  const ids = namedIn(html);
  const named = ({ contentId }: ContentImage): boolean => ids.has(contentId) || ids.has(encodeURIComponent(contentId));
  return {
    ...(found.texts.length > 0 && { text: found.texts.join('\n\n') }),
    ...(found.htmls.length > 0 && { html }),
    ...(found.htmls.length > 0 && found.besides.length > 0 && { beside: found.besides.join('\n\n') }),
    images: found.images.filter(named),
    attachments: [...found.images.filter((image) => !named(image)), ...found.attachments],
  };
}

/** What follows each `cid:`, as it stands and with its ampersands as characters. In one pass: neither the HTML nor the images are few because we would like it. */
function namedIn(html: string): ReadonlySet<string> {
  const ids = new Set<string>();
  for (const [, id = ''] of html.matchAll(/cid:([^"'\s<>)]+)/gi)) ids.add(id).add(id.replaceAll('&amp;', '&'));
  return ids;
}

interface Where {
  /** Directly in a multipart/related. */
  readonly related: boolean;
  /** In a multipart/alternative that has HTML too. */
  readonly alternative: boolean;
}

function visit(entity: Entity, { related, alternative }: Where, found: Found): void {
  const { type, children } = entity;
  if (children.length > 0) {
    const inner: Where = { related: type === 'multipart/related', alternative: alternative || (type === 'multipart/alternative' && hasHtml(entity)) };
    for (const child of children) visit(child, inner, found);
  } else if (isBody(entity)) {
    const list = type === 'text/html' ? found.htmls : found.texts;
    const text = decodeText(entity);
    list.push(text);
    if (type !== 'text/html' && !alternative) found.besides.push(text);
  } else {
    const charset = type.startsWith('text/') ? entity.params.get('charset') : undefined;
    const file = { name: entity.filename ?? '', type, bytes: entity.body(), ...(charset !== undefined && { charset }) };
    if (related && entity.contentId !== undefined && type.startsWith('image/')) found.images.push({ ...file, contentId: entity.contentId });
    else found.attachments.push(file);
  }
}

function hasHtml(entity: Entity): boolean {
  return entity.children.length > 0 ? entity.children.some(hasHtml) : entity.type === 'text/html' && isBody(entity);
}

function isBody(entity: Entity): boolean {
  const text = entity.type === 'text/plain' || entity.type === 'text/html';
  return text && entity.disposition?.value !== 'attachment' && entity.filename === undefined;
}
