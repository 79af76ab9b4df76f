/** `ssmax list …`: the organisation's mailing lists, asked of the running key server: docs/admin/members.md. */
import { Command, Option } from 'commander';
import { z } from 'zod';
import { SsmaxError } from '../core/error.ts';
import { POSTING } from '../server/keyserver/groups.ts';
import { decodeJson } from '../wire/json.ts';
import { adminCall, adminOption } from './admin.ts';
import { readInput } from './files.ts';

interface ListOptions {
  readonly state: string;
  readonly name?: string;
  readonly posting?: string;
  readonly owner?: string;
  readonly members?: string;
  readonly wholeList?: boolean;
}

const listsSchema = z.object({
  lists: z.array(z.object({
    address: z.string(), name: z.string(), posting: z.string(), owner: z.string().optional(), members: z.array(z.object({ mailbox: z.string(), enrolled: z.boolean() })),
  })),
});

const aliasesSchema = z.object({ aliases: z.array(z.object({ address: z.string(), mailbox: z.string() })) });

export function listCommand(): Command {
  const command = new Command('list').description('the organisation\'s mailing lists');
  command.command('add <list> [member...]')
    .description('make a list, or put members on it')
    .addOption(adminOption())
    .option('--name <name>', 'what it is called; due for a new list')
    .addOption(new Option('--posting <who>', 'who may post; organisation for a new list').choices(POSTING))
    .option('--owner <address>', 'the member who answers for it: is told whom a post did not reach, and asked to take people off; due where anyone may post')
    .addOption(membersOption())
    .action(async (address: string, named: string[], { state, name, posting, owner, members }: ListOptions) => {
      await adminCall(state, 'POST', '/lists', {
        address, members: [...named, ...fromFile(members)], ...(name !== undefined && { name }), ...(posting !== undefined && { posting }), ...(owner !== undefined && { owner }),
      });
      await show(state, address);
    });
  command.command('remove <list> [member...]')
    .description('take members off a list, or end it')
    .addOption(adminOption())
    .addOption(membersOption())
    .option('--whole-list', 'end the list')
    .action(async (address: string, named: string[], { state, members, wholeList }: ListOptions) => {
      const leaving = [...named, ...fromFile(members)];
      if ((leaving.length === 0) !== (wholeList === true)) throw new SsmaxError('fault', 'list-members-or-whole');
      await adminCall(state, 'POST', '/lists/remove', { address, members: wholeList === true ? 'whole list' : leaving });
      if (wholeList !== true) await show(state, address);
    });
  command.command('show [list]').description('lists, or one with its members').addOption(adminOption()).action(async (address: string | undefined, { state }: ListOptions) => {
    await show(state, address);
  });
  command.command('postfix')
    .description('aliases and lists as Postfix has to know them: virtual_alias_maps')
    .addOption(adminOption())
    .action(async ({ state }: ListOptions) => {
      process.stdout.write(await postfixTable(state));
    });
  return command;
}

/**
 * Postfix accepts these addresses, and expands them for mail without seal; sealed mail was expanded by the key server. A list
 * to which not everybody may post stands for itself: no unsealed mail gets through it.
 */
async function postfixTable(state: string): Promise<string> {
  const { aliases } = decodeJson(aliasesSchema, await adminCall(state, 'GET', '/aliases'));
  const { lists } = decodeJson(listsSchema, await adminCall(state, 'GET', '/lists'));
  const targets = new Map<string, string[]>();
  for (const { address, mailbox } of aliases) targets.set(address, [...(targets.get(address) ?? []), mailbox]);
  for (const { address, posting, members } of lists) targets.set(address, posting === 'anyone' && members.length > 0 ? members.map(({ mailbox }) => mailbox) : [address]);
  return [...targets].map(([address, mailboxes]) => `${address} ${mailboxes.join(', ')}\n`).join('');
}

function membersOption(): Option {
  return new Option('--members <file>', 'a file with one address a line');
}

function fromFile(file: string | undefined): string[] {
  if (file === undefined) return [];
  return new TextDecoder().decode(readInput(file)).split(/\r?\n/).map((line) => line.trim()).filter((line) => line !== '');
}

/** All lists, a line each; of one also its members, with those named who do not get posts yet. */
async function show(state: string, address: string | undefined): Promise<void> {
  const { lists } = decodeJson(listsSchema, await adminCall(state, 'GET', '/lists'));
  const wanted = address?.toLowerCase();
  const shown = wanted === undefined ? lists : lists.filter((list) => list.address === wanted);
  if (address !== undefined && shown.length === 0) throw new SsmaxError('refused', 'list-unknown', { address });
  for (const { address: list, name, posting, owner, members } of shown) {
    process.stdout.write(`${list}  ${name}  posting: ${posting}${owner === undefined ? '' : `  owner: ${owner}`}  members: ${members.length}\n`);
    if (address !== undefined) for (const { mailbox, enrolled } of members) process.stdout.write(`  ${mailbox}${enrolled ? '' : '  (not enrolled: gets no posts yet)'}\n`);
  }
}
