/** Every page of the add-on in the states that matter: one entry each (plugin-pages.test.ts shows them all). */
import { readFileSync } from 'node:fs';
import type { Page } from 'playwright-core';
import type { AttachmentView, DetailsView, NotSentView, SendingView } from '../../extension/host.ts';
import type { Plan } from '../../extension/member/plan.ts';
import type { DraftPreview } from '../../extension/member/preview.ts';
import type { Reading } from '../../extension/member/read.ts';
import { invitationOf, isCalendar } from '../../extension/ui/invitation.ts';
import { actionsOf } from '../../extension/ui/mail-actions.ts';
import { reasonOf } from '../../extension/ui/reasons.ts';
import { viewOf } from '../../extension/ui/verdict.ts';
import type { Words } from '../../extension/ui/words.ts';
import type { CertificateFacts, Judgement } from '../../src/flow/open.ts';
import { enrolHere, type Scene } from './plugin-stage.ts';

export const HINODE = { id: 'NTRJP-1000020123456', names: { ja: '日之出市役所', en: 'Hinode City Office' } };
const TSUKIMI = { id: 'NTRJP-1000020654321', names: { ja: '月見製作所', en: 'Tsukimi Works' } };
const AT = new Date('2026-11-22T03:00:00Z');
const certificate = (subject: string): CertificateFacts => ({ subject, notBefore: new Date('2026-10-01T00:00:00Z'), notAfter: new Date('2029-10-01T00:00:00Z'), sha256: '9f3c'.repeat(16) });
export const VERIFIED: Partial<Judgement> = {
  state: 'verified', code: 'verified', leg: 3, content: 'opened', deliveredTo: 'hanako@tsukimi.example', signedAt: AT, contentDigest: '5b07'.repeat(16),
  sender: { address: 'taro@hinode.example', displayName: '山田 太郎', pseudonym: false, organisation: HINODE },
  organisations: [
    { ...HINODE, certificate: certificate('日之出市役所'), leg: 2, signedAt: AT, inspections: [{ direction: 'outbound', result: 'passed', policy: '2026-10', codes: [] }] },
    { ...TSUKIMI, certificate: certificate('月見製作所'), leg: 3, signedAt: AT, inspections: [{ direction: 'inbound', result: 'passed', policy: '14', codes: [] }] },
  ],
};

function verdict(words: Words, judgement: Partial<Judgement>, firstFromOrganisation = false, report?: NonNullable<Reading['report']>): DetailsView {
  const reading: Reading = {
    judgement: { state: 'outside', code: 'outside', organisations: [], content: 'not-opened', ...judgement }, notes: { firstFromOrganisation }, forwarded: [], files: [], marked: true, idle: false, ...(report !== undefined && { report }),
  };
  const { state, heading, sentence, notes, details, remedy } = viewOf(words, reading);
  const about = [[words.text('field_subject'), '来年度の見積書の件'], [words.text('field_from'), judgement.sender?.address ?? 'taro@hinode.example']] as const;
  return { about, state, heading, sentence, notes, groups: details, enrol: remedy === 'enrol', actions: actionsOf(reading), copies: true, sealedNames: [] };
}

/** Puts a mail into the index, in the form that SearchIndex gives it, and searches for it. */
async function search(page: Page): Promise<void> {
  await page.locator('#query').waitFor();
  await page.evaluate(async () => {
    const database = await new Promise<IDBDatabase>((resolve, reject) => {
      const request = indexedDB.open('ssmax-search');
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(new Error('IndexedDB'));
    });
    const aes = await crypto.subtle.generateKey({ name: 'AES-GCM', length: 256 }, false, ['encrypt', 'decrypt']);
    const mac = await crypto.subtle.generateKey({ name: 'HMAC', hash: 'SHA-256' }, false, ['sign']);
    const iv = crypto.getRandomValues(new Uint8Array(12));
    const utf8 = (text: string): Uint8Array<ArrayBuffer> => Uint8Array.from(new TextEncoder().encode(text));
    const mail = {
      messageId: '1@hinode.example', subject: '来年度の見積書の件', from: '山田 太郎（taro@hinode.example）', date: Date.UTC(2026, 10, 20, 1, 30),
      text: 'お世話になっております。庁舎改修工事の見積書をお送りします。ご確認のうえ、金曜日までにご返事をいただけますでしょうか。',
    };
    const box = new Uint8Array(await crypto.subtle.encrypt({ name: 'AES-GCM', iv, additionalData: utf8('x') }, aes, utf8(JSON.stringify(mail))));
    const transaction = database.transaction(['searchKeys', 'searchMails'], 'readwrite');
    transaction.objectStore('searchKeys').put({ aes, mac }, 'keys');
    transaction.objectStore('searchMails').put({ name: 'x', iv, box }, 'x');
    await new Promise((resolve) => { transaction.oncomplete = resolve; });
    database.close();
  });
  await page.reload();
  await page.locator('#query').fill('見積書 工事');
  await page.locator('#find').click();
}

const PASSPHRASE = '月夜に 三羽の 兎 はねた';
const POPUP = [460, 560] as const;
const details = (name: string, judgement: Partial<Judgement>, first = false): Scene => ({
  name, page: 'details.html', answers: { verdict: (words) => verdict(words, judgement, first) }, ready: '.notice', size: POPUP,
});
const composing = (name: string, preview: DraftPreview, plan?: Plan, passesOn = false): Scene => ({ name, page: 'composing.html', answers: { preview: () => ({ preview, passesOn, sealedDrafts: true, ...(plan !== undefined && { plan }) }) }, ready: 'main > :not([role="status"])', size: POPUP });
const sending = (name: string, view: () => SendingView): Scene => ({ name, page: 'sending.html?tab=1', answers: { sending: view }, ready: '.dialog > :nth-child(2)', size: [620, 480] });
const notSent = (name: string, view: (words: Words) => NotSentView): Scene => ({
  name, page: 'not-sent.html?number=1', answers: { 'not-sent': view }, ready: '.notice', size: [620, 480],
});
const attachment = (name: string, view: Omit<AttachmentView, 'bytes' | 'copies' | 'sender' | 'organisation'>, bytes: Uint8Array): Scene => ({
  name, page: 'attachment.html?tab=1&message=1&index=0', ready: '.viewer img, .viewer pre, .viewer #save',
  answers: { attachment: (words) => ({
    ...view, bytes: { bytes: [...bytes] }, copies: true, sender: '山田 太郎', organisation: HINODE.names[words.language],
    ...(isCalendar(view) && { invitation: invitationOf(words, Uint8Array.from(bytes), 'taro@hinode.example') }),
  }) },
});

const INVITATION = ['BEGIN:VCALENDAR', 'METHOD:REQUEST', 'BEGIN:VEVENT', 'SUMMARY:来年度予算の打ち合わせ', 'DTSTART:20261125T010000Z', 'DTEND:20261125T023000Z', 'LOCATION:本庁舎 三階 会議室A',
  'ORGANIZER;CN=山田 太郎:mailto:taro@hinode.example', 'ATTENDEE;CN=佐藤 花子:mailto:hanako@tsukimi.example', 'DESCRIPTION:資料は当日配ります。', 'END:VEVENT', 'END:VCALENDAR', ''].join('\r\n');

export const SCENES: readonly Scene[] = [
  { name: 'enrolment', page: 'enrolment.html', ready: '#code' },
  { name: 'enrolment-refused', page: 'enrolment.html', ready: '.notice.problem', act: async (page) => {
    await page.locator('#code').fill('WRONG');
    await page.locator('#enrol').click();
  } },
  { name: 'enrolment-done', page: 'enrolment.html', ready: '#strength', act: async (page) => {
    await enrolHere(page);
    await page.locator('#passphrase').fill('月夜に 三羽の 兎');
  } },
  { name: 'enrolment-backup-required', page: 'enrolment.html', managed: { backup: 'required' }, act: enrolHere, ready: '#save-backup' },
  { name: 'enrolment-backup-forbidden', page: 'enrolment.html', managed: { backup: 'forbidden' }, act: enrolHere, ready: '#close-enrolment' },
  { name: 'enrolment-setup', page: 'enrolment.html', unmanaged: true, ready: '#root' },
  { name: 'import', page: 'enrolment.html', ready: '#file', act: (page) => page.locator('#from-backup').click() },
  { name: 'options', page: 'options.html', enrolled: true, ready: 'dl' },
  { name: 'options-diagnostics', page: 'options.html', enrolled: true, ready: '#report', act: (page) => page.locator('#diagnose').click() },
  { name: 'options-without-key', page: 'options.html', ready: '.group' },
  { name: 'options-consent', page: 'options.html', enrolled: true, individual: true, ready: 'fieldset:enabled input[name=inbound]' },
  { name: 'options-consent-given', page: 'options.html', enrolled: true, individual: true, ready: 'fieldset [role=status]:not(:empty)', act: (page) => page.locator('fieldset:enabled input[name=outbound]').click() },
  { name: 'enrolment-code-by-policy', page: 'enrolment.html', managed: { enrolmentCode: 'ABCD-1234' }, ready: '#enrol' },
  { name: 'enrolment-lock-required', page: 'enrolment.html', managed: { lockKeys: true }, act: enrolHere, ready: '#lock-passphrase' },
  { name: 'enrolment-several', page: 'enrolment.html', accounts: ['taro@hinode.example', 'juminsodan-madoguchi@hinode.example'], ready: 'select#address' },
  { name: 'enrolment-lock-demanded', page: 'enrolment.html', enrolled: true, managed: { lockKeys: true }, ready: '.notice.cannot-check' },
  { name: 'backup-saved', page: 'enrolment.html', ready: '#close-enrolment.primary', act: async (page) => {
    await enrolHere(page);
    for (const field of ['#passphrase', '#again']) await page.locator(field).fill(PASSPHRASE);
    await page.locator('#save-backup').click();
  } },
  { name: 'import-failed', page: 'enrolment.html', ready: '.notice.problem', act: async (page) => {
    await page.locator('#from-backup').click();
    await page.locator('#file').setInputFiles({ name: '見積書.pdf', mimeType: 'application/pdf', buffer: Buffer.from('%PDF-1.7') });
    await page.locator('#passphrase').fill(PASSPHRASE);
    await page.locator('#import').click();
  } },
  { name: 'options-tags', page: 'options.html', enrolled: true, managed: { listTags: true }, permitted: true, ready: 'dl' },
  { name: 'search-locked', page: 'enrolment.html', ready: '.search p + p + p', act: async (page) => {
    await page.locator('#lock-key').click();
    await enrolHere(page);
    for (const field of ['#lock-passphrase', '#lock-again']) await page.locator(field).fill(PASSPHRASE);
    await page.locator('#lock').click();
    await page.locator('.notice.verified').waitFor();
    await page.goto(page.url().replace('enrolment', 'search'));
  } },
  { name: 'unlock', page: 'unlock.html', ready: '#passphrase', size: [560, 420] },
  { name: 'unlock-wrong', page: 'unlock.html', ready: '.notice.problem', size: [560, 420], answers: { unlock: () => 'key-passphrase' }, act: async (page) => {
    await page.locator('#passphrase').fill('違う合い言葉');
    await page.locator('#unlock').click();
  } },
  { name: 'search', page: 'search.html', ready: '#switch' },
  { name: 'search-hits', page: 'search.html', managed: { search: true }, ready: '.hits', act: search },
  { name: 'search-none', page: 'search.html', managed: { search: true }, ready: '[role=status]:not(:empty)', act: async (page) => {
    await page.locator('#query').fill('予算');
    await page.locator('#find').click();
  } },

  details('details-verified', VERIFIED, true),
  details('details-outside', {}),
  details('details-outside-reported', { report: {
    organisation: TSUKIMI.id, names: TSUKIMI.names, time: AT, version: 1, mail: new Uint8Array(32), by: 'gateway',
    spf: { result: 'pass', domain: 'shop.example' }, dkim: [{ result: 'fail', domain: 'shop.example' }], dmarc: { result: 'pass', domain: 'shop.example' },
    smime: { result: 'valid', signer: { name: '店長', addresses: ['shop@shop.example'], issuer: 'Example CA' }, fromMatches: true, revocation: 'good' },
  } }),
  details('details-outside-failed', { report: {
    organisation: TSUKIMI.id, names: TSUKIMI.names, time: AT, version: 1, mail: new Uint8Array(32), by: 'gateway', dkim: [], dmarc: { result: 'fail', domain: 'bank.example' },
  } }),
  details('details-problem', { state: 'problem', code: 'impersonation', params: HINODE.names }),
  details('details-cannot-check', { state: 'cannot-check', code: 'key-missing' }),
  { ...details('details-report', VERIFIED), act: (page) => page.locator('#report').click(), ready: 'main form, main fieldset' },
  { ...details('details-report-done', VERIFIED), answers: { verdict: (words) => verdict(words, VERIFIED), report: () => ({ done: { report: '3b2d1c9e-4f60-4a81-9b57-0d7c5a1e2f34', known: false } }) }, act: async (page) => {
    await page.locator('#report').click();
    await page.locator('#send-report').click();
  }, ready: '#reported' },
  { ...details('details-forward-chosen', VERIFIED), answers: { verdict: (words) => ({ ...verdict(words, VERIFIED), sealedNames: ['見積書.pdf', '来年度の庁舎改修工事に係る図面一式（第二版）.zip'] }) }, act: (page) => page.locator('#forward').click(), ready: 'form.forward fieldset' },
  { ...details('details-delivery-report', {}), answers: { verdict: (words) => verdict(words, { code: 'delivery-report' }, false, { code: 'malware', waiting: false, recipients: ['hanako@tsukimi.example'], about: { fingerprint: '', contentDigest: '', subject: '見積書の件', sealedAt: AT } }) } },
  { ...details('details-delivery-report-unknown', {}), answers: { verdict: (words) => verdict(words, { code: 'delivery-report' }, false, { code: 'malware', waiting: false, recipients: ['hanako@tsukimi.example'] }) } },
  { ...details('details-copy', VERIFIED), act: (page) => page.locator('#copy').click(), ready: '#copy-eml' },
  { ...details('details-forward', VERIFIED), act: (page) => page.locator('#forward').click(), ready: '#write-forward' },
  { name: 'details-nothing', page: 'details.html', answers: { verdict: () => undefined }, ready: 'main p', size: POPUP },

  composing('composing', { kind: 'protected', recipients: [
    { name: '佐藤 花子', address: 'hanako@tsukimi.example', outcome: 'partner', organisation: TSUKIMI.names },
    { name: '鈴木 雪', address: 'yuki@hinode.example', outcome: 'colleague', organisation: HINODE.names },
    { name: 'mei@elsewhere.example', address: 'mei@elsewhere.example', outcome: 'outside' },
    { name: 'Friends', address: '', outcome: 'unreadable' },
  ] }),
  composing('composing-modes', { kind: 'protected', recipients: [{ name: '佐藤 花子', address: 'hanako@tsukimi.example', outcome: 'partner', organisation: TSUKIMI.names }] }, {
    modes: ['protect-all', 'attachments-only', 'sign-only'], mode: 'sign-only', origin: 'remembered', signedOnly: [], hideSubject: false, hideSubjectFixed: false,
  }),
  composing('composing-passes-on', { kind: 'protected', recipients: [{ name: '佐藤 花子', address: 'hanako@tsukimi.example', outcome: 'partner', organisation: TSUKIMI.names }] }, undefined, true),
  composing('composing-apart', { kind: 'protected', recipients: [
    { name: '佐藤 花子', address: 'hanako@tsukimi.example', outcome: 'partner', organisation: TSUKIMI.names }, { name: '広報 みか', address: 'mika@outside.example', outcome: 'apart' },
  ] }),
  { ...composing('composing-own-window', { kind: 'protected', recipients: [{ name: '佐藤 花子', address: 'hanako@tsukimi.example', outcome: 'partner', organisation: TSUKIMI.names }] }), page: 'composing.html?tab=1' },
  composing('composing-from-typed', { kind: 'from-typed', from: 'somebody@elsewhere.example', account: 'taro@hinode.example' }),
  composing('composing-not-enrolled', { kind: 'not-enrolled', address: 'taro@hinode.example' }),

  sending('sending-confirm', () => ({ subject: '見積書の件', stage: 'confirm', risks: {
    recipients: [{ mailbox: { address: 'hanako@tsukirni.example', displayName: '佐藤 花子' }, risks: [{ kind: 'lookalike', of: 'tsukimi.example' }, { kind: 'new-domain', domain: 'tsukirni.example' }] }],
    mail: [{ kind: 'greeting', name: '田中' }, { kind: 'no-attachment' }],
  } })),
  sending('sending-delay', () => ({ subject: '見積書の件', stage: 'delay', until: Date.now() + 30_000 })),
  sending('sending-working', () => ({ subject: '図面一式', stage: 'working', done: 0.6 })),

  { name: 'pictures', page: 'pictures.html?tab=1&message=1', ready: '.mail-body img', answers: { pictures: (words) => ({
    subject: '広報誌 十二月号', servers: 'www.hinode.example', sentence: words.pieces('verdict_verified', { name: '山田 太郎', address: 'taro@hinode.example', organisation: HINODE.names[words.language] }),
    // The picture of the scene is in the mail: nothing is fetched while pictures are taken.
    bodies: [{ body: { coloured: false, html: `<p data-style="font-weight: 700">広報誌の十二月号をお届けします。</p><img alt="表紙" width="320" src="data:image/png;base64,${readFileSync('docs/images/enrolment.png').toString('base64')}">` } }],
  }) } },

  notSent('not-sent', (words) => ({ failed: 'sending', subject: '社外秘', reason: reasonOf(words, 'keyword') })),
  { name: 'waiting', page: 'waiting.html', size: [620, 480], ready: 'li', answers: { 'waiting': () => [
    { id: 1, subject: '見積書の件', recipients: ['佐藤 花子 <hanako@tsukimi.example>'], sealedAt: Date.now() - 6 * 86_400_000 },
  ] } },
  notSent('not-sent-mixed', (words) => ({ failed: 'sending', subject: '広報誌の件', reason: reasonOf(words, 'recipients-mixed', { addresses: 'mika@outside.example' }), remedy: 'split', tabId: 1 })),
  notSent('draft-not-saved', (words) => ({ failed: 'draft-saved', subject: '異動の案', reason: reasonOf(words, 'network-unreachable') })),
  notSent('not-sent-not-enrolled', (words) => ({ failed: 'sending', subject: '', reason: reasonOf(words, 'not-enrolled', { address: 'taro@hinode.example' }), remedy: 'enrol' })),

  { name: 'renewal', page: 'renewal.html?address=taro@hinode.example&until=2027-05-23T00:00:00Z&code=certificate-revoked', ready: '#enrol-again', size: [560, 420] },
  attachment('attachment-text', { name: '議事録.txt', type: 'text/plain' }, new TextEncoder().encode('議題\n一 来年度の予算\n二 庁舎の改修\n')),
  attachment('attachment-picture', { name: '構成図.png', type: 'image/png' }, readFileSync('docs/images/enrolment.png')),
  attachment('attachment-calendar', { name: '予定.ics', type: 'text/calendar' }, new TextEncoder().encode(INVITATION)),
  { name: 'attached-mail', page: 'attached-mail.html?tab=1&message=1&index=0', ready: '.mail-body', answers: { 'attached-mail': (words) => ({
    name: '工程表の件.eml', state: 'outside', heading: words.text('attached_heading'), sentence: words.pieces('attached_unverified', { name: '山田 太郎' }),
    copies: true, longBodies: [], headers: [[words.text('field_from'), '田中 一郎 <ichiro@elsewhere.example>'], [words.text('field_subject'), '工程表の件']], body: { text: '工程表をお送りします。' },
    files: [{ name: '工程表.xlsx', bytes: { bytes: [1, 2, 3] } }],
  }) } },
  attachment('attachment-other', { name: '見積書.xlsx', type: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet' }, new Uint8Array(20_000)),
];
