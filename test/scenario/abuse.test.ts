/**
 * Abuse with real servers: mail, report, case, warning, suspension; a trace by two administrators; the Authority's review by criteria
 * of its own; a suspended organisation, whose mail on its way is refused and to which mail on its way waits.
 */
import { createHash, X509Certificate } from 'node:crypto';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { HINODE, type LocalOrganisation, type LocalWorld, PASSPHRASE, startLocalWorld, TSUKIMI } from '../../scripts/world/local-world.ts';
import { World } from '../../scripts/world/process.ts';
import { submit } from '../../scripts/world/smtp.ts';
import { runSsmax, ssmax, startSsmax } from '../../scripts/world/ssmax.ts';
import { until } from '../../scripts/world/wait.ts';
import { hex } from '../../src/core/bytes.ts';
import { reportMail } from '../../src/flow/report.ts';
import { buildFeedbackReport } from '../../src/mail/feedback-report.ts';
import { createNodeCrypto } from '../../src/platform/node-crypto.ts';
import { createNodeHttp } from '../../src/platform/node-http.ts';
import { openDatabase } from '../../src/server/shared/database.ts';
import { migrations, type Tables } from '../../src/server/keyserver/tables.ts';
import { Correspondent } from './correspondent.ts';
import { serveFiles } from './web-server.ts';
import { createWorldClock, type WorldClock } from './world-clock.ts';

vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 });

let world: World;
let clock: WorldClock;
let local: LocalWorld;
let hinode: LocalOrganisation;
let tsukimi: LocalOrganisation;
let taro: Correspondent;
let hanako: Correspondent;
let yuki: Correspondent;
/** What goes from the one organisation to the other waits in the sender's queue. */
let shut = false;

const HANAKO = { address: 'hanako@tsukimi.example', displayName: '佐藤 花子' };
const TARO = 'taro@hinode.example';
const DAY = 86_400_000;
const native = createNodeCrypto();

beforeAll(async () => {
  world = await World.open();
  clock = createWorldClock(world);
  local = await startLocalWorld(world, [HINODE, { ...TSUKIMI, members: [...TSUKIMI.members, { user: 'abuse', name: '通報窓口' }] }], {
    env: clock.env, now: () => clock.now(), refresh: 1, mirror: true, health: true, detour: (_, hop, port) => (hop === 'arriving' ? door(port) : port),
  });
  [hinode, tsukimi] = local.organisations as [LocalOrganisation, LocalOrganisation];
  [taro, yuki, hanako] = await Promise.all([Correspondent.enrol(local, hinode, 'taro'), Correspondent.enrol(local, hinode, 'yuki'), Correspondent.enrol(local, tsukimi, 'hanako')]);
});
afterAll(async () => {
  await world.stop();
});

/** Before a gateway's listener for arriving mail. */
async function door(port: number): Promise<number> {
  const own = await world.ports.take();
  const server = createServer((from) => {
    if (shut) {
      from.destroy();
      return;
    }
    const to = connect(port, '127.0.0.1');
    for (const [one, other] of [[from, to], [to, from]] as const) one.on('error', () => other.destroy()).pipe(other);
  });
  await new Promise<void>((resolve) => { server.listen(own, '127.0.0.1', resolve); });
  world.closing(() => { server.close(); });
  return own;
}

/** One mail of taro's in hanako's mailbox. */
async function delivered(subject: string): Promise<{ raw: Uint8Array<ArrayBuffer>; contentDigest: string }> {
  const before = (await hanako.mailbox().list()).length;
  const { raw, contentDigest } = await taro.seal({ to: [HANAKO], subject });
  expect((await taro.submit(raw, [HANAKO.address])).final.text).toMatch(/^250 /);
  const message = (await hanako.receive(before + 1)).at(-1);
  if (message === undefined) throw new Error('no mail');
  return { raw: Uint8Array.from(message.raw), contentDigest: hex(contentDigest) };
}

const caseSchema = z.array(z.object({ case: z.string(), state: z.string(), sender: z.string(), reports: z.int(), categories: z.array(z.string()) }));
const abuse = (...words: string[]): Promise<string> => ssmax(['abuse', ...words, '--state', hinode.state]);
const cases = async (): Promise<z.output<typeof caseSchema>> => caseSchema.parse(JSON.parse(await abuse('list', '--all', '--json')));
const refresh = async (): Promise<void> => {
  for (const { state } of [tsukimi, hinode]) await ssmax(['keyserver', 'refresh', '--state', state]);
};

let reported: Awaited<ReturnType<typeof delivered>>;

/** hinode's status page in a real Chromium, in one language each; `days` sets the clock of its server, and of nothing else, forward. */
interface StatusPage {
  readonly ja: Page;
  readonly en: Page;
  day(days: number): void;
  close(): Promise<void>;
}

async function startStatusPage(): Promise<StatusPage> {
  const dir = world.directory('status');
  const port = await world.ports.take();
  const day = (days: number): void => { writeFileSync(join(dir, 'clock'), String(Math.round(days * DAY))); };
  day(0);
  writeFileSync(join(dir, 'status.yaml'), JSON.stringify({
    listen: `127.0.0.1:${port}`, organisation: HINODE.names, database: 'status.sqlite', every: 1, postfix: hinode.postfix.configuration,
    servers: Object.entries(hinode.health ?? {}).map(([role, at]) => ({ name: role, role: role.toLowerCase(), health: `127.0.0.1:${at}` })),
  }));
  await startSsmax(world, 'status', ['status', 'run', '--config', join(dir, 'status.yaml')], undefined, { ...clock.env, SSMAX_TEST_CLOCK: join(dir, 'clock') });
  const browser: Browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: process.getuid?.() === 0 ? ['--no-sandbox'] : [] });
  const open = async (locale: string): Promise<Page> => {
    const page = await browser.newPage({ locale, timezoneId: 'Asia/Tokyo' });
    await page.goto(`http://127.0.0.1:${port}/`);
    return page;
  };
  return { ja: await open('ja-JP'), en: await open('en-GB'), day, close: () => browser.close() };
}

describe('a mail that is reported', () => {
  let status: StatusPage;
  afterAll(() => status.close());
  /** What a page asks to be looked at, once it says this. */
  async function attentions(page: Page, sentence: string): Promise<string[]> {
    await page.locator('.overall li', { hasText: sentence }).first().waitFor({ timeout: 60_000 });
    return page.locator('.overall li').allInnerTexts();
  }

  it('by the plugin becomes a case at its sender’s organisation, which learns nothing of the reporter', async () => {
    reported = await delivered('儲け話');
    const trust = await hanako.trust();
    const organisation = await trust.directory.byDomain('tsukimi.example');
    if (organisation === undefined) throw new Error('no organisation');
    const reporter = {
      http: createNodeHttp({ ca: local.webCa }), url: tsukimi.pluginUrl, credential: hanako.credential, organisation, now: new Date(),
      random: (length: number) => native.random(length),
    };
    const complaint = { category: 'fraud' as const, comment: 'for our desk', disclose: { reporter: false, comment: false } };
    expect(await reportMail(reporter, reported.raw, complaint)).toMatchObject({ known: false });
    expect(await reportMail({ ...reporter, now: new Date() }, reported.raw, complaint)).toMatchObject({ known: true });
    await refresh();
    const [found, ...others] = await cases();
    expect(others).toEqual([]);
    expect(found).toMatchObject({ state: 'open', sender: TARO, reports: 1, categories: ['fraud'] });
    const shown = await abuse('show', found?.case ?? '');
    expect(shown).toContain(reported.contentDigest);
    expect(shown).not.toContain('for our desk');
    expect(shown).not.toContain('hanako');
  });

  it('by a mail to abuse@ becomes one too; a forged report is refused', async () => {
    const { raw } = await delivered('もっと儲かる話');
    const order = { from: HANAKO.address, to: 'abuse@tsukimi.example', type: 'abuse' as const, comment: '迷惑です', mail: raw, date: new Date() };
    const send = (mail: Uint8Array<ArrayBuffer>) => submit({
      port: tsukimi.ports.postfix.submission, account: local.account(HANAKO.address), envelope: { from: HANAKO.address, to: ['abuse@tsukimi.example'] }, raw: mail,
    });
    const random = (length: number) => native.random(length);
    expect((await send(buildFeedbackReport(order, random))).final.text).toMatch(/^250 /);
    // Leg 1 of the same mail proves nothing: nobody delivered it.
    const { raw: leg1 } = await taro.seal({ to: [HANAKO], subject: 'never sent' });
    expect((await send(buildFeedbackReport({ ...order, mail: Uint8Array.from(leg1) }, random))).final.text).toMatch(/^550 /);
    await refresh();
    await until(async () => (await cases()).length === 2, { what: 'the second case' });
  });

  it('is an open case on the status page, in Japanese and English; whose it is does not stand there', async () => {
    status = await startStatusPage();
    expect(await attentions(status.ja, '対応中の迷惑行為の報告が 2 件あります。')).toHaveLength(1);
    expect(await attentions(status.en, 'Open abuse cases: 2.')).toHaveLength(1);
    for (const [page, name] of [[status.ja, '対応中の迷惑行為の報告'], [status.en, 'Abuse cases not closed']] as const) {
      expect(await page.locator('section[aria-labelledby=members] dl > div', { hasText: name }).locator('dd').innerText()).toBe('2');
      expect(await page.content()).not.toMatch(/taro|hanako|山田|儲け話/);
    }
  });

  it('leads to a warning and a suspension, effective at the gateway at once and reversible', async () => {
    const id = (await cases()).at(-1)?.case ?? '';
    await abuse('warn', id, '--reason', 'first');
    await abuse('suspend', id, '--reason', 'second');
    const { raw } = await taro.seal({ to: [HANAKO], subject: '三度目' });
    expect((await taro.submit(raw, [HANAKO.address])).final.text).toMatch(/^550 5\.7\.1 SSMAX-certificate-suspended /);
    expect(await hanako.judge(reported.raw)).toMatchObject({ state: 'verified' });
    await abuse('reinstate', id, '--reason', 'he understood');
    // The gateway takes the next list within its refresh interval.
    await until(async () => (await taro.submit((await taro.seal({ to: [HANAKO], subject: '四度目' })).raw, [HANAKO.address])).final.text.startsWith('250 '), { what: 'the gateway’s next list' });
    await abuse('close', id, '--outcome', 'confirmed', '--reason', 'done');
    expect((await cases()).at(-1)).toMatchObject({ state: 'closed' });
    await attentions(status.ja, '対応中の迷惑行為の報告が 1 件あります。');
    await attentions(status.en, 'Open abuse cases: 1.');
  });

  it('its servers’ certificates are named twelve days before they end, in both languages', async () => {
    const ends = Date.parse(new X509Certificate(readFileSync(join(hinode.dir, 'gateway.pem'))).validTo);
    status.day((ends - Date.now()) / DAY - 12.5);
    const end = (language: string): string => new Intl.DateTimeFormat(language, { year: 'numeric', month: 'short', day: 'numeric', timeZone: 'Asia/Tokyo' }).format(ends);
    const japanese = await attentions(status.ja, '期限が切れます');
    const english = await attentions(status.en, 'ends on');
    for (const server of ['gateway', 'inspection', 'keyServer']) {
      expect(japanese).toContainEqual(expect.stringMatching(new RegExp(`${server} のサーバ証明書は ${end('ja')} に期限が切れます（あと 12 日）。\\s*更新の手続きをしてください。`)));
      expect(english).toContainEqual(expect.stringMatching(new RegExp(`Server certificate of ${server} ends on ${end('en')}, in 12 days\\.\\s*Have it renewed\\.`)));
    }
    // The organisation's own lasts a year longer.
    expect([...japanese, ...english].filter((item) => /組織証明書は|Organisation’s certificate of/.test(item))).toEqual([]);
  });
});

describe('a trace', () => {
  it('names the person only when two different administrators signed, and stands in the audit chain', async () => {
    const key = (name: string): string => join(hinode.dir, `${name}.key`);
    for (const name of ['mori', 'kato']) {
      await ssmax(['admin', 'init', '--name', name, '--key', key(name), '--csr', join(hinode.dir, `${name}.csr`)], { passphrase: PASSPHRASE });
      await ssmax(['admin', 'add', '--state', hinode.state, '--csr', join(hinode.dir, `${name}.csr`)]);
    }
    const mail = join(hinode.dir, 'reported.eml');
    writeFileSync(mail, reported.raw);
    const asked = await ssmax(['trace', mail, '--reason', 'fraud, case 1', '--state', hinode.state, '--admin-key', key('mori')], { passphrase: PASSPHRASE });
    const id = /ssmax approve ([0-9a-f-]{36})/.exec(asked)?.[1] ?? '';
    expect(asked).not.toMatch(/E1001|taro@/);
    await expect(ssmax(['approve', id, '--state', hinode.state, '--admin-key', key('mori')], { passphrase: PASSPHRASE })).rejects.toThrow(/signed this request already/);
    const answer = await ssmax(['approve', id, '--state', hinode.state, '--admin-key', key('kato')], { passphrase: PASSPHRASE });
    expect(answer).toContain('E1001');
    expect(answer).toContain(TARO);
    expect(await ssmax(['audit', 'verify', '--state', hinode.state])).toMatch(/^good: /);
  });
});

describe('the Authority', () => {
  /** What a verb shows, whatever its exit code. */
  const shown = async (...words: string[]): Promise<string> => (await runSsmax(words)).stdout.toString();
  const authority = (...words: string[]): Promise<string> => ssmax(['authority', ...words, '--state', local.authority.state]);

  it('keeps figures and heads; the trace stands in the chain; a chain that was cut behind them is found, and refused with an alarm', async () => {
    await ssmax(['audit', 'anchor', '--state', hinode.state]);
    expect(await ssmax(['audit', 'verify', '--state', hinode.state])).toMatch(/compared with [1-9]\d* heads that the Authority keeps/);
    expect(await shown('authority', 'review', '--state', local.authority.state)).toMatch(/Hinode City Office {2}certified[\s\S]*sent [1-9]/);
    await hinode.servers.keyServer.stop();
    const store = await openDatabase<Tables>(join(hinode.state, 'keyserver.sqlite'), migrations);
    // The trace stands there once, behind the signatures of two administrators and not behind the first alone.
    const rows = await store.query.selectFrom('audit_entries').innerJoin('audit_details', 'audit_details.seq', 'audit_entries.seq').select(['kind', 'details'])
      .where('kind', 'in', ['approval-signed', 'trace', 'approved']).orderBy('audit_entries.seq').execute();
    expect(rows.map(({ kind, details }) => [kind, JSON.parse(details) as unknown])).toMatchObject([
      ['approval-signed', { kind: 'trace', administrator: 'mori' }], ['approval-signed', { kind: 'trace', administrator: 'kato' }],
      ['trace', { contentDigest: reported.contentDigest, reason: 'fraud, case 1', found: 1 }], ['approved', { kind: 'trace' }],
    ]);
    const { seq } = await store.query.selectFrom('audit_entries').select('seq').orderBy('seq', 'desc').limit(1).executeTakeFirstOrThrow();
    for (const table of ['audit_details', 'audit_entries'] as const) await store.query.deleteFrom(table).where('seq', '>', seq - 3).execute();
    await store.close();
    await hinode.restart('keyServer');
    expect(await shown('audit', 'verify', '--state', hinode.state)).toMatch(/^broken at entry \d+: head/);
    await expect(ssmax(['audit', 'anchor', '--state', hinode.state])).rejects.toThrow(/audit chain/);
    expect(await shown('authority', 'review', '--state', local.authority.state)).toMatch(/ALARM .*audit-head-conflict/);
    await authority('accept-chain', HINODE.id, '--reason', 'a test');
    await ssmax(['audit', 'anchor', '--state', hinode.state]);
  });

  it('reviews by the criteria of its file: candidates, findings with exit 1, an overdue audit, re-certification; exit 0 where nothing is found', async () => {
    const daysAgo = (days: number): string => new Date(Date.now() - days * 86_400_000).toISOString().slice(0, 10);
    const inDir = (name: string): string => join(local.authority.dir, name);
    const review = async (): Promise<{ code: number; text: string }> => {
      const { code, stdout } = await runSsmax(['authority', 'review', '--state', local.authority.state]);
      return { code, text: stdout.toString() };
    };
    const criteria = async (version: string, confirmed: number): Promise<void> => {
      writeFileSync(inDir('criteria.yaml'), [
        `version: ${version}`, 'window: 30', 'minimumMails: 1', 'criteria:',
        `  - { measure: confirmed, above: ${confirmed}, says: warn }`, '  - { measure: audit-age, above: 45, says: suspend }', '  - { measure: alarms, above: 0, says: suspend }', '',
      ].join('\n'));
      const file = inDir('authority.yaml');
      writeFileSync(file, JSON.stringify({ ...JSON.parse(readFileSync(file, 'utf8')) as object, criteria: 'criteria.yaml' }));
      await local.authority.running.stop();
      await local.restartAuthority();
    };
    const audited = async (id: string, report: string, days: number): Promise<void> => {
      writeFileSync(inDir('report.pdf'), report);
      await authority('recertify', id, '--report', inDir('report.pdf'), '--auditor', '監査法人 月影', '--date', daysAgo(days));
    };
    await criteria('strict-1', 0);
    await authority('candidate', 'NTRJP-5010401234567', '--name', '渚ネット', '--domain', 'nagisa.example');
    await audited(HINODE.id, 'an audit report', 0);
    await audited(TSUKIMI.id, 'an old report', 60);
    const found = await review();
    expect(found.code).toBe(1);
    expect(found.text).toMatch(/^criteria strict-1, figures of 30 days\n/);
    expect(found.text).toMatch(/Hinode City Office {2}certified since [\d-]+ {2}the criteria say: warn\n(?: {2}.*\n)*? {2}warn: confirmed is 1, more than 0\n/);
    const hash = createHash('sha256').update('an audit report').digest('hex');
    expect(found.text).toContain(`audit ${daysAgo(0)} by 監査法人 月影, SHA-256 ${hash}\n`);
    expect(found.text).toMatch(/Tsukimi Works {2}certified since [\d-]+ {2}the criteria say: suspend\n(?: {2}.*\n)*? {2}suspend: audit-age is 6\d, more than 45\n/);
    expect(found.text).toMatch(/\nNTRJP-5010401234567 {2}渚ネット {2}candidate since [\d-]+ {2}nagisa\.example\n$/);
    await audited(TSUKIMI.id, 'a new report', 1);
    await criteria('mild-1', 5);
    const good = await review();
    expect(good.text).toMatch(/^criteria mild-1, /);
    expect(good.text.match(/the criteria say|meets the criteria/g)).toEqual(['meets the criteria', 'meets the criteria']);
    expect(good.code).toBe(0);
  });

  it('suspends an organisation: every gateway refuses its mail, what was on its way too; mail on its way to it waits, and all flows again afterwards', async () => {
    const toTaro = { to: [{ address: TARO, displayName: '' }], subject: '返事' };
    const answer = async (from: Correspondent, raw: Uint8Array, to: string): Promise<string> => (await from.submit(Uint8Array.from(raw), [to])).final.text;
    const seal = async (): Promise<string> => answer(taro, (await taro.seal({ to: [HANAKO], subject: '五度目' })).raw, HANAKO.address);
    const [out, back] = [(await taro.seal({ to: [HANAKO], subject: '途中' })).raw, (await hanako.seal(toTaro)).raw];
    const before = { taro: (await taro.mailbox().list()).length, hanako: (await hanako.mailbox().list()).length };
    shut = true;
    expect(await answer(taro, out, HANAKO.address)).toMatch(/^250 /);
    expect(await answer(hanako, back, TARO)).toMatch(/^250 /);
    await until(async () => (await hinode.postfix.queue()).length > 0 && (await tsukimi.postfix.queue()).length > 0, { what: 'leg 2 in both queues' });

    await authority('suspend', HINODE.id, '--reason', 'too many reports');
    await until(async () => (await seal()).includes('SSMAX-certificate-suspended'), { what: 'the suspension at its own gateway' });
    // The other's gateway refuses what is new; by that it is seen to know.
    await until(async () => /^550 .*SSMAX-certificate-suspended/.test(await answer(hanako, back, TARO)), { what: 'the suspension at the other gateway' });
    await until(async () => (await (await hanako.trust()).directory.byId(HINODE.id))?.standing?.state === 'suspended', { what: 'the suspension in the directory' });
    shut = false;
    await hinode.postfix.flush();
    const refusal = (await taro.receive(before.taro + 1)).map(({ raw }) => Buffer.from(raw).toString('latin1')).at(-1);
    expect(refusal).toMatch(/Final-Recipient: rfc822; hanako@tsukimi\.example[^]*550[- ]5\.7\.1 SSMAX-certificate-suspended/);
    const waits = async (): Promise<boolean> =>
      (await tsukimi.postfix.queue()).some(({ recipients }) => recipients.some(({ delayReason }) => /451 4\.7\.1 SSMAX-organisation-suspended/.test(delayReason ?? '')));
    await until(waits, { what: 'the mail to it put off', withinMs: 60_000 });
    expect((await hanako.mailbox().list()).length).toBe(before.hanako);
    expect(await hanako.judge(reported.raw)).toMatchObject({ state: 'verified' });

    await authority('reinstate', HINODE.id, '--reason', 'put right');
    await until(async () => (await seal()).startsWith('250 '), { what: 'the end of the suspension at the gateway' });
    await tsukimi.postfix.flush();
    // Among reports on what was sent while the suspension came into force.
    const arrived = await until(async () => {
      const judged = await Promise.all((await taro.mailbox().list()).slice(before.taro).map(({ raw }) => taro.judge(Uint8Array.from(raw))));
      return judged.find(({ state }) => state === 'verified');
    }, { what: 'the mail that waited', withinMs: 60_000, everyMs: 500 });
    expect(arrived).toMatchObject({ sender: { address: HANAKO.address } });
  });

  it('is away: a plain web server with its files is enough for servers that know nobody yet', async () => {
    const files = world.directory('published');
    await authority('publish', '--out', files);
    await local.authority.running.stop();
    await Promise.all([hinode, tsukimi].map(async (one) => {
      for (const server of ['keyServer', 'gateway'] as const) await one.servers[server].stop();
      for (const state of ['state', 'gateway-state']) rmSync(join(one.dir, state, 'trust'), { recursive: true });
      for (const server of ['keyServer', 'gateway'] as const) await one.restart(server);
    }));
    const before = (await hanako.mailbox().list()).length;
    const { raw } = await taro.seal({ to: [HANAKO], subject: '六度目' });
    const send = async (): Promise<string> => (await taro.submit(raw, [HANAKO.address])).final.text;
    expect(await send()).toMatch(/^451 /);
    const web = await serveFiles(local, '/ssmax/', files);
    await until(async () => (await send()).startsWith('250 '), { what: 'mail by the files of the web server' });
    expect(await hanako.judge(Uint8Array.from((await hanako.receive(before + 1)).at(-1)?.raw ?? []))).toMatchObject({ state: 'verified' });
    expect(new Set(web.asked.map((path) => path.replace(/[0-9a-f]{64}$/, '…')))).toEqual(new Set(['/ssmax/index.cms', '/ssmax/authority.crl', '/ssmax/files/…']));
    await local.restartAuthority();
    await web.close();
  });
});

describe('a member who has left', () => {
  it('has the evidence of his mail erased by two administrators; the chain stays whole', async () => {
    const key = (name: string): string[] => ['--state', hinode.state, '--admin-key', join(hinode.dir, `${name}.key`)];
    const ask = async (): Promise<string> => ssmax(['member', 'erase', TARO, '--reason', 'he asked for it', ...key('mori')], { passphrase: PASSPHRASE });
    const second = async (asked: string): Promise<string> => ssmax(['approve', /ssmax approve ([0-9a-f-]{36})/.exec(asked)?.[1] ?? '', ...key('kato')], { passphrase: PASSPHRASE });
    await expect(second(await ask())).rejects.toThrow(/still a member/);
    await ssmax(['member', 'remove', TARO, '--state', hinode.state]);
    const open = (await cases()).filter(({ state }) => state !== 'closed');
    if (open.length > 0) await expect(second(await ask())).rejects.toThrow(/abuse case/);
    for (const { case: id } of open) await abuse('close', id, '--outcome', 'unfounded', '--reason', 'done');
    expect(await second(await ask())).toMatch(/^done: .*"mails":[1-9]/m);
    const traced = await ssmax(['trace', reported.contentDigest, '--reason', 'again', ...key('mori')], { passphrase: PASSPHRASE });
    expect(await second(traced)).toContain('nothing-found');
    expect(await ssmax(['audit', 'verify', '--state', hinode.state])).toMatch(/^good: /);
  });
});

describe('a gateway that never heard of a suspension', () => {
  it('says "later" as soon as its list has ended: nothing of the suspended organisation is delivered', async () => {
    const before = (await hanako.mailbox().list()).length;
    const { raw } = await yuki.seal({ to: [HANAKO], subject: '最後' });
    shut = true;
    expect((await yuki.submit(raw, [HANAKO.address])).final.text).toMatch(/^250 /);
    await until(async () => (await hinode.postfix.queue()).length > 0, { what: 'leg 2 in the queue' });
    await tsukimi.servers.gateway.stop();
    await ssmax(['authority', 'suspend', HINODE.id, '--reason', 'unheard', '--state', local.authority.state]);
    await local.authority.running.stop();
    clock.day(2);
    await tsukimi.restart('gateway');
    shut = false;
    await hinode.postfix.flush();
    const later = async (): Promise<boolean> =>
      (await hinode.postfix.queue()).some(({ recipients }) => recipients.some(({ delayReason }) => /451 4\.7\.1 SSMAX-(?:directory|crl)-stale/.test(delayReason ?? '')));
    await until(later, { what: 'the mail put off', withinMs: 60_000 });
    expect((await hanako.mailbox().list()).length).toBe(before);
  });
});
