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
import { settingOf, SETTABLE } from '../../src/wire/managed-settings.ts';

const ID = (JSON.parse(readFileSync('manifest.json', 'utf8')) as { browser_specific_settings: { gecko: { id: string } } }).browser_specific_settings.gecko.id;

interface Policies {
  readonly policies: {
    readonly '3rdparty': { readonly Extensions: Readonly<Record<string, { readonly organisationUrl: string; readonly root: string }>> };
    readonly Preferences: Readonly<Record<string, { readonly Value: unknown; readonly Status: string }>>;
  };
}
/** Every setting there is, with what the page calls usual. */
const ALL = ['contact=情報システム課 内線 1234', 'lockKeys=false', 'lockAfter=15', 'search=false', 'sendDelay=10', 'outsidePictures=true', 'hideSubject=false', 'sealedDrafts=true', 'listTags=false', 'addressLists=true',
  'riskCheck=true', 'manyOutsiders=10', 'riskLookalike=true', 'riskColleagueName=true', 'riskNewDomain=true', 'riskGreeting=true', 'riskAttachment=true', 'riskPasswordFile=true', 'reportsNameMember=false', 'backup=allowed', 'copies=allowed'];
const set = (...settings: string[]): string[] => settings.flatMap((one) => ['--set', one]);
const sample = (name: string): string => readFileSync(`docs/admin/samples/${name}`, 'utf8');

/** From a registry file: as Windows reads the values, and Thunderbird the JSON in them. */
function policiesOf(name: string): Policies['policies'] {
  if (!name.endsWith('.reg')) return (JSON.parse(sample(name)) as Policies).policies;
  const found: Record<string, Record<string, unknown>> = {};
  for (const [, key = '', values = ''] of sample(name).replace(/\\\r\n {2}/g, '').matchAll(/^\[HKEY_LOCAL_MACHINE\\SOFTWARE\\Policies\\Mozilla\\Thunderbird(.*)\]\r\n((?:".*\r\n)*)/gm)) {
    found[key] = Object.fromEntries([...values.matchAll(/^"(.*)"=hex\(7\):([0-9a-f,]+)\r$/gm)].map(([, value = '', bytes = '']) => {
      const text = Buffer.from(bytes.replaceAll(',', ''), 'hex').toString('utf16le');
      expect(text.endsWith('\0\0')).toBe(true);
      return [value, JSON.parse(text.slice(0, -2))];
    }));
  }
  const { '': own = {}, [String.raw`\3rdparty\Extensions`]: extensions = {} } = found;
  return { ...own, '3rdparty': { Extensions: extensions } } as unknown as Policies['policies'];
}

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

  it.each(['policies.json', 'policies-private-ca.json', 'policies-all-settings.json', 'policies.reg'])('%s locks what Thunderbird would send or store past the add-on', (name) => {
    const { Preferences } = policiesOf(name);
    // As docs/quirks-thunderbird.md names them; the first identities of a profile, and the default of further ones.
    const preferences = ['mail.mdn.report.enabled', 'calendar.itip.showImipBar', 'mail.compose.autosave', ...['default', 'id1', 'id10'].map((id) => `mail.identity.${id}.use_custom_prefs`)];
    for (const one of preferences) expect(Preferences[one], one).toEqual({ Value: false, Status: 'locked' });
    for (const id of ['default', 'id1', 'id10']) expect(Preferences[`mail.identity.${id}.draft_folder`]).toEqual({ Value: 'mailbox://nobody@Local%20Folders/Drafts', Status: 'locked' });
  });

  it.each([
    ['policies.json', ['--addon', 'https://software.hinode.example/ssmax.xpi', ...set('contact=情報システム課 内線 1234', 'backup=allowed', 'copies=allowed')]],
    ['policies-all-settings.json', ['--addon', 'https://software.hinode.example/ssmax.xpi', ...set(...ALL)]],
    ['policies.reg', ['--addon', 'https://software.hinode.example/ssmax.xpi', '--tls-ca', String.raw`C:\SSMAX\web-ca.pem`, ...set('contact=情報システム課 内線 1234', 'lockKeys=true'), '--format', 'reg']],
    ['policies-private-ca.json', ['--addon', 'https://software.hinode.example/ssmax.xpi', '--tls-ca', String.raw`C:\SSMAX\web-ca.pem`]],
  ])('%s is what `ssmax member policies` writes, and what the add-on reads', async (name, options) => {
    const settings = policiesOf(name)['3rdparty'].Extensions[ID];
    const { organisationUrl, root } = readConfiguration(settings);
    expect(organisationUrl).toBe('https://keys.hinode.example');
    const directory = mkdtempSync(join(tmpdir(), 'ssmax-policies-'));
    try {
      writeFileSync(join(directory, 'root.pem'), encodePem('CERTIFICATE', root));
      expect(await printed('policies', '--server', organisationUrl, '--root', join(directory, 'root.pem'), ...options)).toBe(sample(name));
    } finally {
      rmSync(directory, { recursive: true });
    }
    expect(fromBase64(settings?.root ?? '')).toEqual(root);
  });

  it('policies-all-settings.json has every setting', () => {
    const { organisationUrl, root, ...others } = policiesOf('policies-all-settings.json')['3rdparty'].Extensions[ID]!;
    expect([organisationUrl, root]).not.toContain(undefined);
    expect(Object.keys(others).sort()).toEqual([...SETTABLE].sort());
  });
});

describe('ssmax member updates', () => {
  it('names the package, its version and its hash for Thunderbird', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'ssmax-updates-'));
    const file = join(directory, 'ssmax-thunderbird-0.12.0.xpi');
    try {
      writeFileSync(file, 'abc');
      expect(JSON.parse(await printed('updates', file, '--addon', 'https://software.hinode.example/ssmax.xpi'))).toEqual({ addons: { [ID]: { updates: [{
        version: '0.12.0', update_link: 'https://software.hinode.example/ssmax.xpi', applications: { gecko: { strict_min_version: '140.0' } },
        update_hash: 'sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad', // FIPS 180-4, of "abc"
      }] } } });
    } finally {
      rmSync(directory, { recursive: true });
    }
  });
});

describe('ssmax member policies --set', () => {
  it.each([
    ['lockkeys=true', 'There is no setting "lockkeys"'], ['enrolmentCode=ABCD', 'There is no setting "enrolmentCode"'], ['sendDelay=500', 'sendDelay: '], ['search=yes', 'search: '], ['contact=', 'contact: '],
    ['copies', 'There is no setting ""'], [`contact=${'x'.repeat(201)}`, 'contact: '],
  ])('%s is refused, and why is said', (setting, why) => {
    let said = '';
    const command = memberCommand().commands.find((one) => one.name() === 'policies')!;
    command.exitOverride().configureOutput({ writeErr: (text) => { said += text; } }).action(() => undefined);
    expect(() => command.parse(['--server', 'https://keys.hinode.example', '--root', 'root.pem', '--set', setting], { from: 'user' })).toThrow();
    expect(said).toContain(why);
  });

  it('takes numbers, choices and texts as the setting has them', () => {
    expect([settingOf('contact', '1234'), settingOf('lockAfter', '30'), settingOf('search', '1'), settingOf('search', 'false'), settingOf('backup', 'required')])
      .toEqual([{ value: '1234' }, { value: 30 }, { value: true }, { value: false }, { value: 'required' }]);
  });
});

/** What `ssmax member …` prints. */
async function printed(...args: string[]): Promise<string> {
  const written: string[] = [];
  const write = process.stdout.write.bind(process.stdout);
  try {
    process.stdout.write = (chunk: string | Uint8Array) => written.push(String(chunk)) > 0;
    expect(await main(['member', ...args])).toBe(0);
  } finally {
    process.stdout.write = write;
  }
  return written.join('');
}
