/** The package: the same bytes from the same sources, wherever and whenever it is made. */
import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { unzipSync } from 'fflate';
import { afterAll, expect, it } from 'vitest';
import { copyCheckout } from '../checkout.ts';

const run = promisify(execFile);
const made: string[] = [];
afterAll(() => made.forEach((directory) => rmSync(directory, { recursive: true })));

/** Copies what the add-on is made of to a place of its own, and packs it there under another clock zone and language. */
async function packElsewhere(zone: string): Promise<Buffer> {
  const directory = mkdtempSync(join(tmpdir(), 'ssmax-package-'));
  made.push(directory);
  copyCheckout(directory);
  const options = { cwd: directory, env: { ...process.env, TZ: zone, LANG: 'C' } };
  await run(process.execPath, ['node_modules/vite/bin/vite.js', 'build', '--mode', 'thunderbird'], options);
  await run(process.execPath, ['--import', 'tsx', 'scripts/package.ts'], options);
  return readFileSync(join(directory, `dist/ssmax-thunderbird-${version}.xpi`));
}

const { version } = JSON.parse(readFileSync('manifest.json', 'utf8')) as { version: string };

it('has the same bytes at another place, in another time zone', async () => {
  const first = await packElsewhere('UTC');
  const second = await packElsewhere('Asia/Tokyo');
  expect(second.equals(first)).toBe(true);
  const content = unzipSync(new Uint8Array(first));
  const files = Object.keys(content);
  expect(files).toEqual([...files].sort());
  expect(files).toEqual(expect.arrayContaining(['manifest.json', 'background.js', 'message-pane.js', '_locales/ja/messages.json', '_locales/en/messages.json']));
  const pages = readdirSync('extension/thunderbird').filter((name) => name.endsWith('-page.tsx')).map((name) => name.replace('-page.tsx', ''));
  expect(files.filter((name) => name.endsWith('.html'))).toEqual(pages.map((page) => `${page}.html`).sort());
  for (const page of pages) {
    const asked = [...new TextDecoder().decode(content[`${page}.html`]).matchAll(/(?:src|href)="([^"]+)"/g)].map(([, path]) => path);
    expect(asked).toEqual(['style.css', `${page}-page.js`]);
    expect(files).toEqual(expect.arrayContaining(asked));
  }
}, 300_000);
