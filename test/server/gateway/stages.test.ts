/** Stages of the introduction: what passes at each, and the way there and back by `ssmax stage`. */
import { mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { main } from '../../../src/cli/main.ts';
import { utf8 } from '../../../src/core/bytes.ts';
import { mailBytes } from '../../../src/mail/carrier.ts';
import { stripMark } from '../../../src/mail/carrier.ts';
import { handle, type HandlerParts, type ListenerName } from '../../../src/server/gateway/handle.ts';
import type { Copy } from '../../../src/server/gateway/reinject.ts';
import { followStages, loadStages, stageOf } from '../../../src/server/gateway/stages.ts';
import { createLogger } from '../../../src/server/shared/log.ts';
import { createScene, type Scene } from '../../security/scene.ts';

const EVENTS: string[] = [];
const log = createLogger({ server: 'gateway', level: 'info', write: (line) => EVENTS.push((JSON.parse(line) as { event: string }).event) });
let scene: Scene;
let directory: string;
let file: string;

beforeAll(async () => {
  scene = await createScene();
});
beforeEach(() => {
  EVENTS.length = 0;
  directory = mkdtempSync(join(tmpdir(), 'ssmax-stages-'));
  file = join(directory, 'stages.yaml');
});
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(directory, { recursive: true, force: true });
});

const STAGES = `
# the pilot started in spring
domains:
  hinode.example: observe
  branch.example: alwaysSigned
groups:
  pilot: { stage: protect, members: [taro@hinode.example] }
  board: { stage: alwaysSigned, members: [chair@other.example] }
  late: { stage: protect, members: [new@branch.example] }
`;

async function pass(listener: ListenerName, from: string, fields: readonly string[]): Promise<string> {
  const queued: Copy[] = [];
  const raw = utf8([...fields, 'To: x@outside.example', '', 'hello', ''].join('\r\n'));
  const parts: HandlerParts = { ...scene.hinode.parts, reinject: async (copies: readonly Copy[]) => void queued.push(...copies), outside: { mark: async (_envelope, _outer, given) => stripMark(given) }, report: () => Promise.resolve(), reportRefusal: async () => undefined, stages: followStages(file, log) };
  await handle(parts, listener, { from, recipients: ['x@outside.example'] }, raw);
  return queued.map(({ mail }) => Buffer.from(mailBytes(mail())).toString()).join('');
}

describe('a stage', () => {
  beforeEach(() => {
    writeFileSync(file, STAGES);
  });

  it('is the group’s, else the domain’s, else protect', () => {
    const stages = loadStages(file);
    expect(['taro@hinode.example', 'yuki@hinode.example', 'chair@other.example', 'x@other.example'].map((address) => stageOf(stages, address)))
      .toEqual(['protect', 'observe', 'alwaysSigned', 'protect']);
  });

  it('observe: unprotected mail passes, marked; a mark that came along is not kept', async () => {
    const mail = await pass('submission', 'yuki@hinode.example', ['From: yuki@hinode.example', 'X-SSMAX-Stage: forged']);
    expect(mail).toMatch(/^X-SSMAX-Stage: observe\r\nFrom: yuki@hinode\.example\r\n/);
    expect(mail).not.toContain('forged');
  });

  it.each([
    ['a group that is further than its domain', 'taro@hinode.example', 'taro@hinode.example'],
    ['a header of somebody else', 'yuki@hinode.example', 'taro@hinode.example'],
    ['an envelope of somebody else', 'taro@hinode.example', 'yuki@hinode.example'],
    ['a domain that is not named', 'x@third.example', 'x@third.example'],
  ])('protect: refuses unprotected mail of %s', async (_, envelope, header) => {
    await expect(pass('submission', envelope, [`From: ${header}`])).rejects.toMatchObject({ code: 'not-protected' });
  });

  it.each([
    ['a domain', 'someone@branch.example'], ['a group', 'chair@other.example'], ['a group, in the display name', '"chair@other.example" <x@outside.example>'],
    ['a group, in an encoded word', '=?utf-8?q?chair=40other.example?= <x@outside.example>'],
  ])('alwaysSigned: refuses unprotected mail from outside that claims %s', async (_, from) => {
    await expect(pass('arriving', 'x@outside.example', [`From: ${from}`])).rejects.toMatchObject({ code: 'impersonation' });
  });

  it.each(['xchair@other.example', 'chair@other.example.net', 'new@branch.example'])('lets %s pass, whom it does not concern', async (from) => {
    expect(await pass('arriving', 'x@outside.example', [`From: ${from}`])).toContain('hello');
  });

  it('follows its file; a broken version changes nothing', () => {
    const stages = followStages(file, log);
    const touch = (text: string, seconds: number): void => {
      writeFileSync(file, text);
      utimesSync(file, seconds, seconds);
    };
    touch(STAGES.replace('hinode.example: observe', 'hinode.example: protect'), 1_000_000);
    expect(stageOf(stages(), 'yuki@hinode.example')).toBe('protect');
    touch('domains: { hinode.example: perhaps }', 2_000_000);
    expect(stageOf(stages(), 'yuki@hinode.example')).toBe('protect');
    rmSync(file);
    expect(stageOf(stages(), 'yuki@hinode.example')).toBe('protect');
    expect(EVENTS).toEqual(['stages-reloaded', 'stages-not-reloaded', 'stages-not-reloaded']);
  });
});

describe('ssmax stage', () => {
  async function ssmax(...words: string[]): Promise<{ code: number; shown: string }> {
    let shown = '';
    const keep = (text: string | Uint8Array): boolean => {
      shown += text.toString();
      return true;
    };
    vi.spyOn(process.stdout, 'write').mockImplementation(keep);
    vi.spyOn(process.stderr, 'write').mockImplementation(keep);
    return { code: await main([...words, '--config', join(directory, 'gateway.yaml')]), shown };
  }
  const spki = '0'.repeat(64);
  beforeEach(() => {
    writeFileSync(join(directory, 'gateway.yaml'), JSON.stringify({
      state: 'state', key: 'k', certificate: 'c', organisation: 'o', root: 'r', listen: { submission: '127.0.0.1:1', arriving: '127.0.0.1:2' }, queue: '127.0.0.1:3',
      authority: { address: 'a.example:1', spki }, keyServer: { address: 'k.example:1', spki }, inspection: { address: 'i.example:1', spki }, stages: 'stages.yaml',
    }));
  });

  it('goes there and back, and keeps comments', async () => {
    writeFileSync(file, '# the pilot started in spring\ndomains:\n  hinode.example: observe\n');
    const list = join(directory, 'pilot.txt');
    writeFileSync(list, '# first floor\nTaro@Hinode.example\nyuki@hinode.example\n');
    expect(await ssmax('stage', 'set', 'pilot', 'protect', '--members', list)).toEqual({ code: 0, shown: 'protect      pilot\n' });
    expect((await ssmax('stage', 'show')).shown).toBe('observe      hinode.example\nprotect      pilot (2 members)\n');
    expect((await ssmax('stage', 'show', 'taro@hinode.example', 'ken@hinode.example')).shown).toBe('protect      taro@hinode.example\nobserve      ken@hinode.example\n');
    expect((await ssmax('stage', 'set', 'hinode.example', 'alwaysSigned')).shown).toContain('ask it if that changes');
    await ssmax('stage', 'set', 'pilot', 'observe');
    expect(stageOf(loadStages(file), 'taro@hinode.example')).toBe('observe');
    await ssmax('stage', 'remove', 'pilot');
    await ssmax('stage', 'set', 'hinode.example', 'observe');
    expect(readFileSync(file, 'utf8')).toMatch(/^# the pilot started in spring\ndomains:\n {2}hinode\.example: observe\n/);
  });

  it('starts with an empty file, and refuses what is neither there nor a stage', async () => {
    expect((await ssmax('stage', 'set', 'hinode.example', 'observe')).code).toBe(0);
    expect((await ssmax('stage', 'remove', 'nobody')).shown).toContain('(stage-unknown)');
    expect((await ssmax('stage', 'set', 'hinode.example', 'perhaps')).code).toBe(2);
    expect((await ssmax('stage', 'set', 'not a domain.x', 'observe')).code).toBe(4);
    expect(stageOf(loadStages(file), 'x@hinode.example')).toBe('observe');
  });
});
