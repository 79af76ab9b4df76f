// @vitest-environment jsdom
/** The HTML of other people's mails, spam and malformed ones among them, where they are at hand: what is shown of it loads and runs nothing. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createSafeHtml } from '../../extension/ui/safe-html.ts';
import { SsmaxError } from '../../src/core/error.ts';
import { type Content, readContent } from '../../src/mail/content.ts';
import { parseMime } from '../../src/mail/mime.ts';
import { shownText } from '../../src/mail/shown-text.ts';

const ARCHIVE = join(process.cwd(), '../shared/corpora/corpora.tar.xz');
const here = existsSync(ARCHIVE);
const FOLDERS = ['mail-parser', 'mime4j', 'sisimai'];
const STEERING = /[\u200b\u200e\u200f\u202a-\u202e\u2066\u2067\n\r]/;

const safeHtml = createSafeHtml(window);
let folder: string;

function filesBelow(path: string): string[] {
  return statSync(path).isDirectory() ? readdirSync(path).flatMap((name) => filesBelow(join(path, name))) : [path];
}

interface Read {
  readonly path: string;
  readonly content: Content;
  readonly subject: string;
}

/** Those of the mails with HTML that the strict parser reads. */
function* readAll(): Generator<Read> {
  for (const path of FOLDERS.flatMap((name) => filesBelow(join(folder, name)))) {
    try {
      const raw = readFileSync(path);
      if (!raw.includes('text/html')) continue;
      const mail = parseMime(Uint8Array.from(raw), 'outer');
      yield { path, content: readContent(mail), subject: mail.headers.text('Subject') ?? '' };
    } catch (error) {
      if (!(error instanceof SsmaxError)) throw error;
    }
  }
}

/** What of shown HTML could load, run, leave its place, or be told apart by a style sheet. */
function dangers(html: string): string[] {
  const { body } = new DOMParser().parseFromString(html, 'text/html');
  return [...body.querySelectorAll('*')].flatMap((element) => [
    ...(/^(?:script|style|link|meta|base|iframe|frame|object|embed|form|input|button|video|audio|svg|math|template|dialog)$/i.test(element.tagName) ? [element.tagName] : []),
    ...[...element.attributes].flatMap(({ name, value }) => {
      const fine = name === 'href' ? element.tagName === 'A' && /^(?:https?|mailto):/i.test(value)
        : name === 'src' ? element.tagName === 'IMG' && /^data:image\/(?:png|jpeg|gif|webp|bmp);base64,/i.test(value)
          : name === 'style' ? !/url|image|position|z-index|transform|expression|@|var\(/i.test(value)
            : !/^on|^(?:srcset|background|class|id|name|target|ping|popover\w*|command\w*)$/i.test(name);
      return fine ? [] : [`${element.tagName} ${name}="${value.slice(0, 80)}"`];
    }),
  ]);
}

describe.skipIf(!here)(`corpora of others${!here ? ' (skipped: shared/corpora is not there)' : ''}`, () => {
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'ssmax-corpora-'));
    execFileSync('tar', ['xJf', ARCHIVE, '-C', folder, ...FOLDERS.map((name) => `./${name}`)]);
  });
  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  test('HTML that is shown loads nothing, runs nothing, and stays in its place; subjects steer nothing', { timeout: 300_000 }, async () => {
    let pages = 0;
    for (const { path, content: { html, images }, subject } of readAll()) {
      await new Promise((resolve) => setImmediate(resolve)); // the reporter wants a word in between
      expect(shownText(subject), path).not.toMatch(STEERING);
      if (html === undefined) continue;
      pages++;
      const shown = safeHtml(html, { images, links: true });
      expect(dangers(shown.html), path).toEqual([]);
      // Cleaning once more changes nothing: no second parser reads something else out of it.
      expect(safeHtml(shown.html, { images, links: true }).html.length, path).toBe(shown.html.length);
    }
    expect(pages).toBeGreaterThan(20);
  });
});
