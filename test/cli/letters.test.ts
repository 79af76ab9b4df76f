import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { letters } from '../../src/cli/letters.ts';

const letter = { address: 'taro@hinode.example', reference: '1001', name: '山田 太郎', code: '7K3M-9QXW-2H4T', expires: new Date('2026-12-06T03:00:00Z') };
const options = { organisation: '日之出市役所', contact: '情報システム課', date: new Date('2026-11-22T03:00:00Z') };

describe.each(['ja', 'en'] as const)('letters in %s', (language) => {
  it('have a page for each member, with name, number, address, code, date and contact', () => {
    const html = letters([letter, { ...letter, name: '鈴木 雪', code: '0000-AAAA-1111' }], { ...options, language });
    expect(html.match(/<article>/g)).toHaveLength(2);
    for (const text of ['山田 太郎', '鈴木 雪', '1001', 'taro@hinode.example', '<span>7K3M</span>', '<span>0000</span>', '情報システム課', '日之出市役所', language === 'ja' ? '2026年12月6日' : '6 December 2026']) {
      expect(html).toContain(text);
    }
  });

  it('call things as the pages of the add-on do', () => {
    const messages = JSON.parse(readFileSync(`extension/locales/${language}/messages.json`, 'utf8')) as Record<string, { message: string }>;
    const html = letters([letter], { ...options, language });
    for (const key of ['enrol_title', 'enrol_address', 'enrol_code', 'enrol_submit', 'enrol_done', 'banner_enrol', 'options_enrol', 'backup_title']) expect(html).toContain(messages[key]?.message);
  });

  it('take nothing for markup', () => {
    const html = letters([{ ...letter, name: '<script>&"' }], { ...options, language, organisation: '<img src=x>' });
    expect(html).not.toMatch(/<script|<img/);
  });
});
