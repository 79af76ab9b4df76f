/**
 * A new member's first day in a real Thunderbird, with only what is on the screen: from the installed add-on to the first
 * verified mail, then a second computer that takes the key over. With PICTURES set it leaves pictures in dist/gallery.
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Place } from '../../scripts/world/chrome-side.ts';
import type { Correspondent } from '../../scripts/world/correspondent.ts';
import { pages } from '../../scripts/world/desktop.ts';
import { World } from '../../scripts/world/process.ts';
import { until } from '../../scripts/world/wait.ts';
import { holding } from './files.ts';
import { takePictures } from './pictures.ts';
import { ADDON_ID, type PluginWorld, startPluginWorld } from './plugin-world.ts';

const HANAKO = 'hanako@tsukimi.example';
const PASSPHRASE = '月夜に 三羽の 兎 はねた';

const inPane = (selector: string): Place => ({ page: pages.message, frame: '#messagepane', selector });
const onPage = (selector: string): Place => ({ page: pages.addon, selector });

describe('a new member', { timeout: 600_000 }, () => {
  let world: World;
  let plugin: PluginWorld;
  let first: Correspondent;
  let second: Correspondent;
  let installed: number;

  beforeAll(async () => {
    world = await World.open();
    plugin = await startPluginWorld(world);
    first = await plugin.open('first', HANAKO, '佐藤 花子', { locale: 'ja', dark: false, byPolicies: true });
    installed = performance.now();
  }, 240_000);

  afterAll(async () => {
    await Promise.all([first, second].map((one) => one?.desktop.thunderbird.quit()));
    await world.stop();
  });

  const picture = (person: Correspondent, name: string): Promise<void> => (person === first ? takePictures(first, 'ja', 'light', name) : takePictures(person, 'en', 'dark', name));

  /** Says how long the machine has taken since the add-on was there; a person's reading and typing come on top. */
  function passed(step: string): void {
    console.log(`${((performance.now() - installed) / 1000).toFixed(1)} s: ${step}`);
  }

  /** Shows a mail and gives what the line above it says, once that is of this state. */
  async function verdict(person: Correspondent, subject: string, state: string): Promise<string> {
    await person.select(subject);
    const { text } = await person.desktop.thunderbird.see(inPane(`.banner.${state}`), 60_000);
    await picture(person, `pane-${state}`);
    return text;
  }

  it('types one code, keeps a backup, and is told that all is ready', async () => {
    const { desktop } = first;
    plugin.codes.set(HANAKO, 'ABCD-1234');
    expect((await desktop.thunderbird.see(onPage('#address'))).text).toContain(HANAKO);
    expect(await desktop.thunderbird.find(onPage('.promises li'))).toHaveLength(3);
    // A tab that opens by itself does not take the keyboard: the field is clicked, then Return is enough.
    await desktop.fill(onPage('#code'), 'ABCD-1234');
    await desktop.keys('Return');
    expect((await desktop.thunderbird.see(onPage('.notice.verified'), 60_000)).text).toContain('準備ができました');
    passed('enrolled');
    await desktop.fill(onPage('#passphrase'), PASSPHRASE);
    await desktop.fill(onPage('#again'), PASSPHRASE);
    await desktop.click(onPage('#save-backup'));
    const file = await desktop.thunderbird.waitForDownload('ssmax-hanako-tsukimi.example.p12', 240_000);
    expect(file[0]).toBe(0x30);
    await desktop.thunderbird.see({ ...onPage('.notice.verified'), text: 'ssmax-hanako-tsukimi.example.p12' });
    passed('a backup kept');
    await desktop.click(onPage('#close-enrolment'));
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
    await first.write({ to: [HANAKO], subject: '会議の案', body: [canary] });
    await desktop.click({ page: pages.compose, selector: '#msgSubject' });
    await desktop.keys('ctrl+s');
    const { uid, raw } = await stored();
    expect(Buffer.from(raw).toString()).toContain('message.ssmax');
    expect(uid).toBe(1); // nothing was stored there before it
    expect(holding(plugin.mailDirectory, canary)).toEqual([]);
    await first.discard();
  });

  it('is told of mail from outside, and of a forgery', async () => {
    const store = plugin.store(HANAKO);
    await store.append(Buffer.from(mail('Mei <mei@elsewhere.example>', '外からのお知らせ')));
    await store.append(Buffer.from(mail('山田 太郎 <taro@hinode.example>', '至急のお願い')));
    expect(await verdict(first, '外からのお知らせ', 'outside')).toContain('SSMAXの外から届いたメールです');
    expect(await verdict(first, '至急のお願い', 'problem')).toContain('日之出市役所が確認したメールではありません');
  });

  it('takes the key over to a second computer, where old mail opens', async () => {
    second = await plugin.open('second', HANAKO, '佐藤 花子', { locale: 'en-US', dark: true });
    const { desktop } = second;
    await desktop.thunderbird.see(onPage('#code'));
    expect(await verdict(second, '最初のメール', 'cannot-check')).toContain('This computer has no key for this mail');
    await desktop.click(inPane('.banner button')); // the button that says so leads to the page
    await desktop.click(onPage('#from-backup'));
    await desktop.click(onPage('#file'));
    await desktop.chooseFile(join(first.desktop.thunderbird.profile.downloads, 'ssmax-hanako-tsukimi.example.p12'));
    await desktop.fill(onPage('#passphrase'), PASSPHRASE);
    await desktop.click(onPage('#import'));
    expect((await desktop.thunderbird.see(onPage('.notice.verified'), 240_000)).text).toContain('Ready');
    await desktop.click(onPage('#close-enrolment'));
    await desktop.thunderbird.marionette.run((chrome, id) => chrome.openAddonPage(id, 'search.html'), ADDON_ID);
    await desktop.click(onPage('#switch')); // search is off unless chosen
    await desktop.thunderbird.see(onPage('#query'));
    await second.closeTab();
    // The mail in front is judged again when it is selected again.
    expect(await verdict(second, '外からのお知らせ', 'outside')).toContain('Nobody has confirmed the sender');
    expect(await verdict(second, '最初のメール', 'verified')).toContain('Tsukimi Works confirmed the sender');
    await second.reading('届きましたか。');
    expect(await verdict(second, '至急のお願い', 'problem')).toContain('did not confirm it');
    expect(await second.headerButton(ADDON_ID)).toBe('Problem');
  });

  it('finds an opened mail by a word in it, and opens it from the search page', async () => {
    const { desktop } = second;
    await desktop.click({ page: pages.main, selector: '#spacesToolbarAddonsContainer button' });
    await desktop.fill(onPage('#query'), 'きましたか');
    await desktop.keys('Return');
    await desktop.thunderbird.see({ ...onPage('.hits li'), text: '最初のメール' });
    await picture(second, 'search-thunderbird');
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
    await until(() => databases().length === before - 1, { what: 'the index to be erased', withinMs: 30_000 });
    expect(await thunderbird.find({ page: pages.main, selector: '#spacesToolbarAddonsContainer button' })).toEqual([]);
  });
});

function mail(from: string, subject: string): string {
  return [`From: ${from}`, `To: ${HANAKO}`, `Subject: ${subject}`, `Date: ${new Date().toUTCString()}`, 'MIME-Version: 1.0',
    'Content-Type: text/plain; charset=utf-8', '', 'お世話になっております。', 'ご確認ください。 https://example.com/', ''].join('\r\n');
}
