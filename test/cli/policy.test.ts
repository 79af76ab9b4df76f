/** `ssmax policy`, and that the documented policies are good ones. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { main } from '../../src/cli/main.ts';
import { toBase64 } from '../../src/wire/json.ts';
import { aesZip, docm, xlsx, zip } from '../server/inspection/reading/fixtures.ts';

const SAMPLES = 'docs/admin/samples';
const TOWN_HALL = join(SAMPLES, 'policy-town-hall.yaml');
const COMPANY = join(SAMPLES, 'policy-company.yaml');

let directory: string;
beforeAll(() => (directory = mkdtempSync(join(tmpdir(), 'ssmax-policy-'))));
afterAll(() => {
  rmSync(directory, { recursive: true });
});

async function run(...words: string[]): Promise<{ code: number; out: string }> {
  const written: string[] = [];
  const spy = vi.spyOn(process.stdout, 'write').mockImplementation((text) => written.push(String(text)) > 0);
  try {
    const code = await main(words);
    return { code: code === 0 ? Number(process.exitCode ?? 0) : code, out: written.join('') };
  } finally {
    process.exitCode = 0;
    spy.mockRestore();
  }
}

function mail(options: { from?: string; to?: string; text?: string; file?: { name: string; bytes: Uint8Array } }): string {
  const { from = 'taro@hinode.example', to = 'hanako@tsukimi.example', text = 'お世話になっております。', file } = options;
  const attachment = file === undefined ? '' : `--b\r\nContent-Type: application/octet-stream; name="${file.name}"\r\nContent-Disposition: attachment; filename="${file.name}"\r\nContent-Transfer-Encoding: base64\r\n\r\n${toBase64(file.bytes)}\r\n`;
  const path = join(directory, 'mail.eml');
  writeFileSync(path, `From: ${from}\r\nTo: ${to}\r\nSubject: x\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n${text}\r\n${attachment}--b--\r\n`);
  return path;
}

test.each(readdirSync(SAMPLES).filter((name) => name.startsWith('policy-')))('the sample %s is a good policy', async (name) => {
  expect(await run('policy', 'check', join(SAMPLES, name))).toMatchObject({ code: 0, out: expect.stringMatching(/^policy 2026-11-22: \d+ rules outbound/) as string });
});

describe('the town hall\'s sample', () => {
  const says = (options: Parameters<typeof mail>[0], ...more: string[]) => run('policy', 'test', mail(options), '--policy', TOWN_HALL, ...more);

  test('lets an ordinary mail pass, and says what was not asked', async () => {
    const { code, out } = await says({});
    expect(code).toBe(0);
    expect(out).toMatch(/^policy 2026-11-22: pass\n {2}- +マイナンバー\n/);
    expect(out).toContain('ウイルス: not asked; give --clamd');
  });

  test('refuses a My Number in a spreadsheet in a zip; of the residents\' desk it is held', async () => {
    const file = { name: '一覧.zip', bytes: zip({ '一覧.xlsx': xlsx(['氏名', '123456789018']) }) };
    const refused = await says({ file });
    expect(refused).toMatchObject({ code: 1, out: expect.stringContaining('refuse  マイナンバー: the mail holds Individual Numbers (My Number) (my-number, part 2)') as string });
    const held = await says({ file, from: 'juumin@hinode.example' });
    expect(held.out).toMatch(/: hold\n/);
    expect(held.out).toContain('approvers: juumin-kacho@hinode.example');
  });

  test('holds a file with a password going out, refuses it coming in', async () => {
    const file = { name: 'a.zip', bytes: aesZip() };
    expect((await says({ file })).out).toMatch(/: hold\n/);
    expect((await says({ file, from: 'hanako@tsukimi.example', to: 'taro@hinode.example' }, '--direction', 'inbound', '--trust', directory)).code).toBe(3); // the directory is not there
  });

  test('names the approvers, never the sender', async () => {
    const { out } = await says({ text: '部外秘', from: 'kacho@hinode.example' });
    expect(out).toContain('approvers: hosa@hinode.example\n');
  });
});

test('the company\'s sample holds macros, refuses a program that says it is a PDF', async () => {
  const policy = join(directory, 'company.yaml');
  writeFileSync(policy, readFileSync(COMPANY, 'utf8').replace(/ {2}- name: 取引先[^]*?(?=\n\n)/, ''));
  const says = (name: string, bytes: Uint8Array) => run('policy', 'test', mail({ file: { name, bytes } }), '--policy', policy, '--direction', 'inbound', '--to', 'hanako@tsukimi.example', '--json');
  const findings = async (name: string, bytes: Uint8Array): Promise<unknown> => JSON.parse((await says(name, bytes)).out);
  expect(await findings('a.docm', docm())).toMatchObject({ result: 'hold', findings: [{ code: 'macro', part: 2 }], approvers: ['manager@tsukimi.example', 'legal@tsukimi.example'] });
  expect(await findings('a.pdf', Buffer.concat([Buffer.from('MZ'), Buffer.alloc(100)]))).toMatchObject({ result: 'refuse', findings: [{ code: 'file-type', part: 2 }, { code: 'name-mismatch', part: 2 }] });
});

test('check tells a mistake with its line', async () => {
  const policy = join(directory, 'bad.yaml');
  writeFileSync(policy, 'version: 1\noutbound:\n  - check: pattern\n    expressions: ["(a)\\\\1"]\ninbound: []\n');
  const errors = vi.spyOn(process.stderr, 'write').mockImplementation(() => true);
  expect((await run('policy', 'check', policy)).code).toBe(4);
  expect(String(errors.mock.calls[0]?.[0])).toMatch(/line 4, outbound\.0\.expressions\.0: must be a regular expression/);
  errors.mockRestore();
});
