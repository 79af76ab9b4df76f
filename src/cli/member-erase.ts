/** `ssmax member erase`: asks for a former member's evidence to be erased; a second administrator approves it (`ssmax approve`). */
import { Command } from 'commander';
import { adminOption } from './admin.ts';
import { type AdministratorKeyOptions, adminKeyOption, requestApproval } from './approvals.ts';
import { passphraseOption } from './serve.ts';

interface EraseOptions extends AdministratorKeyOptions {
  readonly reference?: string;
  readonly reason: string;
}

export function memberEraseCommand(): Command {
  return new Command('erase')
    .description('erase the evidence of what a former member sent, before its retention ends; takes two administrators and stands in the audit chain')
    .argument('<address>', 'of a member who was removed')
    .option('--reference <number>', 'which member, where several shared the address')
    .requiredOption('--reason <text>', 'why; it stands in the audit chain, and the second administrator reads it')
    .addOption(adminOption())
    .addOption(adminKeyOption())
    .addOption(passphraseOption())
    .action(async (address: string, { reason, reference, ...options }: EraseOptions) => {
      await requestApproval('evidence-erase', { address, reason, ...(reference !== undefined && { reference }) }, options);
    });
}
