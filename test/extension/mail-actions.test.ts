/** What a member does with a mail is done to the one that he was told of. */
import { beforeEach, expect, it, vi } from 'vitest';
import type { ReadingDesk } from '../../extension/thunderbird/reading.ts';
import type { SealParts } from '../../extension/member/seal.ts';
import { thunderbird } from './fake-thunderbird.ts';

vi.mock('webextension-polyfill', async () => ({ default: (await import('./fake-thunderbird.ts')).thunderbird.api }));
const { MailActions } = await import('../../extension/thunderbird/mail-actions.ts');

beforeEach(() => {
  thunderbird.reset();
  thunderbird.stub('runtime.getPlatformInfo', () => Promise.resolve({}));
});

it.each([['another mail', { message: { id: 8 }, reading: { judgement: { deliveredTo: 'hanako@tsukimi.example' } } }], ['none', undefined]])('does nothing where the tab shows %s by now', async (_, shown) => {
  const member = { ports: { managed: () => Promise.resolve({}) } } as unknown as SealParts;
  const actions = new MailActions(member, { shown: () => Promise.resolve(shown) } as unknown as ReadingDesk);
  const complaint = { category: 'fraud', disclose: { reporter: false, comment: false } } as const;
  expect(await actions.report(3, 7, complaint)).toMatchObject({ reason: { code: 'another-mail' } });
  expect(await actions.forward(3, 7, undefined)).toMatchObject({ code: 'another-mail' });
  expect(await actions.copy(3, 7, 'eml')).toMatchObject({ code: 'another-mail' });
  expect(thunderbird.calls.map(({ name }) => name).filter((name) => /messages|compose|downloads/.test(name))).toEqual([]);
});
