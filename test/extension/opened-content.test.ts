// @vitest-environment jsdom
/** What was opened from a sealed mail leaves sealed again, or not at all, whatever account the window is of. */
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { enrol } from '../../extension/member/enrol.ts';
import { createWorld } from '../flow/world.ts';
import { fakeComposeWindow, type FakeWindow, thunderbird } from './fake-thunderbird.ts';
import { createTestMember, type TestMember } from './member-world.ts';

vi.mock('webextension-polyfill', async () => ({ default: (await import('./fake-thunderbird.ts')).thunderbird.api }));
const { choices } = await import('../../extension/thunderbird/choices.ts');
const { doubtful } = await import('../../extension/thunderbird/doubtful.ts');
const { explanation } = await import('../../extension/thunderbird/explanations.ts');
const { reopen } = await import('../../extension/thunderbird/reopening.ts');
const { Replying } = await import('../../extension/thunderbird/reply.ts');
const { Sending } = await import('../../extension/thunderbird/sending.ts');

const TAB = { id: 7, type: 'messageCompose' } as never;
const TARO = 'taro@hinode.example';
const PRIVATE = 'Taro <taro@private.example>';
const SECRET = '社外秘の内容';
const QUOTED = '\n\nOn Monday, Hanako wrote:\n> このメールはSSMAXで保護されています。\n';

let member: TestMember;
let window: FakeWindow;

beforeEach(async () => {
  const chain = await createWorld();
  member = createTestMember(chain, await chain.addOrganisation('hinode.example', { ja: '日之出市役所', en: 'Hinode City Office' }));
  await enrol(member, { address: TARO, code: 'ABCD-1234' });
  thunderbird.reset();
  window = {
    details: {
      relatedMessageId: 5, type: 'reply', isPlainText: true, body: '', plainTextBody: QUOTED, from: PRIVATE, identityId: 'id2',
      to: ['hanako@tsukimi.example'], cc: [], bcc: [], replyTo: [], subject: 'Re: x', customHeaders: [],
    },
    files: [],
  };
  fakeComposeWindow(window);
  const set = thunderbird.stubbed('compose.setComposeDetails') as (tabId: number, details: Record<string, unknown>) => Promise<void>;
  const from: Record<string, string> = { id1: TARO, id2: PRIVATE };
  thunderbird.stub('compose.setComposeDetails', (tabId: number, details: Record<string, unknown>) =>
    set(tabId, { ...details, ...(typeof details['identityId'] === 'string' && { from: from[details['identityId']] }) }));
  thunderbird.stub('accounts.list', () => Promise.resolve([{ id: 'a1', identities: [{ id: 'id1', email: TARO }] }, { id: 'a2', identities: [{ id: 'id2', email: 'taro@private.example' }] }]));
});

/** What Hanako sealed. */
function deskWith(judgement: object): never {
  const headers = { from: { address: 'hanako@tsukimi.example', displayName: '' }, to: [], cc: [], replyTo: [], subject: 'x', date: new Date() };
  const reading = { judgement: { state: 'verified', code: 'verified', mode: 'protect-all', message: { headers, conflicts: [] }, ...judgement }, content: { text: SECRET, images: [], attachments: [] }, marked: true };
  return { read: () => Promise.resolve({ reading }) } as never;
}

/** The window is filled with what Hanako sealed for this address. */
const answer = (judgement: object): Promise<void> => new Replying(member, deskWith(judgement)).opened(TAB);

const send = async (): Promise<unknown> => new Sending(member).beforeSend(TAB, window.details);
/** Why it did not go. */
function told(): ReturnType<typeof explanation> {
  const [{ url }] = thunderbird.calls.filter(({ name }) => name === 'windows.create').at(-1)?.args as [{ url: string }];
  return explanation(Number(new URL(url).searchParams.get('number')));
}

describe('an answer from an account outside', () => {
  it('moves to the account that the mail was delivered to, before anything opened is in it', async () => {
    await answer({ deliveredTo: TARO });
    expect(window.details).toMatchObject({ identityId: 'id1', from: TARO });
    expect(window.details['plainTextBody']).toContain(SECRET);
    const written = thunderbird.calls.filter(({ name }) => name === 'compose.setComposeDetails').map(({ args }) => JSON.stringify(args));
    expect(written.findIndex((one) => one.includes('id1'))).toBeLessThan(written.findIndex((one) => one.includes(SECRET)));
  });

  it.each([['no address of his', 'somebody@hinode.example'], ['none that is known', undefined]])('is left empty where the mail was delivered to %s', async (_, deliveredTo) => {
    await answer({ deliveredTo });
    expect(window.details['plainTextBody']).toBe(QUOTED);
    expect(window.details['from']).toBe(PRIVATE);
    expect(await send()).toBeUndefined();
  });

  it('quotes what anybody on the way could read', async () => {
    await answer({ deliveredTo: 'taro@private.example', mode: 'sign-only' });
    expect(window.details['plainTextBody']).toContain(SECRET);
    expect(window.details['from']).toBe(PRIVATE);
    expect(await send()).toBeUndefined();
  });
});

describe('a window with what was opened', () => {
  it('does not leave in clear after its sender was changed', async () => {
    Object.assign(window.details, { from: TARO, identityId: 'id1' });
    await answer({ deliveredTo: TARO });
    Object.assign(window.details, { from: PRIVATE, identityId: 'id2' });
    expect(await send()).toEqual({ cancel: true });
    expect(told()?.reason).toMatchObject({ code: 'opened-content-outside', why: expect.stringContaining('taro@private.example') as string, fix: expect.stringContaining(TARO) as string });
  });

  it('does not leave in clear where it is a draft that was opened again', async () => {
    thunderbird.stub('compose.beginNew', () => Promise.resolve({ id: 7 }));
    await reopen({ to: [], cc: [], bcc: [], replyTo: [], subject: 'x', plainText: true, choice: {} }, { text: SECRET, images: [], attachments: [] }, { begun: '', identityId: 'id1', sealedBy: TARO, replying: { leave: () => undefined } });
    expect(await send()).toEqual({ cancel: true });
    expect(told()?.reason.code).toBe('opened-content-outside');
  });
});

describe('a window that was open before the add-on was switched on', () => {
  const found = (judgement: object): Promise<void> => new Replying(member, deskWith(judgement)).found(7);

  it.each([['was delivered to the member', { deliveredTo: TARO }], ['cannot be opened now', { state: 'cannot-check', code: 'key-locked', message: undefined }]])('does not leave in clear where the mail that it answers %s', async (_, judgement) => {
    await found(judgement);
    expect(window.details['plainTextBody']).toBe(QUOTED);
    expect(await send()).toEqual({ cancel: true });
    expect(told()?.reason.code).toBe('opened-content-outside');
  });

  it('does not leave in clear after its sender was changed', async () => {
    Object.assign(window.details, { from: TARO, identityId: 'id1', type: 'new', relatedMessageId: undefined });
    await found({});
    Object.assign(window.details, { from: PRIVATE, identityId: 'id2' });
    expect(await send()).toEqual({ cancel: true });
    expect(told()?.reason.code).toBe('opened-content-outside');
  });

  it('still hides the subject that another hid, and asks about an answer to a mail with a problem', async () => {
    const headers = { subject: 'x', outerSubject: '[...]' };
    await found({ message: { headers, conflicts: [] } });
    expect(await choices.of(7)).toEqual({ answersHidden: true });
    expect(await doubtful.of(7)).toBeUndefined();
    await found({ state: 'problem', code: 'altered' });
    expect(await doubtful.of(7)).toBe('reply');
  });

  it('is waited for until both who found it and who heard of it are done', async () => {
    const outside = { reading: { judgement: { state: 'outside', code: 'outside' }, marked: false } };
    let finish = (): void => undefined;
    const slow = new Promise((resolve) => { finish = () => { resolve(outside); }; });
    const read = vi.fn().mockReturnValueOnce(slow).mockResolvedValue(outside);
    const replying = new Replying(member, { read } as never);
    const opened = replying.opened(TAB);
    await vi.waitFor(() => { expect(read).toHaveBeenCalledTimes(1); });
    const found = replying.found(7);
    await vi.waitFor(() => { expect(read).toHaveBeenCalledTimes(2); });
    let filled = false;
    const waiting = replying.filled(7).then(() => { filled = true; });
    await new Promise((resolve) => { setImmediate(resolve); });
    expect(filled).toBe(false);
    finish();
    await Promise.all([opened, found, waiting]);
    expect(await replying.filled(7)).toBe(false);
  });

  it('is left alone where it answers what came from outside', async () => {
    const reading = { judgement: { state: 'outside', code: 'outside' }, marked: false };
    await new Replying(member, { read: () => Promise.resolve({ reading }) } as never).found(7);
    expect(await choices.of(7)).toEqual({});
    expect(await send()).toBeUndefined();
  });
});

describe('a redirect', () => {
  beforeEach(() => Object.assign(window.details, { type: 'redirect', plainTextBody: 'Pay now.', to: [TARO] }));

  it('that another account opened does not go once its sender is changed to the member', async () => {
    await new Replying(member, {} as never).opened(TAB);
    window.details = { ...window.details, from: TARO, identityId: 'id1' };
    expect(await send()).toEqual({ cancel: true });
    expect(told()?.reason.code).toBe('redirect-by-another');
    expect(window.details['plainTextBody']).toBe('Pay now.');
  });

  it('that was looked at as it opened is not held for that', async () => {
    window.details = { ...window.details, from: TARO, identityId: 'id1' };
    await answer({ state: 'cannot-check', code: 'key-locked' });
    expect(await send()).toHaveProperty('details');
  });
});
