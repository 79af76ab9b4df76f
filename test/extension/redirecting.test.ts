// @vitest-environment jsdom
/** Redirecting: what becomes of Thunderbird's window, by how the mail was sealed. In a real Thunderbird: test/e2e/ways-of-writing.test.ts. */
import { File as ReadableFile } from 'node:buffer';
import { beforeAll, beforeEach, expect, it, vi } from 'vitest';
import type { Draft } from '../../extension/member/draft.ts';
import { enrol } from '../../extension/member/enrol.ts';
import { isMarkedFile } from '../../extension/member/forward.ts';
import { type Reading, readMail } from '../../extension/member/read.ts';
import { sealDraft } from '../../extension/member/seal.ts';
import { type Bytes, utf8 } from '../../src/core/bytes.ts';
import { relay } from '../../src/flow/relay.ts';
import type { Mode } from '../../src/wire/leg.ts';
import { buildCarrier, CARRIER_NAME, CARRIER_NOTICE, mailBytes } from '../../src/mail/carrier.ts';
import { createWorld, type TestOrganisation, type TestWorld } from '../flow/world.ts';
import { fakeComposeWindow, type FakeWindow, thunderbird } from './fake-thunderbird.ts';
import { createTestMember, type TestMember } from './member-world.ts';

vi.stubGlobal('File', ReadableFile); // jsdom's cannot be read
vi.mock('webextension-polyfill', async () => ({ default: (await import('./fake-thunderbird.ts')).thunderbird.api }));
const { Replying } = await import('../../extension/thunderbird/reply.ts');

const TARO = 'taro@hinode.example';
const HANAKO = 'hanako@tsukimi.example';
const FILE = { name: '内訳.txt', type: 'text/plain', bytes: utf8('内訳') };

let chain: TestWorld;
let hinode: TestOrganisation;
let tsukimi: TestOrganisation;
let taro: TestMember;
let hanako: TestMember;
let window: FakeWindow;

beforeAll(async () => {
  chain = await createWorld();
  hinode = await chain.addOrganisation('hinode.example', { ja: '日之出市役所', en: 'Hinode City Office' });
  tsukimi = await chain.addOrganisation('tsukimi.example', { ja: '月見製作所', en: 'Tsukimi Works' });
  for (const one of [hinode, tsukimi]) one.parts = { ...one.parts, modes: ['protect-all', 'attachments-only', 'sign-only', 'forward'] as readonly Mode[] } as typeof one.parts;
  [taro, hanako] = [createTestMember(chain, hinode), createTestMember(chain, tsukimi)];
  for (const [member, address] of [[taro, TARO], [hanako, HANAKO]] as const) await enrol(member, { address, code: 'ABCD-1234' });
});

beforeEach(() => thunderbird.reset());

/** As taro sealed it and hanako got it. */
async function delivered(changes: Partial<Draft>): Promise<Bytes> {
  const sealed = await sealDraft(taro, { from: TARO, to: [HANAKO], cc: [], bcc: [], replyTo: [], subject: '見積書', text: '金額です。', images: [], attachments: [FILE], ...changes });
  if (sealed.kind !== 'sealed') throw new Error(sealed.kind);
  const arrival = { recipients: [HANAKO], from: TARO, visible: changes.bcc === undefined ? [HANAKO] : [] };
  const first = await relay(hinode.parts, 'submission', { cms: sealed.cms, ...arrival });
  const second = await relay(tsukimi.parts, 'arriving', { cms: first.departures[0]!.cms, ...arrival });
  return mailBytes(buildCarrier([['From', TARO], ['To', HANAKO], ['Subject', 'x']], second.departures[0]!.cms));
}

async function redirect(raw: Bytes, reading?: Reading, mayForward = true, getRaw = (): Promise<unknown> => Promise.resolve(new File([raw], 'x.eml'))): Promise<void> {
  window = {
    details: { relatedMessageId: 5, type: 'redirect', isPlainText: true, from: HANAKO, to: [], replyTo: [TARO], subject: 'x', plainTextBody: `\n${CARRIER_NOTICE.join('\n')}\n`, identityId: 'id1' },
    files: [new File([new Uint8Array([0x30])], CARRIER_NAME, { type: 'application/cms' })],
  };
  fakeComposeWindow(window);
  thunderbird.stub('accounts.list', () => Promise.resolve([{ identities: [{ id: 'id1', email: HANAKO }] }]));
  thunderbird.stub('messages.getRaw', getRaw);
  const read = async (): Promise<unknown> => ({ reading: reading ?? await readMail(hanako, raw, chain.now) });
  await new Replying(hanako, { read } as never, { mayForward: () => Promise.resolve(mayForward) }).opened({ id: 7, type: 'messageCompose' } as never);
}

const marked = async (): Promise<boolean[]> => Promise.all(window.files.map(isMarkedFile));

it('passes a whole sealed mail on, with nothing beside it; answers go to its writer', async () => {
  await redirect(await delivered({}));
  expect(await marked()).toEqual([true]);
  expect(String(window.details['plainTextBody']).trim()).toBe('');
  expect(window.details['replyTo']).toEqual([TARO]);
});

it('passes the sealed files of a mail on, below the text that nobody sealed', async () => {
  await redirect(await delivered({ mode: 'attachments-only' }));
  expect(await marked()).toEqual([true]);
  expect(window.details['plainTextBody']).toMatch(/転送するメール[\s\S]*差出人: .*taro@hinode\.example[\s\S]*金額です。/);
});

it.each<[string, Partial<Draft>, boolean]>([
  ['came by Bcc', { to: [], bcc: [HANAKO] }, true],
  ['holds nothing sealed', { mode: 'sign-only' }, true],
  ['may not be passed on unopened', {}, false],
])('puts what was opened into the member’s own mail where it %s', async (_, changes, mayForward) => {
  await redirect(await delivered(changes), undefined, mayForward);
  expect(window.files.map(({ name }) => name)).toEqual(['内訳.txt']);
  expect(await marked()).toEqual([false]);
  expect(window.details).toMatchObject({ to: [], replyTo: [TARO], plainTextBody: expect.stringMatching(/差出人: .*taro@hinode\.example[\s\S]*金額です。/) as string });
});

it('takes along what that mail passed on of others, whose it is above it', async () => {
  const headers = { from: { address: TARO, displayName: '山田 太郎' }, to: [], cc: [], replyTo: [], subject: '工程表' };
  const content = { text: '山田さんからです。', images: [], attachments: [] };
  const inner = { kind: 'mail', headers: { ...headers, from: { address: 'ken@hinode.example', displayName: '' }, subject: '図面' }, content: { ...content, text: '図面です。' } };
  const reading = { judgement: { state: 'verified', code: 'verified', leg: 1, message: { headers, conflicts: [] } }, content, forwarded: [inner], files: [FILE], marked: true } as unknown as Reading;
  await redirect(await delivered({}), reading);
  expect(window.details['plainTextBody']).toMatch(/差出人: 山田 太郎[\s\S]*山田さんからです。[\s\S]*件名: 図面[\s\S]*差出人: .*ken@hinode\.example[\s\S]*図面です。/);
  expect(window.files.map(({ name }) => name)).toEqual(['内訳.txt']);
});

it('leaves what is sealed and cannot be checked now: it is refused as it leaves', async () => {
  await redirect(await delivered({}), { judgement: { state: 'cannot-check', code: 'key-locked' }, marked: true } as Reading);
  expect(window.files.map(({ name }) => name)).toEqual([CARRIER_NAME]);
});

it('leaves what cannot be read any more: it is refused as it leaves', async () => {
  const raw = await delivered({});
  await expect(redirect(raw, await readMail(hanako, raw, chain.now), true, () => Promise.reject(new Error('deleted')))).rejects.toThrow('deleted');
  expect(window.files.map(({ name }) => name)).toEqual([CARRIER_NAME]);
  expect(window.details['plainTextBody']).toContain(CARRIER_NOTICE[0]);
});

it('says of what nobody sealed whose it is said to be', async () => {
  await redirect(utf8('From: Mei <mei@elsewhere.example>\r\nTo: hanako@tsukimi.example\r\nSubject: =?utf-8?B?6KaL56mN?=\r\n\r\nThe offer.\r\n'), { judgement: { state: 'outside', code: 'outside' }, marked: false } as Reading);
  expect(window.details['plainTextBody']).toMatch(/差出人は確認されていません[\s\S]*差出人: Mei <mei@elsewhere\.example>[\s\S]*件名: 見積[\s\S]*The offer\./);
});
