/** The verbs of the Authority's review: `ssmax authority review|candidate|warn|suspend|reinstate|recertify|accept-chain`. */
import { createHash } from 'node:crypto';
import { type Command, InvalidArgumentError } from 'commander';
import { z } from 'zod';
import { printable } from '../mail/shown-text.ts';
import { decodeJson, timeField } from '../wire/json.ts';
import { adminCall, adminOption } from './admin.ts';
import { copyPublished } from './authority-publish.ts';
import { readInput } from './files.ts';

const reviewSchema = z.object({
  criteria: z.string(),
  window: z.int(),
  members: z.array(z.object({
    id: z.string(), names: z.object({ ja: z.string(), en: z.string() }), standing: z.string(), since: timeField,
    measured: z.object({
      sent: z.int(), received: z.int(), reported: z.int(), reports: z.int(), refused: z.int(), confirmed: z.int(), warned: z.int(), suspended: z.int(),
      daysWithoutStatement: z.int(), auditAge: z.int(), alarms: z.int(),
    }),
    findings: z.array(z.object({ measure: z.string(), value: z.number(), above: z.number(), says: z.string() })),
    says: z.enum(['good', 'warn', 'suspend']),
    audit: z.object({ date: z.string(), auditor: z.string(), hash: z.string() }).optional(),
    alarms: z.array(z.object({ day: z.string(), code: z.string() })),
  })),
  candidates: z.array(z.object({ id: z.string(), name: z.string(), domains: z.array(z.string()), since: timeField })),
});

interface ReasonOptions {
  readonly state: string;
  readonly reason: string;
}

export function addReviewCommands(command: Command): void {
  command.command('review')
    .description('every member\'s figures and what the criteria say; exit 1 if they say anything of anybody')
    .addOption(adminOption())
    .option('--json', 'as JSON', false)
    .action(async ({ state, json }: { state: string; json: boolean }) => {
      const review = decodeJson(reviewSchema, await adminCall(state, 'GET', '/review'));
      if (json) process.stdout.write(`${JSON.stringify(review, undefined, 2)}\n`);
      else show(review);
      if (review.members.some(({ says }) => says !== 'good')) process.exitCode = 1;
    });
  command.command('candidate <organisation>')
    .description('note an organisation that applies; it is certified by `certify`')
    .addOption(adminOption())
    .requiredOption('--name <name>', 'its legal name')
    .requiredOption('--domain <domain...>', 'its mail domains')
    .action(async (id: string, { state, name, domain }: { state: string; name: string; domain: string[] }) => {
      await adminCall(state, 'POST', '/candidates', { id, name, domains: domain });
    });
  const standing = (verb: Command, state: string, description: string): void => {
    verb.description(description)
      .addOption(adminOption())
      .requiredOption('--reason <text>', 'why; it stands in the audit chain')
      .action(async (id: string, options: ReasonOptions) => {
        await adminCall(options.state, 'POST', '/standings', { id, state, reason: options.reason });
      });
  };
  standing(command.command('warn <organisation>'), 'warned', 'the directory says from now on that it was warned');
  standing(command.command('suspend <organisation>'), 'suspended', 'no member sends to it or takes mail from it, as soon as gateways have the next revocation list; reversible');
  standing(command.command('reinstate <organisation>'), 'certified', 'end a warning or suspension');
  command.command('recertify <organisation>')
    .description('note a dated audit report by its hash: the periodic re-certification')
    .addOption(adminOption())
    .requiredOption('--report <file>', 'the report; only its SHA-256 is kept')
    .requiredOption('--auditor <name>', 'who wrote it')
    .requiredOption('--date <date>', 'of the report, YYYY-MM-DD', parseDate)
    .action(async (id: string, { state, report, auditor, date }: { state: string; report: string; auditor: string; date: string }) => {
      const hash = new Uint8Array(createHash('sha256').update(readInput(report)).digest());
      await adminCall(state, 'POST', '/audits', { id, date, auditor, hash });
    });
  command.command('publish')
    .description('write the directory as a set of files that any web server can carry; what is there already stays as it is')
    .addOption(adminOption())
    .requiredOption('--out <directory>', 'where the files go')
    .action(async ({ state, out }: { state: string; out: string }) => {
      const { files, written } = await copyPublished(state, out);
      process.stdout.write(`${files} files, ${written} of them new\n`);
    });
  command.command('accept-chain <organisation>')
    .description('after a loss that was looked into (a restored backup): its audit chain may begin anew, and its alarms are acknowledged')
    .addOption(adminOption())
    .requiredOption('--reason <text>', 'what was found; it stands in the audit chain')
    .action(async (id: string, { state, reason }: ReasonOptions) => {
      await adminCall(state, 'POST', '/chains', { id, reason });
    });
}

function parseDate(text: string): string {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) throw new InvalidArgumentError('YYYY-MM-DD is due.');
  return text;
}

const VERDICTS = { good: 'meets the criteria', warn: 'the criteria say: warn', suspend: 'the criteria say: suspend' } as const;

function show({ criteria, window, members, candidates }: z.output<typeof reviewSchema>): void {
  const line = (text: string): void => void process.stdout.write(`${printable(text)}\n`);
  line(`criteria ${criteria}, figures of ${window} days`);
  for (const { id, names, standing, since, measured, findings, says, audit, alarms } of members) {
    const { sent, received, reported, reports, confirmed, warned, suspended } = measured;
    line(`${id}  ${names.en}  ${standing} since ${since.toISOString().slice(0, 10)}  ${VERDICTS[says]}`);
    line(`  sent ${sent}, received ${received}; reported ${reported} (stated ${reports}), confirmed ${confirmed}; warned ${warned}, suspended ${suspended}`);
    line(`  days without statement ${measured.daysWithoutStatement}; audit ${audit === undefined ? 'none' : `${audit.date} by ${audit.auditor}, SHA-256 ${audit.hash}`}`);
    for (const finding of findings) line(`  ${finding.says}: ${finding.measure} is ${finding.value}, more than ${finding.above}`);
    for (const { day, code } of alarms) line(`  ALARM ${day}: ${code}`);
  }
  for (const { id, name, domains, since } of candidates) line(`${id}  ${name}  candidate since ${since.toISOString().slice(0, 10)}  ${domains.join(', ')}`);
}
