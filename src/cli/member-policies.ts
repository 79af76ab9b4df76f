/** `ssmax member policies`: Thunderbird's policies for the whole organisation, as a file or for the registry (docs/admin/roll-out.md). */
import { Command, InvalidArgumentError, Option } from 'commander';
import manifest from '../../manifest.json' with { type: 'json' };
import { parsePins } from '../flow/trust.ts';
import { toBase64 } from '../wire/json.ts';
import { settingOf, SETTABLE } from '../wire/managed-settings.ts';
import { readPins } from './files.ts';
import { addServerOptions } from './member-server.ts';
import { registryFile } from './registry-file.ts';

const { id } = manifest.browser_specific_settings.gecko;

interface PoliciesOptions {
  readonly server: string;
  readonly root: string;
  readonly tlsCa?: string;
  readonly addon?: string;
  readonly set: Settings;
  readonly format: 'json' | 'reg';
}

type Settings = Readonly<Record<string, string | number | boolean>>;

export function memberPoliciesCommand(): Command {
  return addServerOptions(new Command('policies').description('print policies.json: every Thunderbird gets the add-on, its server and the Authority\'s root'))
    .requiredOption('--root <file>', 'the Authority\'s root certificate, PEM')
    .option('--addon <url>', 'where Thunderbird gets the add-on: https://… (its updates by updates.json beside it, see `ssmax member updates`) or file:///…', parseAddon)
    .option('--set <name=value>', `fixes a setting for all members, any number of times: ${SETTABLE.join(', ')}`, setting, {})
    .addOption(new Option('--format <format>', 'json: policies.json; reg: for the registry, by group policy').choices(['json', 'reg']).default('json'))
    .action((options: PoliciesOptions) => {
      const all = policies(options);
      process.stdout.write(options.format === 'reg' ? registryFile(all) : `${JSON.stringify({ policies: all }, null, 2)}\n`);
    });
}

/** By the schema that the add-on reads it with. */
function setting(text: string, before: Settings): Settings {
  const [, name = '', given = ''] = /^([^=]*)=(.*)$/s.exec(text) ?? [];
  const read = settingOf(name, given);
  if ('fault' in read) throw new InvalidArgumentError(read.fault);
  return { ...before, [name]: read.value };
}

/** Where the add-on lies. */
export function parseAddon(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !['https:', 'file:'].includes(url.protocol) || url.username !== '' || !url.pathname.endsWith('.xpi')) throw new InvalidArgumentError('An https:// or file:/// address that ends in .xpi is due.');
  return url.href;
}

/** Keys as in https://thunderbird.github.io/policy-templates/; `--tls-ca` is a path on the members' computers. */
function policies({ server, root, tlsCa, addon, set }: PoliciesOptions): Record<string, unknown> {
  const der = readPins(root);
  parsePins(der);
  return {
    '3rdparty': { Extensions: { [id]: { organisationUrl: server, root: toBase64(der), ...set } } },
    ...(addon !== undefined && { ExtensionSettings: { [id]: { installation_mode: 'force_installed', install_url: addon, ...updatesOf(addon) } } }),
    ...(tlsCa !== undefined && { Certificates: { Install: [tlsCa] } }),
    Preferences: { ...draftsStayHere(), ...nothingUnsealed() },
  };
}

/** From a server, Thunderbird fetches the add-on once, and again only as this file says; from a share, it looks at every start. */
function updatesOf(addon: string): object {
  return addon.startsWith('https:') ? { update_url: new URL('updates.json', addon).href } : {};
}

/** Identities (sender addresses) of one Thunderbird profile for which this is fixed. */
const IDENTITIES = 10;
const identities = ['default', ...Array.from({ length: IDENTITIES }, (_, i) => `id${i + 1}`)];

function locked(value: unknown): object {
  return { Value: value, Status: 'locked' };
}

/**
 * Thunderbird sends read receipts, and answers by the bar above an invitation, past every add-on, unsealed, and the gateway refuses them: it is
 * not to offer them, nor to let an account have a choice of its own about receipts (docs/quirks-thunderbird.md).
 */
function nothingUnsealed(): object {
  return {
    'mail.mdn.report.enabled': locked(false),
    'calendar.itip.showImipBar': locked(false),
    ...Object.fromEntries(identities.map((id) => [`mail.identity.${id}.use_custom_prefs`, locked(false)])),
  };
}

/**
 * What is being written must not lie in clear on the mail server, be it for a moment: nothing is saved unasked, and what
 * Thunderbird saves by itself before the add-on hears of it goes to this computer's own Drafts (docs/decisions/0041-sealed-drafts.md).
 */
function draftsStayHere(): object {
  return {
    'mail.compose.autosave': locked(false),
    ...Object.fromEntries(identities.map((id) => [`mail.identity.${id}.draft_folder`, locked('mailbox://nobody@Local%20Folders/Drafts')])),
  };
}
