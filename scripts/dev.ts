/**
 * `npm run dev`: builds the add-on, starts Thunderbird with it in a fresh profile, and at every save builds again and
 * loads it anew. Arguments are handed on to `web-ext run` (such as `--firefox-profile DIR --keep-profile-changes` for a
 * profile with an account). Thunderbird is found at its Debian place or named by THUNDERBIRD. Ctrl-C ends everything.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';

const output = 'dist/thunderbird';

const thunderbird = process.env.THUNDERBIRD ?? ['/usr/lib/thunderbird/thunderbird', '/usr/bin/thunderbird'].find((path) => existsSync(path));
if (thunderbird === undefined) {
  console.error('dev: Thunderbird is not installed. On Debian: apt-get install thunderbird; elsewhere name its program: THUNDERBIRD=PATH npm run dev');
  process.exit(1);
}

const children = new Set<ChildProcess>();

/** Starts a program of node_modules; when one ends, all end. */
function start(script: string, args: readonly string[]): ChildProcess {
  const child = spawn(process.execPath, [script, ...args], { stdio: ['inherit', 'pipe', 'inherit'] });
  child.stdout.pipe(process.stdout, { end: false });
  children.add(child);
  child.on('close', (status) => end(status ?? 0));
  return child;
}

function end(status: number): void {
  for (const child of children) child.kill('SIGTERM');
  process.exitCode ??= status;
}
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => end(0));

// Not emptied between builds: Thunderbird must never load a half-written directory.
const build = start('node_modules/vite/bin/vite.js', ['build', '--mode', 'thunderbird', '--watch', '--emptyOutDir', 'false']);
let running = false;
build.stdout?.on('data', (chunk: Buffer) => {
  if (running || !/built in/.test(chunk.toString('utf8'))) return;
  running = true;
  start('node_modules/web-ext/bin/web-ext.js', ['run', `--firefox=${thunderbird}`, '--source-dir', output, '--no-input', '--no-config-discovery', ...process.argv.slice(2)]);
});
