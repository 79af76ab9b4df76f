/** The key server's database is copied while mail flows, lost, and put back: docs/admin/backup.md, rehearsed. */
import { cpSync, existsSync, mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { HINODE, type LocalOrganisation, startLocalWorld } from '../../scripts/world/local-world.ts';
import { World } from '../../scripts/world/process.ts';
import { runSsmax, ssmax } from '../../scripts/world/ssmax.ts';
import { Correspondent } from './correspondent.ts';

// Real servers on a busy machine: slow is no failure.
vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 });

let world: World;
let hinode: LocalOrganisation;
let taro: Correspondent;
let yuki: Correspondent;
let kept: string;
let backup: string;
let last: string;

beforeAll(async () => {
  world = await World.open();
  const local = await startLocalWorld(world, [HINODE]);
  [hinode] = local.organisations as [LocalOrganisation];
  [taro, yuki] = await Promise.all([Correspondent.enrol(local, hinode, 'taro'), Correspondent.enrol(local, hinode, 'yuki')]);
  kept = world.directory('backup');
  backup = join(kept, 'keyserver.sqlite');
});
afterAll(async () => {
  await world.stop();
});

async function send(subject: string): Promise<string> {
  const { raw } = await taro.seal({ to: [{ address: yuki.address, displayName: '鈴木 雪' }], subject });
  return (await taro.submit(raw, [yuki.address])).final.text;
}

describe('backup and restore of the key server', () => {
  it('copies the database while mail flows', async () => {
    expect(await send('前')).toMatch(/^250 /);
    const busy = Promise.all(['一', '二', '三'].map(send));
    last = (await ssmax(['backup', '--state', hinode.state, '--out', backup])).trim();
    expect(await busy).toEqual([expect.stringMatching(/^250 /), expect.stringMatching(/^250 /), expect.stringMatching(/^250 /)]);
    expect(last).toMatch(/^\d+:[0-9a-f]{64}$/);
    expect(statSync(backup).mode & 0o777).toBe(0o600);
    // What has no database of its own: keys, certificates, configuration.
    for (const name of readdirSync(hinode.dir)) if (/\.(key|pem|yaml)$/.test(name)) cpSync(join(hinode.dir, name), join(kept, name));
  });

  it('never writes over a backup', async () => {
    expect((await runSsmax(['backup', '--state', hinode.state, '--out', backup])).stderr).toContain('(file-exists)');
  });

  it('after the loss of the machine, mail waits; after the restore it flows, and old mail opens', async () => {
    expect(await send('写しの後')).toMatch(/^250 /);
    hinode.servers.keyServer.kill('SIGKILL');
    await hinode.servers.keyServer.exited;
    rmSync(hinode.state, { recursive: true });
    for (const name of ['organisation.key', 'organisation.pem', 'tls.key', 'keyserver.yaml']) rmSync(join(hinode.dir, name));
    expect(await send('故障中')).toMatch(/^451 /);

    for (const name of readdirSync(kept)) if (name !== 'keyserver.sqlite') cpSync(join(kept, name), join(hinode.dir, name));
    mkdirSync(hinode.state, { mode: 0o700 });
    cpSync(backup, join(hinode.state, 'keyserver.sqlite'));
    await hinode.restart('keyServer');
    expect(existsSync(join(hinode.state, 'admin.sock'))).toBe(true);
    expect(await send('復旧後')).toMatch(/^250 /);
    const mails = await yuki.receive(6);
    expect(mails).toHaveLength(6);
    for (const { raw } of mails) expect(await yuki.judge(raw)).toMatchObject({ state: 'verified', content: 'opened' });
  });

  it('the audit chain is whole, and goes on from the head that the backup printed', async () => {
    expect(await runSsmax(['audit', 'verify', '--state', hinode.state, '--head', last])).toMatchObject({ code: 0 });
  });

  it('a head from after the backup shows that entries are lost', async () => {
    const [seq = '0'] = last.split(':');
    const later = `${Number(seq) + 1000}:${'0'.repeat(64)}`;
    expect((await runSsmax(['audit', 'verify', '--state', hinode.state, '--head', later])).code).toBe(1);
  });

  it('takes new members, and revokes: the numbers of its revocation lists did not go back', async () => {
    expect(await hinode.code('ken')).toMatch(/-/);
    await hinode.revoke('taro');
    expect(await send('失効後')).toMatch(/^550 5\.7\.1 SSMAX-certificate-revoked /);
  });
});
