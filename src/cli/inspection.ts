/** `ssmax inspection init|check|run` */
import { join } from 'node:path';
import { Command } from 'commander';
import { checkInspection, runInspection } from '../server/inspection/main.ts';
import { newKeyWithRequest } from './files.ts';
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
  return command;
}
