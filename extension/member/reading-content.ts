/** What a reader is shown of an opened mail: the sender's own part, and what he passed on of others. */
import type { ForwardedPart, Judgement, Person } from '../../src/flow/open.ts';
import { type Content, type ContentFile, readContent } from '../../src/mail/content.ts';

export interface ForwardedContent extends ForwardedPart {
  /** Of a whole mail. */
  readonly content?: Content;
}

/** An attachment, with the person who wrote it: an attachment passed on is its writer's. */
export interface MailFile extends ContentFile {
  readonly from?: Person;
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
