/** The registry in use: a thousand members by CSV, codes, a shared mailbox, an alias, a list, a pseudonym and a service, over real servers. */
import { execFileSync } from 'node:child_process';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { HINODE, type LocalOrganisation, type LocalWorld, type OrganisationPlan, PASSPHRASE, startLocalWorld, TSUKIMI } from '../../scripts/world/local-world.ts';
import { World } from '../../scripts/world/process.ts';
import { submit } from '../../scripts/world/smtp.ts';
import { runSsmax, ssmax } from '../../scripts/world/ssmax.ts';
import { utf8 } from '../../src/core/bytes.ts';
import { decodeTable, parseCsv } from '../../src/flow/csv.ts';
import { formatText } from '../../src/mail/header.ts';
import { Correspondent } from './correspondent.ts';

// Real servers on a busy machine: slow is no failure.
vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 });

const HEADER = '職員番号,氏名,仮名,メールアドレス,別名,本人確認';
const OWN = [
  'E1001,山田 太郎,,taro@hinode.example,yamada@hinode.example,HR-2026-1001', 'E1002,鈴木 雪,,yuki@hinode.example,,HR-2026-1002', 'E1003,田中 健,,ken@hinode.example,,HR-2026-1003',
  'E1001,市民課,,info@hinode.example,,HR-2026-1001', 'E1002,市民課,,info@hinode.example,,HR-2026-1002',
  'E1003,田中 健,住民相談窓口 07,soudan07@hinode.example,,HR-2026-1003',
];
const OTHERS = Array.from({ length: 1000 }, (_, index) => `S${index},職員 ${index},,s${index}@hinode.example,,HR-S${index}`);
const PLAN: OrganisationPlan = {
  ...HINODE,
  members: [...HINODE.members, ...['info', 'soudan07', 'billing'].map((user) => ({ user, name: user, registered: false }))],
  aliases: { 'yamada@hinode.example': 'taro@hinode.example', 'all@hinode.example': 'all@hinode.example' },
};
const INFO = { address: 'info@hinode.example', displayName: '市民課' };
const ALL = { address: 'all@hinode.example', displayName: '全職員' };
const HANAKO = { address: 'hanako@tsukimi.example', displayName: '佐藤 花子' };

let world: World;
let local: LocalWorld;
let hinode: LocalOrganisation;
let hanako: Correspondent;
let directory: string;
/** Codes by address and number, as the CSV file brings them. */
const codes = new Map<string, string>();
const members: Record<string, Correspondent> = {};
/** Mails as their reader has them, whose writer is asked for later. */
const questioned: Record<'desk' | 'pseudonym', string> = { desk: '', pseudonym: '' };
const person = (name: string): Correspondent => {
  const found = members[name];
  if (found === undefined) throw new Error(`${name} has not enrolled`);
  return found;
};

const run = (...words: string[]): Promise<string> => ssmax([...words, '--state', hinode.state]);
const cp932 = (file: string, lines: readonly string[]): string => {
  const path = join(directory, file);
  writeFileSync(path, execFileSync('iconv', ['-f', 'UTF-8', '-t', 'CP932'], { input: [HEADER, ...lines].join('\r\n') }));
  return path;
};
const newest = async (reader: Correspondent, before: number): Promise<Uint8Array<ArrayBuffer>> => {
  const message = (await reader.receive(before + 1)).at(-1);
  if (message === undefined) throw new Error('no mail');
  return new Uint8Array(message.raw);
};
const count = async (reader: Correspondent): Promise<number> => (await reader.mailbox().list()).length;
const sent = async (from: Correspondent, to: readonly { address: string; displayName: string }[], subject: string): Promise<string> => {
  const { raw } = await from.seal({ to, subject });
  return (await from.submit(raw, to.map(({ address }) => address))).final.text;
};

beforeAll(async () => {
  world = await World.open();
  local = await startLocalWorld(world, [PLAN, TSUKIMI]);
  const [first, second] = local.organisations as [LocalOrganisation, LocalOrganisation];
  hinode = first;
  directory = world.directory('tables');
  hanako = await Correspondent.enrol(local, second, 'hanako');
});
afterAll(async () => {
  await world.stop();
});

describe('a thousand members', () => {
  it('come by a table from Excel, which is tried first and changes nothing then', async () => {
    const wrong = cp932('wrong.csv', ['E1,山田,,a@hinode.example,,個人番号１２３４－５６７８－９０１８', ...OWN, 'E2,佐藤,,b@elsewhere.example,,HR']);
    const refused = await runSsmax(['member', 'import', wrong, '--state', hinode.state]);
    expect(refused.code).toBe(1);
    expect(refused.stdout.toString()).toMatch(/^line 2, 本人確認: a field holds a national number .* \(national-number\)\nline 9: b@elsewhere\.example is not in a mail domain .* \(address-not-ours\)$/m);
    const table = cp932('members.csv', [...OWN, ...OTHERS]);
    const dry = await run('member', 'import', table, '--dry-run');
    expect(dry).toMatch(/^members\.csv: 1006 members, Shift_JIS\n[^]*\n1003 new, 1 changed, 2 as they were, 0 not in the file\ndry run: nothing was changed\n$/);
    expect(dry).toContain('~ taro@hinode.example (E1001), line 2: aliases: - → yamada@hinode.example');
    expect(await run('member', 'import', table)).toMatch(/1003 new, 1 changed, .*\ndone\n$/);
    expect(await run('member', 'import', table)).toMatch(/\n0 new, 0 changed, 1006 as they were, 0 not in the file\ndone\n$/);
  });

  it('get codes in a file for the administrator alone, and letters', async () => {
    const file = join(directory, 'codes.csv');
    expect(await run('member', 'codes', '--csv', file)).toBe(`1006 codes in ${file}\n`);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const [, ...rows] = parseCsv(decodeTable(new Uint8Array(readFileSync(file))).text);
    for (const { fields: [address = '', reference = '', name = '', code = ''] } of rows) codes.set(`${address} ${reference}`, `${code} ${name}`);
    expect(codes.get('soudan07@hinode.example E1003')).toMatch(/ 田中 健$/);
    const letters = join(directory, 'letters.html');
    await ssmax(['member', 'letters', '--codes', file, '--out', letters, '--organisation', '日之出市役所', '--contact', '情報システム課']);
    expect(readFileSync(letters, 'utf8').match(/<article>/g)).toHaveLength(1006);
    expect(statSync(letters).mode & 0o777).toBe(0o600);
    expect(await run('member', 'open-codes')).not.toContain(codes.get('taro@hinode.example E1001')?.slice(0, 14));
  });

  it('enrol, each with his code', async () => {
    for (const [name, address, reference] of [
      ['taro', 'taro', 'E1001'], ['yuki', 'yuki', 'E1002'], ['taro at the desk', 'info', 'E1001'], ['yuki at the desk', 'info', 'E1002'], ['adviser', 'soudan07', 'E1003'],
    ] as const) {
      const code = codes.get(`${address}@hinode.example ${reference}`)?.slice(0, 14);
      members[name] = await Correspondent.enrol(local, hinode, address, undefined, code);
    }
    const [desk = '', ...holders] = (await run('member', 'list')).match(/\{[^}]*"address":"info@hinode\.example"[^}]*\}/g) ?? [];
    expect([desk, ...holders].map((text) => /"reference":"(\w+)".*"certificates":(\d)/.exec(text)?.slice(1))).toEqual([['E1001', '1'], ['E1002', '1']]);
  });
});

describe('addresses that are not one person’s', () => {
  it('a shared mailbox is read by all of its holders, and each of them writes from it', async () => {
    const desk = [person('taro at the desk'), person('yuki at the desk')] as const;
    const before = await count(desk[0]);
    expect(await sent(hanako, [INFO], '問い合わせ')).toMatch(/^250 /);
    const raw = await newest(desk[0], before);
    for (const holder of desk) expect(await holder.judge(raw)).toMatchObject({ state: 'verified', content: 'opened', deliveredTo: INFO.address });
    for (const holder of desk) {
      const had = await count(hanako);
      expect(await sent(holder, [HANAKO], '回答')).toMatch(/^250 /);
      const answer = await newest(hanako, had);
      expect(await hanako.judge(answer)).toMatchObject({ state: 'verified', sender: INFO });
      if (holder === desk[0]) questioned.desk = kept('desk', answer);
    }
    // One holder leaves: the other goes on.
    await run('member', 'remove', INFO.address, '--reference', 'E1001');
    expect(await sent(desk[0], [HANAKO], '退職後')).toMatch(/^550 5\.7\.1 SSMAX-certificate-revoked /);
    expect(await sent(desk[1], [HANAKO], '引き続き')).toMatch(/^250 /);
  });

  it('mail to an alias reaches its member, who sees how he was addressed', async () => {
    const taro = person('taro');
    const before = await count(taro);
    expect(await sent(hanako, [{ address: 'yamada@hinode.example', displayName: '' }], '別名')).toMatch(/^250 /);
    expect(await taro.judge(await newest(taro, before))).toMatchObject({ state: 'verified', deliveredTo: 'taro@hinode.example', addressedAs: 'yamada@hinode.example' });
  });

  it('a post to a list verifies for every member, with its author, and with what list software adds', async () => {
    expect(await run('list', 'add', ALL.address, 'taro@hinode.example', 'yuki@hinode.example', 'ken@hinode.example', '--name', '全職員'))
      .toBe('all@hinode.example  全職員  posting: organisation  members: 3\n  ken@hinode.example  (not enrolled: gets no posts yet)\n  taro@hinode.example\n  yuki@hinode.example\n');
    expect(await run('list', 'postfix')).toBe(Object.entries(PLAN.aliases ?? {}).map(([address, to]) => `${address} ${to}\n`).join(''));
    const readers = [person('taro'), person('yuki')];
    const post = async (author: Correspondent, address: string): Promise<void> => {
      const before = await Promise.all(readers.map(count));
      expect(await sent(author, [ALL], '全職員へ')).toMatch(/^250 /);
      for (const [index, reader] of readers.entries()) {
        const raw = await newest(reader, before[index] ?? 0);
        const expected = { state: 'verified', content: 'opened', sender: { address }, addressedAs: ALL.address };
        expect(await reader.judge(raw)).toMatchObject(expected);
        const [header = ''] = Buffer.from(raw).toString('latin1').split('\r\n\r\n');
        expect(header).toMatch(/^List-Id: =\?utf-8\?B\?[^?]+\?= <all\.hinode\.example>\r\nList-Post: <mailto:all@hinode\.example>\r\n/mi);
        const tagged = utf8(`List-Id: <all.hinode.example>\r\n${Buffer.from(raw).toString('utf8').replace(/^Subject:.*(\r\n[ \t].*)*/m, `Subject: ${formatText('[all:12] 全職員へ', 'subject')}`)}`);
        const judged = await reader.judge(tagged);
        expect(judged).toMatchObject({ ...expected, message: { conflicts: [] } });
      }
    };
    const author = person('adviser');
    const reports = await count(author);
    await post(author, 'soudan07@hinode.example');
    // Nobody else answers for the list: the author is told whom it did not reach.
    expect(Buffer.from(await newest(author, reports)).toString()).toMatch(/Final-Recipient: rfc822; ken@hinode\.example\r\nAction: failed\r\n[^]*SSMAX-recipient-not-enrolled/);
    // From outside only where the list says so; the refusal comes back as a delivery report.
    const before = await count(hanako);
    expect(await sent(hanako, [ALL], 'お知らせ')).toMatch(/^250 /);
    expect(Buffer.from(await newest(hanako, before)).toString()).toContain('SSMAX-list-post-refused');
    await expect(run('list', 'add', ALL.address, '--posting', 'anyone')).rejects.toThrow('has no owner');
    await run('list', 'add', ALL.address, '--posting', 'anyone', '--owner', 'soudan07@hinode.example');
    const owned = await count(author);
    await post(hanako, HANAKO.address);
    expect(Buffer.from(await newest(author, owned)).toString()).toContain('Final-Recipient: rfc822; ken@hinode.example');
    const [header = ''] = Buffer.from((await readers[0]?.mailbox().list())?.at(-1)?.raw ?? []).toString('latin1').split('\r\n\r\n');
    expect(header).toContain('List-Unsubscribe:');
    expect(await count(hanako)).toBe(before + 1); // an author elsewhere is not told who is on it
  });

  it('a pseudonym is shown as one, and who stands behind it nowhere', async () => {
    const before = await count(hanako);
    expect(await sent(person('adviser'), [HANAKO], '相談')).toMatch(/^250 /);
    const raw = await newest(hanako, before);
    expect(await hanako.judge(raw)).toMatchObject({ state: 'verified', sender: { displayName: '住民相談窓口 07', pseudonym: true } });
    expect(Buffer.from(person('adviser').credential.certificate.der).includes('田中')).toBe(false);
    expect(await run('member', 'list')).not.toMatch(/soudan07@[^}]*田中/);
    questioned.pseudonym = kept('pseudonym', raw);
  });
});

describe('a trace by two administrators', () => {
  const signed = (name: string): readonly string[] => ['--state', hinode.state, '--admin-key', join(directory, `${name}.key`)];
  async function traced(file: string): Promise<string> {
    const asked = await ssmax(['trace', file, '--reason', 'a complaint', ...signed('mori')], { passphrase: PASSPHRASE });
    return ssmax(['approve', /ssmax approve ([0-9a-f-]{36})/.exec(asked)?.[1] ?? '', ...signed('kato')], { passphrase: PASSPHRASE });
  }

  beforeAll(async () => {
    for (const name of ['mori', 'kato']) {
      await ssmax(['admin', 'init', '--name', name, '--key', join(directory, `${name}.key`), '--csr', join(directory, `${name}.csr`)], { passphrase: PASSPHRASE });
      await run('admin', 'add', '--csr', join(directory, `${name}.csr`));
    }
  });

  it('tells which of a shared mailbox’s holders wrote, who has left it since', async () => {
    const answer = await traced(questioned.desk);
    expect(answer).toMatch(/"address":"info@hinode\.example".*"reference":"E1001".*"identityCheck":"HR-2026-1001"/);
    expect(answer).not.toContain('E1002');
  });

  it('tells who stands behind a pseudonym', async () => {
    expect(await traced(questioned.pseudonym)).toMatch(/"reference":"E1003","name":"住民相談窓口 07","realName":"田中 健","pseudonym":true,"identityCheck":"HR-2026-1003"/);
  });
});

describe('a service', () => {
  it('gets its own certificate by the command line, and sends by it', async () => {
    const at = (name: string): string => join(directory, name);
    await run('member', 'add', 'billing@hinode.example', '--service', '--reference', 'E1002', '--name', '請求システム');
    writeFileSync(at('root.pem'), `-----BEGIN CERTIFICATE-----\n${local.root.toString('base64').replace(/.{64}/g, '$&\n')}\n-----END CERTIFICATE-----\n`);
    writeFileSync(at('web-ca.pem'), local.webCa);
    const server = ['--server', hinode.pluginUrl, '--tls-ca', at('web-ca.pem'), '--root', at('root.pem')];
    writeFileSync(at('code'), `${await hinode.code('billing')}\n`);
    const enrolled = execFileSync('sh', ['-c', 'exec "$@" 4<"$CODE" 3<"$PASS"', 'sh', process.execPath, 'dist/ssmax.mjs', 'enrol', ...server,
      '--address', 'billing@hinode.example', '--key', at('billing.key'), '--certificate', at('billing.pem'), '--code-fd', '4', '--passphrase-fd', '3'],
    { env: { ...process.env, CODE: at('code'), PASS: passFile() }, encoding: 'utf8' });
    expect(enrolled).toContain('billing@hinode.example is enrolled with Hinode City Office');
    await ssmax(['trust', 'fetch', ...server, '--out', at('trust')]);
    const { stdout, code, stderr } = await runSsmax(
      ['seal', '--key', at('billing.key'), '--certificate', at('billing.pem'), '--trust', at('trust')],
      { passphrase: PASSPHRASE, input: utf8('From: billing@hinode.example\nTo: hanako@tsukimi.example\nSubject: invoice\n\n12,000 yen\n') },
    );
    expect([code, stderr]).toEqual([0, '']);
    const before = await count(hanako);
    const replies = await submit({
      port: hinode.ports.postfix.submission, account: local.account('billing@hinode.example'), envelope: { from: 'billing@hinode.example', to: [HANAKO.address] }, raw: new Uint8Array(stdout),
    });
    expect(replies.final.text).toMatch(/^250 /);
    expect(await hanako.judge(await newest(hanako, before))).toMatchObject({ state: 'verified', sender: { address: 'billing@hinode.example', displayName: '請求システム' } });
  });
});

function kept(name: string, mail: Uint8Array): string {
  const file = join(directory, `${name}.eml`);
  writeFileSync(file, mail);
  return file;
}

function passFile(): string {
  const file = join(directory, 'pass');
  writeFileSync(file, `${PASSPHRASE}\n`, { mode: 0o600 });
  return file;
}
