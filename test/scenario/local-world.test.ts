/** The whole world as separate processes: Authority, two organisations, Postfix, Dovecot, clamd. */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { HINODE, type LocalOrganisation, type LocalWorld, startLocalWorld, TSUKIMI } from '../../scripts/world/local-world.ts';
import { World } from '../../scripts/world/process.ts';
import { Correspondent } from './correspondent.ts';

// Real servers on a busy machine: slow is no failure.
vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 });

let world: World;
let local: LocalWorld;

beforeAll(async () => {
  world = await World.open();
  local = await startLocalWorld(world, [HINODE, TSUKIMI]);
});
afterAll(async () => {
  await world.stop();
});

describe('a local world', () => {
  it('runs every server as a process of its own', () => {
    const pids = local.organisations.flatMap(({ servers }) => Object.values(servers).map(({ pid }) => pid));
    expect(new Set(pids).size).toBe(6);
  });

  it('gives enrolment codes', async () => {
    expect(await local.organisations[0]?.code('taro')).toMatch(/^[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}$/);
  });

  it('fits into 1 GB, with mail of 5 MB going through all of it', async () => {
    const [hinode, tsukimi] = local.organisations as [LocalOrganisation, LocalOrganisation];
    const taro = await Correspondent.enrol(local, hinode, 'taro');
    const hanako = await Correspondent.enrol(local, tsukimi, 'hanako');
    const attachments = [{ name: 'a.bin', type: 'application/octet-stream', bytes: new Uint8Array(5 * 1024 * 1024).fill(7) }];
    for (let mail = 1; mail <= 3; mail++) {
      const { raw } = await taro.seal({ to: [{ address: hanako.address, displayName: '' }], subject: 'x', attachments });
      expect((await taro.submit(raw, [hanako.address])).final.text).toMatch(/^250 /);
      await hanako.receive(mail);
    }
    const used = world.pids().map(memoryOf);
    const proportional = sum(used, 'Pss');
    console.log(`${used.length} processes: ${proportional} MiB; ${sum(used, 'Rss')} MiB with pages counted in each process that shares them`);
    expect(used.length).toBeGreaterThan(20);
    expect(proportional).toBeLessThan(1024);
  });
});

interface Memory {
  /** MiB, each page divided by the number of processes that share it: such sums tell what a machine needs (proc(5)). */
  readonly Pss: number;
  readonly Rss: number;
}

function memoryOf(pid: number): Memory {
  let told = '';
  try {
    told = readFileSync(`/proc/${pid}/smaps_rollup`, 'latin1');
  } catch {
    // ended just now
  }
  const field = (name: keyof Memory): number => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(told)?.[1] ?? 0) / 1024;
  return { Pss: field('Pss'), Rss: field('Rss') };
}

function sum(used: readonly Memory[], of: keyof Memory): number {
  return Math.round(used.reduce((total, one) => total + one[of], 0));
}
