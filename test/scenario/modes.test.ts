/** Each mode and a forward through real servers, by the command line: hinode → tsukimi → hinode, inspected on every way. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { HINODE, type LocalOrganisation, type LocalWorld, MALWARE_MARKER, PASSPHRASE, startLocalWorld, TSUKIMI } from '../../scripts/world/local-world.ts';
import { World } from '../../scripts/world/process.ts';
import { runSsmax, ssmax } from '../../scripts/world/ssmax.ts';
import { encodePem } from '../../src/core/pki/pem.ts';
import { generatePrivateKey } from '../../src/platform/node-crypto.ts';
import { saveKey } from '../../src/server/shared/keystore.ts';
import { Correspondent } from './correspondent.ts';

// Real servers on a busy machine: slow is no failure.
vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 });

/** A member who uses the command line. */
interface Person {
  readonly reached: Correspondent;
  /** Options of every verb that reads or writes mail. */
  readonly options: readonly string[];
}

let world: World;
let local: LocalWorld;
let directory: string;
let taro: Person;
let hanako: Person;
let yuki: Person;

beforeAll(async () => {
  world = await World.open();
  local = await startLocalWorld(world, [
    { ...HINODE, modes: ['protect-all', 'attachments-only', 'sign-only', 'forward'] }, { ...TSUKIMI, modes: ['protect-all', 'forward'] },
  ]);
  directory = world.directory('people');
  writeFileSync(join(directory, 'web-ca.pem'), local.webCa);
  const [hinode, tsukimi] = local.organisations as [LocalOrganisation, LocalOrganisation];
  [taro, hanako, yuki] = await Promise.all([person(hinode, 'taro'), person(tsukimi, 'hanako'), person(hinode, 'yuki')]);
});
afterAll(async () => {
  await world.stop();
});

async function person(organisation: LocalOrganisation, user: string): Promise<Person> {
  const pkcs8 = generatePrivateKey();
  const key = join(directory, `${user}.key`);
  await saveKey(key, pkcs8, PASSPHRASE);
  const reached = await Correspondent.enrol(local, organisation, user, pkcs8);
  const certificate = join(directory, `${user}.pem`);
  writeFileSync(certificate, encodePem('CERTIFICATE', reached.credential.certificate.der));
  const trust = join(directory, `${user}-trust`);
  await ssmax(['trust', 'fetch', '--server', organisation.pluginUrl, '--tls-ca', join(directory, 'web-ca.pem'), '--root', join(local.authority.dir, 'root.pem'), '--out', trust]);
  return { reached, options: ['--key', key, '--certificate', certificate, '--trust', trust] };
}

function written(from: Person, to: Person, file: string): string {
  return [
    `From: ${from.reached.address}`, `To: ${to.reached.address}`, 'Subject: notice', 'MIME-Version: 1.0', 'Content-Type: multipart/mixed; boundary=b', '',
    '--b', 'Content-Type: text/plain', '', 'The plan is attached.', '--b', 'Content-Type: application/octet-stream; name=plan.txt', 'Content-Transfer-Encoding: base64', '',
    Buffer.from(file).toString('base64'), '--b--', '',
  ].join('\r\n');
}

/** Seals and submits; gives the last reply. */
async function send(from: Person, to: Person, mode: string, file = 'the file'): Promise<string> {
  const { code, stdout, stderr } = await runSsmax(['seal', '--mode', mode, ...from.options], { passphrase: PASSPHRASE, input: Buffer.from(written(from, to, file)) });
  expect(stderr).toBe('');
  expect(code).toBe(0);
  return (await from.reached.submit(new Uint8Array(stdout), [to.reached.address])).final.text;
}

/** The newest mail of an inbox that will hold `count`, as a file. */
async function receive(reader: Person, count: number): Promise<string> {
  const message = (await reader.reached.receive(count)).at(-1);
  const file = join(directory, `${reader.reached.address}-${count}.eml`);
  writeFileSync(file, message?.raw ?? new Uint8Array());
  return file;
}

async function verify(reader: Person, file: string): Promise<unknown> {
  const { stdout } = await runSsmax(['verify', '--json', ...reader.options, file], { passphrase: PASSPHRASE });
  const [verdict] = JSON.parse(stdout.toString()) as unknown[];
  return verdict;
}

async function open(reader: Person, raw: Uint8Array): Promise<string> {
  return (await runSsmax(['open', ...reader.options], { passphrase: PASSPHRASE, input: raw })).stdout.toString();
}

const inboxes = async (): Promise<number> => (await hanako.reached.mailbox().list()).length;

describe('modes and forwarding through real servers', () => {
  it.each(['sign-only', 'attachments-only'])('%s: delivered, verified and opened', async (mode) => {
    const before = await inboxes();
    expect(await send(taro, hanako, mode)).toMatch(/^250 /);
    const file = await receive(hanako, before + 1);
    expect(await verify(hanako, file)).toMatchObject({ state: 'verified', mode, content: 'opened', sender: { address: taro.reached.address } });
    const message = (await hanako.reached.receive(before + 1)).at(-1);
    const opened = await open(hanako, message?.raw ?? new Uint8Array());
    expect(opened).toContain('The plan is attached.');
    expect(opened).toContain(Buffer.from('the file').toString('base64'));
  });

  it('refuses a forbidden word in a sealed attachment at submission', async () => {
    expect(await send(taro, hanako, 'attachments-only', 'これは社外秘です')).toMatch(/^550 5\.7\.1 SSMAX-keyword /);
  });

  it('refuses malware in a sealed attachment at the receiving organisation', async () => {
    const before = await inboxes();
    expect(await send(taro, hanako, 'attachments-only', `xx ${MALWARE_MARKER} xx`)).toMatch(/^250 /);
    const [report] = await taro.reached.receive(1);
    expect(Buffer.from(report?.raw ?? new Uint8Array()).toString()).toContain('SSMAX-malware');
    expect(await inboxes()).toBe(before);
  });

  it('refuses a mode that the organisation does not permit', async () => {
    expect(await send(hanako, yuki, 'sign-only')).toMatch(/^550 5\.7\.1 SSMAX-mode-not-allowed /);
  });

  it('forwards a sealed mail without decrypting it: the reader is told both names', async () => {
    const before = await inboxes();
    expect(await send(taro, hanako, 'protect-all')).toMatch(/^250 /);
    const file = await receive(hanako, before + 1);
    const { code, stdout, stderr } = await runSsmax(['forward', file, '--to', yuki.reached.address, ...hanako.options], { passphrase: PASSPHRASE, input: Buffer.from('Please look at this.\n') });
    expect(stderr).toBe('');
    expect(code).toBe(0);
    expect((await hanako.reached.submit(new Uint8Array(stdout), [yuki.reached.address])).final.text).toMatch(/^250 /);
    const forwarded = await receive(yuki, 1);
    expect(await verify(yuki, forwarded)).toMatchObject({
      state: 'verified', mode: 'forward', content: 'opened', sender: { address: hanako.reached.address },
      forwarded: [{ kind: 'mail', writer: { address: taro.reached.address }, forwarders: [], of: 1 }],
    });
    const [message] = await yuki.reached.receive(1);
    const opened = await open(yuki, message?.raw ?? new Uint8Array());
    expect(opened).toContain('Please look at this.');
    expect(opened).toContain('The plan is attached.');
  });
});
