/** Thunderbird for taro and hanako on the real display, through web-ext, until Ctrl-C. */
import { fileURLToPath } from 'node:url';
import type { LocalWorld } from '../world/local-world.ts';
import type { Running } from '../world/process.ts';
import { prepareProfile } from '../world/thunderbird.ts';
import { addonDirectory, profileFor } from './person.ts';

const PEOPLE = ['taro', 'hanako'];
const webExt = fileURLToPath(new URL('bin/web-ext.js', import.meta.resolve('web-ext')));

export async function openDesks(local: LocalWorld, say: (line: string) => void): Promise<void> {
  const locale = (process.env['LANG'] ?? '').startsWith('ja') ? 'ja' : 'en-US';
  const windows: Running[] = [];
  for (const organisation of local.organisations) {
    for (const { user } of organisation.plan.members.filter((member) => PEOPLE.includes(member.user))) {
      const profile = profileFor(local, organisation, user, { locale, dark: false });
      await prepareProfile(local.world, { name: user, profile });
      windows.push(await local.world.start({
        name: `web-ext-${user}`,
        command: process.execPath,
        args: [
          webExt, 'run', '--no-input', '--source-dir', addonDirectory, '--firefox', '/usr/bin/thunderbird', '--firefox-profile', profile.dir,
          '--keep-profile-changes', '--no-config-discovery',
        ],
        env: { ...profile.env, ...desktopEnvironment() },
      }));
    }
  }
  say('');
  say('Two Thunderbirds are open: taro@hinode.example and hanako@tsukimi.example. In each, a page asks for a code:');
  for (const organisation of local.organisations) {
    for (const { user } of organisation.plan.members) say(`  ${user}@${organisation.plan.domain}  ${await organisation.code(user)}`);
  }
  say('');
  say('Then try: a mail from taro to hanako with an attachment; a reply; a mail that contains 社外秘, which is refused.');
  say('Press Ctrl-C to end everything.');
  await Promise.all(windows.map(({ exited }) => exited));
}

function desktopEnvironment(): Record<string, string> {
  const names = ['DISPLAY', 'WAYLAND_DISPLAY', 'XAUTHORITY', 'XDG_RUNTIME_DIR', 'DBUS_SESSION_BUS_ADDRESS'];
  return Object.fromEntries(names.flatMap((name) => {
    const value = process.env[name];
    return value === undefined ? [] : [[name, value]];
  }));
}
