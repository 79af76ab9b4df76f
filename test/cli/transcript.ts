/**
 * Transcripts of the command line:
 *
 * ```
 * # a comment
 * $ a shell command
 * what it prints
 * ! what it prints as an error
 * [exit code, where it is not 0]
 * ```
 *
 * `…` in an expected line stands for anything.
 */
import { spawn } from 'node:child_process';

interface Step {
  readonly command: string;
  readonly expected: string;
}

export function parseTranscript(text: string): Step[] {
  const steps: { command: string; lines: string[] }[] = [];
  for (const line of text.split('\n')) {
    if (line.startsWith('$ ')) steps.push({ command: line.slice(2), lines: [] });
    else if (line !== '' && !line.startsWith('# ')) steps.at(-1)?.lines.push(line);
  }
  return steps.map(({ command, lines }) => ({ command, expected: lines.join('\n') }));
}

/** Runs a command as a person at a terminal would see it. */
export async function runCommand(command: string, at: { directory: string; environment: Readonly<Record<string, string>> }): Promise<string> {
  const child = spawn('bash', ['-c', command], { cwd: at.directory, env: at.environment, stdio: ['ignore', 'pipe', 'pipe'] });
  const output = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) child[name].setEncoding('utf8').on('data', (text: string) => { output[name] += text; });
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  const lines = (text: string): string[] => text.split('\n').filter((line) => line !== '');
  return [...lines(output.stdout), ...lines(output.stderr).map((line) => `! ${line}`), ...(code === 0 ? [] : [`[${code}]`])].join('\n');
}

/** Puts `…` back where the expected lines have it, so that what remains can be compared and read. */
export function masked(actual: string, expected: string): string {
  const wanted = expected.split('\n');
  return actual.split('\n').map((line, i) => {
    const pattern = wanted[i] ?? '';
    const matches = new RegExp(`^${pattern.split('…').map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('.*')}$`, 'u').test(line);
    return matches ? pattern : line;
  }).join('\n');
}
