import { expect, it, vi } from 'vitest';
import { digestOfMail, forgetVerdict, type ListedMail, pruneVerdicts, rememberVerdict, rightTags, toLookInto } from '../../extension/member/list-tags.ts';
import type { JudgedMail } from '../../extension/member/records.ts';
import { ListTags } from '../../extension/thunderbird/list-tags.ts';
import { utf8 } from '../../src/core/bytes.ts';
import { createWorld } from '../flow/world.ts';
import { memoryTable } from '../memory-table.ts';
import { fakeComposeWindow, thunderbird } from './fake-thunderbird.ts';
import { createTestMember } from './member-world.ts';

vi.mock('webextension-polyfill', async () => ({ default: (await import('./fake-thunderbird.ts')).thunderbird.api }));

const rows = new Map<string, JudgedMail>();
const table = memoryTable(rows);
const NOW = new Date('2026-11-22T03:00:00Z');
const mail = (changes: Partial<ListedMail> = {}): ListedMail => ({ headerMessageId: '1@x', author: 'taro@hinode.example', subject: '件名', date: NOW, size: 100, tags: [], ...changes });

it('a tag stands on what was judged here and on nothing else', async () => {
  expect(await rightTags(table, mail())).toBeUndefined();
  expect(await rightTags(table, mail({ tags: ['$label1', 'ssmax-verified'] }))).toEqual(['$label1']);
  await rememberVerdict(table, mail(), 'd', 'verified', NOW);
  expect(await rightTags(table, mail({ tags: ['$label1'] }))).toEqual(['$label1', 'ssmax-verified']);
  expect(await rightTags(table, mail({ tags: ['ssmax-verified', '$label1'] }))).toBeUndefined();
  expect(await rightTags(table, mail({ tags: ['ssmax-problem'] }))).toEqual(['ssmax-verified']);
  for (const other of [{ headerMessageId: '2@x' }, { author: 'x' }, { subject: 'x' }, { date: new Date(0) }, { size: 101 }]) expect(await rightTags(table, mail({ ...other, tags: ['ssmax-verified'] }))).toEqual([]);
});

it('a later verdict counts, unless it could not be checked; a deleted mail is forgotten', async () => {
  await rememberVerdict(table, mail(), 'd', 'verified', NOW);
  await rememberVerdict(table, mail(), 'd', 'cannot-check', NOW);
  expect(await rightTags(table, mail())).toEqual(['ssmax-verified']);
  await rememberVerdict(table, mail(), 'd', 'problem', NOW);
  expect(await rightTags(table, mail({ tags: ['ssmax-verified'] }))).toEqual(['ssmax-problem']);
  await rememberVerdict(table, mail(), 'd', 'outside', NOW);
  expect(await rightTags(table, mail({ tags: ['ssmax-problem'] }))).toEqual([]);
  await rememberVerdict(table, mail(), 'd', 'verified', NOW);
  await forgetVerdict(table, mail());
  expect(rows.size).toBe(0);
});

it('a mail that looks the same in the list but says something else has no tag', async () => {
  const copy = mail({ tags: ['ssmax-verified'] });
  const raw = utf8('Subject: x\r\nX-Mozilla-Keys: ssmax-verified\r\n\r\nX-Mozilla-Keys: pay 100\r\n');
  const digest = await digestOfMail(raw);
  await rememberVerdict(table, mail(), digest, 'verified', NOW);
  expect(await rightTags(table, copy, () => digestOfMail(raw))).toBeUndefined();
  // As Thunderbird's own file has the same mail.
  expect(await digestOfMail(utf8('From - Sun Nov 22 2026\nX-Mozilla-Status: 0001\nSubject: x\n\nX-Mozilla-Keys: pay 100\n'))).toBe(digest);
  for (const other of ['Subject: x\r\n\r\nX-Mozilla-Keys: pay 900\r\n', 'Subject: y\r\n\r\nX-Mozilla-Keys: pay 100\r\n', 'Subject: x\r\n\r\npay 100\r\n']) {
    expect(await rightTags(table, copy, () => digestOfMail(utf8(other)))).toEqual([]);
  }
});

it('of many tagged mails the newest are looked into, and all that look the same as another', async () => {
  const many = Array.from({ length: 600 }, (_, i) => mail({ headerMessageId: `${i}@x`, date: new Date(i) }));
  const twin = mail({ headerMessageId: '5@x', date: new Date(5) });
  const looked = await toLookInto([...many, twin]);
  expect(looked.size).toBe(502);
  expect([many[5], twin, many[599], many[100]].map((one) => one !== undefined && looked.has(one))).toEqual([true, true, true, true]);
  expect(many[4] !== undefined && looked.has(many[4])).toBe(false);
});

it('keeps the newest twenty thousand verdicts', async () => {
  rows.clear();
  for (let i = 0; i < 20_003; i++) rows.set(String(i), { name: String(i), digest: 'd', state: 'verified', at: new Date(i) });
  await pruneVerdicts(table);
  expect([rows.size, rows.has('2'), rows.has('3')]).toEqual([20_000, false, true]);
});

it('looks through the tagged mails once until Thunderbird ends, not each time that the event page starts; a look that was cut short is none', async () => {
  const chain = await createWorld();
  const member = createTestMember(chain, await chain.addOrganisation('hinode.example', { ja: '日之出市役所', en: 'Hinode City Office' }));
  await member.ports.tables.preferences.put('list', { listTags: true });
  fakeComposeWindow({ details: {}, files: [] }); // for its session
  thunderbird.stub('permissions.contains', () => Promise.resolve(true));
  thunderbird.stub('messages.tags.update', () => Promise.resolve());
  const tagged = { id: 1, ...mail({ tags: ['ssmax-verified'] }) };
  thunderbird.stub('messages.query', () => Promise.reject(new Error('ended')));
  await expect(new ListTags(member).begin()).rejects.toThrow('ended');
  thunderbird.stub('messages.query', () => Promise.resolve({ messages: [tagged] }));
  thunderbird.stub('messages.getRaw', () => Promise.resolve(new File(['Subject: x\r\n\r\n'], 'mail')));
  const changed: unknown[] = [];
  thunderbird.stub('messages.update', (...change: unknown[]) => Promise.resolve(void changed.push(change)));
  await new ListTags(member).begin();
  const once = changed.length;
  expect(changed[0]).toEqual([1, { tags: [] }]);
  await new ListTags(member).begin();
  expect(changed).toHaveLength(once);
});
