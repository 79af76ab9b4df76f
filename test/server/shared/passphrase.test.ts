import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { spawn } from 'node:child_process';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { readPassphrase } from '../../../src/server/shared/passphrase.ts';

const directory = mkdtempSync(join(tmpdir(), 'ssmax-pass-'));
const source = { question: 'Passphrase', credential: 'organisation-key' };

afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(directory, { recursive: true, force: true });
});

function withDescriptor(text: string): Promise<string> {
  const file = join(mkdtempSync(join(tmpdir(), 'ssmax-pass-')), 'p');
  writeFileSync(file, text);
  const descriptor = openSync(file, 'r');
  return readPassphrase({ ...source, descriptor }).finally(() => closeSync(descriptor));
}

describe('a passphrase', () => {
  it('comes from the first line of a file descriptor', async () => {
    expect(await withDescriptor('correct horse \nsecond line\n')).toBe('correct horse ');
    expect(await withDescriptor('no newline')).toBe('no newline');
  });

  it('comes from a systemd credential', async () => {
    const credentials = mkdtempSync(join(tmpdir(), 'ssmax-cred-'));
    writeFileSync(join(credentials, 'organisation-key'), 'from systemd\n');
    vi.stubEnv('CREDENTIALS_DIRECTORY', credentials);
    expect(await readPassphrase(source)).toBe('from systemd');
  });

  it('is never empty', async () => {
    await expect(withDescriptor('\n')).rejects.toMatchObject({ code: 'passphrase-empty' });
  });

  it('says when the descriptor is not open', async () => {
    await expect(readPassphrase({ ...source, descriptor: 987 })).rejects.toMatchObject({ code: 'passphrase-descriptor' });
  });

  it('is asked for on the terminal without being shown', async () => {
    const module = new URL('../../../src/server/shared/passphrase.ts', import.meta.url).pathname;
    const program = `import { readPassphrase } from '${module}'; console.log('got ' + (await readPassphrase({ question: 'Passphrase', credential: 'x' })).length);`;
    const command = `${process.execPath} --import tsx --input-type=module --eval "${program.replaceAll('$', '\\$')}"`;
    // script(1) gives the program a terminal of its own.
    const child = spawn('script', ['-qec', command, '/dev/null'], { stdio: ['pipe', 'pipe', 'inherit'] });
    let shown = '';
    child.stdout.on('data', (chunk: Buffer) => {
      if (!shown.includes('Passphrase: ') && (shown + chunk.toString()).includes('Passphrase: ')) child.stdin.write('sesamX\u007fe\r');
      shown += chunk.toString();
    });
    await new Promise((resolve) => child.once('close', resolve));
    expect(shown).toContain('got 6');
    expect(shown).not.toContain('sesam');
  });
});
