import { describe, expect, it } from 'vitest';
import { printable, shownLines, shownMailbox, shownName, shownText } from '../../src/mail/shown-text.ts';

/** Every character that turns the direction of text, shows nothing, or breaks a line. */
const STEERING = [
  0x00, 0x07, 0x0a, 0x0d, 0x1b, 0x7f, 0x85, 0xad, 0x34f, 0x61c, 0x115f, 0x1160, 0x180e, 0x200b, 0x200c, 0x200d, 0x200e, 0x200f, 0x2028, 0x2029, 0x202a, 0x202b, 0x202c,
  0x202d, 0x202e, 0x2060, 0x2061, 0x2064, 0x2066, 0x2067, 0x2068, 0x2069, 0x206a, 0x2800, 0x3164, 0xfeff, 0xffa0, 0xfff9, 0xe000, 0xe0041, 0xe007f,
].map((one) => String.fromCodePoint(one));

describe('a name or subject on the screen', () => {
  it.each(STEERING.map((one) => [one.codePointAt(0)?.toString(16), one] as const))('holds no U+%s', (_, one) => {
    expect(shownText(`日之出${one}市役所`)).not.toContain(one);
    expect(shownText(`日之出${one}市役所`).replace(' ', '')).toBe('日之出市役所');
    expect(printable(`日之出${one}市役所`)).toBe('日之出\ufffd市役所');
  });

  it('keeps to itself where it is written from right to left, once however often it is shown', () => {
    const name = 'דנה';
    expect(shownText(name)).toBe(`\u2068${name}\u2069`);
    const list = `${shownText(name)}, ${shownText('Taro')}`;
    expect(shownText(list)).toBe(list);
    // Somebody's own isolation cannot be left open, nor end ours.
    expect(shownText(`\u2068${name}`)).toBe(`\u2068${name}\u2069`);
    expect(shownText(`${name}\u2069\u202e.example`)).toBe(`\u2068${name}.example\u2069`);
    expect(shownText('\u2068\u2067x\u2069\u2069')).toBe('x');
  });

  it('is as it was written where that is ordinary', () => {
    for (const text of ['佐藤 花子（総務課）', '葛\u{e0100}城市', 'か\u3099', 'Zoë Müller', '👨‍👩‍👧 ☺️ 予定', 'Nguyễn Văn A', '【重要】  確認', '']) expect(shownText(text)).toBe(text);
  });

  it('covers no other line and pushes nothing out of sight', () => {
    expect(shownText(`a${'\u0301'.repeat(50)}`)).toBe(`a${'\u0301'.repeat(4)}`);
    expect(shownText(`請求書${'\u3000'.repeat(200)}確認済み`)).toBe('請求書 確認済み');
    expect(shownText('x\r\n組織が確認しました')).toBe('x 組織が確認しました');
    expect(shownLines('x\r\ny\u202e\nz')).toBe('x\ny\nz');
  });

  it('is left out where it could pass for the address', () => {
    const address = 'evil@elsewhere.example';
    for (const displayName of ['taro@hinode.example', '山田 太郎 <taro@hinode.example>', 'taro＠hinode.example', 'taro﹫hinode.example', '\u200b', '\u3164', '太郎＜']) {
      expect(shownMailbox({ displayName, address })).toBe(address);
      expect(shownName(displayName)).toBe('');
    }
    expect(shownMailbox({ displayName: '山田\u202e 太郎', address })).toBe('山田 太郎 <evil@elsewhere.example>');
  });
});
