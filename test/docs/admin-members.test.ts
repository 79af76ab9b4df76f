/** The pages on members and roll-out: every command in them exists with its options, and the samples are what the programs read and write. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { readConfiguration } from '../../extension/member/configuration.ts';
import { listCommand } from '../../src/cli/list.ts';
import { main } from '../../src/cli/main.ts';
import { memberCommand } from '../../src/cli/member.ts';
import { encodePem } from '../../src/core/pki/pem.ts';
import { readMemberTable } from '../../src/flow/member-table.ts';
import { fromBase64 } from '../../src/wire/json.ts';

const ID = (JSON.parse(readFileSync('manifest.json', 'utf8')) as { browser_specific_settings: { gecko: { id: string } } }).browser_specific_settings.gecko.id;

interface Policies {
  readonly policies: {
    readonly '3rdparty': { readonly Extensions: Readonly<Record<string, { readonly organisationUrl: string; readonly root: string }>> };
    readonly Preferences: Readonly<Record<string, { readonly Value: unknown; readonly Status: string }>>;
  };
}
const sample = (name: string): string => readFileSync(`docs/admin/samples/${name}`, 'utf8');

describe.each(['members', 'roll-out'])('docs/admin/%s.md', (page) => {
  const text = readFileSync(`docs/admin/${page}.md`, 'utf8');
  const commands = [...text.matchAll(/^ {4}(ssmax (?:member|list) .*)$/gm)].map(([, command = '']) => command);

  it.each(commands)('%s', (line) => {
    const [, verb = '', name = '', ...words] = (line.replace(/ ?>.*/, '').match(/"[^"]*"|\S+/g) ?? []);
    const group: Command = verb === 'member' ? memberCommand() : listCommand();
    const command = group.commands.find((one) => one.name() === name);
    if (command === undefined) throw new Error(`no such verb: ${verb} ${name}`);
    const state = command.options.some(({ long }) => long === '--state') && !words.includes('--state') ? ['--state', 'state'] : [];
    let ran = false;
    command.exitOverride().configureOutput({ writeErr: () => undefined }).action(() => { ran = true; });
    command.parse([...words.map((word) => word.replaceAll('"', '')), ...state], { from: 'user' });
    expect(ran).toBe(true);
  });

  it('has commands', () => { expect(commands.length).toBeGreaterThan(5); });
});

describe('samples', () => {
  it('members.csv is read without error', () => {
    const table = readMemberTable(new Uint8Array(readFileSync('docs/admin/samples/members.csv')));
    expect(table).toMatchObject({ errors: [], unused: [], rows: { length: 6 } });
  });

  it.each(['policies.json', 'policies-private-ca.json'])('%s locks what Thunderbird would send or store past the add-on', (name) => {
    const { Preferences } = (JSON.parse(sample(name)) as Policies).policies;
    // As docs/quirks-thunderbird.md names them; the first identities of a profile, and the default of further ones.
    const preferences = ['mail.mdn.report.enabled', 'calendar.itip.showImipBar', 'mail.compose.autosave', ...['default', 'id1', 'id10'].map((id) => `mail.identity.${id}.use_custom_prefs`)];
    for (const one of preferences) expect(Preferences[one], one).toEqual({ Value: false, Status: 'locked' });
    for (const id of ['default', 'id1', 'id10']) expect(Preferences[`mail.identity.${id}.draft_folder`]).toEqual({ Value: 'mailbox://nobody@Local%20Folders/Drafts', Status: 'locked' });
  });

  it.each([
    ['policies.json', ['--addon', 'https://software.hinode.example/ssmax.xpi', '--backup', 'allowed', '--copies', 'allowed']],
    ['policies-private-ca.json', ['--addon', 'https://software.hinode.example/ssmax.xpi', '--tls-ca', String.raw`C:\SSMAX\web-ca.pem`]],
  ])('%s is what `ssmax member policies` writes, and what the add-on reads', async (name, options) => {
    const settings = (JSON.parse(sample(name)) as Policies).policies['3rdparty'].Extensions[ID];
    const { organisationUrl, root } = readConfiguration(settings);
    expect(organisationUrl).toBe('https://keys.hinode.example');
    const directory = mkdtempSync(join(tmpdir(), 'ssmax-policies-'));
    const written: string[] = [];
    const write = process.stdout.write.bind(process.stdout);
    try {
      writeFileSync(join(directory, 'root.pem'), encodePem('CERTIFICATE', root));
      process.stdout.write = (chunk: string | Uint8Array) => written.push(String(chunk)) > 0;
      expect(await main(['member', 'policies', '--server', organisationUrl, '--root', join(directory, 'root.pem'), ...options])).toBe(0);
    } finally {
      process.stdout.write = write;
      rmSync(directory, { recursive: true });
    }
    expect(written.join('')).toBe(sample(name));
    expect(fromBase64(settings?.root ?? '')).toEqual(root);
  });
});
