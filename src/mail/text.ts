/**
 * What a reader is shown of an entity: the body in its two forms, the images that its HTML names, and the attachments.
 * Nothing is made safe here: HTML is as its sender wrote it.
 *
 * Every leaf comes back in exactly one place, so that nothing in a sealed mail is out of sight.
 */
import type { Entity } from './mime.ts';
import { charsetDecoder } from './encoded-word.ts';

export interface MailContent {
  /** text/plain, line breaks as LF; undefined when the mail has none. */
  readonly text: string | undefined;
  /** text/html, not sanitised. */
  readonly html: string | undefined;
  /** Parts of a multipart/related by Content-ID (without angle brackets): what `cid:` refers to. */
  readonly inline: ReadonlyMap<string, Entity>;
  readonly attachments: readonly Entity[];
}

interface Collected {
  text: Entity | undefined;
  html: Entity | undefined;
  inline: Map<string, Entity>;
  attachments: Entity[];
}

/** Sorts the leaves of an entity. */
export function mailContent(root: Entity): MailContent {
  const found: Collected = { text: undefined, html: undefined, inline: new Map(), attachments: [] };
  collect(root, found, true, false);
  return {
    text: found.text === undefined ? undefined : decodeText(found.text).replace(/\r\n?/g, '\n'),
    html: found.html === undefined ? undefined : decodeText(found.html),
    inline: found.inline,
    attachments: found.attachments,
  };
}

/** `body`: may the entity be (part of) the body? `related`: does it stand beside the HTML that refers to it? */
function collect(entity: Entity, found: Collected, body: boolean, related: boolean): void {
  if (entity.children.length === 0) return collectLeaf(entity, found, body, related);
  if (entity.type === 'multipart/related') {
    const start = entity.params.get('start')?.replace(/^<(.*)>$/, '$1');
    const first = entity.children.find((child) => start !== undefined && child.contentId === start) ?? entity.children[0];
    for (const child of entity.children) collect(child, found, body && child === first, child !== first);
    return;
  }
  const alternatives = entity.type === 'multipart/alternative';
  for (const child of entity.children) {
    const empty = found.text === undefined && found.html === undefined;
    collect(child, found, body && (alternatives || empty), related);
  }
}

function collectLeaf(entity: Entity, found: Collected, body: boolean, related: boolean): void {
  const readable = body && entity.disposition?.value !== 'attachment';
  if (readable && entity.type === 'text/plain' && found.text === undefined) found.text = entity;
  else if (readable && entity.type === 'text/html' && found.html === undefined) found.html = entity;
  else if (related && entity.contentId !== undefined && !found.inline.has(entity.contentId)) found.inline.set(entity.contentId, entity);
  else if (!isEmptyMultipart(entity)) found.attachments.push(entity);
}

/** A multipart that has no parts (outer level only) is nothing to show. */
function isEmptyMultipart(entity: Entity): boolean {
  return entity.type.startsWith('multipart/') && entity.rawBody.length === 0;
}

/** A text part as text, by its charset; where that is missing or unknown, by what its bytes allow. */
export function decodeText(entity: Entity): string {
  const bytes = entity.body();
  const charset = entity.params.get('charset');
  const declared = charset === undefined ? undefined : charsetDecoder(charset, false);
  return declared?.decode(bytes) ?? guessText(bytes) ?? new TextDecoder('windows-1252').decode(bytes);
}

/** UTF-8, or one of the Japanese charsets, if the bytes are valid in it; else undefined. */
export function guessText(bytes: Uint8Array): string | undefined {
  // ISO-2022-JP is ASCII bytes with escapes, hence valid UTF-8 too.
  const charsets = bytes.includes(0x1b) ? ['iso-2022-jp', 'utf-8'] : ['utf-8', 'euc-jp', 'shift_jis'];
  for (const charset of charsets) {
    try {
      return new TextDecoder(charset, { fatal: true }).decode(bytes);
    } catch {
      // Not this one.
    }
  }
  return undefined;
}

/** A file name without path, control and direction-override characters, 255 letters at most; else `fallback`. */
export function safeFileName(name: string | undefined, fallback: string): string {
  const base = (name ?? '').split(/[/\\]/).at(-1) ?? '';
  const clean = base.slice(0, 255).replace(/[\p{Cc}\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/gu, '').replace(/^[. ]+|[. ]+$/g, '');
  return clean === '' ? fallback : clean;
}
