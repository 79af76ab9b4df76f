// @vitest-environment jsdom
/** Display names and subjects that would turn, hide or imitate what stands beside them, in every place that shows one. */
import { h, render } from 'preact';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Reading } from '../../extension/member/read.ts';
import { invitationOf } from '../../extension/ui/invitation.ts';
import { Search } from '../../extension/ui/search.tsx';
import { Sending } from '../../extension/ui/sending.tsx';
import { viewOf } from '../../extension/ui/verdict.ts';
import { Waiting } from '../../extension/ui/waiting.tsx';
import { utf8 } from '../../src/core/bytes.ts';
import { eventually } from '../eventually.ts';
import { thunderbird } from './fake-thunderbird.ts';
import { wordsOf } from './words.ts';

vi.mock('webextension-polyfill', () => ({ default: thunderbird.api }));
const { attachedMailView, paneOf, picturesOf } = await import('../../extension/thunderbird/pane-view.ts');

const words = wordsOf('ja');
/** Overrides, an isolate left open, zero width, a line break, a blank letter. */
const HOSTILE = '請求\u202e書\u2067\u200b\nx\u3164';
const STEERING = /[\u202a-\u202e\u2066\u2067\u200b\u3164]/;
const CLAIM = '日之出市役所 <taro@hinode.example>';
const mailbox = (displayName: string): { address: string; displayName: string } => ({ address: 'evil@elsewhere.example', displayName });
const unexpected = (): never => {
  throw new Error('not expected');
};

const headers = { from: mailbox(HOSTILE), to: [mailbox(CLAIM)], cc: [mailbox(HOSTILE)], replyTo: [], subject: HOSTILE, outerSubject: '[...]' };
const reading = {
  judgement: {
    state: 'verified', code: 'verified', content: 'opened', organisations: [],
    sender: { ...mailbox(HOSTILE), pseudonym: false, organisation: { id: 'h', names: { ja: HOSTILE, en: HOSTILE } } },
    message: { headers, conflicts: [{ field: 'subject', inner: HOSTILE, outer: HOSTILE }] },
  },
  notes: { firstFromOrganisation: false }, forwarded: [], files: [{ name: HOSTILE, type: 'text/plain', bytes: utf8('x') }], marked: true, idle: false,
  content: { html: '<img src="https://pictures.example/a.png">', images: [], attachments: [] },
} as unknown as Reading;
const shown = { reading, view: viewOf(words, reading) };

afterEach(() => render(null, document.body));

describe('hostile names and subjects', () => {
  it.each([
    ['the verdict, its notes, its details', () => viewOf(words, reading)],
    ['the message pane', () => paneOf(shown, true)],
    ['the window with pictures', () => picturesOf(shown)],
    ['an attached mail', () => attachedMailView({ fields: [['From', HOSTILE], ['Subject', HOSTILE]], files: [] } as never, 'x', HOSTILE, true)],
    ['an invitation', () => invitationOf(words, utf8(['BEGIN:VCALENDAR', 'METHOD:REQUEST', 'BEGIN:VEVENT', `SUMMARY:請求\u202e書`, 'LOCATION:\u2067室', 'DTSTART:20261122T100000Z',
      `ORGANIZER;CN="\u202e太郎":mailto:evil@elsewhere.example`, 'DESCRIPTION:a\u202eb\\nc', 'END:VEVENT', 'END:VCALENDAR', ''].join('\r\n')), undefined)],
  ])('cannot steer %s', (_, view) => {
    const text = JSON.stringify(view());
    expect(text).toMatch(/請求|太郎|x/);
    expect(text).not.toMatch(STEERING);
  });

  it('do not pass for addresses', () => {
    const rows = viewOf(words, reading).headers.map(([, value]) => value).join('\n');
    expect(rows).toContain('evil@elsewhere.example');
    expect(rows).not.toContain('taro@hinode.example');
    expect(rows.split('\n')).toHaveLength(viewOf(words, reading).headers.length);
  });

  it.each([
    ['what waits in the outbox', () => h(Waiting, { words, host: { mails: [{ id: 1, subject: HOSTILE, recipients: [HOSTILE], sealedAt: 0 }], again: unexpected, close: unexpected } })],
    ['the question before sending', () => h(Sending, { words, host: {
      sending: () => Promise.resolve({ stage: 'confirm' as const, subject: HOSTILE, risks: { recipients: [{ mailbox: mailbox(HOSTILE), risks: [{ kind: 'new-domain' as const }] }], mail: [] } }), decide: unexpected,
    } as never })],
    ['the search page', () => h(Search, { words, host: {
      search: () => Promise.resolve({ on: true, fixed: false, locked: false, count: 1 }), find: () => Promise.resolve([{ messageId: 'x', subject: HOSTILE, from: HOSTILE, date: 0, around: HOSTILE }]),
    } as never })],
  ])('cannot steer %s', async (name, page) => {
    render(page(), document.body);
    if (name === 'the search page') {
      await eventually('the form', () => expect(document.querySelector('#query')).not.toBeNull());
      document.querySelector('form')?.dispatchEvent(new Event('submit', { bubbles: true, cancelable: true }));
    }
    await eventually('the name', () => expect(document.body.textContent).toContain('請求'));
    expect(document.body.textContent).not.toMatch(STEERING);
  });
});
