/** What a reader is shown of an opened mail: the sender's own part, and what he passed on of others. */
import type { ForwardedPart, Judgement, Person } from '../../src/flow/open.ts';
import { utf8 } from '../../src/core/bytes.ts';
import { type Content, type ContentFile, readContent } from '../../src/mail/content.ts';

export interface ForwardedContent extends ForwardedPart {
  /** Of a whole mail. */
  readonly content?: Content;
}

/** An attachment, with the person who wrote it: an attachment passed on is its writer's. */
export interface MailFile extends ContentFile {
  readonly from?: Person;
  /** It is the text of the mail, which is too long to be shown. */
  readonly longBody?: true;
}

export interface ReadingContent {
  readonly content?: Content;
  readonly forwarded: readonly ForwardedContent[];
  /** Everything attached, in the order in which it is shown. */
  readonly files: readonly MailFile[];
}

export function contentOf({ message, forwarded = [] }: Judgement): ReadingContent {
  if (message === undefined) return { forwarded: [], files: [] };
  const content = readContent(message.entity);
  const passedOn = forwarded.map((part) => {
    const opened = part.entity === undefined ? undefined : readContent(part.entity);
    return { part: part.kind === 'mail' && opened !== undefined ? { ...part, content: opened } : part, files: opened?.attachments ?? [] };
  });
  return {
    content,
    forwarded: passedOn.map(({ part }) => part),
    files: [...content.attachments, ...passedOn.flatMap(({ part, files }) => files.map((file) => ({ ...file, from: part.writer })))],
  };
}

/** Characters of HTML that are shown at most: to make more of it safe takes so long that the mail program stands still. */
const LONGEST_HTML = 2_000_000;

/** HTML that is too long to be shown lies among the files, behind the others, with its pictures; a text beside it is shown. */
export function showable({ content, forwarded, files }: ReadingContent): ReadingContent {
  const own = content === undefined ? undefined : withoutLongHtml(content);
  const parts = forwarded.map((part) => {
    const opened = part.content === undefined ? undefined : withoutLongHtml(part.content);
    return { part: opened === undefined ? part : { ...part, content: opened.content }, files: (opened?.files ?? []).map((file) => ({ ...file, from: part.writer })) };
  });
  return {
    ...(own !== undefined && { content: own.content }), forwarded: parts.map(({ part }) => part),
    files: [...files, ...own?.files ?? [], ...parts.flatMap((one) => one.files)],
  };
}

function withoutLongHtml(content: Content): { readonly content: Content; readonly files: readonly MailFile[] } {
  const { html = '', text, images, attachments } = content;
  if (html.length <= LONGEST_HTML) return { content, files: [] };
  // By its first character any program knows it as UTF-8, whatever it says of itself.
  const body: MailFile = { name: '', type: 'text/html', charset: 'utf-8', bytes: utf8(`\uFEFF${html}`), longBody: true };
  return { content: { ...(text !== undefined && { text }), images: [], attachments }, files: [body, ...images] };
}
