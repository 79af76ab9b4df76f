/** `ssmax report`: reports a mail that was received to the own organisation's desk, signed, or makes the report for abuse@ by mail. */
import { Command, InvalidArgumentError, Option } from 'commander';
import { SsmaxError } from '../core/error.ts';
import { enrollingOrganisation, fetchTrust } from '../flow/enrol.ts';
import { reportMail } from '../flow/report.ts';
import { domainOf, normalizeAddress } from '../mail/address.ts';
import { buildFeedbackReport } from '../mail/feedback-report.ts';
import { createNodeCrypto } from '../platform/node-crypto.ts';
import { CATEGORIES, type Category } from '../wire/report.ts';
import { addKeyOptions, type KeyOptions, loadCredential } from './credential.ts';
import { readInput, readPins } from './files.ts';
import { addServerOptions, httpFor, type ServerOptions } from './member-server.ts';

interface ReportOptions extends ServerOptions, KeyOptions {
  readonly root: string;
  readonly category: Category;
  readonly comment?: string;
  readonly excerpt?: string;
  readonly discloseComment: boolean;
  readonly discloseMe: boolean;
}

function categoryOption(): Option {
  return new Option('--category <category>', 'what it is').choices(CATEGORIES).default('abuse');
}

function limited(maximum: number): (text: string) => string {
  return (text) => {
    if (text.length > maximum) throw new InvalidArgumentError(`at most ${maximum} characters.`);
    return text;
  };
}

export function reportCommand(): Command {
  const command = new Command('report').description('report a mail that you received');
  const send = command.command('send <file>', { isDefault: true })
    .description('to your organisation\'s desk, which reports it to the sender\'s; nobody else learns who you are, nor what it says, unless you say so')
    .requiredOption('--root <file>', 'the Authority\'s root certificate, PEM')
    .addOption(categoryOption())
    .option('--comment <text>', 'for your organisation\'s desk', limited(2000))
    .option('--excerpt <text>', 'text of the mail that you disclose to both desks', limited(8000))
    .option('--disclose-comment', 'the sender\'s organisation may read the comment', false)
    .option('--disclose-me', 'the sender\'s organisation may learn your address', false);
  addKeyOptions(addServerOptions(send), true).action(report);
  command.command('mail <file>')
    .description('write the report as a mail for abuse@ to the standard output (RFC 5965)')
    .requiredOption('--from <address>', 'the address that the mail was delivered to')
    .addOption(categoryOption())
    .option('--comment <text>', 'for your organisation\'s desk', '')
    .action((file: string, { from, category, comment }: { from: string; category: Category; comment: string }) => {
      const address = normalizeAddress(from);
      const order = { from: address, to: `abuse@${domainOf(address)}`, type: category, comment, mail: readInput(file), date: new Date() };
      process.stdout.write(buildFeedbackReport(order, (length) => createNodeCrypto().random(length)));
    });
  return command;
}

async function report(file: string, options: ReportOptions): Promise<void> {
  const { server, category, comment, excerpt, discloseComment, discloseMe } = options;
  const mail = readInput(file);
  const credential = await loadCredential(options);
  const http = httpFor(options);
  const now = new Date();
  const { trust } = await fetchTrust(http, server, readPins(options.root), now);
  const [address] = credential.certificate.emails;
  if (address === undefined) throw new SsmaxError('fault', 'certificate-missing', { file: options.key });
  const filed = await reportMail(
    { http, url: server, credential, organisation: await enrollingOrganisation(address, trust), now, random: (length) => createNodeCrypto().random(length) },
    mail,
    {
      category, disclose: { reporter: discloseMe, comment: discloseComment }, ...(comment !== undefined && { comment }), ...(excerpt !== undefined && { excerpt }),
    },
  );
  process.stdout.write(`${filed.report} ${filed.known ? 'was filed before' : 'is filed'}\n`);
}
