/** Every page of the add-on in the states that matter: one entry each (plugin-pages.test.ts shows them all). */
import { readFileSync } from 'node:fs';
import type { AttachmentView, DetailsView, NotSentView, SendingView } from '../../extension/host.ts';
import type { DraftPreview } from '../../extension/member/preview.ts';
import type { Reading } from '../../extension/member/read.ts';
import { reasonOf } from '../../extension/ui/reasons.ts';
import { viewOf } from '../../extension/ui/verdict.ts';
import type { Words } from '../../extension/ui/words.ts';
import type { Judgement } from '../../src/flow/open.ts';
import { enrolHere, type Scene } from './plugin-stage.ts';

const HINODE = { id: 'h', names: { ja: '日之出市役所', en: 'Hinode City Office' } };
const TSUKIMI = { id: 't', names: { ja: '月見製作所', en: 'Tsukimi Works' } };
const AT = new Date('2026-11-22T03:00:00Z');
const VERIFIED: Partial<Judgement> = {
  state: 'verified', code: 'verified', leg: 3, content: 'opened', deliveredTo: 'hanako@tsukimi.example', signedAt: AT,
  sender: { address: 'taro@hinode.example', displayName: '山田 太郎', pseudonym: false, organisation: HINODE },
  organisations: [
    { ...HINODE, leg: 2, signedAt: AT, inspections: [{ direction: 'outbound', result: 'passed', policy: '2026-10', codes: [] }] },
    { ...TSUKIMI, leg: 3, signedAt: AT, inspections: [{ direction: 'inbound', result: 'passed', policy: '14', codes: [] }] },
  ],
};

function verdict(words: Words, judgement: Partial<Judgement>, firstFromOrganisation = false): DetailsView {
  const reading: Reading = {
    judgement: { state: 'outside', code: 'outside', organisations: [], content: 'not-opened', ...judgement }, notes: { firstFromOrganisation }, marked: true, idle: false,
  };
  const { state, heading, sentence, notes, details, remedy } = viewOf(words, reading);
  return { state, heading, sentence, notes, groups: details, enrol: remedy === 'enrol', actions: state === 'verified' ? ['report'] : [] };
}

const POPUP = [460, 560] as const;
const details = (name: string, judgement: Partial<Judgement>, first = false): Scene => ({
  name, page: 'details.html', answers: { verdict: (words) => verdict(words, judgement, first) }, ready: '.notice', size: POPUP,
});
const composing = (name: string, preview: DraftPreview): Scene => ({ name, page: 'composing.html', answers: { preview: () => preview }, ready: 'main > :not([role="status"])', size: POPUP });
const sending = (name: string, view: () => SendingView): Scene => ({ name, page: 'sending.html?tab=1', answers: { sending: view }, ready: '.dialog > :nth-child(2)', size: [620, 480] });
const notSent = (name: string, view: (words: Words) => NotSentView): Scene => ({
  name, page: (words) => `not-sent.html#${encodeURIComponent(JSON.stringify(view(words)))}`, ready: '.notice', size: [620, 480],
});
const attachment = (name: string, view: Omit<AttachmentView, 'bytes' | 'sender' | 'organisation'>, bytes: Uint8Array): Scene => ({
  name, page: 'attachment.html?tab=1&message=1&index=0', ready: '.viewer img, .viewer pre, .viewer #open',
  answers: { attachment: (words) => ({ ...view, bytes: { bytes: [...bytes] }, sender: '山田 太郎', organisation: HINODE.names[words.language] }) },
});

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
  { name: 'enrolment-setup', page: 'enrolment.html', unmanaged: true, ready: '#root' },
  { name: 'import', page: 'enrolment.html', ready: '#file', act: (page) => page.locator('#from-backup').click() },
  { name: 'options', page: 'options.html', enrolled: true, ready: 'dl' },
  { name: 'options-without-key', page: 'options.html', ready: '.group' },

  details('details-verified', VERIFIED, true),
  details('details-outside', {}),
  details('details-problem', { state: 'problem', code: 'impersonation', params: HINODE.names }),
  details('details-cannot-check', { state: 'cannot-check', code: 'key-missing' }),
  { ...details('details-report', VERIFIED), act: (page) => page.locator('#report').click(), ready: 'main form, main fieldset' },
  { name: 'details-nothing', page: 'details.html', answers: { verdict: () => undefined }, ready: 'main p', size: POPUP },

  composing('composing', { kind: 'protected', recipients: [
    { name: '佐藤 花子', address: 'hanako@tsukimi.example', outcome: 'partner', organisation: TSUKIMI.names },
    { name: '鈴木 雪', address: 'yuki@hinode.example', outcome: 'colleague', organisation: HINODE.names },
    { name: 'mei@elsewhere.example', address: 'mei@elsewhere.example', outcome: 'outside' },
    { name: 'Friends', address: '', outcome: 'unreadable' },
  ] }),
  composing('composing-not-enrolled', { kind: 'not-enrolled', address: 'taro@hinode.example' }),

  sending('sending-confirm', () => ({ subject: '見積書の件', stage: 'confirm', risks: {
    recipients: [{ mailbox: { address: 'hanako@tsukirni.example', displayName: '佐藤 花子' }, risks: [{ kind: 'lookalike', of: 'tsukimi.example' }, { kind: 'new-domain', domain: 'tsukirni.example' }] }],
    mail: [{ kind: 'greeting', name: '田中' }, { kind: 'no-attachment' }],
  } })),
  sending('sending-delay', () => ({ subject: '見積書の件', stage: 'delay', until: Date.now() + 30_000 })),
  sending('sending-working', () => ({ subject: '図面一式', stage: 'working', done: 0.6 })),

  notSent('not-sent', (words) => ({ subject: '社外秘', reason: reasonOf(words, 'keyword') })),
  notSent('not-sent-not-enrolled', (words) => ({ subject: '', reason: reasonOf(words, 'not-enrolled', { address: 'taro@hinode.example' }), remedy: 'enrol' })),

  attachment('attachment-text', { name: '議事録.txt', type: 'text/plain' }, new TextEncoder().encode('議題\n一 来年度の予算\n二 庁舎の改修\n')),
  attachment('attachment-picture', { name: '構成図.png', type: 'image/png' }, readFileSync('docs/images/enrolment.png')),
  attachment('attachment-other', { name: '見積書.xlsx', type: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet' }, new Uint8Array(20_000)),
];
