import { beforeEach, describe, expect, it, vi } from 'vitest';
import { enrol, type FreshKeys, lockFreshKey } from '../../extension/member/enrol.ts';
import { readMail } from '../../extension/member/read.ts';
import { choices } from '../../extension/thunderbird/choices.ts';
import { Drafts } from '../../extension/thunderbird/drafts.ts';
import { explanation } from '../../extension/thunderbird/explanations.ts';
import { openedContent } from '../../extension/thunderbird/opened-content.ts';
import { utf8 } from '../../src/core/bytes.ts';
import { SsmaxError } from '../../src/core/error.ts';
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
let drafts: Drafts;
/** The Drafts folder: what was put there, by number. */
let folder: Map<number, Uint8Array>;
let left: number[];
let said: string[];

beforeEach(async () => {
  chain = await createWorld();
  member = createTestMember(chain, await chain.addOrganisation('hinode.example', { ja: '日之出市役所', en: 'Hinode City Office' }));
  await enrol(member, { address: TARO, code: 'ABCD-1234' });
  thunderbird.reset();
  window = {
    details: {
      from: TARO, to: ['yuki@hinode.example'], cc: ['仲間 <仲間>'], bcc: ['hisoka@hinode.example'], replyTo: [], subject: '人事の件', type: 'new', isPlainText: true, body: '',
      plainTextBody: BODY, customHeaders: [], identityId: 'id1',
    },
    files: [new File(['資料'], '資料.txt', { type: 'text/plain' })],
  };
  fakeComposeWindow(window);
  folder = new Map();
  left = [];
  said = [];
  thunderbird.stub('accounts.list', () => Promise.resolve([{ id: 'account1', identities: [{ id: 'id1', email: TARO }] }]));
  thunderbird.stub('folders.query', ({ accountId }: { accountId: string }) => Promise.resolve(accountId === 'account1' ? [{ id: 'drafts1' }] : []));
  thunderbird.stub('messages.import', async (file: File) => {
    const id = 100 + folder.size;
    folder.set(id, new Uint8Array(await file.arrayBuffer()));
    return { id };
  });
  thunderbird.stub('messages.delete', (ids: number[]) => {
    for (const id of ids) folder.delete(id);
    return Promise.resolve();
  });
  thunderbird.stub('messages.getRaw', (id: number) => Promise.resolve(new File([folder.get(id) as BlobPart], 'mail')));
  thunderbird.stub('messages.query', () => Promise.resolve({ messages: [...folder.keys()].map((id) => ({ id, subject: '人事の件' })) }));
  thunderbird.stub('tabs.remove', () => Promise.resolve());
  drafts = new Drafts(member, (_, text) => Promise.resolve(void said.push(text)), { leave: (id) => void left.push(id) });
});

const stored = (): string => [...folder.values()].map((raw) => Buffer.from(raw).toString()).join('\n');
const last = (): number => [...folder.keys()].at(-1) ?? 0;

describe('a sealed draft', () => {
  it('shows nothing of text, recipients and files where it is stored, and the window stays as it is', async () => {
    const before = { ...window.details };
    await drafts.save(7);
    expect(folder.size).toBe(1);
    for (const secret of [BODY, 'yuki', 'hisoka', '資料', '仲間'].flatMap((one) => [one, Buffer.from(one).toString('base64').slice(0, -4)])) expect(stored(), secret).not.toContain(secret);
    expect(window.details).toEqual({ ...before, isModified: false });
    expect(window.files.map(({ name }) => name)).toEqual(['資料.txt']);
    expect(said).toEqual(['下書きを保護して保存しました']);
  });

  it('keeps what is typed meanwhile: the window counts as changed', async () => {
    thunderbird.stub('messages.import', async (file: File) => {
      window.details = { ...window.details, plainTextBody: `${BODY}と続けた` };
      folder.set(1, new Uint8Array(await file.arrayBuffer()));
      return { id: 1 };
    });
    await drafts.save(7);
    expect(window.details).toMatchObject({ plainTextBody: `${BODY}と続けた` });
    expect(window.details['isModified']).not.toBe(false);
  });

  it('hides its subject as the mail will', async () => {
    await drafts.save(7);
    expect(stored()).toContain(`Subject: =?utf-8?B?${Buffer.from('人事の件').toString('base64')}?=`);
    await choices.choose(7, { hideSubject: true });
    await drafts.save(7);
    expect(stored()).toContain('Subject: [...]');
  });

  it('hides the subject that it answers hidden, and is opened again so', async () => {
    await choices.choose(7, { answersHidden: true });
    await drafts.save(7);
    expect(stored()).toContain('Subject: [...]');
    const { draft } = await readMail(member, folder.get(last()) as Uint8Array<ArrayBuffer>, chain.now);
    expect(draft?.choice).toEqual({ hideSubject: true });
  });

  it('is opened again whatever it holds: a thousand and one recipients, an answer to a mail with an endless Message-ID', async () => {
    const to = Array.from({ length: 1_001 }, (_, i) => `yuki${i}@hinode.example`);
    const answered = `${'x'.repeat(1_001)}@evil.example`;
    thunderbird.stub('messages.get', () => Promise.resolve({ headerMessageId: answered }));
    Object.assign(window.details, { to, subject: '件'.repeat(300), type: 'reply', relatedMessageId: 9 });
    await drafts.save(7);
    const { draft } = await readMail(member, folder.get(last()) as Uint8Array<ArrayBuffer>, chain.now);
    expect(draft).toMatchObject({ to, answers: answered });
  });

  it('is stored though the mail that it answers was deleted meanwhile', async () => {
    thunderbird.stub('messages.get', () => Promise.reject(new Error('Message not found: 9.')));
    Object.assign(window.details, { type: 'reply', relatedMessageId: 9 });
    await drafts.save(7);
    expect(folder.size).toBe(1);
  });

  it('takes the place of the one before, and goes when the mail has gone', async () => {
    await drafts.save(7);
    const first = last();
    await drafts.save(7);
    expect([...folder.keys()]).not.toContain(first);
    expect(folder.size).toBe(1);
    await drafts.sent(7);
    expect(folder.size).toBe(0);
  });

  it.each(['by the button', 'by Thunderbird'])('of what was opened as this address is of this address, whatever account it is written in: saved %s', async (how) => {
    await openedContent.mark(7, TARO);
    Object.assign(window.details, { from: 'taro@private.example', identityId: 'id2' });
    thunderbird.stub('accounts.list', () => Promise.resolve([{ id: 'account1', identities: [{ id: 'id1', email: TARO }] }, { id: 'account2', identities: [{ id: 'id2', email: 'taro@private.example' }] }]));
    expect(await drafts.wanted(7)).toBe(true);
    if (how === 'by the button') await drafts.save(7);
    else {
      folder.set(1, new Uint8Array(0));
      await drafts.saved(TAB, { mode: 'autosave', messages: [{ id: 1 }], details: window.details } as never);
    }
    expect(folder.size).toBe(1);
    const { judgement } = await readMail(member, folder.get(last()) as Uint8Array<ArrayBuffer>, chain.now);
    expect(judgement).toMatchObject({ code: 'own-draft', sender: { address: TARO } });
    expect(stored()).toContain('X-Identity-Key: id1');
  });

  it('is read as a draft, by its writer alone', async () => {
    await drafts.save(7);
    const raw = folder.get(last()) ?? new Uint8Array(0);
    const reading = await readMail(member, raw as Uint8Array<ArrayBuffer>, chain.now);
    expect(reading).toMatchObject({ judgement: { state: 'verified', code: 'own-draft', message: { conflicts: [], headers: { to: [{ address: 'yuki@hinode.example' }] } } }, content: { text: expect.stringContaining(BODY) as string } });
    expect(reading.files.map(({ name }) => name)).toEqual(['資料.txt']);
    const other = createTestMember(chain, await chain.addOrganisation('tsukimi.example', { ja: '月見製作所', en: 'Tsukimi Works' }));
    await enrol(other, { address: 'hanako@tsukimi.example', code: 'ABCD-1234' });
    const theirs = await readMail(other, raw as Uint8Array<ArrayBuffer>, chain.now);
    expect(theirs.judgement.state).not.toBe('verified');
    expect(theirs).not.toHaveProperty('content');
  });

  describe('opened for editing', () => {
    let made: Record<string, unknown>;

    beforeEach(async () => {
      thunderbird.stub('compose.beginNew', (details: Record<string, unknown>) => {
        made = details;
        return Promise.resolve({ id: 8 });
      });
      await choices.choose(7, { mode: 'attachments-only', hideSubject: true });
      await drafts.save(7);
      thunderbird.stub('compose.listAttachments', () => Promise.resolve([{ id: 1, name: 'message.ssmax' }]));
      window.details = { ...window.details, type: 'draft', relatedMessageId: last(), plainTextBody: 'このメールはSSMAXで保護されています。読むには、…' };
    });

    it('is a window with all of it, what was chosen too, in place of Thunderbird’s', async () => {
      await drafts.opened(TAB);
      expect(made).toMatchObject({
        to: ['yuki@hinode.example'], cc: ['仲間 <仲間>'], bcc: ['hisoka@hinode.example'], subject: '人事の件', plainTextBody: expect.stringContaining(BODY) as string, isPlainText: true, identityId: 'id1',
        attachments: [{ file: expect.objectContaining({ name: '資料.txt' }) as object }],
      });
      expect(await choices.of(8)).toEqual({ mode: 'attachments-only', hideSubject: true, answersHidden: true });
      expect(thunderbird.calls.filter(({ name }) => name === 'tabs.remove').map(({ args }) => args[0])).toEqual([7]);
      await drafts.sent(8);
      expect(folder.size).toBe(0);
    });

    it('keeps what was typed before it was open', async () => {
      window.details['plainTextBody'] = `追記${String(window.details['plainTextBody'])}`;
      await drafts.opened(TAB);
      expect(made['plainTextBody']).toMatch(/^追記\n/);
    });

    it('of somebody else is not put into a window, and the member is told', async () => {
      const other = createTestMember(chain, await chain.addOrganisation('tsukimi.example', { ja: '月見製作所', en: 'Tsukimi Works' }));
      await enrol(other, { address: 'hanako@tsukimi.example', code: 'ABCD-1234' });
      await new Drafts(other, () => Promise.resolve(), { leave: () => undefined }).opened(TAB);
      expect(thunderbird.calls.some(({ name }) => name === 'compose.beginNew')).toBe(false);
      expect(told()).toMatchObject({ failed: 'draft-opened', reason: { code: 'draft-unreadable' } });
    });
  });

  it('of an answer is an answer again, where the mail it answers is still there', async () => {
    window.details = { ...window.details, type: 'reply', relatedMessageId: 3 };
    thunderbird.stub('messages.get', () => Promise.resolve({ headerMessageId: 'asked@x' }));
    thunderbird.stub('compose.beginReply', () => Promise.resolve({ id: 8 }));
    await drafts.save(7);
    thunderbird.stub('compose.listAttachments', () => Promise.resolve([{ id: 1, name: 'message.ssmax' }]));
    thunderbird.stub('messages.query', ({ headerMessageId }: { headerMessageId: string }) => Promise.resolve({ messages: headerMessageId === 'asked@x' ? [{ id: 3 }] : [] }));
    window.details = { ...window.details, type: 'draft', relatedMessageId: last() };
    await drafts.opened(TAB);
    expect(thunderbird.calls.find(({ name }) => name === 'compose.beginReply')?.args.slice(0, 2)).toEqual([3, 'replyToSender']);
    expect(left).toEqual([3]);
  });

  it.each([['named by Thunderbird', [{ id: 50 }]], ['to be looked for', []]])('takes the place of what Thunderbird stored in clear, %s', async (_, messages) => {
    folder.set(50, utf8(`Subject: =?utf-8?B?${Buffer.from('人事の件').toString('base64')}?=\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n${BODY}\r\n`));
    folder.set(51, utf8(`Subject: =?utf-8?B?${Buffer.from('人事の件').toString('base64')}?=\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n別の下書き\r\n`));
    await drafts.saved(TAB, { mode: 'draft', messages: messages as never, details: window.details });
    expect([...folder.keys()]).toEqual([51, 102]);
    expect(Buffer.from(folder.get(102) ?? []).toString()).toContain('message.ssmax');
  });

  describe('with a key under a passphrase', () => {
    const PASSPHRASE = '月夜に 三羽の 兎 はねた';
    /** What the member does when he is asked for it. */
    let asked: () => Promise<void>;
    const saved = (mode: 'draft' | 'autoSave'): Promise<void> => drafts.saved(TAB, { mode, messages: [{ id: 50 }] as never, details: window.details });
    const sealed = (): boolean => folder.size === 1 && stored().includes('message.ssmax');

    beforeEach(async () => {
      const locking: FreshKeys = new Map();
      chain = await createWorld();
      member = createTestMember(chain, await chain.addOrganisation('hinode.example', { ja: '日之出市役所', en: 'Hinode City Office' }));
      await enrol(member, { address: TARO, code: 'ABCD-1234', lock: true }, locking);
      await lockFreshKey(member.identities, TARO, PASSPHRASE, locking);
      asked = () => Promise.reject(new SsmaxError('refused', 'key-locked'));
      drafts = new Drafts(member, (_, text) => Promise.resolve(void said.push(text)), { leave: () => undefined }, () => asked());
      folder.set(50, utf8(`Subject: x\r\n\r\n${BODY}\r\n`));
      thunderbird.stub('messages.get', (id: number) => (folder.has(id) ? Promise.resolve({ id }) : Promise.reject(new Error('gone'))));
    });

    it('asks who saves for it, by the button and by Thunderbird’s own menu', async () => {
      asked = () => member.identities.unlock(PASSPHRASE, 15);
      await drafts.save(7);
      expect([...folder.keys()]).toEqual([50, 101]);
      await saved('draft');
      expect(sealed()).toBe(true);
    });

    it('saved once more, has the text of then: what waited only goes', async () => {
      await saved('autoSave');
      asked = () => member.identities.unlock(PASSPHRASE, 15);
      await drafts.save(7);
      expect([...folder.keys()]).toEqual([101]);
      await drafts.unlocked();
      expect([...folder.keys()]).toEqual([101]);
    });

    it('takes the place of what was saved unasked once the key is unlocked, and nothing asks before', async () => {
      asked = () => Promise.reject(new Error('asked'));
      await saved('autoSave');
      expect(stored()).toContain(BODY);
      expect(said).toEqual(['下書きは、鍵を開くと保護されます']);
      expect(thunderbird.calls.some(({ name }) => name === 'windows.create')).toBe(false);
      await member.identities.unlock(PASSPHRASE, 15);
      await drafts.unlocked();
      expect(sealed()).toBe(true);
      await drafts.unlocked();
      expect(sealed()).toBe(true);
    });

    it('takes no place where Thunderbird removed what it had saved: the mail was thrown away', async () => {
      await saved('autoSave');
      folder.clear();
      await member.identities.unlock(PASSPHRASE, 15);
      await drafts.unlocked();
      expect(folder.size).toBe(0);
    });

    it('tells whoever closed the window, or the question, that it still lies there in clear, with the way out', async () => {
      thunderbird.stub('compose.listAttachments', () => Promise.reject(new Error('the window is gone')));
      thunderbird.stub('messages.listAttachments', () => Promise.resolve([]));
      drafts = new Drafts(member, () => Promise.reject(new Error('the window is gone')), { leave: () => undefined }, () => asked());
      await saved('draft');
      expect(told()).toMatchObject({ failed: 'draft-saved', reason: { code: 'draft-waits' }, remedy: 'unlock' });
      await member.identities.unlock(PASSPHRASE, 15);
      await drafts.unlocked();
      expect(sealed()).toBe(true);
    });

    it('saves nothing by the button while nobody gives the passphrase', async () => {
      await drafts.save(7);
      expect([...folder.keys()]).toEqual([50]);
      expect(told()).toMatchObject({ reason: { code: 'key-locked' } });
    });
  });

  it.each([
    ['saving failed', () => Promise.resolve(), { mode: 'draft', error: 'full' }],
    ['it is a template', () => Promise.resolve(), { mode: 'template' }],
    ['the account is none of ours', () => Promise.resolve(void (window.details['from'] = 'taro@private.example')), { mode: 'draft' }],
    ['the organisation does not want it', () => {
      const { managed } = member.ports;
      Object.assign(member.ports, { managed: async () => ({ ...(await managed() as object), sealedDrafts: false }) });
      return Promise.resolve();
    }, { mode: 'draft' }],
    ['the member does not want it', () => member.ports.tables.preferences.put('writing', { sealedDrafts: false }), { mode: 'autoSave' }],
  ])('takes no place where %s', async (_, change, info) => {
    await change();
    await drafts.saved(TAB, { ...info, messages: [{ id: 50 }] as never, details: window.details });
    expect(folder.size).toBe(0);
  });

  it.each([
    ['the organisation cannot be reached', 'network-unreachable', () => {
      chain.now = new Date(chain.now.getTime() + 120_000);
      member.server.bend = () => new SsmaxError('unavailable', 'network-unreachable');
    }],
    ['the mail server does not take it', 'draft-not-stored', () => { thunderbird.stub('messages.import', () => Promise.reject(new Error('full'))); }],
    ['there is no Drafts folder', 'draft-not-stored', () => { thunderbird.stub('folders.query', () => Promise.resolve([])); }],
  ])('says why it was not saved where %s, and keeps the text and the draft before', async (_, code, change) => {
    await drafts.save(7);
    change();
    await drafts.save(7);
    expect(folder.size).toBe(1);
    expect(window.details['plainTextBody']).toBe(BODY);
    expect(told()).toMatchObject({ failed: 'draft-saved', subject: '人事の件', reason: { code } });
  });
});

it('says that what Thunderbird stored lies there in clear, where the organisation’s settings cannot be followed', async () => {
  Object.assign(member.ports, { managed: () => Promise.resolve({ sealedDrafts: 'perhaps' }) });
  await drafts.saved(TAB, { mode: 'draft', messages: [{ id: 50 }] as never, details: window.details });
  expect(told()).toMatchObject({ failed: 'draft-saved', reason: { code: 'configuration-invalid' } });
});

function told(): unknown {
  const { url } = thunderbird.calls.findLast(({ name }) => name === 'windows.create')?.args[0] as { url: string };
  return explanation(Number(url.split('=')[1]));
}
