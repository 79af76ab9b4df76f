/** A script in a mail's document is told of that mail, or of none. In a real Thunderbird: test/e2e/plugin.test.ts reads one mail after the other. */
import { beforeEach, expect, it, vi } from 'vitest';
import { MailDocuments } from '../../extension/thunderbird/mail-documents.ts';
import { fakeComposeWindow, thunderbird } from './fake-thunderbird.ts';

vi.mock('webextension-polyfill', async () => ({ default: (await import('./fake-thunderbird.ts')).thunderbird.api }));

let selected: number[];
let documents: MailDocuments;

beforeEach(() => {
  vi.useFakeTimers();
  thunderbird.reset();
  selected = [7];
  fakeComposeWindow({ details: {}, files: [] }); // for its session
  thunderbird.stub('messageDisplay.getDisplayedMessages', () => Promise.resolve(selected.map((id) => ({ id }))));
  documents = new MailDocuments();
});

async function ask(documentId: string | undefined, meanwhile: () => void = () => undefined): Promise<number | undefined> {
  const asked = documents.messageOf(3, documentId);
  await vi.advanceTimersByTimeAsync(0);
  meanwhile();
  await vi.runAllTimersAsync();
  return (await asked)?.id;
}

it('tells a document of its own mail for as long as the tab shows that, and of no other', async () => {
  expect(await ask('A')).toBe(7);
  selected = [8];
  expect(await ask('A')).toBeUndefined();
  expect(await ask('B')).toBe(8);
  selected = [7];
  expect(await ask('B')).toBeUndefined();
  selected = [7, 8];
  expect(await ask('B')).toBeUndefined();
});

it('knows a document still where the event page was ended meanwhile: what is selected next is not its mail', async () => {
  expect(await ask('A')).toBe(7);
  documents = new MailDocuments();
  selected = [8];
  expect(await ask('A')).toBeUndefined();
  expect(await ask('B')).toBe(8);
});

it.each(['A', undefined])('is not sure of a document (%s) while the selection moves', async (documentId) => {
  expect(await ask(documentId, () => { selected = [8]; })).toBeUndefined();
});

it('knows nothing of the documents of a closed tab', async () => {
  await ask('A');
  await documents.closed(3);
  selected = [8];
  expect(await ask('A')).toBe(8);
});
