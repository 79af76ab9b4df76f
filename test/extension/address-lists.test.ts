import { expect, it, vi } from 'vitest';
import { readMailbox } from '../../extension/member/draft.ts';
import { expandLists } from '../../extension/thunderbird/address-lists.ts';
import { thunderbird } from './fake-thunderbird.ts';

vi.mock('webextension-polyfill', async () => ({ default: (await import('./fake-thunderbird.ts')).thunderbird.api }));

it('a member of a list is one recipient, whatever the name', async () => {
  thunderbird.stub('storage.managed.get', () => Promise.resolve({}));
  thunderbird.stub('permissions.contains', () => Promise.resolve(true));
  thunderbird.stub('addressBooks.list', () => Promise.resolve([{ id: 'book' }]));
  thunderbird.stub('addressBooks.mailingLists.list', () => Promise.resolve([{ id: 'list', name: '仲間' }]));
  const vCard = (name: string, email: string): object => ({ vCard: `BEGIN:VCARD\r\nFN:${name}\r\nEMAIL:${email}\r\nEND:VCARD` });
  thunderbird.stub('addressBooks.mailingLists.listMembers', () => Promise.resolve([vCard('Doe\\, John', 'john@hinode.example'), vCard('', 'yuki@hinode.example'), vCard('A "B" <x@evil.example>', 'ken@hinode.example')]));
  const entries = await expandLists(['仲間 <仲間>']);
  expect(entries).toEqual(['"Doe, John" <john@hinode.example>', 'yuki@hinode.example', '"A \\"B\\" <x@evil.example>" <ken@hinode.example>']);
  expect(entries.map((entry) => readMailbox(entry).address)).toEqual(['john@hinode.example', 'yuki@hinode.example', 'ken@hinode.example']);
});
