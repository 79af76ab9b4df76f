/** Every way in which Thunderbird writes a mail: each leaves sealed, in one Thunderbird, by the commands behind its menus. */
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Correspondent } from '../../scripts/world/correspondent.ts';
import { World } from '../../scripts/world/process.ts';
import { until } from '../../scripts/world/wait.ts';
import { MODES } from '../../src/wire/leg.ts';
import { Composer, editor, onPage } from './composer.ts';
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

describe('a mail that is', { timeout: 180_000 }, () => {
  let world: World;
  let plugin: PluginWorld;
  let taro: Correspondent;
  let composer: Composer;

  beforeAll(async () => {
    world = await World.open();
    plugin = await startPluginWorld(world);
    plugin.modes = MODES;
    const post = new Post(plugin);
    await post.addSender(HANAKO, '佐藤 花子');
    await plugin.chain.addUser(plugin.tsukimi, JIRO, '佐藤 次郎');
    await plugin.chain.addUser(plugin.hinode, YUKI, '鈴木 雪');
    taro = await plugin.open('taro', TARO, '山田 太郎', { locale: 'en-US', dark: true, managed: { riskCheck: false } });
    composer = new Composer(plugin, taro, CANARY);
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

  afterEach(() => composer.closeAll());

  it.each([
    ['an answer', 'cmd_reply', [], [HANAKO], []],
    ['an answer to all', 'cmd_replyall', [], [HANAKO, YUKI], []],
    ['forwarded in the text', 'cmd_forwardInline', [JIRO], [JIRO], ['plan.txt']],
    ['forwarded as a file', 'cmd_forwardAttachment', [JIRO], [JIRO], ['plan.txt']],
    ['written anew from another', 'cmd_editAsNew', [JIRO], [TARO, YUKI, JIRO], ['plan.txt']],
  ])('%s leaves sealed', async (_, name, to, recipients, files) => {
    await composer.command(name);
    await composer.windows(1);
    await composer.filled();
    await until(async () => {
      const there = (await taro.draft()).attachments;
      return there.length === files.length && files.every((file, i) => there[i]?.includes(file) === true);
    }, { what: 'the opened files', withinMs: 30_000 });
    await taro.continueWriting({ to });
    await composer.goes(recipients);
    await composer.windows(0);
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
    await composer.goes([TARO], 150_000);
    const pulse = await taro.desktop.thunderbird.marionette.run((chrome) => (chrome.mainWindow() as unknown as { pulse: number[] }).pulse);
    const pauses = pulse.slice(1).map((at, i) => at - (pulse[i] ?? 0));
    const [longest, whole] = [Math.max(...pauses), pauses.reduce((sum, pause) => sum + pause, 0)];
    console.log(`25 MB: sealed in ${whole} ms, the window's longest pause ${longest} ms`);
    expect(longest * 2).toBeLessThan(whole);
    await composer.windows(0);
    await taro.select('Long');
    expect((await taro.reading('plan.bin')).body).toContain(CANARY);
    await taro.select('Plan');
    await taro.reading(CANARY);
  });

  it('redirected is not sent: nobody else could open it, and the add-on says so', async () => {
    await composer.command('cmd_redirect');
    await composer.windows(1);
    await composer.ready();
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
    await composer.command('cmd_editAsNew');
    await composer.windows(1);
    await composer.filled();
    await taro.continueWriting({ to: [HANAKO] });
    await composer.goes([HANAKO]);
    await composer.windows(0);
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
    await composer.goes([HANAKO, YUKI]);
    await composer.windows(0);
  });

  it('sent later waits sealed in the outbox, and goes so', async () => {
    await taro.write({ to: [HANAKO], subject: 'Later', body: [CANARY] });
    const before = plugin.submitted.length;
    await taro.desktop.activate(editor);
    await taro.desktop.keys('ctrl+shift+Return');
    await composer.windows(0);
    expect(plugin.submitted).toHaveLength(before);
    await taro.desktop.thunderbird.marionette.run((chrome) => { (chrome.mainWindow() as unknown as { SendUnsentMessages(): void }).SendUnsentMessages(); });
    await composer.went(before, [HANAKO]);
  });
});
