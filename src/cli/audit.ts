/** `ssmax audit verify`: asks a running server to check its whole audit chain. */
import { Command } from 'commander';
import { z } from 'zod';
import { fromUtf8 } from '../core/bytes.ts';
import { adminCall, adminOption } from './admin.ts';

export function auditCommand(): Command {
  const command = new Command('audit').description('the audit chain');
  command.command('verify')
    .description('find any entry that was removed, changed or reordered; exit 0 only if there is none')
    .addOption(adminOption())
    .action(async ({ state }: { state: string }) => {
      const text = fromUtf8(await adminCall(state, 'GET', '/audit'));
      process.stdout.write(`${text}\n`);
      if (z.object({ fault: z.unknown().optional() }).parse(JSON.parse(text)).fault !== undefined) process.exitCode = 1;
    });
  return command;
}
