/** What an organisation manages is followed to the letter or not at all: a name that is none, or settings that cannot be read, do not leave the member free. */
import { readFileSync } from 'node:fs';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { configure, loadConfiguration } from '../../extension/member/configuration.ts';
import { diagnose } from '../../extension/member/diagnostics.ts';
import { enrol } from '../../extension/member/enrol.ts';
import { readMail } from '../../extension/member/read.ts';
import { sealDraft } from '../../extension/member/seal.ts';
import { createMember } from '../../extension/thunderbird/storage.ts';
import { utf8 } from '../../src/core/bytes.ts';
import { toBase64 } from '../../src/wire/json.ts';
import { contactOf, readManaged, SETTABLE } from '../../src/wire/managed-settings.ts';
import { thunderbird } from './fake-thunderbird.ts';
import { createTestMember, type TestMember } from './member-world.ts';
import { codeOf, createWorld, type TestWorld } from '../flow/world.ts';

vi.mock('webextension-polyfill', async () => ({ default: (await import('./fake-thunderbird.ts')).thunderbird.api }));

const TARO = 'taro@hinode.example';

let chain: TestWorld;
let member: TestMember;
beforeEach(async () => {
  thunderbird.reset();
  chain = await createWorld();
  member = createTestMember(chain, await chain.addOrganisation('hinode.example', { ja: '日之出市役所', en: 'Hinode City Office' }));
});

describe('managed settings', () => {
  it('with a name that is none stop all, and the report names it', async () => {
    await enrol(member, { address: TARO, code: 'ABCD-1234' });
    const { managed } = member.ports;
    Object.assign(member.ports, { managed: async () => ({ ...(await managed() as object), lockKey: true }) });
    const draft = { from: TARO, to: [TARO], cc: [], bcc: [], replyTo: [], subject: '', text: 'x', images: [], attachments: [] };
    chain.now = new Date(chain.now.getTime() + 120_000);
    expect(await sealDraft(member, draft).then(() => 'sealed', codeOf)).toBe('configuration-invalid');
    expect(await sealDraft(member, { ...draft, from: 'taro@private.example' }).then(() => 'goes', codeOf)).toBe('configuration-invalid');
    await expect(readMail(member, utf8('From: x@y.example\r\n\r\nx'), chain.now)).rejects.toMatchObject({ code: 'configuration-invalid' });
    expect(await diagnose(member, { version: '', client: '', system: '', language: '' }, (name) => name)).toContain('SSMAX-configuration-invalid: lockKey');
  });

  it('name whom to ask, even where another setting is at fault', () => {
    expect([contactOf({ contact: ' IT desk ', sendDelay: -1 }), contactOf({ contact: '' }), contactOf(undefined)]).toEqual(['IT desk', undefined, undefined]);
  });

  it('by group policy have 1 and 0 for true and false', () => {
    expect(readManaged({ lockKeys: 1, search: 0 })).toEqual({ lockKeys: true, search: false });
  });

  it('are those that the administrators’ page lists', () => {
    const page = readFileSync('docs/admin/roll-out.md', 'utf8');
    const listed = [...page.matchAll(/^\| (`[a-zA-Z`, ]+`) \|/gm)].flatMap(([, names = '']) => [...names.matchAll(/`(\w+)`/g)].map(([, name = '']) => name));
    expect(listed.sort()).toEqual([...SETTABLE, 'enrolmentCode'].sort());
  });

  it('that cannot be had are not the same as none', async () => {
    const { ports } = createMember();
    thunderbird.stub('storage.managed.get', () => Promise.reject(new Error('Managed storage manifest not found')));
    expect(await ports.managed()).toBeUndefined();
    thunderbird.stub('storage.managed.get', () => Promise.reject(new Error('An unexpected error occurred')));
    expect(await ports.managed().then(() => 'none', codeOf)).toBe('configuration-invalid');
  });
});

describe('what a member enters', () => {
  it('is set up only if it can be reached and is signed by that root; else all stays', async () => {
    const { organisationUrl, root } = await member.ports.managed() as { organisationUrl: string; root: string };
    Object.assign(member.ports, { managed: () => Promise.resolve(undefined) });
    const enter = async (entered: string): Promise<string> => configure(member, organisationUrl, entered).then(() => 'done', codeOf);
    const other = await createWorld();
    expect(await enter(toBase64(other.root.der))).toBe('trust-invalid');
    expect(await loadConfiguration(member.ports)).toBeUndefined();
    expect(await enter(root)).toBe('done');
    expect(await enter(toBase64(other.root.der))).toBe('trust-invalid'); // although the answers to the right root are still at hand
    expect(toBase64((await loadConfiguration(member.ports))!.root)).toBe(root);
    expect(await enter('x')).toBe('configuration-invalid');
  });
});
