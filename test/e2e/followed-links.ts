/** Links of opened mails, clicked in a real Thunderbird, whose browser is a program of the test's own. */
import { chmodSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { Seen } from '../../scripts/world/chrome-side.ts';
import type { Correspondent } from '../../scripts/world/correspondent.ts';
import type { Thunderbird } from '../../scripts/world/thunderbird.ts';
import { until } from '../../scripts/world/wait.ts';
import type { Post } from './mails.ts';
import { inPane } from './places.ts';

const LONG = `d.example/${'long/'.repeat(60)}`;
/** Subjects, mails, and what their links lead to in order, without https://. */
const ORDINARY: readonly { readonly subject: string; readonly text?: string; readonly html?: string; readonly targets: readonly string[] }[] = [
  {
    subject: 'リンク集', html: `<p>See <a href="https://a.example/">the page</a> and <b style="font-size: 30px"><a href="https://b.example/x">https://b.example/x</a></b>, https://c.example/y?z=1 or https://${LONG}</p>
      <table width="300"><tr><td bgcolor="#335577" height="10"><a href="https://e.example/" style="color: white; line-height: 10px">Button</a></td><td><a href="https://f.example/">Second button with a longer name</a></td></tr></table>
      <ul style="line-height: 1"><li><a href="https://g.example/">g.example</a></li><li><a href="https://h.example/">h.example</a></li><li><a href="https://i.example/">i</a></li><li><a href="https://j.example/">j</a></li></ul>`,
    targets: ['a.example/', 'b.example/x', 'c.example/y?z=1', LONG, 'e.example/', 'f.example/', 'g.example/', 'h.example/', 'i.example/', 'j.example/'],
  },
  {
    subject: 'リンク文', text: '次のページをご覧ください。\r\nhttps://k.example/x （https://l.example/）\r\nhttps://m.example/\r\nhttps://n.example/\r\n',
    targets: ['k.example/x', 'l.example/', 'm.example/', 'n.example/'],
  },
];

/** Every one opens by one click. */
export async function ordinaryLinksOpen(post: Post, reader: Correspondent, from: string, to: string, directory: string): Promise<void> {
  const opened = await setBrowser(reader.desktop.thunderbird, directory);
  const expected: string[] = [];
  for (const { targets, subject, ...mail } of ORDINARY) {
    await post.send(from, { to: [{ address: to, displayName: '' }], subject, ...mail });
    await reader.select(subject);
    for (const [number, target] of targets.entries()) {
      const link = await until(async () => {
        const links = await reader.desktop.thunderbird.find(inPane('.body a'));
        return links.length === targets.length && links[number];
      }, { what: `link ${number} of ${subject}`, withinMs: 60_000 });
      await clickAt(reader, link, { right: 10, down: link.height - Math.min(link.height / 2, 12) });
      expected.push(`https://${target}`);
      await until(() => opened().length >= expected.length, { what: `the browser with ${target}` });
      expect(opened()).toEqual(expected);
    }
  }
}

/** What says it can be pushed out of sight: then a click only brings it there. */
export async function hiddenTargetIsShown(post: Post, reader: Correspondent, from: string, to: string, directory: string): Promise<void> {
  const { thunderbird } = reader.desktop;
  const opened = await setBrowser(thunderbird, directory);
  await post.send(from, { to: [{ address: to, displayName: '' }], subject: '案内', html: '<p style="white-space: nowrap"><a href="https://evil.example/">www.tsukimi.example<span style="padding-right: 3000px"> </span></a></p>' });
  await reader.select('案内');
  const link = await thunderbird.see(inPane('.body a'), 60_000);
  const [mark] = await thunderbird.find(inPane('.leads'));
  expect(mark).toMatchObject({ text: '→ evil.example', reachable: false });
  // At its beginning, which looks like another address: its middle is out of sight.
  for (const button of ['middle', 'left'] as const) await clickAt(reader, link, { right: 20, down: link.height / 2, button });
  const seen = await until(async () => (await thunderbird.find(inPane('.leads'))).find(({ reachable }) => reachable), { what: 'where it leads to be in sight' });
  expect(opened()).toEqual([]);
  await clickAt(reader, seen, { right: seen.width / 2, down: seen.height / 2 });
  await until(() => opened().length > 0, { what: 'the browser' });
  expect(opened()).toEqual(['https://evil.example/']);
}

/** It can lie over that of another link: then a click only shows which one was clicked. */
export async function coveredTargetIsShown(post: Post, reader: Correspondent, from: string, to: string, directory: string): Promise<void> {
  const { thunderbird } = reader.desktop;
  const opened = await setBrowser(thunderbird, directory);
  await post.send(from, { to: [{ address: to, displayName: '' }], subject: '重なり', html: '<div style="height: 0"><a href="https://evil.example/">開く</a></div><div><a href="https://bank.example/">開く</a></div>' });
  await reader.select('重なり');
  const mark = await thunderbird.see({ ...inPane('.body .leads'), text: '→ bank.example' }, 60_000);
  const click = (): Promise<void> => clickAt(reader, mark, { right: mark.width / 2, down: mark.height / 2 });
  await click();
  await thunderbird.see({ ...inPane('.body .above'), text: '→ bank.example' });
  expect(opened()).toEqual([]);
  await click();
  await until(() => opened().length > 0, { what: 'the browser' });
  expect(opened()).toEqual(['https://bank.example/']);
}

/** Pixels from the left upper corner: only the left end of its last line is surely on a link that goes over several lines. */
async function clickAt({ desktop }: Correspondent, { x, y }: Seen, { right, down, button = 'left' }: { readonly right: number; readonly down: number; readonly button?: 'left' | 'middle' }): Promise<void> {
  await desktop.display.command('xdotool', ['mousemove', String(Math.round(x + right)), String(Math.round(y + down)), 'click', button === 'left' ? '1' : '2']);
}

/** A program that notes each address that it is started with, as Thunderbird's browser; gives what was opened so far. */
async function setBrowser(thunderbird: Thunderbird, directory: string): Promise<() => readonly string[]> {
  const [program, opened] = [join(directory, 'browser'), join(directory, 'opened')];
  rmSync(opened, { force: true });
  writeFileSync(program, `#!/bin/sh\nprintf '%s\\n' "$1" >> '${opened}'\n`);
  chmodSync(program, 0o755);
  await thunderbird.marionette.run((_, path) => {
    const { FileUtils } = ChromeUtils.importESModule('resource://gre/modules/FileUtils.sys.mjs');
    const browser = Cc['@mozilla.org/uriloader/local-handler-app;1'].createInstance(Ci.nsILocalHandlerApp);
    browser.executable = new FileUtils.File(path);
    const web = Cc['@mozilla.org/uriloader/external-protocol-service;1'].getService(Ci.nsIExternalProtocolService).getProtocolHandlerInfo('https');
    web.preferredApplicationHandler = browser;
    web.preferredAction = Ci.nsIHandlerInfo.useHelperApp;
    web.alwaysAskBeforeHandling = false;
    Cc['@mozilla.org/uriloader/handler-service;1'].getService(Ci.nsIHandlerService).store(web);
  }, program);
  return () => (existsSync(opened) ? readFileSync(opened, 'utf8').split('\n').filter((address) => address !== '') : []);
}

/** Of the program itself, where functions given to `run` stand. */
declare const ChromeUtils: { importESModule(url: string): { readonly FileUtils: { readonly File: new (path: string) => object } } };
interface HandlerApp {
  executable: object;
}
interface HandlerInfo {
  preferredApplicationHandler: HandlerApp;
  preferredAction: number;
  alwaysAskBeforeHandling: boolean;
}
declare const Ci: { readonly nsILocalHandlerApp: unknown; readonly nsIExternalProtocolService: unknown; readonly nsIHandlerService: unknown; readonly nsIHandlerInfo: { readonly useHelperApp: number } };
declare const Cc: {
  readonly '@mozilla.org/uriloader/local-handler-app;1': { createInstance(kind: unknown): HandlerApp };
  readonly '@mozilla.org/uriloader/external-protocol-service;1': { getService(kind: unknown): { getProtocolHandlerInfo(scheme: string): HandlerInfo } };
  readonly '@mozilla.org/uriloader/handler-service;1': { getService(kind: unknown): { store(info: HandlerInfo): void } };
};
