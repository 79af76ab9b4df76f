/** `ssmax audit verify|head|anchor`: asks a running server about its audit chain. */
import { Command, InvalidArgumentError } from 'commander';
import { z } from 'zod';
import { type Bytes, fromHex, hex } from '../core/bytes.ts';
import { bytesField, decodeJson } from '../wire/json.ts';
import { adminCall, adminOption } from './admin.ts';

interface Head {
  readonly seq: number;
  readonly hash: Bytes;
}

const headSchema = z.object({ seq: z.int(), hash: bytesField({ length: 32 }) });
const reportSchema = z.object({
  head: headSchema, fault: z.object({ seq: z.int(), problem: z.string() }).optional(),
  /** How many heads of the Authority's it was compared with, or why with none. */
  anchored: z.int().optional(), unanchored: z.string().optional(),
});

export function auditCommand(): Command {
  const command = new Command('audit').description('the audit chain of a key server or Authority');
  command.command('verify')
    .description('find any entry that was removed, changed or reordered; exit 0 only if there is none')
    .addOption(adminOption())
    .option('--head <seq:hash>', 'a head that `audit head` gave before and that was kept elsewhere (again for more)', collectHead, [])
    .option('--offline', 'do not compare with the heads that the Authority keeps', false)
    .action(async ({ state, head: heads, offline }: { state: string; head: Head[]; offline: boolean }) => {
      const { head, fault, anchored, unanchored } = decodeJson(reportSchema, await adminCall(state, 'POST', '/audit/verify', { heads, authority: !offline }));
      process.stdout.write(fault === undefined ? `good: ${written(head)}\n` : `broken at entry ${fault.seq}: ${fault.problem}; good up to ${written(head)}\n`);
      if (anchored !== undefined) process.stdout.write(`compared with ${anchored} heads that the Authority keeps\n`);
      if (unanchored !== undefined) {
        process.stdout.write(`not compared with the Authority's heads: ${unanchored}\n`);
        process.exitCode = 3;
      }
      if (fault !== undefined) process.exitCode = 1;
    });
  command.command('anchor')
    .description('have the Authority keep the head now, beside the daily statement')
    .addOption(adminOption())
    .option('--day <date>', 'the day whose figures are stated along, YYYY-MM-DD; today', new Date().toISOString().slice(0, 10))
    .action(async ({ state, day }: { state: string; day: string }) => {
      process.stdout.write(`${written(decodeJson(headSchema, await adminCall(state, 'POST', '/audit/anchor', { day })))}\n`);
    });
  command.command('head')
    .description('number and hash of the last entry, to be kept elsewhere')
    .addOption(adminOption())
    .action(async ({ state }: { state: string }) => {
      process.stdout.write(`${written(decodeJson(headSchema, await adminCall(state, 'GET', '/audit/head')))}\n`);
    });
  return command;
}

function written({ seq, hash }: Head): string {
  return `${seq}:${hex(hash)}`;
}

function collectHead(text: string, before: readonly Head[]): Head[] {
  const match = /^(\d{1,15}):([0-9a-f]{64})$/.exec(text);
  if (match === null) throw new InvalidArgumentError('due is SEQ:HASH as `ssmax audit head` writes it.');
  return [...before, { seq: Number(match[1]), hash: fromHex(match[2] ?? '') }];
}
