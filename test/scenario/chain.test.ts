/** The chain through real servers: Postfix, gateways, key servers, inspection, Dovecot, clamd. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { HINODE, type LocalOrganisation, type LocalWorld, MALWARE_MARKER, startLocalWorld, TSUKIMI } from '../../scripts/world/local-world.ts';
import { World } from '../../scripts/world/process.ts';
import { submit } from '../../scripts/world/smtp.ts';
import { utf8 } from '../../src/core/bytes.ts';
import { readContent } from '../../src/mail/content.ts';
import { Correspondent } from './correspondent.ts';

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
