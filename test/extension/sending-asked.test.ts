/** What changes while the member is asked about a mail: it goes as he was told, or not at all. */
import { beforeEach, expect, it, vi } from 'vitest';
import type { SendingView } from '../../extension/host.ts';
import { enrol } from '../../extension/member/enrol.ts';
import { choices } from '../../extension/thunderbird/choices.ts';
import { explanation } from '../../extension/thunderbird/explanations.ts';
import { Sending } from '../../extension/thunderbird/sending.ts';
import { MODES } from '../../src/wire/leg.ts';
import { eventually } from '../eventually.ts';
import { createWorld, type TestOrganisation, type TestWorld } from '../flow/world.ts';
import { fakeComposeWindow, type FakeWindow, thunderbird } from './fake-thunderbird.ts';
import { createTestMember, type TestMember } from './member-world.ts';

vi.mock('webextension-polyfill', async () => ({ default: (await import('./fake-thunderbird.ts')).thunderbird.api }));

const TAB = { id: 7, type: 'messageCompose' } as never;
const TARO = 'taro@hinode.example';
const BODY = '資料を添付します。';

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
  thunderbird.reset();
  window = { details: { from: TARO, to: ['yuki@hinode.example'], cc: [], bcc: [], replyTo: [], subject: '件名', isPlainText: true, body: '', plainTextBody: BODY, customHeaders: [] }, files: [] };
  fakeComposeWindow(window);
  thunderbird.stub('windows.create', () => Promise.resolve({ id: 70 }));
  thunderbird.stub('windows.remove', () => Promise.resolve());
  sending = new Sending(member);
});

function manage(more: Record<string, unknown>): void {
  const { managed } = member.ports;
  Object.assign(member.ports, { managed: async () => ({ ...(await managed() as object), ...more }) });
}

async function asked(): Promise<SendingView> {
  return eventually('the question', () => {
    const view = sending.dialog.view(7);
    if (view?.stage !== 'confirm') throw new Error('not there');
    return view;
  }, 5);
}

/** The code of what the last window of ours explains. */
function told(): string | undefined {
  const { url } = thunderbird.calls.filter(({ name }) => name === 'windows.create').at(-1)?.args[0] as { url: string };
  return explanation(Number(/not-sent\.html\?number=(\d+)$/.exec(url)?.[1]))?.reason.code;
}

it('does not let go in clear what was ours when the question came', async () => {
  const sent = sending.beforeSend(TAB, window.details);
  await asked();
  // The key is gone meanwhile, and the organisation has given up the domain: by now it is the mail of an account outside.
  const { identities } = member.ports.tables;
  vi.spyOn(identities, 'all').mockResolvedValue([]);
  Object.assign(hinode.entry, { domains: ['town.hinode.example'], alwaysSigned: [] });
  chain.now = new Date(chain.now.getTime() + 120_000);
  sending.dialog.decide(7, true);
  expect(await sent).toEqual({ cancel: true });
  expect(told()).toBe('not-enrolled');
  expect([window.details['plainTextBody'], window.files]).toEqual([BODY, []]);
});

const FILE = new File(['資料'], '資料.txt', { type: 'text/plain' });

it.each([['sign-only', []], ['attachments-only', [FILE]]] as const)('asks before a subject that another hid comes out: %s', async (mode, files) => {
  manage({ riskCheck: false });
  member.server.modes = MODES;
  window.files = [...files];
  fakeComposeWindow(window);
  thunderbird.stub('windows.remove', () => Promise.resolve());
  await choices.choose(7, { mode, answersHidden: true });
  for (const go of [false, true]) {
    const sent = sending.beforeSend(TAB, window.details);
    expect(await asked()).toMatchObject({ risks: { recipients: [], mail: [{ kind: 'subject-shown' }] } });
    expect(window.details['subject']).toBe('件名'); // nothing has changed while it is asked
    sending.dialog.decide(7, go);
    expect(await sent).toMatchObject(go ? { details: {} } : { cancel: true });
  }
});

it('does not ask a member who has cancelled: whoever closes the window of the work just before the question is not kept waiting for ever', async () => {
  manage({ riskCheck: true, sendDelay: 60 });
  const { correspondents } = member.ports.tables;
  vi.spyOn(correspondents, 'all').mockImplementation(() => {
    sending.dialog.decide(7, false); // between the plan and the question nothing waits for the member
    return Promise.resolve([]);
  });
  expect(await sending.beforeSend(TAB, window.details)).toEqual({ cancel: true });
  expect([window.details['plainTextBody'], sending.dialog.view(7)]).toEqual([BODY, undefined]);
});

it.each([
  ['it stays hidden', { answersHidden: true }], ['it stays hidden, as there is no file and so all is protected', { answersHidden: true, mode: 'attachments-only' }],
  ['the member chose to show it', { answersHidden: true, hideSubject: false, mode: 'sign-only' }], ['nobody hid it', { mode: 'sign-only' }],
] as const)('does not ask about a subject where %s', async (_, choice) => {
  manage({ riskCheck: false });
  member.server.modes = MODES;
  await choices.choose(7, choice);
  expect(await sending.beforeSend(TAB, window.details)).toHaveProperty('details');
});
