/** `ssmax backup`: has a running key server or Authority copy its embedded database. */
import { resolve } from 'node:path';
import { Command } from 'commander';
import { z } from 'zod';
import { hex } from '../core/bytes.ts';
import { bytesField, decodeJson } from '../wire/json.ts';
import { adminCall, adminOption } from './admin.ts';

const headSchema = z.object({ seq: z.int(), hash: bytesField({ length: 32 }) });

export function backupCommand(): Command {
  return new Command('backup')
    .description('copy the embedded database of a running key server or Authority; prints the audit chain\'s head in it')
    .addOption(adminOption())
    .requiredOption('--out <file>', 'the copy; must not be there yet')
    .action(async ({ state, out }: { state: string; out: string }) => {
      const { seq, hash } = decodeJson(headSchema, await adminCall(state, 'POST', '/backup', { file: resolve(out) }));
      process.stdout.write(`${seq}:${hex(hash)}\n`);
    });
}
