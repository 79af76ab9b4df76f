/** Compose windows with the content of a mail that lies sealed here. */
import type { Content } from '../../src/mail/content.ts';
import type { DraftFields } from '../member/sealed-draft.ts';
import { toDataUrl } from '../ui/data-url.ts';
import { fileName } from '../ui/file-name.ts';
import { type ComposeDetails, thunderbirdApi } from './api.ts';
import { choices } from './choices.ts';
import { openedContent } from './opened-content.ts';
import type { Replying } from './reply.ts';
import { words } from './words.ts';

const { compose, messages } = thunderbirdApi;

export interface Reopened {
  /** Typed meanwhile, to stand above. */
  readonly begun: string;
  readonly identityId: string | undefined;
  /** Whose key sealed it. */
  readonly sealedBy: string;
  readonly replying: Pick<Replying, 'leave'>;
}

/** A window as the mail was, an answer to the same mail where that is still there; gives its tab. */
export async function reopen({ choice, plainText, answers, ...fields }: DraftFields, { text = '', html, images, attachments }: Content, { begun, identityId, sealedBy, replying }: Reopened): Promise<number> {
  const details: ComposeDetails = {
    ...fields, isPlainText: plainText,
    ...(plainText || html === undefined ? { plainTextBody: `${begun}${text}` } : { body: withBegun(withImages(html, images), begun) }),
    ...(identityId !== undefined && { identityId }),
    attachments: attachments.map(({ name, type, bytes }, i) => ({ file: new File([bytes], fileName(words, name, i), { type }) })),
  };
  const [answered] = answers === undefined ? [] : (await messages.query({ headerMessageId: answers })).messages;
  const id = await begin(details, answered?.id, replying);
  await openedContent.mark(id, sealedBy);
  await choices.choose(id, { ...(choice.mode !== undefined && { mode: choice.mode }), ...(choice.hideSubject !== undefined && { hideSubject: choice.hideSubject }),
    ...(choice.hideSubject === true && { answersHidden: true }), // whoever hid it
  });
  return id;
}

/** Opens a window; `answered`: the mail that it answers, which is not quoted again. */
export async function begin(details: ComposeDetails, answered: number | undefined, replying: Pick<Replying, 'leave'>): Promise<number> {
  const window = answered === undefined ? compose.beginNew(details) : compose.beginReply(answered, 'replyToSender', details);
  if (answered !== undefined) replying.leave(answered, window);
  const { id } = await window;
  if (id === undefined) throw new Error('a compose window without a number');
  return id;
}

/** The member's own HTML as it was: it came out of a compose window and goes back into one. */
function withImages(html: string, images: Content['images']): string {
  return images.reduce((all, { contentId, type, bytes }) => all.replaceAll(`cid:${contentId}`, toDataUrl(type, bytes)), html);
}

function withBegun(html: string, begun: string): string {
  if (begun === '') return html;
  const page = new DOMParser().parseFromString(html, 'text/html');
  const above = page.createElement('p');
  above.textContent = begun;
  page.body.prepend(above);
  return page.documentElement.outerHTML;
}
