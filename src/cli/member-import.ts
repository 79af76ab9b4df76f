/** `ssmax member import`: a table of members into the running key server, or what it would change there. */
import { basename } from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import { z } from 'zod';
import { SsmaxError } from '../core/error.ts';
import { decodeJson } from '../wire/json.ts';
import { adminCall, adminOption } from './admin.ts';
import { explain } from './explain.ts';
import { readInput } from './files.ts';

interface ImportOptions {
  readonly state: string;
  readonly dryRun: boolean;
  readonly leavers?: number;
  readonly all: boolean;
}

const member = z.object({ address: z.string(), reference: z.string() });
const reportSchema = z.object({
  encoding: z.string(), rows: z.number(), applied: z.boolean(), unused: z.array(z.string()), unchanged: z.number(), revoked: z.number(),
  errors: z.array(z.object({ line: z.number(), column: z.string().optional(), code: z.string(), params: z.record(z.string(), z.union([z.string(), z.number()])) })),
  added: z.array(member.extend({ line: z.number() })),
  changed: z.array(member.extend({ line: z.number(), changes: z.array(z.string()) })),
  missing: z.array(member),
});
type Report = z.output<typeof reportSchema>;

const ENCODINGS: Readonly<Record<string, string>> = { 'utf-8': 'UTF-8', shift_jis: 'Shift_JIS' };
/** Lines of each kind, unless all are wanted. */
const SHOWN = 20;

export function memberImportCommand(): Command {
  return new Command('import')
    .description('take in a table of members (CSV), all of it or nothing; the columns: docs/admin/members.md')
    .argument('<file>')
    .addOption(adminOption())
    .option('--dry-run', 'only say what would change, and what is wrong', false)
    .option('--leavers <number>', 'members that the file does not name leave; their number, as the dry run gave it', parseNumber)
    .option('--all', `show all lines, not ${SHOWN} of each kind`, false)
    .action(async (file: string, { state, dryRun, leavers, all }: ImportOptions) => {
      const report = decodeJson(reportSchema, await adminCall(state, 'POST', '/members/import', {
        file: readInput(file), dryRun, ...(leavers !== undefined && { leavers }),
      }));
      process.stdout.write(linesOf(file, report, { leave: leavers !== undefined, all }).map((line) => `${line}\n`).join(''));
      if (report.errors.length > 0) throw new SsmaxError('refused', 'import-errors', { count: report.errors.length });
    });
}

function parseNumber(text: string): number {
  if (!/^\d{1,6}$/.test(text)) throw new InvalidArgumentError('a number is due');
  return Number(text);
}

function linesOf(file: string, report: Report, { leave, all }: { leave: boolean; all: boolean }): string[] {
  const few = (lines: readonly string[]): string[] => {
    const cut = all ? lines : lines.slice(0, SHOWN);
    return lines.length > cut.length ? [...cut, `  … and ${lines.length - cut.length} more (--all)`] : [...cut];
  };
  const { added, changed, missing, unchanged, errors } = report;
  const head = [`${basename(file)}: ${report.rows} members, ${ENCODINGS[report.encoding] ?? report.encoding}`, ...report.unused.map((name) => `column not used: ${name}`)];
  if (errors.length > 0) {
    return [...head, ...few(errors.map(({ line, column, code, params }) =>
      `line ${line}${column === undefined ? '' : `, ${column}`}: ${explain(new SsmaxError('refused', code, params))}`))];
  }
  return [
    ...head,
    ...few(added.map(({ line, ...one }) => `+ ${nameOf(one)}, line ${line}`)),
    ...few(changed.map(({ line, changes, ...one }) => `~ ${nameOf(one)}, line ${line}: ${changes.join('; ')}`)),
    ...few(missing.map((one) => `${leave ? '-' : '?'} ${nameOf(one)}, not in the file`)),
    `${added.length} new, ${changed.length} changed, ${unchanged} as they were, ${missing.length} not in the file${leave ? '' : missing.length > 0 ? ` (they stay; --leavers ${missing.length} lets them leave)` : ''}`,
    report.applied ? `done${report.revoked > 0 ? `; certificates revoked: ${report.revoked}` : ''}` : 'dry run: nothing was changed',
  ];
}

function nameOf({ address, reference }: { address: string; reference: string }): string {
  return `${address} (${reference})`;
}
