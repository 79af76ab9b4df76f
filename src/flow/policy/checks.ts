/** Each check of a policy over what was read of a mail. What comes out names parts, never words. */
import { domainOf } from '../../mail/address.ts';
import { standingOf } from '../../wire/directory.ts';
import type { Directory } from '../directory-files.ts';
import { keywordMatcher } from '../keywords.ts';
import { isOfType, nameMisleads } from './kinds.ts';
import { cardNumbers, individualNumbers } from './numbers.ts';
import { patternCounter } from './patterns.ts';
import type { Piece, Reading } from './reading.ts';
import type { Correspondents, Outcome, Rule, RuleOf, SenderLine } from './rules.ts';

/** What a rule says of a mail. */
export interface RuleFinding {
  readonly rule: string;
  readonly code: string;
  readonly result: Exclude<Outcome, 'off'>;
  /** Leaves of the mail, 0 for the mail as a whole; none where nothing was found. */
  readonly parts: readonly number[];
}

/** The code that a check's findings have in verdicts (docs/admin/inspection.md). */
export const CODE_OF = {
  keywords: 'keyword', pattern: 'pattern', 'my-number': 'my-number', 'card-number': 'card-number', 'file-type': 'file-type', 'name-mismatch': 'name-mismatch',
  password: 'encrypted-archive', macros: 'macro', size: 'too-large', recipients: 'external-recipients', malware: 'malware', organisations: 'sending-organisation',
} as const satisfies Record<Rule['check'], string>;

/** Checks that need a reading only; the scanner and the directory are asked elsewhere. */
export type ReadingRule = Exclude<Rule, { readonly check: 'malware' | 'organisations' }>;

/** Prepared once for a policy, then used for many mails. */
export type Checker = (reading: Reading, correspondents: Correspondents, ownDomains: readonly string[]) => readonly number[];

export function checkerFor(rule: ReadingRule): Checker {
  switch (rule.check) {
    case 'keywords': {
      const matches = keywordMatcher(rule.words);
      return ({ pieces }) => partsOf(pieces.filter(({ text, name }) => matches(text) || (name !== undefined && matches(name))));
    }
    case 'pattern': {
      const count = patternCounter(rule.expressions);
      return (reading) => counted(reading, rule.atLeast, (text, limit) => count(text, limit));
    }
    case 'my-number':
      return (reading) => countedDifferent(reading, rule.atLeast, individualNumbers);
    case 'card-number':
      return (reading) => countedDifferent(reading, rule.atLeast, cardNumbers);
    case 'file-type':
      return ({ pieces }) => partsOf(pieces.filter(({ kind }) => kind !== undefined && isOfType(kind, rule.types)));
    case 'name-mismatch':
      return ({ pieces }) => partsOf(pieces.filter(({ kind, name }) => kind !== undefined && nameMisleads(name, kind)));
    case 'password':
      return ({ pieces }) => partsOf(pieces.filter(({ encrypted }) => encrypted));
    case 'macros':
      return ({ pieces }) => partsOf(pieces.filter(({ macros }) => macros));
    case 'size':
      return ({ size }) => (size > rule.bytes ? [0] : []);
    case 'recipients':
      return (_, { recipients }, ownDomains) => (recipients.filter((address) => !ownDomains.includes(domainOf(address))).length > rule.external ? [0] : []);
  }
}

function partsOf(pieces: readonly Piece[]): number[] {
  return [...new Set(pieces.map(({ part }) => part))].sort((a, b) => a - b);
}

/** Texts and names alike; the mail as a whole must hold `atLeast`, then every part that holds one is named. */
function counted({ pieces }: Reading, atLeast: number, count: (text: string, limit: number) => number): number[] {
  const holding: Piece[] = [];
  let sum = 0;
  for (const piece of pieces) {
    const here = count(`${piece.name ?? ''}\n${piece.text}`, atLeast);
    if (here > 0) holding.push(piece);
    sum += here;
  }
  return sum >= atLeast ? partsOf(holding) : [];
}

/** The same number in text and HTML of one mail is one number. */
function countedDifferent({ pieces }: Reading, atLeast: number, find: (text: string) => Set<string>): number[] {
  const all = new Set<string>();
  const holding: Piece[] = [];
  for (const piece of pieces) {
    const here = find(`${piece.name ?? ''}\n${piece.text}`);
    if (here.size > 0) holding.push(piece);
    for (const one of here) all.add(one);
  }
  return all.size >= atLeast ? partsOf(holding) : [];
}

/** What was not read, so that no rule can speak for it: what is locked counts unless a `password` rule decides about it. */
export function unreadPieces({ pieces }: Reading, rules: readonly Rule[]): { readonly code: string; readonly parts: readonly number[] }[] {
  const lockedCounts = !rules.some(({ check }) => check === 'password');
  const of = (code: string, found: readonly Piece[]): { code: string; parts: readonly number[] } => ({ code, parts: partsOf(found) });
  return [
    of('unreadable-file', pieces.filter(({ problem }) => problem === 'unreadable')),
    of('too-much-inside', pieces.filter(({ problem }) => problem === 'too-much')),
    of('encrypted-archive', lockedCounts ? pieces.filter(({ encrypted }) => encrypted) : []),
  ].filter(({ parts }) => parts.length > 0);
}

/** What `organisations` says of a sender: the first line that holds decides. `pass` where none does. */
export async function judgeSender({ lines }: RuleOf<'organisations'>, sender: string, directory: Directory): Promise<Exclude<SenderLine['result'], 'off'> | 'pass'> {
  const domain = domainOf(sender);
  const organisation = await directory.byDomain(domain);
  const line = lines.find(({ organisations, standing, reportsPer100000 }) => {
    if (organisations !== undefined && !organisations.includes(domain) && !(organisation !== undefined && organisations.includes(organisation.id))) return false;
    if (standing !== undefined && (organisation === undefined || !standing.includes(standingOf(organisation)))) return false;
    if (reportsPer100000 === undefined) return true;
    const figures = organisation?.figures;
    return figures !== undefined && figures.sent > 0 && (figures.reported * 100_000) / figures.sent >= reportsPer100000;
  });
  return line === undefined || line.result === 'off' ? 'pass' : line.result;
}
