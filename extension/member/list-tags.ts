/**
 * Verdicts as tags in the list of messages. A tag is a keyword on the server, which any server and any other program may set:
 * ours stands only where this plugin gave the verdict, and is taken off anything else.
 */
import { hex, utf8 } from '../../src/core/bytes.ts';
import { lengthPrefixed, sha256 } from '../../src/core/digest.ts';
import type { State } from '../../src/flow/open.ts';
import type { Table } from '../../src/flow/ports.ts';
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

/** Most verdicts that are remembered. */
const MOST = 20_000;

/** A mail that differs in anything the list shows is another one. */
async function nameOf({ headerMessageId, author, subject, date, size = 0 }: ListedMail): Promise<string> {
  const parts = [headerMessageId, author, subject, String(new Date(date).getTime()), String(size)];
  return hex(await sha256(...parts.map((part) => lengthPrefixed(utf8(part)))));
}

/** Remembers a verdict. What cannot be checked now keeps the one that it had. */
export async function rememberVerdict(table: Table<JudgedMail>, mail: ListedMail, state: State, now: Date): Promise<void> {
  if (state === 'cannot-check') return;
  const name = await nameOf(mail);
  if (VERDICT_TAGS[state] === undefined) await table.remove(name);
  else await table.put(name, { name, state, at: now });
}

export async function forgetVerdict(table: Table<JudgedMail>, mail: ListedMail): Promise<void> {
  await table.remove(await nameOf(mail));
}

/** The tags that this mail should have, where they are not those that it has. */
export async function rightTags(table: Table<JudgedMail>, mail: ListedMail): Promise<string[] | undefined> {
  const judged = await table.get(await nameOf(mail));
  const due = judged === undefined ? undefined : VERDICT_TAGS[judged.state];
  const own = Object.values(VERDICT_TAGS);
  const right = [...mail.tags.filter((tag) => !own.includes(tag)), ...(due === undefined ? [] : [due])];
  const same = right.length === mail.tags.length && right.every((tag) => mail.tags.includes(tag));
  return same ? undefined : right;
}

/** Forgets the oldest verdicts beyond what is kept. */
export async function pruneVerdicts(table: Table<JudgedMail>): Promise<void> {
  const all = [...await table.all()].sort((a, b) => b.at.getTime() - a.at.getTime());
  for (const { name } of all.slice(MOST)) await table.remove(name);
}
