/** `ssmax member policies`: Thunderbird's policies.json for the whole organisation (docs/admin/roll-out.md). */
import { Command, Option } from 'commander';
import manifest from '../../manifest.json' with { type: 'json' };
import { parsePins } from '../flow/trust.ts';
import { toBase64 } from '../wire/json.ts';
import { readPins } from './files.ts';
import { addServerOptions } from './member-server.ts';

const { id } = manifest.browser_specific_settings.gecko;

interface PoliciesOptions {
  readonly server: string;
  readonly root: string;
  readonly tlsCa?: string;
  readonly addon?: string;
  readonly backup?: string;
  readonly copies?: string;
}

export function memberPoliciesCommand(): Command {
  return addServerOptions(new Command('policies').description('print policies.json: every Thunderbird gets the add-on, its server and the Authority\'s root'))
    .requiredOption('--root <file>', 'the Authority\'s root certificate, PEM')
    .option('--addon <url>', 'where Thunderbird gets the add-on and its updates: https://… or file:///…')
    .addOption(new Option('--backup <how>', 'backups of new keys; without it the member decides').choices(['required', 'allowed', 'forbidden']))
    .addOption(new Option('--copies <how>', 'saving opened mails and attachments as files; without it that is allowed').choices(['allowed', 'forbidden']))
    .action((options: PoliciesOptions) => {
      process.stdout.write(`${JSON.stringify(policies(options), null, 2)}\n`);
    });
}

/** Keys as in https://thunderbird.github.io/policy-templates/; `--tls-ca` is a path on the members' computers. */
function policies({ server, root, tlsCa, addon, backup, copies }: PoliciesOptions): object {
  const der = readPins(root);
  parsePins(der);
  return {
    policies: {
      '3rdparty': { Extensions: { [id]: { organisationUrl: server, root: toBase64(der), ...(backup !== undefined && { backup }), ...(copies !== undefined && { copies }) } } },
      ...(addon !== undefined && { ExtensionSettings: { [id]: { installation_mode: 'force_installed', install_url: addon } } }),
      ...(tlsCa !== undefined && { Certificates: { Install: [tlsCa] } }),
      Preferences: { ...draftsStayHere(), ...nothingUnsealed() },
    },
  };
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
