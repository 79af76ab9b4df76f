/** `ssmax member …`, asked of the running key server: docs/admin/members.md. */
import { Command, Option } from 'commander';
import { fromUtf8 } from '../core/bytes.ts';
import { adminCall, adminOption } from './admin.ts';
import { daysOption, memberCodesCommand, memberLettersCommand } from './member-codes.ts';
import { memberEraseCommand } from './member-erase.ts';
import { memberImportCommand } from './member-import.ts';
import { memberPoliciesCommand } from './member-policies.ts';
import { memberUpdatesCommand } from './member-updates.ts';

interface AddOptions {
  readonly state: string;
  readonly reference: string;
  readonly name: string;
  readonly pseudonym: boolean;
  readonly person?: string;
  readonly service: boolean;
  readonly identityCheck?: string;
}

interface Holder {
  readonly state: string;
  readonly reference?: string;
}

export function memberCommand(): Command {
  const command = new Command('member').description('the organisation\'s members');
  addMembers(command);
  addCodes(command);
  addAliases(command);
  command.addCommand(memberImportCommand());
  command.addCommand(memberCodesCommand());
  command.addCommand(memberLettersCommand());
  command.addCommand(memberPoliciesCommand());
  command.addCommand(memberUpdatesCommand());
  command.addCommand(memberEraseCommand());
  return command;
}

function addMembers(command: Command): void {
  command.command('add <address>')
    .description('register a member, one more holder of a shared mailbox, or a service')
    .addOption(adminOption())
    .requiredOption('--reference <number>', 'employee or contract number (never a national number); of a service, of who answers for it')
    .requiredOption('--name <name>', 'name to show, or the pseudonym')
    .option('--pseudonym', 'the name is a pseudonym, and the certificate says so', false)
    .option('--person <name>', 'who stands behind a pseudonym: stays in the registry, names the letter with the code')
    .option('--service', 'a program that sends', false)
    .option('--identity-check <reference>', 'where the identity check is filed; due for a person')
    .action(async (address: string, { state, reference, name, pseudonym, person, service, identityCheck }: AddOptions) => {
      print(await adminCall(state, 'POST', '/members', {
        address, reference, displayName: name, pseudonym, identityCheck: identityCheck ?? '', kind: service ? 'service' : 'person',
        ...(person !== undefined && { person }),
      }));
    });
  command.command('list').description('all members').addOption(adminOption()).action(async ({ state }: Holder) => {
    print(await adminCall(state, 'GET', '/members'));
  });
  command.command('remove <address>')
    .description('a member leaves: certificates are revoked, codes withdrawn; the entry stays for tracing')
    .addOption(adminOption()).addOption(whichOption())
    .action(async (address: string, { state, reference }: Holder) => {
      print(await adminCall(state, 'POST', '/members/leave', which(address, reference)));
    });
  command.command('revoke <address>')
    .description('revoke a member\'s certificates at once')
    .addOption(adminOption()).addOption(whichOption())
    .addOption(new Option('--reason <reason>').choices(['keyCompromise', 'cessationOfOperation', 'superseded']).default('cessationOfOperation'))
    .option('--invalid-since <time>', 'ISO 8601: mail attested after this becomes a problem')
    .action(async (address: string, { state, reference, reason, invalidSince }: Holder & { reason: string; invalidSince?: string }) => {
      print(await adminCall(state, 'POST', '/revocations', { ...which(address, reference), reason, ...(invalidSince !== undefined && { invalidSince: new Date(invalidSince) }) }));
    });
}

function addCodes(command: Command): void {
  command.command('code <address>')
    .description('make a one-time enrolment code; an open one counts no longer')
    .addOption(adminOption()).addOption(whichOption()).addOption(daysOption())
    .option('--withdraw', 'make no new one', false)
    .action(async (address: string, { state, reference, days, withdraw }: Holder & { days?: number; withdraw: boolean }) => {
      if (withdraw) print(await adminCall(state, 'POST', '/codes/withdraw', which(address, reference)));
      else print(await adminCall(state, 'POST', '/codes', { ...which(address, reference), ...(days !== undefined && { days }) }));
    });
  command.command('open-codes').description('codes that may still be used').addOption(adminOption()).action(async ({ state }: Holder) => {
    print(await adminCall(state, 'GET', '/codes'));
  });
}

function addAliases(command: Command): void {
  command.command('alias <address> <mailbox>')
    .description('deliver mail for an address to a member\'s mailbox')
    .addOption(adminOption())
    .option('--remove', 'no longer', false)
    .action(async (address: string, mailbox: string, { state, remove }: { state: string; remove: boolean }) => {
      print(await adminCall(state, 'POST', remove ? '/aliases/remove' : '/aliases', { address, mailbox }));
    });
  command.command('aliases').description('all aliases').addOption(adminOption()).action(async ({ state }: Holder) => {
    print(await adminCall(state, 'GET', '/aliases'));
  });
}

function whichOption(): Option {
  return new Option('--reference <number>', 'which member, where several share the address');
}

function which(address: string, reference: string | undefined): { address: string; reference?: string } {
  return { address, ...(reference !== undefined && { reference }) };
}

function print(answer: Uint8Array): void {
  process.stdout.write(`${fromUtf8(answer)}\n`);
}
