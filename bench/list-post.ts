/**
 * A post to a large mailing list over real servers: `npx tsx bench/list-post.ts [members] [bytes]` (1000 members, no attachment)
 * starts a world with Postfix, Dovecot, gateway, key server and inspection server, enrols all members, posts once, and says
 * how long the author waited for the answer, what the servers computed, and how long it took until the last mailbox had its copy.
 * The built program must be fresh: `npx vite build --mode server`.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { HINODE, type LocalOrganisation, startLocalWorld } from '../scripts/world/local-world.ts';
import { World } from '../scripts/world/process.ts';
import { submit } from '../scripts/world/smtp.ts';
import { ssmax } from '../scripts/world/ssmax.ts';
import { until } from '../scripts/world/wait.ts';
import { createNodeCrypto } from '../src/platform/node-crypto.ts';
import { decodeTable, parseCsv } from '../src/flow/csv.ts';
import { Correspondent } from '../test/scenario/correspondent.ts';

const [members = 1000, bytes = 0] = process.argv.slice(2).map(Number);
const LIST = 'all@hinode.example';
const names = Array.from({ length: members }, (_, i) => `s${i}`);
const seconds = (since: number): string => ((performance.now() - since) / 1000).toFixed(1);

/** Seconds that these processes have computed: what a busy machine does not change. */
function processorTime(pids: readonly number[]): number {
  const ticks = (pid: number): number => readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\) /, '').split(' ').slice(11, 13).reduce((sum, one) => sum + Number(one), 0);
  return pids.reduce((sum, pid) => sum + ticks(pid), 0) / 100;
}

const world = await World.open();
try {
  const local = await startLocalWorld(world, [{
    ...HINODE, members: [{ user: 'taro', name: '山田 太郎' }, ...names.map((user) => ({ user, name: user, registered: false }))], aliases: { [LIST]: LIST },
  }]);
  const [hinode] = local.organisations as readonly [LocalOrganisation];
  const run = (...words: string[]): Promise<string> => ssmax([...words, '--state', hinode.state]);
  const file = (name: string): string => join(hinode.dir, name);
  writeFileSync(file('members.csv'), ['職員番号,氏名,メールアドレス,本人確認', ...names.map((user, i) => `S${i},職員 ${i},${user}@hinode.example,HR-S${i}`)].join('\n'));
  await run('member', 'import', file('members.csv'));
  await run('member', 'codes', '--csv', file('codes.csv'));
  const codes = new Map(parseCsv(decodeTable(new Uint8Array(readFileSync(file('codes.csv')))).text).map(({ fields: [address = '', , , code = ''] }) => [address, code]));
  const enrolling = performance.now();
  // Enrolment is limited by remote address: 300 at once, then 300 a minute.
  for (const user of names) {
    await until(() => Correspondent.enrol(local, hinode, user, undefined, codes.get(`${user}@hinode.example`)).then(() => true, () => false), { what: `${user}'s enrolment`, withinMs: 300_000, everyMs: 2_000 });
  }
  process.stdout.write(`${members} members enrolled in ${seconds(enrolling)} s\n`);
  writeFileSync(file('addresses.txt'), names.map((user) => `${user}@hinode.example`).join('\n'));
  await run('list', 'add', LIST, '--members', file('addresses.txt'), '--name', '全職員');
  const taro = await Correspondent.enrol(local, hinode, 'taro');
  const random = createNodeCrypto();
  const { raw } = await taro.seal({
    to: [{ address: LIST, displayName: '全職員' }], subject: '全職員へのお知らせ',
    ...(bytes > 0 && { attachments: [{ name: '資料.bin', type: 'application/octet-stream', bytes: random.random(bytes) }] }),
  });
  const servers = Object.entries(hinode.servers);
  const before = servers.map(([, { pids }]) => processorTime(pids()));
  const posted = performance.now();
  const { final } = await submit({
    port: hinode.ports.postfix.submission, account: local.account(taro.address), envelope: { from: taro.address, to: [LIST] }, raw, withinMs: 600_000,
  });
  process.stdout.write(`${final.text.slice(0, 100)}\n${raw.length} bytes; the author waited ${seconds(posted)} s for the answer\n`);
  process.stdout.write(`processor time: ${servers.map(([name, { pids }], i) => `${name} ${(processorTime(pids()) - (before[i] ?? 0)).toFixed(1)} s`).join(', ')}\n`);
  await until(async () => (await hinode.postfix.queue()).length === 0, { what: 'an empty queue', withinMs: 600_000 });
  process.stdout.write(`all copies delivered after ${seconds(posted)} s\n`);
} finally {
  await world.stop();
}
