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
  /** Images that stand beside the HTML in a multipart/related. */
  readonly images: readonly ContentImage[];
  readonly attachments: readonly ContentFile[];
}

interface Found {
  texts: string[];
  htmls: string[];
  images: ContentImage[];
  attachments: ContentFile[];
}

/** Takes an entity apart that was parsed at the sealed level. Never throws for such a one. */
export function readContent(root: Entity): Content {
  const found: Found = { texts: [], htmls: [], images: [], attachments: [] };
  visit(root, 'body', found);
  const html = found.htmls.join('<hr>');
  const named = (image: ContentImage): boolean => html.includes(`cid:${image.contentId}`) || html.includes(`cid:${encodeURIComponent(image.contentId)}`);
  return {
    ...(found.texts.length > 0 && { text: found.texts.join('\n\n') }),
    ...(found.htmls.length > 0 && { html }),
    images: found.images.filter(named),
    attachments: [...found.images.filter((image) => !named(image)), ...found.attachments],
  };
}

function visit(entity: Entity, place: 'body' | 'related', found: Found): void {
  const { type, children } = entity;
  if (children.length > 0) {
    for (const child of children) visit(child, type === 'multipart/related' ? 'related' : 'body', found);
  } else if (isBody(entity)) {
    const list = type === 'text/html' ? found.htmls : found.texts;
    list.push(decodeText(entity));
  } else {
    const charset = type.startsWith('text/') ? entity.params.get('charset') : undefined;
    const file = { name: entity.filename ?? '', type, bytes: entity.body(), ...(charset !== undefined && { charset }) };
    if (place === 'related' && entity.contentId !== undefined && type.startsWith('image/')) found.images.push({ ...file, contentId: entity.contentId });
    else found.attachments.push(file);
  }
}

function isBody(entity: Entity): boolean {
  const text = entity.type === 'text/plain' || entity.type === 'text/html';
  return text && entity.disposition?.value !== 'attachment' && entity.filename === undefined;
}
