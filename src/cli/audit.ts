/** `ssmax audit verify|head`: asks a running server about its audit chain. */
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
const reportSchema = z.object({ head: headSchema, fault: z.object({ seq: z.int(), problem: z.string() }).optional() });

export function auditCommand(): Command {
  const command = new Command('audit').description('the audit chain of a key server or Authority');
  command.command('verify')
    .description('find any entry that was removed, changed or reordered; exit 0 only if there is none')
    .addOption(adminOption())
    .option('--head <seq:hash>', 'a head that `audit head` gave before and that was kept elsewhere (again for more)', collectHead, [])
    .action(async ({ state, head: heads }: { state: string; head: Head[] }) => {
      const { head, fault } = decodeJson(reportSchema, await adminCall(state, 'POST', '/audit/verify', { heads }));
      process.stdout.write(fault === undefined ? `good: ${written(head)}\n` : `broken at entry ${fault.seq}: ${fault.problem}; good up to ${written(head)}\n`);
      if (fault !== undefined) process.exitCode = 1;
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
