/**
 * Reads a mail that a person or program has written and that is still to be sealed (`ssmax seal`): who it is from and
 * for, and what is in it, for build.ts to make anew. Whatever could not be carried over whole is refused, so that nobody
 * sends something else than he wrote.
 *
 * Line breaks may be LF, as programs on Unix write them. A preamble and an epilogue, which no reader shows, stay behind.
 */
import { refused } from '../core/error.ts';
import type { Bytes } from '../core/bytes.ts';
import { type Mailbox, parseAddressList, parseFrom } from './address.ts';
import type { InnerMail } from './build.ts';
import { CARRIER_FIELD, findCarrier } from './carrier.ts';
import { type Content, type ContentFile, readContent } from './content.ts';
import { type Entity, parseMime } from './mime.ts';

export interface WrittenMail extends Omit<InnerMail, 'date'> {
  readonly cc: readonly Mailbox[];
  readonly bcc: readonly Mailbox[];
}

/**
 * Refused: `from-missing`, `from-several`, `address-invalid`, `mail-ambiguous` (two readers could read two mails, or a text
 * not at all), `mail-not-sealable` (already sealed, signed or encrypted otherwise, a report, text beside HTML), and what
 * parseMime refuses.
 */
export function readWritten(raw: Bytes): WrittenMail {
  const mail = parseMime(raw, 'outer');
  const defect = mail.defects.find((code) => code !== 'mime-surplus');
  if (defect !== undefined) throw refused('mail-ambiguous', { defect });
  if (mail.headers.all(CARRIER_FIELD).length > 0 || findCarrier(mail).kind === 'carrier') throw refused('mail-not-sealable', { what: 'sealed' });
  requireSealable(mail);
  const [from, ...others] = mail.headers.all('From');
  if (from === undefined) throw refused('from-missing');
  if (others.length > 0) throw refused('from-several');
  const list = (name: string): Mailbox[] => mail.headers.all(name).flatMap(parseAddressList);
  const content = readContent(mail);
  requireOneBody(mail, content);
  const nothing = content.text === undefined && content.html === undefined;
  return {
    from: parseFrom(from),
    to: list('To'),
    cc: list('Cc'),
    bcc: [...list('Bcc'), ...list('Resent-Bcc')],
    replyTo: list('Reply-To'),
    subject: mail.headers.text('Subject') ?? '',
    ...((content.text !== undefined || nothing) && { text: content.text ?? '' }),
    ...(content.html !== undefined && { html: content.html }),
    images: content.images.map((image) => ({ ...withCharset(image), contentId: image.contentId })),
    attachments: content.attachments.map(withCharset),
  };
}

const MULTIPARTS = new Set(['multipart/mixed', 'multipart/alternative', 'multipart/related']);
const SEALED_OTHERWISE = /^application\/(?:x-)?pkcs7-mime$/;

function requireSealable(entity: Entity): void {
  const { type, children } = entity;
  if (children.length > 0 && !MULTIPARTS.has(type)) throw refused('mail-not-sealable', { what: type });
  if (SEALED_OTHERWISE.test(type)) throw refused('mail-not-sealable', { what: type });
  for (const child of children) requireSealable(child);
}

/** A reader shows HTML instead of text: that is right only for alternatives of one another. */
function requireOneBody(mail: Entity, { text, html }: Content): void {
  if (text?.includes('\u{fffd}') === true || html?.includes('\u{fffd}') === true) throw refused('mail-ambiguous', { defect: 'mime-charset-unknown' });
  if (text === undefined || html === undefined) return;
  const whole = alternatives(mail).map(readContent).some((one) => one.text === text && one.html === html);
  if (!whole) throw refused('mail-not-sealable', { what: 'text beside HTML' });
}

function alternatives(entity: Entity): Entity[] {
  return [...(entity.type === 'multipart/alternative' ? [entity] : []), ...entity.children.flatMap(alternatives)];
}

function withCharset({ name, type, charset, bytes }: ContentFile): { name: string; type: string; bytes: Bytes } {
  return { name, type: charset === undefined ? type : `${type}; charset=${charset}`, bytes };
}
