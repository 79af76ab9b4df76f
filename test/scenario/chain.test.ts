/** The chain through real servers: Postfix, gateways, key servers, inspection, Dovecot, clamd. */
import { readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { HINODE, type LocalOrganisation, type LocalWorld, MALWARE_MARKER, startLocalWorld, TSUKIMI } from '../../scripts/world/local-world.ts';
import { startPostfix } from '../../scripts/world/postfix.ts';
import { World } from '../../scripts/world/process.ts';
import { submit } from '../../scripts/world/smtp.ts';
import { greets, until } from '../../scripts/world/wait.ts';
import { utf8 } from '../../src/core/bytes.ts';
import { readContent } from '../../src/mail/content.ts';
import { Correspondent } from './correspondent.ts';

// Real servers on a busy machine: slow is no failure.
vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 });

let world: World;
let local: LocalWorld;
let hinode: LocalOrganisation;
let tsukimi: LocalOrganisation;
let taro: Correspondent;
let hanako: Correspondent;
let jiro: Correspondent;

beforeAll(async () => {
  world = await World.open();
  local = await startLocalWorld(world, [HINODE, TSUKIMI]);
  [hinode, tsukimi] = local.organisations as [LocalOrganisation, LocalOrganisation];
  [taro, hanako, jiro] = await Promise.all([
    Correspondent.enrol(local, hinode, 'taro'), Correspondent.enrol(local, tsukimi, 'hanako'), Correspondent.enrol(local, tsukimi, 'jiro'),
  ]);
});
afterAll(async () => {
  await world.stop();
});

const HANAKO = { address: 'hanako@tsukimi.example', displayName: '佐藤 花子' };

describe('the chain through real servers', () => {
  it('delivers a mail with attachment and Bcc, verified for both', async () => {
    const attachment = crypto.getRandomValues(new Uint8Array(65_536));
    const { raw } = await taro.seal({
      to: [HANAKO], subject: '見積書の件', attachments: [{ name: '見積書.bin', type: 'application/octet-stream', bytes: attachment }],
    }, [jiro.address]);
    const replies = await taro.submit(raw, [HANAKO.address, jiro.address]);
    expect(replies.final.text).toMatch(/^250 /);
    for (const reader of [hanako, jiro]) {
      const [message] = await reader.receive(1);
      if (message === undefined) throw new Error('no mail');
      if (reader === hanako) expect(Buffer.from(message.raw).toString('latin1')).not.toContain('jiro@');
      const judgement = await reader.judge(message.raw);
      expect(judgement).toMatchObject({ state: 'verified', code: 'verified', content: 'opened', sender: { address: 'taro@hinode.example' } });
      if (judgement.message === undefined) throw new Error('not opened');
      const [found] = readContent(judgement.message.entity).attachments;
      expect(found?.bytes).toEqual(attachment);
    }
  });

  it('refuses a forbidden word at submission, and tells the sender why', async () => {
    const { raw, contentDigest } = await taro.seal({ to: [HANAKO], subject: 'x', text: 'これは社外秘です' });
    const replies = await taro.submit(raw, [HANAKO.address]);
    expect(replies.final.text).toMatch(/^550 5\.7\.1 SSMAX-keyword /);
    expect(contentDigest).toHaveLength(32);
  });

  it('refuses malware at the receiving organisation: a delivery report carries the code', async () => {
    const before = (await hanako.mailbox().list()).length;
    const { raw } = await taro.seal({
      to: [HANAKO], subject: '請求書', attachments: [{ name: 'a.bin', type: 'application/octet-stream', bytes: utf8(`xx ${MALWARE_MARKER} xx`) }],
    });
    expect((await taro.submit(raw, [HANAKO.address])).final.text).toMatch(/^250 /);
    const [report] = await taro.receive(1);
    expect(Buffer.from(report?.raw ?? new Uint8Array()).toString()).toContain('SSMAX-malware');
    expect((await hanako.mailbox().list()).length).toBe(before);
    expect(await taro.judge(report?.raw ?? new Uint8Array())).toMatchObject({ state: 'outside', code: 'delivery-report' });
  });

  it('refuses unsigned mail that claims to come from hinode, at the MTA of tsukimi', async () => {
    const raw = utf8('From: taro@hinode.example\r\nTo: hanako@tsukimi.example\r\nSubject: hi\r\n\r\nhello\r\n');
    const replies = await submit({ port: tsukimi.ports.postfix.arriving, envelope: { from: 'x@outside.example', to: [HANAKO.address] }, raw });
    expect(replies.final.text).toMatch(/^550 5\.7\.1 SSMAX-impersonation /);
  });

  it('lets plain outside mail pass, judged outside SSMAX', async () => {
    const before = (await hanako.mailbox().list()).length;
    const raw = utf8('From: x@outside.example\r\nTo: hanako@tsukimi.example\r\nSubject: hi\r\nX-SSMAX-Content: 00\r\n\r\nhello\r\n');
    const replies = await submit({ port: tsukimi.ports.postfix.arriving, envelope: { from: 'x@outside.example', to: [HANAKO.address] }, raw });
    expect(replies.final.text).toMatch(/^250 /);
    const message = (await hanako.receive(before + 1)).at(-1);
    expect(Buffer.from(message?.raw ?? new Uint8Array()).toString()).not.toMatch(/X-SSMAX-Content/i);
    expect(await hanako.judge(message?.raw ?? new Uint8Array())).toMatchObject({ state: 'outside', code: 'outside' });
  });

  it('refuses a revoked sender at once; what he sent before stays verified', async () => {
    const ken = await Correspondent.enrol(local, hinode, 'ken');
    const before = (await hanako.mailbox().list()).length;
    const first = await ken.seal({ to: [HANAKO], subject: '前' });
    expect((await ken.submit(first.raw, [HANAKO.address])).final.text).toMatch(/^250 /);
    const message = (await hanako.receive(before + 1)).at(-1);
    await hinode.revoke('ken');
    const second = await ken.seal({ to: [HANAKO], subject: '後' });
    expect((await ken.submit(second.raw, [HANAKO.address])).final.text).toMatch(/^550 5\.7\.1 SSMAX-certificate-revoked /);
    expect(await hanako.judge(message?.raw ?? new Uint8Array())).toMatchObject({ state: 'verified' });
  });
});

describe('as smart host of a mail server that knows nothing of SSMAX', () => {
  const port = { smartHost: 0, arriving: 0, submission: 0, reinjection: 0 };

  beforeAll(async () => {
    for (const name of Object.keys(port) as (keyof typeof port)[]) port[name] = await world.ports.take();
    const inner = await startPostfix(world, {
      name: 'inner', domain: HINODE.domain, mailboxes: hinode.accounts.map(({ address }) => address), ports: port, gateway: { submission: port.smartHost },
      lmtpPort: local.dovecot.ports.lmtp, routes: new Map([['tsukimi.example', port.smartHost]]), authSocket: local.dovecot.authSocket,
    });
    expect(readFileSync(join(inner.configuration, 'master.cf'), 'utf8')).toContain(here(block('-o smtpd_proxy_filter=gateway')));
    const etc = hinode.postfix.configuration;
    writeFileSync(join(etc, 'members'), 'taro@hinode.example there\nyuki@hinode.example there\n');
    // The page's lines take the place of the world's; its way to the other organisation stays.
    change(join(etc, 'main.cf'), here(block('relay_domains')).replace(/^transport_maps.*/m, `$&, inline:{ tsukimi.example=smtp:[127.0.0.1]:${tsukimi.ports.postfix.arriving} }`).replace('/etc/postfix', etc));
    change(join(etc, 'master.cf'), here(block('2525 inet')).replace(' n - y - ', ' n - n - ')); // no chroot here
    hinode.postfix.reload();
    await until(() => greets(port.smartHost, /^220 /), { what: 'the smart host', withinMs: 60_000 });
  });

  /** The block of the page with this in it, its lines less the four blanks before them. */
  function block(holding: string): string {
    const found = readFileSync('docs/admin/smart-host.md', 'utf8').match(/(?:^ {4}.+\n)+/gm)?.find((one) => one.includes(holding));
    if (found === undefined) throw new Error(`no block with ${holding}`);
    return found.replace(/^ {4}/gm, '');
  }
  /** The same on this machine. */
  const here = (text: string): string => text.replace('gateway.hinode.example:2525', `127.0.0.1:${port.smartHost}`).replace(/^2525/m, `127.0.0.1:${port.smartHost}`)
    .replace('127.0.0.1:10023', `127.0.0.1:${hinode.ports.gateway.submission}`).replace('[10.0.0.25]', `[127.0.0.1]:${port.arriving}`).replace('10.0.0.25/32', '127.0.0.1/32');
  /** Postfix reads what is older than two seconds. */
  function change(file: string, added: string): void {
    // In place of what stands there: of a parameter given twice every process warns.
    const named = new Set([...added.matchAll(/^(\w+) *=/gm)].map(([, name]) => name));
    const kept = readFileSync(file, 'utf8').split('\n').filter((line) => !named.has(/^(\w+) *=/.exec(line)?.[1] ?? ''));
    writeFileSync(file, `${kept.join('\n')}\n${added}`);
    const minuteAgo = new Date(Date.now() - 60_000);
    utimesSync(file, minuteAgo, minuteAgo);
  }
  const send = async (to: string, text: string): Promise<string> => {
    const { raw } = await taro.seal({ to: [{ address: to, displayName: '' }], subject: 'smart host', text });
    return (await submit({ port: port.submission, account: local.account(taro.address), envelope: { from: taro.address, to: [to] }, raw })).final.text;
  };

  it('mail to another organisation and to a colleague goes through the gateway', async () => {
    const yuki = await Correspondent.enrol(local, hinode, 'yuki');
    for (const reader of [hanako, yuki]) {
      const before = (await reader.mailbox().list()).length;
      expect(await send(reader.address, 'through')).toMatch(/^250 /);
      const message = (await reader.receive(before + 1)).at(-1);
      expect(await reader.judge(message?.raw ?? new Uint8Array())).toMatchObject({ state: 'verified', content: 'opened', sender: { address: taro.address } });
    }
  });

  it('a refusal reaches the member while he sends', async () => {
    expect(await send(HANAKO.address, 'これは社外秘です')).toMatch(/^550 5\.7\.1 SSMAX-keyword /);
  });

  it('mail that comes in is checked, then handed on; to nobody it is refused', async () => {
    const before = (await taro.mailbox().list()).length;
    const { raw } = await hanako.seal({ to: [{ address: taro.address, displayName: '' }], subject: 'back' });
    expect((await hanako.submit(raw, [taro.address])).final.text).toMatch(/^250 /);
    const message = (await taro.receive(before + 1)).at(-1);
    expect(await taro.judge(message?.raw ?? new Uint8Array())).toMatchObject({ state: 'verified', content: 'opened', deliveredTo: taro.address });
    const unknown = await submit({ port: hinode.ports.postfix.arriving, envelope: { from: 'x@outside.example', to: ['nobody@hinode.example'] }, raw: utf8('From: x@outside.example\r\n\r\nx\r\n') });
    expect(unknown.final.text).toMatch(/^550 5\.1\.1 /);
  });
});
