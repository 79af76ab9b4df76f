/** The package runs where nothing but Node.js is: no sources, no node_modules above it, no environment. */
import { execFile, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { japanesePdf } from '../server/inspection/reading/fixtures.ts';

// Real servers on a busy machine: slow is no failure.
vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 });

const run = promisify(execFile);
const root = join(import.meta.dirname, '../..');
const environment = { PATH: `${dirname(process.execPath)}:/usr/bin:/bin` };
let place: string;
let file: string;

async function pack(): Promise<string> {
  const { stdout } = await run(join(root, 'node_modules/.bin/tsx'), [join(root, 'scripts/package-server.ts')], { cwd: root });
  return join(root, stdout.trim().split('\n').at(-1) ?? '');
}

beforeAll(async () => {
  file = await pack();
  place = mkdtempSync(join(tmpdir(), 'ssmax-installed-'));
  await run('tar', ['-C', place, '--strip-components=1', '-xzf', file]);
});
afterAll(() => rmSync(place, { recursive: true, force: true }));

/** Runs a verb to its end, whatever that is. */
function ssmax(...args: string[]): Promise<{ status: number | null; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    const child = execFile(join(place, 'bin/ssmax'), args, { cwd: place, env: environment }, (_error, stdout, stderr) => {
      resolve({ status: child.exitCode, stdout, stderr });
    });
    child.stdin?.end();
  });
}

it('holds what is needed, and nothing of the add-on or of development', () => {
  expect(readdirSync(place).sort()).toEqual(['LICENSE', 'bin', 'deploy', 'dist', 'docs', 'node_modules', 'package.json']);
  // The process that reads mails, the status page, and the character maps of PDF files are files of their own beside the program.
  for (const built of readdirSync(join(root, 'dist'), { recursive: true, encoding: 'utf8' }).filter((name) => /^(?:[^/]+|verbs\/.*)\.mjs$|^(?:status|cmaps)\/./.test(name))) {
    expect(existsSync(join(place, 'dist', built)), built).toBe(true);
  }
  const packages = readdirSync(join(place, 'node_modules'));
  expect(packages).toContain('libsql');
  for (const other of ['vitest', 'typescript', 'preact', 'web-ext']) expect(packages).not.toContain(other);
  expect(statSync(file).size).toBeLessThan(60 * 1024 * 1024);
});

it('is the same, byte by byte, when it is made again', async () => {
  const hash = (): string => createHash('sha256').update(readFileSync(file)).digest('hex');
  const before = hash();
  await pack();
  expect(hash()).toBe(before);
});

it('knows its version and every verb', async () => {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
  expect(await ssmax('--version')).toMatchObject({ status: 0, stdout: `${version}\n` });
  // Loads them all, with whatever they import.
  expect(await ssmax('--help')).toMatchObject({ status: 0, stderr: '' });
});

it('reads a PDF whose font names a Japanese character map', async () => {
  writeFileSync(join(place, 'policy.yaml'), 'version: "1"\nownDomains: [hinode.example]\noutbound:\n  - { name: confidential, check: keywords, words: [極秘] }\ninbound: []\n');
  const attached = Buffer.from(japanesePdf('8bc994e98e9197bf', { encoding: '90ms-RKSJ-H' })).toString('base64');
  writeFileSync(join(place, 'mail.eml'), [
    'From: taro@hinode.example', 'To: hanako@tsukimi.example', 'Subject: x', 'MIME-Version: 1.0', 'Content-Type: application/pdf; name=a.pdf', 'Content-Transfer-Encoding: base64', '',
    attached.replace(/.{76}/g, '$&\r\n'), '',
  ].join('\r\n'));
  expect(await ssmax('policy', 'test', 'mail.eml', '--policy', 'policy.yaml')).toMatchObject({ status: 1, stdout: expect.stringContaining('(keyword, part 1)') as string });
});

it('runs a server with its embedded database', async () => {
  const directory = join(place, 'authority');
  const passphrase = join(place, 'passphrase');
  writeFileSync(passphrase, 'a trial\n', { mode: 0o600 });
  const { stdout } = await run('/bin/sh', ['-c', `bin/ssmax authority init --dir ${directory} --name Trial --passphrase-fd 3 3<${passphrase}`], { cwd: place, env: environment });
  expect(stdout).toMatch(/^spki [0-9a-f]{64}\n$/);
  mkdirSync(join(directory, 'state'), { mode: 0o700 });
  writeFileSync(join(directory, 'authority.yaml'), JSON.stringify({
    state: 'state', database: 'state/authority.sqlite', root: 'root.pem', delegateKey: 'delegate.key', delegateCertificate: 'delegate.pem', listen: '127.0.0.1:0',
  }));
  const server = spawn('/bin/sh', ['-c', `exec bin/ssmax authority run --config ${directory}/authority.yaml --passphrase-fd 3 3<${passphrase}`], { cwd: place, env: environment });
  const ended = new Promise<number | null>((resolve) => server.once('exit', resolve));
  let log = '';
  await new Promise<void>((resolve, reject) => {
    server.stderr.on('data', (chunk: Buffer) => {
      log += chunk.toString();
      if (log.includes('"event":"ready"')) resolve();
    });
    server.once('exit', () => { reject(new Error(log)); });
  });
  expect(await ssmax('audit', 'verify', '--state', join(directory, 'state'))).toMatchObject({ status: 0 });
  expect((await ssmax('doctor', '--authority', join(directory, 'authority.yaml'))).stdout).not.toContain('error:');
  server.kill('SIGTERM');
  expect(await ended).toBe(0);
});
