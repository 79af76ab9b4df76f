import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { SsmaxError } from '../../src/core/error.ts';
import { explain } from '../../src/cli/explain.ts';
import { explanations } from '../../src/cli/explanations.ts';
import { main } from '../../src/cli/main.ts';

let shown: string;
const directory = mkdtempSync(join(tmpdir(), 'ssmax-cli-'));

beforeEach(() => {
  shown = '';
  const keep = (text: string | Uint8Array): boolean => {
    shown += text.toString();
    return true;
  };
  vi.spyOn(process.stdout, 'write').mockImplementation(keep);
  vi.spyOn(process.stderr, 'write').mockImplementation(keep);
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

describe('the command line', () => {
  it('tells its version and its verbs', async () => {
    expect(await main(['--version'])).toBe(0);
    expect(shown).toBe(`${(JSON.parse(readFileSync('package.json', 'utf8')) as { version: string }).version}\n`);
    shown = '';
    expect(await main(['--help'])).toBe(0);
    for (const verb of ['authority', 'keyserver', 'gateway', 'inspection', 'member', 'audit']) expect(shown).toContain(`  ${verb} `);
  });

  it.each([[['authorit']], [['gateway', 'run']], [['gateway', 'run', '--nonsense']], [['member', 'add']]])('exits 2 on wrong usage: %j', async (words) => {
    expect(await main(words)).toBe(2);
    expect(shown).toContain('--help shows what is possible');
  });

  it('exits 3 when no server runs', async () => {
    expect(await main(['member', 'list', '--state', directory])).toBe(3);
    expect(shown).toBe(`ssmax: no server answers at ${directory}/admin.sock: start it, or correct --state (server-not-running)\n`);
  });

  it('exits 4 on a bad configuration and names the line and the remedy', async () => {
    const credentials = mkdtempSync(join(tmpdir(), 'ssmax-cred-'));
    writeFileSync(join(credentials, 'ssmax-gateway'), 'x\n');
    vi.stubEnv('CREDENTIALS_DIRECTORY', credentials);
    const file = join(directory, 'gateway.yaml');
    writeFileSync(file, '# the gateway\nlisten: 1\npassphrase: x\n');
    expect(await main(['gateway', 'run', '--config', file])).toBe(4);
    expect(shown).toMatch(/^ssmax: .*gateway\.yaml, line 3: `passphrase` looks like a secret: remove it; .* \(config-secret\)\n$/);
    rmSync(credentials, { recursive: true });
  });
});

describe('explanations', () => {
  it('fall back to the code', () => {
    expect(explain(new SsmaxError('refused', 'label-proof-invalid', { leg: 1 }))).toBe('label proof invalid, leg 1 (label-proof-invalid)');
  });

  it('show other errors as faults', () => {
    expect(explain(new TypeError('x'))).toContain('TypeError: x');
  });

  it('exist for every code of the servers’ shared parts and of the command line', () => {
    const files = ['src/server/shared', 'src/cli'].flatMap((from) => readdirSync(from, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts')).map((name) => readFileSync(join(from, name), 'utf8')));
    const codes = files.flatMap((text) => [...text.matchAll(/'(?:fault|unavailable|refused)', '([a-z-]+)'|refused\('([a-z-]+)'/g)].map((match) => match[1] ?? match[2] ?? ''));
    expect(codes.length).toBeGreaterThan(30);
    expect([...new Set(codes)].filter((code) => explanations[code] === undefined)).toEqual([]);
  });
});
