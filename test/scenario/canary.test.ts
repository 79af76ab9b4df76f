/**
 * A canary in the plaintext of mails that are delivered, refused, altered, held up or killed on their way is in no file of
 * the whole world afterwards: logs, databases with their journals, queues, mailboxes, temporary files, core dumps, tmpfs.
 * Nor are private keys and passphrases.
 */
import { createPrivateKey } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { pathsBelow } from '../../scripts/world/files.ts';
import { HINODE, type LocalOrganisation, type LocalWorld, MALWARE_MARKER, PASSPHRASE, startLocalWorld, TSUKIMI } from '../../scripts/world/local-world.ts';
import { World } from '../../scripts/world/process.ts';
import { until } from '../../scripts/world/wait.ts';
import { type Bytes, concat, fromUtf8, utf8 } from '../../src/core/bytes.ts';
import { readContent } from '../../src/mail/content.ts';
import { loadKey } from '../../src/server/shared/keystore.ts';
import { byteNeedles, findIn, findInFiles, textNeedles } from './byte-search.ts';
import { Correspondent } from './correspondent.ts';

const ASCII = 'KanariaQ7f3a91c0';
const JAPANESE = '金糸雀の歌は秘密';
const CANARY = `${ASCII}${JAPANESE}`;
const needles = [...textNeedles('canary', ASCII), ...textNeedles('canary in lower case', ASCII.toLowerCase()), ...textNeedles('Japanese canary', JAPANESE)];

// Real servers on a busy machine: slow is no failure.
vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 });

let world: World;
let local: LocalWorld;
let hinode: LocalOrganisation;
let tsukimi: LocalOrganisation;
let taro: Correspondent;
let hanako: Correspondent;
let yuki: Correspondent;
const temporary = process.env['TMPDIR'];

const HANAKO = { address: 'hanako@tsukimi.example', displayName: '' };
const YUKI = { address: 'yuki@hinode.example', displayName: '' };
const attachment = (more = ''): { name: string; type: string; bytes: Bytes } =>
  ({ name: `${CANARY}.txt`, type: 'text/plain; charset=utf-8', bytes: utf8(`${CANARY}\r\n${more}\r\n`.repeat(2_000)) });
const secret = {
  subject: `件名 ${CANARY}`, outerSubject: '...', text: `本文 ${CANARY}`, html: `<p title="${CANARY}">${CANARY}</p>`, attachments: [attachment()],
};

beforeAll(async () => {
  world = await World.open();
  // Whatever a server puts into a temporary directory comes under the search.
  process.env['TMPDIR'] = world.directory('tmp');
  chmodSync(world.directory('tmp'), 0o777);
  local = await startLocalWorld(world, [HINODE, TSUKIMI]);
  [hinode, tsukimi] = local.organisations as [LocalOrganisation, LocalOrganisation];
  await Promise.all([hinode, tsukimi].map(logEverything));
  [taro, hanako, yuki] = await Promise.all([
    Correspondent.enrol(local, hinode, 'taro'), Correspondent.enrol(local, tsukimi, 'hanako'), Correspondent.enrol(local, hinode, 'yuki'),
  ]);
});
afterAll(async () => {
  if (temporary === undefined) delete process.env['TMPDIR'];
  else process.env['TMPDIR'] = temporary;
  await world.stop();
});

describe('with a canary in subject, text, HTML, attachment and file name', () => {
  it('a mail is delivered, and opened', async () => {
    const { raw } = await taro.seal({ to: [HANAKO, YUKI], ...secret });
    expect((await taro.submit(raw, [HANAKO.address, YUKI.address])).final.text).toMatch(/^250 /);
    for (const reader of [hanako, yuki]) {
      const [message] = await reader.receive(1);
      const judgement = await reader.judge(message?.raw ?? new Uint8Array());
      expect(judgement).toMatchObject({ state: 'verified', message: { headers: { subject: secret.subject } } });
      // The canary was there.
      const { attachments: [found] } = judgement.message === undefined ? { attachments: [] } : readContent(judgement.message.entity);
      expect(findIn(found?.bytes ?? new Uint8Array(), needles)).not.toEqual([]);
    }
  });

  it('mails are refused by keyword: in the text, the subject, an attachment, a file name', async () => {
    const variants = [
      { text: `${CANARY} 社外秘 ${CANARY}` }, { subject: `社外秘 ${CANARY}` }, { attachments: [attachment('社外秘')] },
      { attachments: [{ ...attachment(), name: `社外秘${CANARY}.txt` }] },
    ];
    for (const variant of variants) {
      const { raw } = await taro.seal({ to: [HANAKO, YUKI], ...secret, ...variant });
      expect((await taro.submit(raw, [HANAKO.address, YUKI.address])).final.text).toMatch(/^550 5\.7\.1 SSMAX-keyword /);
    }
  });

  it('malware is refused: inside, at once; outside, by delivery report', async () => {
    const { raw } = await taro.seal({ to: [YUKI], ...secret, attachments: [attachment(MALWARE_MARKER)] });
    expect((await taro.submit(raw, [YUKI.address])).final.text).toMatch(/^550 5\.7\.1 SSMAX-malware /);
    const other = await taro.seal({ to: [HANAKO], ...secret, attachments: [attachment(MALWARE_MARKER)] });
    expect((await taro.submit(other.raw, [HANAKO.address])).final.text).toMatch(/^250 /);
    const [report] = await taro.receive(1);
    expect(fromUtf8(report?.raw ?? new Uint8Array())).toContain('SSMAX-malware');
  });

  it('an altered mail is refused', async () => {
    const { raw } = await taro.seal({ to: [HANAKO], ...secret });
    const text = Buffer.from(raw).toString('latin1');
    const middle = Math.floor(text.length * 0.7);
    const altered = utf8(text.slice(0, middle) + text.slice(middle).replace(/[A-Z]/, (letter) => letter.toLowerCase()));
    expect((await taro.submit(altered, [HANAKO.address])).final.text).toMatch(/^550 5\.\d\.\d SSMAX-/);
  });

  it('mails whose MIME can be read in two ways are refused', async () => {
    const head = `From: ${taro.address}\r\nTo: ${HANAKO.address}\r\nSubject: ${ASCII}\r\nMIME-Version: 1.0\r\n`;
    const inner = [
      `${head}Content-Type: multipart/mixed; hp="cipher"; boundary="b"\r\n\r\n--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n${CANARY}\r\n`,
      `${head}Content-Type: text/plain; hp="cipher"\r\nContent-Type: text/html; hp="cipher"\r\n\r\n${CANARY}\r\n`,
      `${head}Content-Type: text/plain; hp="cipher"\r\nContent-Transfer-Encoding: ${ASCII}\r\n\r\n${CANARY}\r\n`,
      `${CANARY}\r\n${CANARY}`,
    ];
    for (const entity of inner) {
      const { raw } = await taro.seal({ to: [HANAKO], subject: '...' }, [], utf8(entity));
      expect((await taro.submit(raw, [HANAKO.address])).final.text, entity).toMatch(/^550 5\.6\.0 SSMAX-/);
    }
  });

  it('the inspection server is killed while it inspects', async () => {
    local.clamd.kill('SIGSTOP'); // it never answers: the inspection server waits with the opened mail in its hands
    const { raw } = await taro.seal({ to: [YUKI], ...secret });
    const answer = taro.submit(raw, [YUKI.address]);
    await until(() => connections(local.clamd.socket) > 1, { what: 'the inspection server to call clamd', withinMs: 60_000 });
    hinode.servers.inspection.kill('SIGKILL');
    await hinode.servers.inspection.exited;
    expect((await answer).final.text).toMatch(/^451 /);
    local.clamd.kill('SIGCONT');
    await hinode.restart('inspection');
    const before = (await yuki.mailbox().list()).length;
    expect((await taro.submit(raw, [YUKI.address])).final.text).toMatch(/^250 /);
    await yuki.receive(before + 1);
  });

  it('a mail waits in the queue of the sending organisation', async () => {
    tsukimi.servers.gateway.kill('SIGKILL');
    await tsukimi.servers.gateway.exited;
    const { raw } = await taro.seal({ to: [HANAKO], ...secret });
    expect((await taro.submit(raw, [HANAKO.address])).final.text).toMatch(/^250 /);
    await until(async () => (await hinode.postfix.queue()).some(({ queue }) => queue === 'deferred'), { what: 'a deferred mail', withinMs: 60_000 });
    expect(search()).toEqual([]);
    await tsukimi.restart('gateway');
    await hinode.postfix.flush();
    await hinode.postfix.drained(60_000);
  });
});

describe('afterwards', () => {
  it('no file of the world holds the canary', async () => {
    await until(() => local.clamd.leftovers().length === 0, { what: 'an empty temporary directory of clamd' });
    // What it looks at: databases with their journals, logs, mailboxes, queues.
    const files = pathsBelow(world.dir);
    for (const pattern of [/hinode\/state\/keyserver\.sqlite$/, /keyserver\.sqlite-wal$/, /log\/hinode-inspection\.log$/, /maillog$/, /Maildir\/(?:new|cur)\/./, /^tmp$/]) {
      expect(files.some((name) => pattern.test(name)), String(pattern)).toBe(true);
    }
    expect(readFileSync(hinode.servers.gateway.log, 'utf8')).toContain('not-relayed');
    expect(search()).toEqual([]);
  });

  it('no file holds a passphrase, nor a private key in the clear', () => {
    const keys = [
      ...['root.key', 'delegate.key'].map((name) => join(local.authority.dir, name)),
      ...[hinode, tsukimi].flatMap(({ dir }) => ['organisation.key', 'tls.key', 'gateway.key', 'inspection.key'].map((name) => join(dir, name))),
    ];
    const secrets = keys.flatMap((file) => {
      const { d = '' } = createPrivateKey({ key: Buffer.from(loadKey(file, PASSPHRASE)), format: 'der', type: 'pkcs8' }).export({ format: 'jwk' });
      return byteNeedles(`key of ${file}`, Buffer.from(d, 'base64url'));
    });
    expect(secrets.length).toBeGreaterThan(keys.length);
    expect(findInFiles(places(), [...secrets, ...textNeedles('passphrase', PASSPHRASE)])).toEqual([]);
  });

  it('the search finds a canary that is planted, in whatever writing', () => {
    const dir = world.directory('planted');
    const utf16 = Buffer.from(CANARY, 'utf16le');
    const folded = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64').replace(/.{1,10}/g, '$&\r\n');
    const quoted = [...utf8(CANARY)].map((byte) => (byte < 0x80 ? String.fromCharCode(byte) : `=${byte.toString(16).toUpperCase()}`)).join('');
    const written: Record<string, Uint8Array> = {
      plain: utf8(`x${CANARY}x`), binary: concat(crypto.getRandomValues(new Uint8Array(5_000)), utf8(CANARY), new Uint8Array(100)),
      utf16le: utf16, utf16be: Buffer.from(utf16).swap16(), hex: utf8(Buffer.from(CANARY).toString('hex')),
      ...Object.fromEntries([0, 1, 2].map((offset) => [`base64-${offset}`, utf8(folded(concat(new Uint8Array(offset), utf8(CANARY), utf8('tail'))))])),
      'quoted-printable': utf8(quoted.replace(/.{20}/g, '$&=\r\n')), percent: utf8(encodeURIComponent(CANARY)),
      json: utf8(JSON.stringify(JAPANESE).replace(/[^ -~]/g, (char) => `\\u${char.charCodeAt(0).toString(16)}`)), lower: utf8(CANARY.toLowerCase()),
    };
    for (const [name, bytes] of Object.entries(written)) writeFileSync(join(dir, name), bytes);
    mkdirSync(join(dir, ASCII));
    const found = search();
    for (const name of [...Object.keys(written), ASCII]) expect(found.some((one) => one.startsWith(`${join(dir, name)}:`)), name).toBe(true);
  });
});

function places(): string[] {
  return [world.dir, join('/dev/shm', world.id)];
}

function search(): string[] {
  expect(places().every((place) => existsSync(place))).toBe(true);
  return findInFiles(places(), needles);
}

/** Starts the organisation's servers again with the most talkative logs. */
async function logEverything(organisation: LocalOrganisation): Promise<void> {
  for (const [server, file] of [['keyServer', 'keyserver.yaml'], ['inspection', 'inspection.yaml'], ['gateway', 'gateway.yaml']] as const) {
    const path = join(organisation.dir, file);
    writeFileSync(path, JSON.stringify({ ...(JSON.parse(readFileSync(path, 'utf8')) as object), logLevel: 'debug' }));
    await organisation.servers[server].stop();
    await organisation.restart(server);
  }
}

/** Sockets of this name: the listening one, and one for each client. */
function connections(socket: string): number {
  return readFileSync('/proc/net/unix', 'latin1').split('\n').filter((line) => line.endsWith(` ${socket}`)).length;
}
