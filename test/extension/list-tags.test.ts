import { expect, it } from 'vitest';
import { forgetVerdict, type ListedMail, pruneVerdicts, rememberVerdict, rightTags } from '../../extension/member/list-tags.ts';
import type { JudgedMail } from '../../extension/member/records.ts';
import type { Table } from '../../src/flow/ports.ts';

const rows = new Map<string, JudgedMail>();
const table: Table<JudgedMail> = {
  get: (key) => Promise.resolve(rows.get(key)), put: (key, value) => Promise.resolve(void rows.set(key, value)),
  remove: (key) => Promise.resolve(void rows.delete(key)), all: () => Promise.resolve([...rows.values()]),
};
const NOW = new Date('2026-11-22T03:00:00Z');
const mail = (changes: Partial<ListedMail> = {}): ListedMail => ({ headerMessageId: '1@x', author: 'taro@hinode.example', subject: '件名', date: NOW, size: 100, tags: [], ...changes });

it('a tag stands on what was judged here and on nothing else', async () => {
  expect(await rightTags(table, mail())).toBeUndefined();
  expect(await rightTags(table, mail({ tags: ['$label1', 'ssmax-verified'] }))).toEqual(['$label1']);
  await rememberVerdict(table, mail(), 'verified', NOW);
  expect(await rightTags(table, mail({ tags: ['$label1'] }))).toEqual(['$label1', 'ssmax-verified']);
  expect(await rightTags(table, mail({ tags: ['ssmax-verified', '$label1'] }))).toBeUndefined();
  expect(await rightTags(table, mail({ tags: ['ssmax-problem'] }))).toEqual(['ssmax-verified']);
  for (const other of [{ headerMessageId: '2@x' }, { author: 'x' }, { subject: 'x' }, { date: new Date(0) }, { size: 101 }]) expect(await rightTags(table, mail({ ...other, tags: ['ssmax-verified'] }))).toEqual([]);
});

it('a later verdict counts, unless it could not be checked; a deleted mail is forgotten', async () => {
  await rememberVerdict(table, mail(), 'verified', NOW);
  await rememberVerdict(table, mail(), 'cannot-check', NOW);
  expect(await rightTags(table, mail())).toEqual(['ssmax-verified']);
  await rememberVerdict(table, mail(), 'problem', NOW);
  expect(await rightTags(table, mail({ tags: ['ssmax-verified'] }))).toEqual(['ssmax-problem']);
  await rememberVerdict(table, mail(), 'outside', NOW);
  expect(await rightTags(table, mail({ tags: ['ssmax-problem'] }))).toEqual([]);
  await rememberVerdict(table, mail(), 'verified', NOW);
  await forgetVerdict(table, mail());
  expect(rows.size).toBe(0);
});

it('keeps the newest twenty thousand verdicts', async () => {
  for (let i = 0; i < 20_003; i++) rows.set(String(i), { name: String(i), state: 'verified', at: new Date(i) });
  await pruneVerdicts(table);
  expect([rows.size, rows.has('2'), rows.has('3')]).toEqual([20_000, false, true]);
});
