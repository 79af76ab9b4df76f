/**
 * Finds every error code that the sources can throw, with its kinds and where. A code is a literal in `refused('…')` or
 * `new SsmaxError(kind, '…')`, or it is passed to a function that hands its parameter on to one of these, or it stands in the
 * text of an SMTP reply (`4.5.3 SSMAX-…`).
 */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import ts from 'typescript';

export interface FoundCode {
  readonly kinds: ReadonlySet<string>;
  /** Source files, sorted. */
  readonly files: ReadonlySet<string>;
}

/** A function one of whose parameters becomes a code of this kind. Its name means it in this directory, or everywhere. */
interface Thrower {
  readonly kind: string;
  readonly parameter: number;
  readonly directory: string | undefined;
}

/** Codes that these files hand on are data, or were found at their source. */
const PASSED_ON = new Set([
  'src/wire/problem.ts', 'src/flow/relay.ts', 'src/mail/mime.ts', 'src/server/shared/config.ts', 'src/cli/member-import.ts', 'extension/member/plan.ts',
  'extension/member/trust-source.ts',
]);

/** Codes that are no arguments where they are made. */
const DATA: readonly { readonly file: string; readonly kind: string; readonly codes: readonly string[] }[] = [
  { file: 'src/server/shared/config.ts', kind: 'fault', codes: ['config-unknown-key'] },
  { file: 'src/wire/problem.ts', kind: 'fault', codes: ['internal'] },
  // What an inspection finds is what the sender is refused with.
  { file: 'src/flow/judge.ts', kind: 'refused', codes: ['too-large', 'too-many-parts', 'mime-ambiguous', 'reading-failed'] },
  {
    file: 'src/flow/policy/checks.ts', kind: 'refused', codes: [
      'keyword', 'pattern', 'my-number', 'card-number', 'file-type', 'name-mismatch', 'encrypted-archive', 'macro', 'external-recipients', 'malware', 'sending-organisation',
      'unreadable-file', 'too-much-inside',
    ],
  },
  { file: 'src/flow/inspect.ts', kind: 'refused', codes: ['hold-rejected', 'hold-expired', 'hold-no-approver'] },
  // What the plugin shows without an error of that name.
  { file: 'extension/ui/reasons.ts', kind: 'fault', codes: ['fault'] },
  { file: 'extension/thunderbird/drafts.ts', kind: 'not-for-me', codes: ['draft-unreadable'] },
  { file: 'extension/thunderbird/mail-actions.ts', kind: 'unavailable', codes: ['other'] },
  { file: 'extension/thunderbird/sending.ts', kind: 'refused', codes: ['smtp-refused'] },
];

/** In the text of an SMTP reply: class and subject of its status (RFC 3463), and the code. */
const SMTP_CODE = /\b([45])\.(\d)\.\d+ SSMAX-([a-z0-9-]+)/;

export interface Scan {
  readonly codes: ReadonlyMap<string, FoundCode>;
  /** `file:line` of codes that are no literals, although they should be. */
  readonly unreadable: readonly string[];
}

/** Where codes come from that somebody is shown: the servers and the command line, and the plugin. */
export const CODE_TREES = ['src', 'extension'];

/** Scans all TypeScript files below the directories. */
export function scanCodes(...directories: readonly string[]): Scan {
  const sources = directories.flatMap((directory) => {
    const files = readdirSync(directory, { recursive: true, encoding: 'utf8' }).filter((name) => /\.tsx?$/.test(name)).sort();
    return files.map((name) => ts.createSourceFile(join(directory, name), readFileSync(join(directory, name), 'utf8'), ts.ScriptTarget.ESNext, true));
  });
  const throwers = new Map<string, Thrower[]>([['refused', [{ kind: 'refused', parameter: 0, directory: undefined }]]]);
  // Throwers call throwers: once more until no new one is found.
  for (let known = -1; known !== count(throwers);) {
    known = count(throwers);
    for (const source of sources) visitCodes(source, throwers, (site) => { addThrower(throwers, site); });
  }
  const codes = new Map<string, { kinds: Set<string>; files: Set<string> }>();
  const unreadable: string[] = [];
  const add = (code: string, kind: string, file: string): void => {
    const found = codes.get(code) ?? { kinds: new Set(), files: new Set() };
    found.kinds.add(kind);
    found.files.add(file);
    codes.set(code, found);
  };
  for (const { file, kind, codes: data } of DATA) {
    const text = sources.find(({ fileName }) => fileName === file)?.text ?? '';
    for (const code of data) if (text.includes(`'${code}'`)) add(code, kind, file);
  }
  for (const source of sources) {
    visitReplies(source, add);
    visitCodes(source, throwers, (site) => {
      for (const code of site.literals) add(code, site.kind, source.fileName);
      if (site.rest.length > 0 && parameterOf(site) === undefined && !PASSED_ON.has(source.fileName)) {
        unreadable.push(`${source.fileName}:${source.getLineAndCharacterOfPosition(site.node.getStart()).line + 1}`);
      }
    });
  }
  return { codes, unreadable };
}

interface Site {
  readonly node: ts.Node;
  readonly kind: string;
  readonly literals: readonly string[];
  /** What of the expression is no literal. */
  readonly rest: readonly ts.Expression[];
}

function visitCodes(source: ts.SourceFile, throwers: ReadonlyMap<string, readonly Thrower[]>, report: (site: Site) => void): void {
  const visit = (node: ts.Node): void => {
    for (const [kind, expression] of codeArguments(node, throwers)) {
      const literals: string[] = [];
      const rest: ts.Expression[] = [];
      split(expression, literals, rest);
      report({ node, kind, literals, rest });
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
}

/** Codes in the texts of SMTP replies that are made without an error. */
function visitReplies(source: ts.SourceFile, add: (code: string, kind: string, file: string) => void): void {
  const visit = (node: ts.Node): void => {
    const [, severity, subject, code] = (ts.isStringLiteralLike(node) ? SMTP_CODE.exec(node.text) : null) ?? [];
    if (code !== undefined) add(code, severity === '5' ? 'refused' : subject === '3' ? 'fault' : 'unavailable', source.fileName);
    ts.forEachChild(node, visit);
  };
  visit(source);
}

/** The expressions of a call or `new` that become codes, with their kind. */
function codeArguments(node: ts.Node, throwers: ReadonlyMap<string, readonly Thrower[]>): [string, ts.Expression][] {
  if (ts.isNewExpression(node) && /\bSsmaxError\b/.test(node.expression.getText())) {
    const [kind, code] = node.arguments ?? [];
    return code === undefined ? [] : [[kind !== undefined && ts.isStringLiteral(kind) ? kind.text : 'any', code]];
  }
  if (!ts.isCallExpression(node)) return [];
  const bound = ts.isPropertyAccessExpression(node.expression) && node.expression.name.text === 'bind';
  const callee = bound ? node.expression.expression : node.expression;
  const name = ts.isPropertyAccessExpression(callee) ? callee.name.text : ts.isIdentifier(callee) ? callee.text : '';
  const here = dirname(node.getSourceFile().fileName);
  return (throwers.get(name) ?? []).filter(({ directory = here }) => directory === here).flatMap(({ kind, parameter }) => {
    const argument = node.arguments[parameter + (bound ? 1 : 0)];
    return argument === undefined ? [] : [[kind, argument] as [string, ts.Expression]];
  });
}

/** Takes apart `a ? 'x' : 'y'` and `a ?? 'x'`. */
function split(expression: ts.Expression, literals: string[], rest: ts.Expression[]): void {
  if (ts.isStringLiteral(expression)) literals.push(expression.text);
  else if (ts.isConditionalExpression(expression)) {
    split(expression.whenTrue, literals, rest);
    split(expression.whenFalse, literals, rest);
  } else if (ts.isBinaryExpression(expression) && expression.operatorToken.kind === ts.SyntaxKind.QuestionQuestionToken) {
    split(expression.left, literals, rest);
    split(expression.right, literals, rest);
  } else rest.push(expression);
}

function count(throwers: ReadonlyMap<string, readonly Thrower[]>): number {
  return [...throwers.values()].reduce((sum, list) => sum + list.length, 0);
}

function addThrower(throwers: Map<string, Thrower[]>, site: Site): void {
  const found = parameterOf(site);
  if (found === undefined) return;
  const list = throwers.get(found.name) ?? [];
  const thrower = { kind: site.kind, parameter: found.parameter, directory: found.exported ? undefined : dirname(site.node.getSourceFile().fileName) };
  const same = (one: Thrower): boolean => one.kind === thrower.kind && one.parameter === thrower.parameter && one.directory === thrower.directory;
  if (!list.some(same)) throwers.set(found.name, [...list, thrower]);
}

/** The named function around a site whose parameter is the code. */
function parameterOf({ node, rest }: Site): { name: string; parameter: number; exported: boolean } | undefined {
  const [only] = rest;
  if (only === undefined || rest.length > 1 || !ts.isIdentifier(only)) return undefined;
  for (let around = node.parent; !ts.isSourceFile(around); around = around.parent) {
    if (!ts.isFunctionLike(around)) continue;
    const parameter = around.parameters.findIndex(({ name }) => ts.isIdentifier(name) && name.text === only.text);
    const name = around.name?.getText() ?? (ts.isVariableDeclaration(around.parent) ? around.parent.name.getText() : undefined);
    if (parameter === -1) continue;
    const exported = ts.isFunctionDeclaration(around) && around.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword) === true;
    return name === undefined ? undefined : { name: name.replace(/^#/, ''), parameter, exported };
  }
  return undefined;
}
