/** docs/admin/key-ceremony.md, command by command as it stands there: without a network, passphrases typed at a terminal, nothing but the named files carried on. */
import { execFileSync, spawn } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { chmodSync, copyFileSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { World } from '../../scripts/world/process.ts';
import { runSsmax, startSsmax } from '../../scripts/world/ssmax.ts';
import { loadKey } from '../../src/server/shared/keystore.ts';

const page = readFileSync('docs/admin/key-ceremony.md', 'utf8');
const [root = '', organisation = ''] = page.split(/^## /m).slice(1);
/** Commands of a part of the page: blocks of code, and what stands whole between backticks. */
const commandsOf = (part: string): string[] => [...part.matchAll(/`(ssmax \w+ init [^`]*)`|^ {7}(\S.*)$/gm)].map(([, inline, block]) => inline ?? block ?? '');

let world: World;
let machine: string;
let stick: string;
let online: string;
let organisations: string;
const SIX_WORDS = 'ume matsu take sakura kiri hagi';
const ONLINE = 'another one for every day';

beforeAll(async () => {
  world = await World.open();
  [machine, stick, online, organisations] = ['offline', 'stick', 'online', 'key-server'].map((name) => world.directory(name)) as [string, string, string, string];
});
afterAll(() => world.stop());

/** Types what is asked for, at a terminal of its own on a machine without network; gives what the screen showed. */
async function type(command: string, answers: readonly string[]): Promise<string> {
  const here = command.replace(/^ssmax /, `${process.execPath} dist/ssmax.mjs `).replaceAll('/root/authority', machine).replaceAll('/etc/ssmax', organisations);
  const child = spawn('unshare', ['--user', '--map-root-user', '--net', 'script', '-qec', here, '/dev/null'], { stdio: ['pipe', 'pipe', 'inherit'] });
  let shown = '';
  let answered = 0;
  let read = 0;
  child.stdout.on('data', (chunk: Buffer) => {
    shown += chunk.toString();
    // A prompt ends in a colon, and the program waits there.
    if (answered === answers.length || !/: ?$/.test(shown.slice(read))) return;
    read = shown.length;
    child.stdin.write(`${answers[answered++] ?? ''}\r`);
  });
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  expect(code, shown).toBe(0);
  // openssl turns the echo off only after its prompt.
  if (command.startsWith('ssmax')) for (const answer of answers) expect(shown).not.toContain(answer);
  return shown;
}

const spkis = (text: string): string[] => [...text.matchAll(/spki:? ([0-9a-f]{64})/g)].map(([, hash]) => hash ?? '');

describe('the Authority’s root', () => {
  const [init = '', ...rest] = commandsOf(root);

  it('is made without a network; its passphrase is typed twice and never shown', async () => {
    expect(rest.map((line) => line.split(' ').slice(0, 2).join(' '))).toEqual(['openssl x509', 'openssl pkcs8']);
    const shown = await type(init, [SIX_WORDS, SIX_WORDS]);
    const [delegate] = spkis(shown);
    const spki = new X509Certificate(readFileSync(join(machine, 'delegate.pem'))).publicKey.export({ format: 'der', type: 'spki' });
    expect(delegate).toBe(Buffer.from(await crypto.subtle.digest('SHA-256', spki)).toString('hex'));
    const fingerprint = await type(rest[0] ?? '', []);
    expect(fingerprint).toContain(new X509Certificate(readFileSync(join(machine, 'root.pem'))).fingerprint256);
  });

  it('stays behind: the online server runs on the delegate’s key, under a passphrase of its own', async () => {
    await type(rest[1] ?? '', [SIX_WORDS, ONLINE, ONLINE]);
    copyFileSync(join(machine, 'root.key'), join(stick, 'root.key'));
    for (const [from, to] of [['root.pem', 'root.pem'], ['delegate-online.key', 'delegate.key'], ['delegate.pem', 'delegate.pem']] as const) copyFileSync(join(machine, from), join(online, to));
    chmodSync(join(online, 'delegate.key'), 0o600);
    rmSync(machine, { recursive: true });
    expect(() => loadKey(join(online, 'delegate.key'), SIX_WORDS)).toThrow('passphrase-wrong');
    mkdirSync(join(online, 'state'), { mode: 0o700 });
    writeFileSync(join(online, 'authority.yaml'), JSON.stringify({
      state: 'state', database: 'state/authority.sqlite', root: 'root.pem', delegateKey: 'delegate.key', delegateCertificate: 'delegate.pem', listen: `127.0.0.1:${await world.ports.take()}`,
    }));
    await startSsmax(world, 'authority', ['authority', 'run', '--config', join(online, 'authority.yaml')], ONLINE);
  });
});

describe('an organisation’s key', () => {
  const [init = '', ...others] = commandsOf(organisation);

  it('is made on the key server; the root comes from its stick to certify it', async () => {
    expect(others).toEqual([]);
    const [keyServer = ''] = spkis(await type(init, [SIX_WORDS, SIX_WORDS]));
    const certify = (rootKey: string, passphrase: string): ReturnType<typeof runSsmax> => runSsmax([
      'authority', 'certify', '--state', join(online, 'state'), '--root', join(online, 'root.pem'), '--root-key', rootKey, '--csr', join(organisations, 'organisation.csr'),
      '--id', 'NTRJP-1000020123456', '--name-ja', '日之出市役所', '--name-en', 'Hinode City Office', '--domain', 'hinode.example', '--host-name', 'hinode.example', '--vetted', '2026-10-01',
      '--gateway-spki', '11'.repeat(32), '--inspection-spki', '22'.repeat(32), '--key-server-spki', keyServer, '--out', join(organisations, 'organisation.pem'),
    ], { passphrase });
    // What the online server has does not do it.
    expect((await certify(join(online, 'delegate.key'), ONLINE)).code).not.toBe(0);
    expect(() => loadKey(join(stick, 'root.key'), ONLINE)).toThrow('passphrase-wrong');
    expect((await certify(join(stick, 'root.key'), SIX_WORDS)).stderr).toBe('');
    execFileSync('openssl', ['verify', '-x509_strict', '-CAfile', join(online, 'root.pem'), join(organisations, 'organisation.pem')]);
  });

  it('opens from the copy on the stick', () => {
    copyFileSync(join(organisations, 'organisation.key'), join(stick, 'organisation.key'));
    rmSync(join(organisations, 'organisation.key'));
    expect(statSync(join(stick, 'organisation.key')).size).toBeGreaterThan(0);
    expect(loadKey(join(stick, 'organisation.key'), SIX_WORDS).length).toBeGreaterThan(0);
  });
});
