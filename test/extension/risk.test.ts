import { describe, expect, it } from 'vitest';
import { strangerGreeted } from '../../extension/member/greeting.ts';
import { lookalikeOf } from '../../extension/member/lookalike.ts';
import { assessRisks, isUnusual, type RiskInput } from '../../extension/member/risk.ts';
import { utf8 } from '../../src/core/bytes.ts';

const mailbox = (address: string, displayName = ''): { address: string; displayName: string } => ({ address, displayName });
const known = (address: string, ...names: string[]): { address: string; names: string[]; lastAt: Date } => ({ address, names, lastAt: new Date(0) });

const KNOWN = [
  known('yuki@hinode.example', '鈴木 雪'), known('hanako@tsukimi.example', '佐藤 花子'), known('jiro@tsukimi.example', '佐藤 次郎', 'Jiro Sato'), known('info@kawara.example', '河原商店'),
];

function assess(changes: Partial<RiskInput>): ReturnType<typeof assessRisks> {
  return assessRisks({
    from: mailbox('taro@hinode.example', '山田 太郎'), to: [mailbox('hanako@tsukimi.example')], cc: [], bcc: [], subject: '件名', text: '本文です。',
    attachments: [], known: KNOWN, manyOutsiders: 10, ...changes,
  });
}

const kinds = (changes: Partial<RiskInput>): string[] => {
  const { recipients, mail } = assess(changes);
  return [...recipients.flatMap(({ risks }) => risks.map(({ kind }) => kind)), ...mail.map(({ kind }) => kind)];
};

describe('an everyday mail', () => {
  it('has nothing unusual', () => {
    expect(isUnusual(assess({ text: '佐藤様\n\nお世話になっております。' }))).toBe(false);
    expect(isUnusual(assess({ to: [mailbox('new@tsukimi.example'), mailbox('new@hinode.example')], text: '各位\n' }))).toBe(false);
  });
});

describe('a recipient', () => {
  it('of a domain never written to is new, once some are known', () => {
    expect(assess({ to: [mailbox('x@elsewhere.example')] }).recipients[0]?.risks).toEqual([{ kind: 'new-domain', domain: 'elsewhere.example' }]);
    expect(kinds({ to: [mailbox('x@elsewhere.example')], known: [] })).toEqual([]);
  });

  it.each(['tsukirni.example', 'tsuk1mi.example', 'tsukimi.exampie', 'tsukimj.example', 'tskuimi.example', 'tsukimmi.example', 'xn--tsukmi-svf.example', 'hinode.test'])('at %s looks like one that is known', (domain) => {
    expect(kinds({ to: [mailbox(`hanako@${domain}`)] }), domain).toContain('lookalike');
  });

  it('with a colleague’s name at an address outside is odd', () => {
    expect(assess({ to: [mailbox('yuki@freemail.example', '鈴木雪')] }).recipients[0]?.risks).toEqual([{ kind: 'colleagues-name', colleague: 'yuki@hinode.example' }]);
    expect(kinds({ to: [mailbox('yuki2@hinode.example', '鈴木 雪')] })).toEqual([]);
  });
});

describe('look-alike domains', () => {
  it('are found by shape, not by chance', () => {
    expect(lookalikeOf('paypa1.example', ['paypal.example'])).toBe('paypal.example');
    expect(lookalikeOf('xn--pypal-4ve.example', ['paypal.example'])).toBe('paypal.example');
    expect(lookalikeOf('paypal.example', ['paypal.example', 'paypa1.example'])).toBeUndefined();
    expect(lookalikeOf('abc.example', ['abd.example'])).toBeUndefined();
    expect(lookalikeOf('xn--%%.example', ['paypal.example'])).toBeUndefined();
  });
});

describe('a mail', () => {
  it('to many outsiders who see each other is odd; Bcc is not counted', () => {
    const many = Array.from({ length: 10 }, (_, i) => mailbox(`u${i}@tsukimi.example`));
    expect(kinds({ to: many })).toEqual(['many-outsiders']);
    expect(kinds({ bcc: many })).toEqual([]);
  });

  it('that speaks of an attachment has one', () => {
    expect(kinds({ text: '見積書を添付します。' })).toEqual(['no-attachment']);
    expect(kinds({ text: 'Please find the file attached.' })).toEqual(['no-attachment']);
    expect(kinds({ text: '了解です。\n> 資料を添付します。' })).toEqual([]);
    expect(kinds({ text: '添付ファイルはありません。' })).toEqual([]);
    expect(kinds({ text: '見積書を添付します。', attachments: [{ name: 'a.txt', bytes: utf8('a') }] })).toEqual([]);
  });

  it('with an encrypted archive is odd', () => {
    const zip = new Uint8Array(40);
    zip.set([0x50, 0x4b, 3, 4, 20, 0, 1, 0]);
    expect(assess({ attachments: [{ name: '資料.zip', bytes: zip }] }).mail).toEqual([{ kind: 'password-archive', name: '資料.zip' }]);
    zip[6] = 0;
    expect(kinds({ attachments: [{ name: '資料.zip', bytes: zip }] })).toEqual([]);
  });

  it('that greets nobody of its recipients is odd', () => {
    expect(assess({ text: '田中様\n\nお世話になっております。' }).mail).toEqual([{ kind: 'greeting', name: '田中' }]);
  });
});

describe('the greeting', () => {
  it.each([
    ['佐藤様', '佐藤 花子'], ['月見製作所　佐藤様', '佐藤 花子'], ['佐藤花子 様、', '佐藤花子'], ['佐藤さん', '佐藤 花子'], ['花子さん', '佐藤 花子'], ['Dear Ms. Sato,', 'Hanako Sato'], ['Hi Hanako', 'Sato, Hanako'],
    ['お客様', '佐藤 花子'], ['皆様', '佐藤 花子'], ['ご担当者様', '佐藤 花子'], ['月見製作所様', '佐藤 花子'], ['Dear all,', 'Hanako Sato'], ['山本さんから聞きました。', '佐藤 花子'], ['Dear Ms. Sato,', '佐藤 花子'],
  ])('"%s" to %s is nothing to ask about', (line, name) => {
    expect(strangerGreeted(`${line}\n\n本文`, [name])).toBeUndefined();
  });

  it.each([['田中様', '佐藤 花子', '田中'], ['Dear Mr Tanaka,', 'Hanako Sato', 'Tanaka'], ['田中 一郎さん', '佐藤 花子', '田中 一郎']])('"%s" to %s is', (line, name, found) => {
    expect(strangerGreeted(`${line}\n\n本文`, [name])).toBe(found);
  });
});
