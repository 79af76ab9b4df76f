/**
 * The organisation's policy, applied to an opened mail. What comes out are codes and part numbers: whoever reads them
 * learns what kind of thing was found, never what stands in the mail.
 */
import type { Bytes } from '../core/bytes.ts';
import { SsmaxError } from '../core/error.ts';
import { inspectableText } from '../mail/inspectable.ts';
import { type Entity, type Limits, parseMime } from '../mail/mime.ts';
import type { Direction } from '../wire/leg.ts';
import type { Finding, VerdictResult } from '../wire/verdict.ts';
import type { KeywordMatcher } from './keywords.ts';

/** What a malware scanner says of a byte string. */
export type ScanResult = 'clean' | 'malware' | 'encrypted-archive' | 'too-large';

/** Throws `unavailable` when it cannot say: what was not scanned never passes. */
export interface Scanner {
  scan(bytes: Bytes): Promise<ScanResult>;
}

/** One thing to look for, and what to do about it. */
export type Rule =
  | { readonly check: 'keywords'; readonly matches: KeywordMatcher; readonly result: 'refuse' | 'tag' }
  | { readonly check: 'malware' };

export interface Policy {
  /** Stands in the verdict, so that it can be told later what was applied. */
  readonly version: string;
  readonly outbound: readonly Rule[];
  readonly inbound: readonly Rule[];
  readonly limits: Limits;
}

export interface Judgement {
  readonly result: VerdictResult;
  readonly findings: readonly Finding[];
}

/** MIME errors that are about size; all others mean that two readers could read two different mails. */
const LIMIT_CODES: ReadonlyMap<string, string> = new Map([
  ['mail-too-large', 'too-large'],
  ['header-too-large', 'too-large'],
  ['mime-too-deep', 'too-many-parts'],
  ['mime-too-many-parts', 'too-many-parts'],
]);

/** The severest wins. */
const SEVERITY: readonly VerdictResult[] = ['pass', 'tag', 'hold', 'refuse'];

/**
 * Judges the MIME entity `content` by the rules for `direction`. Whatever was decoded on the way is filled with zeros,
 * and so may be parts of `content` itself. Throws what the scanner throws.
 */
export async function judge(content: Bytes, direction: Direction, policy: Policy, scanner: Scanner): Promise<Judgement> {
  let root: Entity;
  try {
    root = parseMime(content, 'sealed', policy.limits);
  } catch (error) {
    if (!(error instanceof SsmaxError) || error.kind !== 'refused') throw error;
    return refuse([{ code: LIMIT_CODES.get(error.code) ?? 'mime-ambiguous', part: 0 }]);
  }
  const bodies = leaves(root).map((leaf) => leaf.body());
  try {
    const judgements: Judgement[] = [];
    for (const rule of policy[direction]) {
      judgements.push(rule.check === 'keywords' ? findKeywords(root, rule) : await findMalware(content, bodies, scanner));
    }
    return worst(judgements);
  } finally {
    for (const body of bodies) body.fill(0);
  }
}

/**
 * Judges a mail and what it forwards, each by all rules. The leaves are counted through; what concerns one of them as a whole
 * is said of its first leaf, but for the mail itself.
 */
export async function judgeAll(contents: readonly Bytes[], direction: Direction, policy: Policy, scanner: Scanner): Promise<Judgement> {
  const judgements: Judgement[] = [];
  let before = 0;
  for (const [i, content] of contents.entries()) {
    const count = countLeaves(content, policy.limits);
    const { result, findings } = await judge(content, direction, policy, scanner);
    const first = before;
    judgements.push({ result, findings: findings.map(({ code, part }) => ({ code, part: i > 0 && part === 0 ? first + 1 : first + part })) });
    before += count;
  }
  return worst(judgements);
}

/** One for what cannot be parsed: it is refused as a whole. */
function countLeaves(content: Bytes, limits: Limits): number {
  try {
    return leaves(parseMime(content, 'sealed', limits)).length;
  } catch {
    return 1;
  }
}

/** The leaves in order: leaf number n, from 1, is what a finding calls part n. */
function leaves(entity: Entity): Entity[] {
  return entity.children.length === 0 ? [entity] : entity.children.flatMap(leaves);
}

function refuse(findings: readonly Finding[]): Judgement {
  return { result: findings.length === 0 ? 'pass' : 'refuse', findings };
}

function worst(judgements: readonly Judgement[]): Judgement {
  const severity = Math.max(0, ...judgements.map(({ result }) => SEVERITY.indexOf(result)));
  return { result: SEVERITY[severity] ?? 'refuse', findings: judgements.flatMap(({ findings }) => findings) };
}

/** Words in header fields, texts and file names; those of an attached mail count for the part that it is. */
function findKeywords(root: Entity, { matches, result }: Extract<Rule, { check: 'keywords' }>): Judgement {
  const found = new Set<number>();
  let part = 0;
  let current = '';
  for (const { number, name, text } of inspectableText(root)) {
    if (number !== '0' && !(current !== '' && number.startsWith(`${current}.`))) {
      part++;
      current = number;
    }
    if (matches(text) || (name !== undefined && matches(name))) found.add(part);
  }
  const findings = [...found].map((number) => ({ code: 'keyword', part: number }));
  return { result: findings.length === 0 ? 'pass' : result, findings };
}

/** Every decoded part, then the whole: what hides between or across parts is seen in the whole only. */
async function findMalware(content: Bytes, bodies: readonly Bytes[], scanner: Scanner): Promise<Judgement> {
  const findings: Finding[] = [];
  for (const [index, body] of bodies.entries()) {
    const code = body.length === 0 ? 'clean' : await scanner.scan(body);
    if (code !== 'clean') findings.push({ code, part: index + 1 });
  }
  if (findings.length === 0) {
    const code = await scanner.scan(content);
    if (code !== 'clean') findings.push({ code, part: 0 });
  }
  return refuse(findings);
}
