/** The demo: a whole SSMAX world, then either Thunderbird for two people, or the story played without a display. */
import { existsSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { installOrExplain } from '../world/packages.ts';
import { HINODE, type LocalWorld, startLocalWorld, TSUKIMI } from '../world/local-world.ts';
import { World } from '../world/process.ts';
import { type SmtpTap, startSmtpTap } from '../world/smtp-tap.ts';
import { openDesks } from './desks.ts';
import { Record } from './record.ts';
import { playStory } from './story.ts';

const say = (line: string): void => { process.stdout.write(`${line}\n`); };

const { values } = parseArgs({
  options: { headless: { type: 'boolean', default: false }, out: { type: 'string', default: '.demo' } },
});

if (values.headless && existsSync(values.out) && readdirSync(values.out).length > 0) {
  process.stderr.write(`demo: ${values.out} holds a record already: name another folder, or move it away; nothing is overwritten\n`);
  process.exit(1);
}
if (!values.headless && process.env['DISPLAY'] === undefined && process.env['WAYLAND_DISPLAY'] === undefined) {
  process.stderr.write('demo: there is no display for Thunderbird: run it in a desktop session, or play the story without one: npm run demo -- --headless --out DIR\n');
  process.exit(1);
}
if (!installOrExplain(['servers', 'desktop'], say)) process.exit(1);
const world = await World.open();
world.endOnSignals((error) => { process.stderr.write(`${String(error)}\n`); });
let failed = false;
try {
  const taps = new Map<string, SmtpTap>();
  say('Starting the Authority, 日之出市役所 (hinode.example) and 月見製作所 (tsukimi.example) …');
  const local = await startLocalWorld(world, [HINODE, TSUKIMI], {
    route: async (domain, port) => {
      const tap = await startSmtpTap(world, port);
      taps.set(domain, tap);
      return tap.port;
    },
  });
  sayPids(local);
  if (values.headless) {
    const record = new Record(resolve(values.out), say);
    await playStory({ local, taps, record });
    say(`The record is in ${join(values.out, 'result.json')}.`);
  } else {
    await openDesks(local, say);
  }
} catch (error) {
  failed = true;
  process.stderr.write(`${error instanceof Error ? error.stack ?? error.message : String(error)}\n`);
} finally {
  await world.stop();
}
process.exit(failed ? 1 : 0);

function sayPids(local: LocalWorld): void {
  say(`  authority ${local.authority.running.pid}, dovecot ${local.dovecot.pid}, clamd ${local.clamd.pid}`);
  for (const { plan, servers, postfix } of local.organisations) {
    say(`  ${plan.domain}: key server ${servers.keyServer.pid}, inspection ${servers.inspection.pid}, gateway ${servers.gateway.pid}, postfix ${postfix.pid}`);
  }
}
