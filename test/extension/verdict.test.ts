import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Reading } from '../../extension/member/read.ts';
import { reasonOf } from '../../extension/ui/reasons.ts';
import { faultView, viewOf } from '../../extension/ui/verdict.ts';
import { SsmaxError } from '../../src/core/error.ts';
import type { Judgement } from '../../src/flow/open.ts';
import { wordsOf } from './words.ts';

const ja = wordsOf('ja');
const en = wordsOf('en');
const HINODE = { id: 'h', names: { ja: '日之出市役所', en: 'Hinode City Office' } };
const TSUKIMI = { id: 't', names: { ja: '月見製作所', en: 'Tsukimi Works' } };
const AT = new Date('2026-11-22T03:00:00Z');
const SENDER = { address: 'taro@hinode.example', displayName: '山田 太郎', pseudonym: false, organisation: HINODE };

function reading(judgement: Partial<Judgement>, more: Partial<Reading> = {}): Reading {
  return { judgement: { state: 'outside', code: 'outside', organisations: [], content: 'not-opened', ...judgement }, notes: { firstFromOrganisation: false }, forwarded: [], files: [], marked: true, idle: false, ...more };
}

const VERIFIED: Partial<Judgement> = {
  state: 'verified', code: 'verified', leg: 3, sender: SENDER, deliveredTo: 'hanako@tsukimi.example', signedAt: AT, content: 'opened',
  organisations: [
    { ...HINODE, certificate: { subject: '日之出市役所', notBefore: AT, notAfter: AT, sha256: 'ab'.repeat(32) }, leg: 2, signedAt: AT, inspections: [{ direction: 'outbound', result: 'passed', policy: 'p1', codes: [] }] },
    { ...TSUKIMI, leg: 3, signedAt: AT, inspections: [{ direction: 'inbound', result: 'passed', policy: 'p2', codes: [] }] },
  ],
};

const sentence = (words: typeof ja, one: Reading): string => viewOf(words, one).sentence.map(({ text }) => text).join('');

describe('the verdict in words', () => {
  it.each([
    [reading(VERIFIED), '山田 太郎（taro@hinode.example）からのメールです。日之出市役所が本人であることを確認しました。', 'From 山田 太郎 (taro@hinode.example). Hinode City Office confirmed the sender.'],
    [reading({ ...VERIFIED, sender: { ...SENDER, displayName: '窓口 07', pseudonym: true } }), '窓口 07（taro@hinode.example）からのメールです。日之出市役所が責任をもって確認した仮名です。', 'From 窓口 07 (taro@hinode.example), a pseudonym that Hinode City Office vouches for.'],
    [reading({ ...VERIFIED, code: 'own-copy' }), 'あなたが送ったメールです。', 'You sent this mail.'],
    [reading({ ...VERIFIED, code: 'own-draft' }), 'あなたの下書きです。まだ送っていません。', 'This is a draft of yours. It has not been sent.'],
    [reading({}), 'SSMAXの外から届いたメールです。差出人は確認されていません。', 'This mail came from outside SSMAX. Nobody has confirmed the sender.'],
    [reading({ state: 'problem', code: 'impersonation', params: HINODE.names }), '日之出市役所を名乗っていますが、日之出市役所が確認したメールではありません。リンクは開けません。添付ファイルも開かないでください。返信せず、管理者に知らせてください。', 'This claims to be from Hinode City Office, but Hinode City Office did not confirm it. Its links are off; do not open attachments. Do not reply; tell your administrator.'],
    [reading({ state: 'problem', code: 'not-addressed' }), 'このメールはあなた宛てに送られたものではありません。リンクは開けません。添付ファイルも開かないでください。担当者に知らせてください。', 'This mail was not addressed to you. Its links are off; do not open attachments. Tell your contact.'],
    [reading({ state: 'cannot-check', code: 'key-missing' }), 'このパソコンには、このメールを開くための鍵がありません。前のパソコンの控えがあれば、鍵を戻すと読めます。登録だけでは、登録より前に届いたメールは読めないことがあります。', 'This computer has no key for this mail. If you have a backup, bring the key back to read it. Enrolling alone may not open mail that arrived before.'],
    [reading({ state: 'cannot-check', code: 'clock-wrong', params: { minutes: 90 } }), 'このパソコンの時計が約90分ずれています。時計を合わせてから、もう一度開いてください。', 'This computer’s clock is off by about 90 minutes. Correct it, then open the mail again.'],
  ])('%#', (one, japanese, english) => {
    expect(sentence(ja, one)).toBe(japanese);
    expect(sentence(en, one)).toBe(english);
  });

  it('names who forwarded a mail unopened and who wrote it', () => {
    const part = { kind: 'mail' as const, writer: { ...SENDER, displayName: '山田 太郎' }, forwarders: [], deliveredAt: AT, organisations: [], of: 1 };
    const forwarder = { address: 'hanako@tsukimi.example', displayName: '鈴木 花子', pseudonym: false, organisation: TSUKIMI };
    const one = reading({ ...VERIFIED, mode: 'forward', sender: forwarder, forwarded: [part] });
    expect(sentence(ja, one)).toBe('鈴木 花子（hanako@tsukimi.example）が、山田 太郎 のメールを開かずに転送しました。それぞれが本人であることは、月見製作所、日之出市役所が確認しました。');
    expect(sentence(en, reading({ ...one.judgement, forwarded: [{ ...part, kind: 'attachment' }] }))).toContain('forwarded an attachment unopened; 山田 太郎 wrote it.');
    expect(sentence(en, reading({ ...one.judgement, forwarded: [part, part] }))).toContain('forwarded unopened what 山田 太郎 wrote.');
    expect(viewOf(ja, one).notes.join()).toContain('暗号化されずに届きました');
  });

  it('has a sentence for every problem, known or not', () => {
    for (const code of ['altered', 'impersonation', 'certificate-revoked', 'certificate-suspended', 'certificate-expired', 'wrong-leg', 'not-addressed', 'something-new']) {
      expect(sentence(ja, reading({ state: 'problem', code })), code).toMatch(/[ぁ-ん]/);
      expect(viewOf(ja, reading({ state: 'problem', code })).trusted, code).toBe(false);
    }
  });

  it('labels the header button with who confirmed', () => {
    expect(viewOf(ja, reading(VERIFIED)).label).toBe('日之出市役所が確認');
    expect(viewOf(en, reading({ state: 'problem', code: 'altered' })).label).toBe('Problem');
    expect(viewOf(en, reading({})).label).toBe('Outside SSMAX');
    expect(viewOf(ja, reading({ state: 'cannot-check', code: 'key-locked' })).label).toBe('まだ開けません');
    expect(viewOf(ja, reading({ state: 'cannot-check', code: 'trust-stale' })).label).toBe('確認できません');
  });

  it('is quiet about mail from outside, and about everything while no organisation is set up', () => {
    expect(viewOf(ja, reading({})).quiet).toBe(true);
    expect(viewOf(ja, reading({ state: 'cannot-check', code: 'not-configured' }, { idle: true, marked: false }))).toMatchObject({ quiet: true, state: 'outside' });
    expect(viewOf(ja, reading({ state: 'cannot-check', code: 'key-missing' }, { idle: true }))).toMatchObject({ quiet: false, state: 'cannot-check', remedy: 'enrol' });
    expect(viewOf(ja, reading({ state: 'cannot-check', code: 'network-unreachable' }, { marked: false }))).toMatchObject({ quiet: true, state: 'cannot-check' });
    expect(viewOf(ja, reading({ state: 'cannot-check', code: 'network-unreachable' })).quiet).toBe(false);
    expect(viewOf(ja, reading(VERIFIED)).quiet).toBe(false);
  });

  it('says when a mail was sealed, where it is shown under another day', () => {
    const { notes } = viewOf(ja, reading({ ...VERIFIED, signedAt: AT }, { otherDate: new Date(AT.getTime() + 90 * 86_400_000) }));
    expect(notes.join()).toContain('外側のもので、確認されていません');
    expect(viewOf(ja, reading({ ...VERIFIED, signedAt: AT })).notes.join()).not.toContain('外側のもので');
  });

  it('notes first mails, second deliveries, Bcc, aliases and conflicts', () => {
    const { notes } = viewOf(ja, reading({ ...VERIFIED, hidden: true, addressedAs: 'info@tsukimi.example' }, { notes: { firstFromOrganisation: true, duplicateOf: AT } }));
    expect(notes).toHaveLength(4);
    expect(notes[0]).toBe('この組織から届いた最初のメールです。');
    expect(notes[1]).toContain('同じメールをすでに受け取っています');
  });

  it('gives every leg in the details', () => {
    const titles = viewOf(en, reading(VERIFIED)).details.map(({ title }) => title);
    expect(titles).toEqual(['Sender', 'Sending organisation', 'Receiving organisation', 'Result of the check']);
    expect(viewOf(en, reading(VERIFIED)).details[1]?.rows).toEqual(expect.arrayContaining([['Name', 'Hinode City Office'], ['Inspection', 'Sender’s side: checked for leaks'], ['Policy version', 'p1'], ['Certificate', '日之出市役所'], ['Fingerprint (SHA-256)', Array(16).fill('ABAB').join(' ')]]));
  });

  it('says of a mail that waits that it waits, and until when', () => {
    const about = { fingerprint: '', contentDigest: '', subject: '請求書', sealedAt: AT };
    const held = { code: 'inspection-hold', waiting: true, until: AT, recipients: [], about };
    expect(sentence(ja, reading({ code: 'delivery-report' }, { report: held }))).toBe('「請求書」の送信は、担当者の確認を待っています。');
    expect(viewOf(ja, reading({ code: 'delivery-report' }, { report: held })).notes.join()).toContain('送り直す必要はありません');
    expect(sentence(en, reading({ code: 'delivery-report' }, { report: { waiting: true, recipients: [] } }))).toContain('has not been delivered yet');
  });

  it('explains a delivery report', () => {
    const about = { fingerprint: '', contentDigest: '', subject: '請求書', sealedAt: AT };
    const one = reading({ code: 'delivery-report' }, { report: { code: 'malware', waiting: false, recipients: ['hanako@tsukimi.example'], about } });
    expect(sentence(ja, one)).toBe('「請求書」は届きませんでした。');
    expect(viewOf(ja, one).notes.join('')).toContain('ウイルス');
    expect(viewOf(ja, one)).toMatchObject({ state: 'outside', quiet: false, heading: '配送の通知', label: '配送の通知' });
  });

  it('names in a delivery report those whom its cause is about, and leaves no gap', () => {
    const about = { fingerprint: '', contentDigest: '', subject: '請求書', sealedAt: AT };
    const notes = (code: string): string => viewOf(ja, reading({ code: 'delivery-report' }, { report: { code, waiting: false, recipients: ['hanako@tsukimi.example'], about } })).notes.join('');
    expect(notes('recipients-outside')).toContain(ja.text('why_recipients_outside', { addresses: 'hanako@tsukimi.example' }));
    for (const code of ['recipients-outside', 'list-post-refused', 'not-enrolled', 'from-typed', 'address-invalid']) expect(notes(code), code).not.toContain('{');
  });

  it('names no cause and no remedy where anybody could have sent the report', () => {
    const { notes } = viewOf(ja, reading({ code: 'delivery-report' }, { report: { code: 'malware', waiting: false, recipients: ['hanako@tsukimi.example'] } }));
    expect(notes).toEqual(['届かなかった宛先：hanako@tsukimi.example', 'この通知には署名がないため、本物かどうかは確かめられません。']);
  });

  it('says it aloud where a mail from outside failed its check', () => {
    const report = { organisation: 't', names: TSUKIMI.names, time: AT, version: 1 as const, mail: new Uint8Array(32), by: 'gateway' as const, dkim: [] };
    const good = { result: 'valid' as const, fromMatches: true, revocation: 'good' as const };
    const failed = reading({ report: { ...report, dmarc: { result: 'fail', domain: 'bank.example' }, smime: good } });
    expect([sentence(ja, failed), viewOf(ja, failed).quiet]).toEqual(['SSMAXの外から届いたメールです。bank.example から送られたことを、月見製作所は確認できませんでした。差出人を偽っているおそれがあります。', false]);
    for (const smime of [{ ...good, result: 'invalid' as const }, { ...good, revocation: 'revoked' as const }]) {
      const signed = reading({ report: { ...report, dmarc: { result: 'pass', domain: 'bank.example' }, smime } });
      expect([sentence(en, signed), viewOf(en, signed).quiet]).toEqual([expect.stringContaining('Tsukimi Works found that its signature (S/MIME) does not hold'), false]);
    }
    expect(viewOf(ja, reading({ report: { ...report, dmarc: { result: 'temperror' } } })).quiet).toBe(true);
  });
});

describe('reasons', () => {
  it('has cause and remedy of its own for every code that a gateway answers with', () => {
    const replies = readFileSync('src/server/gateway/replies.ts', 'utf8');
    const codes = [...replies.matchAll(/^ {2}'?([a-z-]+)'?: \{ status:/gm)].map(([, code = '']) => code);
    expect(codes.length).toBeGreaterThan(15);
    const general = reasonOf(ja, 'other').why;
    for (const code of codes.filter((one) => one !== 'carrier-ambiguous')) {
      expect(reasonOf(ja, code, { addresses: 'a', list: 'a' }).why, code).not.toBe(general);
      expect(reasonOf(en, code).fix, code).toMatch(/[a-z]/);
    }
  });

  it('gives the general reason with the code for all others', () => {
    expect(reasonOf(ja, 'label-proof-invalid')).toEqual({ why: ja.text('why_other'), fix: ja.text('fix_other'), code: 'label-proof-invalid' });
  });

  it('names what the computer lacks, where that is why a mail could not be judged', () => {
    const full = faultView(en, new SsmaxError('fault', 'storage-unavailable'));
    expect(full).toMatchObject({ state: 'cannot-check', code: 'storage-unavailable', trusted: false });
    expect(full.notes.slice(0, 2)).toEqual(['SSMAX could not store what it needs on this computer.', 'Check the free disk space and restart Thunderbird.']);
    expect(faultView(en, new TypeError('x'))).toMatchObject({ code: 'fault', notes: ['Its links stay off until it can be checked.'] });
  });
});
