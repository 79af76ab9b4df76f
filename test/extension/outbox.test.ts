/** Mails that wait in the outbox until the gateway would refuse them. */
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { enrol } from '../../extension/member/enrol.ts';
import { sealDraft } from '../../extension/member/seal.ts';
import { reopenSealed } from '../../extension/member/waiting.ts';
import { choices } from '../../extension/thunderbird/choices.ts';
import { Outbox } from '../../extension/thunderbird/outbox.ts';
import { replaced } from '../../extension/thunderbird/replaced.ts';
import { type Bytes, utf8 } from '../../src/core/bytes.ts';
import { parseSignedData } from '../../src/core/cms/signed-data.ts';
import { requireFresh } from '../../src/flow/verify-leg.ts';
import { buildCarrier, findCarrier, mailBytes } from '../../src/mail/carrier.ts';
import { formatText } from '../../src/mail/header.ts';
import { parseMime } from '../../src/mail/mime.ts';
import { createWorld, type TestWorld } from '../flow/world.ts';
import { fakeComposeWindow, thunderbird } from './fake-thunderbird.ts';
import { createTestMember, type TestMember } from './member-world.ts';

vi.mock('webextension-polyfill', async () => ({ default: (await import('./fake-thunderbird.ts')).thunderbird.api }));

const TARO = 'taro@hinode.example';
const HOUR = 3_600_000;

let chain: TestWorld;
let member: TestMember;
let outbox: Outbox;
let folder: Map<number, Bytes>;
let made: Record<string, unknown> | undefined;

beforeEach(async () => {
  chain = await createWorld();
  member = createTestMember(chain, await chain.addOrganisation('hinode.example', { ja: '日之出市役所', en: 'Hinode City Office' }));
  await enrol(member, { address: TARO, code: 'ABCD-1234' });
  thunderbird.reset();
  fakeComposeWindow({ details: {}, files: [] });
  folder = new Map();
  made = undefined;
  thunderbird.stub('folders.query', ({ specialUse }: { specialUse: string[] }) => Promise.resolve(specialUse[0] === 'outbox' ? [{ id: 'outbox1' }] : []));
  thunderbird.stub('messages.query', () => Promise.resolve({ messages: [...folder.keys()].map((id) => ({ id, subject: '見積書', recipients: ['yuki@hinode.example'] })) }));
  thunderbird.stub('messages.getRaw', (id: number) => Promise.resolve(new File([folder.get(id) ?? new Uint8Array(0)], 'mail')));
  thunderbird.stub('accounts.list', () => Promise.resolve([{ identities: [{ id: 'id1', email: TARO }] }]));
  thunderbird.stub('compose.beginNew', (details: Record<string, unknown>) => {
    made = details;
    return Promise.resolve({ id: 9 });
  });
  outbox = new Outbox(member, { leave: () => undefined });
});

async function wait(id: number, changes: object = {}): Promise<void> {
  const draft = { from: TARO, to: ['雪 <yuki@hinode.example>'], cc: [], bcc: ['hisoka@hinode.example'], replyTo: [], subject: '見積書', text: '本文です。', images: [], attachments: [{ name: 'a.txt', type: 'text/plain', bytes: utf8('資料') }], ...changes };
  const sealed = await sealDraft(member, draft);
  if (sealed.kind !== 'sealed') throw new Error('not ours');
  folder.set(id, mailBytes(buildCarrier([['From', TARO], ['To', 'yuki@hinode.example'], ['Subject', formatText('hideSubject' in changes ? '[...]' : '見積書', 'Subject')], ['Date', chain.now.toUTCString()]], sealed.cms)));
}

const opened = (): string[] => thunderbird.calls.filter(({ name }) => name === 'windows.create').map(({ args }) => (args[0] as { url: string }).url);
const later = (hours: number): void => {
  chain.now = new Date(chain.now.getTime() + hours * HOUR);
};

describe('a mail in the outbox', () => {
  it('is asked about before the gateway would refuse it, and not while that takes it', async () => {
    await wait(1);
    later(5 * 24 - 2);
    expect(await outbox.waiting()).toEqual([]);
    later(1.5);
    expect(await outbox.waiting()).toMatchObject([{ id: 1, subject: '見積書' }]);
    const carrier = findCarrier(parseMime(folder.get(1) ?? new Uint8Array(0), 'outer'));
    if (carrier.kind === 'none') throw new Error('no carrier');
    const { signingTime } = parseSignedData(carrier.cms).signer.attributes;
    requireFresh(signingTime, chain.now); // there is still time
    later(1);
    expect(() => requireFresh(signingTime, chain.now)).toThrowError('sealed-too-long-ago');
  });

  it('is asked about when Thunderbird starts, then hourly', async () => {
    await wait(1);
    await outbox.look();
    expect(opened()).toEqual([]);
    later(6 * 24);
    await outbox.look();
    expect(opened()).toEqual(['moz-extension://x/waiting.html']);
    await outbox.look();
    expect(opened()).toHaveLength(1);
    later(1.1);
    await outbox.look();
    expect(opened()).toHaveLength(2);
  });

  it('that cannot be read does not hide the others, and a look that failed is made again', async () => {
    await wait(1);
    await wait(2);
    later(6 * 24);
    const log = vi.spyOn(console, 'error').mockReturnValue();
    thunderbird.stub('messages.getRaw', (id: number) => (id === 1 ? Promise.reject(new Error('just being sent')) : Promise.resolve(new File([folder.get(id) ?? new Uint8Array(0)], 'mail'))));
    expect(await outbox.waiting()).toMatchObject([{ id: 2 }]);
    expect(log).toHaveBeenCalledOnce();
    folder.delete(2);
    await outbox.look();
    expect(opened()).toEqual([]);
    folder.set(2, folder.get(1) ?? new Uint8Array(0));
    thunderbird.stub('folders.query', () => Promise.reject(new Error('not yet')));
    await expect(outbox.look()).rejects.toThrow('not yet');
    thunderbird.stub('folders.query', () => Promise.resolve([{ id: 'outbox' }]));
    thunderbird.stub('windows.create', () => Promise.reject(new Error('no window yet')));
    await expect(outbox.look()).rejects.toThrow('no window yet');
    thunderbird.stub('windows.create', () => Promise.resolve({}));
    const before = opened().length;
    await outbox.look();
    await outbox.look();
    expect(opened()).toHaveLength(before + 1);
    log.mockRestore();
  });

  it('opens as it was written, Bcc and files too, and goes when the new one is sent', async () => {
    await wait(1, { hideSubject: true });
    later(6 * 24);
    expect(await outbox.again(1)).toBeUndefined();
    expect(made).toMatchObject({
      to: ['"雪" <yuki@hinode.example>'], cc: [], bcc: ['hisoka@hinode.example'], subject: '見積書', isPlainText: true, plainTextBody: expect.stringContaining('本文です。') as string, identityId: 'id1',
      attachments: [{ file: expect.objectContaining({ name: 'a.txt' }) as object }],
    });
    expect(await choices.of(9)).toEqual({ mode: 'protect-all', hideSubject: true, answersHidden: true });
    expect(await replaced.by(9)).toBe(1);
  });

  it('that is not sealed, or no mail, is left alone', async () => {
    folder.set(1, utf8('Subject: x\r\n\r\nx\r\n'));
    folder.set(2, utf8('X-SSMAX: 1\r\nX-SSMAX: 1\r\n\r\n'));
    later(6 * 24);
    expect(await outbox.waiting()).toEqual([]);
  });

  it('of somebody else is not opened, and it is said why', async () => {
    await wait(1);
    const other = createTestMember(chain, await chain.addOrganisation('tsukimi.example', { ja: '月見製作所', en: 'Tsukimi Works' }));
    await enrol(other, { address: 'hanako@tsukimi.example', code: 'ABCD-1234' });
    await expect(reopenSealed(other, folder.get(1) ?? new Uint8Array(0))).rejects.toThrowError('mail-not-reopened');
    expect(await new Outbox(other, { leave: () => undefined }).again(1)).toMatchObject({ code: 'mail-not-reopened' });
    expect(made).toBeUndefined();
  });
});
