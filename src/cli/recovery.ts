/** `ssmax recovery open|list|close`: for whom old mail is re-encrypted to a new key (docs/admin/recovery.md). */
import { Command, InvalidArgumentError } from 'commander';
import { z } from 'zod';
import { decodeJson, timeField } from '../wire/json.ts';
import { adminCall, adminOption } from './admin.ts';
import { adminKeyOption, type AdministratorKeyOptions, requestApproval } from './approvals.ts';
import { passphraseOption } from './serve.ts';

interface OpenOptions extends AdministratorKeyOptions {
  readonly reference: string;
  readonly hours: number;
  readonly mails: number;
  readonly notify?: string;
}

const listSchema = z.object({
  recoveries: z.array(z.object({ address: z.string(), reference: z.string(), opened: timeField, until: timeField, quota: z.int(), used: z.int() })),
});

export function recoveryCommand(): Command {
  const command = new Command('recovery').description('recovery of old mail for members who lost their key');
  command.command('open <address>')
    .description('open a recovery for one member, when another administrator has approved')
    .addOption(adminOption())
    .requiredOption('--reference <number>', 'employee or contract number: the person, not only the address')
    .option('--hours <number>', 'how long', number, 72)
    .option('--mails <number>', 'how many mails at most', number, 1000)
    .option('--notify <address>', 'another address of the member, to be told; without it, a letter is written')
    .addOption(adminKeyOption())
    .addOption(passphraseOption())
    .action(async (address: string, { reference, hours, mails, notify, ...options }: OpenOptions) => {
      await requestApproval('recovery-open', { address, reference, hours, mails, ...(notify !== undefined && { notify }) }, options);
    });
  command.command('list')
    .description('open recoveries')
    .addOption(adminOption())
    .action(async ({ state }: { state: string }) => {
      const { recoveries } = decodeJson(listSchema, await adminCall(state, 'GET', '/recoveries'));
      for (const { address, reference, opened, until, quota, used } of recoveries) {
        process.stdout.write(`${address}  ${reference}  ${opened.toISOString()} to ${until.toISOString()}  ${used} of ${quota} mails\n`);
      }
    });
  command.command('close <address>')
    .description('end a member\'s recovery at once; one administrator is enough')
    .addOption(adminOption())
    .requiredOption('--reference <number>', 'employee or contract number')
    .action(async (address: string, { state, reference }: { state: string; reference: string }) => {
      const { closed } = decodeJson(z.object({ closed: z.int() }), await adminCall(state, 'POST', '/recoveries/end', { address, reference }));
      process.stdout.write(`${closed} closed\n`);
    });
  return command;
}

function number(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new InvalidArgumentError('a whole number from 1 is due');
  return value;
}
