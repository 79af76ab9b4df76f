/** From whom, when, and in how many parts a mail goes, in one Thunderbird with several accounts. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { SMTPServer } from 'smtp-server';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { writeBackup } from '../../extension/member/backup.ts';
import type { Correspondent } from '../../scripts/world/correspondent.ts';
import { World } from '../../scripts/world/process.ts';
import { until } from '../../scripts/world/wait.ts';
import { type Bytes, equal } from '../../src/core/bytes.ts';
import { parseSignedData } from '../../src/core/cms/signed-data.ts';
import { sealMail } from '../../src/flow/seal.ts';
import { buildInner, type InnerMail } from '../../src/mail/build.ts';
import { buildCarrier, findCarrier, mailBytes } from '../../src/mail/carrier.ts';
import { formatText } from '../../src/mail/header.ts';
import { parseMime } from '../../src/mail/mime.ts';
import { generateWebKey } from '../../src/platform/web.ts';
import { native } from '../flow/world.ts';
import { eventually } from '../eventually.ts';
import { allowOutside } from '../security/outside.ts';
import { closeBy, Composer, isAsBefore } from './composer.ts';
import { plainMail } from './mails.ts';
import { editor, inCompose, onPage } from './places.ts';
import { ADDON_ID, closeEnrolment, PATIENCE, type PluginWorld, startPluginWorld } from './plugin-world.ts';

const TARO = 'taro@hinode.example';
const YUKI = 'yuki@hinode.example';
const SOUMU = 'soumu@hinode.example';
const PRIVATE = 'taro@private.example';
const HANAKO = 'hanako@tsukimi.example';
const OUTSIDER = 'mei@elsewhere.example';
const CANARY = 'canary-7ad20e91';
const button = inCompose(`#${ADDON_ID.replace(/[^a-z0-9_-]/gi, '_')}-composeAction-toolbarbutton`);
const PASSPHRASE = '月夜に 三羽の 兎 はねた';
const WAITED = 6 * 86_400_000;

describe('a mail', { timeout: 600_000 }, () => {
  let world: World;
  let plugin: PluginWorld;
  let taro: Correspondent;
  let composer: Composer;
  /** What that server took. */
  const outside: string[] = [];
  const random = (length: number): Bytes => native.random(length);

  beforeAll(async () => {
    world = await World.open();
    plugin = await startPluginWorld(world);
    plugin.signedOnly = ['elsewhere.example'];
    allowOutside(plugin.hinode, plugin.signedOnly, new Date());
    await plugin.chain.addUser(plugin.tsukimi, HANAKO, '佐藤 花子');
    const { waiting, backup } = await longAgo();
    taro = await plugin.open('taro', TARO, '山田 太郎', {
      locale: 'ja', dark: false, managed: { riskCheck: false }, outbox: [waiting],
      identities: [{ email: SOUMU, name: '総務課' }],
      more: [{ email: YUKI, name: '住民窓口' }, { email: PRIVATE, name: '太郎', smtpPort: await startOutside() }],
    });
    composer = new Composer(plugin, taro, CANARY);
    const { desktop } = taro;
    // Two windows open at once; what is typed goes to the one that came last.
    await desktop.thunderbird.see({ ...onPage('main.dialog'), text: '休みの前に' }, 60_000);
    await desktop.click(onPage('#from-backup'));
    await desktop.click(onPage('#file'));
    await desktop.chooseFile(backup);
    await desktop.fill(onPage('#passphrase'), PASSPHRASE);
    await desktop.click(onPage('#import'));
    await desktop.thunderbird.see(onPage('.notice.verified'), 60_000);
    // The second address, by a code of its own.
    await desktop.click({ ...onPage('button'), text: '別のアドレス' });
    plugin.codes.set(YUKI, 'ABCD-1234');
    await desktop.choose(onPage('#address'), YUKI, 'y');
    await desktop.fill(onPage('#code'), 'ABCD-1234');
    await desktop.click(onPage('#enrol'));
    await desktop.thunderbird.see({ ...onPage('.notice.verified'), text: YUKI }, 60_000);
    await closeEnrolment(desktop);
  }, 600_000);

  afterAll(async () => {
    await taro.desktop.thunderbird.quit();
    await world.stop();
  });

  afterEach(() => composer.closeAll());

  /** A mail server that has nothing to do with SSMAX. */
  async function startOutside(): Promise<number> {
    const server = new SMTPServer({
      disabledCommands: ['STARTTLS'], allowInsecureAuth: true, socketTimeout: PATIENCE, onAuth: (auth, _, done) => done(null, { user: auth.username }),
      onData: (stream, _, done) => { void text(stream).then((mail) => { outside.push(mail); done(null); }, done); },
    });
    const port = await world.ports.take();
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', () => resolve()));
    world.closing(() => new Promise<void>((resolve) => server.close(() => resolve())));
    return port;
  }

  /** What Taro sealed before a holiday, on this computer's predecessor: the mail, and the copy of his key. */
  async function longAgo(): Promise<{ waiting: Bytes; backup: string }> {
    const { exportable } = await generateWebKey();
    const pkcs8 = new Uint8Array(await crypto.subtle.exportKey('pkcs8', exportable));
    const sender = await plugin.chain.addUser(plugin.hinode, TARO, '山田 太郎', false, pkcs8);
    const organisation = plugin.hinode.issuer.certificate;
    const date = new Date(Date.now() - WAITED);
    const inner: InnerMail = { from: { address: TARO, displayName: '山田 太郎' }, to: [{ address: HANAKO, displayName: '' }], subject: '休みの前に', date, text: `お待たせしました。${CANARY}`, attachments: [{ name: '表.txt', type: 'text/plain', bytes: new TextEncoder().encode(CANARY) }] };
    const { cms } = await sealMail(native, { entity: buildInner(inner, random), recipients: [HANAKO], hidden: [], sender, organisation, signingTime: date });
    const waiting = mailBytes(buildCarrier([
      ['From', `${formatText('山田 太郎', 'From')} <${TARO}>`], ['To', HANAKO], ['Subject', formatText(inner.subject, 'Subject')], ['Date', date.toUTCString()], ['Message-ID', '<long-ago@hinode.example>'],
    ], cms));
    const backup = join(world.directory('backup'), 'taro.p12');
    writeFileSync(backup, await writeBackup({ native }, { address: TARO, certificate: sender.certificate.der, organisation: organisation.der, enrolledAt: date, pair: { publicKey: new Uint8Array(0) } as never }, exportable, PASSPHRASE));
    return { waiting, backup };
  }

  /** Chooses the account in the list of senders of the window in front. */
  const sendAs = (address: string): Promise<void> => taro.desktop.thunderbird.marionette.run((chrome, wanted) => {
    const composing = chrome.windows().find(({ document }) => document.documentURI.includes('messengercompose')) as unknown as { document: Document; LoadIdentity(startup: boolean): void };
    const list = composing.document.querySelector('#msgIdentity') as unknown as { selectedItem: Element | null; querySelectorAll(selector: string): Iterable<Element> };
    list.selectedItem = [...list.querySelectorAll('menuitem')].find((item) => item.getAttribute('value')?.includes(wanted)) ?? null;
    composing.LoadIdentity(false);
  }, address);
  const label = (text: string): Promise<unknown> => taro.desktop.thunderbird.see({ ...button, text }, 60_000);
  /** Sends, is told why it does not go, and throws the mail away; no server has seen it. */
  const refused = async (why: string): Promise<void> => {
    const before = plugin.digests.length;
    await taro.pressSend();
    await taro.desktop.thunderbird.see({ ...onPage('main.dialog'), text: why }, 60_000);
    await closeBy(taro, '#close');
    await composer.ready();
    expect(plugin.digests).toHaveLength(before);
    expect((await taro.draft()).body).toContain(CANARY);
    await taro.discard();
  };
  /** Of all windows. */
  const recipients = async (): Promise<string[]> => (await taro.desktop.thunderbird.find(inCompose('mail-address-pill'))).map((pill) => pill.text.trim()).sort();
  /** Whose key signed it. */
  const signerOf = (mail: string): string | undefined => {
    const carrier = findCarrier(parseMime(new Uint8Array(Buffer.from(mail)), 'outer'));
    if (carrier.kind !== 'carrier') return undefined;
    const carried = parseSignedData(carrier.cms).certificates;
    return [...plugin.hinode.members].find(([, { certificates }]) => certificates.some((one) => carried.some((other) => equal(one, other))))?.[0];
  };

  it('that waited for more than five days is offered again when Thunderbird starts, and goes as it was, sealed anew', async () => {
    const { desktop } = taro;
    const page = await desktop.thunderbird.see({ ...onPage('main.dialog'), text: '休みの前に' }, 60_000);
    expect(page.text).toContain(HANAKO);
    await desktop.click(onPage('main.dialog li button'));
    await composer.windows(1);
    await composer.filled();
    await eventually('the mail as it was', async () => expect(await taro.draft()).toMatchObject({ subject: '休みの前に', recipients: [HANAKO], attachments: [expect.stringContaining('表.txt')] }));
    const sent = await composer.goes([HANAKO]);
    expect(signerOf(sent)).toBe(TARO);
    await composer.windows(0);
    await until(() => desktop.thunderbird.marionette.run((chrome) => chrome.outbox() === 0), { what: 'the old mail to be gone from the outbox' });
    await closeBy(taro, '#close');
  });

  it.each([
    ['the account that is first', undefined, TARO],
    ['another account', YUKI, YUKI],
  ])('is signed with the key of its sender: %s', async (_, chosen, signer) => {
    await taro.write({ to: [HANAKO], subject: '誰から', body: [CANARY] });
    if (chosen !== undefined) await sendAs(chosen);
    const sent = await composer.goes([HANAKO]);
    expect(sent).toMatch(new RegExp(`^From: .*<${signer}>`, 'm'));
    expect(signerOf(sent)).toBe(signer);
    await composer.windows(0);
  });

  it('of an address that is not enrolled does not go, and it is said so before and after', async () => {
    await taro.write({ to: [HANAKO], subject: '総務から', body: [CANARY] });
    await sendAs(SOUMU);
    await label('送信できません');
    await refused(`このパソコンには ${SOUMU} の鍵がありません`);
  });

  it('of an account outside SSMAX goes as any other program sends it', async () => {
    await taro.write({ to: [HANAKO], subject: '私用', body: ['私用です。'] });
    await sendAs(PRIVATE);
    await label('SSMAXなし');
    expect(await taro.send()).toBeUndefined();
    await until(() => outside.length === 1, { what: 'the mail at the other server' });
    expect(outside[0]).not.toContain('message.ssmax');
  });

  it('that quotes what was opened does not leave by an account outside', async () => {
    const reached = outside.length;
    await taro.select('誰から', 'sent');
    await taro.reading(CANARY);
    await composer.command('cmd_reply');
    await composer.windows(1);
    await composer.filled();
    await sendAs(PRIVATE);
    await label('SSMAXなし');
    await refused('保護されたメールを開いた内容が入っています');
    expect(outside).toHaveLength(reached);
  });

  it('redirected by an account outside does not leave as the mail of a member who is put in its place', async () => {
    await plugin.store(PRIVATE).append(Buffer.from(plainMail('Mei <mei@elsewhere.example>', PRIVATE, '元の話', `お願いします。${CANARY}`)));
    taro.account = 2;
    await taro.select('元の話');
    taro.account = 0;
    await composer.command('cmd_redirect');
    await composer.windows(1);
    await composer.filled();
    await label('SSMAXなし');
    await taro.continueWriting({ to: [HANAKO] });
    await sendAs(TARO);
    await label('保護：月見製作所');
    await refused('リダイレクトの画面を開いたあとで、差出人があなたに変えられました');
    // New mails are of the account whose folder is open.
    await taro.openFolder('inbox');
  });

  it('under another sender, typed in place of an address that is enrolled, does not reach any server', async () => {
    const { thunderbird } = taro.desktop;
    await taro.write({ to: [HANAKO], subject: '匿名', body: [CANARY] });
    await taro.desktop.activate(editor);
    await thunderbird.marionette.run((chrome) => {
      // The menu's "Customize From Address…", its warning read before.
      const composing = chrome.windows().find(({ document }) => document.documentURI.includes('messengercompose')) as unknown as { MakeFromFieldEditable(warned: boolean): void };
      composing.MakeFromFieldEditable(true);
    });
    await taro.desktop.keys('ctrl+a');
    await taro.desktop.paste('somebody@elsewhere.example');
    await label('送信できません');
    await taro.desktop.click(button);
    await thunderbird.see({ ...onPage('.popup'), text: `差出人を ${TARO} に戻してください` });
    await taro.closePopup();
    await refused('差出人に入力された somebody@elsewhere.example は');
  });

  it('made from a template, kept by Thunderbird’s own menu, leaves sealed', async () => {
    await taro.write({ subject: '週報', body: [`今週の報告です。${CANARY}`] });
    await composer.composeCommand('cmd_saveAsTemplate');
    await until(async () => (await plugin.store(TARO).list('Templates').catch(() => [])).length === 1, { what: 'the template', withinMs: 60_000 });
    await taro.discard();
    await taro.select('週報', 'templates');
    await composer.command('cmd_newMsgFromTemplate');
    await composer.windows(1);
    await composer.filled();
    await taro.continueWriting({ to: [HANAKO] });
    expect(signerOf(await composer.goes([HANAKO]))).toBe(TARO);
    await composer.windows(0);
    // A template is meant to be used again.
    expect(await plugin.store(TARO).list('Templates')).toHaveLength(1);
  });

  it('to inside and outside is parted by one click, and each part goes as it can', async () => {
    const { thunderbird } = taro.desktop;
    await taro.write({ to: [HANAKO, OUTSIDER], subject: '両方へ', body: [CANARY] });
    const before = plugin.submitted.length;
    await taro.pressSend();
    await taro.desktop.click(onPage('#split'));
    await composer.windows(2);
    await until(async () => (await recipients()).join() === [HANAKO, OUTSIDER].sort().join(), { what: 'each recipient in a window of his own' });
    expect(plugin.submitted).toHaveLength(before);
    // The one in front goes first, whichever it is; nothing of what goes outside is encrypted, and that is asked.
    for (const left of [1, 0]) {
      await taro.pressSend();
      const asked = await until(
        async () => ((await thunderbird.find(onPage('.checks input'))).length > 0 ? 'asked' : (await thunderbird.find(editor)).length === left && 'gone'),
        { what: 'the mail in front to go, or the question', withinMs: 120_000 },
      );
      if (asked === 'asked') {
        await taro.desktop.click(onPage('.checks input'));
        await until(async () => (await thunderbird.find(onPage('#send')))[0]?.disabled === false, { what: 'the way to be open' });
        await taro.desktop.click(onPage('#send'));
      }
      await composer.windows(left);
    }
    const [inside, outside] = [HANAKO, OUTSIDER].map((to) => plugin.submitted.slice(before).find((one) => one.recipients.join() === to)?.raw.toString() ?? '');
    expect(inside).not.toContain(CANARY);
    expect(inside).not.toContain(OUTSIDER);
    expect(signerOf(inside ?? '')).toBe(TARO);
    expect(outside).not.toContain(HANAKO);
    expect(signerOf(outside ?? '')).toBe(TARO);
  });

  it('waits as long as was chosen: taken back it is as it was, left alone it goes', async () => {
    const { thunderbird } = taro.desktop;
    const delay = async (seconds: string, ...keys: readonly string[]): Promise<void> => {
      await thunderbird.marionette.run((chrome, id) => chrome.openAddonPage(id, 'options.html'), ADDON_ID);
      await taro.desktop.choose(onPage('#delay'), seconds, ...keys);
      await taro.closeTab();
    };
    // Long enough to be taken back whatever the machine does meanwhile.
    await delay('60', 'End');
    await taro.write({ to: [HANAKO], subject: '待って', body: [CANARY] });
    const before = await taro.draft();
    const digests = plugin.digests.length;
    await taro.pressSend();
    await thunderbird.see({ ...onPage('main.dialog'), text: '秒後に送信します' }, 60_000);
    await closeBy(taro, '#back');
    await isAsBefore(taro, before);
    expect(plugin.digests).toHaveLength(digests);
    await composer.ready();
    await delay('5', 'Home', 'Down');
    await composer.goes([HANAKO]);
    await composer.windows(0);
    await delay('0', 'Home');
  });

  it('written offline is sealed by what is known, waits, and goes when there is a connection', async () => {
    const { thunderbird } = taro.desktop;
    await thunderbird.marionette.run((chrome) => {
      // Going online sends what waits, unasked; going offline fetches nothing.
      chrome.setPref('offline.send.unsent_messages', 1);
      chrome.setPref('offline.download.download_messages', 2);
    });
    const toggle = (): Promise<void> => thunderbird.marionette.run((chrome) => { (chrome.mainWindow() as unknown as { MailOfflineMgr: { toggleOfflineStatus(): void } }).MailOfflineMgr.toggleOfflineStatus(); });
    const waiting = await thunderbird.marionette.run((chrome) => chrome.outbox());
    await toggle();
    plugin.reachable = false;
    // Nothing is left in memory of what was fetched a moment ago.
    await thunderbird.marionette.run((chrome, id) => chrome.endBackground(id), ADDON_ID);
    const before = plugin.submitted.length;
    await taro.write({ to: [HANAKO], subject: '車中から', body: [CANARY] });
    await label('保護：月見製作所');
    expect(await taro.send()).toBeUndefined();
    await composer.windows(0);
    await until(() => thunderbird.marionette.run((chrome) => chrome.outbox()).then((there) => there === waiting + 1), { what: 'the mail in the outbox' });
    expect(plugin.submitted).toHaveLength(before);
    plugin.reachable = true;
    await toggle();
    expect(signerOf(await composer.went(before, [HANAKO]))).toBe(TARO);
  });
});
