/**
 * The Debian packages that the local world needs, and their installation: announced, without questions, without
 * starting or changing any system service.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { SsmaxError } from '../../src/core/error.ts';

/** By what they are for. Names are Debian 12's and 13's. */
export const packages = {
  servers: ['postfix', 'dovecot-imapd', 'dovecot-lmtpd', 'clamav-daemon', 'openssl'],
  desktop: ['thunderbird', 'thunderbird-l10n-ja', 'fonts-noto-cjk', 'xvfb', 'openbox', 'imagemagick', 'xdotool', 'xclip', 'x11-utils'],
  tests: ['postgresql', 'fakeroot', 'chromium'],
} as const;

export type PackageGroup = keyof typeof packages;

/** True if this process may do anything: install packages, and be Postfix without fakeroot. */
export function isRoot(): boolean {
  return process.getuid?.() === 0;
}

/**
 * The packages of these groups that are not installed. `fakeroot` counts as needed by `servers` too when an ordinary
 * user asks. On a system without dpkg nothing can be said: throws `packages-unknown` (kind `unavailable`).
 */
export function missingPackages(groups: readonly PackageGroup[]): string[] {
  const needed = new Set<string>(groups.flatMap((group) => packages[group]));
  if (groups.includes('servers') && !isRoot()) needed.add('fakeroot');
  // Exit status 1 only says that some are unknown: those are missing.
  const asked = spawnSync('dpkg-query', ['-W', '-f', '${Package} ${db:Status-Status}\\n', ...needed], { encoding: 'utf8' });
  if (asked.error !== undefined) throw new SsmaxError('unavailable', 'packages-unknown', { needed: [...needed].join(' ') }, { cause: asked.error });
  const installed = new Set(asked.stdout.split('\n').filter((line) => line.endsWith(' installed')).map((line) => line.split(' ')[0] ?? ''));
  return [...needed].filter((name) => !installed.has(name));
}

/**
 * Installs what is missing of these groups when it may (root, apt-get), telling by `say` before it
 * does. Otherwise throws `packages-missing` (kind `unavailable`) whose `command` is what somebody with the right has to
 * type.
 */
function installMissing(groups: readonly PackageGroup[], say: (line: string) => void): void {
  const missing = missingPackages(groups);
  if (missing.length === 0) return;
  const install = ['install', '--no-install-recommends', ...missing];
  const command = `sudo apt-get update && sudo apt-get ${install.join(' ')}`;
  if (!isRoot() || !existsSync('/usr/bin/apt-get')) {
    throw new SsmaxError('unavailable', 'packages-missing', { packages: missing.join(' '), command });
  }
  say(`Installing Debian packages: ${missing.join(' ')}`);
  const enabledBefore = new Set(enabledUnits());
  withoutServiceStarts(() => {
    for (const args of [['update'], install]) {
      execFileSync('apt-get', ['-q', '-y', ...args], {
        stdio: ['ignore', 'inherit', 'inherit'],
        env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
      });
    }
  });
  // Debian would start new services at the next boot. We run our own instances: a mail server comes to nobody unasked.
  const units = enabledUnits().filter((unit) => !enabledBefore.has(unit));
  if (units.length > 0) {
    say(`Keeping these services from starting at boot: ${units.join(' ')}`);
    spawnSync('systemctl', ['disable', '--quiet', ...units], { stdio: ['ignore', 'ignore', 'inherit'] });
  }
  const left = missingPackages(groups);
  if (left.length > 0) throw new SsmaxError('unavailable', 'packages-missing', { packages: left.join(' '), command });
}

/** As `installMissing`, but says what is missing and what to type instead of throwing; true when all are there. */
export function installOrExplain(groups: readonly PackageGroup[] = ['servers', 'desktop', 'tests'], say: (line: string) => void = console.log): boolean {
  try {
    installMissing(groups, say);
    return true;
  } catch (error) {
    say(explanation(error));
    return false;
  }
}

function explanation(error: unknown): string {
  if (!(error instanceof SsmaxError)) return `Installing Debian packages failed: ${error instanceof Error ? error.message : String(error)}`;
  const { code, params } = error;
  if (code === 'packages-unknown') return `This is no Debian system, so nothing can be installed. Needed are the programs of these packages: ${params['needed'] ?? ''}`;
  return `These Debian packages are missing: ${params['packages'] ?? ''}\nInstall them with:\n  ${params['command'] ?? ''}`;
}

/** The systemd units that start at boot; none where there is no systemd. */
function enabledUnits(): string[] {
  const { stdout } = spawnSync('systemctl', ['list-unit-files', '--state=enabled', '--no-legend', '--no-pager'], { encoding: 'utf8' });
  return (stdout ?? '').split('\n').flatMap((line) => line.split(' ')[0] || []);
}

const hookText = '#!/bin/sh\n# Put here by SSMAX while it installs packages: no service is to be started.\nexit 101\n';

/**
 * Runs `work` while /usr/sbin/policy-rc.d (Debian's hook that package scripts ask before they start a service) says
 * no to everything, and puts back what was there, also when interrupted. The path is a parameter for the test.
 */
export function withoutServiceStarts(work: () => void, hook = '/usr/sbin/policy-rc.d'): void {
  const aside = `${hook}.before-ssmax`;
  // One put aside by a run that was killed is the original: it must not be overwritten by ours.
  if (existsSync(hook) && readFileSync(hook, 'utf8') !== hookText) renameSync(hook, aside);
  // Ctrl-C reaches apt-get by itself, which then fails: we must live to put things right.
  const survive = (): void => undefined;
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const name of signals) process.on(name, survive);
  try {
    writeFileSync(hook, hookText);
    chmodSync(hook, 0o755);
    work();
  } finally {
    rmSync(hook, { force: true });
    if (existsSync(aside)) renameSync(aside, hook);
    for (const name of signals) process.off(name, survive);
  }
}
