/** The mixed load: which mails are sent, what is in them, and what has to become of each. */
import { createHash } from 'node:crypto';
import { type Bytes, concat, hex, utf8 } from '../../src/core/bytes.ts';
import type { Attachment } from '../../src/mail/build.ts';
import type { Content } from '../../src/mail/content.ts';
import { MALWARE_MARKER } from '../world/local-world.ts';
import type { Random } from './random.ts';

/**
 * What a mail is. `plain` and `files` are to be delivered, and so are the other modes, `forward` (of a mail that came, sealed as
 * it is), `list` (a post to the mailing list) and `held` (when somebody has approved it); `keyword` and `malware` are to be
 * refused by inspection; the rest are forgeries: unsealed in a member's name, altered after sealing, given another From, sent
 * to somebody else than it was sealed for, not sealed at all.
 */
export type Kind =
  | 'plain' | 'files' | 'sign-only' | 'attachments-only' | 'forward' | 'list' | 'held' | 'keyword' | 'malware'
  | 'impersonation' | 'altered' | 'other-from' | 'other-recipient' | 'unprotected';

const SHARES: readonly (readonly [Kind, number])[] = [
  ['plain', 20], ['files', 30], ['sign-only', 6], ['attachments-only', 6], ['forward', 6], ['list', 4], ['held', 4],
  ['keyword', 6], ['malware', 6], ['impersonation', 3], ['altered', 3], ['other-from', 2], ['other-recipient', 2], ['unprotected', 2],
];
export const DELIVERED: ReadonlySet<Kind> = new Set(['plain', 'files', 'sign-only', 'attachments-only', 'forward', 'list', 'held']);

/** A word that may leave the organisation when somebody has approved it. */
export const WORD_TO_APPROVE = '部外秘';
/** Words of the other kinds that are looked for. */
const WORDS: Readonly<Partial<Record<Kind, string>>> = { keyword: '社外秘', held: WORD_TO_APPROVE };

export interface Plan {
  readonly kind: Kind;
  readonly to: readonly string[];
  readonly cc: readonly string[];
  readonly bcc: readonly string[];
  readonly subject: string;
  readonly text: string;
  readonly html?: string;
  readonly attachments: readonly Attachment[];
}

/** Words of what is sealed: they are in every mail, and must be in no file and in no server's memory that may not read it. */
export interface Canary {
  readonly ascii: string;
  readonly japanese: string;
}

export function canaryOf(seed: number): Canary {
  return { ascii: `Kanaria${createHash('sha256').update(`canary ${seed}`).digest('hex').slice(0, 12)}`, japanese: '金糸雀の歌は秘密' };
}

/** Bytes of all attachments of a mail together. */
const LARGEST = 25_000_000;
/** Bytes of an attachment: most are small, a few as large as mail gets. */
const SIZES: readonly (readonly [upTo: number, share: number])[] = [[10_000, 50], [1_000_000, 30], [5_000_000, 14], [LARGEST, 6]];

function weighted<T>(random: Random, items: readonly (readonly [T, number])[]): T {
  const total = items.reduce((sum, [, share]) => sum + share, 0);
  let left = random.fraction() * total;
  for (const [item, share] of items) if ((left -= share) < 0) return item;
  throw new Error('nothing to pick from');
}

/** The next mail of somebody who may write to `others`, some of them inside his organisation, some outside, and to a mailing list. */
export function nextMail(random: Random, { others, list, canary: { ascii, japanese } }: { others: readonly string[]; list: string; canary: Canary }): Plan {
  const kind = weighted(random, SHARES);
  const recipients = kind === 'list' ? [list] : random.shuffled(others).slice(0, random.between(1, 3));
  const hidden = recipients.length > 1 && random.chance(0.4) ? 1 : 0;
  const copied = recipients.length - hidden > 1 && random.chance(0.5) ? 1 : 0;
  const [bcc, cc, to] = [recipients.slice(0, hidden), recipients.slice(hidden, hidden + copied), recipients.slice(hidden + copied)];
  const number = random.between(0, 2 ** 31);
  const secret = `${ascii} ${japanese} ${number}`;
  // In these modes text, or all of it, goes in clear.
  const words = kind === 'sign-only' || kind === 'attachments-only' || kind === 'forward' ? `${number}` : secret;
  const text = `本文 ${words}\r\n${'いつもお世話になっております。\r\n'.repeat(random.between(1, 300))}${WORDS[kind] ?? ''}\r\n`;
  const attachments: Attachment[] = [];
  for (let left = kind === 'plain' ? 0 : kind === 'files' || kind === 'attachments-only' ? random.between(1, 3) : random.between(0, 1), room = LARGEST; left > 0; left--) {
    const added = file(random, kind === 'sign-only' ? words : secret, room);
    attachments.push(added);
    room -= added.bytes.length;
  }
  if (kind === 'malware') attachments.push({ name: '請求書.bin', type: 'application/octet-stream', bytes: utf8(`xx ${MALWARE_MARKER} ${words} xx`) });
  return {
    kind, to, cc, bcc, text, attachments, subject: `件名 ${words}`,
    ...(random.chance(0.4) && { html: `<p title="${words}">${words}</p>` }),
  };
}

function file(random: Random, words: string, most: number): Attachment {
  const length = Math.min(most, random.between(500, weighted(random, SIZES)));
  // One block again and again, with the words between: making 25 MB of random bytes would be the soak's main work. Its first
  // letters are those of no format: among thousands of files some begin by chance as an archive does, and are refused as damaged.
  const block = concat(utf8('load '), random.bytes(Math.min(length, 60_000)), utf8(`\r\n${words}\r\n`));
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; at += block.length) bytes.set(block.subarray(0, Math.min(block.length, length - at)), at);
  return { name: `添付 ${random.between(1, 99)}.bin`, type: 'application/octet-stream', bytes };
}

/** SHA-256 over all that a reader is shown: subject, text, HTML, files with their names. */
export function fingerprint(subject: string, { text = '', html = '', attachments }: Pick<Content, 'text' | 'html'> & { attachments: readonly Attachment[] }): string {
  const hash = createHash('sha256');
  const add = (bytes: Bytes): void => {
    hash.update(`${bytes.length}:`).update(bytes);
  };
  // Line ends are the mail's, not the writer's.
  for (const part of [subject, ...[text, html].map((one) => one.replace(/\r?\n/g, '\n').trimEnd())]) add(utf8(part));
  for (const { name, bytes } of attachments) {
    add(utf8(name));
    add(bytes);
  }
  return hex(new Uint8Array(hash.digest()));
}
