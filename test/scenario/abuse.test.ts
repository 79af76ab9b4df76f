/** Abuse with real servers: mail, report, case, warning, suspension; a trace by two administrators; the Authority's review. */
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { HINODE, type LocalOrganisation, type LocalWorld, PASSPHRASE, startLocalWorld, TSUKIMI } from '../../scripts/world/local-world.ts';
import { World } from '../../scripts/world/process.ts';
import { submit } from '../../scripts/world/smtp.ts';
import { runSsmax, ssmax } from '../../scripts/world/ssmax.ts';
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

let world: World;
let local: LocalWorld;
let hinode: LocalOrganisation;
let tsukimi: LocalOrganisation;
let taro: Correspondent;
let hanako: Correspondent;

const HANAKO = { address: 'hanako@tsukimi.example', displayName: '佐藤 花子' };
const TARO = 'taro@hinode.example';
const native = createNodeCrypto();

beforeAll(async () => {
  world = await World.open();
  local = await startLocalWorld(world, [HINODE, { ...TSUKIMI, members: [...TSUKIMI.members, { user: 'abuse', name: '通報窓口' }] }], { mirror: true });
  [hinode, tsukimi] = local.organisations as [LocalOrganisation, LocalOrganisation];
  [taro, hanako] = await Promise.all([Correspondent.enrol(local, hinode, 'taro'), Correspondent.enrol(local, tsukimi, 'hanako')]);
});
afterAll(async () => {
  await world.stop();
});

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

describe('a mail that is reported', () => {
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

  it('keeps figures and heads; a chain that was cut behind them is found, and refused with an alarm', async () => {
    await ssmax(['audit', 'anchor', '--state', hinode.state]);
    expect(await ssmax(['audit', 'verify', '--state', hinode.state])).toMatch(/compared with [1-9]\d* heads that the Authority keeps/);
    expect(await shown('authority', 'review', '--state', local.authority.state)).toMatch(/Hinode City Office {2}certified[\s\S]*sent [1-9]/);
    await hinode.servers.keyServer.stop();
    const store = await openDatabase<Tables>(join(hinode.state, 'keyserver.sqlite'), migrations);
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

  it('suspends an organisation: its mail is refused everywhere, and flows again afterwards', async () => {
    writeFileSync(join(local.authority.dir, 'report.pdf'), 'an audit report');
    await authority('recertify', HINODE.id, '--report', join(local.authority.dir, 'report.pdf'), '--auditor', '監査法人 月影', '--date', '2026-11-01');
    await authority('suspend', HINODE.id, '--reason', 'too many reports');
    const seal = async (): Promise<string> => (await taro.submit((await taro.seal({ to: [HANAKO], subject: '五度目' })).raw, [HANAKO.address])).final.text;
    await until(async () => (await seal()).includes('SSMAX-certificate-suspended'), { what: 'the suspension at the gateway' });
    // Each organisation fetches the directory in its own time.
    await until(async () => (await (await hanako.trust()).directory.byId(HINODE.id))?.standing?.state === 'suspended', { what: 'the suspension in the directory' });
    expect(await hanako.judge(reported.raw)).toMatchObject({ state: 'verified' });
    await authority('reinstate', HINODE.id, '--reason', 'put right');
    await until(async () => (await seal()).startsWith('250 '), { what: 'the end of the suspension at the gateway' });
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
