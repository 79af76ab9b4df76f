/** The plugin in a real Thunderbird, where the demo's story does not lead: errors, hostile mail, other ways to read and write. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Correspondent } from '../../scripts/world/correspondent.ts';
import type { Place } from '../../scripts/world/chrome-side.ts';
import { pages } from '../../scripts/world/desktop.ts';
import { World } from '../../scripts/world/process.ts';
import { until } from '../../scripts/world/wait.ts';
import { findCarrier } from '../../src/mail/carrier.ts';
import { parseMime } from '../../src/mail/mime.ts';
import { MODES } from '../../src/wire/leg.ts';
import { closeAll, closeBy, isAsBefore, isLabelled } from './composer.ts';
import { Post } from './mails.ts';
import { inPane, onPage } from './places.ts';
import { ADDON_ID, closeEnrolment, enrol, type PluginWorld, startPluginWorld } from './plugin-world.ts';
import { spoken } from './spoken.ts';

const TARO = 'taro@hinode.example';
const HANAKO = 'hanako@tsukimi.example';
const JIRO = 'jiro@tsukimi.example';
const YUKI = 'yuki@hinode.example';
const PASSPHRASE = '月夜に 三羽の 兎 はねた';
const DAY = 86_400_000;

const button: Place = { page: pages.compose, selector: `#${ADDON_ID.replace(/[^a-z0-9_-]/gi, '_')}-composeAction-toolbarbutton` };

describe('the plugin in Thunderbird', { timeout: 600_000 }, () => {
  let world: World;
  let plugin: PluginWorld;
  let taro: Correspondent;
  let hanako: Correspondent;
  let yuki: Correspondent;
  let post: Post;
  let files: string;

  beforeAll(async () => {
    world = await World.open();
    files = world.directory('files');
    plugin = await startPluginWorld(world);
    plugin.modes = MODES;
    post = new Post(plugin);
    await post.addSender(JIRO, '佐藤 次郎');
    [taro, hanako, yuki] = await Promise.all([
      plugin.open('taro', TARO, '山田 太郎', { locale: 'ja', dark: false, plainText: true }),
      plugin.open('hanako', HANAKO, '佐藤 花子', { locale: 'en-US', dark: true }),
      plugin.open('yuki', YUKI, '鈴木 雪', { locale: 'ja', dark: false, byPolicies: ['--set', 'lockKeys=true', '--set', 'lockAfter=1'], settings: { enrolmentCode: 'EFGH-5678' } }),
    ]);
  }, 300_000);

  afterAll(async () => {
    await Promise.all([taro, hanako, yuki].map((one) => one.desktop.thunderbird.quit()));
    await world.stop();
  });

  // Not Yuki's: her notice stays from one test to the next.
  afterEach(() => closeAll(plugin, taro, hanako));

  /** What the banner in the message pane says, once it is of this state and says this: what cannot be checked may be so for another reason first. */
  async function verdict(person: Correspondent, state: string, containing = ''): Promise<string> {
    return (await person.desktop.thunderbird.see({ ...inPane(`.banner.${state}`), text: containing }, 60_000)).text;
  }

  it('tells a wrong code in the language of the member, and enrols with the right one', async () => {
    for (const [person, address, sentence] of [[taro, TARO, '登録できませんでした'], [hanako, HANAKO, 'Not enrolled']] as const) {
      const { desktop } = person;
      await desktop.fill(onPage('#code'), 'WRONG');
      await desktop.click(onPage('#enrol'));
      await desktop.thunderbird.see({ ...onPage('.notice.problem'), text: sentence });
      await enrol(plugin, person, address);
    }
  });

  /** Yuki reads a mail from Jiro, and is asked for her passphrase before. */
  async function unlocks(subject: string): Promise<void> {
    await post.send(JIRO, { to: [{ address: YUKI, displayName: '' }], subject, text: 'ご確認ください。' });
    await yuki.select(subject);
    const { desktop } = yuki;
    await verdict(yuki, 'cannot-check', '合い言葉で保護されています');
    await desktop.click(inPane('.banner button'));
    await desktop.fill(onPage('#passphrase'), PASSPHRASE);
    await desktop.keys('Return');
    await desktop.thunderbird.see(inPane('.banner.verified'), 60_000);
  }

  async function setsPassphrase(): Promise<void> {
    const { desktop } = yuki;
    await desktop.thunderbird.see(onPage('#lock-passphrase'), 60_000);
    await desktop.fill(onPage('#lock-passphrase'), PASSPHRASE);
    await desktop.fill(onPage('#lock-again'), PASSPHRASE);
    await desktop.click(onPage('#lock'));
    await desktop.thunderbird.see(onPage('.notice.verified'), 60_000);
    await closeEnrolment(desktop);
  }

  /** When yuki's key was used last, milliseconds since 1970. */
  let used: number;

  it('is enrolled by one click where policy gives the code, sets the passphrase that policy demands, and hears that the certificate is not renewed', async () => {
    const { desktop } = yuki;
    const { validity } = plugin;
    plugin.validity = () => ({ notBefore: new Date(Date.now() - 100 * DAY), notAfter: new Date(Date.now() + 5 * DAY) });
    plugin.codes.set(YUKI, 'EFGH-5678');
    await desktop.thunderbird.see({ ...onPage('form'), text: '登録コードは組織が設定ずみです' });
    expect(await desktop.thunderbird.find(onPage('#code, #lock-key'))).toEqual([]);
    await desktop.click(onPage('#enrol'));
    await setsPassphrase();
    plugin.validity = validity;
    await unlocks('一通目');
    used = Date.now();
    const notice = await desktop.thunderbird.see({ ...onPage('[role="alert"]'), text: YUKI }, 60_000);
    expect(notice.text).toContain('このアドレスから送信できなくなります');
  });

  it('does not send to a mix of inside and outside, and leaves all as it was', async () => {
    writeFileSync(join(files, '資料.txt'), '資料\n');
    await taro.write({ to: [HANAKO, 'x@elsewhere.example'], subject: '混在', body: ['本文'], attachments: [join(files, '資料.txt')] });
    const before = await taro.draft();
    await taro.pressSend();
    await taro.desktop.thunderbird.see({ ...onPage('main.dialog'), text: 'x@elsewhere.example' });
    await closeBy(taro, '#close');
    await isAsBefore(taro, before);
    expect(plugin.submitted).toHaveLength(0);
    await taro.discard();
  });

  it('carries plain text; a typed address becomes a link; it is read in a tab too', async () => {
    await taro.write({ to: [HANAKO], subject: '一つ目', body: ['次を見てください。https://example.com/x'], attachments: [join(files, '資料.txt')] });
    expect(await taro.send()).toBeUndefined();
    await hanako.openInTab('一つ目');
    expect(await verdict(hanako, 'verified')).toContain('Hinode City Office confirmed the sender');
    expect((await hanako.desktop.thunderbird.see(inPane('.body a'))).text).toBe('https://example.com/x');
    await isLabelled(hanako, 'Confirmed by Hinode City Office');
  });

  it('shows an attachment', async () => {
    await hanako.desktop.click(inPane('.files button.open'));
    await hanako.desktop.thunderbird.see({ ...onPage('.viewer pre'), text: '資料' });
    await hanako.desktop.closeWindow(onPage('.viewer'));
  });

  it('forwards the opened content with its attachments, sealed anew', async () => {
    await hanako.desktop.activate({ page: pages.main, selector: '#tabmail' });
    await hanako.desktop.keys('ctrl+l');
    const draft = await until(async () => {
      const now = await hanako.draft().catch(() => undefined);
      return now?.attachments.some((name) => name.includes('資料.txt')) === true && now.body.includes('次を見てください。') ? now : undefined;
    }, { what: 'the forwarded mail', withinMs: 60_000 });
    expect(draft.attachments).toHaveLength(1);
    expect(draft.body).not.toContain('message is protected');
    await hanako.discard();
    await hanako.closeTab();
  });

  it('offers enrolment for an address that comes later, at once, and on the page that is open then', async () => {
    const { thunderbird } = hanako.desktop;
    const offered = async (address: string): Promise<void> => {
      await thunderbird.marionette.run((chrome, email) => chrome.addAddress(email), address);
      await thunderbird.see({ ...onPage('select#address'), text: address }, 60_000);
    };
    await offered(JIRO);
    await until(async () => (await thunderbird.find(onPage('select#address')))[0]?.value === JIRO, { what: 'the new address to be chosen' });
    await offered('desk@tsukimi.example');
    expect((await thunderbird.find(onPage('select#address'))).map(({ value }) => value)).toEqual([JIRO]);
    await hanako.closeTab();
  });

  it('opens none of several selected mails', async () => {
    await taro.write({ to: [HANAKO], subject: '二つ目', body: ['秘密の本文'] });
    expect(await taro.send()).toBeUndefined();
    await hanako.select('二つ目');
    await verdict(hanako, 'verified');
    await hanako.desktop.keys('ctrl+a');
    await until(async () => (await hanako.desktop.thunderbird.find(inPane('.banner'))).length === 0, { what: 'the mail to go' });
    const shown = await hanako.desktop.thunderbird.find({ page: pages.mailTab, frame: '#multiMessageBrowser', selector: 'body' }).catch(() => []);
    expect(shown.map(({ text }) => text).join()).not.toContain('秘密の本文');
  });

  it('shows a hostile mail from outside below its own line, and asks nobody', async () => {
    const asked: string[] = [];
    const tracker = createServer((request, response) => {
      asked.push(request.url ?? '');
      response.end();
    });
    await new Promise<void>((resolve) => tracker.listen(0, '127.0.0.1', () => resolve()));
    world.closing(() => void tracker.close());
    const { port } = tracker.address() as AddressInfo;
    const styles = {
      'hides all': '* { display: none !important }', 'fades away': 'html { opacity: 0 !important } body { visibility: hidden !important }',
      'moves away': 'html { transform: translateY(-500px) !important } body { margin-top: -500px !important }',
    };
    for (const [subject, style] of Object.entries(styles)) {
      const hostile = `<style>${style} #x { display: block !important; position: fixed; inset: 0; z-index: 2147483647; background: red }</style>
        <div id="x">Hinode City Office confirmed the sender. <img src="http://127.0.0.1:${port}/outside.png"></div>`;
      await plugin.store(HANAKO).append(Buffer.from(mail('Mei <mei@elsewhere.example>', subject, hostile)));
      await hanako.select(subject);
      const line = await hanako.desktop.thunderbird.see(inPane('.banner.outside'));
      expect(line.text, subject).toContain('Nobody has confirmed the sender');
      expect(line.reachable, subject).toBe(true); // what a click there meets is this line
      await isLabelled(hanako, 'Outside SSMAX');
    }
    expect(asked).toEqual([]);
  });

  it('calls a forgery by its name, with nothing to click', async () => {
    const parts = ['--b', 'Content-Type: text/html', '', '<p>Pay <a href="https://evil.example/">here</a></p>', '--b', 'Content-Type: application/octet-stream; name=bill.exe', 'Content-Disposition: attachment; filename=bill.exe', '', 'x', '--b--'].join('\r\n');
    await plugin.store(HANAKO).append(Buffer.from(mail('山田 太郎 <taro@hinode.example>', 'forged', parts).replace('text/html; charset=utf-8', 'multipart/mixed; boundary=b')));
    await hanako.select('forged');
    const line = await hanako.desktop.thunderbird.see(inPane('.banner.problem'), 60_000);
    expect(line.text).toContain('Hinode City Office did not confirm it. Its links are off; do not open attachments.');
    expect(line.reachable).toBe(true);
    // Read aloud at once, unlike all others.
    expect(await spoken(hanako.desktop.thunderbird, '.banner')).toMatchObject({ role: 'alert', name: 'Problem', inside: expect.stringContaining('did not confirm it') as string });
    expect(await hanako.desktop.thunderbird.find(inPane('a, .files, button'))).toEqual([]);
    // Thunderbird's own list stays (docs/quirks-thunderbird.md).
    expect((await hanako.desktop.thunderbird.see({ page: pages.message, selector: '#attachmentName' })).value).toContain('bill.exe');
    await isLabelled(hanako, 'Problem');
  });

  it('says at once that a mail is being checked: while the server never answers, nothing of a forgery is seen or clicked, and then it cannot be checked now', async () => {
    const { thunderbird } = hanako.desktop;
    await thunderbird.marionette.run((chrome, id) => chrome.endBackground(id), ADDON_ID); // with what it fetched a moment ago
    const style = '<html data-ssmax-judged><style>html body p#x#x { visibility: visible !important; display: block !important; position: fixed; inset: 0; z-index: 2147483647 }</style>';
    await plugin.store(HANAKO).append(Buffer.from(mail('山田 太郎 <taro@hinode.example>', 'unchecked', `${style}<p id="x">Pay <a href="https://evil.example/">here</a></p>`)));
    plugin.silent(true);
    try {
      await hanako.select('unchecked');
      const line = await thunderbird.see(inPane('.checking'), 30_000);
      expect([line.text.trim(), line.reachable]).toEqual(['Checking the sender.', true]);
      expect((await thunderbird.find(inPane('a'))).filter(({ reachable }) => reachable)).toEqual([]);
      await isLabelled(hanako, 'Checking');
    } finally {
      plugin.reachable = false;
      plugin.silent(false);
    }
    await verdict(hanako, 'cannot-check', 'Its links stay off until it can be checked.');
    expect(await thunderbird.find(inPane('[href], [role=link]'))).toEqual([]);
    plugin.reachable = true;
    await hanako.select('forged');
    await hanako.select('unchecked');
    expect(await verdict(hanako, 'problem')).toContain('Hinode City Office did not confirm it');
  });

  it('says that a mail is not for this reader, and notes a second delivery of one that is', async () => {
    const store = plugin.store(HANAKO);
    const [first] = await store.list();
    const raw = Buffer.from(first?.raw ?? []).toString('latin1');
    await store.append(Buffer.from(`Received: from again\r\n${raw.replace(/^Subject:.*$/m, 'Subject: again')}`, 'latin1'));
    await hanako.select('again');
    expect(await verdict(hanako, 'verified')).toContain('You already received this same mail');
    await plugin.store(TARO).append(Buffer.from(raw.replace(/^Subject:.*$/m, 'Subject: stray'), 'latin1'));
    await taro.select('stray');
    expect(await verdict(taro, 'problem')).toContain('あなた宛てに送られたものではありません');
  });

  it('gives text and attachment back after a refusal, with the reason, and sends the same bytes again', async () => {
    plugin.refuseNext = 'keyword';
    await taro.write({ to: [HANAKO], subject: '社外秘', body: ['これは社外秘です。'], attachments: [join(files, '資料.txt')] });
    const before = await taro.draft();
    expect((await taro.send())?.text).toContain('SSMAX-keyword');
    await taro.desktop.closeDialog();
    await taro.desktop.thunderbird.see({ ...onPage('main.dialog'), text: '組織の外に出してはならない言葉' }, 60_000);
    await closeBy(taro, '#close');
    await isAsBefore(taro, before);
    expect(await taro.send()).toBeUndefined();
    expect(plugin.digests.at(-1)).toBe(plugin.digests.at(-2));
  });

  it('answers the sealed sender, quoting what was sealed', async () => {
    await hanako.select('社外秘');
    await verdict(hanako, 'verified');
    await hanako.reply({ body: ['承知しました。'] });
    const draft = await until(async () => {
      const now = await hanako.draft();
      return now.body.includes('これは社外秘です。') ? now : undefined;
    }, { what: 'the quotation' });
    expect(draft.body).toContain('承知しました。');
    expect(draft.recipients).toEqual(['山田 太郎 <taro@hinode.example>']);
    expect(await hanako.send()).toBeUndefined();
    await taro.select('Re: 社外秘');
    expect(await verdict(taro, 'verified')).toContain('佐藤 花子');
  });

  it('is told what of a mail could be read on its way: with its attachments alone protected, or signed only, as chosen by keyboard', async () => {
    const { thunderbird } = taro.desktop;
    for (const { subject, key, mode } of [{ subject: '別紙のとおり', key: 'Down', mode: 'attachments-only' }, { subject: '掲示', key: 'Up', mode: 'sign-only' }]) {
      await taro.write({ to: [HANAKO], subject, body: ['だれが読んでもよい文です。'], attachments: [join(files, '資料.txt')] });
      await taro.desktop.click(button);
      await thunderbird.see(onPage('.popup .modes'));
      // Popups take no keys before they are clicked (docs/quirks-thunderbird.md). From the first, "up" leads to the last.
      await taro.desktop.click(onPage('.modes input[value="protect-all"]'));
      await taro.desktop.keys(key);
      await until(async () => (await thunderbird.find(onPage('.modes input:checked')))[0]?.value === mode, { what: `${mode} to be chosen` });
      await taro.closePopup();
      expect(await taro.send()).toBeUndefined();
      const carrier = findCarrier(parseMime(new Uint8Array(plugin.submitted.at(-1)?.raw ?? []), 'outer'));
      const carried = Buffer.from(carrier.kind === 'carrier' ? carrier.cms : []);
      const readable = [Buffer.from('資料\n'), Buffer.from(Buffer.from('資料\n').toString('base64'))].some((form) => carried.includes(form));
      expect(readable).toBe(mode === 'sign-only');
      await hanako.select(subject);
      const line = await verdict(hanako, 'verified');
      expect(line).toContain('Hinode City Office confirmed the sender');
      expect(line).toContain('Subject and text of this mail were signed, but not encrypted on the way.');
      await hanako.reading('だれが読んでもよい文です。');
      expect((await hanako.desktop.thunderbird.see(inPane('.files'))).text).toContain('資料.txt');
    }
  });

  it('offers the same way again for the same person, and asks before it is taken; to somebody else all is protected', async () => {
    const { thunderbird } = taro.desktop;
    await taro.write({ to: [JIRO], subject: '別の方へ', body: ['本文'] });
    await thunderbird.see({ ...button, text: '保護：月見製作所' }, 60_000);
    await taro.discard();
    await taro.write({ to: [HANAKO], subject: '掲示の続き', body: ['本文'] });
    await thunderbird.see({ ...button, text: '署名だけ：月見製作所' }, 60_000);
    const before = plugin.digests.length;
    await taro.pressSend();
    await thunderbird.see({ ...onPage('main.dialog'), text: '前回、この宛先に選んだ送り方です' }, 60_000);
    expect((await thunderbird.see(onPage('#send'))).disabled).toBe(true);
    await closeBy(taro, '#back');
    expect(plugin.digests).toHaveLength(before);
    await taro.discard();
  });

  it('sends nothing that is taken back while it is being sealed, and leaves the window as it was', async () => {
    const { thunderbird } = taro.desktop;
    await thunderbird.marionette.run((chrome, id) => chrome.endBackground(id), ADDON_ID); // with what it fetched a moment ago
    const before = plugin.digests.length;
    plugin.silent(true);
    try {
      await taro.write({ to: [JIRO, HANAKO], subject: '取り消し', body: ['やめておきます。'], attachments: [join(files, '資料.txt')] });
      const draft = await taro.draft();
      await taro.pressSend();
      await thunderbird.see({ ...onPage('main.dialog'), text: 'メールを保護しています' }, 60_000);
      await closeBy(taro, '#back');
      await isAsBefore(taro, draft);
    } finally {
      plugin.silent(false);
    }
    // What the server answers now is not used any more: the window stays, and can be sent once more.
    await thunderbird.see({ ...button, text: '保護：月見製作所' }, 60_000);
    expect(plugin.digests).toHaveLength(before);
    await taro.discard();
  });

  it('is asked for the passphrase again after the minute that policy says; the notice goes once the address is enrolled again', async () => {
    const { desktop } = yuki;
    await until(() => Date.now() - used > 61_000, { what: 'the minute to pass', withinMs: 90_000, everyMs: 500 });
    await unlocks('二通目');
    await desktop.thunderbird.see(onPage('[role="alert"]'), 60_000);
    plugin.codes.set(YUKI, 'JKLM-9012');
    await desktop.thunderbird.marionette.run((chrome, id) => chrome.openAddonPage(id, 'enrolment.html'), ADDON_ID);
    await desktop.fill(onPage('#code'), 'JKLM-9012');
    await desktop.click(onPage('#enrol'));
    await setsPassphrase();
    await until(async () => (await desktop.thunderbird.find(onPage('[role="alert"]'))).length === 0, { what: 'the notice to go', withinMs: 60_000 });
  });
});

function mail(from: string, subject: string, html: string): string {
  return [`From: ${from}`, `To: ${HANAKO}`, `Subject: ${subject}`, `Date: ${new Date().toUTCString()}`, 'MIME-Version: 1.0',
    'Content-Type: text/html; charset=utf-8', '', html, ''].join('\r\n');
}
