/** `ssmax inspection init|check|run|held|show|approve|reject` */
import { join } from 'node:path';
import { Command } from 'commander';
import { checkInspection, runInspection } from '../server/inspection/main.ts';
import { newKeyWithRequest } from './files.ts';
import { decideHeld, listHeld, showHeld } from './held.ts';
import { passphraseFor, passphraseOption, runServer } from './serve.ts';

export function inspectionCommand(): Command {
  const command = new Command('inspection').description('the server that opens mail, applies the organisation\'s policy and signs a verdict');
  command.command('init')
    .description('make the inspection server\'s key and a certification request')
    .requiredOption('--dir <directory>', 'where the files go')
    .requiredOption('--host-name <name>', 'the inspection server\'s host name')
    .addOption(passphraseOption())
    .action(async ({ dir, hostName, passphraseFd }: { dir: string; hostName: string; passphraseFd?: number }) => {
      const passphrase = await passphraseFor('inspection', passphraseFd, true);
      const spki = await newKeyWithRequest(
        { key: join(dir, 'inspection.key'), request: join(dir, 'inspection.csr') }, passphrase, { commonName: hostName, dnsName: hostName },
      );
      process.stdout.write(`spki ${spki}\n`);
    });
  command.command('check')
    .description('check configuration and policy, for instance before a reload')
    .requiredOption('--config <file>', 'inspection.yaml')
    .action(({ config }: { config: string }) => {
      process.stdout.write(`policy ${checkInspection(config)}\n`);
    });
  command.command('run')
    .description('run the inspection server; SIGHUP reloads the policy')
    .requiredOption('--config <file>', 'inspection.yaml')
    .addOption(passphraseOption())
    .action(async ({ config, passphraseFd }: { config: string; passphraseFd?: number }) => {
      const passphrase = await passphraseFor('inspection', passphraseFd, false);
      await runServer(async () => {
        const server = await runInspection(config, passphrase);
        process.on('SIGHUP', () => server.reloadPolicy());
        return server;
      });
    });
  listHeld(command.command('held').description('mail that waits for approval'));
  showHeld(command.command('show').description('what is known of one of them; with an approver\'s key, its text too'));
  decideHeld(command.command('approve').description('let it go, in your own name'), 'approve');
  decideHeld(command.command('reject').description('send it back to its sender, in your own name'), 'reject');
  return command;
}
