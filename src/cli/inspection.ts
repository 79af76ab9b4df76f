/** `ssmax inspection init|check|run`: the inspection server. */
import { writeFileSync } from 'node:fs';
import { Command } from 'commander';
import { checkInspection, initInspection, runInspection } from '../server/inspection/main.ts';
import { readPassphrase } from '../server/shared/passphrase.ts';

const CREDENTIAL = 'inspection-passphrase';

interface Options {
  readonly config: string;
  readonly passphraseFd?: number;
}

export function inspectionCommand(): Command {
  const command = new Command('inspection').description('the inspection server: opens what its gateway submits, applies the policy, signs a verdict');
  verb('init', 'make the private key and the request for its certificate')
    .option('--request <file>', 'where to write the request (PKCS#10, PEM)', 'inspection.csr')
    .action(async ({ config, passphraseFd, request: file }: Options & { readonly request: string }) => {
      const passphrase = await readPassphrase({ question: 'New passphrase for the inspection server’s key', credential: CREDENTIAL, descriptor: passphraseFd, confirm: true });
      const { request, spki } = await initInspection(config, passphrase);
      writeFileSync(file, request);
      process.stdout.write(`request: ${file}\nspki: ${spki}\n`);
    });
  command.command('check').description('check configuration and policy, for instance before SIGHUP')
    .requiredOption('--config <file>', 'configuration file')
    .action(({ config }: Options) => {
      process.stdout.write(`policy: ${checkInspection(config)}\n`);
    });
  verb('run', 'start the server; SIGHUP reads the policy again, SIGTERM ends it in good order')
    .action(async ({ config, passphraseFd }: Options) => {
      const passphrase = await readPassphrase({ question: 'Passphrase of the inspection server’s key', credential: CREDENTIAL, descriptor: passphraseFd });
      const running = await runInspection(config, passphrase);
      process.on('SIGHUP', () => running.reloadPolicy());
      for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void running.close());
    });
  return command;

  function verb(name: string, description: string): Command {
    return command.command(name).description(description)
      .requiredOption('--config <file>', 'configuration file')
      .option('--passphrase-fd <number>', 'read the passphrase from this file descriptor', Number);
  }
}
