/**
 * An X display of its own (Xvfb) with a window manager (openbox), where real programs show real windows, and the
 * screen, keyboard, mouse and clipboard of it.
 */
import { execFile, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { SsmaxError } from '../../src/core/error.ts';
import type { World } from './process.ts';
import { until } from './wait.ts';

export interface Display {
  /** `:99` */
  readonly name: string;
  /** Runs an X client to its end and gives its stdout; `input` is fed to its stdin. Throws `command-failed`. */
  command(program: string, args: readonly string[], input?: Uint8Array | string): Promise<string>;
  /** Writes the whole screen as PNG. */
  screenshot(path: string): Promise<void>;
  /** Puts bytes of a media type (or target such as UTF8_STRING) into the clipboard, as another program would. */
  setClipboard(type: string, bytes: Uint8Array): Promise<void>;
  stop(): Promise<void>;
}

/** Starts a display on a free number. `name` must be unique in the world; sizes in pixels. */
export async function startDisplay(world: World, options: { readonly name: string; readonly width?: number; readonly height?: number }): Promise<Display> {
  const { name, width = 1280, height = 900 } = options;
  const xName = `xvfb-${name}`;
  const log = join(world.dir, 'log', `${xName}.log`);
  // The number that Xvfb chose is the only line of digits it prints, and it prints it when it can be connected to.
  const chosen = (): string | undefined => /^(\d+)\n/m.exec(readFileSync(log, 'latin1'))?.[1];
  const server = await world.start({
    name: xName,
    command: 'Xvfb',
    // Without -noreset the server starts anew, and drops who is just connecting, whenever its last client leaves.
    args: ['-noreset', '-displayfd', '1', '-screen', '0', `${width}x${height}x24`, '-nolisten', 'tcp'],
    ready: () => chosen() !== undefined,
  });
  const display = `:${chosen() ?? ''}`;
  const env = { ...process.env, DISPLAY: display };
  const command = (program: string, args: readonly string[], input?: Uint8Array | string): Promise<string> => runCommand(program, args, env, input);
  const manager = await world.start({
    name: `openbox-${name}`,
    command: 'openbox',
    args: ['--sm-disable'],
    env: { DISPLAY: display },
    ready: async () => /window id # 0x/.test(await command('xprop', ['-root', '_NET_SUPPORTING_WM_CHECK'])),
  });
  return {
    name: display,
    command,
    screenshot: async (path) => {
      await command('import', ['-window', 'root', path]);
    },
    setClipboard: async (type, bytes) => {
      await ownClipboard(type, bytes, env);
      // Until the display knows of its new owner, a paste would still get what was there before.
      const owned = async (): Promise<boolean> => Buffer.compare(bytes, await readClipboard(type, env)) === 0;
      await until(owned, { what: 'the clipboard', everyMs: 10 });
    },
    stop: async () => {
      await manager.stop();
      await server.stop();
    },
  };
}

/** Makes a PNG small enough to be kept beside the documents: at most `width` pixels wide, 128 colours. */
export async function shrinkPng(from: string, to: string, width = 1_000): Promise<void> {
  await runCommand('convert', [from, '-resize', `${width}x>`, '+dither', '-colors', '128', '-strip', `PNG8:${to}`], process.env);
}

/** xclip returns once its forked half owns the clipboard; that half ends when somebody else takes it, or with the display. */
function ownClipboard(type: string, bytes: Uint8Array, env: NodeJS.ProcessEnv): Promise<void> {
  return new Promise((resolve, reject) => {
    const failed = (cause?: unknown): void => reject(new SsmaxError('fault', 'clipboard-not-set', { type }, { cause }));
    const child = spawn('xclip', ['-selection', 'clipboard', '-t', type, '-i'], { env, stdio: ['pipe', 'ignore', 'ignore'] });
    child.once('error', failed);
    child.once('exit', (code) => (code === 0 ? resolve() : failed()));
    child.stdin.on('error', failed);
    child.stdin.end(bytes);
  });
}

function readClipboard(type: string, env: NodeJS.ProcessEnv): Promise<Buffer> {
  return new Promise((resolve) => {
    // No owner yet, or one that has no such type: nothing to read.
    execFile('xclip', ['-selection', 'clipboard', '-t', type, '-o'], { env, timeout: 10_000, maxBuffer: 64 * 1024 * 1024, encoding: 'buffer' }, (error, stdout) =>
      resolve(error === null ? stdout : Buffer.alloc(0)),
    );
  });
}

function runCommand(program: string, args: readonly string[], env: NodeJS.ProcessEnv, input?: Uint8Array | string): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = execFile(program, args, { env, timeout: 60_000, maxBuffer: 16 * 1024 * 1024 }, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else reject(new SsmaxError('fault', 'command-failed', { program, args: args.join(' '), stderr: stderr.slice(0, 500) }, { cause: error }));
    });
    child.stdin?.on('error', () => undefined); // a program that does not read it tells by its exit code
    child.stdin?.end(input);
  });
}
