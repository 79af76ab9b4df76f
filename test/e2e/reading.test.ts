/** Reading in a real Thunderbird, and what a reader can do with a mail: report it, pass it on unopened. One reader; the others are test/e2e/mails.ts. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Place } from '../../scripts/world/chrome-side.ts';
import type { Correspondent } from '../../scripts/world/correspondent.ts';
import { pages } from '../../scripts/world/desktop.ts';
import { World } from '../../scripts/world/process.ts';
import { Post } from './mails.ts';
import { ADDON_ID, type PluginWorld, startPluginWorld } from './plugin-world.ts';

const HANAKO = 'hanako@tsukimi.example';
const JIRO = 'jiro@tsukimi.example';
const TARO = 'taro@hinode.example';
const TO_HANAKO = [{ address: HANAKO, displayName: '佐藤 花子' }];

const inPane = (selector: string): Place => ({ page: pages.message, frame: '#messagepane', selector });
const onPage = (selector: string): Place => ({ page: pages.addon, selector });

describe('reading', { timeout: 180_000 }, () => {
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
    hanako = await plugin.open('hanako', HANAKO, '佐藤 花子', { locale: 'ja', dark: false });
    plugin.codes.set(HANAKO, 'ABCD-1234');
    await hanako.desktop.fill(onPage('#code'), 'ABCD-1234');
    await hanako.desktop.click(onPage('#enrol'));
    await hanako.desktop.thunderbird.see(onPage('.notice.verified'), 60_000);
    await hanako.desktop.click(onPage('.notice.verified ~ .buttons button.primary'));
  }, 240_000);

  afterAll(async () => {
    await hanako.desktop.thunderbird.quit();
    await world.stop();
  });

  const verdict = async (state: string): Promise<string> => (await hanako.desktop.thunderbird.see(inPane(`.banner.${state}`), 30_000)).text;

  it('reports a mail as malicious after one sentence of what happens next; a second time it says so', async () => {
    await post.send(TARO, { to: TO_HANAKO, subject: '至急ご確認ください' });
    await hanako.select('至急ご確認ください');
    await verdict('verified');
    for (const said of ['報告しました', 'すでに報告しています']) {
      await hanako.openHeaderPopup(ADDON_ID, '悪意のあるメール');
      await hanako.desktop.click(onPage('#report'));
      await hanako.desktop.thunderbird.see({ ...onPage('.report'), text: 'あなたの組織の担当者に届きます' });
      await hanako.desktop.click(onPage('#send-report'));
      await hanako.desktop.thunderbird.see({ ...onPage('#reported'), text: said }, 30_000);
      await hanako.closePopup();
    }
    expect(plugin.reports).toHaveLength(1);
  });
});
