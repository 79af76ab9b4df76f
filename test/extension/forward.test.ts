/** Passing a mail on unopened, without a mail client: what stands in the window, what leaves, what its reader is shown. */
import { beforeAll, describe, expect, it } from 'vitest';
import type { Draft } from '../../extension/member/draft.ts';
import { enrol } from '../../extension/member/enrol.ts';
import { Planner } from '../../extension/member/plan.ts';
import { prepareForward } from '../../extension/member/forward.ts';
import { readMail } from '../../extension/member/read.ts';
import { sealDraft, type SealResult } from '../../extension/member/seal.ts';
import { actionsOf } from '../../extension/ui/mail-actions.ts';
import { type Bytes, concat, utf8 } from '../../src/core/bytes.ts';
import { SsmaxError } from '../../src/core/error.ts';
import { relay } from '../../src/flow/relay.ts';
import { sealMixed } from '../../src/flow/seal.ts';
import { buildMixed } from '../../src/mail/build.ts';
import { buildCarrier, mailBytes } from '../../src/mail/carrier.ts';
import { codeOf, createWorld, native, type TestOrganisation, type TestWorld } from '../flow/world.ts';
import { createTestMember, type TestMember } from './member-world.ts';

const TARO = 'taro@hinode.example';
const HANAKO = 'hanako@tsukimi.example';
const YUKI = 'yuki@hinode.example';

let chain: TestWorld;
let organisations: Record<string, TestOrganisation>;
let taro: TestMember;
let hanako: TestMember;
let yuki: TestMember;

beforeAll(async () => {
  chain = await createWorld();
  const hinode = await chain.addOrganisation('hinode.example', { ja: '日之出市役所', en: 'Hinode City Office' });
  const tsukimi = await chain.addOrganisation('tsukimi.example', { ja: '月見製作所', en: 'Tsukimi Works' });
  organisations = { [TARO]: hinode, [YUKI]: hinode, [HANAKO]: tsukimi };
  [taro, hanako, yuki] = [createTestMember(chain, hinode), createTestMember(chain, tsukimi), createTestMember(chain, hinode)];
  for (const [member, address] of [[taro, TARO], [hanako, HANAKO], [yuki, YUKI]] as const) await enrol(member, { address, code: 'ABCD-1234' });
});

function draft(from: string, to: string, changes: Partial<Draft> = {}): Draft {
  return { from, to: [to], cc: [], bcc: [], replyTo: [], subject: '見積書', text: 'こんにちは', images: [], attachments: [], ...changes };
}

/** The mail as it lies in the recipient's mailbox. */
async function delivered(cms: Bytes, from: string, to: string): Promise<Bytes> {
  const arrival = { recipients: [to], from, visible: [to] };
  const first = await relay(organisations[from]!.parts, 'submission', { cms, ...arrival });
  const second = await relay(organisations[to]!.parts, 'arriving', { cms: first.departures[0]!.cms, ...arrival });
  return mailBytes(buildCarrier([['From', from], ['To', to], ['Subject', '=?utf-8?B?6KaL56mN5pu4?='], ['Message-ID', `<${from}>`]], second.departures[0]!.cms));
}

function cmsOf(result: SealResult): Bytes {
  if (result.kind !== 'sealed') throw new Error('not sealed');
  return result.cms;
}

const file = (bytes: Bytes): Draft['attachments'][number] => ({ name: 'x.ssmax', type: 'application/octet-stream', bytes });

describe('forwarding without opening', () => {
  it('passes a whole mail on with its attachments and own words; the reader sees both names', async () => {
    const attachment = { name: '内訳.txt', type: 'text/plain', bytes: utf8('内訳') };
    const original = await delivered(cmsOf(await sealDraft(taro, draft(TARO, HANAKO, { attachments: [attachment] }))), TARO, HANAKO);
    expect(actionsOf(await readMail(hanako, original, chain.now))).toEqual(['forward', 'copy', 'report']);
    const marked = await prepareForward(hanako, original, undefined);
    const own = { name: '添え状.txt', type: 'text/plain', bytes: utf8('添え状') };
    const sealed = cmsOf(await sealDraft(hanako, draft(HANAKO, YUKI, { text: 'ご参考まで', attachments: [file(marked), own] })));
    const reading = await readMail(yuki, await delivered(sealed, HANAKO, YUKI), chain.now);
    expect(reading.judgement).toMatchObject({ state: 'verified', mode: 'forward', sender: { address: HANAKO } });
    expect(reading.content?.text).toBe('ご参考まで');
    expect(reading.forwarded).toMatchObject([{ writer: { address: TARO }, content: { text: 'こんにちは' }, headers: { subject: '見積書' } }]);
    expect(reading.files.map(({ name, from }) => [name, from?.address])).toEqual([['添え状.txt', undefined], ['内訳.txt', TARO]]);
  });

  it('passes chosen sealed attachments on', async () => {
    const sender = (await taro.identities.signer(TARO))!;
    const files = ['甲.txt', '乙.txt'].map((name) => ({ name, type: 'text/plain', bytes: utf8(name) }));
    const written = { from: { address: TARO, displayName: '' }, to: [{ address: HANAKO, displayName: '' }], subject: '見積書', date: chain.now, text: 'x', attachments: files };
    const { cms } = await sealMixed(native, {
      mode: 'attachments-only', recipients: [HANAKO], hidden: [], sender, organisation: organisations[TARO]!.issuer.certificate, signingTime: chain.now,
      mail: buildMixed('attachments-only', written, (length) => native.random(length)),
    });
    const original = await delivered(cms, TARO, HANAKO);
    expect((await readMail(hanako, original, chain.now)).judgement.sealedNames).toEqual(['甲.txt', '乙.txt']);
    const sealed = cmsOf(await sealDraft(hanako, draft(HANAKO, YUKI, { attachments: [file(await prepareForward(hanako, original, [1]))] })));
    const reading = await readMail(yuki, await delivered(sealed, HANAKO, YUKI), chain.now);
    expect(reading.files.map(({ name }) => name)).toEqual(['乙.txt']);
  });

  it('refuses a file that looks like one but was not made here: somebody may have sent it for this member to pass on', async () => {
    const original = await delivered(cmsOf(await sealDraft(taro, draft(TARO, HANAKO))), TARO, HANAKO);
    const foreign = concat(utf8(`X-SSMAX-Forward: ${'0'.repeat(32)}\r\n`), original);
    const made = await prepareForward(hanako, original, undefined);
    for (const attachments of [[file(foreign)], [file(made), file(made)]]) {
      expect(await sealDraft(hanako, draft(HANAKO, YUKI, { attachments })).then(() => 'none', codeOf)).toBe('not-forwardable');
    }
  });

  it('takes the place of a redirect only where the organisation is known to permit it', async () => {
    const permits = (from: string): Promise<boolean> => new Planner(hanako).mayForward(from);
    expect(await permits(HANAKO)).toBe(false);
    hanako.server.modes = ['protect-all', 'forward'];
    expect([await permits(`佐藤 花子 <${HANAKO}>`), await permits(TARO), await permits('花子')]).toEqual([true, false, false]);
    hanako.server.bend = () => new SsmaxError('unavailable', 'offline');
    expect(await permits(HANAKO)).toBe(false);
    hanako.server.bend = () => undefined;
  });
});
