/** `web-ext lint` over the built add-on: everything but the named notes (docs/quirks-thunderbird.md) is news. */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, expect, it } from 'vitest';

interface Note {
  readonly code: string;
  readonly message: string;
  readonly file?: string;
}

const KNOWN: readonly RegExp[] = [
  /^MANIFEST_(?:OPTIONAL_)?PERMISSIONS .*"(?:accountsRead|compose|messagesDelete|messagesImport|messagesModify|messagesRead|messagesTags|messagesUpdate|addressBooks)"/,
  /^KEY_FIREFOX_ANDROID_UNSUPPORTED_BY_MIN_VERSION /,
  // Preact's `dangerouslySetInnerHTML`, which no page uses, and DOMPurify's parser, in a document that shows and runs nothing.
  /^UNSAFE_VAR_ASSIGNMENT Unsafe assignment to innerHTML shared\/(?:words|safe-html)\.js$/,
];

const run = promisify(execFile);
const directory = mkdtempSync(join(tmpdir(), 'ssmax-lint-'));
afterAll(() => rmSync(directory, { recursive: true }));

it('finds nothing but what is known', async () => {
  await run(process.execPath, ['node_modules/vite/bin/vite.js', 'build', '--mode', 'thunderbird', '--outDir', directory, '--emptyOutDir']);
  const { stdout } = await run(process.execPath, ['node_modules/web-ext/bin/web-ext.js', 'lint', '--source-dir', directory, '--output', 'json']);
  const { errors, warnings, notices } = JSON.parse(stdout) as Record<'errors' | 'warnings' | 'notices', readonly Note[]>;
  const news = [...errors, ...warnings, ...notices].map(({ code, message, file }) => `${code} ${message} ${file ?? ''}`).filter((note) => !KNOWN.some((known) => known.test(note)));
  expect(news).toEqual([]);
  expect(warnings.filter(({ code }) => code === 'UNSAFE_VAR_ASSIGNMENT')).toHaveLength(2);
}, 300_000);
