/** The demo's story, as `npm run demo -- --headless` plays it: real Thunderbirds, real servers, ten steps. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Record, type StepResult } from '../../scripts/demo/record.ts';
import { playStory } from '../../scripts/demo/story.ts';
import { HINODE, startLocalWorld, TSUKIMI } from '../../scripts/world/local-world.ts';
import { World } from '../../scripts/world/process.ts';
import { type SmtpTap, startSmtpTap } from '../../scripts/world/smtp-tap.ts';
import { runSsmax } from '../../scripts/world/ssmax.ts';

const out = mkdtempSync(join(tmpdir(), 'ssmax-story-'));
let world: World;

beforeAll(async () => {
  world = await World.open();
  const taps = new Map<string, SmtpTap>();
  const local = await startLocalWorld(world, [HINODE, TSUKIMI], {
    route: async (domain, port) => {
      const tap = await startSmtpTap(world, port);
      taps.set(domain, tap);
      return tap.port;
    },
  });
  const record = new Record(out, (line) => { process.stdout.write(`${line}\n`); });
  // A step that fails is in the record: each step is a test below.
  await playStory({ local, taps, record }).catch(() => undefined);
}, 1_200_000);

afterAll(async () => {
  await world.stop();
  rmSync(out, { recursive: true, force: true });
});

describe('the story, in real Thunderbirds', () => {
  const steps = (): StepResult[] => (JSON.parse(readFileSync(join(out, 'result.json'), 'utf8')) as { steps: StepResult[] }).steps;

  it.each([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])('step %i holds', (id) => {
    expect(steps().find((step) => step.id === id)).toMatchObject({ ok: true });
  });

  it('leaves every hop, which `ssmax verify` judges as the plugin did', async () => {
    expect(readdirSync(join(out, 'hops'))).toEqual(expect.arrayContaining(['2-leg1.eml', '2-leg2.eml', '3-leg3.eml', '5-leg3.eml', '6-leg3.eml']));
    const verified = await runSsmax(['verify', '--trust', join(out, 'trust'), join(out, 'hops', '3-leg3.eml'), join(out, 'hops', '6-leg3.eml')]);
    expect(verified).toMatchObject({ code: 0 });
    const forged = await runSsmax(['verify', '--json', '--trust', join(out, 'trust'), join(out, 'hops', '9-forged.eml'), join(out, 'hops', '9-altered-leg3.eml')]);
    expect(forged.code).not.toBe(0);
    expect(JSON.parse(forged.stdout.toString())).toMatchObject([{ state: 'problem', code: 'impersonation' }, { state: 'problem', code: 'altered' }]);
  });
});
