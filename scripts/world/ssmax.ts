/** Runs the built `ssmax` program: one-off verbs, and servers as processes of a world. */
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { SsmaxError } from '../../src/core/error.ts';
import type { Running, World } from './process.ts';

const program = fileURLToPath(new URL('../../dist/ssmax.mjs', import.meta.url));

export interface Outcome {
  readonly code: number;
  readonly stdout: Buffer;
  readonly stderr: string;
}

/** Runs a verb to its end. `passphrase` goes to file descriptor 3. */
export function runSsmax(args: readonly string[], options: { passphrase?: string; input?: Uint8Array; env?: Record<string, string> } = {}): Promise<Outcome> {
  const { passphrase, input, env } = options;
  const all = passphrase === undefined ? args : [...args, '--passphrase-fd', '3'];
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [program, ...all], {
      stdio: ['pipe', 'pipe', 'pipe', 'pipe'], env: { ...process.env, ...env },
    });
    const stdout: Buffer[] = [];
    let stderr = '';
    child.stdout?.on('data', (chunk: Buffer) => stdout.push(chunk));
    child.stderr?.on('data', (chunk: Buffer) => { stderr += chunk.toString('utf8'); });
    for (const [index, text] of [[0, input], [3, passphrase === undefined ? undefined : `${passphrase}\n`]] as const) {
      const stream = child.stdio[index];
      if (stream === null || stream === undefined || !('end' in stream)) continue;
      stream.on('error', () => undefined); // a verb that reads no input may end before it is written
      stream.end(text);
    }
    child.once('error', reject);
    child.once('close', (code) => { resolve({ code: code ?? -1, stdout: Buffer.concat(stdout), stderr }); });
  });
}

/** As runSsmax, but a failure throws `ssmax-failed` with what the verb said; gives stdout as text. */
export async function ssmax(args: readonly string[], options: Parameters<typeof runSsmax>[1] = {}): Promise<string> {
  const { code, stdout, stderr } = await runSsmax(args, options);
  if (code !== 0) throw new SsmaxError('fault', 'ssmax-failed', { verb: args.slice(0, 2).join(' '), said: stderr.slice(-500) });
  return stdout.toString('utf8');
}

/** Starts a server verb as a process of the world; ready when its log says so. */
export function startSsmax(world: World, name: string, args: readonly string[], passphrase?: string, env: Readonly<Record<string, string>> = {}): Promise<Running> {
  const log = `${world.dir}/log/${name}.log`;
  const before = timesReady(log); // a server that was started again appends to its log
  return world.start({
    name, command: process.execPath, env,
    ...(passphrase === undefined ? { args: [program, ...args] } : { args: [program, ...args, '--passphrase-fd', '3'], secrets: [`${passphrase}\n`] }),
    ready: () => timesReady(log) > before,
  });
}

function timesReady(log: string): number {
  return existsSync(log) ? readFileSync(log, 'utf8').split('"event":"ready"').length - 1 : 0;
}
