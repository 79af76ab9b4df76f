/** `ssmax abuse list|show|warn|suspend|reinstate|close|reports`, asked of the running key server (docs/admin/abuse.md). */
import { Command, Option } from 'commander';
import { z } from 'zod';
import { printable } from '../mail/shown-text.ts';
import { decodeJson, timeField } from '../wire/json.ts';
import { adminCall, adminOption } from './admin.ts';

const summaryShape = {
  case: z.string(), state: z.string(), outcome: z.string().optional(), sender: z.string(), sent: timeField, opened: timeField, reports: z.int(),
  categories: z.array(z.string()),
};
const listSchema = z.object({ cases: z.array(z.object(summaryShape)) });
const caseSchema = z.object({
  ...summaryShape, contentDigest: z.string(), traceable: z.boolean(),
  complaints: z.array(z.object({
    organisation: z.string(), category: z.string(), at: timeField, comment: z.string().optional(), excerpt: z.string().optional(), reporter: z.string().optional(),
  })),
  steps: z.array(z.object({ step: z.string(), reason: z.string(), at: timeField })),
});
const reportsSchema = z.object({
  reports: z.array(z.object({
    id: z.string(), channel: z.string(), category: z.string(), sender: z.string(), organisation: z.string(), state: z.string(), code: z.string().optional(), at: timeField,
  })),
});

interface ReasonOptions {
  readonly state: string;
  readonly reason: string;
}

export function abuseCommand(): Command {
  const command = new Command('abuse').description('reports about mail of this organisation\'s members, and what is done about them');
  command.command('list')
    .description('the cases that are not closed, the newest first')
    .addOption(adminOption())
    .option('--all', 'closed ones too', false)
    .option('--json', 'as JSON', false)
    .action(async ({ state, all, json }: { state: string; all: boolean; json: boolean }) => {
      const { cases } = decodeJson(listSchema, await adminCall(state, 'GET', `/abuse/cases?all=${all}`));
      if (json) return void process.stdout.write(`${JSON.stringify(cases, undefined, 2)}\n`);
      for (const one of cases) {
        line(one.case, one.outcome === undefined ? one.state : `${one.state} (${one.outcome})`, one.sender, `${one.reports} organisations: ${one.categories.join(', ')}`, `opened ${day(one.opened)}`);
      }
    });
  command.command('show <case>')
    .description('what was reported, by which organisations, and what was done')
    .addOption(adminOption())
    .option('--json', 'as JSON', false)
    .action(async (id: string, { state, json }: { state: string; json: boolean }) => {
      const one = decodeJson(caseSchema, await adminCall(state, 'GET', `/abuse/cases/${encodeURIComponent(id)}`));
      if (json) return void process.stdout.write(`${JSON.stringify(one, undefined, 2)}\n`);
      line(`case ${one.case}`, one.outcome === undefined ? one.state : `${one.state} (${one.outcome})`);
      line(`sender   ${one.sender}`);
      line(`sent     ${one.sent.toISOString()}`);
      line(`content  ${one.contentDigest}`);
      if (!one.traceable) line('evidence erased: nobody can be named any more');
      for (const { organisation, category, at, reporter, comment, excerpt } of one.complaints) {
        line(`reported ${day(at)} by ${organisation}: ${category}${reporter === undefined ? '' : `, by ${reporter}`}`);
        if (comment !== undefined) line(`  comment: ${comment}`);
        if (excerpt !== undefined) line(`  disclosed text: ${excerpt}`);
      }
      for (const { step, reason, at } of one.steps) line(`${step.padEnd(8)} ${day(at)}: ${reason}`);
    });
  const step = (verb: Command, description: string): void => {
    verb.description(description)
      .addOption(adminOption())
      .requiredOption('--reason <text>', 'why; it stands in the case and in the audit chain')
      .action(async (id: string, { state, reason }: ReasonOptions) => {
        await adminCall(state, 'POST', `/abuse/cases/${encodeURIComponent(id)}/${verb.name()}`, { reason });
      });
  };
  step(command.command('warn <case>'), 'note that the member was warned');
  step(command.command('suspend <case>'), 'the member may not send from now on, with any of his certificates; he goes on receiving');
  step(command.command('reinstate <case>'), 'end the suspension');
  command.command('close <case>')
    .description('close the case; a suspension goes on until it is ended')
    .addOption(adminOption())
    .addOption(new Option('--outcome <outcome>', 'what it was').choices(['confirmed', 'unfounded']).makeOptionMandatory())
    .requiredOption('--reason <text>', 'why; it stands in the case and in the audit chain')
    .action(async (id: string, { state, reason, outcome }: ReasonOptions & { outcome: string }) => {
      await adminCall(state, 'POST', `/abuse/cases/${encodeURIComponent(id)}/close`, { outcome, reason });
    });
  command.command('reports')
    .description('what this organisation\'s members reported about mail they received, and what became of it')
    .addOption(adminOption())
    .action(async ({ state }: { state: string }) => {
      const { reports } = decodeJson(reportsSchema, await adminCall(state, 'GET', '/abuse/reports'));
      for (const { id, at, category, channel, sender, organisation, state: now, code } of reports) {
        line(id, day(at), `${category} (${channel})`, `${sender} of ${organisation}`, code === undefined ? now : `${now}: ${code}`);
      }
    });
  return command;
}

function line(...parts: readonly string[]): void {
  process.stdout.write(`${parts.map(printable).join('  ')}\n`);
}

function day(time: Date): string {
  return time.toISOString().slice(0, 10);
}
