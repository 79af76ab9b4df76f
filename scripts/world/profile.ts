/**
 * A Thunderbird profile that starts silently: one IMAP account with its SMTP server on loopback, nothing that asks,
 * updates or looks anything up outside, and a HOME of its own, which also carries the configuration that an organisation
 * manages (docs/quirks-thunderbird.md says why it is not policies.json).
 */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface MailAccount {
  /** Display name, may be Japanese. */
  readonly name: string;
  readonly email: string;
  /** Login for IMAP and SMTP. */
  readonly user: string;
  readonly password: string;
  readonly imapPort: number;
  readonly smtpPort: number;
}

/** Under which somebody writes. */
export type Identity = Pick<MailAccount, 'name' | 'email'>;

export type PrefValue = string | number | boolean;

export interface ProfileOptions {
  /** Made anew: what was there is removed. */
  readonly dir: string;
  readonly account: MailAccount;
  /** Others that this account has. */
  readonly identities?: readonly Identity[];
  /** Other accounts. */
  readonly more?: readonly MailAccount[];
  readonly locale: 'ja' | 'en-US';
  readonly dark?: boolean;
  readonly prefs?: Readonly<Record<string, PrefValue>>;
  /** What `storage.managed` gives to an add-on, by add-on id. */
  readonly managed?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  /** CA certificates (DER) that Thunderbird is to trust for HTTPS, SMTP and IMAP, and for S/MIME signatures. */
  readonly certificates?: readonly Uint8Array[];
}

export interface Profile {
  /** For `--profile`. */
  readonly dir: string;
  readonly home: string;
  /** Where downloads go without asking. */
  readonly downloads: string;
  readonly account: MailAccount;
  readonly more: readonly MailAccount[];
  readonly certificates: readonly Uint8Array[];
  /** The environment Thunderbird must be started with, but for DISPLAY. */
  readonly env: Readonly<Record<string, string>>;
}

/** Writes the profile. Password and certificates are not in it yet: `startThunderbird` puts them into Thunderbird's stores. */
export function makeProfile(options: ProfileOptions): Profile {
  const { dir: root, account, locale, dark = false, managed = {}, certificates = [] } = options;
  rmSync(root, { recursive: true, force: true });
  const dir = join(root, 'profile');
  const home = join(root, 'home');
  const downloads = join(home, 'Downloads');
  const temporary = join(root, 'tmp');
  const manifests = join(home, '.mozilla', 'managed-storage');
  for (const made of [dir, downloads, temporary, manifests]) mkdirSync(made, { recursive: true, mode: 0o700 });
  const prefs: Record<string, PrefValue> = {
    ...silence,
    ...accountsPrefs(account, options),
    ...look(locale, dark),
    'browser.download.dir': downloads,
    'browser.download.folderList': 2,
    'browser.download.useDownloadDir': true,
    'messenger.save.dir': downloads,
    ...options.prefs,
  };
  writeFileSync(join(dir, 'user.js'), Object.entries(prefs).map(([name, value]) => `user_pref(${JSON.stringify(name)}, ${JSON.stringify(value)});\n`).join(''));
  for (const [name, data] of Object.entries(managed)) {
    writeFileSync(join(manifests, `${name}.json`), JSON.stringify({ name, description: 'Managed configuration', type: 'storage', data }, null, 2));
  }
  return {
    dir,
    home,
    downloads,
    account,
    more: options.more ?? [],
    certificates,
    env: {
      HOME: home,
      TMPDIR: temporary,
      LANG: 'C.UTF-8',
      MOZ_DISABLE_AUTO_SAFE_MODE: '1',
      MOZ_CRASHREPORTER_DISABLE: '1',
      MOZ_ENABLE_WAYLAND: '0',
      GDK_BACKEND: 'x11',
      NO_AT_BRIDGE: '1',
      GTK_USE_PORTAL: '0',
    },
  };
}

const store = '@mozilla.org/msgstore/berkeleystore;1';

/** The local folders are account 2. */
function accountsPrefs(account: MailAccount, { identities = [], more = [] }: Pick<ProfileOptions, 'identities' | 'more'>): Record<string, PrefValue> {
  const numbers = more.map((_, i) => i + 3);
  return {
    'mail.accountmanager.accounts': ['account1', 'account2', ...numbers.map((number) => `account${number}`)].join(','),
    'mail.accountmanager.defaultaccount': 'account1',
    'mail.accountmanager.localfoldersserver': 'server2',
    'mail.account.account2.server': 'server2',
    'mail.account.lastKey': 2 + more.length,
    'mail.server.server2.type': 'none',
    'mail.server.server2.hostname': 'Local Folders',
    'mail.server.server2.userName': 'nobody',
    'mail.server.server2.name': 'Local Folders',
    'mail.server.server2.directory-rel': '[ProfD]Mail/Local Folders',
    'mail.server.server2.storeContractID': store,
    'mail.smtpservers': ['smtp1', ...numbers.map((number) => `smtp${number}`)].join(','),
    'mail.smtp.defaultserver': 'smtp1',
    ...accountPrefs(account, 1, identities),
    ...Object.fromEntries(more.flatMap((one, i) => Object.entries(accountPrefs(one, numbers[i] ?? 0, [])))),
  };
}

/** `identities`: others that the account has. */
function accountPrefs(account: MailAccount, number: number, identities: readonly Identity[]): Record<string, PrefValue> {
  const { user, email, imapPort, smtpPort } = account;
  const all = [account, ...identities].map((identity, i) => [`id${i === 0 ? '' : i}${number}`, identity] as const);
  const [server, smtp] = [`mail.server.server${number}`, `mail.smtpserver.smtp${number}`];
  return {
    [`mail.account.account${number}.identities`]: all.map(([id]) => id).join(','),
    [`mail.account.account${number}.server`]: `server${number}`,
    ...Object.fromEntries(all.flatMap(([id, identity]) => Object.entries(identityPrefs(`mail.identity.${id}`, identity, `smtp${number}`, `imap://${encodeURIComponent(user)}@127.0.0.1`)))),
    [`${server}.type`]: 'imap',
    [`${server}.hostname`]: '127.0.0.1',
    [`${server}.port`]: imapPort,
    [`${server}.userName`]: user,
    [`${server}.name`]: email,
    [`${server}.socketType`]: 0,
    [`${server}.authMethod`]: 3,
    [`${server}.login_at_startup`]: false,
    [`${server}.check_new_mail`]: false,
    [`${server}.directory-rel`]: `[ProfD]ImapMail/127.0.0.1${number === 1 ? '' : `-${number}`}`,
    [`${server}.storeContractID`]: store,
    [`${smtp}.type`]: 'smtp',
    [`${smtp}.hostname`]: '127.0.0.1',
    [`${smtp}.port`]: smtpPort,
    [`${smtp}.username`]: user,
    [`${smtp}.authMethod`]: 3,
    [`${smtp}.try_ssl`]: 0,
  };
}

function identityPrefs(identity: string, { name, email }: Identity, smtpServer: string, folders: string): Record<string, PrefValue> {
  return {
    [`${identity}.fullName`]: name,
    [`${identity}.useremail`]: email,
    [`${identity}.smtpServer`]: smtpServer,
    [`${identity}.valid`]: true,
    [`${identity}.compose_html`]: true,
    [`${identity}.reply_on_top`]: 1,
    [`${identity}.fcc`]: true,
    [`${identity}.fcc_folder`]: `${folders}/Sent`,
    [`${identity}.draft_folder`]: `${folders}/Drafts`,
    [`${identity}.stationery_folder`]: `${folders}/Templates`,
    [`${identity}.fcc_folder_picker_mode`]: '0',
    [`${identity}.drafts_folder_picker_mode`]: '0',
    [`${identity}.tmpl_folder_picker_mode`]: '0',
  };
}

function look(locale: 'ja' | 'en-US', dark: boolean): Record<string, PrefValue> {
  return {
    'intl.locale.requested': locale,
    'intl.accept_languages': locale === 'ja' ? 'ja,en-US,en' : 'en-US,en',
    'extensions.activeThemeID': `thunderbird-compact-${dark ? 'dark' : 'light'}@mozilla.org`,
    'ui.systemUsesDarkTheme': dark ? 1 : 0,
    'layout.css.prefers-color-scheme.content-override': dark ? 0 : 1,
  };
}

const silence: Readonly<Record<string, PrefValue>> = {
  // First run, wizards, reminders.
  'app.donation.eoy.version.viewed': 999,
  'mail.provider.suppress_dialog_on_startup': true,
  'mail.spotlight.firstRunDone': true,
  'mail.winsearch.firstRunDone': true,
  'mail.rights.override': true,
  'mail.rights.version': 1,
  'mailnews.start_page.enabled': false,
  'mailnews.start_page_override.mstone': 'ignore',
  'browser.startup.homepage_override.mstone': 'ignore',
  'mail.shell.checkDefaultClient': false,
  'mail.startup.enabledMailCheckOnce': true,
  'mail.inappnotifications.enabled': false,
  'mail.inappnotifications.url': '',
  'mail.cloud_files.enabled': false,
  // It leaves a server five seconds after a mail, and takes the server's "Bye" for the answer to a mail that begins in that very moment.
  'mail.smtpserver.default.quit_delay_ms': 3_600_000,
  'mail.smtpserver.default.max_messages_per_connection': 0,
  'mail.instrumentation.postUrl': '',
  'mail.instrumentation.askUser': false,
  'datareporting.policy.dataSubmissionPolicyBypassNotification': true,
  'datareporting.policy.dataSubmissionEnabled': false,
  'datareporting.healthreport.uploadEnabled': false,
  'toolkit.telemetry.enabled': false,
  'toolkit.telemetry.unified': false,
  'toolkit.telemetry.server': '',
  'toolkit.startup.max_resumed_crashes': -1,
  // Updates and look-ups outside.
  'app.update.enabled': false,
  'app.update.auto': false,
  'app.update.disabledForTesting': true,
  'app.normandy.enabled': false,
  'extensions.update.enabled': false,
  'extensions.getAddons.cache.enabled': false,
  'extensions.getAddons.showPane': false,
  'extensions.systemAddon.update.enabled': false,
  'extensions.blocklist.enabled': false,
  'services.settings.server': 'data:,#remote-settings-dummy/v1',
  'network.captive-portal-service.enabled': false,
  'network.connectivity-service.enabled': false,
  'network.dns.disablePrefetch': true,
  'network.prefetch-next': false,
  'network.trr.mode': 5,
  'security.OCSP.enabled': 0,
  'dom.push.connection.enabled': false,
  'browser.safebrowsing.downloads.remote.enabled': false,
  'browser.safebrowsing.malware.enabled': false,
  'browser.safebrowsing.phishing.enabled': false,
  'browser.safebrowsing.update.enabled': false,
  'browser.region.network.url': '',
  'browser.region.update.enabled': false,
  'geo.provider.network.url': '',
  'messaging-system.rsexperimentloader.enabled': false,
  'mailnews.auto_config.fetchFromISP.enabled': false,
  'mail.chat.enabled': false,
  // Add-ons: unsigned ones install, the newly installed one is on at once.
  'xpinstall.signatures.required': false,
  'extensions.autoDisableScopes': 0,
  'extensions.enabledScopes': 15,
  // Errors of the add-on go to the log.
  'browser.dom.window.dump.enabled': true,
  'devtools.console.stdout.content': true,
  'devtools.console.stdout.chrome': true,
  // Nothing pops up over what is being done.
  'mail.biff.show_alert': false,
  'mail.biff.play_sound': false,
  'mail.biff.show_tray_icon': false,
  'mail.warn_on_send_accel_key': false,
  'mail.compose.attachment_reminder': false,
  'mail.compose.big_attachments.notify': false,
  'mail.e2ee.auto_enable': false,
  'mail.e2ee.notify_on_auto_disable': false,
  // The window frame is the window manager's, which keeps positions plain.
  'mail.tabs.drawInTitlebar': false,
  // No portal on a private display: the file dialog is GTK's own.
  'widget.use-xdg-desktop-portal.file-picker': 0,
  // On a busy machine the owner of the clipboard takes longer than the usual half second to answer.
  'widget.gtk.clipboard_timeout_ms': 15_000,
  'ui.prefersReducedMotion': 1,
  'marionette.port': 0,
};
