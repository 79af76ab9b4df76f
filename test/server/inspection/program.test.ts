/** `ssmax inspection` as a process of its own. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Running, World } from '../../../scripts/world/process.ts';
import { contains, until } from '../../../scripts/world/wait.ts';
import { hex } from '../../../src/core/bytes.ts';
import { encodePem } from '../../../src/core/pki/pem.ts';
import { saveKey } from '../../../src/server/shared/keystore.ts';
import { makeOrganisation } from '../../flow/submissions.ts';

const repository = resolve(import.meta.dirname, '../../..');
let world: World;
let directory: string;

beforeAll(async () => {
  world = await World.open();
  directory = world.directory('inspection');
});

afterAll(() => world.stop());

function ssmax(name: string, words: readonly string[], passphrase?: string): Promise<Running> {
  return world.start({
    name, command: process.execPath, args: ['--import', 'tsx', join(repository, 'src/cli/main.ts'), 'inspection', ...words],
    cwd: repository, ...(passphrase !== undefined && { secrets: [`${passphrase}\n`] }),
  });
}

test('init makes key and request once; a second time it touches neither', async () => {
  const words = ['init', '--dir', directory, '--host-name', 'inspection.hinode.example', '--passphrase-fd', '3'];
  const first = await ssmax('init', words, 'one');
  expect(await first.exited).toEqual({ code: 0, signal: null });
  expect(readFileSync(first.log, 'utf8')).toMatch(/^spki [0-9a-f]{64}$/m);
  const key = readFileSync(join(directory, 'inspection.key'), 'utf8');
  expect(key).toContain('ENCRYPTED PRIVATE KEY');
  const second = await ssmax('init-again', words, 'two');
  expect((await second.exited).code).not.toBe(0);
  expect(readFileSync(join(directory, 'inspection.key'), 'utf8')).toBe(key);
});

test('run says ready, reloads on SIGHUP, survives a wrong policy, ends on SIGTERM', async () => {
  const organisation = await makeOrganisation();
  const own = await organisation.server('inspection', 'inspection.hinode.example');
  const put = (name: string, text: string): void => writeFileSync(join(directory, name), text);
  await saveKey(join(directory, 'running.key'), own.pkcs8, 'pass');
  put('inspection.crt', encodePem('CERTIFICATE', own.certificate.der));
  put('organisation.crt', encodePem('CERTIFICATE', organisation.certificate.der));
  put('policy.yaml', 'version: 1\noutbound: []\ninbound: []\n');
  put('inspection.yaml', `listen: 127.0.0.1:0
key: running.key
certificate: inspection.crt
organisation: organisation.crt
gateways: ["${hex(own.certificate.spkiSha256)}"]
policy: policy.yaml
`);
  const server = await ssmax('run', ['run', '--config', join(directory, 'inspection.yaml'), '--passphrase-fd', '3'], 'pass');
  await until(() => contains(server.log, /"event":"ready","port":\d+/), { what: 'ready', withinMs: 30_000 });
  put('policy.yaml', 'version: 2\n');
  server.kill('SIGHUP');
  await until(() => contains(server.log, /"event":"policy-not-reloaded"/), { what: 'a refused policy' });
  put('policy.yaml', 'version: 3\noutbound: []\ninbound: []\n');
  server.kill('SIGHUP');
  await until(() => contains(server.log, /"event":"policy-reloaded","version":"3"/), { what: 'the new policy' });
  await server.stop();
  expect(await server.exited).toEqual({ code: 0, signal: null });
});
