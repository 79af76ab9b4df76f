import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { messagesOf } from './words.ts';

const ja = messagesOf('ja');
const en = messagesOf('en');
const keys = Object.keys(en);
const sources = ['extension', 'src'].flatMap((root) => readdirSync(root, { recursive: true, encoding: 'utf8' }).map((path) => join(root, path)))
  .filter((path) => /\.tsx?$/.test(path)).concat('manifest.json').map((path) => readFileSync(path, 'utf8')).join('\n');

/** Names that both languages share. */
const SAME = new Set(['extension_name', 'field_cc', 'name_and_address', 'composing_person']);
/** Made at run time: `inspected_${direction}_${result}`. */
const MADE = /^inspected_(?:outbound|inbound)_(?:passed|tagged|not_inspected)$/;

/** Attributes that are read out or shown. */
const SHOWN = new Set(['alt', 'aria-label', 'label', 'placeholder', 'title']);

/** The beginning of what is asked for, alike in every language. */
const FORMS = new Set(['https://', '-----BEGIN CERTIFICATE-----']);

/** Words that stand in a page as they are. */
function writtenIn(path: string): string[] {
  const found: string[] = [];
  const source = ts.createSourceFile(path, readFileSync(path, 'utf8'), ts.ScriptTarget.Latest, true, ts.ScriptKind.TSX);
  const visit = (node: ts.Node): void => {
    const words = ts.isJsxText(node) ? node.text
      : ts.isJsxAttribute(node) && SHOWN.has(node.name.getText()) && node.initializer !== undefined && ts.isStringLiteral(node.initializer) ? node.initializer.text : '';
    if (/\p{L}/u.test(words) && !FORMS.has(words)) found.push(`${path}: ${words.trim()}`);
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

describe('the words', () => {
  it('are the same set in both languages', () => {
    expect(Object.keys(ja)).toEqual(keys);
  });

  it('are all used', () => {
    const unused = keys.filter((key) => {
      const reason = /^(?:why|fix)_(.*)$/.exec(key)?.[1];
      if (reason !== undefined) return !sources.includes(`'${reason.replaceAll('_', '-')}'`);
      return !MADE.test(key) && !sources.includes(`'${key}'`) && !sources.includes(`__MSG_${key}__`);
    });
    expect(unused).toEqual([]);
  });

  it('have cause and remedy in pairs', () => {
    expect(keys.filter((key) => key.startsWith('why_')).map((key) => key.slice(4))).toEqual(keys.filter((key) => key.startsWith('fix_')).map((key) => key.slice(4)));
  });

  it('are all that pages say: nothing is written in the pages themselves', () => {
    const pages = ['extension/ui', 'extension/thunderbird'].flatMap((root) => readdirSync(root).filter((name) => name.endsWith('.tsx')).map((name) => join(root, name)));
    expect(pages.flatMap(writtenIn)).toEqual([]);
  });

  it('are translated', () => {
    for (const key of keys.filter((one) => !SAME.has(one))) {
      expect(ja[key]?.message, key).toMatch(/[\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Han}]/u);
      expect(en[key]?.message, key).not.toMatch(/[\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Han}]/u);
      expect(en[key]?.message, key).toMatch(/[A-Za-z]/);
    }
  });

  it('leave the same gaps and emphasise alike', () => {
    const gaps = (text = ''): string[] => [...new Set(text.match(/\{\w+\}/g) ?? [])].sort();
    for (const key of keys) {
      expect(gaps(ja[key]?.message), key).toEqual(gaps(en[key]?.message));
      expect((ja[key]?.message.split('**').length ?? 0) % 2, key).toBe(1);
    }
  });

  it('promise no safety and show no padlock', () => {
    for (const { message } of [...Object.values(ja), ...Object.values(en)]) expect(message).not.toMatch(/安全|🔒|\bsafe\b|\bsecure\b/i);
  });
});
