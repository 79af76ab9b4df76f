/** A short soak: `npm run soak` in small. Every program is killed once; what is under way then still arrives. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { isGood, soak, summary } from '../../scripts/soak/run.ts';
import { World } from '../../scripts/world/process.ts';

const SECONDS = 45;

let world: World;

beforeAll(async () => {
  world = await World.open();
});
afterAll(async () => {
  await world.stop();
});

it('mixed load while every program is killed: nothing is lost, nothing leaks', async () => {
  const result = await soak(world, { seconds: SECONDS, seed: 1, say: console.log });
  console.log(summary(result.totals));
  expect(result.problems).toEqual([]);
  expect(isGood(result)).toBe(true);
  expect(result.totals.delivered).toBeGreaterThan(0);
  expect(result.totals.refused).toBeGreaterThan(0);
  const spared = [...result.kills].filter(([, times]) => times === 0).map(([name]) => name);
  expect(spared).toEqual([]);
}, 1_200_000);
