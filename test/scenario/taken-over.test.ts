/** Keys that somebody stole (docs/admin/lost-or-taken-over.md), with real servers: what was signed before stays verified, what is signed afterwards is not believed. */
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { HINODE, type LocalOrganisation, startLocalWorld, TSUKIMI } from '../../scripts/world/local-world.ts';
import { World } from '../../scripts/world/process.ts';
import { ssmax } from '../../scripts/world/ssmax.ts';
import { until } from '../../scripts/world/wait.ts';
import { Correspondent } from './correspondent.ts';

// Real servers on a busy machine: slow is no failure.
vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 });

const HANAKO = { address: 'hanako@tsukimi.example', displayName: '佐藤 花子' };

let world: World;
let authority: string;
let hinode: LocalOrganisation;
let taro: Correspondent;
let hanako: Correspondent;
let refresh: () => Promise<void>;

beforeAll(async () => {
  world = await World.open();
  const local = await startLocalWorld(world, [HINODE, TSUKIMI], { refresh: 1 });
  const [first, second] = local.organisations as [LocalOrganisation, LocalOrganisation];
  hinode = first;
  authority = local.authority.state;
  refresh = async () => {
    for (const { state } of [first, second]) await ssmax(['keyserver', 'refresh', '--state', state]);
  };
  [taro, hanako] = await Promise.all([Correspondent.enrol(local, first, 'taro'), Correspondent.enrol(local, second, 'hanako')]);
});
afterAll(() => world.stop());

/** A mail of taro's, as hanako has it. */
async function delivered(subject: string): Promise<Uint8Array<ArrayBuffer>> {
  const before = (await hanako.mailbox().list()).length;
  const { raw } = await taro.seal({ to: [HANAKO], subject });
  expect((await taro.submit(raw, [HANAKO.address])).final.text).toMatch(/^250 /);
  const mail = Uint8Array.from((await hanako.receive(before + 1)).at(-1)?.raw ?? []);
  expect(await hanako.judge(mail)).toMatchObject({ state: 'verified' });
  return mail;
}

it('a gateway’s: believed by nobody any more once the Authority was told', async () => {
  const servers = (gateway: string): Promise<string> =>
    ssmax(['authority', 'servers', HINODE.id, '--gateway-spki', gateway, '--inspection-spki', hinode.spki.inspection, '--overlap', '0', '--state', authority]);
  const mail = await delivered('盗まれる前');
  await servers('00'.repeat(32));
  await refresh();
  const { raw } = await taro.seal({ to: [HANAKO], subject: '盗まれた後' });
  expect((await taro.submit(raw, [HANAKO.address])).final.text).toMatch(/^250 /);
  const [report] = await taro.receive(1);
  expect(Buffer.from(report?.raw ?? []).toString('latin1')).toContain('SSMAX-gateway-unknown');
  expect(await hanako.mailbox().list()).toHaveLength(1);
  expect(await hanako.judge(mail)).toMatchObject({ state: 'verified' });
  await servers(hinode.spki.gateway);
  await refresh();
});

it('an organisation’s: revoked from a moment in the past, mail attested since then is a problem', async () => {
  const good = await until(() => delivered('盗まれる前').catch(() => undefined), { what: 'mail by the gateway that is named again', withinMs: 200_000 });
  // Lists count in seconds.
  const since = new Date(((await hanako.judge(good)).signedAt ?? new Date()).getTime() + 1_000);
  await until(() => Date.now() > since.getTime() + 1_000, { what: 'the next second' });
  const forged = await delivered('盗まれた後');
  await ssmax(['authority', 'revoke', HINODE.id, '--reason', 'keyCompromise', '--invalid-since', since.toISOString(), '--state', authority]);
  await until(async () => {
    await refresh();
    return (await hanako.judge(forged)).state !== 'verified';
  }, { what: 'the revocation at the reader', withinMs: 60_000, everyMs: 500 });
  expect(await hanako.judge(forged)).toMatchObject({ state: 'problem', code: 'certificate-revoked' });
  expect(await hanako.judge(good)).toMatchObject({ state: 'verified', code: 'verified' });
});
