import { beforeEach, describe, expect, it, vi } from 'vitest';
import { type Draft, readMailbox } from '../../extension/member/draft.ts';
import { importBackup, writeBackup } from '../../extension/member/backup.ts';
import { enrol, type FreshKeys, lockFreshKey } from '../../extension/member/enrol.ts';
import { readMail } from '../../extension/member/read.ts';
import { sealDraft, type SealResult } from '../../extension/member/seal.ts';
import { fingerprintOf } from '../../extension/member/sealed-mails.ts';
import { TrustSource } from '../../extension/member/trust-source.ts';
import { type Bytes, fromHex, utf8 } from '../../src/core/bytes.ts';
import { SsmaxError } from '../../src/core/error.ts';
import { relay } from '../../src/flow/relay.ts';
import { buildCarrier, mailBytes } from '../../src/mail/carrier.ts';
import { codeOf, createWorld, type TestOrganisation, type TestWorld } from '../flow/world.ts';
import { createTestMember, type TestMember } from './member-world.ts';

const TARO = 'taro@hinode.example';
const HANAKO = 'hanako@tsukimi.example';

let chain: TestWorld;
let hinode: TestOrganisation;
let tsukimi: TestOrganisation;
let taro: TestMember;
let hanako: TestMember;

beforeEach(async () => {
  chain = await createWorld();
  hinode = await chain.addOrganisation('hinode.example', { ja: '日之出市役所', en: 'Hinode City Office' });
  tsukimi = await chain.addOrganisation('tsukimi.example', { ja: '月見製作所', en: 'Tsukimi Works' });
  taro = createTestMember(chain, hinode);
  hanako = createTestMember(chain, tsukimi);
});

function draft(changes: Partial<Draft> = {}): Draft {
  return { from: `山田 太郎 <${TARO}>`, to: [HANAKO], cc: [], bcc: [], replyTo: [], subject: '見積書の件', text: 'こんにちは', images: [], attachments: [], ...changes };
}

function carrier(cms: Bytes, extra: readonly (readonly [string, string])[] = []): Bytes {
  return mailBytes(buildCarrier([...extra, ['From', TARO], ['To', HANAKO], ['Subject', '=?utf-8?B?6KaL56mN5pu444Gu5Lu2?='], ['Message-ID', '<1@hinode.example>']], cms));
}

async function deliver(result: SealResult): Promise<Bytes> {
  if (result.kind !== 'sealed') throw new Error('not sealed');
  const arrival = { recipients: [HANAKO], from: TARO, visible: [HANAKO] };
  const first = await relay(hinode.parts, 'submission', { cms: result.cms, ...arrival });
  const second = await relay(tsukimi.parts, 'arriving', { cms: first.departures[0]!.cms, ...arrival });
  return second.departures[0]!.cms;
}

const code = async (work: Promise<unknown>): Promise<string> => work.then(() => 'none', codeOf);

describe('enrolment', () => {
  it('makes a key that never leaves, and stores the certificate', async () => {
    const identity = await enrol(taro, { address: 'Taro@Hinode.example ', code: ' ABCD-1234 ' });
    expect(identity.address).toBe(TARO);
    expect(identity.pair.ecdsa.extractable).toBe(false);
    expect(identity.pair.ecdh.extractable).toBe(false);
    expect((await taro.identities.all()).map(({ address }) => address)).toEqual([TARO]);
  });

  it('gives a backup of the new key once, which opens on another computer', async () => {
    const fresh: FreshKeys = new Map();
    const identity = await enrol(taro, { address: TARO, code: 'ABCD-1234' }, fresh);
    const exportable = fresh.get(TARO)?.exportable;
    if (exportable === undefined) throw new Error('no key to back up');
    const file = await writeBackup(taro.ports, identity, exportable, '月夜に 三羽の 兎');
    const other = createTestMember(chain, hinode);
    expect(await code(importBackup(other, file, '月夜に 三羽の 狐'))).toBe('pkcs12-password');
    const imported = await importBackup(other, file, '月夜に 三羽の 兎');
    expect(imported).toMatchObject({ address: TARO, certificate: identity.certificate, organisation: identity.organisation });
    expect(imported.pair.publicKey).toEqual(identity.pair.publicKey);
    expect(imported.pair.ecdh.extractable).toBe(false);
    expect((await other.identities.signer(TARO))?.certificate.der).toEqual(identity.certificate);
  });

  it('takes neither a renewal nor a passphrase back by an old backup', async () => {
    const fresh: FreshKeys = new Map();
    const identity = await enrol(taro, { address: TARO, code: 'ABCD-1234' }, fresh);
    const file = await writeBackup(taro.ports, identity, fresh.get(TARO)!.exportable, '月夜に 三羽の 兎');
    await lockFreshKey(taro.identities, TARO, '山に 霧が 立つ', fresh);
    await importBackup(taro, file, '月夜に 三羽の 兎');
    const [one, ...others] = await taro.identities.all();
    expect(others).toEqual([]);
    expect(one?.pair).toHaveProperty('wrapped');
  });

  it('takes no backup of another Authority', async () => {
    const fresh: FreshKeys = new Map();
    const identity = await enrol(taro, { address: TARO, code: 'ABCD-1234' }, fresh);
    const file = await writeBackup(taro.ports, identity, fresh.get(TARO)!.exportable, '月夜に 三羽の 兎');
    const elsewhere = await createWorld();
    const other = createTestMember(elsewhere, await elsewhere.addOrganisation('hinode.example', { ja: '偽', en: 'False' }));
    await expect(importBackup(other, file, '月夜に 三羽の 兎')).rejects.toThrow(SsmaxError);
    expect(await other.identities.all()).toEqual([]);
  });

  it('says that the code is wrong, and asks again with the same key', async () => {
    taro.server.code = 'OTHER';
    expect(await code(enrol(taro, { address: TARO, code: 'ABCD-1234' }))).toBe('enrolment-refused');
    const pending = await taro.ports.tables.pending.get(TARO);
    taro.server.code = 'ABCD-1234';
    expect((await enrol(taro, { address: TARO, code: 'ABCD-1234' })).pair.publicKey).toEqual(pending?.publicKey);
  });

  it('does not use up the code while the server cannot be trusted or reached', async () => {
    taro.server.bend = (path) => (path.endsWith('/crl/authority') ? new SsmaxError('unavailable', 'network-unreachable') : undefined);
    expect(await code(enrol(taro, { address: TARO, code: 'ABCD-1234' }))).toBe('network-unreachable');
    expect(taro.server.asked.some((one) => one.includes('simpleenroll'))).toBe(false);
  });

  it('takes no certificate for another address, and none for an organisation outside', async () => {
    taro.server.certifies = 'yuki@hinode.example';
    expect(await code(enrol(taro, { address: TARO, code: 'ABCD-1234' }))).toBe('enrolment-answer-invalid');
    expect(await code(enrol(taro, { address: 'taro@elsewhere.example', code: 'ABCD-1234' }))).toBe('organisation-unknown');
    expect(await taro.identities.all()).toEqual([]);
  });
});

describe('an organisation that joined a moment ago', () => {
  it('is known to who fetched the directory before that: it is fetched again, at most every ten seconds', async () => {
    chain.organisations.delete('hinode.example');
    await enrol(hanako, { address: HANAKO, code: 'ABCD-1234' });
    await hanako.trust.get();
    chain.organisations.set('hinode.example', hinode);
    await enrol(taro, { address: TARO, code: 'ABCD-1234' });
    const raw = carrier(await deliver(await sealDraft(taro, draft())));
    const fetched = (): number => hanako.server.asked.filter((path) => path.endsWith('index.cms')).length;
    const before = fetched();
    expect((await readMail(hanako, raw, chain.now)).judgement).toMatchObject({ state: 'problem', detail: 'organisation-unknown' });
    expect(fetched()).toBe(before);
    chain.now = new Date(chain.now.getTime() + 15_000);
    expect((await readMail(hanako, raw, chain.now)).judgement.state).toBe('verified');
    expect(fetched()).toBe(before + 1);
  });
});

describe('sealing', () => {
  beforeEach(async () => {
    await enrol(taro, { address: TARO, code: 'ABCD-1234' });
    await enrol(hanako, { address: HANAKO, code: 'ABCD-1234' });
  });

  it('carries text, HTML, pictures, attachments and Bcc to the reader', async () => {
    const image = { contentId: 'a@b', name: 'a.png', type: 'image/png', bytes: fromHex('89504e47') };
    const file = { name: '見積書.txt', type: 'text/plain', bytes: utf8('合計') };
    const result = await sealDraft(taro, draft({ html: '<p>こんにちは <img src="cid:a@b"></p>', images: [image], attachments: [file] }));
    const { judgement, content, notes } = await readMail(hanako, carrier(await deliver(result)), chain.now);
    expect(judgement).toMatchObject({ state: 'verified', code: 'verified', sender: { address: TARO, displayName: '山田 太郎' } });
    expect(content?.html).toContain('こんにちは');
    expect(content?.images).toMatchObject([{ contentId: 'a@b', bytes: image.bytes }]);
    expect(content?.attachments).toMatchObject([{ name: '見積書.txt', bytes: file.bytes }]);
    expect(notes.firstFromOrganisation).toBe(true);
  });

  it('opens the own copy', async () => {
    const result = await sealDraft(taro, draft());
    if (result.kind !== 'sealed') throw new Error();
    const { judgement, content } = await readMail(taro, carrier(result.cms), chain.now);
    expect(judgement).toMatchObject({ state: 'verified', code: 'own-copy' });
    expect(content?.text).toBe('こんにちは');
  });

  it.each([
    ['nobody', { to: [] }, 'no-recipients'],
    ['only outside', { to: ['x@elsewhere.example'] }, 'recipients-outside'],
    ['inside and outside', { to: [HANAKO], bcc: ['x@elsewhere.example'] }, 'recipients-mixed'],
    ['a list', { to: ['Friends <Friends>'] }, 'address-invalid'],
    ['letters of full width', { to: ['ｈａｎａｋｏ@tsukimi.example'] }, 'address-invalid'],
    ['two addresses joined by a Japanese comma', { to: ['hanako@tsukimi.example、jiro@tsukimi.example'] }, 'address-invalid'],
    ['a name with a line break', { from: `a\r\nBcc: x <${TARO}>` }, 'header-injection'],
    ['an own address without a key', { from: 'yuki@hinode.example' }, 'not-enrolled'],
    ['another organisation in SSMAX', { from: 'mei@tsukimi.example' }, 'not-enrolled'],
  ] as const)('refuses %s', async (_, changes, expected) => {
    expect(await code(sealDraft(taro, draft(changes as Partial<Draft>)))).toBe(expected);
  });

  it('leaves an account alone that has nothing to do with SSMAX', async () => {
    expect(await sealDraft(taro, draft({ from: 'taro@private.example' }))).toEqual({ kind: 'not-ours' });
  });

  it('refuses without directory or CRL, and for a revoked sender', async () => {
    const [identity] = await taro.identities.credentials();
    hinode.revoked.push({ serial: identity!.certificate.serial, date: new Date(chain.now.getTime() - 1000), reason: 'keyCompromise' });
    chain.now = new Date(chain.now.getTime() + 120_000);
    expect(await code(sealDraft(taro, draft()))).toBe('certificate-revoked');
    taro.server.bend = () => new SsmaxError('unavailable', 'network-unreachable');
    chain.now = new Date(chain.now.getTime() + 120_000);
    expect(await code(sealDraft(taro, draft()))).toBe('network-unreachable');
  });

  it('seals offline by what was fetched last, for as long as that is in date, and only what was looked up then', async () => {
    expect(await sealDraft(taro, draft())).toMatchObject({ kind: 'sealed' });
    await chain.addOrganisation('kasumi.example', { ja: '霞商会', en: 'Kasumi Trading' });
    taro.server.bend = () => new SsmaxError('unavailable', 'network-unreachable');
    chain.now = new Date(chain.now.getTime() + 3_600_000);
    const later = draft({ text: '車中から' });
    expect(await code(sealDraft(taro, later))).toBe('network-unreachable'); // the network fails, but nobody works offline
    Object.assign(taro.ports, { offline: () => true });
    expect(await sealDraft(taro, later)).toMatchObject({ kind: 'sealed' });
    expect(await code(taro.trust.get())).toBe('network-unreachable'); // a verdict takes no copies
    expect(await code(sealDraft(taro, draft({ to: ['somebody@kasumi.example'] })))).toBe('recipients-outside'); // as the directory had it
    const [index] = (await taro.ports.tables.copies.all()).filter(({ url }) => url.endsWith('/index.cms'));
    const files = (await taro.ports.tables.copies.all()).filter(({ url }) => url.includes('/files/'));
    for (const { url } of files) await taro.ports.tables.copies.remove(url);
    expect(await code(sealDraft(taro, later))).toBe('network-unreachable');
    for (const file of files) await taro.ports.tables.copies.put(file.url, file);
    if (index === undefined) throw new Error('no copy of the index');
    await taro.ports.tables.copies.put(index.url, { ...index, body: index.body.map((byte, i) => (i === index.body.length - 1 ? byte ^ 1 : byte)) });
    expect(await code(sealDraft(taro, later))).toBe('trust-invalid');
    await taro.ports.tables.copies.put(index.url, index);
    chain.now = new Date(chain.now.getTime() + 2 * 86_400_000);
    expect(['crl-stale', 'directory-stale']).toContain(await code(taro.trust.forSealing()));
  });

  it('sends the same bytes again for the same content, until it has gone', async () => {
    const [first, second] = [await sealDraft(taro, draft()), await sealDraft(taro, draft())];
    expect(second).toEqual(first);
    expect(await sealDraft(taro, draft({ text: 'こんばんは' }))).not.toEqual(first);
    if (first.kind !== 'sealed') throw new Error();
    await taro.sealed.sent(first.fingerprint, '1@hinode.example');
    const third = await sealDraft(taro, draft());
    expect(third).toMatchObject({ kind: 'sealed' });
    expect(third).not.toEqual(first);
    expect(await taro.sealed.find({ messageId: '1@hinode.example' })).toMatchObject({ subject: '見積書の件', contentDigest: first.contentDigest });
    expect((await taro.sealed.find({ messageId: '1@hinode.example' }))?.cms).toBeUndefined();
  });

  it('seals anew what was sealed while the clock was ahead: the gateway refused that, and would go on refusing it', async () => {
    const { now } = chain;
    const sealed = await sealDraft(taro, draft());
    if (sealed.kind !== 'sealed') throw new Error();
    chain.now = new Date(now.getTime() - 30 * 60_000);
    expect(await taro.sealed.reusable(sealed.fingerprint, chain.now)).toBeUndefined();
    chain.now = new Date(now.getTime() + 60_000);
    expect(await taro.sealed.reusable(sealed.fingerprint, chain.now)).toMatchObject({ contentDigest: sealed.contentDigest });
    chain.now = now;
  });

  it('gives every difference that a reader could see a fingerprint of its own', async () => {
    const file = { name: 'a', type: 'text/plain', bytes: utf8('1') };
    const drafts = [
      draft(), draft({ subject: 'x' }), draft({ to: [], cc: [HANAKO] }), draft({ to: [], bcc: [HANAKO] }), draft({ html: '' }), draft({ attachments: [file] }),
      draft({ attachments: [{ ...file, name: 'b' }] }), draft({ attachments: [{ ...file, bytes: utf8('2') }] }), draft({ images: [{ ...file, contentId: 'x' }] }),
    ];
    expect(new Set(await Promise.all(drafts.map((one) => fingerprintOf(one, [])))).size).toBe(drafts.length);
  });

  it('seals anew after a change of key or certificate: what was sealed for the former would be refused', async () => {
    const organisation = chain.organisations.get('hinode.example')?.issuer.certificate;
    const own = (await taro.identities.signer(TARO))?.certificate;
    if (organisation === undefined || own === undefined) throw new Error();
    expect(new Set(await Promise.all([[own, organisation], [own], [organisation]].map((certificates) => fingerprintOf(draft(), certificates)))).size).toBe(3);
  });
});

describe('reading', () => {
  let leg3: Bytes;
  beforeEach(async () => {
    await enrol(taro, { address: TARO, code: 'ABCD-1234' });
    await enrol(hanako, { address: HANAKO, code: 'ABCD-1234' });
    leg3 = await deliver(await sealDraft(taro, draft()));
  });

  it('notes a second delivery across restarts, but no copy in another folder and no second look', async () => {
    const first = carrier(leg3, [['Received', 'from a; 1']]);
    expect((await readMail(hanako, first, chain.now)).notes).toEqual({ firstFromOrganisation: true });
    expect((await readMail(hanako, first, new Date(0))).notes.duplicateOf).toBeUndefined();
    expect((await readMail(hanako, first, new Date(0))).otherDate).toEqual(new Date(0));
    expect((await readMail(hanako, first, new Date(chain.now.getTime() + 3_600_000))).otherDate).toBeUndefined();
    const restarted = createTestMember(chain, tsukimi, hanako.ports.tables);
    expect((await readMail(restarted, carrier(leg3, [['Received', 'from a; 2']]), new Date(0))).notes.duplicateOf).toEqual(chain.now);
  });

  it('says "first mail" for the first mail of an organisation only', async () => {
    await readMail(hanako, carrier(leg3), chain.now);
    const next = await deliver(await sealDraft(taro, draft({ text: '二通目' })));
    expect((await readMail(hanako, carrier(next), chain.now)).notes.firstFromOrganisation).toBe(false);
  });

  it('cannot check by an older directory than it has seen, across restarts', async () => {
    const old = await hanako.ports.http({ method: 'GET', url: 'https://keys.example/ssmax/v1/directory/index.cms' });
    chain.now = new Date(chain.now.getTime() + 120_000);
    expect((await readMail(hanako, carrier(leg3), chain.now)).judgement.state).toBe('verified');
    const restarted = createTestMember(chain, tsukimi, hanako.ports.tables);
    restarted.server.bend = (path) => (path.endsWith('/index.cms') ? old : undefined);
    expect((await readMail(restarted, carrier(leg3), chain.now)).judgement).toMatchObject({ state: 'cannot-check', code: 'trust-rollback' });
  });

  it('is not set back by another page that fetched before it', async () => {
    const { trust } = hanako.ports.tables;
    const other = createTestMember(chain, tsukimi, hanako.ports.tables);
    // The other page has fetched, and is slow to write down what it saw.
    const held: (() => void)[] = [];
    const slow: typeof trust = { ...trust, change: async (...args) => {
      await new Promise<void>((resolve) => { held.push(resolve); });
      await trust.change(...args);
    } };
    const waiting = new TrustSource({ ...other.ports, tables: { ...other.ports.tables, trust: slow } }).get();
    await vi.waitFor(() => expect(held).toHaveLength(1));
    chain.now = new Date(chain.now.getTime() + 120_000);
    await hanako.trust.get();
    const [newer] = await trust.all();
    held[0]?.();
    await waiting;
    expect(await trust.all()).toEqual([newer]);
  });

  it('cannot check, and opens nothing, while directory or CRL are out of reach', async () => {
    for (const missing of ['index.cms', 'crl/authority', 'crl/organisation']) {
      chain.now = new Date(chain.now.getTime() + 120_000);
      hanako.server.bend = (path) => (path.endsWith(missing) ? new SsmaxError('unavailable', 'network-unreachable') : undefined);
      const { judgement, content } = await readMail(hanako, carrier(leg3), chain.now);
      expect(judgement.state, missing).toBe('cannot-check');
      expect(content, missing).toBeUndefined();
    }
  });

  it('cannot check by a directory that the Authority did not sign', async () => {
    const foreign = await createWorld();
    const other = createTestMember(foreign, await foreign.addOrganisation('hinode.example', { ja: 'x', en: 'x' }));
    const directory = await other.ports.http({ method: 'GET', url: 'https://keys.example/ssmax/v1/directory/index.cms' });
    hanako.server.bend = (path) => (path.endsWith('/index.cms') ? directory : undefined);
    chain.now = new Date(chain.now.getTime() + 120_000);
    expect((await readMail(hanako, carrier(leg3), chain.now)).judgement).toMatchObject({ state: 'cannot-check', code: 'trust-invalid' });
  });

  it('without a key asks to enrol', async () => {
    const stranger = createTestMember(chain, tsukimi);
    expect((await readMail(stranger, carrier(leg3), chain.now)).judgement).toMatchObject({ state: 'cannot-check', code: 'key-missing' });
    const idle = createTestMember(chain, tsukimi);
    Object.assign(idle.ports, { managed: () => Promise.resolve(undefined) });
    expect(await readMail(idle, carrier(leg3), chain.now)).toMatchObject({ judgement: { state: 'cannot-check', code: 'key-missing' }, marked: true, idle: true });
    expect(await readMail(idle, utf8('From: a@b.example\r\n\r\nx\r\n'), chain.now)).toMatchObject({ judgement: { code: 'not-configured' }, marked: false, idle: true });
  });

  it('names the mail that a delivery report is about', async () => {
    const result = await sealDraft(taro, draft());
    if (result.kind !== 'sealed') throw new Error();
    await taro.sealed.sent(result.fingerprint, '7@hinode.example');
    const report = (headers: string): Bytes => utf8([
      'From: MAILER-DAEMON@hinode.example', `To: ${TARO}`, 'Subject: Undelivered', 'MIME-Version: 1.0',
      'Content-Type: multipart/report; report-type=delivery-status; boundary="b"', '', '--b', 'Content-Type: text/plain', '', 'I am sorry.', '--b',
      'Content-Type: message/delivery-status', '', 'Reporting-MTA: dns; mx', '', `Final-Recipient: rfc822; ${HANAKO}`, 'Action: failed', 'Status: 5.7.1',
      'Diagnostic-Code: smtp; 550 5.7.1 SSMAX-malware Refused by', ' inspection', '', '--b', 'Content-Type: text/rfc822-headers', '', headers, '', '--b--', '',
    ].join('\r\n'));
    for (const headers of ['Message-ID: <7@hinode.example>', `X-SSMAX-Content: ${result.contentDigest}`]) {
      const reading = await readMail(taro, report(headers), chain.now);
      expect(reading.judgement).toMatchObject({ state: 'outside', code: 'delivery-report' });
      expect(reading.report).toMatchObject({ code: 'malware', recipients: [HANAKO], about: { subject: '見積書の件' } });
    }
    expect((await readMail(taro, report('Message-ID: <8@hinode.example>'), chain.now)).report?.about).toBeUndefined();
  });
});

describe('mailboxes of a compose window', () => {
  it.each([
    ['taro@hinode.example', TARO, ''], ['山田, 太郎 <Taro@Hinode.Example>', TARO, '山田, 太郎'], ['"a" <taro@hinode.example>', TARO, 'a'],
  ])('%s', (entry, address, displayName) => {
    expect(readMailbox(entry)).toEqual({ address, displayName });
  });

  it('reads a name of any length at once, blanks and brackets too', () => {
    const name = `a${' <'.repeat(200_000)}b`;
    expect(readMailbox(`${name} <${HANAKO}>`)).toEqual({ address: HANAKO, displayName: name });
    expect(() => readMailbox(`${' '.repeat(400_000)}x`)).toThrow('address-invalid');
  });
});
