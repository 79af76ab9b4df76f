/** Reading in a real Thunderbird, and what a reader can do with a mail: report it, pass it on unopened. One reader; the others are test/e2e/mails.ts. */
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { extractText, getDocumentProxy } from 'unpdf';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Place } from '../../scripts/world/chrome-side.ts';
import type { Correspondent } from '../../scripts/world/correspondent.ts';
import { pages } from '../../scripts/world/desktop.ts';
import { World } from '../../scripts/world/process.ts';
import { until } from '../../scripts/world/wait.ts';
import { contentOf } from '../../extension/member/reading-content.ts';
import { type Bytes, utf8 } from '../../src/core/bytes.ts';
import { judgeMail } from '../../src/flow/open.ts';
import { readContent } from '../../src/mail/content.ts';
import { formatText } from '../../src/mail/header.ts';
import { parseMime } from '../../src/mail/mime.ts';
import { native } from '../flow/world.ts';
import { coveredTargetIsShown, hiddenTargetIsShown, ordinaryLinksOpen } from './followed-links.ts';
import { legibleInTheDark } from './coloured-mail.ts';
import { closeAll, closeBy, Composer, isLabelled } from './composer.ts';
import { closedVectors, openVectors, splitHtml, type Traps } from './hostile-html.ts';
import { lineStays } from './hostile-outside.ts';
import { INVITATION, japaneseMail } from './japanese-mail.ts';
import { Post } from './mails.ts';
import { takePictures } from './pictures.ts';
import { inPane, onPage } from './places.ts';
import { takeReadingTour } from './tour.ts';
import { ADDON_ID, enrol, type PluginWorld, startPluginWorld } from './plugin-world.ts';

const HANAKO = 'hanako@tsukimi.example';
const JIRO = 'jiro@tsukimi.example';
const TARO = 'taro@hinode.example';
const YUKI = 'yuki@hinode.example';
const PASSPHRASE = '月夜に 三羽の 兎 はねた';
const TO_HANAKO = [{ address: HANAKO, displayName: '佐藤 花子' }];


describe('reading', { timeout: 600_000 }, () => {
  let world: World;
  let plugin: PluginWorld;
  let post: Post;
  let hanako: Correspondent;

  beforeAll(async () => {
    world = await World.open();
    plugin = await startPluginWorld(world);
    post = new Post(plugin);
    await post.addSender(TARO, '山田 太郎');
    await post.addSender(JIRO, '佐藤 次郎');
    await post.addSender(YUKI, '鈴木 雪');
    hanako = await plugin.open('hanako', HANAKO, '佐藤 花子', { locale: 'ja', dark: false });
    // On a shared computer: the key rests under a passphrase.
    await enrol(plugin, hanako, HANAKO, PASSPHRASE);
  }, 240_000);

  afterAll(async () => {
    await hanako.desktop.thunderbird.quit();
    await world.stop();
  });

  afterEach(() => closeAll(plugin, hanako));

  /** For the gallery, where it is asked for. */
  const picture = (name: string): Promise<void> => takePictures(hanako, 'ja', 'light', name);

  const verdict = async (state: string, containing = ''): Promise<string> => (await hanako.desktop.thunderbird.see({ ...inPane(`.banner.${state}`), text: containing }, 60_000)).text;

  const givePassphrase = async (): Promise<void> => {
    await hanako.desktop.fill(onPage('#passphrase'), PASSPHRASE);
    await hanako.desktop.keys('Return');
    await until(async () => (await hanako.desktop.thunderbird.find(onPage('#passphrase'))).length === 0, { what: 'the key to open', withinMs: 60_000 });
  };

  it('asks for the passphrase of a locked key when a mail is opened, and then shows that mail', async () => {
    await post.send(TARO, { to: TO_HANAKO, subject: '鍵の確認', text: '鍵が要ります。' });
    await hanako.select('鍵の確認');
    await verdict('cannot-check', '合い言葉で保護されています');
    await picture('pane-locked');
    await hanako.desktop.click(inPane('.banner button'));
    await givePassphrase();
    expect(await verdict('verified')).toContain('この組織から届いた最初のメールです。');
    await hanako.desktop.thunderbird.see({ ...inPane('.body'), text: '鍵が要ります。' });
  });

  it('asks when a mail is sent, and then sends it', async () => {
    // As after a quarter of an hour without use: the open key is in the event page's memory alone.
    await hanako.desktop.thunderbird.marionette.run((chrome, id) => chrome.endBackground(id), ADDON_ID);
    await hanako.write({ to: [TARO], subject: '閉じた鍵', body: ['送れますか。'] });
    await hanako.pressSend();
    await hanako.desktop.thunderbird.see(onPage('#passphrase'), 60_000);
    expect(plugin.submitted).toHaveLength(0);
    await givePassphrase();
    await until(async () => (await hanako.desktop.thunderbird.find({ page: pages.compose, selector: '#messageEditor' })).length === 0, { what: 'the mail to go', withinMs: 60_000 });
    expect(plugin.submitted).toHaveLength(1);
  });

  it('reports a mail as malicious after one sentence of what happens next; a second time it says so', async () => {
    await post.send(TARO, { to: TO_HANAKO, subject: '至急ご確認ください' });
    await hanako.select('至急ご確認ください');
    await verdict('verified');
    for (const said of ['報告しました', 'すでに報告しています']) {
      await hanako.openHeaderPopup(ADDON_ID, '悪意のあるメール');
      await hanako.desktop.click(onPage('#report'));
      await hanako.desktop.thunderbird.see({ ...onPage('.report'), text: 'あなたの組織の担当者に届き' });
      await hanako.desktop.click(onPage('#send-report'));
      await hanako.desktop.thunderbird.see({ ...onPage('#reported'), text: said }, 60_000);
      await hanako.closePopup();
    }
    expect(plugin.reports).toHaveLength(1);
  });

  it('passes a sealed mail on unopened, in a compose window, with its attachments; both names reach the reader', async () => {
    const attachments = [{ name: '内訳.txt', type: 'text/plain', bytes: utf8('内訳') }];
    await post.send(TARO, { to: TO_HANAKO, subject: '見積書', text: '金額は内訳のとおりです。', attachments });
    await hanako.select('見積書');
    expect(await verdict('verified')).not.toContain('最初のメール');
    await hanako.openHeaderPopup(ADDON_ID, '開かずに転送する');
    await hanako.desktop.click(onPage('#forward'));
    await hanako.desktop.thunderbird.see({ ...onPage('.forward'), text: '暗号化されません' });
    await hanako.desktop.click(onPage('#write-forward'));
    await hanako.desktop.thunderbird.see({ page: pages.compose, selector: '#attachmentBucket > *', text: '開かずに転送' }, 60_000);
    await new Composer(plugin, hanako, '').ready();
    await hanako.continueWriting({ to: [YUKI], body: ['ご参考まで。'] });
    expect(await hanako.send()).toBeUndefined();
    const [received] = await plugin.store(YUKI).waitFor(1);
    const judgement = await judgeMail(new Uint8Array(received?.raw ?? []), {
      native, credentials: [plugin.hinode.users.get(YUKI)].filter((one) => one !== undefined), addresses: [YUKI], trust: await plugin.chain.trust(), now: new Date(),
    });
    expect(judgement).toMatchObject({ state: 'verified', sender: { address: HANAKO }, forwarded: [{ writer: { address: TARO }, headers: { subject: '見積書' } }] });
    const { files, content } = contentOf(judgement);
    expect(files.map(({ name }) => name)).toEqual(['内訳.txt']);
    expect(content?.text ?? content?.html).toContain('ご参考まで');
  });

  it('passes on the one of two sealed attachments that was chosen', async () => {
    const attachments = ['図面一.txt', '図面二.txt'].map((name) => ({ name, type: 'text/plain', bytes: utf8(name) }));
    await post.send(TARO, { to: TO_HANAKO, mode: 'attachments-only', subject: '図面', text: '二つお送りします。', attachments });
    await hanako.select('図面');
    await verdict('verified');
    await hanako.openHeaderPopup(ADDON_ID, '開かずに転送する');
    await hanako.desktop.click(onPage('#forward'));
    expect((await hanako.desktop.thunderbird.see(onPage('.forward fieldset'))).text).toContain('図面一.txt');
    await hanako.desktop.click(onPage('.forward input[name=part0]'));
    await hanako.desktop.click(onPage('#write-forward'));
    await hanako.desktop.thunderbird.see({ page: pages.compose, selector: '#attachmentBucket > *', text: '開かずに転送' }, 60_000);
    await new Composer(plugin, hanako, '').ready();
    await hanako.continueWriting({ to: [YUKI], body: ['二枚目だけです。'] });
    expect(await hanako.send()).toBeUndefined();
    const received = (await plugin.store(YUKI).waitFor(2)).at(-1);
    const judgement = await judgeMail(new Uint8Array(received?.raw ?? []), {
      native, credentials: [plugin.hinode.users.get(YUKI)].filter((one) => one !== undefined), addresses: [YUKI], trust: await plugin.chain.trust(), now: new Date(),
    });
    expect(judgement).toMatchObject({ state: 'verified', sender: { address: HANAKO }, forwarded: [{ writer: { address: TARO } }] });
    const { files } = contentOf(judgement);
    expect(files.map(({ name, bytes }) => [name, Buffer.from(bytes).toString()])).toEqual([['図面二.txt', '図面二.txt']]);
  });

  it('shows a mail that was passed on: who forwarded it and who wrote it, its text and its attachments', async () => {
    const original = await post.deliver(TARO, {
      to: [{ address: JIRO, displayName: '' }], subject: '工程表', text: '工程表をお送りします。', attachments: [{ name: '工程表.txt', type: 'text/plain', bytes: utf8('四月') }],
    });
    await post.send(JIRO, { to: TO_HANAKO, subject: 'Fwd: 工程表', text: '山田さんからです。', forward: { original } });
    await hanako.select('Fwd: 工程表');
    expect(await verdict('verified')).toContain('佐藤 次郎（jiro@tsukimi.example）が、山田 太郎 のメールを開かずに転送しました。');
    expect((await hanako.desktop.thunderbird.see(inPane('.forwarded'))).text).toContain('工程表をお送りします。');
    expect((await hanako.desktop.thunderbird.see(inPane('.body'))).text).toContain('山田さんからです。');
    await hanako.desktop.click(inPane('.files button.open'));
    await hanako.desktop.thunderbird.see({ ...onPage('.viewer'), text: '山田 太郎' });
    await hanako.desktop.thunderbird.see({ ...onPage('.viewer pre'), text: '四月' });
    await hanako.desktop.closeWindow(onPage('.viewer'));
    // Forwarded as usual, nothing of it gets lost.
    await hanako.desktop.activate({ page: pages.main, selector: '#tabmail' });
    await hanako.desktop.keys('ctrl+l');
    await until(async () => {
      const { body, attachments } = await hanako.draft();
      return body.includes('山田さんからです。') && body.includes('工程表をお送りします。') && attachments.some((name) => name.includes('工程表.txt'));
    }, { what: 'all of it in the window', withinMs: 60_000 });
    await hanako.discard();
  });

  it('loads and runs nothing of hostile HTML, and its line is neither covered nor moved', async () => {
    const tracker = createServer((request, response) => {
      plugin.outside.asked.push(`http ${request.url ?? ''}`);
      response.end();
    });
    await new Promise<void>((resolve) => tracker.listen(0, '127.0.0.1', () => resolve()));
    world.closing(() => void tracker.close());
    const plain = `http://127.0.0.1:${(tracker.address() as AddressInfo).port}/`;
    const traps = (base: string): Traps => ({ u: (name) => base + name, run: (name) => `document.documentElement.dataset.ran='${name}',fetch('${base}ran-${name}')` });
    const mails = {
      'hostile http': closedVectors(traps(plain)).join('\n'), 'hostile https': closedVectors(traps(plugin.outside.url)).join('\n'), ...openVectors(traps(plugin.outside.url)),
    };
    for (const [subject, html] of Object.entries(mails)) await post.send(TARO, { to: TO_HANAKO, subject, html: `${html}\n<p>末尾</p>` });
    // What one part begins, another cannot end: the text between stays where it is (EFAIL's direct exfiltration).
    await post.send(TARO, { to: TO_HANAKO, subject: 'split', entity: splitHtml({ from: TARO, to: HANAKO }, plugin.outside.url) });
    const { thunderbird } = hanako.desktop;
    for (const subject of [...Object.keys(mails), 'split']) {
      await hanako.select(subject);
      expect(await verdict('verified'), subject).toContain('日之出市役所が本人であることを確認しました');
      for (const part of ['.banner', '.banner .mark', '.banner .sentence']) expect((await thunderbird.find(inPane(part)))[0]?.reachable, `${subject} ${part}`).toBe(true);
      expect(await thunderbird.find(inPane('[data-ran], script, style:not(.banner ~ style), iframe, object, link[href^=http], form, base')), subject).toEqual([]);
      await isLabelled(hanako, '日之出市役所が確認');
    }
    expect(plugin.outside.asked).toEqual([]);
  });

  it('keeps its line above a mail that keeps its own document, to the pixel', () => lineStays(hanako, plugin.store(HANAKO), HANAKO, world.directory('lines')));

  it('fetches pictures from outside when it is asked to, after saying what that tells, and for this mail only', async () => {
    const { desktop } = hanako;
    await post.send(TARO, { to: TO_HANAKO, subject: '写真', html: `<p style="color: rgb(120, 0, 0)">写真です。</p><img src="${plugin.outside.url}photo.png">` });
    await hanako.select('写真');
    expect((await desktop.thunderbird.see(inPane('.pictures'))).text).toContain(`（${new URL(plugin.outside.url).host}）`);
    expect(plugin.outside.asked).toEqual([]);
    await desktop.click(inPane('.pictures button'));
    await desktop.thunderbird.see({ ...onPage('.viewer .mail-body'), text: '写真です。' });
    await until(() => plugin.outside.asked.length > 0, { what: 'the picture to be fetched' });
    expect(plugin.outside.asked).toEqual(['photo.png']);
    await until(async () => ((await desktop.thunderbird.find(onPage('.viewer img')))[0]?.width ?? 0) > 100, { what: 'the picture to be shown' });
    await desktop.closeWindow(onPage('.viewer'));
  });

  it('shows HTML legibly in a dark window, without colours of its own and with', () => legibleInTheDark(post, hanako, TARO, HANAKO, { own: 'light', take: picture }));

  it('opens ordinary links by one click, each where it leads', () => ordinaryLinksOpen(post, hanako, TARO, HANAKO, world.directory('browser')));

  it('brings into sight where a link leads that pushes that out, and opens nothing', () => hiddenTargetIsShown(post, hanako, TARO, HANAKO, world.directory('browser')));

  it('shows which of two links opens that lie over each other, before it opens', () => coveredTargetIsShown(post, hanako, TARO, HANAKO, world.directory('browser')));

  it('reads Japanese charsets, shows an invitation, and opens an attached mail as nobody’s word', async () => {
    const { desktop } = hanako;
    const before = plugin.outside.asked.length;
    const open = async (index: number, selector: string, ...texts: readonly string[]): Promise<void> => {
      await desktop.click({ ...inPane('.files li'), text: texts[0] ?? '' });
      await desktop.click(inPane(`.files li:nth-child(${index}) button.open`));
      for (const text of texts.slice(1)) await desktop.thunderbird.see({ ...onPage(selector), text });
      if (index === 3) {
        // Nothing is written in clear before that is asked for.
        expect(existsSync(join(desktop.thunderbird.profile.downloads, '予定.ics'))).toBe(false);
        await desktop.click(onPage('#save'));
        await desktop.thunderbird.see({ ...onPage('#open'), text: 'ほかのアプリで開く' });
        expect(Buffer.from(await desktop.thunderbird.waitForDownload('予定.ics')).toString()).toBe(INVITATION);
      }
      if (index === 4) await picture('window-attached-mail');
      await desktop.closeWindow(onPage('.viewer'));
    };
    await post.send(TARO, { to: TO_HANAKO, subject: '打ち合わせ', entity: japaneseMail(TARO, HANAKO, formatText('打ち合わせ', 'Subject')) });
    await hanako.select('打ち合わせ');
    await verdict('verified');
    expect((await desktop.thunderbird.see(inPane('.body'))).text.trim()).toBe('見積書をお送りします。 (ｶﾀｶﾅ)');
    const card = (await desktop.thunderbird.see(inPane('.invitation'))).text;
    for (const part of ['予定への招待', '来年度予算の打ち合わせ', '本庁舎 三階 会議室A', '山田 太郎（taro@hinode.example）', '佐藤 花子（hanako@tsukimi.example）']) expect(card).toContain(part);
    await picture('pane-invitation');
    await open(1, '.viewer pre', '見積書.csv', '見積書,1000');
    await open(2, '.viewer pre', '内訳.txt', '内訳ｶﾀ');
    await open(3, '.viewer', '予定.ics', '来年度予算の打ち合わせ', '保存したファイルはSSMAXでは保護されません。');
    await open(4, '.viewer', 'original.eml', '確認されていません', '田中一郎 <ichiro@elsewhere.example>', '見積書');
    expect(plugin.outside.asked).toHaveLength(before);
    await hanako.reply({});
    await until(async () => (await hanako.draft()).body.includes('見積書をお送りします。 (ｶﾀｶﾅ)'), { what: 'the quotation' });
    await hanako.discard();
  });

  it('has nothing to click on a problem: no links, no attachments', async () => {
    const raw = await post.deliver(TARO, { to: TO_HANAKO, subject: '差替え', html: '<a href="https://example.com/">x</a>', attachments: [{ name: 'a.txt', type: 'text/plain', bytes: utf8('x') }] });
    await plugin.store(HANAKO).append(Buffer.from(Buffer.from(raw).toString('latin1').replace(/^From: .*$/m, `From: ${YUKI}`), 'latin1'));
    await hanako.select('差替え');
    expect(await verdict('problem')).toContain('差出人を偽っているおそれがあります');
    expect(await hanako.desktop.thunderbird.find(inPane('a, button, .files'))).toEqual([]);
  });

  it('answers a problem without its text, and not before that is ticked', async () => {
    const forged = ['From: 山田 太郎 <taro@hinode.example>', `To: ${HANAKO}`, 'Reply-To: yuki@hinode.example', `Subject: ${formatText('振込先の変更', 'Subject')}`, `Date: ${new Date().toUTCString()}`, '', 'https://evil.example/', ''];
    await plugin.store(HANAKO).append(Buffer.from(forged.join('\r\n')));
    await hanako.select('振込先の変更');
    await verdict('problem');
    await hanako.reply({});
    await until(async () => !(await hanako.draft()).body.includes('evil.example'), { what: 'the quotation to go', withinMs: 60_000 });
    const before = plugin.submitted.length;
    await hanako.pressSend();
    await hanako.desktop.thunderbird.see({ ...onPage('.checks'), text: '問題のあるメールへの返信です。宛先（yuki@hinode.example）' }, 60_000);
    await closeBy(hanako, '#back');
    expect(plugin.submitted).toHaveLength(before);
    expect((await hanako.draft()).body).not.toContain('evil.example');
    await hanako.discard();
  });

  it('answers whom the sender sealed, whatever Reply-To the mail got on its way', async () => {
    const raw = await post.deliver(TARO, { to: TO_HANAKO, subject: '返信先', text: 'ご返信ください。' });
    await plugin.store(HANAKO).append(Buffer.from(Buffer.from(raw).toString('latin1').replace(/^To: /m, 'Reply-To: x@evil.example\r\nTo: '), 'latin1'));
    await hanako.select('返信先');
    expect(await verdict('verified')).toContain('x@evil.example');
    await hanako.reply({});
    const draft = await until(async () => {
      const now = await hanako.draft();
      return now.body.includes('ご返信ください。') ? now : undefined;
    }, { what: 'the quotation', withinMs: 60_000 });
    expect(draft.recipients).toEqual(['山田 太郎 <taro@hinode.example>']);
    await hanako.discard();
  });

  it('saves an opened mail as text and as a whole mail, after saying that the copy is not protected', async () => {
    const { desktop } = hanako;
    await post.send(TARO, { to: TO_HANAKO, subject: '議事録', text: '来週までにご確認ください。', attachments: [{ name: '議題.txt', type: 'text/plain', bytes: utf8('一 予算') }] });
    await hanako.select('議事録');
    await verdict('verified');
    await hanako.openHeaderPopup(ADDON_ID, '保存・印刷する');
    await desktop.click(onPage('#copy'));
    await desktop.thunderbird.see({ ...onPage('.copy'), text: 'SSMAXでは保護されません' });
    await desktop.click(onPage('#copy-text'));
    const text = Buffer.from(await desktop.thunderbird.waitForDownload('議事録.txt')).toString();
    for (const part of ['この写しは保護されていません', '差出人: 山田 太郎 <taro@hinode.example>', '来週までにご確認ください。', '添付ファイル：議題.txt']) expect(text).toContain(part);
    await desktop.click(onPage('#copy-eml'));
    const copy = parseMime(await desktop.thunderbird.waitForDownload('議事録.eml') as Bytes, 'outer');
    expect([copy.headers.text('Subject'), readContent(copy).text?.trim(), readContent(copy).attachments.map(({ name }) => name)]).toEqual(['議事録', '来週までにご確認ください。', ['議題.txt']]);
    await hanako.closePopup();
  });

  it('prints an opened mail below a line that says that paper is not protected', async () => {
    const { desktop } = hanako;
    const { thunderbird } = desktop;
    const file = join(thunderbird.profile.downloads, 'printed.pdf');
    const pdf = 'print.printer_Mozilla_Save_to_PDF';
    // Thunderbird's own dialog is left out; all else is as its "Print" does it.
    for (const [name, value] of [['print.always_print_silent', true], ['print_printer', 'Mozilla Save to PDF'], [`${pdf}.print_to_file`, true], [`${pdf}.print_to_filename`, file]] as const) {
      await thunderbird.marionette.run((chrome, pref, to) => chrome.setPref(pref, to), name, value);
    }
    await hanako.select('議事録');
    await verdict('verified');
    await desktop.keys('ctrl+p');
    await until(() => existsSync(file) && readFileSync(file).includes('%%EOF'), { what: 'the printed pages', withinMs: 60_000 });
    const { text } = await extractText(await getDocumentProxy(new Uint8Array(readFileSync(file))), { mergePages: true });
    // Fonts name some characters by their look-alikes.
    const paper = text.normalize('NFKC').replace(/\s/g, '');
    for (const part of ['この写しは保護されていません。', '山田太郎<taro@hinode.example>', '件名:議事録', '日之出市役所が本人であることを確認しました', '来週までにご確認ください。', '議題.txt']) expect(paper).toContain(part);
    expect(paper.indexOf('この写しは保護されていません')).toBeLessThan(paper.indexOf('差出人'));
  });

  it('judges and opens a mail in a window of its own', async () => {
    const { desktop } = hanako;
    await desktop.thunderbird.marionette.run((chrome) => chrome.setPref('mail.openMessageBehavior', 0));
    await hanako.openFolder('inbox');
    await desktop.click({ page: pages.mailTab, selector: '#threadTree tr[is]', text: '議事録' }, { double: true });
    const inWindow = (selector: string): Place => ({ ...inPane(selector), window: '議事録' });
    expect((await desktop.thunderbird.see(inWindow('.banner.verified'), 60_000)).text).toContain('日之出市役所が本人であることを確認しました');
    await desktop.thunderbird.see({ ...inWindow('.body'), text: '来週までにご確認ください。' });
    await desktop.closeWindow(inWindow('.banner'));
  });

  it('tags what it verified in the list of messages, and takes the same tag off what it did not', async () => {
    const { desktop } = hanako;
    const { thunderbird } = desktop;
    const store = plugin.store(HANAKO);
    const tagsOf = async (subject: string): Promise<string[]> => {
      await thunderbird.refresh('INBOX');
      const found = (await store.list()).filter(({ raw }) => Buffer.from(raw).toString('latin1').includes(`Subject: ${formatText(subject, 'Subject')}\r`));
      return found.flatMap(({ flags }) => flags.filter((flag) => flag.startsWith('ssmax-')));
    };
    const tagged = (subject: string, ...tags: string[]): Promise<unknown> =>
      until(async () => JSON.stringify(await tagsOf(subject)) === JSON.stringify(tags), { what: `${subject} with ${tags.join()}`, withinMs: 60_000, everyMs: 200 });
    const settings = async (): Promise<void> => {
      await thunderbird.marionette.run((chrome, id) => chrome.openAddonPage(id, 'options.html'), ADDON_ID);
    };
    const forged = (subject: string): Buffer => Buffer.from([`From: Mei <mei@elsewhere.example>`, `To: ${HANAKO}`, `Subject: ${formatText(subject, 'Subject')}`, 'Message-ID: <forged@elsewhere.example>', `Date: ${new Date().toUTCString()}`, '', 'x', ''].join('\r\n'));
    // What a server of the sender's, or another program, says is worth nothing.
    await store.append(forged('印つき'), 'INBOX', ['ssmax-verified']);
    await post.send(TARO, { to: TO_HANAKO, subject: '本物' });
    await hanako.openFolder('inbox');
    // Thunderbird's question about the permission is Thunderbird's; here it is answered beforehand.
    await thunderbird.marionette.run((chrome) => chrome.setPref('extensions.webextOptionalPermissionPrompts', false));
    await settings();
    await desktop.click(onPage('#tags-on'));
    await thunderbird.see(onPage('#tags-off'), 60_000);
    await hanako.closeTab();
    await tagged('印つき');
    await hanako.select('本物');
    await verdict('verified');
    await tagged('本物', 'ssmax-verified');
    // A server that puts another mail in, alike in all that the list shows, to the byte in size: it was never judged.
    const genuine = Buffer.from((await store.list()).find(({ flags }) => flags.includes('ssmax-verified'))?.raw ?? []);
    genuine.writeUInt8(genuine.readUInt8(genuine.length - 9) ^ 1, genuine.length - 9);
    await store.append(genuine, 'INBOX', ['ssmax-verified']);
    await until(async () => (await thunderbird.refresh('INBOX')) > 0 && (await tagsOf('本物')).length === 1, { what: 'the tag to be off the copy', withinMs: 60_000, everyMs: 200 });
    await store.append(forged('印つき二'), 'INBOX', ['ssmax-verified']);
    await hanako.select('印つき二');
    await tagged('印つき二');
    await hanako.select('差替え');
    await verdict('problem');
    await tagged('差替え', 'ssmax-problem');
    await picture('list-tags');
    await settings();
    await desktop.click(onPage('#tags-off'));
    await thunderbird.see(onPage('#tags-on'), 60_000);
    await hanako.closeTab();
    await tagged('本物');
  });

  if (process.env.PICTURES !== undefined) it('is shown in English too, for the gallery', async () => {
    const english = await plugin.open('english', HANAKO, '佐藤 花子', { locale: 'en-US', dark: false });
    await takeReadingTour(plugin, post, english, { from: TARO, to: HANAKO }, (name) => takePictures(english, 'en', 'light', name));
    await english.desktop.thunderbird.quit();
  });
});
