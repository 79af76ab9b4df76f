/** Starts Thunderbird with a profile on a display, and gives the means to look into it. */
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Place, Seen } from './chrome-side.ts';
import type { Display } from './display.ts';
import { Marionette } from './marionette.ts';
import type { Running, World } from './process.ts';
import type { Profile } from './profile.ts';
import { until } from './wait.ts';

/** Debian's /usr/bin/thunderbird is a shell script around it that looks for old profiles. */
const installed = '/usr/lib/thunderbird';

export interface ThunderbirdOptions {
  /** Unique in the world: names the log file. */
  readonly name: string;
  readonly profile: Profile;
  /** Without a display it runs headless. */
  readonly display?: Display;
  /** A directory (installed until Thunderbird quits) or an XPI, signed or not (installed for good). */
  readonly addon?: string;
  /** The text of a policies.json, as an administrator puts it on every computer. */
  readonly policies?: string;
}

export class Thunderbird {
  readonly marionette: Marionette;
  readonly profile: Profile;
  readonly process: Running;

  constructor(marionette: Marionette, profile: Profile, process: Running) {
    this.marionette = marionette;
    this.profile = profile;
    this.process = process;
  }

  /** Installs a directory (until it quits) or an XPI (for good), signed or not; gives the add-on's id. */
  async installAddon(path: string): Promise<string> {
    const answer = (await this.marionette.command('Addon:Install', { path, temporary: !path.endsWith('.xpi') })) as { readonly value: string };
    return answer.value;
  }

  /** Visible elements of a place, in all windows. */
  find(place: Place): Promise<Seen[]> {
    return this.marionette.run((chrome, wanted) => chrome.find(wanted), { ...place });
  }

  /** Waits until a place is visible and gives its first element. */
  see(place: Place, withinMs?: number): Promise<Seen> {
    return until(async () => (await this.find(place))[0], {
      what: `${place.page} ${place.selector} ${place.text ?? ''}`,
      ...(withinMs === undefined ? {} : { withinMs }),
    });
  }

  /** Fetches what is new in a folder (`INBOX`, `Sent`, …) of an account, and gives the number of its messages. */
  refresh(folder: string, account = 0): Promise<number> {
    return this.marionette.run(async (chrome, name, number) => {
      const server = chrome.imapServer(number);
      const window = chrome.mainWindow().msgWindow;
      const found = chrome.folder(name, number);
      if (found === undefined) {
        server.getNewMessages(server.rootFolder, window, null);
        return 0;
      }
      found.updateFolder(window);
      return found.getTotalMessages(false);
    }, folder, account);
  }

  /** Refreshes until the folder holds at least `count` messages. */
  async waitForMessages(folder: string, count: number, withinMs = 60_000): Promise<void> {
    await until(async () => (await this.refresh(folder)) >= count, { what: `${count} messages in ${folder}`, withinMs, everyMs: 1_000 });
  }

  /** Waits until a file of that name is wholly downloaded, and gives its bytes. */
  async waitForDownload(name: string, withinMs = 60_000): Promise<Uint8Array> {
    const path = join(this.profile.downloads, name);
    // The file is there, empty, from the start: only Thunderbird knows when it is whole.
    await until(async () => (await this.marionette.run((chrome) => chrome.downloads())).includes(path), { what: `the download of ${name}`, withinMs });
    return readFileSync(path);
  }

  /** Ends it in its own way, and by signal if that takes more than a few seconds. */
  async quit(): Promise<void> {
    void this.marionette.command('Marionette:Quit', { flags: ['eForceQuit'] }).catch(() => undefined);
    const ended = await until(() => !this.process.alive(), { what: 'Thunderbird to quit', withinMs: 20_000 }).catch(() => false);
    this.marionette.close();
    await this.process.stop(ended === false ? 500 : undefined);
  }
}

/** Starts it, stores the account's password and the CA certificates, and returns when the main window shows the account. */
export async function startThunderbird(world: World, options: ThunderbirdOptions): Promise<Thunderbird> {
  const { name, profile, display } = options;
  const portFile = join(profile.dir, 'MarionetteActivePort');
  rmSync(portFile, { force: true });
  const process = await world.start({
    name: `thunderbird-${name}`,
    command: join(options.policies === undefined ? installed : installWithPolicies(join(profile.dir, '..', 'installed'), options.policies), 'thunderbird'),
    args: ['--no-remote', '--profile', profile.dir, '--marionette', '--remote-allow-system-access', ...(display === undefined ? ['--headless'] : [])],
    env: { ...profile.env, ...(display === undefined ? {} : { DISPLAY: display.name }) },
    ready: () => existsSync(portFile) && readFileSync(portFile, 'latin1') !== '',
  });
  const marionette = await Marionette.connect(Number(readFileSync(portFile, 'latin1')));
  await marionette.run(
    async (chrome, user, password, certificates, more) => {
      for (const certificate of certificates) chrome.trust(certificate);
      await chrome.until(() => chrome.mainWindowReady(), 'the main window', 110_000);
      // Both are read before any connection is made, so that nothing ever asks.
      for (const login of [{ user, password }, ...more]) {
        for (const origin of ['imap://127.0.0.1', 'smtp://127.0.0.1']) await chrome.storePassword(origin, login.user, login.password).catch(() => undefined);
      }
      const server = chrome.imapServer();
      server.password = password;
      server.getNewMessages(server.rootFolder, chrome.mainWindow().msgWindow, null);
    },
    profile.account.user,
    profile.account.password,
    profile.certificates.map((certificate) => Buffer.from(certificate).toString('base64')),
    profile.more.map((one) => ({ user: one.user, password: one.password })),
  );
  const thunderbird = new Thunderbird(marionette, profile, process);
  if (options.addon !== undefined) await thunderbird.installAddon(options.addon);
  return thunderbird;
}

/**
 * The installed Thunderbird once more, with policies: it reads them from beside its program, not from the profile
 * (docs/quirks-thunderbird.md). The program alone is copied, since it looks for its place by its own file.
 */
function installWithPolicies(dir: string, policies: string): string {
  mkdirSync(join(dir, 'distribution'), { recursive: true });
  writeFileSync(join(dir, 'distribution', 'policies.json'), policies);
  for (const name of readdirSync(installed)) {
    if (['thunderbird', 'thunderbird-bin'].includes(name)) copyFileSync(join(installed, name), join(dir, name));
    else if (name !== 'distribution') symlinkSync(join(installed, name), join(dir, name));
  }
  return dir;
}

/**
 * Starts Thunderbird with the profile once, out of sight, so that password and certificates are in it and anybody else
 * (`web-ext run --firefox-profile … --keep-profile-changes` with `profile.env`) may start it.
 */
export async function prepareProfile(world: World, options: Pick<ThunderbirdOptions, 'name' | 'profile' | 'addon'>): Promise<void> {
  await (await startThunderbird(world, options)).quit();
}
