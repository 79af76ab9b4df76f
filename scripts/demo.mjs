/**
 * `npm run demo`: from a fresh clone to a complete local world. Checks Node, installs npm packages when they differ from
 * the lock file, builds, and hands over to scripts/demo/main.ts, which installs the Debian packages it needs. Plain
 * JavaScript, as it must run before anything is installed.
 */
import { spawn, spawnSync } from 'node:child_process';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { installPackages, requireNode } from './setup.mjs';

process.chdir(join(dirname(fileURLToPath(import.meta.url)), '..'));
try {
  requireNode();
  installPackages();
  build();
} catch (error) {
  console.error(`demo: ${error instanceof Error ? error.message : String(error)}`);
  process.exit(1);
}
play(process.argv.slice(2));

function build() {
  console.log('demo: building');
  for (const mode of ['server', 'thunderbird']) {
    const { status } = spawnSync(process.execPath, ['node_modules/vite/bin/vite.js', 'build', '--mode', mode, '--logLevel', 'error'], { stdio: ['ignore', 'inherit', 'inherit'] });
    if (status !== 0) throw new Error(`vite build --mode ${mode} failed`);
  }
}

/** Ctrl-C at a terminal reaches the demo by itself; a signal to this process alone is handed on. Either way we outlive it. */
function play(args) {
  const demo = spawn(process.execPath, ['--import', 'tsx', 'scripts/demo/main.ts', ...args], { stdio: 'inherit' });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => demo.kill(signal));
  demo.on('error', (error) => {
    console.error(`demo: ${error.message}`);
    process.exit(1);
  });
  demo.on('exit', (code, signal) => process.exit(code ?? 128 + constants.signals[signal]));
}
