/** What tests of writing do with the compose window of one Thunderbird again and again. */
import { expect } from 'vitest';
import type { Correspondent } from '../../scripts/world/correspondent.ts';
import { until } from '../../scripts/world/wait.ts';
import { editor } from './places.ts';
import type { PluginWorld } from './plugin-world.ts';


export class Composer {
  /** @param canary stands in every mail, and must never be read on the way */
  constructor(readonly plugin: PluginWorld, readonly person: Correspondent, readonly canary: string) {}

  /** Waits until so many compose windows are open. */
  async windows(count: number): Promise<void> {
    await until(async () => (await this.person.desktop.thunderbird.find(editor)).length === count, { what: `${count} compose windows`, withinMs: 30_000 });
  }

  /** Waits until the window in front can be written in. */
  async ready(): Promise<void> {
    await until(() => this.person.desktop.thunderbird.marionette.run((chrome) => chrome.composeReady()), { what: 'the window to be ready' });
  }

  /** Waits until the opened text is in the window. */
  async filled(): Promise<void> {
    await until(async () => (await this.person.draft()).body.includes(this.canary), { what: 'the opened text', withinMs: 30_000 });
    await this.ready();
  }

  /** What a menu does with the mail in front. */
  async command(name: string): Promise<void> {
    await this.person.desktop.thunderbird.marionette.run((chrome, wanted) => {
      const tabs = chrome.mainWindow().document.querySelector('#tabmail') as unknown as { currentAbout3Pane?: object; currentAboutMessage?: object };
      const { commandController } = (tabs.currentAbout3Pane ?? tabs.currentAboutMessage) as { commandController: { doCommand(name: string): void } };
      commandController.doCommand(wanted);
    }, name);
  }

  /** What a menu of the compose window does. */
  async composeCommand(name: string): Promise<void> {
    await this.person.desktop.activate(editor);
    await this.person.desktop.thunderbird.marionette.run((chrome, wanted) => {
      const window = chrome.windows().find(({ document }) => document.documentURI.includes('messengercompose')) as unknown as { goDoCommand(name: string): void };
      window.goDoCommand(wanted);
    }, name);
  }

  /** Saves the mail as Thunderbird's autosave does when its minutes are over; gives how many milliseconds these are, 0 where it is off. */
  autosave(): Promise<number> {
    return this.person.desktop.thunderbird.marionette.run(async (chrome) => {
      const window = chrome.windows().find(({ document }) => document.documentURI.includes('messengercompose')) as unknown as { AutoSave(): Promise<void>; gAutoSaveInterval: number };
      const interval = window.gAutoSaveInterval;
      await window.AutoSave();
      return interval;
    });
  }

  /** Sends the mail in front and gives what was submitted. */
  async goes(recipients: readonly string[], withinMs = 45_000): Promise<string> {
    const before = this.plugin.submitted.length;
    expect(await this.person.send(withinMs)).toBeUndefined();
    return this.went(before, recipients);
  }

  /** Waits for what is submitted after the first `before`, sealed so that nobody on the way can read it, and gives it. */
  async went(before: number, recipients: readonly string[]): Promise<string> {
    const { submitted } = this.plugin;
    await until(() => submitted.length > before, { what: 'the mail to be submitted', withinMs: 30_000 });
    const { raw, recipients: envelope } = submitted.at(-1) ?? { raw: Buffer.alloc(0), recipients: [] };
    expect([...envelope].sort()).toEqual([...recipients].sort());
    const text = raw.toString();
    expect(text).toContain('message.ssmax');
    for (const form of [this.canary, Buffer.from(this.canary).toString('base64').slice(0, 16)]) expect(text).not.toContain(form);
    return text;
  }

  /** Closes whatever a failed test left open. */
  async closeAll(): Promise<void> {
    await this.person.desktop.thunderbird.marionette.run((chrome) => {
      for (const window of chrome.windows().filter(({ document }) => document.documentURI.includes('messengercompose') || document.documentURI.includes('extensionPopup'))) window.close();
    });
  }
}
