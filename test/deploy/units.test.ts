/** The systemd units: systemd accepts them, and finds little to gain by more hardening. */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const directory = join(import.meta.dirname, '../../deploy/systemd');
const units = readdirSync(directory);
const analyze = (...args: string[]): { status: number | null; output: string } => {
  const { status, stdout, stderr } = spawnSync('systemd-analyze', args, { encoding: 'utf8', env: { ...process.env, SYSTEMD_PAGER: '' } });
  return { status, output: `${stdout}${stderr}` };
};
const missing = spawnSync('systemd-analyze', ['--version']).status !== 0;

describe.skipIf(missing)(`units${missing ? ' (systemd-analyze is not installed)' : ''}`, () => {
  it.each(units)('%s is understood whole', (unit) => {
    const { output } = analyze('verify', '--man=no', join(directory, unit));
    // The program is not installed where this test runs; nothing else may be said.
    const said = output.split('\n').filter((line) => line.includes(unit) && !/Command \/opt\/ssmax\/bin\/ssmax is not executable|Failed to create .*\/start/.test(line));
    expect(said).toEqual([]);
  });

  it.each(units)('%s exposes little', (unit) => {
    const { status, output } = analyze('security', '--offline=true', '--threshold=30', '--no-pager', join(directory, unit));
    expect([status, output.split('\n').filter((line) => line.startsWith('→'))]).toEqual([0, [expect.stringMatching(/OK/) as string]]);
  });
});

it('each server has a unit that runs as a user of its own and takes its passphrase as a credential', () => {
  expect(units.sort()).toEqual(['authority', 'gateway', 'inspection', 'keyserver'].map((name) => `ssmax-${name}.service`));
  for (const unit of units) {
    const text = readFileSync(join(directory, unit), 'utf8');
    const name = /^ssmax-(\w+)\.service$/.exec(unit)?.[1] ?? '';
    expect(text).toContain(`User=ssmax-${name}\n`);
    expect(text).toContain(`LoadCredential=ssmax-${name}:/etc/ssmax/${name}.passphrase\n`);
  }
});
