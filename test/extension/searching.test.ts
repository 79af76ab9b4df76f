// @vitest-environment jsdom
/** Which mails that are read go into the search index. */
import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { Reading } from '../../extension/member/read.ts';
import type { Shown } from '../../extension/thunderbird/reading.ts';
import { createWorld } from '../flow/world.ts';
import { thunderbird } from './fake-thunderbird.ts';
import { createTestMember, type TestMember } from './member-world.ts';

vi.mock('webextension-polyfill', async () => ({ default: (await import('./fake-thunderbird.ts')).thunderbird.api }));
const { Searching } = await import('../../extension/thunderbird/searching.ts');

let member: TestMember;
beforeEach(async () => {
  thunderbird.reset();
  const chain = await createWorld();
  member = createTestMember(chain, await chain.addOrganisation('hinode.example', { ja: '日之出市役所', en: 'Hinode City Office' }));
  await member.ports.tables.preferences.put('search', { search: true });
});

const READING: Reading = {
  judgement: { state: 'verified', code: 'verified', content: 'opened', organisations: [], contentDigest: '01' },
  notes: { firstFromOrganisation: false }, forwarded: [], files: [], marked: true, idle: false, content: { text: '見積書', attachments: [], images: [] },
};

beforeEach(() => thunderbird.stub('messages.get', () => Promise.resolve({ id: 1 })));

async function kept(reading: Reading): Promise<number> {
  await new Searching(member).read({ message: { id: 1, headerMessageId: '1@x', author: 'taro@hinode.example', subject: '件名', date: new Date(0) }, reading } as Shown);
  return (await member.ports.tables.searchMails.all()).length;
}

it('verified ones do', async () => {
  expect(await kept(READING)).toBe(1);
});

it('drafts, which are another mail at each save, and mails that are not verified do not', async () => {
  expect(await kept({ ...READING, draft: { to: [], cc: [], bcc: [] } as unknown as NonNullable<Reading['draft']> })).toBe(0);
  expect(await kept({ ...READING, judgement: { ...READING.judgement, state: 'problem' } })).toBe(0);
});

describe('a mail that is deleted', () => {
  beforeEach(() => thunderbird.stub('messages.query', () => Promise.resolve({ messages: [] })));

  it('while it is judged is not kept', async () => {
    thunderbird.stub('messages.get', () => Promise.reject(new Error('no such message')));
    expect(await kept(READING)).toBe(0);
  });

  it('while it is being kept is forgotten', async () => {
    const searching = new Searching(member);
    const message = { id: 1, headerMessageId: '1@x', author: 'taro@hinode.example', subject: '件名', date: new Date(0) };
    await Promise.all([searching.read({ message, reading: READING } as Shown), searching.deleted([message] as never)]);
    expect(await member.ports.tables.searchMails.all()).toEqual([]);
  });
});
