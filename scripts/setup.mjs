/**
 * Makes a checkout ready: npm packages when they differ from the lock file, then Debian packages. Plain JavaScript, as it
 * must run before there is anything to run TypeScript with.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';

/** Throws where Node is too old to run anything else here. */
export function requireNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > 20 || (major === 20 && minor >= 19)) return;
  throw new Error(`Node.js 20.19 or newer is needed, this is ${process.versions.node}. Debian 13 has it (apt-get install nodejs npm); for others see https://nodejs.org/`);
}

/** True when every package of the lock file that this platform needs is installed in the locked version. */
export function packagesMatchLock() {
  const installedFile = 'node_modules/.package-lock.json';
  if (!existsSync(installedFile)) return false;
  const locked = JSON.parse(readFileSync('package-lock.json', 'utf8')).packages;
  const installed = JSON.parse(readFileSync(installedFile, 'utf8')).packages;
  return Object.entries(locked).every(([path, entry]) => {
    if (path === '') return true;
    const found = installed[path];
    return found === undefined ? entry.optional === true || entry.devOptional === true : found.version === entry.version;
  });
}

/** Installs npm packages when needed; throws when npm fails. */
export function installPackages() {
  if (packagesMatchLock()) return;
  console.log('setup: npm ci');
  // `npm test --silent` would silence this npm as well, and its errors with it.
  const { npm_config_loglevel: _, ...env } = process.env;
  const { status } = spawnSync('npm', ['ci', '--no-audit', '--no-fund'], { stdio: ['ignore', 'inherit', 'inherit'], env });
  if (status !== 0) throw new Error('npm ci failed');
}

/** Installs the Debian packages that the tests and the demo need, where that is possible; says which are missing else. */
export function installDebianPackages() {
  const { status } = spawnSync(process.execPath, ['--import', 'tsx', 'scripts/install-debian-packages.ts'], { stdio: ['ignore', 'inherit', 'inherit'] });
  if (status !== 0) console.log('setup: some Debian packages are missing; the tests that need them are skipped by name');
}

if (import.meta.filename === process.argv[1]) {
  requireNode();
  installPackages();
  installDebianPackages();
}
