/** `npm run dev`: the add-on in a real Thunderbird, loaded anew when a file is saved. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startDisplay } from '../../scripts/world/display.ts';
import { type Running, World } from '../../scripts/world/process.ts';
import { contains, until } from '../../scripts/world/wait.ts';
import { copyCheckout } from '../checkout.ts';

describe('npm run dev', () => {
  let world: World;
  let directory: string;
  let dev: Running;

  beforeAll(async () => {
    world = await World.open();
    // A copy: what is saved here must not touch the checkout.
    directory = world.directory('checkout');
    copyCheckout(directory);
    const display = await startDisplay(world, { name: 'dev' });
    const home = world.directory('dev-home');
    mkdirSync(home, { recursive: true });
    dev = await world.start({
      name: 'dev', command: process.execPath, args: ['--import', 'tsx', 'scripts/dev.ts'], cwd: directory,
      env: { DISPLAY: display.name, HOME: home, MOZ_ENABLE_WAYLAND: '0' },
    });
  }, 120_000);
  afterAll(() => world.stop());

  it('builds, starts Thunderbird, and loads the add-on again at every save', async () => {
    await until(() => contains(dev.log, /Installed .* as a temporary add-on|Last extension reload/), { what: 'the add-on in Thunderbird', withinMs: 240_000, everyMs: 200 });
    const words = join(directory, 'extension/locales/en/messages.json');
    writeFileSync(words, `${readFileSync(words, 'utf8')}\n`);
    await until(() => contains(dev.log, /Last extension reload/), { what: 'the add-on to be loaded again', withinMs: 240_000, everyMs: 200 });
    expect(readFileSync(join(directory, 'dist/thunderbird/_locales/en/messages.json'), 'utf8')).toBe(readFileSync(words, 'utf8'));
  }, 500_000);

  it('takes Thunderbird along when it ends', async () => {
    await dev.stop();
    expect(dev.pids()).toEqual([]);
  });
});
