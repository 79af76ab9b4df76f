/** What the message pane shows of a judged mail: the verdict's second copy, and the opened content in place of the notice. */
import type { Content } from '../../src/mail/content.ts';
import { shownText } from '../../src/mail/shown-text.ts';
import type { AttachedMailView, OutsidePicturesView, ShownBody } from '../host.ts';
import type { AttachedField, AttachedMail } from '../member/attached-mail.ts';
import type { Reading } from '../member/read.ts';
import { nameOfFile } from '../ui/file-name.ts';
import { invitationOf, isCalendar } from '../ui/invitation.ts';
import { createSafeHtml, type SafeHtml, type SafeHtmlOptions } from '../ui/safe-html.ts';
import { fieldRows, valuesOf, type VerdictView, viewOf } from '../ui/verdict.ts';
import type { BannerView, PaneView, Replacement } from './protocol.ts';
import type { MessageKey } from '../ui/words.ts';
import { words } from './words.ts';

const safeHtml = createSafeHtml(window);

interface Judged {
  readonly reading: Reading | undefined;
  readonly view: VerdictView;
}

/** `picturesAllowed`: the organisation lets pictures be fetched from outside; `copies`: attachments be saved; `contact`: whom members ask, where it says. */
export function paneOf({ reading, view }: Judged, picturesAllowed: boolean, copies = true, contact?: string): PaneView {
  const replacement = replacementOf(reading, view, picturesAllowed, copies);
  return { language: words.language, banner: bannerOf(view, contact), links: view.trusted, ...(replacement !== undefined && { replacement }) };
}

function bannerOf({ state, quiet, heading, sentence, notes, inspections, remedy, passing }: VerdictView, contact: string | undefined): BannerView {
  const asking = state === 'problem' && contact !== undefined ? [words.text('contact_line', { contact })] : [];
  return { state, quiet, heading, sentence, notes: [...notes, ...asking], inspections, passing, ...(remedy !== undefined && { enrol: words.text(remedy === 'unlock' ? 'banner_unlock' : 'banner_enrol') }) };
}

function replacementOf(reading: Reading | undefined, { trusted, state, headers }: VerdictView, picturesAllowed: boolean, copies: boolean): Replacement | undefined {
  const labels = {
    title: words.text('banner_attachments'), open: words.text('banner_open'), save: words.text('banner_save'), saved: words.text('banner_saved'),
    failed: words.text('banner_save_failed'), openFailed: words.text('banner_open_failed'), empty: words.text('banner_empty'),
  };
  if (reading?.content !== undefined) {
    const servers = trusted ? serversOf(reading) : [];
    return {
      body: bodyOf(reading.content, trusted),
      headers,
      printed: words.text('copy_head'),
      links: trusted,
      forwarded: reading.forwarded.flatMap((part) => (part.content === undefined ? [] : [{
        sentence: words.pieces('forwarded_by_writer', valuesOf(words, part.writer)),
        headers: part.headers === undefined ? [] : fieldRows(words, part.headers),
        body: bodyOf(part.content, trusted),
      }])),
      longBodies: longBodies(reading.files),
      ...(servers.length > 0 && { pictures: picturesAllowed
        ? { text: words.text('pictures_left_out', { servers: words.list(servers) }), show: words.text('pictures_show') }
        : { text: words.text('pictures_forbidden') } }),
      invitations: trusted ? invitationsOf(reading) : [],
      attachments: reading.files.map((file, i) => ({ name: nameOfFile(words, file, i), size: words.size(file.bytes.length) })),
      copies,
      ...(copies && trusted && reading.files.length > 0 && { saveWarning: words.text('viewer_save_warning') }),
      ...(!trusted && { attachmentsOff: words.text('banner_attachments_off') }),
      words: labels,
    };
  }
  // A problem: the text may be read, but nothing in it can be clicked. A sealed mail that is not opened yet has the notice for other programs only.
  if (state === 'problem' || reading?.marked === true) return { ...(state === 'problem' && { body: 'own-text' }), headers, links: false, forwarded: [], longBodies: [], invitations: [], attachments: [], copies: false, words: labels };
  return undefined;
}

/** For each text that is too long to be shown, where it is. */
function longBodies(files: AttachedMail['files']): readonly string[] {
  return files.flatMap((file, i) => (file.longBody === true ? [words.text('long_body', { name: nameOfFile(words, file, i) })] : []));
}

const WITH_PICTURES = { outside: true, page: true };

/** A mail with its pictures from outside, for a window of its own; undefined where there are none to show. */
export function picturesOf({ reading, view }: Judged): OutsidePicturesView | undefined {
  if (reading?.content === undefined || !view.trusted) return undefined;
  const servers = serversOf(reading);
  if (servers.length === 0) return undefined;
  return {
    subject: shownText(reading.judgement.message?.headers.subject ?? ''), sentence: view.sentence, servers: words.list(servers),
    bodies: [
      { body: bodyOf(reading.content, false, WITH_PICTURES) },
      ...reading.forwarded.flatMap(({ content, writer }) => (content === undefined ? [] : [{ sentence: words.pieces('forwarded_by_writer', valuesOf(words, writer)), body: bodyOf(content, false, WITH_PICTURES) }])),
    ],
  };
}

/** Programs send an invitation twice, in the text's place and as a file: one card is enough. */
function invitationsOf({ files, judgement }: Reading): Replacement['invitations'] {
  const seen = new Set<string>();
  return files.flatMap((file, index) => {
    const view = isCalendar(file) ? invitationOf(words, file.bytes, (file.from ?? judgement.sender)?.address) : undefined;
    const key = JSON.stringify(view);
    if (view === undefined || seen.has(key)) return [];
    seen.add(key);
    return [{ ...view, index, open: words.text('invitation_open') }];
  });
}

function serversOf({ content, forwarded }: Reading): readonly string[] {
  const all = [content, ...forwarded.map((part) => part.content)].flatMap((one) => (one?.html === undefined ? [] : inPane(one, one.html, true).servers));
  return [...new Set(all)];
}

function bodyOf(content: Content, links: boolean, place?: Pick<SafeHtmlOptions, 'outside' | 'page'>): ShownBody {
  const { html, text, beside, images } = content;
  if (html === undefined) return { text: text ?? '' };
  return place === undefined ? inPane(content, html, links) : safeHtml(html, { images, links, ...(beside !== undefined && { beside }), ...place });
}

/** For the message pane, which asks again and again: of each content with links and without, sanitised once. */
const sanitised = new WeakMap<Content, Map<boolean, SafeHtml>>();

function inPane(content: Content, html: string, links: boolean): SafeHtml {
  const { images, beside } = content;
  const known = sanitised.get(content) ?? new Map<boolean, SafeHtml>();
  sanitised.set(content, known);
  const safe = known.get(links) ?? safeHtml(html, { images, links, ...(beside !== undefined && { beside }) });
  known.set(links, safe);
  return safe;
}

const FIELDS: Readonly<Record<AttachedField, MessageKey>> = { From: 'field_from', To: 'field_to', Cc: 'field_cc', Subject: 'field_subject', Date: 'field_date' };

/** `attachedBy`: whose mail it came with. */
export function attachedMailView({ judgement, fields, content, files }: AttachedMail, name: string, attachedBy: string, copies: boolean): AttachedMailView {
  const view = judgement === undefined ? undefined : viewOf(words, { judgement, notes: { firstFromOrganisation: false }, forwarded: [], files: [], marked: true, idle: false });
  return {
    name, copies,
    ...(view === undefined
      ? { state: 'outside', heading: words.text('attached_heading'), sentence: words.pieces('attached_unverified', { name: attachedBy }), headers: fields.map(([field, value]) => [words.text(FIELDS[field]), shownText(value)] as const) }
      : { state: view.state, heading: view.heading, sentence: view.sentence, headers: view.headers }),
    ...(content !== undefined && { body: bodyOf(content, false, { page: true }) }),
    longBodies: longBodies(files),
    files: files.map((file, i) => ({ name: nameOfFile(words, file, i), bytes: file.bytes.slice() })),
  };
}
