/**
 * `npm run soak -- --minutes N [--seed S]`: mixed load on two organisations with all their servers, while every process is
 * killed again and again. The last line is `N sent, N delivered, N refused, 0 lost, N doubled, N noted, 0 leaks`; the exit
 * code is 0 only if nothing was lost, every second delivery was noted by its reader, nothing leaked, and nothing else was wrong.
 */
import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';
import { isGood, soak, summary } from './soak/run.ts';
import { installOrExplain } from './world/packages.ts';
import { World } from './world/process.ts';

const say = (line: string): void => { process.stdout.write(`${line}\n`); };

const { values } = parseArgs({ options: { minutes: { type: 'string', default: '60' }, seed: { type: 'string' } } });
const minutes = Number(values.minutes);
const seed = values.seed === undefined ? randomInt(2 ** 31) : Number(values.seed);
if (!(minutes > 0) || !Number.isInteger(seed)) {
  process.stderr.write('usage: npm run soak -- --minutes N [--seed S]\n');
  process.exit(2);
}
if (!installOrExplain(['servers', 'tests'], say)) process.exit(1);
const world = await World.open();
let good = false;
world.endOnSignals((error) => { process.stderr.write(`${error instanceof Error ? error.stack ?? error.message : String(error)}\n`); });
say(`soak: ${minutes} minutes, seed ${seed}`);
try {
  const result = await soak(world, { seconds: minutes * 60, seed, say });
  for (const [name, times] of [...result.kills].sort(([a], [b]) => a.localeCompare(b))) say(`killed ${times} times: ${name}`);
  for (const { name, peak, memory, files, life } of result.growth) {
    say(`${name}: at most ${peak} MB; last life of ${Math.round(life / 1000)} s: ${memory.join(' → ')} MB, ${files.join(' → ')} open files`);
  }
  for (const [fault, times] of result.faults) say(`in the logs ${times} times: ${fault}`);
  say(`approved: ${result.approved}; let go from hold by hand: ${result.letGo}`);
  for (const problem of result.problems) say(`PROBLEM ${problem}`);
  good = isGood(result);
  await world.stop();
  say(summary(result.totals));
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.stack ?? error.message : String(error)}\n`);
  await world.stop();
}
process.exit(good ? 0 : 1);
