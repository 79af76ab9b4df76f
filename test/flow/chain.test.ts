/** The whole chain in one process: seal → leg 1 → leg 2 → leg 3 → open. */
import { beforeAll, describe, expect, it } from 'vitest';
import { type Bytes, utf8 } from '../../src/core/bytes.ts';
import { type Judgement, judgeMail } from '../../src/flow/open.ts';
import type { Credential } from '../../src/flow/ports.ts';
import { relay } from '../../src/flow/relay.ts';
import { sealMail } from '../../src/flow/seal.ts';
import { buildInner } from '../../src/mail/build.ts';
import { buildCarrier, mailBytes } from '../../src/mail/carrier.ts';
import { createWorld, native, NOW, type TestOrganisation, type TestWorld } from './world.ts';

let world: TestWorld;
let hinode: TestOrganisation;
let tsukimi: TestOrganisation;
let taro: Credential;
let hanako: Credential;
let jiro: Credential;

beforeAll(async () => {
  world = await createWorld();
  hinode = await world.addOrganisation('hinode.example', { ja: '日之出市役所', en: 'Hinode City Office' });
  tsukimi = await world.addOrganisation('tsukimi.example', { ja: '月見製作所', en: 'Tsukimi Works' });
  taro = await world.addUser(hinode, 'taro@hinode.example', '山田 太郎');
  await world.addUser(hinode, 'yuki@hinode.example', '鈴木 雪');
  hanako = await world.addUser(tsukimi, 'hanako@tsukimi.example', '佐藤 花子');
  jiro = await world.addUser(tsukimi, 'jiro@tsukimi.example', '佐藤 次郎');
});

const FROM = { address: 'taro@hinode.example', displayName: '山田 太郎' };

function inner(to: string[], text = 'こんにちは'): Bytes {
  return buildInner({
    from: FROM, to: to.map((address) => ({ address, displayName: '' })), subject: '見積書の件', date: NOW, text,
    attachments: [{ name: '見積書.bin', type: 'application/octet-stream', bytes: native.random(10_000) }],
  }, (length) => native.random(length));
}

function carrier(to: string[], cms: Bytes, from = 'taro@hinode.example'): Bytes {
  return mailBytes(buildCarrier([
    ['From', from], ['To', to.join(', ')], ['Subject', '=?utf-8?B?6KaL56mN5pu444Gu5Lu2?='], ['Date', 'Sun, 22 Nov 2026 03:00:00 +0000'],
  ], cms));
}

async function seal(to: string[], hidden: string[] = []) {
  return sealMail(native, {
    entity: inner(to), recipients: [...to, ...hidden], hidden, sender: taro, organisation: hinode.issuer.certificate, signingTime: NOW,
  });
}

async function judge(raw: Bytes, credential: Credential | undefined, address: string): Promise<Judgement> {
  return judgeMail(raw, {
    native, credentials: credential === undefined ? [] : [credential], addresses: [address], trust: await world.trust(), now: world.now,
  });
}

describe('the chain in one process', () => {
  it('carries a mail from user to user, verified, with Bcc apart and an internal copy', async () => {
    const to = ['hanako@tsukimi.example', 'yuki@hinode.example'];
    const { cms } = await seal(to, ['jiro@tsukimi.example']);
    const out = await relay(hinode.parts, 'submission', {
      cms, recipients: [...to, 'jiro@tsukimi.example'], from: 'taro@hinode.example', visible: to,
    });
    expect(out.departures.map(({ purpose, recipients, hidden }) => ({ purpose, recipients, hidden }))).toEqual([
      { purpose: 'transfer', recipients: ['jiro@tsukimi.example'], hidden: true },
      { purpose: 'transfer', recipients: ['hanako@tsukimi.example'], hidden: false },
      { purpose: 'deliver', recipients: ['yuki@hinode.example'], hidden: false },
    ]);
    for (const [address, credential] of [['hanako@tsukimi.example', hanako], ['jiro@tsukimi.example', jiro]] as const) {
      const leg2 = out.departures.find(({ recipients }) => recipients.includes(address));
      if (leg2 === undefined) throw new Error('no leg 2');
      const last = await relay(tsukimi.parts, 'arriving', {
        cms: leg2.cms, recipients: [address], from: 'taro@hinode.example', visible: to,
      });
      const [leg3] = last.departures;
      if (leg3 === undefined) throw new Error('no leg 3');
      if (address.startsWith('hanako')) {
        expect(Buffer.from(leg2.cms).includes('jiro')).toBe(false);
        expect(Buffer.from(leg3.cms).includes('jiro')).toBe(false);
      }
      const judgement = await judge(carrier(to, leg3.cms), credential, address);
      expect(judgement).toMatchObject({
        state: 'verified', code: 'verified', leg: 3, content: 'opened', deliveredTo: address,
        sender: { address: 'taro@hinode.example', displayName: '山田 太郎', organisation: { names: { ja: '日之出市役所' } } },
      });
      expect(judgement.organisations.map(({ names }) => names.en)).toEqual(['Hinode City Office', 'Tsukimi Works']);
      expect(judgement.message?.headers.subject).toBe('見積書の件');
    }
    const internal = out.departures.find(({ purpose }) => purpose === 'deliver');
    if (internal === undefined) throw new Error('no internal leg');
    const judgement = await judge(carrier(to, internal.cms), hinode.users.get('yuki@hinode.example'), 'yuki@hinode.example');
    expect(judgement.state).toBe('verified');
    expect(judgement.organisations[0]?.inspections.map(({ direction }) => direction)).toEqual(['outbound', 'inbound']);
  });

  it("lets the sender read his own Sent copy, and nobody else", async () => {
    const { cms } = await seal(['hanako@tsukimi.example']);
    const raw = carrier(['hanako@tsukimi.example'], cms);
    expect(await judge(raw, taro, 'taro@hinode.example')).toMatchObject({ state: 'verified', code: 'own-copy', content: 'opened' });
    expect(await judge(raw, hanako, 'hanako@tsukimi.example')).toMatchObject({ state: 'problem', code: 'not-addressed' });
  });

  it('calls a leg altered when any one byte of it was changed', async () => {
    const { cms } = await seal(['hanako@tsukimi.example']);
    for (let i = 0; i < cms.length; i += 97) {
      const changed = cms.slice();
      changed[i] = (changed[i] ?? 0) ^ 1;
      const { state } = await judge(carrier(['hanako@tsukimi.example'], changed), taro, 'taro@hinode.example');
      expect(state, `byte ${i}`).toBe('problem');
    }
  });

  it('names impersonation where an unsigned mail claims a domain that always signs', async () => {
    const raw = utf8('From: taro@hinode.example\r\nTo: hanako@tsukimi.example\r\nSubject: hi\r\n\r\nhello\r\n');
    expect(await judge(raw, hanako, 'hanako@tsukimi.example')).toMatchObject({ state: 'problem', code: 'impersonation' });
    const outside = utf8('From: x@outside.example\r\nTo: hanako@tsukimi.example\r\nSubject: hi\r\n\r\nhello\r\n');
    expect(await judge(outside, hanako, 'hanako@tsukimi.example')).toMatchObject({ state: 'outside' });
  });
});
