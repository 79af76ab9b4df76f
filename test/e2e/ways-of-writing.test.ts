/** Every way in which Thunderbird writes a mail: each leaves sealed, in one Thunderbird, by the commands behind its menus. */
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Place } from '../../scripts/world/chrome-side.ts';
import type { Correspondent } from '../../scripts/world/correspondent.ts';
import { pages } from '../../scripts/world/desktop.ts';
import { World } from '../../scripts/world/process.ts';
import { until } from '../../scripts/world/wait.ts';
import { MODES } from '../../src/wire/leg.ts';
import { Post } from './mails.ts';
import { ADDON_ID, enrol, type PluginWorld, startPluginWorld } from './plugin-world.ts';

const TARO = 'taro@hinode.example';
const HANAKO = 'hanako@tsukimi.example';
const JIRO = 'jiro@tsukimi.example';
const YUKI = 'yuki@hinode.example';
/** Stands in every mail, and must never be read on the way. */
const CANARY = 'canary-5b1f0c7d';

/** Of the program itself, where functions given to `run` stand. */
declare const ChromeUtils: { importESModule(url: string): unknown };
declare const Cc: Readonly<Record<string, { createInstance(kind: unknown): Record<string, unknown> }>>;
declare const Ci: Readonly<Record<string, unknown>>;

const onPage = (selector: string): Place => ({ page: pages.addon, selector });
const editor: Place = { page: pages.compose, selector: '#messageEditor' };

describe('a mail that is', { timeout: 180_000 }, () => {
  let world: World;
  let plugin: PluginWorld;
  let taro: Correspondent;

  beforeAll(async () => {
    world = await World.open();
    plugin = await startPluginWorld(world);
    plugin.modes = MODES;
    const post = new Post(plugin);
    await post.addSender(HANAKO, '佐藤 花子');
    await plugin.chain.addUser(plugin.tsukimi, JIRO, '佐藤 次郎');
    await plugin.chain.addUser(plugin.hinode, YUKI, '鈴木 雪');
    taro = await plugin.open('taro', TARO, '山田 太郎', { locale: 'en-US', dark: true, managed: { riskCheck: false } });
    await enrol(plugin, taro, TARO);
    await post.send(HANAKO, {
      to: [{ address: TARO, displayName: '' }, { address: YUKI, displayName: '' }], subject: 'Plan', text: `The plan. ${CANARY}`,
      attachments: [{ name: 'plan.txt', type: 'text/plain', bytes: new TextEncoder().encode(CANARY) }],
    });
    await taro.select('Plan');
    await taro.reading(CANARY);
  }, 240_000);

  afterAll(async () => {
    await taro.desktop.thunderbird.quit();
    await world.stop();
  });

  /** Whatever a failed test left open. */
  afterEach(async () => {
    await taro.desktop.thunderbird.marionette.run((chrome) => {
      for (const window of chrome.windows().filter(({ document }) => document.documentURI.includes('messengercompose') || document.documentURI.includes('extensionPopup'))) window.close();
    });
  });

  const composing = async (count: number): Promise<unknown> => until(async () => (await taro.desktop.thunderbird.find(editor)).length === count, { what: `${count} compose windows`, withinMs: 30_000 });
  /** What a menu does with the mail in front. */
  const command = (name: string): Promise<void> => taro.desktop.thunderbird.marionette.run((chrome, wanted) => {
    const tabs = chrome.mainWindow().document.querySelector('#tabmail') as unknown as { currentAbout3Pane?: object; currentAboutMessage?: object };
    const { commandController } = (tabs.currentAbout3Pane ?? tabs.currentAboutMessage) as { commandController: { doCommand(name: string): void } };
    commandController.doCommand(wanted);
  }, name);
  /** Sends the mail in front and gives what was submitted, which nobody on the way can read. */
  const goes = async (recipients: readonly string[], withinMs = 45_000): Promise<string> => {
    const before = plugin.submitted.length;
    expect(await taro.send(withinMs)).toBeUndefined();
    await until(() => plugin.submitted.length > before, { what: 'the mail to be submitted' });
    const { raw, recipients: envelope } = plugin.submitted.at(-1) ?? { raw: Buffer.alloc(0), recipients: [] };
    expect([...envelope].sort()).toEqual([...recipients].sort());
    const text = raw.toString();
    expect(text).toContain('message.ssmax');
    for (const form of [CANARY, Buffer.from(CANARY).toString('base64').slice(0, 16)]) expect(text).not.toContain(form);
    return text;
  };
  /** Waits until the add-on has put the opened text into the window. */
  const filled = async (): Promise<void> => {
    await until(async () => (await taro.draft()).body.includes(CANARY), { what: 'the opened text', withinMs: 30_000 });
    await until(() => taro.desktop.thunderbird.marionette.run((chrome) => chrome.composeReady()), { what: 'the window to be ready' });
  };

  it.each([
    ['an answer', 'cmd_reply', [], [HANAKO], []],
    ['an answer to all', 'cmd_replyall', [], [HANAKO, YUKI], []],
    ['forwarded in the text', 'cmd_forwardInline', [JIRO], [JIRO], ['plan.txt']],
    ['forwarded as a file', 'cmd_forwardAttachment', [JIRO], [JIRO], ['plan.txt']],
    ['written anew from another', 'cmd_editAsNew', [JIRO], [TARO, YUKI, JIRO], ['plan.txt']],
  ])('%s leaves sealed', async (_, name, to, recipients, files) => {
    await command(name);
    await composing(1);
    await filled();
    await until(async () => {
      const there = (await taro.draft()).attachments;
      return there.length === files.length && files.every((file, i) => there[i]?.includes(file) === true);
    }, { what: 'the opened files', withinMs: 30_000 });
    await taro.continueWriting({ to });
    await goes(recipients);
    await composing(0);
  });

  it('25 MB long leaves sealed, the window alive meanwhile, and opens', async () => {
    const file = join(world.directory('files'), 'plan.bin');
    writeFileSync(file, randomBytes(25 * 1024 * 1024));
    // Thunderbird's own question above 20 MB.
    await taro.desktop.thunderbird.marionette.run((chrome) => { chrome.setPref('mailnews.message_warning_size', 100_000_000); });
    await taro.write({ to: [TARO], subject: 'Long', body: [CANARY], attachments: [file] });
    // A pulse in the window, as long as its file is not sealed: what comes then is Thunderbird's own work.
    await taro.desktop.thunderbird.marionette.run((chrome) => {
      const main = chrome.mainWindow() as unknown as { pulse: number[]; setInterval(beat: () => void, every: number): number; clearInterval(timer: number): void };
      const [composer] = chrome.windows().filter(({ document }) => document.documentURI.includes('messengercompose'));
      main.pulse = [];
      const timer = main.setInterval(() => {
        const bucket = composer?.document.querySelector('#attachmentBucket')?.textContent ?? 'message.ssmax';
        if (bucket.includes('message.ssmax')) main.clearInterval(timer);
        else main.pulse.push(Date.now());
      }, 10);
    });
    await goes([TARO], 150_000);
    const pulse = await taro.desktop.thunderbird.marionette.run((chrome) => (chrome.mainWindow() as unknown as { pulse: number[] }).pulse);
    const pauses = pulse.slice(1).map((at, i) => at - (pulse[i] ?? 0));
    const [longest, whole] = [Math.max(...pauses), pauses.reduce((sum, pause) => sum + pause, 0)];
    console.log(`25 MB: sealed in ${whole} ms, the window's longest pause ${longest} ms`);
    expect(longest * 2).toBeLessThan(whole);
    await composing(0);
    await taro.select('Long');
    expect((await taro.reading('plan.bin')).body).toContain(CANARY);
    await taro.select('Plan');
    await taro.reading(CANARY);
  });

  it('redirected is not sent: nobody else could open it, and the add-on says so', async () => {
    await command('cmd_redirect');
    await composing(1);
    await until(() => taro.desktop.thunderbird.marionette.run((chrome) => chrome.composeReady()), { what: 'the window to be ready' });
    await taro.continueWriting({ to: [JIRO] });
    const before = plugin.digests.length;
    await taro.desktop.activate(editor);
    await taro.desktop.keys('ctrl+Return');
    await taro.desktop.thunderbird.see({ ...onPage('main.dialog'), text: 'Not sent' }, 60_000);
    await taro.desktop.click(onPage('#close'));
    expect(plugin.digests).toHaveLength(before);
    await taro.discard();
  });

  it('written anew from one that never was sealed leaves sealed', async () => {
    const template = `From: ${TARO}\r\nSubject: Weekly\r\nDate: ${new Date().toUTCString()}\r\nMessage-ID: <template@hinode.example>\r\nX-Mozilla-Draft-Info: internal/draft; vcard=0; receipt=0; DSN=0; uuencode=0\r\nX-Identity-Key: id1\r\nMIME-Version: 1.0\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<p>Every week ${CANARY}</p>\r\n`;
    await plugin.store(TARO).append(new TextEncoder().encode(template));
    await taro.select('Weekly');
    await command('cmd_editAsNew');
    await composing(1);
    await filled();
    await taro.continueWriting({ to: [HANAKO] });
    await goes([HANAKO]);
    await composing(0);
  });

  it('to a list of the address book names each of its members', async () => {
    await taro.desktop.thunderbird.marionette.run(async (chrome, addonId, members) => {
      interface Book { addMailList(list: unknown): { addCard(card: unknown): void } }
      const { MailServices } = ChromeUtils.importESModule('resource:///modules/MailServices.sys.mjs') as { MailServices: { ab: { directories: Book[] } } };
      const { ExtensionPermissions } = ChromeUtils.importESModule('resource://gre/modules/ExtensionPermissions.sys.mjs') as { ExtensionPermissions: { add(id: string, permissions: object, extension: unknown): Promise<void> } };
      const { WebExtensionPolicy } = chrome.mainWindow() as unknown as { WebExtensionPolicy: { getByID(id: string): { extension: unknown } } };
      await ExtensionPermissions.add(addonId, { permissions: ['addressBooks'], origins: [] }, WebExtensionPolicy.getByID(addonId).extension);
      const list = Cc['@mozilla.org/addressbook/directoryproperty;1']?.createInstance(Ci['nsIAbDirectory']);
      Object.assign(list ?? {}, { isMailList: true, dirName: 'Committee' });
      const made = MailServices.ab.directories[0]?.addMailList(list);
      for (const primaryEmail of members) made?.addCard(Object.assign(Cc['@mozilla.org/addressbook/cardproperty;1']?.createInstance(Ci['nsIAbCard']) ?? {}, { primaryEmail }));
    }, ADDON_ID, [HANAKO, YUKI] as const);
    await taro.write({ to: ['Committee <Committee>'], subject: 'Committee', body: [CANARY] });
    await goes([HANAKO, YUKI]);
    await composing(0);
  });

  it('sent later waits sealed in the outbox, and goes so', async () => {
    await taro.write({ to: [HANAKO], subject: 'Later', body: [CANARY] });
    const before = plugin.submitted.length;
    await taro.desktop.activate(editor);
    await taro.desktop.keys('ctrl+shift+Return');
    await composing(0);
    expect(plugin.submitted).toHaveLength(before);
    await taro.desktop.thunderbird.marionette.run((chrome) => { (chrome.mainWindow() as unknown as { SendUnsentMessages(): void }).SendUnsentMessages(); });
    await until(() => plugin.submitted.length > before, { what: 'what waited to be submitted', withinMs: 30_000 });
    const sent = plugin.submitted.at(-1)?.raw.toString() ?? '';
    expect(sent).toContain('message.ssmax');
    expect(sent).not.toContain(CANARY);
  });
});
