/** One person at a desk: a display, a Thunderbird with the plugin, keyboard and mouse. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Correspondent } from '../world/correspondent.ts';
import { Desktop, pages } from '../world/desktop.ts';
import { startDisplay } from '../world/display.ts';
import { MailStore } from '../world/imap.ts';
import type { LocalOrganisation, LocalWorld } from '../world/local-world.ts';
import { makeProfile, type Profile } from '../world/profile.ts';
import { startThunderbird } from '../world/thunderbird.ts';
import { until } from '../world/wait.ts';

export interface Look {
  readonly locale: 'ja' | 'en-US';
  readonly dark: boolean;
}

export const addonDirectory = join(process.cwd(), 'dist/thunderbird');

interface Manifest {
  readonly browser_specific_settings: { readonly gecko: { readonly id: string } };
}

export const addonId = (JSON.parse(readFileSync('manifest.json', 'utf8')) as Manifest).browser_specific_settings.gecko.id;

/** Where the plugin shows the verdict in the message pane, and what it replaces the notice by. */
export const banner = { page: pages.message, frame: '#messagepane', selector: '.banner' };

/** A profile as an organisation would roll it out: account, managed configuration, trusted web CA. */
export function profileFor(local: LocalWorld, organisation: LocalOrganisation, user: string, look: Look): Profile {
  const address = `${user}@${organisation.plan.domain}`;
  const { password } = local.account(address);
  const name = organisation.plan.members.find((member) => member.user === user)?.name ?? user;
  const webCa = Buffer.from(local.webCa.replace(/-----[A-Z ]+-----/g, ''), 'base64');
  return makeProfile({
    dir: local.world.directory(`profile-${user}`),
    account: {
      name, email: address, user: address, password, imapPort: local.dovecot.ports.imap, smtpPort: organisation.ports.postfix.submission,
    },
    ...look,
    certificates: [webCa],
    managed: { [addonId]: { organisationUrl: organisation.pluginUrl, root: local.root.toString('base64') } },
  });
}

export type VerdictState = 'verified' | 'outside' | 'problem' | 'cannot-check';

export interface Read {
  /** The sentence above the mail. */
  readonly banner: string;
  readonly body: string;
  /** The label of the button in the message header. */
  readonly button: string;
}

export class Person extends Correspondent {
  private constructor(
    desktop: Desktop,
    readonly user: string,
    readonly address: string,
    readonly look: Look,
    readonly mailbox: MailStore,
    private readonly organisation: LocalOrganisation,
  ) {
    super(desktop);
  }

  static async open(local: LocalWorld, organisation: LocalOrganisation, user: string, look: Look): Promise<Person> {
    const display = await startDisplay(local.world, { name: user });
    const profile = profileFor(local, organisation, user, look);
    const thunderbird = await startThunderbird(local.world, { name: user, profile, display, addon: addonDirectory });
    const address = `${user}@${organisation.plan.domain}`;
    const mailbox = new MailStore(local.dovecot.ports.imap, local.account(address));
    return new Person(new Desktop(display, thunderbird), user, address, look, mailbox, organisation);
  }

  /** Enrols on the plugin's own page, which opened by itself; `seen` looks at the page that says it is done. */
  async enrol(seen: () => Promise<void>): Promise<void> {
    const { desktop } = this;
    await desktop.fill({ page: pages.addon, selector: '#code' }, await this.organisation.code(this.user));
    await desktop.click({ page: pages.addon, selector: '#enrol' });
    await desktop.thunderbird.see({ page: pages.addon, selector: '.notice.verified' }, 60_000);
    await seen();
    await desktop.click({ page: pages.addon, selector: '#close-enrolment' });
    // A page that just closes takes keys along.
    await until(async () => (await desktop.thunderbird.find({ page: pages.addon, selector: '#close-enrolment' })).length === 0, { what: 'the page to close' });
  }

  /** Opens the mail whose subject contains `subject`, and waits for a verdict of this state and for `showing` in it or in the mail. */
  async readMail(subject: string, state: VerdictState, showing = '', folder: 'inbox' | 'sent' = 'inbox', withinMs = 120_000): Promise<Read> {
    await this.select(subject, folder, 60_000);
    return until(async () => {
      const [seen] = await this.desktop.thunderbird.find({ ...banner, selector: `.banner.${state}` });
      const button = await this.headerButton(addonId); // its label follows the banner
      if (seen === undefined || button === undefined || button === '') return undefined;
      const { body } = await this.reading();
      return seen.text.includes(showing) || body.includes(showing) ? { banner: seen.text, body, button } : undefined;
    }, { what: `${subject} to be ${state} and to show "${showing}"`, withinMs, everyMs: 100 });
  }

  /**
   * Sends a mail that will be refused, by the plugin before it leaves or by the server; gives what the plugin's window
   * says, and what the mail client's own alert said if there was one.
   */
  async sendRefused(seen: () => Promise<void>): Promise<{ reason: string; alert: string }> {
    const { thunderbird } = this.desktop;
    const notSent = { page: pages.addon, selector: 'main.dialog' };
    await this.pressSend();
    let alert = '';
    const page = await until(async () => {
      const dialog = await this.desktop.dialog();
      if (dialog !== undefined) alert = (await this.desktop.closeDialog()).text;
      return (await thunderbird.find(notSent))[0];
    }, { what: 'the reason why the mail was not sent', withinMs: 180_000, everyMs: 200 });
    await seen();
    await this.desktop.click({ page: pages.addon, selector: '#close' });
    await until(async () => (await thunderbird.find(notSent)).length === 0, { what: 'the window with the reason to close' });
    return { reason: page.text, alert };
  }

  async quit(): Promise<void> {
    await this.desktop.thunderbird.quit();
    await this.desktop.display.stop();
  }
}
