/** A member's day by keyboard alone in a real Thunderbird: no click, and nothing is focused but by keys. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Correspondent } from '../../scripts/world/correspondent.ts';
import type { Place } from '../../scripts/world/chrome-side.ts';
import { pages } from '../../scripts/world/desktop.ts';
import { World } from '../../scripts/world/process.ts';
import type { Thunderbird } from '../../scripts/world/thunderbird.ts';
import { until } from '../../scripts/world/wait.ts';
import { MODES } from '../../src/wire/leg.ts';
import { troublesOf } from './axe.ts';
import { Keyboard } from './keyboard.ts';
import { plainMail } from './mails.ts';
import { versionOf } from './older-addon.ts';
import { inPane, onPage } from './places.ts';
import { ADDON_ID, type PluginWorld, startPluginWorld } from './plugin-world.ts';
import { spoken } from './spoken.ts';

const YUKI = 'yuki@hinode.example';
/** Where the text of a mail is written. */
const EDITOR = 'html# about:blank?compose';
const composing = (selector: string): Place => ({ page: pages.compose, selector });

describe('by keyboard alone', { timeout: 600_000 }, () => {
  let world: World;
  let plugin: PluginWorld;
  let yuki: Correspondent;
  let thunderbird: Thunderbird;
  let keyboard: Keyboard;
  let file: string;

  beforeAll(async () => {
    world = await World.open();
    file = join(world.directory('files'), '資料.txt');
    writeFileSync(file, '資料\n');
    plugin = await startPluginWorld(world);
    plugin.modes = MODES;
    plugin.codes.set(YUKI, 'ABCD-1234');
    yuki = await plugin.open('yuki', YUKI, '鈴木 雪', { locale: 'ja', dark: false, plainText: true });
    thunderbird = yuki.desktop.thunderbird;
    keyboard = new Keyboard(yuki);
  }, 180_000);

  afterAll(async () => {
    await yuki.desktop.thunderbird.quit();
    await world.stop();
  });

  /** Ticks what is asked about before a mail goes, and sends it. */
  async function answerQuestion(asked: string): Promise<void> {
    const submitted = plugin.submitted.length;
    expect(await keyboard.hear('.checks')).toContain(asked);
    await keyboard.comesTo(onPage('#back'));
    expect(await troublesOf(thunderbird, 'sending.html')).toEqual([]);
    await keyboard.tabTo(onPage('.checks input'), 'shift+Tab');
    await keyboard.press('space');
    await keyboard.tabTo(onPage('#send'));
    await keyboard.press('Return');
    await until(() => plugin.submitted.length > submitted, { what: 'the mail to go', withinMs: 60_000 });
    await until(async () => (await thunderbird.find(composing('#messageEditor'))).length + (await thunderbird.find(onPage('main'))).length === 0, { what: 'the windows of the mail to close', withinMs: 60_000 });
  }

  it('enrols: F6 leads into the page, where the field for the code is ready', async () => {
    await thunderbird.see(onPage('#code'));
    await keyboard.goTo('enrolment.html');
    await keyboard.comesTo(onPage('#code'));
    expect(await troublesOf(thunderbird, 'enrolment.html')).toEqual([]);
    await keyboard.paste('ABCD-1234');
    await keyboard.press('Return');
    await thunderbird.see(onPage('.notice.verified'), 60_000);
    await keyboard.tabTo(onPage('#close-enrolment'));
    await keyboard.press('Return');
    await until(async () => (await thunderbird.find(onPage('main'))).length === 0, { what: 'the page to close' });
  });

  it('chooses how a mail goes in the window of the shortcut, goes back to the text, sends, and answers the question before it goes', async () => {
    await keyboard.press('ctrl+n');
    await thunderbird.see(composing('#toAddrInput'));
    await until(() => thunderbird.marionette.run((chrome) => chrome.composeReady()), { what: 'the compose window' });
    await keyboard.tabTo(composing('#toAddrInput'));
    await keyboard.paste(`鈴木 雪 <${YUKI}>`);
    await thunderbird.see({ ...composing('#toAddrInput'), text: YUKI });
    await keyboard.press('Return');
    await thunderbird.see(composing('mail-address-pill'));
    await keyboard.tabTo(composing('#msgSubject'));
    await keyboard.paste('鍵盤だけで');
    await thunderbird.see({ ...composing('#msgSubject'), text: '鍵盤だけで' });
    await keyboard.press('Tab');
    await until(async () => await keyboard.holder() === EDITOR, { what: 'the text to have the keyboard' });
    await keyboard.paste('田中様');
    await until(async () => (await yuki.draft()).body.includes('田中様'), { what: 'the text' });
    await keyboard.press('ctrl+shift+a');
    await yuki.desktop.chooseFile(file);
    await thunderbird.see(composing('#attachmentBucket > *'));
    await keyboard.goTo(EDITOR);
    await keyboard.press('ctrl+shift+h');
    expect(await keyboard.hear('.modes')).toContain('Escキーで閉じて');
    expect(await troublesOf(thunderbird, 'composing.html')).toEqual([]);
    await keyboard.tabTo(onPage('.modes input[value="protect-all"]'));
    await keyboard.press('Down');
    await until(async () => (await thunderbird.find(onPage('.modes input:checked')))[0]?.value === 'attachments-only', { what: 'the other way to be chosen' });
    await keyboard.press('ctrl+shift+h'); // opens no second one
    await keyboard.press('Escape');
    await until(async () => await keyboard.holder() === EDITOR, { what: 'the text to have the keyboard again' });
    await until(async () => (await thunderbird.find(onPage('main'))).length === 0, { what: 'the window of the shortcut to be gone' });
    expect((await yuki.draft()).body.trim()).toBe('田中様');
    await yuki.pressSend();
    await answerQuestion('田中');
  });

  it('reads the mail that came, its details, a file in it, and answers it', async () => {
    await keyboard.goTo('ul#folderTree');
    await keyboard.press('Down');
    await thunderbird.waitForMessages('INBOX', 1);
    await keyboard.goTo('tbody# about:3pane');
    await thunderbird.see({ page: pages.mailTab, selector: '#threadTree tr[is]', text: '鍵盤だけで' });
    await keyboard.press('Home');
    expect((await thunderbird.see(inPane('.banner.verified'), 60_000)).text).toContain('鈴木 雪');
    expect(await spoken(thunderbird, '.banner')).toMatchObject({ role: 'note', name: '確認できました', inside: expect.stringContaining('日之出市役所が本人であることを確認しました') as string });
    expect(await spoken(thunderbird, '.files button.open')).toMatchObject({ role: 'pushbutton', name: '開く: 資料.txt' });
    await keyboard.press('ctrl+shift+h');
    expect(await keyboard.hear('.notice.verified')).toContain('署名の時刻');
    expect(await troublesOf(thunderbird, 'details.html')).toEqual([]);
    await keyboard.tabTo(onPage('#report'));
    await keyboard.press('Escape');
    await until(async () => (await keyboard.holder()).startsWith('tbody#'), { what: 'the list to have the keyboard again' });
    await keyboard.tabTo(inPane('.files button.open'));
    await keyboard.press('Return');
    expect(await keyboard.hear('.viewer pre')).toContain('資料');
    await keyboard.comesTo(onPage('#save'));
    expect(await troublesOf(thunderbird, 'attachment.html')).toEqual([]);
    await keyboard.press('ctrl+w');
    await until(async () => !(await keyboard.holder()).includes(pages.addon), { what: 'the mail to have the keyboard again' });
    await keyboard.press('ctrl+r');
    await until(async () => (await yuki.draft().catch(() => undefined))?.body.includes('田中様') === true, { what: 'the quotation', withinMs: 60_000 });
    await until(() => thunderbird.marionette.run((chrome) => chrome.composeReady()), { what: 'the compose window' });
    await until(async () => await keyboard.holder() === EDITOR, { what: 'the text to have the keyboard' });
    await keyboard.paste('承知しました。');
    await until(async () => (await yuki.draft()).body.includes('承知しました。'), { what: 'the text' });
    const submitted = plugin.submitted.length;
    await yuki.pressSend();
    await until(() => plugin.submitted.length > submitted, { what: 'the answer to go', withinMs: 60_000 });
    await until(async () => (await thunderbird.find(composing('#messageEditor'))).length === 0, { what: 'the compose window to close' });
  });

  it('changes a setting, on the page that names the shortcut', async () => {
    await keyboard.press('alt+t');
    // Keys that come before the menu is open are lost.
    await until(() => thunderbird.marionette.run((chrome) => (chrome.mainWindow().document.querySelector('#addonsManager')?.parentElement as Element & { readonly state?: string } | null)?.state === 'open'), { what: 'the menu to be open' });
    await keyboard.press('a');
    await thunderbird.see({ page: 'about:addons', selector: 'button[action="preferences"]' });
    await keyboard.tabTo({ page: 'about:addons', selector: 'button[action="preferences"]' });
    await keyboard.press('space');
    await thunderbird.see({ ...onPage('main'), text: 'Ctrl+Shift+Hを押すと' });
    expect(await troublesOf(thunderbird, 'options.html')).toEqual([]);
    await keyboard.tabTo(onPage('#delay'));
    await keyboard.press('Down');
    await until(async () => (await thunderbird.find(onPage('#delay')))[0]?.value === '5', { what: 'the delay to be chosen' });
  });

  it('is told what is lost before the add-on is removed, and removes it', async () => {
    const { text } = await thunderbird.see({ ...onPage('section.group'), text: 'SSMAXの削除' });
    expect(text).toContain(`次のアドレスの鍵には控えがありません`);
    expect(text).toContain(YUKI);
    await keyboard.tabTo(onPage('#remove'));
    await keyboard.press('Return');
    await yuki.desktop.seeDialog('SSMAX');
    await yuki.desktop.closeDialog();
    await until(async () => await versionOf(thunderbird, ADDON_ID) === null, { what: 'the add-on to be gone' });
  });

  it('is told of a mail that was on the screen before the add-on came', async () => {
    await plugin.store(YUKI).append(Buffer.from(plainMail('Mei <mei@elsewhere.example>', YUKI, '外からのお知らせ')));
    await yuki.select('外からのお知らせ');
    expect(await thunderbird.find(inPane('.banner'))).toEqual([]);
    await thunderbird.installAddon(join(process.cwd(), 'dist/thunderbird'));
    // The page of enrolment opens beside it.
    await thunderbird.see(onPage('#code'));
    await yuki.openFolder('inbox');
    expect((await thunderbird.see(inPane('.banner.outside'), 60_000)).text).toContain('SSMAXの外から届いたメールです');
    expect(await spoken(thunderbird, '.banner')).toMatchObject({ role: 'note', name: 'SSMAXの外', inside: expect.stringContaining('差出人は確認されていません') as string });
  });
});
