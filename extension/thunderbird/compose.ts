/** A compose window: what is in it, and putting something else in. */
import type { Bytes } from '../../src/core/bytes.ts';
import { refused } from '../../src/core/error.ts';
import type { Attachment, InlineImage } from '../../src/mail/build.ts';
import { CARRIER_FIELD, CARRIER_NAME, CARRIER_NOTICE, CARRIER_TYPE } from '../../src/mail/carrier.ts';
import type { Draft } from '../member/draft.ts';
import { fromDataUrl } from '../ui/data-url.ts';
import { expandLists } from './address-lists.ts';
import { type ComposeDetails, thunderbirdApi } from './api.ts';

const { compose } = thunderbirdApi;

/** The content of a compose window that sealing replaces, to be put back as it was. */
export interface Original {
  /** With address-book lists replaced by their members. */
  readonly details: ComposeDetails;
  readonly given: ComposeDetails;
  readonly files: readonly File[];
}

/** Everything that the window holds. Throws `attachment-unreadable`, `other-encryption`, what expandLists throws. */
export async function readWindow(tabId: number, given: ComposeDetails, lists: 'lists expanded' | 'lists as they are' = 'lists expanded'): Promise<Original> {
  const details = lists === 'lists expanded' ? await withMembers(given) : given;
  const other = details.selectedEncryptionTechnology;
  if (other?.encryptBody === true || other?.signMessage === true) throw refused('other-encryption');
  return { details, given, files: await readFiles(tabId) };
}

/** Throws `attachment-unreadable`. */
export async function readFiles(tabId: number): Promise<File[]> {
  const files: File[] = [];
  for (const { id, name } of await compose.listAttachments(tabId)) {
    try {
      const file = await compose.getAttachmentFile(id);
      files.push(new File([await file.arrayBuffer()], name ?? file.name, { type: file.type }));
    } catch (cause) {
      throw refused('attachment-unreadable', { name: name ?? '' }, cause);
    }
  }
  return files;
}

async function withMembers(details: ComposeDetails): Promise<ComposeDetails> {
  const [to, cc, bcc] = await Promise.all([details.to, details.cc, details.bcc].map((recipients) => expandLists(list(recipients))));
  return { ...details, to, cc, bcc };
}

/** The window's content as a draft, images taken out of the HTML. */
export async function draftOf({ details, files }: Original): Promise<Draft> {
  const attachments: Attachment[] = [];
  for (const file of files) attachments.push({ name: file.name, type: file.type, bytes: new Uint8Array(await file.arrayBuffer()) });
  const shared = {
    from: one(details.from), to: list(details.to), cc: list(details.cc), bcc: list(details.bcc), replyTo: list(details.replyTo),
    // As Thunderbird itself writes the field.
    subject: (details.subject ?? '').replace(/\s{74,}/g, '    ').trimEnd(),
    attachments,
  };
  if (details.isPlainText === true) return { ...shared, text: details.plainTextBody ?? '', images: [] };
  return { ...shared, text: details.plainTextBody ?? '', ...(await takeImages(details.body ?? '')) };
}

/** From whom and to whom, lists as they stand there. */
export function addressesOf({ from, to, cc, bcc }: ComposeDetails): Pick<Draft, 'from' | 'to' | 'cc' | 'bcc'> {
  return { from: one(from), to: list(to), cc: list(cc), bcc: list(bcc) };
}

type Recipients = messenger.compose.ComposeRecipientList | undefined;

function list(recipients: Recipients): string[] {
  return (Array.isArray(recipients) ? recipients : [recipients ?? '']).map(one).filter((entry) => entry.trim() !== '');
}

function one(recipient: messenger.compose.ComposeRecipient | undefined): string {
  return typeof recipient === 'string' ? recipient : '';
}

/** Pictures in the text become parts of the mail: as data URLs they would be there twice, and in base64. */
async function takeImages(html: string): Promise<{ html: string; images: InlineImage[] }> {
  const parsed = new DOMParser().parseFromString(html, 'text/html');
  const images: InlineImage[] = [];
  for (const image of parsed.querySelectorAll('img')) {
    const data = fromDataUrl(image.getAttribute('src') ?? '');
    if (data === undefined) continue;
    const contentId = `image${images.length + 1}@ssmax`; // the same for the same draft, so that its seal can be used again
    images.push({ name: imageName(image, data.type, images.length + 1), type: data.type, bytes: data.bytes, contentId });
    image.setAttribute('src', `cid:${contentId}`);
  }
  for (const element of parsed.querySelectorAll('*')) {
    for (const { name } of Array.from(element.attributes)) if (name.startsWith('moz-') || name.startsWith('_moz')) element.removeAttribute(name);
  }
  return { html: `<!DOCTYPE html>${parsed.documentElement.outerHTML}`, images };
}

function imageName(image: HTMLImageElement, type: string, number: number): string {
  const given = /filename=([^;,]+)/.exec(image.getAttribute('src')?.slice(0, 500) ?? '')?.[1];
  try {
    if (given !== undefined) return decodeURIComponent(given);
  } catch {
    // not encoded as a URL: then it is no name either
  }
  return `image${number}.${type.replace('image/', '').replace(/[^a-z0-9]/g, '')}`;
}

const NOTICE_HTML = CARRIER_NOTICE.map((line) => `<p>${line}</p>`).join('');

/** Takes the attachments out and puts the sealed one in. */
export async function putSealed(tabId: number, cms: Bytes): Promise<void> {
  await removeAttachments(tabId);
  await compose.addAttachment(tabId, { file: new File([cms], CARRIER_NAME, { type: CARRIER_TYPE }) });
}

/** What onBeforeSend returns beside: notice, mark, perhaps another subject, and nothing that Thunderbird would add to the carrier. */
export function carrierDetails({ details }: Original, outerSubject?: string): ComposeDetails {
  const { to, cc, bcc } = details;
  return {
    ...withoutUndefined({ to, cc, bcc, subject: outerSubject }), // lists as their members
    ...(details.isPlainText === true ? { plainTextBody: CARRIER_NOTICE.join('\n') } : { body: NOTICE_HTML, deliveryFormat: 'plaintext' as const }),
    customHeaders: [...(details.customHeaders ?? []).filter(({ name }) => !isMark(name)), { name: CARRIER_FIELD, value: '1' }],
    attachVCard: false,
    attachPublicPGPKey: false,
  };
}

function isMark(name: string): boolean {
  return name.toLowerCase() === CARRIER_FIELD.toLowerCase();
}

/** The sealed part that an earlier sealing put into the window, where there is nothing beside it that would go in clear. */
export async function sealedAlone(tabId: number, details: ComposeDetails): Promise<Bytes | undefined> {
  if (details.customHeaders?.some(({ name }) => isMark(name)) !== true || letters(details.plainTextBody ?? '') !== letters(CARRIER_NOTICE.join(''))) return undefined;
  const [attached, ...others] = await compose.listAttachments(tabId);
  if (attached?.name !== CARRIER_NAME || others.length > 0) return undefined;
  return new Uint8Array(await (await compose.getAttachmentFile(attached.id)).arrayBuffer());
}

function letters(text: string): string {
  return text.replace(/\s+/g, '');
}

/** What was typed above the notice of a sealed mail, before its content took the notice's place; with its line's end. */
export function typedAbove({ plainTextBody = '' }: ComposeDetails): string {
  const at = plainTextBody.indexOf(CARRIER_NOTICE[0].slice(0, 20));
  const typed = at < 0 ? '' : plainTextBody.slice(0, at).trim();
  return typed === '' ? '' : `${typed}\n`;
}

/** Puts the member's own text, attachments and recipients back. */
export async function restore(tabId: number, { given: details, files }: Original): Promise<void> {
  await removeAttachments(tabId);
  for (const file of files) await compose.addAttachment(tabId, { file });
  const { subject, to, cc, bcc, replyTo, customHeaders, attachVCard, attachPublicPGPKey, deliveryFormat } = details;
  const back: ComposeDetails = {
    subject, to, cc, bcc, replyTo, customHeaders: customHeaders ?? [], attachVCard, deliveryFormat, isModified: true,
    ...(attachPublicPGPKey !== undefined && { attachPublicPGPKey }),
    ...(details.isPlainText === true ? { plainTextBody: details.plainTextBody } : { body: details.body }),
  };
  await compose.setComposeDetails(tabId, withoutUndefined(back));
}

function withoutUndefined(details: ComposeDetails): ComposeDetails {
  return Object.fromEntries(Object.entries(details).filter(([, value]) => value !== undefined));
}

export async function removeAttachments(tabId: number): Promise<void> {
  for (const { id } of await compose.listAttachments(tabId)) await compose.removeAttachment(tabId, id);
}
