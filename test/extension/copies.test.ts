// @vitest-environment jsdom
/** What the organisation says of backups and copies is enforced where they are made. */
import { beforeEach, expect, it, vi } from 'vitest';
import { copyPolicy, requireBackup, requirePermission } from '../../extension/member/copies.ts';
import { enrol } from '../../extension/member/enrol.ts';
import type { ReadingDesk } from '../../extension/thunderbird/reading.ts';
import { codeOf, createWorld } from '../flow/world.ts';
import { thunderbird } from './fake-thunderbird.ts';
import { createTestMember, type TestMember } from './member-world.ts';

vi.mock('webextension-polyfill', async () => ({ default: (await import('./fake-thunderbird.ts')).thunderbird.api }));
const { MailActions } = await import('../../extension/thunderbird/mail-actions.ts');

const TARO = 'taro@hinode.example';

let member: TestMember;
const outcome = (work: Promise<unknown>): Promise<string> => work.then(() => 'done', codeOf);

beforeEach(async () => {
  thunderbird.reset();
  thunderbird.stub('runtime.getPlatformInfo', () => Promise.resolve({}));
  const chain = await createWorld();
  member = createTestMember(chain, await chain.addOrganisation('hinode.example', { ja: '日之出市役所', en: 'Hinode City Office' }));
  await enrol(member, { address: TARO, code: 'ABCD-1234' });
});

function manage(more: Record<string, unknown>): void {
  const { managed } = member.ports;
  Object.assign(member.ports, { managed: async () => ({ ...(await managed() as object), ...more }) });
}

it('leaves both to the member where nothing is said, and follows no value that is none', async () => {
  expect(await copyPolicy(member.ports)).toEqual({ backup: 'allowed', copies: true });
  for (const what of ['copies', 'backup'] as const) expect(await outcome(requirePermission(member.ports, what))).toBe('done');
  manage({ backup: true });
  expect(await outcome(copyPolicy(member.ports))).toBe('configuration-invalid');
});

it('sends nothing with a key that has no backup where one is required', async () => {
  expect(await outcome(requireBackup(member, TARO))).toBe('done');
  manage({ backup: 'required' });
  expect(await outcome(requireBackup(member, TARO))).toBe('backup-missing');
  const [identity] = await member.identities.all();
  await member.identities.add({ ...identity!, backedUpAt: new Date() });
  expect(await outcome(requireBackup(member, TARO))).toBe('done');
});

it('makes no backup and saves no mail where that is forbidden', async () => {
  manage({ backup: 'forbidden', copies: 'forbidden' });
  expect(await outcome(requirePermission(member.ports, 'backup'))).toBe('backup-forbidden');
  const reason = await new MailActions(member, { shown: () => Promise.resolve(undefined) } as unknown as ReadingDesk).copy(7, 1, 'eml');
  expect(reason?.code).toBe('copies-forbidden');
});
