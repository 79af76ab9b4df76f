/** Every way in which Thunderbird writes a mail: each leaves sealed, in one Thunderbird, by the commands behind its menus. */
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Correspondent } from '../../scripts/world/correspondent.ts';
import type { StoredMessage } from '../../scripts/world/imap.ts';
import { World } from '../../scripts/world/process.ts';
import { until } from '../../scripts/world/wait.ts';
import { contentOf } from '../../extension/member/reading-content.ts';
import { type Judgement, judgeMail } from '../../src/flow/open.ts';
import type { Credential } from '../../src/flow/ports.ts';
import { MODES } from '../../src/wire/leg.ts';
import { native } from '../flow/world.ts';
import { legibleInTheDark } from './coloured-mail.ts';
import { closeBy, Composer } from './composer.ts';
import { Post } from './mails.ts';
import { takePictures } from './pictures.ts';
import { editor, inCompose, inPane, onPage } from './places.ts';
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
declare const Cu: { evalInSandbox(script: string, sandbox: object): unknown };

describe('a mail that is', { timeout: 600_000 }, () => {
  let world: World;
  let plugin: PluginWorld;
  let taro: Correspondent;
  let composer: Composer;
  let jiro: Credential;
  let post: Post;

  beforeAll(async () => {
    world = await World.open();
    plugin = await startPluginWorld(world);
    plugin.modes = MODES;
    post = new Post(plugin);
    await post.addSender(HANAKO, '佐藤 花子');
    jiro = await plugin.chain.addUser(plugin.tsukimi, JIRO, '佐藤 次郎');
    await plugin.chain.addUser(plugin.hinode, YUKI, '鈴木 雪');
    taro = await plugin.open('taro', TARO, '山田 太郎', { locale: 'en-US', dark: true, managed: { riskCheck: false } });
    composer = new Composer(plugin, taro, CANARY);
    await enrol(plugin, taro, TARO);
    await post.send(HANAKO, {
      to: [{ address: TARO, displayName: '' }, { address: YUKI, displayName: '' }], subject: 'Plan', text: `The plan. ${CANARY}`,
      attachments: [{ name: 'plan.txt', type: 'text/plain', bytes: new TextEncoder().encode(CANARY) }],
    });
  }, 300_000);

  afterAll(async () => {
    await taro.desktop.thunderbird.quit();
    await world.stop();
  });

  afterEach(() => composer.closeAll());

  const drafts = async (): Promise<StoredMessage[]> => (await plugin.store(TARO).list('Drafts').catch(() => [])).filter(({ flags }) => !flags.includes('\\Deleted'));

  it.each([
    ['an answer', 'cmd_reply', [], [HANAKO], []],
    ['an answer to all', 'cmd_replyall', [], [HANAKO, YUKI], []],
    ['forwarded in the text', 'cmd_forwardInline', [JIRO], [JIRO], ['plan.txt']],
    ['forwarded as a file', 'cmd_forwardAttachment', [JIRO], [JIRO], ['plan.txt']],
    ['written anew from another', 'cmd_editAsNew', [JIRO], [TARO, YUKI, JIRO], ['plan.txt']],
  ])('%s leaves sealed', async (_, name, to, recipients, files) => {
    await taro.select('Plan');
    await taro.reading(CANARY);
    await composer.command(name);
    await composer.windows(1);
    await composer.filled();
    await until(async () => {
      const there = (await taro.draft()).attachments;
      return there.length === files.length && files.every((file, i) => there[i]?.includes(file) === true);
    }, { what: 'the opened files', withinMs: 60_000 });
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
    await composer.goes([TARO], 300_000);
    const pulse = await taro.desktop.thunderbird.marionette.run((chrome) => (chrome.mainWindow() as unknown as { pulse: number[] }).pulse);
    const pauses = pulse.slice(1).map((at, i) => at - (pulse[i] ?? 0));
    const [longest, whole] = [Math.max(...pauses), pauses.reduce((sum, pause) => sum + pause, 0)];
    console.log(`25 MB: sealed in ${whole} ms, the window's longest pause ${longest} ms`);
    expect(longest * 2).toBeLessThan(whole);
    await composer.windows(0);
    await taro.select('Long');
    expect((await taro.reading('plan.bin')).body).toContain(CANARY);
  });

  const opened = async (): Promise<Judgement> => {
    const received = (await plugin.store(JIRO).list()).at(-1);
    return judgeMail(new Uint8Array(received?.raw ?? []), { native, credentials: [jiro], addresses: [JIRO], trust: await plugin.chain.trust(), now: new Date() });
  };

  const redirect = async (): Promise<void> => {
    await composer.command('cmd_redirect');
    await composer.windows(1);
    await composer.ready();
  };

  it('redirected goes on as it was sealed: its reader sees who wrote it and who passed it on, and answers its writer', async () => {
    await post.send(HANAKO, {
      to: [{ address: TARO, displayName: '' }], subject: 'Figures', text: `The figures. ${CANARY}`, attachments: [{ name: 'plan.txt', type: 'text/plain', bytes: new TextEncoder().encode(CANARY) }],
    });
    await taro.select('Figures');
    await taro.reading(CANARY);
    await redirect();
    await taro.desktop.thunderbird.see({ ...inCompose('#attachmentBucket > *'), text: 'Forward unopened' }, 60_000);
    await taro.continueWriting({ to: [JIRO] });
    await taro.desktop.click(inCompose(`#${ADDON_ID.replace(/[^a-z0-9_-]/gi, '_')}-composeAction-toolbarbutton`));
    expect((await taro.desktop.thunderbird.see(onPage('#passes-on'))).text).toContain('Its new recipients see both names');
    await taro.closePopup();
    await composer.goes([JIRO]);
    await composer.windows(0);
    const judgement = await opened();
    expect(judgement).toMatchObject({
      state: 'verified', sender: { address: TARO }, forwarded: [{ kind: 'mail', writer: { address: HANAKO }, headers: { subject: 'Figures' } }], message: { headers: { replyTo: [{ address: HANAKO }], subject: 'Figures' } },
    });
    const { content, forwarded, files } = contentOf(judgement);
    expect([content?.text?.trim(), forwarded[0]?.content?.text?.trim(), files.map(({ name }) => name)]).toEqual(['', `The figures. ${CANARY}`, ['plan.txt']]);
  });

  it('redirected, from outside SSMAX, leaves sealed, and says whose it is said to be', async () => {
    const outside = `From: Mei <mei@elsewhere.example>\r\nTo: ${TARO}\r\nSubject: Outside\r\nDate: ${new Date().toUTCString()}\r\nMessage-ID: <outside@elsewhere.example>\r\nMIME-Version: 1.0\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<p>The offer. ${CANARY}</p>\r\n`;
    await plugin.store(TARO).append(new TextEncoder().encode(outside));
    await taro.select('Outside');
    await redirect();
    await until(async () => (await taro.draft()).body.includes('nobody confirmed its sender'), { what: 'the lines above the text', withinMs: 60_000 });
    await taro.continueWriting({ to: [JIRO] });
    await composer.goes([JIRO]);
    await composer.windows(0);
    const judgement = await opened();
    expect(judgement).toMatchObject({ state: 'verified', sender: { address: TARO }, message: { headers: { replyTo: [{ address: 'mei@elsewhere.example' }] } } });
    const text = contentOf(judgement).content?.text ?? '';
    expect(text.replace(/\s+/g, ' ')).toMatch(new RegExp(`Forwarded message .*nobody confirmed its sender.* From: Mei <mei@elsewhere.example> .*Subject: Outside .*The offer. ${CANARY}`));
  });

  it('redirected, with a problem, takes nothing over and is asked about', async () => {
    const forged = `From: Hanako <${HANAKO}>\r\nTo: ${TARO}\r\nSubject: New account\r\nDate: ${new Date().toUTCString()}\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nPay ${CANARY}\r\n-- \r\nPay at once\r\n--b\r\nContent-Type: application/octet-stream; name=bill.exe\r\nContent-Disposition: attachment; filename=bill.exe\r\n\r\nx\r\n--b--\r\n`;
    await plugin.store(TARO).append(new TextEncoder().encode(forged));
    await taro.select('New account');
    await redirect();
    await until(async () => (await taro.draft()).attachments.length === 0 && !(await taro.draft()).body.includes('Pay'), { what: 'the text to go', withinMs: 60_000 });
    await taro.continueWriting({ to: [JIRO] });
    const { submitted } = plugin;
    const before = submitted.length;
    await taro.pressSend();
    await taro.desktop.thunderbird.see({ ...onPage('.checks'), text: 'This forwards a mail with a problem' }, 60_000);
    await closeBy(taro, '#back');
    expect(submitted).toHaveLength(before);
    const draft = await taro.draft();
    expect([draft.recipients, draft.body.trim()]).toEqual([[JIRO], '']);
    await taro.discard();
  });

  it('read in a dark window is legible, without colours of its own and with', async () => {
    await legibleInTheDark(post, taro, HANAKO, TARO, { own: 'dark', take: (name) => takePictures(taro, 'en', 'dark', name) });
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
    await taro.pressSend('ctrl+shift+Return');
    await composer.windows(0);
    await until(() => taro.desktop.thunderbird.marionette.run((chrome) => chrome.outbox() === 1), { what: 'the mail in the outbox' });
    expect(plugin.submitted).toHaveLength(before);
    await taro.desktop.thunderbird.marionette.run((chrome) => { (chrome.mainWindow() as unknown as { SendUnsentMessages(): void }).SendUnsentMessages(); });
    await composer.went(before, [HANAKO]);
  });

  it('written while the add-on is switched off and on again is saved sealed from the window that was open; the mail in front keeps one line', async () => {
    const { thunderbird } = taro.desktop;
    await taro.select('Plan');
    await thunderbird.see(inPane('.banner.verified'), 60_000);
    await taro.write({ to: [HANAKO], subject: 'Open before', body: [CANARY] });
    await thunderbird.marionette.run((chrome, id) => chrome.restartAddon(id), ADDON_ID);
    // What is typed before its script is in that window again is Thunderbird's alone.
    await until(() => thunderbird.marionette.run(() => {
      const { ExtensionContent } = ChromeUtils.importESModule('resource://gre/modules/ExtensionContent.sys.mjs') as { ExtensionContent: { getAllContentScriptGlobals(): object[] } };
      return ExtensionContent.getAllContentScriptGlobals().some((sandbox) => Cu.evalInSandbox("typeof sealed === 'boolean'", sandbox) === true);
    }), { what: 'the script in the open window' });
    const save = async (): Promise<number> => {
      const before = (await drafts()).map(({ uid }) => uid);
      await taro.desktop.click(editor);
      await taro.desktop.keys('ctrl+s');
      const saved = await until(async () => (await drafts()).find(({ uid }) => !before.includes(uid)), { what: 'the draft', withinMs: 60_000 });
      expect(Buffer.from(saved.raw).toString()).toContain('message.ssmax');
      return saved.uid;
    };
    const first = await save();
    await taro.continueWriting({ body: ['More.'] });
    // The server got nothing between the two: it was sealed before it left.
    expect(await save()).toBe(first + 1);
    await taro.discard();
    await thunderbird.see(inPane('.banner.verified'), 60_000);
    expect(await thunderbird.find(inPane('.banner'))).toHaveLength(1);
  });
});
