/**
 * The status page in a real Chromium, from the built program: Japanese and English, dark and light, by keyboard, enlarged, by
 * axe-core. Its pictures go to dist/pictures, for people to look at (docs/admin/status.md shows one).
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startDovecot } from '../../scripts/world/dovecot.ts';
import { startPostfix } from '../../scripts/world/postfix.ts';
import { World } from '../../scripts/world/process.ts';
import { submit } from '../../scripts/world/smtp.ts';
import { startSsmax } from '../../scripts/world/ssmax.ts';
import { until } from '../../scripts/world/wait.ts';
import { utf8 } from '../../src/core/bytes.ts';
import { openDatabase } from '../../src/server/shared/database.ts';
import { startHealth } from '../../src/server/shared/health.ts';
import { createLogger } from '../../src/server/shared/log.ts';
import { Counter, Gauge, type Metric } from '../../src/server/shared/metrics.ts';
import { historyMigrations, type HistoryStore, openHistory } from '../../src/server/status/history.ts';
import { eventually } from '../eventually.ts';
import { prepareAxe } from './axe.ts';

const log = createLogger({ server: 'test', level: 'error', write: () => undefined });
const pictures = 'dist/pictures';
const DAY = 86_400_000;

let world: World;
let browser: Browser;
let url: string;
/** What the made-up servers say; changed by tests. */
const said = { trust: true, certificateDays: 700, scanner: true };

beforeAll(async () => {
  world = await World.open();
  mkdirSync(pictures, { recursive: true });
  const dir = world.directory('status');
  const servers = await Promise.all([
    healthOf('gateway', [certificates('server', 'organisation')], { trust: async () => said.trust }),
    healthOf('gateway-2', [certificates('server')], { trust: async () => true }),
    healthOf('keyserver', [certificates('organisation'), ...registry()], { database: async () => true }),
    healthOf('inspection', held(), { clamd: async () => said.scanner }),
  ]);
  await fillHistory(join(dir, 'status.sqlite'));
  const port = await world.ports.take();
  writeFileSync(join(dir, 'status.yaml'), JSON.stringify({
    listen: `127.0.0.1:${port}`, organisation: { ja: '日之出市役所', en: 'Hinode City Office' }, database: 'status.sqlite', every: 1, servers, postfix: await mailServer(),
  }));
  await startSsmax(world, 'status', ['status', 'run', '--config', join(dir, 'status.yaml')]);
  url = `http://127.0.0.1:${port}/`;
  browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: process.getuid?.() === 0 ? ['--no-sandbox'] : [] });
}, 300_000);
afterAll(async () => {
  await browser?.close();
  await world.stop();
});

describe.each([['ja', 'light'], ['ja', 'dark'], ['en', 'light'], ['en', 'dark']] as const)('the status page, %s, %s', { timeout: 300_000 }, (language, colorScheme) => {
  it('is shown, nothing breaks its policy, and axe-core finds nothing', async () => {
    const { page, complaints } = await open({ locale: language === 'ja' ? 'ja-JP' : 'en-GB', colorScheme });
    expect(await page.getAttribute('html', 'lang')).toBe(language);
    expect(await page.textContent('h1')).toBe(language === 'ja' ? 'SSMAX 稼働状況' : 'SSMAX status');
    // The queue holds one mail for approval: nothing else needs attention, once all servers have been asked.
    await eventually('all servers on the page', async () => expect(await page.locator('.overall li').allTextContents()).toEqual([expect.stringContaining(language === 'ja' ? '承認待ちのメールが 1 通' : '1 held for approval')]), 60);
    await eventually('the queue on the page', async () => expect(await page.locator('section[aria-labelledby=queue] dd').allTextContents()).toEqual(['1', '2', '0']), 60);
    expect(await page.locator('section[aria-labelledby=queue] tbody tr').allInnerTexts()).toEqual((language === 'ja'
      ? ['マイナンバー（個人番号） my-number 送信時 1', '組織外の宛先が多すぎる external-recipients 送信時 1']
      : ['An Individual Number (My Number) my-number sending 1', 'Too many recipients outside the organisation external-recipients sending 1']).map((row) => expect.stringMatching(spaced(row)) as string));
    expect(await page.locator('td', { hasText: language === 'ja' ? '送信時' : 'sending' }).count()).toBeGreaterThan(0);
    expect(await (await prepareAxe(page))()).toEqual([]);
    await page.screenshot({ path: join(pictures, `status-${language}-${colorScheme}.png`), fullPage: true });
    expect(complaints).toEqual([]);
    await page.context().close();
  });
});

describe('the status page', { timeout: 300_000 }, () => {
  it('says first what needs attention, and what to do', async () => {
    Object.assign(said, { trust: false, certificateDays: 12 });
    const { page } = await open({ locale: 'ja-JP', colorScheme: 'light' });
    await page.getByText('確認が必要な事項が 5 件', { exact: false }).waitFor({ timeout: 60_000 });
    const items = await page.locator('.overall li').allTextContents();
    expect(items[0]).toMatch(/^至急gateway は動いていますが、最新の組織名簿または失効の一覧が使えません。/);
    expect(items.filter((item) => item.includes('期限が切れます')).map((item) => item.split('は')[0])).toEqual([
      '注意gateway のサーバ証明書', '注意gateway、keyserver の組織証明書', '注意gateway-2 のサーバ証明書',
    ]);
    expect(await (await prepareAxe(page))()).toEqual([]);
    await page.screenshot({ path: join(pictures, 'status-attention-ja-light.png'), fullPage: true });
    await page.context().close();
    Object.assign(said, { trust: true, certificateDays: 700 });
  });

  it('is used by keyboard: language, period, the table of figures', async () => {
    const { page } = await open({ locale: 'en-GB', colorScheme: 'light' });
    const focused = (): Promise<string> => page.evaluate(() => document.activeElement?.textContent ?? '');
    await page.keyboard.press('Tab');
    expect(await focused()).toBe('日本語');
    await page.keyboard.press('Enter');
    await page.getByText('メールの流れ').waitFor();
    await page.reload();
    await page.getByText('メールの流れ').waitFor(); // the choice is kept
    await page.keyboard.press('Tab');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Tab');
    await page.keyboard.press('ArrowRight');
    expect(await page.isChecked('input[value="month"]')).toBe(true);
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    expect(await page.locator('details tbody tr').count()).toBe(30);
    expect(await page.locator('details[open]').count()).toBe(1);
    await page.context().close();
  });

  it('fits when enlarged to 200 %, and on a narrow screen', async () => {
    for (const width of [640, 320]) {
      const { page } = await open({ locale: 'ja-JP', colorScheme: 'light', viewport: { width, height: 512 } });
      expect(await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth), `${width}`).toBeLessThanOrEqual(0);
      expect(await (await prepareAxe(page))()).toEqual([]);
      await page.screenshot({ path: join(pictures, `status-narrow-${width}.png`), fullPage: true });
      await page.context().close();
    }
  });

  it('says so when its server is gone, and keeps what it saw', async () => {
    const { page } = await open({ locale: 'en-GB', colorScheme: 'light' });
    await page.route('**/status.json', (route) => route.abort());
    await page.getByText('The status server does not answer.', { exact: false }).waitFor({ timeout: 60_000 });
    expect(await page.locator('.panel').count()).toBeGreaterThan(3);
    await page.context().close();
  });
});

async function open(options: { locale: string; colorScheme: 'light' | 'dark'; viewport?: { width: number; height: number } }): Promise<{ page: Page; complaints: string[] }> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, timezoneId: 'Asia/Tokyo', ...options });
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('console', (message) => { if (message.type() !== 'debug') complaints.push(message.text()); });
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('request', (request) => { if (!request.url().startsWith(url)) complaints.push(request.url()); });
  await page.goto(url);
  await page.locator('.overall').waitFor({ timeout: 60_000 });
  return { page, complaints };
}

/** A real Postfix with three mails that cannot be delivered yet, one of them held. Gives its configuration directory. */
async function mailServer(): Promise<string> {
  const take = (): Promise<number> => world.ports.take();
  const dovecot = await startDovecot(world, { accounts: [], ports: { imap: await take(), lmtp: await take() } });
  const ports = { arriving: await take(), submission: await take(), reinjection: await take() };
  const postfix = await startPostfix(world, {
    name: 'hinode', domain: 'hinode.example', mailboxes: [], ports, gateway: { arriving: await take(), submission: await take() },
    lmtpPort: dovecot.ports.lmtp, authSocket: dovecot.authSocket, routes: new Map([['tsukimi.example', await take()]]),
  });
  for (const user of ['hanako', 'jiro', 'mei']) {
    const raw = utf8(`From: taro@hinode.example\r\nTo: ${user}@tsukimi.example\r\nSubject: x\r\n\r\nx\r\n`);
    const { final } = await submit({ port: ports.reinjection, envelope: { from: 'taro@hinode.example', to: [`${user}@tsukimi.example`] }, raw });
    expect(final.code).toBe(250);
  }
  const waiting = await until(async () => {
    const queue = await postfix.queue();
    return queue.filter(({ queue: name }) => name === 'deferred').length === 3 ? queue : undefined;
  }, { what: 'three deferred mails', withinMs: 60_000 });
  execFileSync('postsuper', ['-c', postfix.configuration, '-h', waiting[0]?.id ?? ''], { env: { PATH: '/usr/sbin:/usr/bin:/bin' }, stdio: 'ignore' });
  return postfix.configuration;
}

async function healthOf(name: string, metrics: readonly Metric[], ready: Readonly<Record<string, () => Promise<boolean>>>): Promise<{ name: string; role: string; health: string }> {
  const server = await startHealth({ listen: { host: '127.0.0.1', port: 0 }, metrics, ready, log });
  world.closing(() => server.close());
  return { name, role: name.replace(/-\d$/, ''), health: `127.0.0.1:${server.port}` };
}

function certificates(...names: readonly string[]): Metric {
  return new Gauge('ssmax_certificate_not_after_seconds', 'x', () => names.map((certificate) => [{ certificate }, Math.floor((Date.now() + said.certificateDays * DAY) / 1000)] as const));
}

function registry(): Metric[] {
  return [
    new Gauge('ssmax_members', 'x', () => 1_043), new Gauge('ssmax_certificates_expiring', 'x', () => 38), new Gauge('ssmax_audit_entries', 'x', () => 183_220),
    new Gauge('ssmax_abuse_cases_open', 'x', () => 0), new Gauge('ssmax_alerts_total', 'x', () => 0, 'counter'),
    new Gauge('ssmax_trust_until_seconds', 'x', () => ['directory', 'authority-crl', 'organisation-crl'].map((part) => [{ part }, Math.floor((Date.now() + DAY) / 1000)] as const)),
  ];
}

/** One mail waits, for two reasons. */
function held(): Metric[] {
  return [
    new Gauge('ssmax_held_mails', 'x', () => 1),
    new Gauge('ssmax_held_reasons', 'x', () => ['my-number', 'external-recipients'].map((code) => [{ direction: 'outbound', code }, 1] as const)),
  ];
}

/** These words, however they are parted. */
function spaced(text: string): RegExp {
  return new RegExp(`^${text.replace(/[()]/g, '\\$&').replaceAll(' ', '\\s+')}$`);
}

/** Thirty days of a town hall's mail: busy by day, quiet at night and at weekends. */
async function fillHistory(file: string): Promise<void> {
  const store: HistoryStore = await openDatabase(file, historyMigrations);
  const now = Date.now();
  const history = await openHistory(store, new Date(now - 30 * DAY));
  const mails = new Counter('ssmax_mails_total', 'x');
  const counters = new Map<string, { labels: Record<string, string>; value: number }>();
  const add = (labels: Record<string, string>, by: number): void => {
    const key = JSON.stringify(labels);
    counters.set(key, { labels, value: (counters.get(key)?.value ?? 0) + by });
  };
  await history.record({ server: 'gateway', counters: [], startedAt: 0 }, new Date(now - 30 * DAY));
  for (let at = now - 30 * DAY; at <= now; at += 3_600_000) {
    const step = Math.round((at - now) / 3_600_000);
    // Whenever the test runs, it is Wednesday, two o'clock: at night a few mails put off would be most of the hour's.
    const local = new Date(Date.UTC(2026, 10, 18, 14) + step * 3_600_000);
    const [hour, weekday] = [local.getUTCHours(), local.getUTCDay()];
    const busy = weekday === 0 || weekday === 6 ? 0.12 : 1;
    const load = Math.round(busy * (hour >= 8 && hour <= 18 ? 140 - Math.abs(13 - hour) * 12 : 9) + (Math.abs(step * 37) % 11));
    add({ listener: 'submission', answer: 'taken', outcome: 'relayed' }, load);
    add({ listener: 'arriving', answer: 'taken', outcome: 'relayed' }, Math.round(load * 1.4));
    if (step % 3 === 0) add({ listener: 'submission', answer: 'refused', outcome: 'keyword' }, 1 + Math.round(busy * 2));
    if (step % 5 === 0) add({ listener: 'arriving', answer: 'refused', outcome: 'malware' }, 2);
    if (step % 7 === 0) add({ listener: 'arriving', answer: 'refused', outcome: 'impersonation' }, 3);
    if (step % 11 === 0) add({ listener: 'submission', answer: 'refused', outcome: 'recipient-not-enrolled' }, 1);
    if (step % 19 === 0) add({ listener: 'arriving', answer: 'later', outcome: 'scanner-unavailable' }, 17);
    const samples = [...counters.values()].map(({ labels, value }) => ({ name: mails.name, labels, value }));
    await history.record({ server: 'gateway', counters: samples, startedAt: 0 }, new Date(at));
  }
  await store.close();
}
