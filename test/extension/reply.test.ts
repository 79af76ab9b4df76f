// @vitest-environment jsdom
/** Answering and forwarding a mail with a problem: nothing of it is taken over, and it does not go without a question. */
import { beforeEach, expect, it, vi } from 'vitest';
import { doubtful } from '../../extension/thunderbird/doubtful.ts';
import type { ReadingDesk } from '../../extension/thunderbird/reading.ts';
import { fakeComposeWindow, type FakeWindow, thunderbird } from './fake-thunderbird.ts';
import type { TestMember } from './member-world.ts';

vi.mock('webextension-polyfill', async () => ({ default: (await import('./fake-thunderbird.ts')).thunderbird.api }));
const { Replying } = await import('../../extension/thunderbird/reply.ts');

const TAB = { id: 7, type: 'messageCompose' } as never;
const HTML = '<html><body><p>承知しました。</p><div class="moz-cite-prefix">On Monday, Taro wrote:</div><blockquote type="cite">Pay <a href="https://evil.example/">here</a></blockquote><div class="moz-signature">-- <br>花子</div></body></html>';
const PLAIN = '承知しました。\n\nOn Monday, Taro wrote:\n> Pay here: https://evil.example/\n\n-- \n花子\n';
const FORGED_SIGNATURE = 'Pay here: https://evil.example/\n\n-- \nevil, at once\n';
const FORWARD = 'ご確認を。\n\n-------- 転送されたメッセージ --------\nSubject: x\n\nPay here: https://evil.example/\n\n-- \n花子\n';

let window: FakeWindow;
let state: string | undefined;

beforeEach(() => {
  thunderbird.reset();
  state = 'problem';
  window = { details: { relatedMessageId: 5, type: 'reply', isPlainText: true, body: '', plainTextBody: PLAIN, to: ['x@evil.example'] }, files: [] };
});

const replying = (): InstanceType<typeof Replying> => new Replying({ identities: { all: () => Promise.resolve([{ address: 'hanako@tsukimi.example' }]), signer: (address: string) => Promise.resolve(address === 'hanako@tsukimi.example' ? {} : undefined) } } as unknown as TestMember,
  { read: () => Promise.resolve({ reading: state === undefined ? undefined : { judgement: { state }, content: undefined } }) } as unknown as ReadingDesk);

it.each([['plain text', { isPlainText: true }], ['HTML', { isPlainText: false, body: HTML, plainTextBody: '' }]])('quotes nothing of it in an answer, and leaves what was typed: %s', async (_, details) => {
  Object.assign(window.details, details);
  fakeComposeWindow(window);
  await replying().opened(TAB);
  const text = `${String(window.details['body'])}${String(window.details['plainTextBody'])}`;
  expect(text).not.toMatch(/evil|Monday|blockquote|>>/);
  expect(text).toMatch(/承知しました。[\s\S]*花子/);
  expect(await doubtful.of(7)).toBe('reply');
});

/** The member's identity has one. */
function withSignature(): void {
  fakeComposeWindow(window);
  Object.assign(window.details, { identityId: 'id1' });
  thunderbird.stub('accounts.list', () => Promise.resolve([{ identities: [{ id: 'id1', email: 'hanako@tsukimi.example', signature: '花子', signatureIsPlainText: true }] }]));
}

it.each([
  ['a forward', { type: 'forward', plainTextBody: `ご確認を。\n\n-------- 転送されたメッセージ --------\n${FORGED_SIGNATURE}` }],
  ['an answer below its own signature', { type: 'reply', plainTextBody: '承知しました。\n\n-- \n花子\n\nOn Monday, Taro wrote:\n> Pay here: https://evil.example/\n' }],
  ['an answer in HTML', { type: 'reply', isPlainText: false, body: '<div class="moz-cite-prefix">x</div><blockquote type="cite">Pay<div class="moz-signature">evil</div></blockquote><div class="moz-signature">-- <br>花子</div>', plainTextBody: '' }],
  ['a forward in HTML', { type: 'forward', isPlainText: false, body: '<div class="moz-forward-container">Pay</div><div class="moz-signature">-- <br>evil</div>', plainTextBody: '' }],
])('takes no signature of another for the member’s own: %s', async (_, details) => {
  Object.assign(window.details, details);
  withSignature();
  await replying().opened(TAB);
  expect(`${String(window.details['body'])}${String(window.details['plainTextBody'])}`).not.toMatch(/evil|Pay/);
  if (details.type === 'reply') expect(`${String(window.details['body'])}${String(window.details['plainTextBody'])}`).toContain('花子');
});

it.each([
  ['plain text', { isPlainText: true, plainTextBody: `evil\n-------- x --------\n${FORGED_SIGNATURE}` }],
  ['HTML', { isPlainText: false, body: '<p>evil</p><div class="moz-cite-prefix">Pay</div><div class="moz-signature">-- <br>花子 <a href="https://evil.example/">x</a></div>', plainTextBody: 'evil' }],
])('redirects nothing of it, nor has answers go to whom it names: %s', async (_, details) => {
  Object.assign(window.details, { type: 'redirect', from: 'Hanako <hanako@tsukimi.example>', replyTo: ['x@evil.example'], to: [] }, details);
  window.files = [new File(['x'], 'bill.exe')];
  withSignature();
  await replying().opened(TAB);
  expect(JSON.stringify([window.details['isPlainText'] === true ? window.details['plainTextBody'] : window.details['body'], window.details['replyTo']])).not.toMatch(/evil|Pay/);
  expect(window.files).toEqual([]);
  expect(await doubtful.of(7)).toBe('forward');
});

it('leaves what another account redirects', async () => {
  Object.assign(window.details, { type: 'redirect', from: 'hanako@private.example', plainTextBody: 'Pay' });
  fakeComposeWindow(window);
  await replying().opened(TAB);
  expect(window.details['plainTextBody']).toBe('Pay');
});

it('takes neither text nor files over into a forward', async () => {
  Object.assign(window.details, { type: 'forward', plainTextBody: FORWARD });
  window.files = [new File(['x'], 'bill.exe')];
  withSignature();
  await replying().opened(TAB);
  expect(window.details['plainTextBody']).toBe('ご確認を。\n\n-- \n花子\n');
  expect(window.files).toEqual([]);
  expect(await doubtful.of(7)).toBe('forward');
});

it.each([['plain text', { isPlainText: true }], ['HTML', { isPlainText: false, body: '<p>Pay <a href="https://evil.example/">here</a></p>' }]])('takes nothing over where it is written anew: %s', async (_, details) => {
  Object.assign(window.details, { type: 'new', plainTextBody: 'Pay here: https://evil.example/\n' }, details);
  window.files = [new File(['x'], 'bill.exe')];
  fakeComposeWindow(window);
  thunderbird.stub('messages.get', () => Promise.resolve({ author: 'hanako@tsukimi.example <taro@hinode.example>' }));
  await replying().opened(TAB);
  expect(String(details.isPlainText ? window.details['plainTextBody'] : window.details['body'])).not.toContain('evil');
  expect(window.files).toEqual([]);
  expect(await doubtful.of(7)).toBe('forward');
});

it('leaves what is written anew from a template of one’s own', async () => {
  Object.assign(window.details, { type: 'new', plainTextBody: 'Every week\n' });
  fakeComposeWindow(window);
  thunderbird.stub('messages.get', () => Promise.resolve({ author: '花子 <Hanako@tsukimi.example>' }));
  await replying().opened(TAB);
  expect(window.details['plainTextBody']).toBe('Every week\n');
  expect(await doubtful.of(7)).toBeUndefined();
});

it('does so too where it could not be judged for a fault', async () => {
  state = undefined;
  fakeComposeWindow(window);
  await replying().opened(TAB);
  expect(window.details['plainTextBody']).not.toContain('evil');
  expect(await doubtful.of(7)).toBe('reply');
});

it('leaves the text of an answer that is written on, but still asks', async () => {
  fakeComposeWindow(window);
  const one = replying();
  one.leave(5, Promise.resolve());
  await one.opened(TAB);
  expect(window.details['plainTextBody']).toBe(PLAIN);
  expect(await doubtful.of(7)).toBe('reply');
});

it('does not take the member’s next answer for one whose window could not be opened', async () => {
  fakeComposeWindow(window);
  const one = replying();
  const failed = Promise.reject(new Error('no such identity'));
  one.leave(5, failed);
  await failed.catch(() => undefined);
  await one.opened(TAB);
  expect(window.details['plainTextBody']).not.toContain('evil');
});

it.each(['outside', 'cannot-check'])('leaves an answer to a mail that is %s as it is, and asks nothing', async (other) => {
  state = other;
  fakeComposeWindow(window);
  await replying().opened(TAB);
  expect(window.details['plainTextBody']).toBe(PLAIN);
  expect(await doubtful.of(7)).toBeUndefined();
});
