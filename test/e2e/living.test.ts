/**
 * A new member's first day in a real Thunderbird, with only what is on the screen: from the installed add-on to the first
 * verified mail, then a second computer that takes the key over. With PICTURES set it leaves pictures in dist/gallery.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Correspondent } from '../../scripts/world/correspondent.ts';
import { pages } from '../../scripts/world/desktop.ts';
import { World } from '../../scripts/world/process.ts';
import { until } from '../../scripts/world/wait.ts';
import { closeAll, Composer, isLabelled } from './composer.ts';
import { holding } from './files.ts';
import { eventually } from '../eventually.ts';
import { createKeyService } from '../../src/flow/key-service.ts';
import { createLifeWorld, type LifeWorld } from '../server/keyserver/life-world.ts';
import { plainMail, Post } from './mails.ts';
import { INVITATION, invitationBar, PastAddOns, receiptButton, RECEIPT } from './past-add-ons.ts';
import { OLDER_ADDON, publishNewer, updateAddons, versionOf } from './older-addon.ts';
import { startOutsidePost } from './outside-mail.ts';
import { takePictures } from './pictures.ts';
import { inPane, onPage } from './places.ts';
import { takeTour } from './tour.ts';
import { ADDON_ID, closeEnrolment, type PluginWorld, startPluginWorld } from './plugin-world.ts';

const HANAKO = 'hanako@tsukimi.example';
const JIRO = 'jiro@tsukimi.example';
const TARO = 'taro@hinode.example';
const PASSPHRASE = '月夜に 三羽の 兎 はねた';


describe('a new member', { timeout: 600_000 }, () => {
  let world: World;
  let plugin: PluginWorld;
  let first: Correspondent;
  let second: Correspondent;
  let third: Correspondent;
  let life: LifeWorld;
  let post: Post;
  const running: Correspondent[] = [];
  let installed: number;
  /** How long ago the key server believes it is; milliseconds. */
  let ago = 0;

  beforeAll(async () => {
    world = await World.open();
    plugin = await startPluginWorld(world);
    const { chain, tsukimi } = plugin;
    life = await createLifeWorld(Object.defineProperty({ ...chain }, 'now', { get: () => new Date(Date.now() - ago) }), tsukimi);
    plugin.life = life;
    world.closing(() => life.close());
    tsukimi.parts = { ...tsukimi.parts, recovery: true, keyServer: createKeyService({ ...tsukimi.serviceParts, recovery: true }) };
    for (const [address, reference, displayName] of [[HANAKO, 'E1', '佐藤 花子'], [JIRO, 'E2', '佐藤 次郎']] as const) {
      await life.registry.add({ address, reference, displayName, pseudonym: false, identityCheck: 'HR' });
    }
    post = new Post(plugin);
    await post.addSender(TARO, '山田 太郎');
    first = await plugin.open('first', HANAKO, '佐藤 花子', { locale: 'ja', dark: false, byPolicies: [] });
    running.push(first);
    installed = performance.now();
  }, 240_000);

  async function leave(): Promise<void> {
    await Promise.all(running.splice(0).map((one) => one.desktop.thunderbird.quit()));
  }

  afterAll(async () => {
    await leave();
    await world.stop();
  });

  afterEach(() => closeAll(plugin, ...running));

  const picture = async (person: Correspondent, name: string): Promise<void> => {
    if (person === first) await takePictures(first, 'ja', 'light', name);
    if (person === second) await takePictures(second, 'en', 'dark', name);
    if (person === third && name === 'pane-cannot-check') await takePictures(third, 'ja', 'dark', name);
  };

  /** Says how long the machine has taken since the add-on was there; a person's reading and typing come on top. */
  function passed(step: string): void {
    console.log(`${((performance.now() - installed) / 1000).toFixed(1)} s: ${step}`);
  }

  /** Shows a mail and gives what the line above it says, once that is of this state and says this: what cannot be checked may be so for another reason first. */
  async function verdict(person: Correspondent, subject: string, state: string, containing = ''): Promise<string> {
    await person.select(subject);
    const { text } = await person.desktop.thunderbird.see({ ...inPane(`.banner.${state}`), text: containing }, 60_000);
    await picture(person, `pane-${state}`);
    return text;
  }

  it('types one code, keeps a backup, and is told that all is ready', async () => {
    const { desktop } = first;
    // The certificate is one of ten months ago: it will be time to renew it.
    ago = 300 * 86_400_000;
    const { code } = await life.registry.newCode(HANAKO, 'E1');
    await desktop.thunderbird.see({ ...onPage('#address'), text: HANAKO });
    expect(await desktop.thunderbird.find(onPage('.promises li'))).toHaveLength(3);
    await picture(first, 'thunderbird-enrolment');
    // A tab that opens by itself does not take the keyboard: the field is clicked, then Return is enough.
    await desktop.fill(onPage('#code'), code);
    await desktop.keys('Return');
    expect((await desktop.thunderbird.see(onPage('.notice.verified'), 60_000)).text).toContain('準備ができました');
    ago = 0;
    passed('enrolled');
    await desktop.fill(onPage('#passphrase'), 'hanako-2026');
    await desktop.thunderbird.see({ ...onPage('#strength'), text: '弱い：もっと長く' });
    await desktop.fill(onPage('#again'), 'hanako-2026');
    expect((await desktop.thunderbird.see(onPage('#save-backup'))).disabled).toBe(true);
    await desktop.fill(onPage('#passphrase'), PASSPHRASE);
    await desktop.fill(onPage('#again'), PASSPHRASE);
    await desktop.click(onPage('#save-backup'));
    const file = await desktop.thunderbird.waitForDownload('ssmax-hanako-tsukimi.example.p12', 240_000);
    expect(file[0]).toBe(0x30);
    await desktop.thunderbird.see({ ...onPage('.notice.verified'), text: 'ssmax-hanako-tsukimi.example.p12' });
    passed('a backup kept');
    await closeEnrolment(desktop);
  });

  it('writes and reads the first verified mail', async () => {
    await first.write({ to: [HANAKO], subject: '最初のメール', body: ['届きましたか。'] });
    expect(await first.send(120_000)).toBeUndefined();
    passed('the first mail sent');
    expect(await verdict(first, '最初のメール', 'verified')).toContain('月見製作所が本人であることを確認しました');
    await first.reading('届きましたか。');
    passed('the first verified mail read');
  });

  it('leaves no draft in clear on the mail server, not for a moment, where Thunderbird saves it by itself', async () => {
    const canary = `canary${crypto.randomUUID()}`;
    const { desktop } = first;
    const stored = () => until(async () => (await plugin.store(HANAKO).list('Drafts')).filter(({ flags }) => !flags.includes('\\Deleted'))[0], { what: 'a sealed draft', withinMs: 60_000, everyMs: 200 });
    await desktop.thunderbird.marionette.run((chrome) => { chrome.setPref('mail.compose.autosave', true); }); // chosen by the member, to no avail
    await first.write({ to: [HANAKO], subject: '会議の案', body: [canary] });
    // Its autosave is off; even if it saved, and by Ctrl+S in the header too, the server gets nothing before the sealed draft.
    expect(await new Composer(plugin, first, canary).autosave()).toBe(0);
    const { uid, raw } = await stored();
    expect(Buffer.from(raw).toString()).toContain('message.ssmax');
    expect(uid).toBe(1);
    await desktop.click({ page: pages.compose, selector: '#msgSubject' });
    await desktop.keys('ctrl+s');
    await until(async () => (await stored()).uid === 2, { what: 'the second draft in place of the first', withinMs: 60_000 });
    expect(holding(plugin.mailDirectory, canary)).toEqual([]);
    expect(holding(join(desktop.thunderbird.profile.dir, 'ImapMail'), canary)).toEqual([]);
    await first.discard();
  });

  it('is asked for no receipt and offered no answer to an invitation, which would go past the add-on, whatever was chosen before', async () => {
    const { thunderbird } = first.desktop;
    const past = new PastAddOns(first, plugin.store(HANAKO), { from: 'mei@elsewhere.example', to: HANAKO });
    const before = plugin.digests.length;
    // Receipts go unasked, where they go at all.
    await thunderbird.marionette.run((chrome) => { for (const which of ['not_in_to_cc', 'outside_domain', 'other']) chrome.setPref(`mail.mdn.report.${which}`, 1); });
    await past.openRequest();
    await verdict(first, RECEIPT, 'outside');
    expect(await thunderbird.find(receiptButton)).toEqual([]);
    await past.openInvitation();
    await verdict(first, INVITATION, 'outside');
    expect(await thunderbird.find(invitationBar)).toEqual([]);
    expect(plugin.digests).toHaveLength(before);
    expect(await past.nothingKept()).toBe(true);
  });

  it('is told of mail from outside, and of a forgery', async () => {
    const store = plugin.store(HANAKO);
    await store.append(Buffer.from(plainMail('Mei <mei@elsewhere.example>', HANAKO, '外からのお知らせ')));
    await store.append(Buffer.from(plainMail('山田 太郎 <taro@hinode.example>', HANAKO, '至急のお願い')));
    expect(await verdict(first, '外からのお知らせ', 'outside')).toContain('SSMAXの外から届いたメールです');
    expect(await verdict(first, '至急のお願い', 'problem')).toContain('日之出市役所が確認したメールではありません');
  });

  it('takes the key over to a second computer, where old mail opens', async () => {
    // Her organisation has meanwhile forbidden what writes secrets to files; the backup that she has still serves.
    second = await plugin.open('second', HANAKO, '佐藤 花子', { locale: 'en-US', dark: true, byPolicies: ['backup=forbidden', 'copies=forbidden', 'contact=Helpdesk, ext. 1234'].flatMap((one) => ['--set', one]), more: [{ email: JIRO, name: '佐藤 次郎' }] });
    running.push(second);
    const { desktop } = second;
    await desktop.thunderbird.see(onPage('#code'));
    await picture(second, 'thunderbird-enrolment');
    await verdict(second, '最初のメール', 'cannot-check', 'This computer has no key for this mail');
    await desktop.click(inPane('.banner button')); // the button that says so leads to the page, which is open
    await desktop.click(onPage('#from-backup'));
    expect(await desktop.thunderbird.marionette.run((chrome) => chrome.mainWindow().document.querySelectorAll('#tabmail-tabs .tabmail-tab').length)).toBe(2);
    await desktop.click(onPage('#file'));
    await desktop.chooseFile(join(first.desktop.thunderbird.profile.downloads, 'ssmax-hanako-tsukimi.example.p12'));
    await desktop.fill(onPage('#passphrase'), PASSPHRASE);
    await desktop.click(onPage('#import'));
    expect((await desktop.thunderbird.see(onPage('.notice.verified'), 240_000)).text).toContain('Ready');
    await closeEnrolment(desktop);
    // The mail in front is drawn anew: the key has come.
    await second.openFolder('inbox');
    expect((await desktop.thunderbird.see(inPane('.banner.verified'), 60_000)).text).toContain('Tsukimi Works confirmed the sender');
    await desktop.thunderbird.marionette.run((chrome, id) => chrome.openAddonPage(id, 'search.html'), ADDON_ID);
    await desktop.click(onPage('#switch')); // search is off unless chosen
    await desktop.thunderbird.see(onPage('#query'));
    await second.closeTab();
    expect(await verdict(second, '外からのお知らせ', 'outside')).toContain('Nobody has confirmed the sender');
    expect(await verdict(second, '最初のメール', 'verified')).toContain('Tsukimi Works confirmed the sender');
    await second.reading('届きましたか。');
    await picture(second, 'pane-verified');
    expect(await verdict(second, '外からのお知らせ', 'outside')).toContain('Nobody has confirmed the sender');
    const forged = await verdict(second, '至急のお願い', 'problem');
    expect(forged).toContain('did not confirm it');
    expect(forged).toContain('Helpdesk, ext. 1234');
    await isLabelled(second, 'Problem');
  });

  it('is offered no backup and no copy where the organisation forbids them, and is told why', async () => {
    const { thunderbird } = second.desktop;
    await post.send(TARO, { to: [{ address: HANAKO, displayName: '' }], subject: '別紙', text: '別紙です。', attachments: [{ name: '別紙.txt', type: 'text/plain', bytes: new TextEncoder().encode('別紙') }] });
    await verdict(second, '別紙', 'verified');
    await eventually('one button', async () => expect((await thunderbird.find(inPane('.files button'))).map(({ text }) => text)).toEqual(['Open']));
    const { text } = await second.openHeaderPopup(ADDON_ID, 'does not allow saving this as a file');
    expect(text).not.toContain('Save or print');
    await second.closePopup();
    await second.desktop.click(inPane('.files button'));
    expect((await thunderbird.see({ ...onPage('.viewer header'), text: '別紙.txt' })).text).toContain('does not allow saving this as a file');
    expect(await thunderbird.find(onPage('.viewer #save'))).toEqual([]);
    await second.desktop.closeWindow(onPage('.viewer'));
    // Of a new key; that of her other account.
    await thunderbird.marionette.run((chrome, id) => chrome.openAddonPage(id, 'enrolment.html'), ADDON_ID);
    const { code } = await life.registry.newCode(JIRO, 'E2');
    await second.desktop.choose(onPage('select#address'), JIRO, 'j');
    await second.desktop.fill(onPage('#code'), code);
    await second.desktop.click(onPage('#enrol'));
    await thunderbird.see({ ...onPage('main'), text: 'Your organisation does not allow backups of keys.' }, 60_000);
    expect(await thunderbird.find(onPage('#save-backup'))).toEqual([]);
    await closeEnrolment(second.desktop);
  });

  it('finds an opened mail by a word in it, and opens it from the search page', async () => {
    const { desktop } = second;
    await desktop.click({ page: pages.main, selector: '#spacesToolbarAddonsContainer button' });
    await desktop.fill(onPage('#query'), 'きましたか');
    await desktop.keys('Return');
    await desktop.thunderbird.see({ ...onPage('.hits li'), text: '最初のメール' });
    await desktop.click(onPage('.hits button'));
    expect((await second.reading('届きましたか。')).subject).toContain('最初のメール');
    await second.closeTab();
  });

  it('has nothing left of the index in the profile once search is switched off', async () => {
    const { thunderbird } = second.desktop;
    const databases = (): string[] => readdirSync(thunderbird.profile.dir, { recursive: true, encoding: 'utf8' }).filter((path) => /moz-extension.*\.sqlite$/.test(path));
    const before = databases().length;
    await second.desktop.click({ page: pages.main, selector: '#spacesToolbarAddonsContainer button' });
    await second.desktop.click(onPage('#switch'));
    await until(() => databases().length === before - 1, { what: 'the index to be erased', withinMs: 60_000 });
    await until(async () => (await thunderbird.find({ page: pages.main, selector: '#spacesToolbarAddonsContainer button' })).length === 0, { what: 'its button to go' });
  });

  /** What the popup on the button says, once it holds the first of these; all of them stand in it. */
  async function details(person: Correspondent, name: string, ...expected: readonly string[]): Promise<string> {
    const { text } = await person.openHeaderPopup(ADDON_ID, expected[0]);
    for (const one of expected) expect(text).toContain(one);
    await picture(person, name);
    await person.closePopup();
    return text;
  }

  it('shows on demand how a mail was checked, organisation by organisation', async () => {
    await post.send(TARO, { to: [{ address: HANAKO, displayName: '' }], subject: '工程表', text: '工程表をお送りします。' });
    const evidence = [plugin.hinode.id, plugin.tsukimi.id, 'test-1'];
    await verdict(first, '工程表', 'verified');
    const ja = await details(first, 'thunderbird-details', '送信側の組織', '受信側の組織', '日之出市役所', '月見製作所', '署名の時刻', '送信側：情報漏えい検査ずみ', '受信側：ウイルス検査ずみ', '検査の決まりの版', '証明書', '有効期間', '内容の識別番号', ...evidence);
    await verdict(second, '工程表', 'verified');
    const en = await details(second, 'thunderbird-details', 'Sending organisation', 'Receiving organisation', 'Hinode City Office', 'Tsukimi Works', ...evidence);
    // Both organisations' certificates by their fingerprints; the mail by its digest, the same to both readers.
    const [fingerprint, digest] = [/\b(?:[0-9A-F]{4} ){15}[0-9A-F]{4}\b/g, /\b[0-9a-f]{64}\b/];
    expect(ja.match(fingerprint)).toHaveLength(2);
    expect(en.match(fingerprint)).toEqual(ja.match(fingerprint));
    expect(digest.exec(en)?.[0]).toBe(digest.exec(ja)?.[0]);
  });

  it('shows what the organisation found out about mail from outside', async () => {
    const outside = await startOutsidePost(world, plugin.tsukimi);
    await plugin.store(HANAKO).append(await outside.signed(HANAKO, '外の署名'));
    await plugin.store(HANAKO).append(await outside.spoofed(HANAKO, '外の偽物'));
    expect(await verdict(first, '外の署名', 'outside')).toContain('ドメインoutside.exampleからの送信であることだけは、月見製作所が確認しました');
    await details(first, 'thunderbird-outside', 'SSMAXの外から届いたメール（月見製作所が調べた結果）', 'あなたの組織のメールサーバ', 'DMARC', 'DKIM', 'SPF', 'outside.example：確認できました', 'S/MIME', '署名を確認できました。署名者：Mika（mika@outside.example）、発行者：Outside CA');
    expect(await verdict(first, '外の偽物', 'outside')).toContain('outside.example から送られたことを、月見製作所は確認できませんでした。差出人を偽っているおそれがあります。');
    await details(first, 'thunderbird-outside-spoofed', 'SPF', 'outside.example：確認できませんでした');
    expect(await verdict(second, '外の署名', 'outside')).toContain('Tsukimi Works could confirm only that it was sent by the domain outside.example');
    await details(second, 'thunderbird-outside', 'outside.example: confirmed', 'The signature was confirmed. Signed by Mika (mika@outside.example), issued by Outside CA');
    expect(await verdict(second, '外の偽物', 'outside')).not.toContain('confirm only');
    await details(second, 'thunderbird-outside-spoofed', 'SPF', 'outside.example: not confirmed');
  });

  it('has the certificate renewed without a window or a click', async () => {
    const { thunderbird } = first.desktop;
    const windows = await thunderbird.marionette.run((chrome) => chrome.windows().length);
    const before = await life.store.query.selectFrom('certificates').selectAll().where('address', '=', HANAKO).execute();
    // As after half a minute without anything to do.
    await thunderbird.marionette.run((chrome, id) => chrome.endBackground(id), ADDON_ID);
    await verdict(first, '最初のメール', 'verified');
    const renewed = await until(async () => {
      const rows = await life.store.query.selectFrom('certificates').selectAll().where('address', '=', HANAKO).orderBy('not_after', 'desc').execute();
      return rows.length > 1 ? rows[0] : undefined;
    }, { what: 'the renewal', withinMs: 60_000 });
    expect(Buffer.from(renewed.spki_hash).equals(Buffer.from(before[0]?.spki_hash ?? []))).toBe(true);
    expect(await thunderbird.marionette.run((chrome) => chrome.windows().length)).toBe(windows);
    expect(await thunderbird.find(onPage('*'))).toEqual([]);
    await thunderbird.marionette.run((chrome, id) => chrome.openAddonPage(id, 'options.html'), ADDON_ID);
    const day = new Intl.DateTimeFormat('ja-JP', { dateStyle: 'long' }).format(renewed.not_after);
    await thunderbird.see({ ...onPage('.group dd'), text: `証明書の期限：${day}` }, 60_000);
  });

  it('shows key, certificate, organisation, backup and diagnostics on one page', async () => {
    const { desktop } = first;
    for (const part of [HANAKO, '佐藤 花子 — 月見製作所', '鍵の控え：', 'に保存ずみ', 'tsukimi.example', 'SSMAXの削除', '控えのある鍵は、SSMAXを入れ直せば戻せます。']) await desktop.thunderbird.see({ ...onPage('main'), text: part });
    await desktop.click(onPage('#diagnose'));
    const { value } = await desktop.thunderbird.see(onPage('#report'), 60_000);
    for (const line of ['SSMAXの版 [plugin]: ', `${HANAKO} の鍵 [key]: works, no passphrase; certificate until `, '[trust]: in force', 'backup of ']) expect(value).toContain(line);
    for (const secret of [PASSPHRASE, '最初のメール', '届きましたか', '太郎']) expect(value).not.toContain(secret);
    await first.closeTab();
  });

  if (process.env.PICTURES !== undefined) it('is shown all windows in both languages, for the gallery', async () => {
    const known = { subject: '工程表', word: 'お送りします' };
    await takeTour(first, { to: [TARO, JIRO, 'mei@elsewhere.example'], subject: '見積書の件', body: 'お世話になっております。見積書を添付いたします。', label: '送信できない宛先', known }, (name) => picture(first, name));
    await takeTour(second, { to: [TARO, JIRO, 'mei@elsewhere.example'], subject: 'Quotation', body: 'Please find the quotation attached.', label: 'Cannot be sent', known }, (name) => picture(second, name));
  });

  it('cannot check without a connection, and does it by itself when that is back', async () => {
    const { thunderbird } = second.desktop;
    await verdict(second, '外からのお知らせ', 'outside');
    plugin.reachable = false;
    await thunderbird.marionette.run((chrome, id) => chrome.endBackground(id), ADDON_ID);
    await verdict(second, '工程表', 'cannot-check', 'It is checked again by itself');
    await isLabelled(second, 'Cannot check now');
    expect((await thunderbird.find(inPane('.body'))).map(({ text }) => text).join()).not.toContain('お送りします');
    plugin.reachable = true;
    await thunderbird.see({ ...inPane('.body'), text: '工程表をお送りします。' }, 60_000);
    expect((await thunderbird.see(inPane('.banner.verified'))).text).toContain('Hinode City Office confirmed the sender');
    await isLabelled(second, 'Confirmed by Hinode City Office');
  });

  it('loses the computer: on a new one an older add-on, its own code of then, makes keys for two addresses and reads and writes with them', async () => {
    await leave();
    await life.revoke(HANAKO, 'E1');
    plugin.software.files.set('ssmax.xpi', readFileSync(OLDER_ADDON));
    third = await plugin.open('third', HANAKO, '佐藤 花子', { locale: 'ja', dark: true, more: [{ email: JIRO, name: '佐藤 次郎' }], byPolicies: ['--addon', `${plugin.software.url}ssmax.xpi`] });
    running.push(third);
    const { desktop } = third;
    await desktop.thunderbird.see(onPage('#code'), 60_000);
    await enrolThird(HANAKO, 'E1');
    await desktop.click(onPage('.notice.verified + .buttons button:nth-child(2)'));
    await enrolThird(JIRO, 'E2');
    await desktop.click(onPage('.notice.verified + .buttons button'));
    await until(async () => (await desktop.thunderbird.find(onPage('main'))).length === 0, { what: 'the page to close' });
    await third.write({ to: [HANAKO], subject: '旧版から', body: ['旧版で書きました。'] });
    expect(await third.send(120_000)).toBeUndefined();
    await verdict(third, '旧版から', 'verified');
    await third.reading('旧版で書きました。');
    await verdict(third, '工程表', 'cannot-check', '鍵がありません');
  });

  async function enrolThird(address: string, reference: string): Promise<void> {
    const { desktop } = third;
    const { code } = await life.registry.newCode(address, reference);
    await until(async () => (await desktop.thunderbird.find(onPage('select#address'))).some(({ value }) => value === address), { what: `${address} to be offered` });
    await desktop.fill(onPage('#code'), code);
    await desktop.click(onPage('#enrol'));
    await desktop.thunderbird.see({ ...onPage('.notice.verified'), text: address }, 60_000);
  }

  it('keeps the keys of both accounts when that add-on is updated, and reads with each, old mail and new', async () => {
    const { thunderbird } = third.desktop;
    await publishNewer(world, plugin.software, '99.0.0');
    await updateAddons(thunderbird, ADDON_ID, '99.0.0', 'now');
    // A mail that is opened while an add-on is put in place has no line.
    await until(async () => {
      for (const subject of ['外からのお知らせ', '旧版から']) await third.select(subject);
      return (await thunderbird.find(inPane('.banner'))).length > 0;
    }, { what: 'the new version to be there', withinMs: 60_000 });
    await verdict(third, '旧版から', 'verified');
    // From that version on a newer one waits: nothing would seal what is sent while it is put in place. So it does where the add-on rests.
    await thunderbird.marionette.run((chrome, id) => chrome.endBackground(id), ADDON_ID);
    await publishNewer(world, plugin.software, '100.0.0');
    await updateAddons(thunderbird, ADDON_ID, '100.0.0', 'at the next start');
    expect(await versionOf(thunderbird, ADDON_ID)).toBe('99.0.0');
    await third.reading('旧版で書きました。');
    await post.send(TARO, { to: [{ address: HANAKO, displayName: '' }], subject: '花子宛て', text: '花子さんへ。' });
    await post.send(TARO, { to: [{ address: JIRO, displayName: '' }], subject: '次郎宛て', text: '次郎さんへ。' });
    await verdict(third, '花子宛て', 'verified');
    await third.reading('花子さんへ。');
    third.account = 1;
    await until(async () => await thunderbird.refresh('INBOX', 1) > 0, { what: 'the folders of the second account', withinMs: 60_000, everyMs: 200 });
    await verdict(third, '次郎宛て', 'verified');
    await third.reading('次郎さんへ。');
    third.account = 0;
  });

  it('opens mail to the lost key again once that is allowed', async () => {
    await verdict(third, '工程表', 'cannot-check', '以前の鍵で受け取ったメールです');
    expect((await third.desktop.thunderbird.see(inPane('.banner.cannot-check'))).text).toContain('組織の担当者が復元を許可すると');
    await life.open(HANAKO, 'E1');
    // A minute later.
    await third.desktop.thunderbird.marionette.run((chrome, id) => chrome.endBackground(id), ADDON_ID);
    await verdict(third, '外からのお知らせ', 'outside');
    expect(await verdict(third, '工程表', 'verified')).toContain('いまの鍵で読めるようにしました');
    await third.reading('工程表をお送りします。');
  });

  it('says that the organisation does not let the add-on be removed, and keeps it', async () => {
    const { desktop } = third;
    await desktop.thunderbird.marionette.run((chrome, id) => chrome.openAddonPage(id, 'options.html'), ADDON_ID);
    await desktop.click(onPage('#remove'));
    await desktop.seeDialog('SSMAX');
    await desktop.closeDialog();
    await desktop.thunderbird.see({ ...onPage('[role="alert"]'), text: '削除できません' });
    expect(await versionOf(desktop.thunderbird, ADDON_ID)).toBe('99.0.0');
  });
});
