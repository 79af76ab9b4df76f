/** `ssmax member updates`: tells every Thunderbird that a new version of the add-on lies on the web server (docs/decisions/0082-updates.md). */
import { createHash } from 'node:crypto';
import { basename } from 'node:path';
import { Command } from 'commander';
import manifest from '../../manifest.json' with { type: 'json' };
import { refused } from '../core/error.ts';
import { readInput } from './files.ts';
import { parseAddon } from './member-policies.ts';

const { id, strict_min_version: oldest } = manifest.browser_specific_settings.gecko;

export function memberUpdatesCommand(): Command {
  return new Command('updates').description('print updates.json: every Thunderbird updates to this package of the add-on')
    .argument('<package>', 'ssmax-thunderbird-VERSION.xpi, as it was built')
    .requiredOption('--addon <url>', 'where it will lie, as `ssmax member policies --addon` names it', parseAddon)
    .action((file: string, { addon }: { readonly addon: string }) => {
      const version = /^ssmax-thunderbird-(\d+(?:\.\d+){1,3})\.xpi$/.exec(basename(file))?.[1];
      if (version === undefined) throw refused('package-name', { file: basename(file) });
      const update_hash = `sha256:${createHash('sha256').update(readInput(file)).digest('hex')}`;
      const update = { version, update_link: addon, update_hash, applications: { gecko: { strict_min_version: oldest } } };
      process.stdout.write(`${JSON.stringify({ addons: { [id]: { updates: [update] } } }, null, 2)}\n`);
    });
}
