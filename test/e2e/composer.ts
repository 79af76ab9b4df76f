/** What tests of writing do with the compose window of one Thunderbird again and again. */
import { expect } from 'vitest';
import type { Correspondent } from '../../scripts/world/correspondent.ts';
import { until } from '../../scripts/world/wait.ts';
import { eventually } from '../eventually.ts';
import { editor, onPage } from './places.ts';
import { ADDON_ID, type PluginWorld } from './plugin-world.ts';

export class Composer {
  /** @param canary stands in every mail, and must never be read on the way */
  constructor(readonly plugin: PluginWorld, readonly person: Correspondent, readonly canary: string) {}

  /** Waits until so many compose windows are open. */
  async windows(count: number): Promise<void> {
    await until(async () => (await this.person.desktop.thunderbird.find(editor)).length === count, { what: `${count} compose windows`, withinMs: 60_000 });
  }

  /** Waits until the window in front can be written in. */
  async ready(): Promise<void> {
    await until(() => this.person.desktop.thunderbird.marionette.run((chrome) => chrome.composeReady()), { what: 'the window to be ready' });
  }

  /** Waits until the opened text is in the window. */
  async filled(): Promise<void> {
    await until(async () => (await this.person.draft()).body.includes(this.canary), { what: 'the opened text', withinMs: 60_000 });
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
  async goes(recipients: readonly string[], withinMs?: number): Promise<string> {
    const before = this.plugin.submitted.length;
    expect(await this.person.send(withinMs)).toBeUndefined();
    return this.went(before, recipients);
  }

  /** Waits for what is submitted after the first `before`, sealed so that nobody on the way can read it, and gives it. */
  async went(before: number, recipients: readonly string[]): Promise<string> {
    const { submitted } = this.plugin;
    await until(() => submitted.length > before, { what: 'the mail to be submitted', withinMs: 60_000 });
    const { raw, recipients: envelope } = submitted.at(-1) ?? { raw: Buffer.alloc(0), recipients: [] };
    expect([...envelope].sort()).toEqual([...recipients].sort());
    const text = raw.toString();
    expect(text).toContain('message.ssmax');
    for (const form of [this.canary, Buffer.from(this.canary).toString('base64').slice(0, 16)]) expect(text).not.toContain(form);
    return text;
  }

  /** Closes whatever a failed test left open. */
  closeAll(): Promise<void> {
    return closeAll(this.plugin, this.person);
  }
}

/** Closes whatever a failed test left open at these desks, and lets the servers be as they are; else all tests after it fail too. */
export async function closeAll(plugin: PluginWorld, ...people: readonly Correspondent[]): Promise<void> {
  plugin.silent(false);
  plugin.reachable = true;
  plugin.refuseNext = undefined;
  for (const { desktop: { thunderbird: { marionette } } } of people) {
    const others = (): Promise<number> => marionette.run((chrome) => {
      // Dialogs first: they hold the windows that asked.
      const open = ['commonDialog', 'extensionPopup', 'messengercompose'].flatMap((kind) => chrome.windows().filter(({ document }) => document.documentURI.includes(kind)));
      for (const window of open) window.close();
      return open.length;
    });
    await until(async () => await others() === 0, { what: 'the windows of a failed test to close', everyMs: 100 });
  }
}

/** Clicks what closes the window of the add-on in front, and waits until it has gone. */
export async function closeBy({ desktop }: Correspondent, selector: string): Promise<void> {
  await desktop.click(onPage(selector));
  await until(async () => (await desktop.thunderbird.find(onPage(selector))).length === 0, { what: `the window of ${selector} to close` });
}

/** The compose window in front is as it was: what is given back to it comes piece by piece. */
export async function isAsBefore(person: Correspondent, before: Awaited<ReturnType<Correspondent['draft']>>): Promise<void> {
  await eventually('the window as it was', async () => expect(await person.draft()).toEqual(before));
}

/** What stands on the add-on's button above the mail in front; it comes a moment after the line. */
export async function isLabelled(person: Correspondent, label: string): Promise<void> {
  await eventually('the button in the header', async () => expect((await person.headerButton(ADDON_ID))?.trim()).toBe(label));
}
