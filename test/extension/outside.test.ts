/** Recipients outside SSMAX: what the member is told while writing, asked before sending, and what leaves the window. */
import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { SendingView } from '../../extension/host.ts';
import { enrol } from '../../extension/member/enrol.ts';
import { Planner } from '../../extension/member/plan.ts';
import { previewDraft } from '../../extension/member/preview.ts';
import { explanation } from '../../extension/thunderbird/explanations.ts';
import { Sending } from '../../extension/thunderbird/sending.ts';
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

function asked(): Promise<SendingView> {
  return eventually('the window', () => {
    const view = sending.dialog.view(7);
    if (view === undefined) throw new Error('not there');
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
    const call = thunderbird.calls.filter(({ name }) => name === 'windows.create').at(-1);
    const { url } = (call?.args[0] ?? { url: '' }) as { url: string };
    expect(explanation(Number(/number=(\d+)$/.exec(url)?.[1]))?.reason.code).toBe(code);
  });

  it('is not allowed while the organisation cannot be asked', async () => {
    vi.spyOn(console, 'error').mockImplementation(() => undefined);
    member.server.bend = (path) => (path === '/ssmax/v1/requests' ? { status: 503, header: () => undefined, body: new Uint8Array(0) } : undefined);
    expect(await sending.beforeSend(TAB, window.details)).toEqual({ cancel: true });
  });
});
