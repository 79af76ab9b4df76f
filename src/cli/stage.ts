/** `ssmax stage show|set|remove`: edits the gateway's stages.yaml, which the running gateway follows. */
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { Argument, Command } from 'commander';
import { type Document, parseDocument } from 'yaml';
import { SsmaxError } from '../core/error.ts';
import { normalizeAddress } from '../mail/address.ts';
import { loadGatewayConfig } from '../server/gateway/config.ts';
import { loadStages, STAGES, type Stage, stageOf } from '../server/gateway/stages.ts';
import { readInput } from './files.ts';

interface StageOptions {
  readonly config: string;
  readonly members?: string;
}

export function stageCommand(): Command {
  const command = new Command('stage').description('how far the introduction of SSMAX has come, by domain and group');
  command.command('show [addresses...]')
    .description('the stage of every domain and group, or of these addresses')
    .requiredOption('--config <file>', 'gateway.yaml')
    .action((addresses: string[], { config }: StageOptions) => {
      const stages = loadStages(fileOf(config));
      const lines = addresses.length > 0 ? addresses.map((address) => `${stageOf(stages, normalizeAddress(address)).padEnd(13)}${address}`) : [
        ...Object.entries(stages.domains).map(([domain, stage]) => `${stage.padEnd(13)}${domain}`),
        ...Object.entries(stages.groups).map(([name, { stage, members }]) => `${stage.padEnd(13)}${name} (${members.length} members)`),
      ];
      process.stdout.write(lines.map((line) => `${line}\n`).join(''));
    });
  command.command('set <name>')
    .description('set the stage of a domain, or of a group; works at once, and back as well as forth')
    .addArgument(new Argument('<stage>').choices(STAGES))
    .requiredOption('--config <file>', 'gateway.yaml')
    .option('--members <file>', 'makes <name> a group of the addresses in this file, one a line')
    .action((name: string, stage: Stage, { config, members }: StageOptions) => {
      change(fileOf(config), (document) => {
        if (members !== undefined) document.setIn(['groups', name], document.createNode({ stage, members: addressesIn(members) }));
        else if (document.hasIn(['groups', name])) document.setIn(['groups', name, 'stage'], stage);
        else document.setIn(['domains', name], stage);
      });
      process.stdout.write(`${stage.padEnd(13)}${name}\n`);
      if (name.includes('.') && members === undefined) {
        process.stdout.write(`The Authority publishes which domains are always signed: ask it if that changes (ssmax authority always-signed).\n`);
      }
    });
  command.command('remove <name>')
    .description('take a domain or group out: its members are at the stage of their domain, domains at protect')
    .requiredOption('--config <file>', 'gateway.yaml')
    .action((name: string, { config }: StageOptions) => {
      change(fileOf(config), (document) => {
        const found = ['groups', 'domains'].find((kind) => document.hasIn([kind, name]));
        if (found === undefined) throw new SsmaxError('fault', 'stage-unknown', { name });
        document.deleteIn([found, name]);
      });
    });
  return command;
}

function fileOf(config: string): string {
  const { stages } = loadGatewayConfig(config);
  if (stages === undefined) throw new SsmaxError('fault', 'stages-not-configured', { file: config });
  return stages;
}

/** Comments stay. The file in force is replaced only by one that can be read; whoever reads sees the old or the new one. */
function change(file: string, edit: (document: Document) => void): void {
  const document = parseDocument(existsSync(file) ? readFileSync(file, 'utf8') : '');
  edit(document);
  const next = `${file}.new`;
  writeFileSync(next, document.toString(), { mode: 0o644 });
  loadStages(next);
  renameSync(next, file);
}

function addressesIn(file: string): string[] {
  const lines = new TextDecoder().decode(readInput(file)).split(/\r?\n/).map((line) => line.trim());
  return [...new Set(lines.filter((line) => line !== '' && !line.startsWith('#')).map(normalizeAddress))];
}
