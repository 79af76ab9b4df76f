import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { NotSentView, SendingView } from '../../extension/host.ts';
import { rememberCorrespondents } from '../../extension/member/correspondents.ts';
import { enrol } from '../../extension/member/enrol.ts';
import { previewDraft } from '../../extension/member/preview.ts';
import { choices } from '../../extension/thunderbird/choices.ts';
import { doubtful } from '../../extension/thunderbird/doubtful.ts';
import { explanation } from '../../extension/thunderbird/explanations.ts';
import { Sending } from '../../extension/thunderbird/sending.ts';
import { concat } from '../../src/core/bytes.ts';
import { SsmaxError } from '../../src/core/error.ts';
import { judgeMail } from '../../src/flow/open.ts';
import { buildCarrier } from '../../src/mail/carrier.ts';
import { MODES } from '../../src/wire/leg.ts';
import { eventually } from '../eventually.ts';
import { createWorld, type TestWorld } from '../flow/world.ts';
import { fakeComposeWindow, type FakeWindow, thunderbird } from './fake-thunderbird.ts';
import { createTestMember, type TestMember } from './member-world.ts';

vi.mock('webextension-polyfill', async () => ({ default: (await import('./fake-thunderbird.ts')).thunderbird.api }));

const TAB = { id: 7, type: 'messageCompose' } as never;
const TARO = 'taro@hinode.example';
const BODY = 'これは社外秘です。';

let chain: TestWorld;
let member: TestMember;
let window: FakeWindow;
let sending: Sending;

beforeEach(async () => {
  chain = await createWorld();
  const hinode = await chain.addOrganisation('hinode.example', { ja: '日之出市役所', en: 'Hinode City Office' });
  member = createTestMember(chain, hinode);
  await enrol(member, { address: TARO, code: 'ABCD-1234' });
  thunderbird.reset();
  window = {
    details: { from: `山田 太郎 <${TARO}>`, to: ['yuki@hinode.example'], cc: [], bcc: [], replyTo: [], subject: '件名', isPlainText: true, body: '', plainTextBody: BODY, customHeaders: [] },
    files: [new File(['資料'], '資料.txt', { type: 'text/plain' })],
  };
  fakeComposeWindow(window);
  sending = new Sending(member);
});

/** As Thunderbird does: the listener's details are put into the window. */
async function send(): Promise<'cancelled' | 'goes'> {
  const answer = await sending.beforeSend(TAB, window.details);
  if (answer !== undefined && 'cancel' in answer) return 'cancelled';
  window.details = { ...window.details, ...answer?.details };
  return 'goes';
}

function told(): NotSentView | undefined {
  const call = thunderbird.calls.filter(({ name }) => name === 'windows.create').at(-1);
  const { url } = (call?.args[0] ?? { url: '' }) as { url: string };
  expect(url).not.toContain(encodeURIComponent('件名'));
  return explanation(Number(/not-sent\.html\?number=(\d+)$/.exec(url)?.[1]));
}

function manage(more: Record<string, unknown>): void {
  const { managed } = member.ports;
  Object.assign(member.ports, { managed: async () => ({ ...(await managed() as object), ...more }) });
}

const names = (): string[] => window.files.map(({ name }) => name);

/** What the window between "send" and sending asks; waits for it. */
async function asked(): Promise<SendingView> {
  return eventually('the window', () => {
    const view = sending.dialog.view(7);
    if (view === undefined || view.stage === 'working') throw new Error('not there');
    return view;
  }, 5);
}

describe('before sending', () => {
  beforeEach(() => {
    thunderbird.stub('windows.create', () => Promise.resolve({ id: 70 }));
    thunderbird.stub('windows.remove', () => Promise.resolve());
    window.details.plainTextBody = '資料を添付します。';
    window.files = [];
    fakeComposeWindow(window);
    thunderbird.stub('windows.create', () => Promise.resolve({ id: 70 }));
    thunderbird.stub('windows.remove', () => Promise.resolve());
  });

  it('asks about what is unusual, and sends when told to', async () => {
    const sent = send();
    expect(await asked()).toMatchObject({ stage: 'confirm', subject: '件名', risks: { mail: [{ kind: 'no-attachment' }] } });
    sending.dialog.decide(7, true);
    expect(await sent).toBe('goes');
    expect(sending.dialog.view(7)).toBeUndefined();
    expect(thunderbird.calls.some(({ name, args }) => name === 'windows.remove' && args[0] === 70)).toBe(true);
  });

  it.each([['reply', { kind: 'answers-problem', recipients: ['yuki@hinode.example'] }], ['forward', { kind: 'forwards-problem' }]] as const)('asks about a %s to a mail with a problem, whatever else is not asked', async (as, risk) => {
    manage({ riskCheck: false });
    await doubtful.mark(7, as);
    const sent = send();
    expect(await asked()).toMatchObject({ stage: 'confirm', risks: { recipients: [], mail: [risk] } });
    sending.dialog.decide(7, false);
    expect(await sent).toBe('cancelled');
    await doubtful.forget(7);
    expect(await send()).toBe('goes');
  });

  it.each(['the button', 'closing the window'])('leaves all as it was after %s, and says nothing more', async (how) => {
    const before = { ...window.details };
    const sent = send();
    await asked();
    if (how === 'the button') sending.dialog.decide(7, false);
    else await sending.dialog.windowClosed(70);
    expect(await sent).toBe('cancelled');
    expect(window.details).toMatchObject(before);
    expect(thunderbird.calls.filter(({ name }) => name === 'windows.create')).toHaveLength(1);
  });

  it('does not ask where the organisation does not want it', async () => {
    manage({ riskCheck: false });
    expect(await send()).toBe('goes');
  });

  it('waits as long as was chosen, and can be cut short or taken back', async () => {
    manage({ riskCheck: false, sendDelay: 60 });
    for (const [go, end] of [[true, 'goes'], [false, 'cancelled']] as const) {
      const sent = send();
      expect(await asked()).toMatchObject({ stage: 'delay' });
      sending.dialog.decide(7, go);
      expect(await sent).toBe(end);
      await sending.afterSend(TAB, { mode: 'sendNow', error: 'aborted' });
    }
  });

  it('sends nothing under settings that it cannot read', async () => {
    manage({ sendDelay: -1 });
    expect(await send()).toBe('cancelled');
    expect(told()?.reason.code).toBe('configuration-invalid');
  });

  it('removes the draft of a mail that went, though nothing more can be written down', async () => {
    const removed: number[] = [];
    manage({ riskCheck: false });
    sending = new Sending(member, undefined, { sent: (tabId) => { removed.push(tabId); return Promise.resolve(); } });
    expect(await send()).toBe('goes');
    member.sealed.sent = () => Promise.reject(new SsmaxError('fault', 'storage-unavailable'));
    await sending.afterSend(TAB, { mode: 'sendNow', headerMessageId: 'x@hinode.example' });
    expect(removed).toEqual([7]);
  });

  it('knows those who were written to', async () => {
    manage({ riskCheck: false });
    await send();
    await sending.afterSend(TAB, { mode: 'sendNow', headerMessageId: 'x@hinode.example' });
    expect(await member.ports.tables.correspondents.all()).toMatchObject([{ address: 'yuki@hinode.example' }]);
  });
});

/** What the recipient sees of the mail that was just sent, judged as his mail program does. */
async function sealedAs(): Promise<{ mode: string; subject: string; outerSubject: string | undefined; clear: boolean }> {
  const cms = new Uint8Array(await window.files[0]?.arrayBuffer() ?? new ArrayBuffer(0));
  const raw = buildCarrier([['From', TARO], ['To', 'yuki@hinode.example'], ['Subject', 'x']], cms);
  const judged = await judgeMail(concat(raw.head, ...raw.body()), {
    native: member.ports.native, credentials: await member.identities.credentials(), addresses: [TARO], trust: await chain.trust(), now: chain.now,
  });
  const { subject = '', outerSubject } = judged.message?.headers ?? {};
  return { mode: judged.mode ?? '', subject, outerSubject, clear: Buffer.from(cms).includes(BODY) };
}

describe('modes', () => {
  beforeEach(() => {
    manage({ riskCheck: false });
    member.server.modes = MODES;
  });

  it.each([['sign-only', true], ['attachments-only', true], ['protect-all', false]] as const)('sends in the mode that was chosen: %s', async (mode, clear) => {
    await choices.choose(7, { mode });
    expect(await send()).toBe('goes');
    expect(await sealedAs()).toEqual({ mode, subject: '件名', outerSubject: undefined, clear });
    expect(window.details.subject).toBe('件名');
  });

  it('protects a mail whole that has no attachments to protect', async () => {
    window.files = [];
    fakeComposeWindow(window);
    await choices.choose(7, { mode: 'attachments-only' });
    await send();
    expect((await sealedAs()).mode).toBe('protect-all');
  });

  it('hides the subject where all is hidden, and gives it back when the mail does not go', async () => {
    await choices.choose(7, { hideSubject: true });
    await send();
    expect(window.details.subject).toBe('[...]');
    expect(await sealedAs()).toMatchObject({ subject: '件名', outerSubject: '[...]' });
    expect((await member.ports.tables.sealed.all()).map(({ subject }) => subject)).toEqual(['[...]']); // nor does it lie readable on this computer
    await sending.afterSend(TAB, { mode: 'sendNow', headerMessageId: null });
    expect(window.details.subject).toBe('件名');
    await choices.choose(7, { mode: 'sign-only' });
    await send();
    expect(window.details.subject).toBe('件名');
  });

  it('hides subjects where the member wants it for all mails, unless he chose otherwise for this one', async () => {
    await member.ports.tables.preferences.put('writing', { hideSubject: true });
    await send();
    expect(window.details.subject).toBe('[...]');
    await sending.afterSend(TAB, { mode: 'sendNow', headerMessageId: null });
    await choices.choose(7, { hideSubject: false });
    await send();
    expect(window.details.subject).toBe('件名');
  });

  it('hides subjects as the organisation says, whatever was chosen', async () => {
    manage({ hideSubject: true });
    await choices.choose(7, { hideSubject: false });
    await send();
    expect(window.details.subject).toBe('[...]');
  });

  it('hides what an answer’s mail hid, though the organisation says that subjects are shown', async () => {
    manage({ hideSubject: false });
    await choices.choose(7, { answersHidden: true });
    await send();
    expect(window.details.subject).toBe('[...]');
  });

  it('remembers what was chosen for these recipients, but asks before less goes than could', async () => {
    thunderbird.stub('windows.remove', () => Promise.resolve());
    await choices.choose(7, { mode: 'sign-only' });
    await send();
    await sending.afterSend(TAB, { mode: 'sendNow', headerMessageId: 'x@hinode.example' });
    Object.assign(window, { files: [], details: { ...window.details, plainTextBody: BODY, customHeaders: [] } });
    fakeComposeWindow(window);
    thunderbird.stub('windows.remove', () => Promise.resolve());
    const next = send();
    expect(await asked()).toMatchObject({ stage: 'confirm', risks: { mail: [{ kind: 'readable', mode: 'sign-only' }] } });
    sending.dialog.decide(7, true);
    await next;
    expect((await sealedAs()).mode).toBe('sign-only');
  });

  it.each([
    ['one of them is somebody else', () => (window.details.cc = [TARO])], ['it answers a mail', () => (window.details.type = 'reply')],
    ['the organisation permits it no more', () => (member.server.modes = ['protect-all'])],
  ])('protects all although less was remembered, where %s', async (_, change) => {
    await rememberCorrespondents(member.ports.tables, [{ address: 'yuki@hinode.example', displayName: '' }], chain.now, 'sign-only');
    change();
    expect(await send()).toBe('goes');
    expect((await sealedAs()).mode).toBe('protect-all');
  });

  it('never sends in another mode than the chosen one: not permitted, or not known whether it is', async () => {
    vi.spyOn(console, 'error').mockImplementation(() => undefined);
    member.server.modes = ['protect-all'];
    await choices.choose(7, { mode: 'sign-only' });
    expect(await send()).toBe('cancelled');
    expect(told()?.reason.code).toBe('mode-not-allowed');
    sending = new Sending(member);
    member.server.bend = (path) => (path.endsWith('/requests') ? new SsmaxError('unavailable', 'network-unreachable') : undefined);
    expect(await send()).toBe('cancelled');
    expect(told()?.reason.code).toBe('network-unreachable');
  });
});

describe('sending', () => {
  it('leaves nothing of the text in the window, and the sealed part alone', async () => {
    expect(await send()).toBe('goes');
    expect(names()).toEqual(['message.ssmax']);
    expect(window.files[0]?.type).toBe('application/cms');
    expect(JSON.stringify(window.details)).not.toContain('社外秘');
    expect(window.details).toMatchObject({ customHeaders: [{ name: 'X-SSMAX', value: '1' }], attachVCard: false });
  });

  it('puts everything back when the server refuses', async () => {
    const before = { ...window.details };
    await send();
    await sending.afterSend(TAB, { mode: 'sendNow', headerMessageId: null });
    expect(names()).toEqual(['資料.txt']);
    expect(await window.files[0]?.text()).toBe('資料');
    expect(window.details).toMatchObject(before);
  });

  it('puts everything back, and stays silent, when the member stopped it', async () => {
    await send();
    await sending.afterSend(TAB, { mode: 'sendNow', error: 'aborted' });
    expect(window.details.plainTextBody).toBe(BODY);
    expect(told()).toBeUndefined();
  });

  it('seals anew what was sealed before and not restored', async () => {
    await send();
    await sending.beforeSend(TAB, window.details);
    expect(names()).toEqual(['message.ssmax']);
    await sending.afterSend(TAB, { mode: 'sendNow', headerMessageId: null });
    expect(window.details.plainTextBody).toBe(BODY);
    expect(names()).toEqual(['資料.txt']);
  });

  it('forgets what has gone', async () => {
    await send();
    await sending.afterSend(TAB, { mode: 'sendNow', headerMessageId: '1@hinode.example' });
    expect(names()).toEqual(['message.ssmax']);
    expect(await member.sealed.find({ messageId: '1@hinode.example' })).toMatchObject({ subject: '件名' });
  });

  it.each([
    ['the directory is out of reach', () => (member.server.bend = () => new SsmaxError('unavailable', 'network-unreachable')), 'network-unreachable'],
    ['a recipient is outside', () => (window.details.cc = ['x@elsewhere.example']), 'recipients-mixed'],
    ['a sealed mail is attached', () => { window.files = [new File(['x'], 'message.ssmax')]; fakeComposeWindow(window); }, 'sealed-attachment'],
    ['another encryption is on', () => (window.details.selectedEncryptionTechnology = { name: 'S/MIME', signMessage: true }), 'other-encryption'],
    ['an attachment cannot be read', () => thunderbird.stub('compose.getAttachmentFile', () => Promise.reject(new Error('gone'))), 'attachment-unreadable'],
    ['a list may not be read', () => {
      window.details.to = ['Friends <Friends>'];
      thunderbird.stub('storage.managed.get', () => Promise.resolve({}));
      thunderbird.stub('permissions.contains', () => Promise.resolve(false));
    }, 'lists-not-allowed'],
    ['the organisation does not want lists', () => {
      window.details.to = ['Friends <Friends>'];
      thunderbird.stub('storage.managed.get', () => Promise.resolve({ addressLists: false }));
    }, 'lists-forbidden'],
    ['the sealed part cannot be attached', () => {
      let calls = 0;
      thunderbird.stub('compose.addAttachment', () => (calls++ === 0 ? Promise.reject(new Error('full')) : Promise.resolve({ id: 1 })));
    }, 'fault'],
    ['this program is at fault', () => thunderbird.stub('compose.listAttachments', () => { throw new TypeError('x'); }), 'fault'],
  ])('does not send, and says why, when %s', async (_, spoil, code) => {
    vi.spyOn(console, 'error').mockImplementation(() => undefined);
    chain.now = new Date(chain.now.getTime() + 120_000);
    spoil();
    expect(await send()).toBe('cancelled');
    expect(told()).toMatchObject({ subject: '件名', reason: { code } });
    expect(told()?.reason.why).toMatch(/[ぁ-ん]/);
    expect(window.details.plainTextBody).toBe(BODY);
  });

  it('cancels even when nothing can be said any more', async () => {
    vi.spyOn(console, 'error').mockImplementation(() => undefined);
    thunderbird.stub('windows.create', () => Promise.reject(new Error('no window')));
    window.details.to = [];
    expect(await send()).toBe('cancelled');
  });

  it('lets a sealed mail go as it is after this program was ended, but nothing in clear beside it', async () => {
    await send();
    const sealed = [...window.files];
    const { details } = window;
    const again = async (change: Record<string, unknown>, files = sealed): Promise<string> => {
      Object.assign(window, { details: { ...details, ...change }, files });
      fakeComposeWindow(window);
      sending = new Sending(member);
      return send();
    };
    expect(await again({})).toBe('goes');
    expect(window.details).toEqual(details);
    expect(await again({ plainTextBody: `${String(details['plainTextBody'])}\n${BODY}` })).toBe('cancelled');
    expect(told()?.reason.code).toBe('sealed-attachment');
    expect(await again({}, [...sealed, new File(['資料'], '資料.txt')])).toBe('cancelled');
    expect(await again({}, [new File(['x'], 'message.ssmax')])).toBe('cancelled');
    await sending.afterSend(TAB, { mode: 'sendNow', headerMessageId: 'x@hinode.example' });
  });

  it('is cancelled at once, though a server does not answer', async () => {
    chain.now = new Date(chain.now.getTime() + 120_000);
    member.server.bend = () => new Promise(() => undefined);
    const sent = send();
    await eventually('the work', () => expect(sending.dialog.view(7)?.stage).toBe('working'), 5);
    sending.dialog.decide(7, false);
    expect(await sent).toBe('cancelled');
    expect([window.details.plainTextBody, names()]).toEqual([BODY, ['資料.txt']]);
    expect(told()).toBeUndefined();
  });

  it('can be cancelled until Thunderbird has it, even when the sealed part is in the window: all is put back', async () => {
    const done: number[] = [];
    const addAttachment = thunderbird.stubbed('compose.addAttachment');
    thunderbird.stub('compose.addAttachment', async (...args: never[]) => {
      const view = sending.dialog.view(7);
      if (view?.stage === 'working') done.push(view.done);
      await addAttachment(...args);
      sending.dialog.decide(7, false);
    });
    expect(await send()).toBe('cancelled');
    expect(done[0]).toBe(0.9);
    expect([window.details.plainTextBody, names()]).toEqual([BODY, ['資料.txt']]);
    expect(told()).toBeUndefined();
    await sending.afterSend(TAB, { mode: 'sendNow', error: 'aborted' }); // nothing is left to put back
    expect(names()).toEqual(['資料.txt']);
  });

  it('answers even when its own window cannot be opened', async () => {
    vi.spyOn(console, 'error').mockImplementation(() => undefined);
    thunderbird.stub('windows.create', () => Promise.reject(new Error('no window')));
    Object.assign(window.details, { plainTextBody: '資料を添付します。' });
    Object.assign(window, { files: [] });
    fakeComposeWindow(window);
    thunderbird.stub('windows.create', () => Promise.reject(new Error('no window')));
    expect(await send()).toBe('cancelled');
  });

  it('waits until what is still being filled into the window is there, and seals that', async () => {
    let filled = (): void => undefined;
    const filling = new Promise<void>((resolve) => (filled = resolve));
    sending = new Sending(member, undefined, { filled: async () => { await filling; return true; } });
    const sent = sending.beforeSend(TAB, window.details);
    window.details = { ...window.details, to: ['hanako@hinode.example'] };
    filled();
    expect(await sent).toMatchObject({ details: { to: ['hanako@hinode.example'] } });
  });

  it('lets mail of an account outside SSMAX go as it is', async () => {
    // With its own encryption, and to a list that this add-on may not read.
    Object.assign(window.details, { from: 'taro@private.example', to: ['Friends <Friends>'], selectedEncryptionTechnology: { name: 'OpenPGP', encryptBody: true } });
    expect(await send()).toBe('goes');
    expect(names()).toEqual(['資料.txt']);
  });

  it.each([
    ['an account in SSMAX', { identityId: 'id1' }, 'cancelled'],
    ['an account outside', { identityId: 'id2' }, 'goes'],
    ['no account that is known', { identityId: 'id9' }, 'goes'],
  ])('takes an outside sender typed in place of the address of %s for what it is', async (_, account, outcome) => {
    Object.assign(window.details, account, { from: 'Taro <elsewhere@private.example>' });
    const envelope = { from: 'elsewhere@private.example', to: [], cc: [], bcc: [] };
    const own = account.identityId === 'id1' ? TARO : 'Taro@private.example';
    const typed = outcome === 'cancelled' ? { kind: 'from-typed', from: 'elsewhere@private.example', account: own } : { kind: 'not-ours' };
    expect(await previewDraft(member, envelope, [], own)).toEqual(typed);
    expect(await send()).toBe(outcome);
    expect(told()?.reason.code).toBe(outcome === 'cancelled' ? 'from-typed' : undefined);
    expect(window.details.plainTextBody).toBe(BODY);
  });

  it('explains a refusal by its reason from the organisation', async () => {
    await send();
    member.server.bend = () => new SsmaxError('unavailable', 'network-unreachable');
    await sending.afterSend(TAB, { mode: 'sendNow', headerMessageId: null });
    expect(told()).toMatchObject({ reason: { code: 'smtp-refused' } }); // not to be had, but something must be said
    expect(window.details.plainTextBody).toBe(BODY);
  });
});
