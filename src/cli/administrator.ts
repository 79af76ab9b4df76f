/** `ssmax admin init|add|remove|list`: the administrators whose signatures tracing and recovery take, two at a time. */
import { Command } from 'commander';
import { z } from 'zod';
import { hex } from '../core/bytes.ts';
import { sha256 } from '../core/digest.ts';
import { printable } from '../mail/shown-text.ts';
import { approvalSchema } from '../wire/approval.ts';
import { bytesField, decodeJson, timeField } from '../wire/json.ts';
import { adminCall, adminOption } from './admin.ts';
import { adminKeyOption, type AdministratorKeyOptions, requestApproval } from './approvals.ts';
import { newKeyWithRequest, readPem } from './files.ts';
import { readPassphrase } from '../server/shared/passphrase.ts';
import { passphraseOption } from './serve.ts';

const addedSchema = z.object({ name: z.string(), approval: approvalSchema.optional() });
const listSchema = z.object({ administrators: z.array(z.object({ name: z.string(), publicKey: bytesField({ length: 65 }), added: timeField })) });

export function administratorCommand(): Command {
  const command = new Command('admin').description('administrators whose signatures tracing and recovery take, two at a time');
  command.command('init')
    .description('make your own key as an administrator: on your own machine, with a passphrase that nobody else knows')
    .requiredOption('--name <name>', 'your name, as the others know you')
    .requiredOption('--key <file>', 'where the key goes, encrypted')
    .requiredOption('--csr <file>', 'where the request to be added goes; it is no secret')
    .addOption(passphraseOption())
    .action(async ({ name, key, csr, passphraseFd }: { name: string; key: string; csr: string; passphraseFd?: number }) => {
      const passphrase = await readPassphrase({ question: 'Passphrase of your key as an administrator', credential: 'ssmax-admin', descriptor: passphraseFd, confirm: true });
      await newKeyWithRequest({ key, request: csr }, passphrase, { commonName: name });
    });
  command.command('add')
    .description('add an administrator: the first two at once, later ones when two have approved')
    .addOption(adminOption())
    .requiredOption('--csr <file>', 'his request, as `ssmax admin init` made it')
    .action(async ({ state, csr }: { state: string; csr: string }) => {
      const { name, approval } = decodeJson(addedSchema, await adminCall(state, 'POST', '/administrators', { csr: readPem(csr, 'CERTIFICATE REQUEST') }));
      process.stdout.write(approval === undefined ? `${printable(name)} is an administrator\n`
        : `two administrators have to approve ${printable(name)} by ${approval.expires.toISOString()}: ssmax approve ${approval.id}\n`);
    });
  command.command('remove <name>')
    .description('remove an administrator, when another one has approved')
    .addOption(adminOption())
    .addOption(adminKeyOption())
    .addOption(passphraseOption())
    .action((name: string, options: AdministratorKeyOptions) => requestApproval('administrator-remove', { name }, options));
  command.command('list')
    .description('all administrators, with the beginning of their keys\' SHA-256')
    .addOption(adminOption())
    .action(async ({ state }: { state: string }) => {
      const { administrators } = decodeJson(listSchema, await adminCall(state, 'GET', '/administrators'));
      for (const { name, publicKey, added } of administrators) {
        process.stdout.write(`${printable(name)}  ${hex(await sha256(publicKey)).slice(0, 16)}  since ${added.toISOString()}\n`);
      }
    });
  return command;
}
