import { describe, expect, test } from 'vitest';
import { parseMime, type Entity } from '../../src/mail/mime.ts';
import vectors from '../vectors/mail-mime.json' with { type: 'json' };
import { bytes, characters, codeOf } from './bytes.ts';

interface Case {
  name: string;
  entity: string;
  tree?: string[][];
  error?: string;
  outer?: string[] | string;
}

function leaves(entity: Entity): Entity[] {
  return entity.children.length === 0 ? [entity] : entity.children.flatMap(leaves);
}

describe('sealed', () => {
  test.each(vectors.cases as Case[])('$name', ({ entity, tree, error }) => {
    if (error !== undefined) expect(codeOf(() => parseMime(bytes(entity), 'sealed'))).toBe(error);
    else expect(leaves(parseMime(bytes(entity), 'sealed')).map((leaf) => [leaf.type, characters(leaf.body())])).toEqual(tree);
  });
});

describe('outer', () => {
  test.each((vectors.cases as Case[]).filter(({ outer }) => outer !== undefined))('$name', ({ entity, outer }) => {
    if (typeof outer === 'string') expect(codeOf(() => parseMime(bytes(entity), 'outer'))).toBe(outer);
    else expect([...parseMime(bytes(entity), 'outer').defects].sort()).toEqual(outer);
  });

  test('line feeds alone are read like CRLF', () => {
    for (const { entity, tree } of vectors.cases as Case[]) {
      if (tree === undefined || entity.includes('binary')) continue;
      const parsed = leaves(parseMime(bytes(entity.replaceAll('\r\n', '\n')), 'outer'));
      expect(parsed.map((leaf) => [leaf.type, characters(leaf.body()).replaceAll('\n', '\r\n')])).toEqual(tree);
    }
  });
});

test('delimiters are found at every alignment', () => {
  for (const boundary of ['b', 'bcd', 'bcde', 'a-longer-boundary']) {
    for (let shift = 0; shift < 9; shift++) {
      const text = `Content-Type: multipart/mixed; boundary=${boundary}\r\n\r\n--${boundary}\r\n\r\n${'x'.repeat(shift)}\r\n--${boundary}\r\n\r\ny\r\n--${boundary}--\r\n`;
      const shifted = new Uint8Array(text.length + 8);
      shifted.set(bytes(text), shift % 4);
      const parsed = parseMime(shifted.subarray(shift % 4, (shift % 4) + text.length), 'sealed');
      expect(leaves(parsed).map((leaf) => characters(leaf.body()))).toEqual(['x'.repeat(shift), 'y']);
    }
  }
});

test('file names: RFC 2231 and, outside, encoded words', () => {
  const sealed = parseMime(bytes("Content-Disposition: attachment; filename*0*=utf-8''%E8%A6%8B; filename*1*=%E7%A9%8D.pdf\r\n\r\n"), 'sealed');
  expect(sealed.filename).toBe('見積.pdf');
  const outer = parseMime(bytes('Content-Type: application/pdf; name="=?ISO-2022-JP?B?GyRCOCtAUTRbGyhC?=.pdf"\n\n'), 'outer');
  expect(outer.filename).toBe('見積館.pdf');
});

test('bodies are views of the input', () => {
  const input = bytes('Content-Transfer-Encoding: binary\r\n\r\nhello');
  expect(parseMime(input, 'sealed').body().buffer).toBe(input.buffer);
});
