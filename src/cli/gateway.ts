/** `ssmax gateway init|run` */
import { join } from 'node:path';
import { Command } from 'commander';
import { runGateway } from '../server/gateway/main.ts';
import { newKeyWithRequest } from './files.ts';
import { passphraseFor, passphraseOption, runServer } from './serve.ts';

export function gatewayCommand(): Command {
  const command = new Command('gateway').description('the SMTP filter in front of the mail server\'s queue');
  command.command('init')
    .description('make the gateway\'s key and a certification request')
    .requiredOption('--dir <directory>', 'where the files go')
    .requiredOption('--host-name <name>', 'the gateway\'s host name')
    .addOption(passphraseOption())
    .action(async ({ dir, hostName, passphraseFd }: { dir: string; hostName: string; passphraseFd?: number }) => {
      const passphrase = await passphraseFor('gateway', passphraseFd, true);
      const spki = await newKeyWithRequest(
        { key: join(dir, 'gateway.key'), request: join(dir, 'gateway.csr') }, passphrase, { commonName: hostName, dnsName: hostName },
      );
      process.stdout.write(`spki ${spki}\n`);
    });
  command.command('run')
    .description('run the gateway')
    .requiredOption('--config <file>', 'gateway.yaml')
    .addOption(passphraseOption())
    .action(async ({ config, passphraseFd }: { config: string; passphraseFd?: number }) => {
      const passphrase = await passphraseFor('gateway', passphraseFd, false);
      await runServer(() => runGateway(config, passphrase));
    });
  return command;
}
