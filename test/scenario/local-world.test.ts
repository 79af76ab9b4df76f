/** The whole world as separate processes: Authority, two organisations, Postfix, Dovecot, clamd. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { HINODE, type LocalWorld, startLocalWorld, TSUKIMI } from '../../scripts/world/local-world.ts';
import { World } from '../../scripts/world/process.ts';

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
});
