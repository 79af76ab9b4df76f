/** `ssmax policy check|test`: a policy file before it goes live. */
import { Command, Option } from 'commander';
import { judge, type Judgement, type JudgeParts } from '../flow/judge.ts';
import { approversFor, rulesFor } from '../flow/policy/inherit.ts';
import { normalizeAddress, parseAddressList, parseFrom } from '../mail/address.ts';
import { policyMail } from '../mail/policy-mail.ts';
import { parseMime } from '../mail/mime.ts';
import { Clamd } from '../server/inspection/clamd.ts';
import { loadPolicy } from '../server/inspection/policy.ts';
import { createReaderPool } from '../server/inspection/reading/reader-pool.ts';
import { createLogger } from '../server/shared/log.ts';
import { type Direction, DIRECTIONS } from '../wire/leg.ts';
import { explanations } from './explanations.ts';
import { readInput } from './files.ts';
import { loadTrustDirectory, trustOption } from './trust-directory.ts';

interface TestOptions {
  readonly policy: string;
  readonly from?: string;
  readonly to?: readonly string[];
  readonly direction: Direction;
  readonly clamd?: string;
  readonly trust?: string;
  readonly json?: true;
}

export function policyCommand(): Command {
  const command = new Command('policy').description('the inspection policy, before it goes live');
  command.command('check')
    .description('check a policy file; the first mistake is told with its line')
    .argument('<file>', 'policy.yaml')
    .action((file: string) => {
      const { version, organisation, domains, groups, members } = loadPolicy(file);
      process.stdout.write(`policy ${version}: ${organisation.outbound.length} rules outbound, ${organisation.inbound.length} inbound; `
        + `${Object.keys(domains).length} domains, ${groups.length} groups, ${Object.keys(members).length} members of their own\n`);
    });
  command.command('test')
    .description('say what each rule says of a mail, and the outcome')
    .argument('<mail>', 'a plain mail, such as a mail program saves (.eml)')
    .requiredOption('--policy <file>', 'policy.yaml')
    .option('--from <address>', 'the sender, if not the one in the header')
    .option('--to <address...>', 'the recipients, if not those in the header')
    .addOption(new Option('--direction <direction>', 'which rules').choices(DIRECTIONS).default('outbound'))
    .option('--clamd <socket>', 'scan for malware too')
    .addOption(trustOption())
    .option('--json', 'for programs')
    .action((mail: string, options: TestOptions) => test(mail, options));
  return command;
}

async function test(file: string, options: TestOptions): Promise<void> {
  const policy = loadPolicy(options.policy);
  const raw = readInput(file);
  const outer = parseMime(raw, 'outer');
  const header = (name: string): string[] => outer.headers.all(name).flatMap((value) => parseAddressList(value)).map(({ address }) => address);
  const sender = options.from === undefined ? parseFrom(outer.headers.all('From')[0] ?? '').address : normalizeAddress(options.from);
  const recipients = options.to?.map(normalizeAddress) ?? [...header('To'), ...header('Cc')];
  const correspondents = { sender, recipients };
  const log = createLogger({ server: 'policy', level: 'error' });
  const reader = createReaderPool({ timeoutMs: 60_000, memory: 1024 * 1_048_576, log });
  let scanned = true;
  const parts: JudgeParts = {
    policy,
    reader,
    scanner: options.clamd === undefined
      ? { scan: () => { scanned = false; return Promise.resolve('clean'); } }
      : new Clamd({ socket: options.clamd, timeoutMs: 60_000 }),
    directory: async () => (await loadTrustDirectory(options.trust, new Date())).directory,
  };
  try {
    const judgement = await judge(policyMail(outer, raw), options.direction, correspondents, parts);
    const approvers = approversFor(policy, options.direction, correspondents);
    const skipped = scanned ? [] : rulesFor(policy, options.direction, correspondents).filter(({ check }) => check === 'malware').map(({ name }) => name);
    process.stdout.write(options.json === true
      ? `${JSON.stringify({ policy: policy.version, result: judgement.result, findings: judgement.findings, rules: judgement.rules, skipped, approvers })}\n`
      : written(policy.version, judgement, skipped, approvers));
    if (judgement.result === 'hold' || judgement.result === 'refuse') process.exitCode = 1;
  } finally {
    reader.close();
  }
}

function written(version: string, { result, rules }: Judgement, skipped: readonly string[], approvers: readonly string[]): string {
  const lines = rules.filter(({ rule }) => !skipped.includes(rule)).map(({ rule, code, result: outcome, parts }) =>
    parts.length === 0 ? `  -       ${rule}` : `  ${outcome.padEnd(7)} ${rule}: ${explanations[code]?.[0] ?? code} (${code}, part ${parts.join(', ')})`);
  const notScanned = skipped.map((rule) => `  ?       ${rule}: not asked; give --clamd`);
  const who = result === 'hold' ? [approvers.length === 0 ? 'approvers: none, so it would be refused' : `approvers: ${approvers.join(', ')}`] : [];
  return [`policy ${version}: ${result}`, ...lines, ...notScanned, ...who].map((line) => `${line}\n`).join('');
}
