/** Other people's mails, where they are at hand: each is parsed or refused with a code, nothing else. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Bytes } from '../../src/core/bytes.ts';
import { SsmaxError } from '../../src/core/error.ts';
import { claimedDomains, parseAddressList, parseFrom } from '../../src/mail/address.ts';
import { findCarrier, replaceCarrier } from '../../src/mail/carrier.ts';
import { inspectableText } from '../../src/mail/inspectable.ts';
import { parseMime, type Entity } from '../../src/mail/mime.ts';
import { readProtectedHeaders } from '../../src/mail/protected-headers.ts';
import { readContent } from '../../src/mail/content.ts';
import { bytes } from './bytes.ts';

const ARCHIVE = join(import.meta.dirname, '../../../shared/corpora/corpora.tar.xz');
const here = existsSync(ARCHIVE);
const JAPANESE = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]/u;

function filesBelow(folder: string): string[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    return statSync(path).isDirectory() ? filesBelow(path) : [path];
  });
}

/** The result, or the code of the refusal. Anything else that is thrown fails the test. */
function attempt<T>(run: () => T): T | string {
  try {
    return run();
  } catch (error) {
    if (error instanceof SsmaxError) return error.code;
    throw error;
  }
}

function leaves(entity: Entity): Entity[] {
  return entity.children.length === 0 ? [entity] : entity.children.flatMap(leaves);
}

function readEverything(raw: Bytes): Entity | string {
  attempt(() => parseMime(raw, 'sealed'));
  attempt(() => replaceCarrier(raw, bytes('x')));
  const mail = attempt(() => parseMime(raw, 'outer'));
  if (typeof mail === 'string') return mail;
  attempt(() => findCarrier(mail));
  attempt(() => readProtectedHeaders(mail));
  attempt(() => readContent(mail));
  inspectableText(mail);
  for (const leaf of leaves(mail)) attempt(() => leaf.body());
  for (const field of mail.headers.all('From')) {
    attempt(() => parseFrom(field));
    claimedDomains([field]);
  }
  for (const field of [...mail.headers.all('To'), ...mail.headers.all('Cc')]) attempt(() => parseAddressList(field));
  return mail;
}

describe.skipIf(!here)(`corpora of others${here ? '' : ' (skipped: shared/corpora is not there)'}`, () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'ssmax-corpora-'));
    execFileSync('tar', ['xJf', ARCHIVE, '-C', folder]);
  });
  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  const read = (path: string): Bytes => Uint8Array.from(readFileSync(path));

  test.each(['mail-parser', 'mime4j', 'sisimai', 'rfc4134'])('%s: every file is parsed or refused with a code', (corpus) => {
    const outcomes = new Map<string, number>();
    for (const path of filesBelow(join(folder, corpus))) {
      const result = readEverything(read(path));
      const outcome = typeof result === 'string' ? result : 'parsed';
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    }
    expect(outcomes.get('parsed'), JSON.stringify([...outcomes])).toBeGreaterThan(0);
  });

  test('sisimai: ISO-2022-JP subjects and bodies become Japanese', () => {
    let subjects = 0;
    let bodies = 0;
    for (const path of filesBelow(join(folder, 'sisimai'))) {
      const mail = attempt(() => parseMime(read(path), 'outer'));
      if (typeof mail === 'string') continue;
      const raw = mail.headers.all('Subject')[0] ?? '';
      if (/=\?iso-2022-jp\?/i.test(raw)) {
        const subject = mail.headers.text('Subject') ?? '';
        expect(subject, path).not.toMatch(/=\?|\ufffd/);
        if (JAPANESE.test(subject)) subjects++;
      }
      for (const part of leaves(mail)) {
        if (!/^iso-2022-jp$/i.test(part.params.get('charset') ?? '') || !part.rawBody.includes(0x1b)) continue;
        bodies++;
        const text = inspectableText(part).map((found) => found.text).join('');
        expect(text, path).toMatch(JAPANESE);
      }
    }
    expect(subjects).toBeGreaterThan(3);
    expect(bodies).toBeGreaterThan(10);
  });

  test('RFC 9788: its payloads have their protected fields', () => {
    for (const path of filesBelow(join(folder, 'vectors/rfc9788'))) {
      const crlf = bytes(readFileSync(path, 'latin1').replace(/\r?\n/g, '\r\n'));
      const headers = readProtectedHeaders(parseMime(crlf, 'sealed'));
      expect(headers).toMatchObject({ protection: 'cipher', outerSubject: '[...]' });
      expect(headers.from.displayName).toBe('Alice');
      expect(headers.to.map(({ displayName }) => displayName)).toEqual(['Bob']);
      expect(headers.date).toBeInstanceOf(Date);
    }
  });
});
