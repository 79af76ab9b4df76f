/** docs/admin/key-ceremony.md, command by command as it stands there: without a network, passphrases typed at a terminal, nothing but the named files carried on. */
import { execFileSync, spawn } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { chmodSync, copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { World } from '../../scripts/world/process.ts';
import { runSsmax, startSsmax } from '../../scripts/world/ssmax.ts';
import { loadTrustDirectory } from '../../src/cli/trust-directory.ts';
import { loadKey } from '../../src/server/shared/keystore.ts';

// Real servers on a busy machine: slow is no failure.
vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 });

const page = readFileSync('docs/admin/key-ceremony.md', 'utf8');
const [root = '', organisation = '', certificate = ''] = page.split(/^## /m).slice(1);
/** Commands of a part of the page: blocks of code, and what stands whole between backticks. */
const commandsOf = (part: string): string[] => [...part.matchAll(/`(ssmax \w+ init [^`]*)`|^ {7}(\S.*)$/gm)].map(([, inline, block]) => inline ?? block ?? '');

let world: World;
let machine: string;
let stick: string;
let transfer: string;
let online: string;
let organisations: string;
const SIX_WORDS = 'ume matsu take sakura kiri hagi';
const ONLINE = 'another one for every day';

beforeAll(async () => {
  world = await World.open();
  [machine, stick, transfer, online, organisations] = ['offline', 'stick', 'transfer', 'online', 'key-server'].map((name) => world.directory(name)) as [string, string, string, string, string];
});
afterAll(() => world.stop());

/** Where the page's machines and sticks are here. */
function placed(command: string): string {
  const places = [['/root/authority', machine], ['/etc/ssmax/root.pem', join(online, 'root.pem')], ['/etc/ssmax', organisations], ['/var/lib/ssmax/authority', join(online, 'state')], ['/mnt/root', stick], ['/mnt/transfer', transfer]] as const;
  return places.reduce((text, [there, here]) => text.replaceAll(there, here), command.replace(/^ssmax /, `${process.execPath} dist/ssmax.mjs `));
}

/** Types what is asked for, at a terminal of its own on a machine without network; gives what the screen showed. */
async function type(command: string, answers: readonly string[], expected = 0): Promise<string> {
  const child = spawn('unshare', ['--user', '--map-root-user', '--net', 'script', '-qec', placed(command), '/dev/null'], { stdio: ['pipe', 'pipe', 'inherit'] });
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
  expect(code, shown).toBe(expected);
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
    for (const name of ['root.key', 'root.pem']) copyFileSync(join(machine, name), join(stick, name));
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

/** What the administrators read out: of key server and organisation. */
let read: { keyServer: string; organisation: string };

describe('an organisation’s key', () => {
  const [init = '', ...others] = commandsOf(organisation);

  it('is made on the key server, which prints what is to be read out', async () => {
    expect(others).toEqual([]);
    const shown = await type(init, [SIX_WORDS, SIX_WORDS]);
    read = { keyServer: /^spki ([0-9a-f]{64})/m.exec(shown)?.[1] ?? '', organisation: /^organisation-spki ([0-9a-f]{64})/m.exec(shown)?.[1] ?? '' };
    const spki = execFileSync('sh', ['-c', `openssl req -in ${join(organisations, 'organisation.csr')} -noout -pubkey | openssl pkey -pubin -outform DER`]);
    expect(read.organisation).toBe(Buffer.from(await crypto.subtle.digest('SHA-256', spki)).toString('hex'));
  });

  it('opens from the copy on the stick', () => {
    copyFileSync(join(organisations, 'organisation.key'), join(stick, 'organisation.key'));
    rmSync(join(organisations, 'organisation.key'));
    expect(statSync(join(stick, 'organisation.key')).size).toBeGreaterThan(0);
    expect(loadKey(join(stick, 'organisation.key'), SIX_WORDS).length).toBeGreaterThan(0);
  });
});

describe('an organisation’s certificate', () => {
  const [issue = '', enter = '', ...others] = commandsOf(certificate).map((command) => command.replaceAll('GATEWAY-SPKI', '11'.repeat(32)).replaceAll('INSPECTION-SPKI', '22'.repeat(32)));
  const withHashes = (command: string): string => command.replace('ORGANISATION-SPKI', read.organisation).replace('KEYSERVER-SPKI', read.keyServer);
  const fingerprintIn = (shown: string): string => /^sha256 fingerprint (\S+)/m.exec(shown)?.[1] ?? '';
  const file = (name: string): string => join(transfer, name);
  /** On the Authority's own machine, which has a network. */
  const onServer = (command: string): ReturnType<typeof runSsmax> => {
    const words = [...placed(withHashes(command)).matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '');
    return runSsmax(words.slice(2));
  };
  let issued = '';

  it('is issued without a network, for the key that was read out and no other', async () => {
    expect([issue, enter].map((line) => line.split(' ').slice(0, 3).join(' '))).toEqual(['ssmax authority issue', 'ssmax authority enter']);
    expect(others).toEqual([]);
    // Somebody put his own request in its place on the way.
    execFileSync('openssl', ['req', '-new', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', file('other.key'), '-subj', '/CN=日之出市役所', '-utf8', '-out', file('organisation.csr')], { stdio: 'pipe' });
    expect(await type(withHashes(issue), [], 1)).toContain('request-of-another-key');
    copyFileSync(file('organisation.csr'), file('other.csr'));
    copyFileSync(join(organisations, 'organisation.csr'), file('organisation.csr'));
    const shown = await type(withHashes(issue), [SIX_WORDS]);
    issued = fingerprintIn(shown);
    expect(issued).toBe(new X509Certificate(readFileSync(file('organisation.pem'))).fingerprint256);
    expect(shown).toContain(`organisation NTRJP-1000020123456 日之出市役所\r\ndomains hinode.example\r\nhost names hinode.example\r\norganisation-spki ${read.organisation}`);
    execFileSync('openssl', ['verify', '-x509_strict', '-CAfile', join(online, 'root.pem'), file('organisation.pem')]);
  });

  it('is entered by the running Authority, which never had the root’s key', async () => {
    const { code, stdout, stderr } = await onServer(enter);
    expect(stderr).toBe('');
    expect(code).toBe(0);
    expect(fingerprintIn(stdout.toString())).toBe(issued);
    expect(readdirSync(online, { recursive: true, encoding: 'utf8' }).filter((name) => name.includes('root'))).toEqual(['root.pem']);
    expect((await runSsmax(['authority', 'export', '--state', join(online, 'state'), '--root', join(online, 'root.pem'), '--out', join(online, 'published')])).stderr).toBe('');
    const trust = await loadTrustDirectory(join(online, 'published'), new Date());
    const entry = await trust.directory.byDomain('hinode.example');
    expect(entry).toMatchObject({ id: 'NTRJP-1000020123456', names: { ja: '日之出市役所', en: 'Hinode City Office' }, domains: ['hinode.example'], alwaysSigned: ['hinode.example'], vetted: '2026-10-01', type: 'organisation' });
    expect(Buffer.from(entry?.certificate ?? [])).toEqual(new X509Certificate(readFileSync(file('organisation.pem'))).raw);
  });

  it('is not entered for another request, of another root, or by the online server’s own key', async () => {
    expect((await onServer(enter.replace('/organisation.csr', '/other.csr'))).stderr).toContain('certificate-not-for-request');
    const another = ['authority', 'init', '--dir', file('false'), '--name', 'SSMAX管理組織'];
    expect((await runSsmax(another, { passphrase: ONLINE })).code).toBe(0);
    const falsely = issue.replace('/mnt/root/root.pem', '/mnt/transfer/false/root.pem').replace('/mnt/root/root.key', '/mnt/transfer/false/root.key').replace('/organisation.pem', '/false.pem');
    await type(withHashes(falsely), [ONLINE]);
    expect((await onServer(enter.replace('/organisation.pem', '/false.pem'))).stderr).toContain('certificate-untrusted');
    // What the online server has issues nothing.
    const delegate = issue.replace('/mnt/root/root.key', join(online, 'delegate.key')).replace('/organisation.pem', '/delegate.pem');
    expect(await type(withHashes(delegate), [ONLINE], 4)).toContain('issuer-key-mismatch');
    expect(() => loadKey(join(stick, 'root.key'), ONLINE)).toThrow('passphrase-wrong');
  });
});
