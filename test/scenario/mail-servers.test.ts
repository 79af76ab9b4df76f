import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, existsSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { concat, fromUtf8, utf8 } from '../../src/core/bytes.ts';
import { startClamd, type Clamd } from '../../scripts/world/clamd.ts';
import { startDovecot, type Account, type Dovecot } from '../../scripts/world/dovecot.ts';
import { MailStore } from '../../scripts/world/imap.ts';
import { missingPackages, withoutServiceStarts } from '../../scripts/world/packages.ts';
import { startPostfix, type Postfix } from '../../scripts/world/postfix.ts';
import { typescript, World, type Running } from '../../scripts/world/process.ts';
import { SmtpDialogue, submit } from '../../scripts/world/smtp.ts';
import { accepts, until } from '../../scripts/world/wait.ts';

// Real servers on a busy machine: slow is no failure.
vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 });

const marker = 'SSMAX-DEMO-MALWARE-7f3a';
const names = ['hinode', 'tsukimi'] as const;
type Name = (typeof names)[number];

const taro: Account = { address: 'taro@hinode.example', password: 'taro-password' };
const yuki: Account = { address: 'yuki@hinode.example', password: 'yuki-password' };
const hanako: Account = { address: 'hanako@tsukimi.example', password: 'hanako-password' };
const jiro: Account = { address: 'jiro@tsukimi.example', password: 'jiro-password' };
const accounts = [taro, yuki, hanako, jiro];

interface Ports {
  readonly arriving: number;
  readonly submission: number;
  readonly reinjection: number;
  readonly gateway: { readonly arriving: number; readonly submission: number };
}

let world: World;
let dovecot: Dovecot;
let clamd: Clamd;
let ports: Record<Name, Ports>;
let postfix: Record<Name, Postfix>;
let gateways: Record<Name, Running>;

beforeAll(async () => {
  expect(missingPackages(['servers'])).toEqual([]);
  world = await World.open();
  const [imap, lmtp] = [await world.ports.take(), await world.ports.take()];
  ports = { hinode: await takePorts(), tsukimi: await takePorts() };
  [dovecot, clamd, gateways] = await Promise.all([
    startDovecot(world, { accounts, ports: { imap, lmtp } }),
    startClamd(world, { marker }),
    both(startGateway),
  ]);
  postfix = await both((name) =>
    startPostfix(world, {
      name,
      domain: `${name}.example`,
      mailboxes: accounts.map(({ address }) => address).filter((address) => address.endsWith(`@${name}.example`)),
      ports: ports[name],
      gateway: ports[name].gateway,
      lmtpPort: lmtp,
      routes: new Map(names.filter((other) => other !== name).map((other) => [`${other}.example`, ports[other].arriving])),
      authSocket: dovecot.authSocket,
    }),
  );
});

afterAll(async () => {
  await world.stop();
});

describe('two organisations', () => {
  it('carry a mail to its recipients, Bcc too, byte for byte', async () => {
    const raw = message({ from: taro, to: hanako, subject: 'Budget', lines: ['.', '..two dots', '日本語 in UTF-8', ''] });
    const replies = await submit({ port: ports.hinode.submission, account: taro, envelope: { from: taro.address, to: [hanako.address, jiro.address, yuki.address] }, raw });
    expect(replies.final.code).toBe(250);
    expect([...replies.recipients.values()].map(({ code }) => code)).toEqual([250, 250, 250]);
    for (const account of [hanako, jiro, yuki]) {
      const [stored, ...more] = await take(account, 1);
      expect(more).toEqual([]);
      expect(fromUtf8(stored ?? utf8(''))).toMatch(/^Received: from /m);
      expect(endsWith(stored, raw)).toBe(true);
    }
    await postfix.hinode.drained();
    await postfix.tsukimi.drained();
  });

  it('give the submitter the refusal of a filter word for word', async () => {
    const refusal = '550 5.7.1 SSMAX-forbidden-word Refused by policy 方針により拒否';
    const { final } = await send(taro, [hanako], { header: `X-Refuse: submission ${refusal}` });
    expect(final.lines).toEqual([refusal]);
    const temporary = '451 4.7.1 SSMAX-busy Try again later';
    expect((await send(taro, [hanako], { header: `X-Refuse: submission ${temporary}` })).final.lines).toEqual([temporary]);
    expect(await postfix.hinode.queue()).toEqual([]);
  });

  it('report a refusal of the receiving organisation to the sender, without returning the content', async () => {
    const { final } = await send(taro, [hanako], { header: 'X-Refuse: arriving 550 5.7.1 SSMAX-malware', lines: ['canary-content', ''] });
    expect(final.code).toBe(250);
    const [report] = await take(taro, 1);
    const text = fromUtf8(report ?? utf8(''));
    expect(text).toMatch(/^Return-Path: <>/m);
    expect(text).toMatch(/^From: .*<MAILER-DAEMON@hinode\.example>/m);
    expect(text).toMatch(/^Content-Type: multipart\/report; report-type=delivery-status/m);
    expect(text).toMatch(/Diagnostic-Code: smtp; 550 5\.7\.1 SSMAX-malware/);
    expect(text).toContain('Subject: Test');
    expect(text).not.toContain('canary-content');
    expect(await listed(hanako)).toBe(0);
  });

  it('let nobody submit in the name of another, nor without login', async () => {
    const envelope = { from: yuki.address, to: [hanako.address] };
    const raw = message({ from: yuki, to: hanako });
    const forged = await submit({ port: ports.hinode.submission, account: taro, envelope, raw });
    expect(forged.final.text).toMatch(/^553 5\.7\.1 .*not owned by user taro@hinode\.example/);
    const anonymous = await submit({ port: ports.hinode.submission, envelope, raw });
    expect(anonymous.final.text).toMatch(/^554 5\.7\.1 /);
    const guessed = await submit({ port: ports.hinode.submission, account: { ...taro, password: 'guess' }, envelope, raw });
    expect(guessed.final.code).toBe(535);
  });

  it('relay for nobody, and refuse addresses that do not exist', async () => {
    const from = hanako.address;
    const relayed = await submit({ port: ports.hinode.arriving, envelope: { from, to: ['x@elsewhere.example'] }, raw: message({ from: hanako, to: taro }) });
    expect(relayed.final.text).toMatch(/^554 5\.7\.1 /);
    const unknown = await submit({ port: ports.hinode.arriving, envelope: { from, to: ['nobody@hinode.example'] }, raw: message({ from: hanako, to: taro }) });
    expect(unknown.final.text).toMatch(/^550 5\.1\.1 /);
    const unrouted = await submit({ port: ports.hinode.submission, account: taro, envelope: { from: taro.address, to: ['x@elsewhere.example'] }, raw: message({ from: taro, to: hanako }) });
    expect(unrouted.final.text).toMatch(/^550 5\.4\.4 .*no route/);
  });

  it('pass mail of the null sender', async () => {
    const replies = await submit({ port: ports.tsukimi.arriving, envelope: { from: '', to: [hanako.address] }, raw: message({ from: taro, to: hanako }) });
    expect(replies.final.code).toBe(250);
    expect(fromUtf8((await take(hanako, 1))[0] ?? utf8(''))).toMatch(/^Return-Path: <>/m);
  });

  it('answer 451 while the gateway is dead, and lose and double nothing', async () => {
    await stopGateway('hinode');
    const first = await send(taro, [hanako]);
    expect(first.final.text).toMatch(/^451 4\.3\.0 /);
    await restartGateway('hinode');
    await stopGateway('tsukimi');
    const second = await send(taro, [hanako]);
    expect(second.final.code).toBe(250);
    await until(async () => (await postfix.hinode.queue()).some(({ queue }) => queue === 'deferred'), { what: 'a deferred mail' });
    await restartGateway('tsukimi');
    await postfix.hinode.flush();
    await postfix.hinode.drained();
    expect(await take(hanako, 1)).toHaveLength(1);
    await postfix.tsukimi.drained();
    expect(await listed(hanako)).toBe(0);
  });

  it('are not smuggled a second mail by bare line feeds', async () => {
    const { dialogue } = await SmtpDialogue.open(ports.tsukimi.arriving);
    const raw = fromUtf8(message({ from: taro, to: hanako }));
    const second = `MAIL FROM:<${taro.address}>\r\nRCPT TO:<${jiro.address}>\r\nDATA\r\n${raw}`;
    for (const line of ['EHLO client.invalid', `MAIL FROM:<${taro.address}>`, `RCPT TO:<${hanako.address}>`]) {
      expect((await dialogue.command(line)).code).toBe(250);
    }
    expect((await dialogue.command('DATA')).code).toBe(354);
    dialogue.send(`${raw}\n.\n${second}\r\n.\r\n`);
    const replies = [await dialogue.reply(), await dialogue.command('QUIT')];
    dialogue.close();
    expect(replies.map(({ code }) => code)).toEqual([250, 221]);
    expect(await take(hanako, 1)).toHaveLength(1);
    await postfix.tsukimi.drained();
    expect(await listed(jiro)).toBe(0);
  });

  it('have mailboxes into which a message can be put as it is', async () => {
    const store = storeOf(jiro);
    const raw = message({ from: taro, to: jiro, subject: 'put' });
    await store.append(raw, 'Sent', ['\\Seen']);
    const [stored] = await store.waitFor(1, { folder: 'Sent' });
    expect(stored?.flags).toContain('\\Seen');
    expect(stored?.raw).toEqual(raw);
    await store.delete('Sent', [stored?.uid ?? 0]);
    expect(await store.list('Sent')).toEqual([]);
  });
});

describe('clamd', () => {
  it('finds the marker, nothing else, and leaves nothing behind', async () => {
    expect(await scan(utf8('an innocent text'))).toBe('stream: OK');
    expect(await scan(utf8(`text ${marker} text`))).toBe('stream: Demo.Malware.Test-1.UNOFFICIAL FOUND');
    const mail = message({ from: taro, to: hanako, header: 'MIME-Version: 1.0\r\nContent-Type: application/x-thing\r\nContent-Transfer-Encoding: base64', lines: [Buffer.from(`bytes ${marker}`).toString('base64'), ''] });
    expect(await scan(mail)).toBe('stream: Demo.Malware.Test-1.UNOFFICIAL FOUND');
    await until(() => clamd.leftovers().length === 0, { what: 'an empty temporary directory' });
    expect(clamd.temporaryDirectory).toMatch(/^\/dev\/shm\//);
  });
});

describe('a world', () => {
  it('ends with all its processes and directories', async () => {
    const other = await World.open();
    const sleeper = await other.start({ name: 'sleeper', command: '/bin/sh', args: ['-c', 'sleep 1000 & sleep 1000'] });
    await until(() => sleeper.pids().length === 3, { what: 'three processes' });
    const pids = other.pids();
    const memory = other.memoryDirectory('secret');
    await other.stop();
    expect(pids.filter(lives)).toEqual([]);
    expect([other.dir, memory].filter(existsSync)).toEqual([]);
  });

  it('kills what does not want to end, and nothing else', async () => {
    const other = await World.open();
    const stubborn = await other.start({ name: 'stubborn', command: '/bin/sh', args: ['-c', 'trap "" TERM; echo up; while :; do sleep 0.1; done'], ready: () => readFileSync(join(other.dir, 'log', 'stubborn.log'), 'utf8') === 'up\n' });
    const bystander = spawn('sleep', ['1000'], { detached: true });
    await stubborn.stop(100);
    expect((await stubborn.exited).signal).toBe('SIGKILL');
    expect(lives(bystander.pid ?? 0)).toBe(true);
    await other.stop();
    bystander.kill();
  });

  it('says what a program complained about that did not come up', async () => {
    const other = await World.open();
    const failing = other.start({ name: 'failing', command: '/bin/sh', args: ['-c', 'echo fatal: no such thing >&2; exit 3'], ready: () => false });
    await expect(failing).rejects.toMatchObject({ code: 'process-ended', params: { said: 'fatal: no such thing' } });
    await expect(other.start({ name: 'missing', command: '/no/such/program' })).rejects.toMatchObject({ code: 'program-not-started' });
    await other.stop();
  });

  it('hands secrets over by file descriptor', async () => {
    const other = await World.open();
    const reader = await other.start({ name: 'reader', command: '/bin/sh', args: ['-c', 'cat <&3; cat <&4'], secrets: ['one ', 'two'] });
    await reader.exited;
    await until(() => readFileSync(reader.log, 'utf8') === 'one two', { what: 'both secrets' });
    await other.stop();
  });

  it('ends even if its owner is killed with -9', async () => {
    const module = fileURLToPath(new URL('../../scripts/world/process.ts', import.meta.url));
    const dir = mkdtempSync(join(tmpdir(), 'ssmax-test-'));
    const program = join(dir, 'owner.mts');
    writeFileSync(program, `
      import { World } from ${JSON.stringify(module)};
      const world = await World.open();
      await world.start({ name: 'sleeper', command: 'sleep', args: ['1000'] });
      process.stdout.write(JSON.stringify({ dir: world.dir, pids: world.pids() }));
      setInterval(() => undefined, 1000);
    `);
    const { command, args = [] } = typescript(program, []);
    const owner = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    const [said] = (await once(owner.stdout, 'data')) as [Buffer];
    const told = JSON.parse(said.toString()) as { dir: string; pids: number[] };
    expect(told.pids.filter(lives)).toHaveLength(1);
    owner.kill('SIGKILL');
    await until(() => !told.pids.some(lives) && !existsSync(told.dir), { what: 'the end of the orphans' });
    rmSync(dir, { recursive: true });
  });

  it('reserves ports that nobody else is given', async () => {
    const other = await World.open();
    const taken = await Promise.all(Array.from({ length: 40 }, (_, i) => (i % 2 === 0 ? world : other).ports.take()));
    expect(new Set(taken).size).toBe(40);
    expect(await Promise.all(taken.map(accepts))).not.toContain(true);
    await other.stop();
  });
});

describe('package installation', () => {
  it('keeps services from starting only while it works, and restores the hook that was there', () => {
    const dir = mkdtempSync(join(tmpdir(), 'ssmax-test-'));
    const hook = join(dir, 'policy-rc.d');
    withoutServiceStarts(() => expect(readFileSync(hook, 'utf8')).toContain('exit 101'), hook);
    expect(existsSync(hook)).toBe(false);
    writeFileSync(hook, 'original');
    // As if an earlier run had been killed in the middle.
    withoutServiceStarts(() => copyFileSync(hook, join(dir, 'ours')), hook);
    renameSync(hook, `${hook}.before-ssmax`);
    copyFileSync(join(dir, 'ours'), hook);
    expect(() => withoutServiceStarts(() => { throw new Error('apt'); }, hook)).toThrow('apt');
    expect(readFileSync(hook, 'utf8')).toBe('original');
    rmSync(dir, { recursive: true });
  });
});

describe('at the end', () => {
  it('no process of the two organisations is left', async () => {
    const pids = world.pids();
    expect(pids.length).toBeGreaterThan(10);
    await world.stop();
    expect(pids.filter(lives)).toEqual([]);
    expect(world.pids()).toEqual([]);
    expect(existsSync(world.dir)).toBe(false);
  });
});

async function both<T>(make: (name: Name) => Promise<T>): Promise<Record<Name, T>> {
  const [hinode, tsukimi] = await Promise.all([make('hinode'), make('tsukimi')]);
  return { hinode, tsukimi };
}

async function takePorts(): Promise<Ports> {
  const take = () => world.ports.take();
  return {
    arriving: await take(),
    submission: await take(),
    reinjection: await take(),
    gateway: { arriving: await take(), submission: await take() },
  };
}

function startGateway(name: Name): Promise<Running> {
  const { arriving, submission } = ports[name].gateway;
  const program = fileURLToPath(new URL('pass-through-gateway.ts', import.meta.url));
  return world.start({
    name: `${name}-gateway`,
    ...typescript(program, [ports[name].reinjection, arriving, submission].map(String)),
    ready: async () => (await accepts(arriving)) && (await accepts(submission)),
  });
}

async function stopGateway(name: Name): Promise<void> {
  gateways[name].kill('SIGKILL');
  await gateways[name].exited;
}

async function restartGateway(name: Name): Promise<void> {
  gateways[name] = await startGateway(name);
}

interface Content {
  readonly from: Account;
  readonly to: Account;
  readonly subject?: string;
  readonly header?: string;
  readonly lines?: readonly string[];
}

function message({ from, to, subject = 'Test', header, lines = ['Hello', ''] }: Content): Uint8Array {
  const fields = [`From: <${from.address}>`, `To: <${to.address}>`, `Subject: ${subject}`, 'Date: Mon, 02 Nov 2026 10:00:00 +0900', 'Message-ID: <1@client.invalid>'];
  return utf8([...fields, ...(header === undefined ? [] : [header]), '', ...lines].join('\r\n'));
}

function send(from: Account, to: readonly [Account, ...Account[]], content: Partial<Content> = {}) {
  const port = ports[from.address.endsWith('@hinode.example') ? 'hinode' : 'tsukimi'].submission;
  const envelope = { from: from.address, to: to.map(({ address }) => address) };
  return submit({ port, account: from, envelope, raw: message({ from, to: to[0], ...content }) });
}

function storeOf(account: Account): MailStore {
  return new MailStore(dovecot.ports.imap, account);
}

/** Waits for `count` messages, removes them from the mailbox and gives their bytes. */
async function take(account: Account, count: number): Promise<Uint8Array[]> {
  const store = storeOf(account);
  const messages = await store.waitFor(count);
  await store.delete('INBOX', messages.map(({ uid }) => uid));
  return messages.map(({ raw }) => raw);
}

async function listed(account: Account): Promise<number> {
  return (await storeOf(account).list()).length;
}

function endsWith(whole: Uint8Array | undefined, end: Uint8Array): boolean {
  return whole !== undefined && Buffer.from(whole).subarray(-end.length).equals(end);
}

/** Asks clamd about a byte string: INSTREAM, clamd(8). */
async function scan(bytes: Uint8Array): Promise<string> {
  const socket = connect(clamd.socket);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  socket.write(concat(utf8('zINSTREAM\0'), length, bytes, new Uint8Array(4)));
  let answer = '';
  socket.on('data', (chunk) => (answer += chunk.toString()));
  await once(socket, 'close');
  return answer.replace('\0', '');
}

function lives(pid: number): boolean {
  // A zombie that its parent has not looked after yet does not live.
  return existsSync(`/proc/${pid}/stat`) && !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'latin1'));
}
