/** `ssmax member add|list|code|alias|revoke`, asked of the running key server. */
import { Command, Option } from 'commander';
import { fromUtf8 } from '../core/bytes.ts';
import { adminCall, adminOption } from './admin.ts';

interface AddOptions {
  readonly state: string;
  readonly reference: string;
  readonly name: string;
  readonly pseudonym: boolean;
  readonly identityCheck: string;
}

export function memberCommand(): Command {
  const command = new Command('member').description('the organisation\'s members');
  command.command('add <address>')
    .description('register a member')
    .addOption(adminOption())
    .requiredOption('--reference <number>', 'employee or contract number (never a national number)')
    .requiredOption('--name <name>', 'name to show, or the pseudonym')
    .option('--pseudonym', 'the name is a pseudonym', false)
    .requiredOption('--identity-check <reference>', 'where the identity check is filed')
    .action(async (address: string, { state, reference, name, pseudonym, identityCheck }: AddOptions) => {
      print(await adminCall(state, 'POST', '/members', { address, reference, displayName: name, pseudonym, identityCheck }));
    });
  command.command('list').description('all members').addOption(adminOption()).action(async ({ state }: { state: string }) => {
    print(await adminCall(state, 'GET', '/members'));
  });
  command.command('code <address>')
    .description('make a one-time enrolment code')
    .addOption(adminOption())
    .option('--reference <number>', 'which member, where several share the address')
    .action(async (address: string, { state, reference }: { state: string; reference?: string }) => {
      print(await adminCall(state, 'POST', '/codes', { address, ...(reference !== undefined && { reference }) }));
    });
  command.command('alias <address> <mailbox>')
    .description('deliver mail for an address to a member\'s mailbox (again for a group)')
    .addOption(adminOption())
    .action(async (address: string, mailbox: string, { state }: { state: string }) => {
      print(await adminCall(state, 'POST', '/aliases', { address, mailbox }));
    });
  command.command('revoke <address>')
    .description('revoke a member\'s certificates at once')
    .addOption(adminOption())
    .addOption(new Option('--reason <reason>').choices(['keyCompromise', 'cessationOfOperation', 'superseded']).default('cessationOfOperation'))
    .option('--invalid-since <time>', 'ISO 8601: mail attested after this becomes a problem')
    .action(async (address: string, { state, reason, invalidSince }: { state: string; reason: string; invalidSince?: string }) => {
      print(await adminCall(state, 'POST', '/revocations', { address, reason, ...(invalidSince !== undefined && { invalidSince: new Date(invalidSince) }) }));
    });
  return command;
}

function print(answer: Uint8Array): void {
  process.stdout.write(`${fromUtf8(answer)}\n`);
}
