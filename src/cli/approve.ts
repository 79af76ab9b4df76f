/** `ssmax approve`: the second administrator's signature; without a request's number, what waits for one. */
import { Command } from 'commander';
import { SsmaxError } from '../core/error.ts';
import { approvalsSchema } from '../wire/approval.ts';
import { decodeJson } from '../wire/json.ts';
import { adminCall, adminOption } from './admin.ts';
import { administratorKey, describeApproval, signApproval } from './approvals.ts';
import { passphraseOption } from './serve.ts';

interface ApproveOptions {
  readonly state: string;
  readonly adminKey?: string;
  readonly passphraseFd?: number;
}

export function approveCommand(): Command {
  return new Command('approve')
    .description('approve what takes two administrators (tracing, recovery, erasure); without an argument, list what waits')
    .argument('[request]', 'its number, as the first administrator was told')
    .addOption(adminOption())
    .option('--admin-key <file>', 'your key as an administrator')
    .addOption(passphraseOption())
    .action(async (id: string | undefined, { state, adminKey, passphraseFd }: ApproveOptions) => {
      const { approvals } = decodeJson(approvalsSchema, await adminCall(state, 'GET', '/approvals'));
      if (id === undefined) {
        process.stdout.write(approvals.map(describeApproval).join(''));
        return;
      }
      const approval = approvals.find((one) => one.id === id);
      if (approval === undefined) throw new SsmaxError('refused', 'approval-unknown');
      // Shown before the passphrase is asked for: who types it has read what he signs.
      process.stdout.write(describeApproval(approval));
      if (adminKey === undefined) return;
      await signApproval(approval, await administratorKey({ state, adminKey, ...(passphraseFd !== undefined && { passphraseFd }) }), state);
    });
}
