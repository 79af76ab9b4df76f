/**
 * Verdicts as tags in the list of messages. A tag is a keyword on the server, which any server and any other program may set:
 * ours stands only where this plugin gave the verdict, and is taken off anything else.
 */
import { type Bytes, hex, utf8 } from '../../src/core/bytes.ts';
import { lengthPrefixed, sha256 } from '../../src/core/digest.ts';
import type { State } from '../../src/flow/open.ts';
import type { Table } from '../../src/flow/ports.ts';
import { latin1 } from '../../src/mail/latin1.ts';
import type { JudgedMail } from './records.ts';

/** By state; the others are not worth a tag. */
export const VERDICT_TAGS: Readonly<Partial<Record<State, string>>> = { verified: 'ssmax-verified', problem: 'ssmax-problem' };

/** What a list knows of a mail. */
export interface ListedMail {
  readonly headerMessageId: string;
  readonly author: string;
  readonly subject: string;
  readonly date: Date | number | string;
  readonly size?: number;
  readonly tags: readonly string[];
}

/** Mails that are read through when Thunderbird starts: a few seconds. */
const LOOKED_INTO = 500;
/** Most verdicts that are remembered. */
const MOST = 20_000;

/** Line breaks, and what Thunderbird keeps in its own files beside a mail, differ by where it has the mail from. */
const OWN_LINES = /(?<![^])From - [^\n]*\n|^X-Mozilla-(?:Status2?|Keys):[^\n]*\n(?:[ \t][^\n]*\n)*/gimu;

/** SHA-256 of all of a mail, hexadecimal. */
export async function digestOfMail(raw: Bytes): Promise<string> {
  const text = latin1(raw).replaceAll('\r\n', '\n');
  const end = text.indexOf('\n\n') + 1;
  return hex(await sha256(utf8(text.slice(0, end).replace(OWN_LINES, '') + text.slice(end))));
}

/** A mail that differs in anything the list shows is another one. */
async function nameOf({ headerMessageId, author, subject, date, size = 0 }: ListedMail): Promise<string> {
  const parts = [headerMessageId, author, subject, String(new Date(date).getTime()), String(size)];
  return hex(await sha256(...parts.map((part) => lengthPrefixed(utf8(part)))));
}

/** Remembers a verdict on a mail with this digest. What cannot be checked now keeps the one that it had. */
export async function rememberVerdict(table: Table<JudgedMail>, mail: ListedMail, digest: string, state: State, now: Date): Promise<void> {
  if (state === 'cannot-check') return;
  const name = await nameOf(mail);
  if (VERDICT_TAGS[state] === undefined) await table.remove(name);
  else await table.put(name, { name, digest, state, at: now });
}

/** Of the mails that have a tag of ours, those whose bytes are looked at: the newest, and all that look the same as another in the list. */
export async function toLookInto<Mail extends ListedMail>(mails: readonly Mail[]): Promise<ReadonlySet<Mail>> {
  const named = await Promise.all(mails.map(async (mail) => ({ mail, name: await nameOf(mail) })));
  const times = new Map<string, number>();
  for (const { name } of named) times.set(name, (times.get(name) ?? 0) + 1);
  const newest = [...mails].sort((a, b) => new Date(b.date).getTime() - new Date(a.date).getTime()).slice(0, LOOKED_INTO);
  return new Set([...newest, ...named.filter(({ name }) => (times.get(name) ?? 0) > 1).map(({ mail }) => mail)]);
}

export async function forgetVerdict(table: Table<JudgedMail>, mail: ListedMail): Promise<void> {
  await table.remove(await nameOf(mail));
}

/**
 * The tags that this mail should have, where they are not those that it has. `digest`: of the mail itself, where that is looked at; a
 * mail that is another than the one that was judged has none of ours.
 */
export async function rightTags(table: Table<JudgedMail>, mail: ListedMail, digest?: () => Promise<string>): Promise<string[] | undefined> {
  const judged = await table.get(await nameOf(mail));
  const same = judged !== undefined && (digest === undefined || await digest() === judged.digest);
  const due = same ? VERDICT_TAGS[judged.state] : undefined;
  const own = Object.values(VERDICT_TAGS);
  const right = [...mail.tags.filter((tag) => !own.includes(tag)), ...(due === undefined ? [] : [due])];
  const unchanged = right.length === mail.tags.length && right.every((tag) => mail.tags.includes(tag));
  return unchanged ? undefined : right;
}

/** Forgets the oldest verdicts beyond what is kept. */
export async function pruneVerdicts(table: Table<JudgedMail>): Promise<void> {
  const all = [...await table.all()].sort((a, b) => b.at.getTime() - a.at.getTime());
  for (const { name } of all.slice(MOST)) await table.remove(name);
}
