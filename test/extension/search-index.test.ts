import { beforeEach, describe, expect, it } from 'vitest';
import { searchChoice } from '../../extension/member/search-choice.ts';
import { type SearchableMail, SearchIndex } from '../../extension/member/search-index.ts';
import { createWorld } from '../flow/world.ts';
import { createTestMember, type TestMember } from './member-world.ts';

const MAIL: SearchableMail = {
  contentDigest: '01', messageId: '1@hinode.example', subject: '見積書の件', from: '山田 太郎（taro@hinode.example）', date: 1,
  text: '庁舎改修工事の見積書をお送りします。ｶﾀﾛｸﾞも同封します。 The Budget is enclosed.',
};

let member: TestMember;
let index: SearchIndex;

beforeEach(async () => {
  const chain = await createWorld();
  member = createTestMember(chain, await chain.addOrganisation('hinode.example', { ja: '日之出市役所', en: 'Hinode City Office' }));
  index = new SearchIndex(member.ports.tables);
});

const found = async (query: string): Promise<string[]> => (await index.search(query)).map(({ messageId }) => messageId);

describe('search over opened mail', () => {
  it('finds words of head and text, in any width and case, all of them', async () => {
    await index.add(MAIL);
    await index.add({ ...MAIL, contentDigest: '02', messageId: '2@hinode.example', subject: '会議', text: '見積もりは別便で。', date: 2 });
    for (const query of ['改修工', '見積書', 'カタログ', 'ＢＵＤＧＥＴ', '太郎 見積書', 'taro@hinode 庁舎']) expect(await found(query), query).toEqual(['1@hinode.example']);
    expect(await found('見積')).toEqual(['2@hinode.example', '1@hinode.example']);
    expect(await found('見積書 予算')).toEqual([]);
    expect(await found('　')).toEqual([]);
  });

  it('shows what stands around the word', async () => {
    await index.add({ ...MAIL, text: `${'あ'.repeat(500)}見積書${'い'.repeat(500)}` });
    const [hit] = await index.search('見積書');
    expect(hit?.around).toMatch(/^…あ+見積書い+…$/);
    expect(hit).not.toHaveProperty('text');
  });

  it('keeps nothing that can be read without the key, and no length to the byte', async () => {
    await index.add(MAIL);
    await index.add({ ...MAIL, contentDigest: '02', messageId: '2@hinode.example', text: `${MAIL.text}x` });
    const records = await member.ports.tables.searchMails.all();
    const bytes = Buffer.concat(records.flatMap(({ name, mail, iv, box }) => [Buffer.from(name), Buffer.from(mail), iv, box]));
    for (const secret of ['見積書', '庁舎', 'Budget', 'taro@hinode.example', '1@hinode.example', 'messageId']) expect(bytes.includes(secret), secret).toBe(false);
    expect(records[0]?.box.length).toBe(records[1]?.box.length);
    const keys = await member.ports.tables.searchKeys.get('keys');
    expect([keys?.aes.extractable, keys?.mac.extractable]).toEqual([false, false]);
  });

  it('keeps a mail once, and none under another’s name', async () => {
    await index.add(MAIL);
    await index.add({ ...MAIL, subject: '改訂' });
    expect([await index.count(), await found('改訂')]).toEqual([1, ['1@hinode.example']]);
    const [record] = await member.ports.tables.searchMails.all();
    if (record === undefined) throw new Error();
    await member.ports.tables.searchMails.put('other', { ...record, name: 'other' });
    expect(await found('改訂')).toEqual(['1@hinode.example']);
  });

  it('finds both of two mails that a server gave one Message-ID', async () => {
    await index.add(MAIL);
    await index.add({ ...MAIL, contentDigest: '02', text: '別のメールです。' });
    expect([await found('庁舎'), await found('別のメール')]).toEqual([[MAIL.messageId], [MAIL.messageId]]);
    await index.remove(MAIL.messageId);
    expect(await index.count()).toBe(0);
  });

  it('forgets one mail, and all of them with their key', async () => {
    await index.add(MAIL);
    await index.remove(MAIL.messageId);
    expect(await found('見積書')).toEqual([]);
    await index.add(MAIL);
    await index.erase();
    expect([await index.count(), await member.ports.tables.searchKeys.get('keys')]).toEqual([0, undefined]);
  });

  it('is off unless chosen, and as the organisation fixed it', async () => {
    expect(await searchChoice({ ...member.ports, managed: () => Promise.resolve(undefined) })).toEqual({ on: false, fixed: false, locked: false });
    await member.ports.tables.preferences.put('search', { search: true });
    expect(await searchChoice(member.ports)).toEqual({ on: true, fixed: false, locked: false });
    expect(await searchChoice({ ...member.ports, managed: () => Promise.resolve({ search: false }) })).toEqual({ on: false, fixed: true, locked: false });
    await expect(searchChoice({ ...member.ports, managed: () => Promise.resolve({ search: 'yes' }) })).rejects.toThrow('configuration-invalid');
  });
});
