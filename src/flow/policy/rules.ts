/**
 * What an organisation's policy says (docs/admin/inspection.md), as plain values: they go to the process that reads mails.
 */
import type { Limits } from '../../mail/mime.ts';
import type { Standing } from '../../wire/directory.ts';
import type { Direction } from '../../wire/leg.ts';
import type { FileKind, KindGroup } from './kinds.ts';

/** What becomes of a mail in which a rule finds something. `off` takes an inherited rule of the same name away. */
export const OUTCOMES = ['refuse', 'hold', 'tag', 'off'] as const;
export type Outcome = (typeof OUTCOMES)[number];

interface Common {
  /** Told by `ssmax policy test`; a rule of a lower level replaces the one of the same name. */
  readonly name: string;
  readonly result: Outcome;
}

/** One line of `organisations`: all that it names must hold; the first line that does decides. */
export interface SenderLine {
  /** Identifiers or mail domains: the own list. */
  readonly organisations?: readonly string[] | undefined;
  readonly standing?: readonly Standing[] | undefined;
  /** From so many reports per 100,000 mails sent on (docs/protocol-abuse.md §5). */
  readonly reportsPer100000?: number | undefined;
  readonly result: Outcome | 'accept';
}

export type Rule = Common & (
  | { readonly check: 'keywords'; readonly words: readonly string[] }
  | { readonly check: 'pattern'; readonly expressions: readonly string[]; readonly atLeast: number }
  | { readonly check: 'my-number'; readonly atLeast: number }
  | { readonly check: 'card-number'; readonly atLeast: number }
  | { readonly check: 'file-type'; readonly types: readonly (FileKind | KindGroup)[] }
  | { readonly check: 'name-mismatch' }
  | { readonly check: 'password' }
  | { readonly check: 'macros' }
  | { readonly check: 'size'; readonly bytes: number }
  | { readonly check: 'recipients'; readonly external: number }
  | { readonly check: 'malware'; readonly encrypted: Outcome }
  | { readonly check: 'organisations'; readonly lines: readonly SenderLine[] }
);

export type RuleOf<Check extends Rule['check']> = Extract<Rule, { readonly check: Check }>;

/** The rules of one level, and who may let its members' held mail go. */
export interface Level {
  readonly outbound: readonly Rule[];
  readonly inbound: readonly Rule[];
  readonly approvers: readonly string[];
}

export interface Group extends Level {
  readonly name: string;
  readonly members: readonly string[];
}

/** How far reading goes into attachments. */
export interface ReadingLimits {
  /** Bytes of everything unpacked, together. */
  readonly expanded: number;
  /** Files in archives, together. */
  readonly files: number;
  /** Archives in archives. */
  readonly nesting: number;
}

export interface Policy {
  /** Stands in the verdict, so that it can be told later what was applied. */
  readonly version: string;
  readonly limits: Limits;
  readonly reading: ReadingLimits;
  /** What becomes of a mail with something in it that could not be read. */
  readonly unreadable: Readonly<Record<Direction, Exclude<Outcome, 'off'>>>;
  /** Mail domains that are not external. */
  readonly ownDomains: readonly string[];
  /** Hours until a held mail that nobody decided on goes back. */
  readonly holdHours: number;
  /** What approvers may see of a held mail: its text on request, or codes, parts and addresses only. */
  readonly approversSee: 'text' | 'codes';
  readonly organisation: Level;
  readonly domains: Readonly<Record<string, Level>>;
  /** In order: who is in several takes over rules in this order. */
  readonly groups: readonly Group[];
  readonly members: Readonly<Record<string, Level>>;
}

/** Whose mail it is: the sender's going out, the recipients' coming in. Addresses are normalised. */
export interface Correspondents {
  readonly sender: string;
  readonly recipients: readonly string[];
}

/** Whether a rule reads what stands in the mail and its files. */
export function readsContent({ check }: Rule): boolean {
  return ['keywords', 'pattern', 'my-number', 'card-number'].includes(check);
}

/** Whether a rule needs attachments to be opened. */
export function opensFiles(rule: Rule): boolean {
  return readsContent(rule) || ['file-type', 'name-mismatch', 'password', 'macros'].includes(rule.check);
}
