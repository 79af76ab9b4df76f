/** Writing in a real Thunderbird: what the button says, what is asked before an unusual mail goes, and what each answer does. */
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Correspondent } from '../../scripts/world/correspondent.ts';
import type { Place } from '../../scripts/world/chrome-side.ts';
import { pages } from '../../scripts/world/desktop.ts';
import type { StoredMessage } from '../../scripts/world/imap.ts';
import { World } from '../../scripts/world/process.ts';
import { until } from '../../scripts/world/wait.ts';
import { closeAll, closeBy, Composer, isAsBefore } from './composer.ts';
import { holding } from './files.ts';
import { eventually } from '../eventually.ts';
import { Post } from './mails.ts';
import { MODES } from '../../src/wire/leg.ts';
import { onPage } from './places.ts';
import { ADDON_ID, enrol, type PluginWorld, startPluginWorld } from './plugin-world.ts';

const TARO = 'taro@hinode.example';
const HANAKO = 'hanako@tsukimi.example';
const JIRO = 'jiro@tsukimi.example';
const YUKI = 'yuki@hinode.example';
const PASSPHRASE = '月夜に 三羽の 兎 はねた';

const button: Place = { page: pages.compose, selector: `#${ADDON_ID.replace(/[^a-z0-9_-]/gi, '_')}-composeAction-toolbarbutton` };

describe('writing', { timeout: 600_000 }, () => {
  let world: World;
  let plugin: PluginWorld;
  let post: Post;
  let taro: Correspondent;

  beforeAll(async () => {
    world = await World.open();
    plugin = await startPluginWorld(world);
    plugin.modes = MODES;
    plugin.signedOnly = ['tsukirni.example', 'outside.example', 'newcomer.example'];
    await plugin.chain.addUser(plugin.hinode, YUKI, '鈴木 雪');
    await plugin.chain.addUser(plugin.tsukimi, JIRO, '佐藤 次郎');
    post = new Post(plugin);
    await post.addSender(HANAKO, '佐藤 花子');
    taro = await plugin.open('taro', TARO, '山田 太郎', { locale: 'ja', dark: false, plainText: true, managed: { manyOutsiders: 3 } });
    await enrol(plugin, taro, TARO, PASSPHRASE);
  }, 240_000);

  afterAll(async () => {
    await taro.desktop.thunderbird.quit();
    await world.stop();
  });

  afterEach(async () => {
    await closeAll(plugin, taro);
    // Tests count what lies there.
    await plugin.store(TARO).delete('Drafts').catch(() => undefined);
  });

  const composeGone = (): Promise<unknown> => until(async () => (await taro.desktop.thunderbird.find({ page: pages.compose, selector: '#messageEditor' })).length === 0, { what: 'the window to close', withinMs: 60_000 });
  /** What lies in Drafts, not counting what is marked as deleted; once there are as many, where told. */
  const drafts = (count?: number): Promise<StoredMessage[]> => until(async () => {
    const all = (await plugin.store(TARO).list('Drafts')).filter(({ flags }) => !flags.includes('\\Deleted'));
    return count === undefined || all.length === count ? all : undefined;
  }, { what: `${count ?? 'the'} drafts`, withinMs: 60_000, everyMs: 200 });
  const label = (text: string): Promise<unknown> => taro.desktop.thunderbird.see({ ...button, text }, 60_000);

  it('seals what autosave left in clear while the key was locked, once the key is used for something else', async () => {
    const { thunderbird } = taro.desktop;
    const canary = `canary${crypto.randomUUID()}`;
    await post.send(HANAKO, { to: [{ address: TARO, displayName: '' }], subject: '鍵を開く', text: '鍵が要ります。' });
    await taro.write({ to: [HANAKO], subject: '書きかけ', body: [canary] });
    expect(await new Composer(plugin, taro, canary).autosave()).toBe(300_000);
    await label('下書きは、鍵を開くと保護されます');
    // Without the policy (test/e2e/living.test.ts) it lies there, and nobody was asked for the passphrase.
    expect(holding(plugin.mailDirectory, canary)).not.toEqual([]);
    expect(await thunderbird.find(onPage('#passphrase'))).toEqual([]);
    await taro.select('鍵を開く');
    await taro.desktop.click({ page: pages.message, frame: '#messagepane', selector: '.banner button' });
    await taro.desktop.fill(onPage('#passphrase'), PASSPHRASE);
    await taro.desktop.keys('Return');
    await until(async () => {
      const all = await drafts();
      return all.length === 1 && Buffer.from(all[0]?.raw ?? []).toString().includes('message.ssmax');
    }, { what: 'a sealed draft in place of the one in clear', withinMs: 60_000, everyMs: 200 });
    await until(() => holding(plugin.mailDirectory, canary).length === 0, { what: 'the text to be gone from the server', withinMs: 60_000 });
    await taro.discard();
  });

  it('says on the button, while recipients are typed, who takes the mail, and in the popup what happens to each', async () => {
    await taro.write({ to: [HANAKO, YUKI], subject: '予定', body: ['来週の予定です。'] });
    await label('ほか1組織');
    await taro.continueWriting({ to: ['x@elsewhere.example'] });
    await label('送信できない宛先：1件');
    await taro.desktop.click(button);
    const popup = await taro.desktop.thunderbird.see({ ...onPage('.popup'), text: '月見製作所 が受け取り' });
    expect(popup.text).toContain(`同じ組織の方です。${YUKI} に届きます。`);
    expect(popup.text).toContain('x@elsewhere.example はSSMAXの外です。');
    await taro.closePopup();
    await taro.discard();
  });

  it('asks about an unusual mail; only every tick opens the way, and going back leaves all as it was', async () => {
    await taro.write({ to: [HANAKO, JIRO, `鈴木 雪 <${YUKI}>`], subject: '見積書', body: ['見積書を添付します。'] });
    const before = await taro.draft();
    await taro.pressSend();
    const dialog = await taro.desktop.thunderbird.see({ ...onPage('main.dialog'), text: 'いつもと違うところがあります' }, 60_000);
    expect(dialog.text).toContain('何も添付されていません');
    expect((await taro.desktop.thunderbird.see(onPage('#send'))).disabled).toBe(true);
    await closeBy(taro, '#back');
    await isAsBefore(taro, before);
    expect(plugin.submitted).toHaveLength(0);

    const digests = plugin.digests.length;
    await taro.pressSend();
    await taro.desktop.click(onPage('.checks input'));
    await until(async () => (await taro.desktop.thunderbird.find(onPage('#send')))[0]?.disabled === false, { what: 'the way to be open' });
    await taro.desktop.click(onPage('#send'));
    await until(() => plugin.digests.length === digests + 1, { what: 'the sealed mail to be submitted', withinMs: 60_000 });
    await until(async () => (await taro.desktop.thunderbird.find({ page: pages.compose, selector: '#messageEditor' })).length === 0, { what: 'the window to close', withinMs: 60_000 });
  });

  it('names each of several odd things in one mail; each is ticked by itself, and going back leaves all as it was', async () => {
    const { thunderbird } = taro.desktop;
    const file = join(world.directory('files'), '名簿.zip');
    // A ZIP file that is cut off after the head of its first entry, which is encrypted (APPNOTE 4.4.4).
    writeFileSync(file, Buffer.concat([Buffer.from('PK\u0003\u0004\u0014\0\u0001\0'), Buffer.alloc(22)]));
    await taro.write({ to: ['佐藤 花子 <hanako@tsukirni.example>', '鈴木 雪 <yuki@outside.example>', 'mei@newcomer.example'], subject: '名簿', body: ['中村様', '名簿です。'], attachments: [file] });
    const [before, digests] = [await taro.draft(), plugin.digests.length];
    await taro.pressSend();
    const { text } = await thunderbird.see({ ...onPage('main.dialog'), text: 'いつもと違うところがあります' }, 60_000);
    const odd = ['tsukimi.example によく似た', `同じ組織の ${YUKI} と同じ名前ですが、組織の外の`, 'newcomer.example に送るのは初めてです', '宛先はSSMAXの外です', '組織の外の3人に、おたがいのアドレスがわかって', '「中村」への呼びかけ', '「名簿.zip」を開くには、パスワードが'];
    for (const said of odd) expect(text).toContain(said);
    expect(await thunderbird.find(onPage('.checks input'))).toHaveLength(odd.length);
    for (const [i] of odd.entries()) {
      expect((await thunderbird.see(onPage('#send'))).disabled).toBe(true);
      await taro.desktop.click(onPage(`.checks li:nth-child(${i + 1}) input`));
    }
    await until(async () => (await thunderbird.find(onPage('#send')))[0]?.disabled === false, { what: 'the way to be open' });
    await closeBy(taro, '#back');
    await isAsBefore(taro, before);
    expect(plugin.digests).toHaveLength(digests);
    await taro.discard();
  });

  it('sends nothing that is taken back while it is being encrypted, and text and file are there as before', async () => {
    const { thunderbird } = taro.desktop;
    const file = join(world.directory('files'), '図面.bin');
    writeFileSync(file, randomBytes(80 * 1024 * 1024));
    await taro.write({ to: [HANAKO], subject: '図面', body: ['中村様', '図面です。'], attachments: [file] });
    const [before, digests] = [await taro.draft(), plugin.digests.length];
    await taro.pressSend();
    // The question about the greeting: its window stays, and shows the work.
    await taro.desktop.click(onPage('.checks input'));
    await until(async () => (await thunderbird.find(onPage('#send')))[0]?.disabled === false, { what: 'the way to be open' });
    await taro.desktop.click(onPage('#send'));
    const done = Number((await thunderbird.see(onPage('progress'), 60_000)).value);
    await taro.desktop.click(onPage('#back'));
    console.log(`80 MB: taken back when ${Math.round(done * 100)} % was done`);
    expect(done).toBeLessThan(0.8); // what is encrypted is kept, at 82 %
    await until(async () => (await thunderbird.find(onPage('main.dialog'))).length === 0, { what: 'the window to close' });
    await isAsBefore(taro, before);
    expect(plugin.digests).toHaveLength(digests);
    await taro.discard();
  });

  it('offers the modes that are permitted and says what each means, by keyboard; a hidden subject is read where the mail is opened', async () => {
    const { thunderbird } = taro.desktop;
    await taro.write({ to: [HANAKO], subject: '人事の件', body: ['内示です。'] });
    await label('保護：月見製作所');
    await taro.desktop.click(button);
    await thunderbird.see({ ...onPage('.popup .modes'), text: '内容はすべて、途中で扱う人にも読めます' });
    await taro.desktop.click(onPage('.modes input[value="protect-all"]'));
    await taro.desktop.keys('Up');
    await label('署名だけ：月見製作所');
    await until(async () => (await thunderbird.find(onPage('#hide-subject')))[0]?.disabled === true, { what: 'a subject that cannot be hidden' });
    await taro.desktop.keys('Down');
    await label('保護：月見製作所');
    await taro.desktop.keys('Tab', 'space');
    await until(async () => (await thunderbird.find(onPage('#hide-subject')))[0]?.checked === true, { what: 'the subject to be hidden' });
    await taro.closePopup();
    expect(await taro.send()).toBeUndefined();
    const sent = plugin.submitted.at(-1)?.raw.toString() ?? '';
    expect(sent).toContain('Subject: [...]');
    await taro.select('[...]', 'sent');
    await thunderbird.see({ page: pages.message, frame: '#messagepane', selector: '.banner', text: '件名：人事の件' }, 60_000);
  });

  it('saves drafts that nobody can read on the server or on this computer, while somebody goes on typing, and opens them for editing', async () => {
    const { thunderbird } = taro.desktop;
    const canary = `canary${crypto.randomUUID()}`;
    await taro.write({ to: [HANAKO], subject: '異動の案', body: [`まだ内緒です。${canary}`] });
    await label('保護：月見製作所');
    await taro.desktop.click({ page: pages.compose, selector: '#messageEditor' });
    await taro.desktop.keys('ctrl+s', 'ctrl+End', 'x', 'y', 'z');
    await label('下書きを保護して保存しました');
    const [first] = await drafts(1);
    await eventually('what was typed meanwhile', async () => expect((await taro.draft()).body).toContain('xyz'));
    const stored = Buffer.from(first?.raw ?? []).toString();
    expect(stored).toContain('message.ssmax');
    for (const secret of [HANAKO, canary]) expect(stored).not.toContain(secret);

    // By the button, and over the first: one draft, not two.
    await taro.desktop.click(button);
    await taro.desktop.click(onPage('#save-draft'));
    await until(async () => (await drafts(1))[0]?.uid !== first?.uid, { what: 'the second draft in place of the first', withinMs: 60_000 });
    await until(async () => (await thunderbird.find(onPage('.popup'))).length === 0, { what: 'the popup to close' });
    // The window knows of it a moment after the server.
    await until(() => thunderbird.marionette.run((chrome) => {
      const window = chrome.windows().find(({ document }) => document.documentURI.includes('messengercompose')) as unknown as { gContentChanged: boolean; gMsgCompose: { bodyModified: boolean } };
      return chrome.composeReady() && !window.gContentChanged && !window.gMsgCompose.bodyModified;
    }), { what: 'the window to know that its mail is saved' });
    const before = await taro.draft();
    await taro.desktop.activate({ page: pages.compose, selector: '#messageEditor' });
    await taro.desktop.keys('ctrl+w');
    await composeGone(); // saved: nothing is asked
    expect(holding(plugin.mailDirectory, canary)).toEqual([]);
    expect(holding(thunderbird.profile.dir, canary)).toEqual([]);

    await taro.openFolder('drafts');
    await taro.desktop.click({ page: pages.mailTab, selector: '#threadTree tr[is]', text: '異動の案' });
    await thunderbird.see({ page: pages.message, frame: '#messagepane', selector: '.banner', text: 'あなたの下書きです。' }, 60_000);
    await taro.desktop.click({ page: pages.mailTab, selector: '#threadTree tr[is]', text: '異動の案' }, { double: true });
    await until(async () => (await taro.draft()).body.includes(canary), { what: 'the draft to be opened', withinMs: 60_000 });
    await until(async () => (await thunderbird.find({ page: pages.compose, selector: '#messageEditor' })).length === 1, { what: 'one window', withinMs: 60_000 });
    await isAsBefore(taro, before);
    await label('保護：月見製作所');
    expect(await taro.send()).toBeUndefined();
    await drafts(0);
    expect(plugin.submitted.at(-1)?.recipients).toEqual([HANAKO]);
  });

  it('replaces a draft that Thunderbird saved in clear by its own menu', async () => {
    const canary = `canary${crypto.randomUUID()}`;
    await taro.write({ to: [HANAKO], subject: '会議の案', body: [canary] });
    await label('保護：月見製作所');
    await taro.desktop.click({ page: pages.compose, selector: '#msgSubject' });
    await taro.desktop.keys('ctrl+s');
    await until(async () => {
      const all = await drafts();
      return all.length === 1 && Buffer.from(all[0]?.raw ?? []).toString().includes('message.ssmax');
    }, { what: 'a sealed draft in place of the one in clear', withinMs: 60_000 });
    await until(() => holding(plugin.mailDirectory, canary).length === 0, { what: 'the text to be gone from the server', withinMs: 60_000 });
    await taro.discard();
  });

  it('keeps what was chosen for a mail whose window is closed by "Save": its subject stays hidden, in the draft and in the mail', async () => {
    const canary = `canary${crypto.randomUUID()}`;
    await taro.write({ to: [HANAKO], subject: '昇進の案', body: [canary] });
    await label('保護：月見製作所');
    await taro.desktop.click(button);
    await taro.desktop.click(onPage('#hide-subject'));
    await until(async () => (await taro.desktop.thunderbird.find(onPage('#hide-subject')))[0]?.checked === true, { what: 'the subject to be hidden' });
    await taro.closePopup();
    await taro.discard('save');
    const sealed = await until(async () => (await drafts()).find(({ raw }) => Buffer.from(raw).toString().includes('message.ssmax')), { what: 'the sealed draft', withinMs: 60_000 });
    expect(Buffer.from(sealed.raw).toString()).toContain('Subject: [...]');
    await drafts(1);
    await taro.openFolder('drafts');
    await taro.desktop.click({ page: pages.mailTab, selector: '#threadTree tr[is]', text: '[...]' }, { double: true });
    await until(async () => (await taro.draft()).body.includes(canary), { what: 'the draft to be opened', withinMs: 60_000 });
    await label('保護：月見製作所');
    expect(await taro.send()).toBeUndefined();
    expect(plugin.submitted.at(-1)?.raw.toString()).toContain('Subject: [...]');
  });
});
