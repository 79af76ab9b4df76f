/** `ssmax status run`: the page that shows administrators how their servers are. */
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { runStatus } from '../server/status/main.ts';
import { runServer } from './serve.ts';

/** Beside the built program, whose verbs stand in a directory of their own. */
const pages = fileURLToPath(new URL('../status/', import.meta.url));

export function statusCommand(): Command {
  const command = new Command('status').description('the status page for administrators');
  command.command('run')
    .description('run the status page\'s server')
    .requiredOption('--config <file>', 'status.yaml')
    .action(async ({ config }: { config: string }) => {
      await runServer(() => runStatus(config, pages));
    });
  return command;
}
