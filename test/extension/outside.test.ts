/** Recipients outside SSMAX: what the member is told while writing, asked before sending, and what leaves the window. */
import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { NotSentView, SendingView } from '../../extension/host.ts';
import { enrol } from '../../extension/member/enrol.ts';
import { Planner } from '../../extension/member/plan.ts';
import { previewDraft } from '../../extension/member/preview.ts';
import { choices } from '../../extension/thunderbird/choices.ts';
import { doubtful } from '../../extension/thunderbird/doubtful.ts';
import { explanation } from '../../extension/thunderbird/explanations.ts';
import { Sending } from '../../extension/thunderbird/sending.ts';
import { split } from '../../extension/thunderbird/splitting.ts';
import { composingLabel } from '../../extension/ui/composing.tsx';
import { parseSignedData } from '../../src/core/cms/signed-data.ts';
import { relay } from '../../src/flow/relay.ts';
import { eventually } from '../eventually.ts';
import { createWorld, type TestOrganisation, type TestWorld } from '../flow/world.ts';
import { allowOutside, MIKA } from '../security/outside.ts';
import { fakeComposeWindow, type FakeWindow, thunderbird } from './fake-thunderbird.ts';
import { createTestMember, type TestMember } from './member-world.ts';
import { wordsOf } from './words.ts';

vi.mock('webextension-polyfill', async () => ({ default: (await import('./fake-thunderbird.ts')).thunderbird.api }));

const TAB = { id: 7, type: 'messageCompose' } as never;
const TARO = 'taro@hinode.example';

let chain: TestWorld;
let hinode: TestOrganisation;
let member: TestMember;
let window: FakeWindow;
let sending: Sending;

beforeEach(async () => {
  chain = await createWorld();
  hinode = await chain.addOrganisation('hinode.example', { ja: '日之出市役所', en: 'Hinode City Office' });
  member = createTestMember(chain, hinode);
  await enrol(member, { address: TARO, code: 'ABCD-1234' });
  member.server.signedOnly = ['outside.example'];
  const { managed } = member.ports;
  Object.assign(member.ports, { managed: async () => ({ ...(await managed() as object), riskCheck: false }) });
  thunderbird.reset();
  window = {
    details: { from: TARO, to: [MIKA], cc: [], bcc: [], replyTo: [], subject: '件名', isPlainText: true, body: '', plainTextBody: 'お知らせです。', customHeaders: [] },
    files: [new File(['資料'], '資料.txt', { type: 'text/plain' })],
  };
  fakeComposeWindow(window);
  thunderbird.stub('windows.create', () => Promise.resolve({ id: 70 }));
  thunderbird.stub('windows.remove', () => Promise.resolve());
  sending = new Sending(member);
});

function told(): NotSentView | undefined {
  const call = thunderbird.calls.filter(({ name }) => name === 'windows.create').at(-1);
  const { url } = (call?.args[0] ?? { url: '' }) as { url: string };
  return explanation(Number(/number=(\d+)$/.exec(url)?.[1]));
}

function asked(): Promise<SendingView> {
  return eventually('the window', () => {
    const view = sending.dialog.view(7);
    if (view?.stage !== 'confirm') throw new Error('not there');
    return view;
  });
}

describe('while a mail is written', () => {
  const preview = async (to: readonly string[]): Promise<{ outcomes: readonly string[]; label: string }> => {
    const envelope = { from: TARO, to, cc: [], bcc: [] };
    const plan = await new Planner(member).plan(envelope, {}, true);
    const found = await previewDraft(member, envelope, plan?.signedOnly);
    return { outcomes: found.kind === 'protected' ? found.recipients.map(({ outcome }) => outcome) : [found.kind], label: composingLabel(wordsOf('en'), found, plan) };
  };

  it('says that it will be signed only, that it may not go there, or that it takes a mail of its own', async () => {
    expect(await preview([MIKA])).toEqual({ outcomes: ['signed-only'], label: 'Signed only: outside SSMAX' });
    expect(await preview(['x@else.example'])).toEqual({ outcomes: ['outside'], label: 'Cannot be sent to: 1' });
    expect(await preview([MIKA, 'yuki@hinode.example'])).toEqual({ outcomes: ['apart', 'colleague'], label: 'Cannot be sent to: 1' });
  });

  it('offers no other way', async () => {
    expect(await new Planner(member).plan({ from: TARO, to: [MIKA], cc: [], bcc: [] }, { mode: 'protect-all' }, true)).toMatchObject({ modes: ['sign-only'], mode: 'sign-only', origin: 'outside' });
  });
});

describe('sending', () => {
  it('asks once, whatever the settings, and what leaves the window goes outside, signed only', async () => {
    const sent = sending.beforeSend(TAB, window.details);
    expect(await asked()).toMatchObject({ stage: 'confirm', risks: { recipients: [], mail: [{ kind: 'outside' }] } });
    sending.dialog.decide(7, true);
    expect(await sent).toMatchObject({ details: {} });
    const cms = new Uint8Array(await window.files[0]?.arrayBuffer() ?? new ArrayBuffer(0));
    expect(parseSignedData(cms).signer.attributes.leg).toBeDefined();
    allowOutside(hinode, member.server.signedOnly);
    const { departures } = await relay(hinode.parts, 'submission', { cms, recipients: [MIKA], from: TARO, visible: [MIKA] });
    expect(departures).toMatchObject([{ purpose: 'outside', recipients: [MIKA] }]);
  });

  it('leaves all as it was where the member says no', async () => {
    const sent = sending.beforeSend(TAB, window.details);
    await asked();
    sending.dialog.decide(7, false);
    expect(await sent).toEqual({ cancel: true });
    expect(window.details['plainTextBody']).toBe('お知らせです。');
  });

  it.each([['inside and outside', [MIKA, 'yuki@hinode.example'], 'recipients-mixed'], ['where the policy does not go', ['x@else.example'], 'recipients-outside']])('never goes to recipients %s', async (_, to, code) => {
    window.details['to'] = to;
    expect(await sending.beforeSend(TAB, window.details)).toEqual({ cancel: true });
    expect(told()?.reason.code).toBe(code);
  });

  describe('of a mix', () => {
    const begun: Record<string, unknown>[] = [];
    const set: unknown[][] = [];

    beforeEach(() => {
      begun.length = set.length = 0;
      Object.assign(window.details, { to: ['yuki@hinode.example', MIKA], cc: ['x@outside.example'], bcc: ['hisoka@hinode.example'], identityId: 'id1' });
      thunderbird.stub('compose.beginNew', (details: Record<string, unknown>) => Promise.resolve(void begun.push(details)).then(() => ({ id: 8 })));
      thunderbird.stub('compose.setComposeDetails', (...args: unknown[]) => Promise.resolve(void set.push(args)));
    });

    it('offers to part it', async () => {
      expect(await sending.beforeSend(TAB, window.details)).toEqual({ cancel: true });
      expect(told()).toMatchObject({ remedy: 'split', tabId: 7, reason: { code: 'recipients-mixed' } });
    });

    it('does not where the policy would not let the other part go', async () => {
      window.details['cc'] = ['x@else.example'];
      expect(await sending.beforeSend(TAB, window.details)).toEqual({ cancel: true });
      expect(told()).not.toHaveProperty('remedy');
    });

    it('parts it into two windows with the same content, each recipient in one of them, and sends nothing', async () => {
      await split(member, 7, { leave: () => undefined });
      expect(begun).toMatchObject([{
        to: [MIKA], cc: ['x@outside.example'], bcc: [], subject: '件名', isPlainText: true, plainTextBody: 'お知らせです。', identityId: 'id1', attachments: [{ file: expect.objectContaining({ name: '資料.txt' }) as object }],
      }]);
      expect(set).toEqual([[8, { isModified: true }], [7, { to: ['yuki@hinode.example'], cc: [], bcc: ['hisoka@hinode.example'] }]]);
      expect(thunderbird.calls.filter(({ name }) => /send/i.test(name))).toEqual([]);
    });

    it.each(['reply', 'forward'] as const)('asks about each of the two where it is a %s of a mail with a problem', async (as) => {
      await doubtful.mark(7, as);
      await split(member, 7, { leave: () => undefined });
      expect(await doubtful.of(8)).toBe(as);
    });

    it('asks before the subject comes out that another hid, in the mail of its own too', async () => {
      await choices.choose(7, { answersHidden: true, mode: 'protect-all' });
      await split(member, 7, { leave: () => undefined });
      expect(await choices.of(8)).toEqual({ answersHidden: true }); // how the rest goes was chosen for those inside
    });

    it('leaves the window as it is where the other cannot be opened', async () => {
      vi.spyOn(console, 'error').mockImplementation(() => undefined);
      thunderbird.stub('compose.beginNew', () => Promise.reject(new Error('no window')));
      await split(member, 7, { leave: () => undefined });
      expect(set).toEqual([]);
      expect(told()).toMatchObject({ reason: { code: 'fault' } });
    });

    it('does nothing where there is no mix', async () => {
      Object.assign(window.details, { to: [MIKA], cc: [], bcc: [] });
      await split(member, 7, { leave: () => undefined });
      expect([begun, set]).toEqual([[], []]);
    });
  });

  it('is not allowed while the organisation cannot be asked', async () => {
    vi.spyOn(console, 'error').mockImplementation(() => undefined);
    member.server.bend = (path) => (path === '/ssmax/v1/requests' ? { status: 503, header: () => undefined, body: new Uint8Array(0) } : undefined);
    expect(await sending.beforeSend(TAB, window.details)).toEqual({ cancel: true });
  });
});
