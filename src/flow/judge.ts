/**
 * The organisation's policy, applied to an opened mail. What comes out are codes and part numbers: whoever reads them
 * learns what kind of thing was found, never what stands in the mail.
 */
import type { Bytes } from '../core/bytes.ts';
import { SsmaxError } from '../core/error.ts';
import { type Entity, type Limits, parseMime } from '../mail/mime.ts';
import type { Directory } from './directory-files.ts';
import type { Direction } from '../wire/leg.ts';
import type { Finding, VerdictResult } from '../wire/verdict.ts';
import { CODE_OF, type RuleFinding, checkerFor, judgeSender, type ReadingRule, unreadPieces } from './policy/checks.ts';
import { rulesFor } from './policy/inherit.ts';
import { readMail } from './policy/read-mail.ts';
import type { FileReader } from './policy/reading.ts';
import { type MailView, viewOf } from './policy/view.ts';
import { type Correspondents, opensFiles, type Policy, readsContent, type ReadingLimits, type Rule, type RuleOf } from './policy/rules.ts';

/** What a malware scanner says of a byte string. */
export type ScanResult = 'clean' | 'malware' | 'encrypted-archive' | 'too-large';

/** Throws `unavailable` when it cannot say: what was not scanned never passes. */
export interface Scanner {
  scan(bytes: Bytes): Promise<ScanResult>;
}

/** Everything that reading one mail needs; plain values, for it is done in another process. */
export interface ReadingJob {
  readonly content: Bytes;
  readonly limits: Limits;
  readonly reading: ReadingLimits;
  readonly rules: readonly Rule[];
  readonly correspondents: Correspondents;
  readonly ownDomains: readonly string[];
  /** Somebody who decides about the mail asked to see it. */
  readonly view?: boolean;
}

/** What reading found; `unread` are parts for which no rule could speak. */
export interface ReadingResult {
  readonly findings: readonly RuleFinding[];
  readonly unread: readonly { readonly code: string; readonly parts: readonly number[] }[];
  /** Where it was asked for. Content. */
  readonly view?: MailView;
}

/** Reads a mail's content where it can do no harm; undefined when that ended before its time, or took too long. */
export interface ContentReader {
  read(job: ReadingJob): Promise<ReadingResult | undefined>;
}

export interface JudgeParts {
  readonly policy: Policy;
  readonly scanner: Scanner;
  readonly reader: ContentReader;
  /** The Authority's directory, verified and in date; throws `unavailable`. */
  readonly directory: () => Promise<Directory>;
}

export interface Judgement {
  readonly result: VerdictResult;
  readonly findings: readonly Finding[];
  /** What each rule said, in order: for who tries a policy. */
  readonly rules: readonly RuleFinding[];
  /** Where they were asked for: of the mail, then of what it forwards; without those that could not be read. Content. */
  readonly views: readonly MailView[];
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
 * and so may be parts of `content` itself. Throws what the scanner and the directory throw.
 */
export async function judge(content: Bytes, direction: Direction, correspondents: Correspondents, parts: JudgeParts, view = false): Promise<Judgement> {
  const { policy } = parts;
  const rules = rulesFor(policy, direction, correspondents);
  let root: Entity;
  try {
    root = parseMime(content, 'sealed', policy.limits);
  } catch (error) {
    if (!(error instanceof SsmaxError) || error.kind !== 'refused') throw error;
    return worst([{ rule: 'structure', code: LIMIT_CODES.get(error.code) ?? 'mime-ambiguous', result: 'refuse', parts: [0] }]);
  }
  const bodies = leaves(root).map((leaf) => leaf.body());
  try {
    const { reading, limits, ownDomains } = policy;
    const readable = rules.filter(isReadingRule);
    const read = readable.length === 0 && !view ? NOTHING : await parts.reader.read({ content, limits, reading, rules: readable, correspondents, ownDomains, view });
    const unread = (read ?? FAILED).unread.map(({ code, parts: where }) => ({ rule: 'unreadable', code, result: policy.unreadable[direction], parts: where }));
    const found: RuleFinding[] = [...unread, ...read?.findings ?? []];
    for (const rule of rules) {
      if (rule.check === 'organisations') found.push(await findSender(rule, correspondents, await parts.directory()));
      if (rule.check === 'malware') found.push(...await findMalware(rule, content, bodies, parts.scanner));
    }
    return worst(found, read?.view === undefined ? [] : [read.view]);
  } finally {
    for (const body of bodies) body.fill(0);
  }
}

/**
 * Judges a mail and what it forwards, each by all rules. The leaves are counted through; what concerns one of them as a whole
 * is said of its first leaf, but for the mail itself.
 */
export async function judgeAll(contents: readonly Bytes[], direction: Direction, correspondents: Correspondents, parts: JudgeParts, view = false): Promise<Judgement> {
  const all: RuleFinding[] = [];
  const views: MailView[] = [];
  let before = 0;
  for (const [index, content] of contents.entries()) {
    const count = countLeaves(content, parts.policy.limits);
    const { rules, views: seen } = await judge(content, direction, correspondents, parts, view);
    const first = before;
    views.push(...seen.map((one) => renumbered(one, first)));
    all.push(...rules.map((found) => ({ ...found, parts: found.parts.map((part) => (index > 0 && part === 0 ? first + 1 : first + part)) })));
    before += count;
  }
  return worst(all, views);
}

/** Parts are counted through, as in findings; a forwarded mail's header counts for its first leaf. */
function renumbered({ pieces, places, cut }: MailView, before: number): MailView {
  const moved = <Placed extends { readonly part: number }>(one: Placed): Placed => ({ ...one, part: before > 0 && one.part === 0 ? before + 1 : before + one.part });
  return { pieces: pieces.map(moved), places: places.map(moved), cut };
}

/** One for what cannot be parsed: it is refused as a whole. */
function countLeaves(content: Bytes, limits: Limits): number {
  try {
    return leaves(parseMime(content, 'sealed', limits)).length;
  } catch {
    return 1;
  }
}

const NOTHING: ReadingResult = { findings: [], unread: [] };
const FAILED: ReadingResult = { findings: [], unread: [{ code: 'reading-failed', parts: [0] }] };

function isReadingRule(rule: Rule): rule is ReadingRule {
  return rule.check !== 'malware' && rule.check !== 'organisations';
}

/** Reads the mail by the rules of a job: the part of `judge` that is at the mercy of what stands in the mail. */
export async function readByRules(job: ReadingJob, readFile: FileReader): Promise<ReadingResult> {
  const rules = job.rules.filter(isReadingRule);
  const root = parseMime(job.content, 'sealed', job.limits);
  const reading = await readMail(root, job.content.length, rules.some(opensFiles) || job.view === true ? readFile : undefined);
  return {
    findings: rules.flatMap((rule) => {
      if (rule.result === 'off') return [];
      return [{ rule: rule.name, code: CODE_OF[rule.check], result: rule.result, parts: checkerFor(rule)(reading, job.correspondents, job.ownDomains) }];
    }),
    unread: rules.some(readsContent) ? unreadPieces(reading, rules) : [],
    ...(job.view === true && { view: viewOf(reading, rules.filter(({ result }) => result !== 'off')) }),
  };
}

/** The leaves in order: leaf number n, from 1, is what a finding calls part n. */
function leaves(entity: Entity): Entity[] {
  return entity.children.length === 0 ? [entity] : entity.children.flatMap(leaves);
}

/** What is left to say when a second person let a held mail go. */
export function withoutHeld({ rules }: Judgement): Judgement {
  return worst(rules.filter(({ result }) => result !== 'hold'));
}

function worst(rules: readonly RuleFinding[], views: readonly MailView[] = []): Judgement {
  const found = rules.filter(({ parts }) => parts.length > 0);
  const severity = Math.max(0, ...found.map(({ result }) => SEVERITY.indexOf(result)));
  const findings: Finding[] = [];
  // The gravest first: the first one's code is the refusal's.
  for (const { code, parts } of found.toSorted((a, b) => SEVERITY.indexOf(b.result) - SEVERITY.indexOf(a.result))) {
    for (const part of parts) if (!findings.some((one) => one.code === code && one.part === part)) findings.push({ code, part });
  }
  return { result: SEVERITY[severity] ?? 'refuse', findings, rules, views };
}

async function findSender(rule: RuleOf<'organisations'>, { sender }: Correspondents, directory: Directory): Promise<RuleFinding> {
  const said = await judgeSender(rule, sender, directory);
  const result = said === 'pass' || said === 'accept' ? 'tag' : said;
  return { rule: rule.name, code: CODE_OF.organisations, result, parts: said === 'pass' || said === 'accept' ? [] : [0] };
}

/** Every decoded part, then the whole: what hides between or across parts is seen in the whole only. */
async function findMalware(rule: RuleOf<'malware'>, content: Bytes, bodies: readonly Bytes[], scanner: Scanner): Promise<RuleFinding[]> {
  const findings: Finding[] = [];
  for (const [index, body] of bodies.entries()) {
    const code = body.length === 0 ? 'clean' : await scanner.scan(body);
    if (code !== 'clean') findings.push({ code, part: index + 1 });
  }
  // Locked parts alone do not make the scan of the whole needless: malware may stand beside them.
  if (findings.every(({ code }) => code === 'encrypted-archive')) {
    const code = await scanner.scan(content);
    if (code !== 'clean' && !(code === 'encrypted-archive' && findings.length > 0)) findings.push({ code, part: 0 });
  }
  if (findings.length === 0) return [{ rule: rule.name, code: CODE_OF.malware, result: rule.result === 'off' ? 'refuse' : rule.result, parts: [] }];
  return findings.flatMap(({ code, part }) => {
    const result = code === 'encrypted-archive' ? rule.encrypted : rule.result;
    return result === 'off' ? [] : [{ rule: rule.name, code, result, parts: [part] }];
  });
}
